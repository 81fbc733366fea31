"""Runs a harness in namespaces of its own (network, mounts, processes).

The harness can cut links, fill disks and kill processes without any effect outside. However it ends
(return, Ctrl-C or kill -9), its first process ends too; the kernel then ends all other processes
and removes the network and the mounts.
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
    """A temporary folder for the isolated processes."""
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
    """Runs `python -m module` in new namespaces and returns its exit status. After the given number
    of seconds it is ended from outside."""
    with tempfile.TemporaryDirectory(prefix="outreach-faults-") as name:
        home = Path(name)
        home.chmod(0o711)  # PostgreSQL, which runs as another user, has a folder in it
        environ = os.environ | {INSIDE: name, "PATH": _path(), "PYTHONUNBUFFERED": "1"}
        # It ends with this process, its child with it, and so every process inside.
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
        # The terminal has signalled the processes inside too: let them print their results.
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
    """Prepares the new namespaces; called first inside.

    Host names resolve to our own networks, loopback works, and SIGTERM raises an exception as
    Ctrl-C does: as process 1 we would otherwise ignore it."""
    signal.signal(signal.SIGTERM, _stop)
    tell("mount", "-t", "tmpfs", "none", "/run")
    for name in ("/run/netns", "/run/lock"):
        Path(name).mkdir()
    tell("ip", "link", "set", "lo", "up")


def tell(*command: str | Path) -> str:
    """Runs a short command. Raises RuntimeError with its output."""
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
    """Hosts on one switch. We are at `.1`, with as many other addresses as there are people."""

    OURS: Final = "10.77.0.1"
    PEOPLE: Final = "10.78.0.0/16"

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}
        tell("ip", "link", "add", "lan", "type", "bridge")
        tell("ip", "addr", "add", f"{self.OURS}/24", "dev", "lan")
        tell("ip", "link", "set", "lan", "up")
        tell("ip", "route", "add", "local", self.PEOPLE, "dev", "lo")

    def add(self, name: str, number: int) -> str:
        """Adds a host with that name; returns its address."""
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
        """Removes all hosts."""
        for name in list(self.hosts):
            self.kill(name)
            # A namespace ends some time after its last process.
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
        """Starts a program on that host, as the leader of a process group."""
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
        """The prefix of a command that runs on that host."""
        as_them = ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups"]
        return ["ip", "netns", "exec", name, *(as_them if account else [])]

    def cut(self, name: str, *others: str) -> None:
        """Drops silently all packets between one host and the others."""
        for other in others:
            self._lose(name, self.hosts[other])
            self._lose(other, self.hosts[name])

    def isolate(self, name: str) -> None:
        """Drops all packets from and to one host."""
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
        """kill -9 of every process of the host."""
        for pid in self.processes(name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _lose(self, name: str, address: str) -> None:
        """Routes packets to a MAC address that no host has."""
        tell("ip", "-n", name, "neigh", "replace", address, "lladdr", "02:00:00:00:00:99",
             "dev", "eth0", "nud", "permanent")  # fmt: skip

    def _find(self, name: str, address: str) -> None:
        done = subprocess.run(
            ["ip", "-n", name, "neigh", "del", address, "dev", "eth0"], capture_output=True
        )
        if done.returncode not in {0, 1, 2}:
            raise RuntimeError(done.stderr.decode())
