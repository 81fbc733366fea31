"""Fresh Debian machines with systemd as their first process."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.guide_runs import namespaces
from tests.guide_runs.namespaces import GROUPS, OURS, PEOPLE, tell
from tests.guide_runs.pages import Block

RELEASE: Final = "trixie"
# Packages that Debian's installer adds to a minimal root.
ALWAYS_THERE: Final = (
    "systemd", "systemd-sysv", "dbus", "iproute2", "ca-certificates", "openssh-client",
    "openssh-server", "procps", "tzdata", "less",
)  # fmt: skip
AUTHORITIES: Final = Path("usr/local/share/ca-certificates")
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TO_START: Final = 60.0  # seconds


class Failed(Exception):
    """A command of the guide failed. The text is its output."""


def base(home: Path, kept: Path | None) -> Path:
    """The folder of a fresh root; `kept` is its archive, made when missing."""
    root, archive = home / "base", kept or home / "base.tar"
    if not archive.exists():
        whole = home / "whole.tar"
        tell("mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(ALWAYS_THERE)}",
             RELEASE, whole)  # fmt: skip
        shutil.move(whole, archive)
    root.mkdir()
    tell("tar", "--extract", "--file", archive, "--directory", root, "--numeric-owner")
    # The machines use this machine's certificates and package sources.
    for each in Path("/", AUTHORITIES).glob("*.crt"):
        shutil.copy(each, root / AUTHORITIES)
    tell("chroot", root, "update-ca-certificates")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost\n")
    (root / "etc/pip.conf").write_text(_pip())
    (root / "etc/machine-id").write_text("")
    return root


def _pip() -> str:
    """A pip.conf with the package index of pip on this machine."""
    output = subprocess.run(["pip", "config", "list"], capture_output=True, text=True).stdout
    lines = ["[global]"]
    for line in output.splitlines():
        name, _, value = line.partition("=")
        name = name.rpartition(".")[2]
        if name in {"index-url", "extra-index-url", "trusted-host", "proxy"}:
            lines.append(f"{name} = {value.strip(chr(39))}")
    return "\n".join([*lines, ""])


class Host:
    """One machine, running when the constructor returns."""

    def __init__(self, home: Path, base: Path, name: str, number: int) -> None:
        self.name, self.address = name, f"10.79.0.{number}"
        self.root, self._log = home / name / "root", home / f"{name}.log"
        work, upper = home / name / "work", home / name / "upper"
        for each in (self.root, work, upper):
            each.mkdir(parents=True)
        tell("mount", "-t", "overlay", "overlay", self.root,
             "-o", f"lowerdir={base},upperdir={upper},workdir={work}")  # fmt: skip
        (self.root / "etc/hostname").write_text(f"{name}\n")
        self._process, self._first = self._boot()

    def _boot(self) -> "tuple[subprocess.Popen[bytes], int]":
        group = GROUPS / namespaces.folder().name / self.name
        group.mkdir(parents=True, exist_ok=True)
        command = [
            "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
            f"--directory={self.root}", f"--machine={self.name}", "--console=pipe",
            "--network-bridge=lan", "--resolv-conf=copy-host", "--link-journal=no",
            "--timezone=off",
            # The machine below does not lose power.
            "--suppress-sync=yes",
        ]  # fmt: skip
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        first = self._first_of(process)
        inside = ("nsenter", "--target", str(first), "--net")
        self._until(lambda: "host0" in tell(*inside, "ip", "link"), "its network")
        tell(*inside, "ip", "addr", "add", f"{self.address}/24", "dev", "host0")
        tell(*inside, "ip", "link", "set", "host0", "up")
        tell(*inside, "ip", "route", "add", "default", "via", OURS)
        self._first = first
        self._until(
            lambda: (
                self.ask("systemctl is-system-running || true").strip() in {"running", "degraded"}
            ),
            "its services",
        )
        return process, first

    def _first_of(self, process: "subprocess.Popen[bytes]") -> int:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        found: list[int] = []

        def is_there() -> bool:
            if process.poll() is not None:
                raise Failed(f"{self.name} did not start: {self._log.read_text()}")
            with suppress(OSError):
                for each in children.read_text().split():
                    words = Path(f"/proc/{each}/comm").read_text()
                    if words.strip() in {"systemd", "init"}:
                        found.append(int(each))
            return bool(found)

        self._until(is_there, "its first process")
        return found[0]

    def _until(self, is_so: "object", what: str) -> None:
        assert callable(is_so)
        until = time.monotonic() + TO_START
        while time.monotonic() < until:
            with suppress(RuntimeError, Failed):
                if is_so():
                    return
            time.sleep(0.1)
        raise Failed(f"{self.name}: {what} did not come in {TO_START:.0f} s")

    def command(self, shell: str) -> list[str]:
        """A command line that runs in a root shell on the machine."""
        return [
            "nsenter", "--target", str(self._first), "--all", "--wdns=/root",
            "env", "--ignore-environment", "HOME=/root", "USER=root", "LOGNAME=root",
            f"PATH={PATH}", "LANG=C.UTF-8", "TERM=dumb",
            "bash", "-euo", "pipefail", "-c", shell,
        ]  # fmt: skip

    def ask(self, shell: str, *, seconds: float = 600) -> str:
        """The output of a command. Raises Failed with all output."""
        done = subprocess.run(
            self.command(shell), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds,
        )  # fmt: skip
        if done.returncode:
            raise Failed(
                f"{self.name}$ {shell}\n{done.stdout}{done.stderr}\n→ exit {done.returncode}"
            )
        return done.stdout + done.stderr

    def type(self, blocks: Sequence[Block], changes: Mapping[str, str] | None = None) -> str:
        """Runs blocks of the guide, with `changes` replaced in their text; returns the output."""
        output = ""
        for block in blocks:
            shell = block.text
            for old, new in (changes or {}).items():
                shell = shell.replace(old, new)
            began = time.monotonic()
            output += self.ask(shell)
            print(f"  {self.name}: {block.section} ({time.monotonic() - began:.0f} s)", flush=True)
        return output

    def write(self, path: str, text: str) -> None:
        self.ask(f"cat > {path} <<'END-OF-FILE'\n{text}\nEND-OF-FILE")

    def bring(self, source: Path, path: str) -> None:
        """Copies a file to the machine, as by scp."""
        with source.open("rb") as file:
            subprocess.run(self.command(f"cat > {path}"), stdin=file, check=True)

    @property
    def outside(self) -> str:
        """The process ids of its first process, with which a shell on it can be opened
        (`nsenter`)."""
        ours = re.search(r"^NSpid:\s+(.*)$", Path(f"/proc/{self._first}/status").read_text(), re.M)
        return f"its first process is {self._first} in here ({ours[1] if ours else ''})"

    def kill(self) -> None:
        """Kills all its processes, as by a power cut."""
        self._process.kill()
        with suppress(ProcessLookupError):
            os.kill(self._first, signal.SIGKILL)
        self._process.wait(timeout=60)
        # nspawn had no time to remove these, and does not start over them.
        for undo in (
            ("umount", "--lazy", f"/run/systemd/nspawn/unix-export/{self.name}"),
            ("ip", "link", "del", f"vb-{self.name}"),
        ):
            with suppress(RuntimeError):
                tell(*undo)

    def start(self) -> None:
        self._process, self._first = self._boot()

    def off(self) -> None:
        with suppress(Failed, subprocess.TimeoutExpired):
            self.ask("systemctl poweroff", seconds=10)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def machines(home: Path, base: Path, *, hold: bool) -> Iterator[Callable[[str, int], Host]]:
    """Starts machines by name and number, and stops them at the end. `hold`: after a failure, waits
    so that a person can look at them."""
    running: list[Host] = []

    def start(name: str, number: int) -> Host:
        running.append(Host(home, base, name, number))
        return running[-1]

    try:
        yield start
    except Failed as error:
        if hold:
            print(f"Failed: {error}", file=sys.stderr)
            for host in running:
                print(f"{host.name}: {host.outside}", file=sys.stderr)
            with suppress(KeyboardInterrupt):
                signal.pause()
        raise
    finally:
        for host in running:
            host.off()


__all__ = ["OURS", "PEOPLE", "Failed", "Host", "base", "machines"]
