"""Runs a harness on a network of its own: it may cut links, fill disks and kill what it started,
and nothing outside notices.

The command starts itself again in namespaces (network, mounts, processes). Whatever ends it, by
itself, Ctrl-C or kill -9, its first process ends; then the kernel ends all the others and takes
away the network and the mounts with them.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from tests.runner import Missing, postgresql
from tests.runner.packages import SYSTEM

INSIDE: Final = "OUTREACH_TEST_INSIDE"  # the folder of a command that runs apart already
GOODBYE: Final = 20.0  # seconds to end in an orderly way before it is killed
TOO_LONG: Final = 3

PROGRAMS: Final = {
    "unshare": "util-linux",
    "setpriv": "util-linux",
    "ip": "iproute2",
    "mount": "mount",
    "nginx": "nginx",
}


def is_apart() -> bool:
    return INSIDE in os.environ


def folder() -> Path:
    """Where what runs apart keeps its files; gone afterwards."""
    return Path(os.environ[INSIDE])


def require(programs: Mapping[str, str] = PROGRAMS, *, databases: bool = True) -> None:
    """Raises Missing with one sentence that says what to do."""
    if os.geteuid() != 0:
        raise Missing(
            "Namespaces need root: run this as root, or only what needs none: --on sqlite."
        )
    lacking = {name for name in programs if shutil.which(name, path=_path()) is None}
    packages = {programs[name] for name in lacking}
    if databases and postgresql.programs() is None:
        packages.add("postgresql")
    if packages:
        raise Missing(f"This machine lacks {', '.join(sorted(packages))}: apt-get install them.")


def run(module: str, arguments: Sequence[str], *, at_most: float) -> int:
    """Runs `python -m module` with these arguments apart, and says how it ended. After so many
    seconds it is ended from outside."""
    with tempfile.TemporaryDirectory(prefix="outreach-faults-") as name:
        home = Path(name)
        home.chmod(0o711)  # PostgreSQL, which runs as somebody else, has a folder in it
        environ = os.environ | {INSIDE: name, "PATH": _path(), "PYTHONUNBUFFERED": "1"}
        # With us gone it goes too, and its child with it, and with that all that is inside.
        command = [
            "setpriv", "--pdeathsig", "KILL", "unshare",
            "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, "-m", module, *arguments,
        ]  # fmt: skip
        process = subprocess.Popen(command, env=environ)
        try:
            return _waited(process, at_most)
        finally:
            if process.poll() is None:
                process.kill()  # and its child, and with it everything inside
                process.wait()


def _waited(process: "subprocess.Popen[bytes]", at_most: float) -> int:
    try:
        return process.wait(timeout=at_most)
    except KeyboardInterrupt:
        # The terminal has told those inside too: let them print what they have.
        try:
            process.wait(timeout=GOODBYE)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        return 130
    except subprocess.TimeoutExpired:
        print(f"Not done after {at_most:.0f} s: ended.", file=sys.stderr)
        return TOO_LONG


def enter_namespaces() -> None:
    """The first thing to do inside: names of networks are our own, loopback works, and a signal to
    end is an exception, as Ctrl-C is: the first process of all would ignore it."""
    signal.signal(signal.SIGTERM, _stop)
    tell("mount", "-t", "tmpfs", "none", "/run")
    for name in ("/run/netns", "/run/lock"):
        Path(name).mkdir()
    tell("ip", "link", "set", "lo", "up")


def tell(*command: str | Path) -> str:
    """Runs a short command. Raises RuntimeError with its own words."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise RuntimeError(f"{' '.join(map(str, command))}: {words}")
    return done.stdout


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), SYSTEM, "/sbin"])


class Lan:
    """Hosts on one switch. We are on it too, at `.1`, with as many other addresses as there are
    people."""

    OURS: Final = "10.77.0.1"
    PEOPLE: Final = "10.78.0.0/16"

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}
        tell("ip", "link", "add", "lan", "type", "bridge")
        tell("ip", "addr", "add", f"{self.OURS}/24", "dev", "lan")
        tell("ip", "link", "set", "lan", "up")
        tell("ip", "route", "add", "local", self.PEOPLE, "dev", "lo")

    def add(self, name: str, number: int) -> str:
        """A host of that name; its address."""
        address = f"10.77.0.{number}"
        tell("ip", "netns", "add", name)
        tell("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0",
             "netns", name)  # fmt: skip
        tell("ip", "link", "set", f"to-{name}", "master", "lan", "up")
        tell("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            tell("ip", "-n", name, "link", "set", device, "up")
        tell("ip", "-n", name, "route", "add", self.PEOPLE, "via", self.OURS)
        self.hosts[name] = address
        return address

    def clear(self) -> None:
        """No hosts any more."""
        for name in list(self.hosts):
            self.kill(name)
            # A namespace goes when the last of its processes has, and that takes its time.
            tell("ip", "link", "del", f"to-{name}")
            tell("ip", "netns", "del", name)
            del self.hosts[name]

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        environ: Mapping[str, str] | None = None,
        account: str | None = None,
    ) -> "subprocess.Popen[bytes]":
        """Starts a program on that host, the first of a group of its own."""
        with log.open("ab") as out:
            return subprocess.Popen(
                [*self.on(name, account), *command],
                env={**os.environ, **(environ or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd=None if account is None else "/",
            )

    def on(self, name: str, account: str | None = None) -> list[str]:
        """What goes before a command that is to run there."""
        as_them = ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"]
        return ["ip", "netns", "exec", name, *(as_them if account else [])]

    def cut(self, name: str, *others: str) -> None:
        """What goes from one to the others is lost without a word, and so are their answers."""
        for other in others:
            self._lose(name, self.hosts[other])
            self._lose(other, self.hosts[name])

    def isolate(self, name: str) -> None:
        """As if its cable were out."""
        tell("ip", "link", "set", f"to-{name}", "down")

    def mend(self, name: str) -> None:
        tell("ip", "link", "set", f"to-{name}", "up")
        for one in self.hosts:
            for other in self.hosts:
                if name in {one, other} and one != other:
                    self._find(one, self.hosts[other])

    def processes(self, name: str) -> list[int]:
        return [int(each) for each in tell("ip", "netns", "pids", name).split()]

    def kill(self, name: str) -> None:
        """kill -9 of all that runs there."""
        for pid in self.processes(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _lose(self, name: str, address: str) -> None:
        """Sends it to a card that nobody has."""
        tell("ip", "-n", name, "neigh", "replace", address, "lladdr", "02:00:00:00:00:99",
             "dev", "eth0", "nud", "permanent")  # fmt: skip

    def _find(self, name: str, address: str) -> None:
        done = subprocess.run(
            ["ip", "-n", name, "neigh", "del", address, "dev", "eth0"], capture_output=True
        )
        if done.returncode not in {0, 1, 2}:
            raise RuntimeError(done.stderr.decode())
