"""Namespaces for the machines, with a route to the package archives.

The command starts itself again inside. However it ends, its first process ends; the kernel then
ends all other processes and removes the networks and the mounts. Outside there are one virtual
cable and one firewall rule, which the command removes at its end.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from tests.runner import Missing
from tests.runner.packages import SYSTEM

INSIDE: Final = "OUTREACH_TEST_FOLLOWING"  # the folder of a command that runs inside already
GOODBYE: Final = 30.0  # seconds
CABLE: Final = (
    "OUTREACH_TEST_CABLE"  # the network of the cable: one for each run, with two addresses
)
OUTSIDE: Final = "outgo"  # prefix of the names outside
OURS: Final = "10.79.0.1"  # our address among the machines
PEOPLE: Final = "10.79.8.0/22"  # further addresses of ours, one for each person
GROUPS: Final = Path("/sys/fs/cgroup")
FORWARDING: Final = Path("/proc/sys/net/ipv4/ip_forward")
PROGRAMS: Final = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "nft": "nftables",
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
}


def is_inside() -> bool:
    return INSIDE in os.environ


def folder() -> Path:
    """A temporary folder for the machines."""
    return Path(os.environ[INSIDE])


def require(programs: Mapping[str, str] = PROGRAMS) -> None:
    """Raises Missing with one sentence that says what to do."""
    if os.geteuid() != 0:
        raise Missing("Machines are made by root: run this as root.")
    lacking = {package for name, package in programs.items() if not shutil.which(name, path=path())}
    if lacking:
        raise Missing(
            f"This machine lacks {', '.join(sorted(lacking))}. "
            f"Run this first: apt-get install {' '.join(sorted(lacking))}"
        )


def path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), SYSTEM, "/sbin"])


def tell(*command: str | Path, given: str = "") -> str:
    """Runs a short command. Raises RuntimeError with its output."""
    done = subprocess.run(
        [*map(str, command)], input=given, capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        words = (done.stderr or done.stdout).strip()
        raise RuntimeError(f"{' '.join(map(str, command))}: {words}")
    return done.stdout


def run(arguments: Sequence[str]) -> int:
    """Runs this command inside the namespaces, and returns its exit status."""
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory(
        prefix="outreach-following-", dir="/var/tmp", ignore_cleanup_errors=True
    ) as name:
        cable = f"100.64.{os.getpid() % 256}"
        environ = os.environ | {INSIDE: name, CABLE: cable, "PATH": path(), "PYTHONUNBUFFERED": "1"}
        command = [
            "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, "-m", "tests.guide_runs", *arguments,
        ]  # fmt: skip
        # It starts once the cable exists.
        process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE)
        try:
            with _way_out(_child(process), cable):
                assert process.stdin is not None
                process.stdin.close()
                return process.wait()
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=GOODBYE)
            return 130
        finally:
            if process.poll() is None:
                process.kill()  # and its child, and with it everything inside
                process.wait()
            _remove_groups(Path(name).name)


def enter_namespaces() -> None:
    """Prepares the namespaces, first inside: the end of the cable, and a switch for the
    machines."""
    sys.stdin.read()
    signal.signal(signal.SIGTERM, _stop)
    tell("mount", "-t", "tmpfs", "none", "/run")
    _one_hierarchy()
    tell("ip", "link", "set", "lo", "up")
    tell("ip", "addr", "add", f"{os.environ[CABLE]}.2/30", "dev", "cable")
    tell("ip", "link", "set", "cable", "up")
    tell("ip", "route", "add", "default", "via", f"{os.environ[CABLE]}.1")
    tell("ip", "link", "add", "lan", "type", "bridge")
    tell("ip", "addr", "add", f"{OURS}/24", "dev", "lan")
    tell("ip", "link", "set", "lan", "up")
    tell("ip", "route", "add", "local", PEOPLE, "dev", "lo")
    FORWARDING.write_text("1")
    tell("nft", "-f", "-", given=_masquerade("outreach", f"{OURS}/24", "cable"))


def _one_hierarchy() -> None:
    """Mounts control groups of version 2, which systemd in the machines needs."""
    if not (GROUPS / "cgroup.controllers").exists():
        tell("mount", "-t", "cgroup2", "none", GROUPS)


def _remove_groups(name: str) -> None:
    """Removes the empty control groups of the machines, through a mount of its own."""
    remove = (
        'mount -t cgroup2 none /mnt && if [ -d "/mnt/$0" ]; then '
        'for try in 1 2 3 4 5 6 7 8 9; do find "/mnt/$0" -depth -type d -exec rmdir {} + '
        "2>/dev/null && break; sleep 1; done; fi"
    )
    with suppress(RuntimeError):
        tell("unshare", "--mount", "sh", "-c", remove, name)


def _child(process: "subprocess.Popen[bytes]") -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        with suppress(OSError, IndexError):
            return int(children.read_text().split()[0])
    raise RuntimeError("unshare did not start")


@contextmanager
def _way_out(child: int, cable: str) -> Iterator[None]:
    route = re.search(r"\bdev (\S+)", tell("ip", "route", "show", "default"))
    if route is None:
        raise Missing("This machine has no way to the package archives (no default route).")
    # Another run may be active: its name records the state before all runs.
    others = re.search(rf"{OUTSIDE}([01])", tell("nft", "list", "tables"))
    before = others[1] if others else FORWARDING.read_text().strip()
    name = f"{OUTSIDE}{before}x{os.getpid()}"
    tell("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", str(child))
    try:
        tell("ip", "addr", "add", f"{cable}.1/30", "dev", name)
        tell("ip", "link", "set", name, "up")
        FORWARDING.write_text("1")
        tell("nft", "-f", "-", given=_masquerade(name, f"{cable}.2/32", route[1]))
        yield
    finally:
        for undo in (("nft", "delete", "table", "ip", name), ("ip", "link", "del", name)):
            with suppress(RuntimeError):
                tell(*undo)
        if OUTSIDE not in tell("nft", "list", "tables"):
            FORWARDING.write_text(before)


def _masquerade(table: str, whose: str, out: str) -> str:
    return (
        f"table ip {table} {{ chain out {{ type nat hook postrouting priority srcnat; "
        f"ip saddr {whose} oifname {out} masquerade; }}; }}\n"
    )


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
