"""Faults of the machine: what breaks, how it shows, and how it ends. Each runs under load and in
isolation (tests/faults/trouble.py)."""

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.faults.databases import Databases
from tests.faults.mailbox import Mailbox
from tests.faults.namespaces import Lan, tell
from tests.faults.scene import AFTER_A_LEASE, Scene
from tests.faults.site import Program, Site, on_one_machine

BAD: Final = 12.0  # seconds that most faults last
BACK: Final = 40.0  # seconds after which all must be well
# What names a person or shows internals in the operator's output.
NAMES: Final = re.compile(r"Rosa|p\d+@example\.org|/r/[\w-]{22}")


@dataclass
class Night:
    """The result of one fault."""

    name: str
    people: str = ""
    operator: str = ""
    back: float = 0.0  # seconds from the end of the fault to the next success
    saved: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """The installation under a fault."""

    folder: Path
    mailbox: Mailbox
    site: Site
    scene: Scene
    lan: Lan | None = None
    databases: Databases | None = None

    def log(self) -> str:
        return (self.folder / "site.log").read_text(errors="replace")

    def wait_for(self, is_so: Callable[[], bool], seconds: float, fault: str) -> float:
        begun = time.monotonic()
        while not is_so():
            if time.monotonic() - begun > seconds:
                raise TimeoutError(f"{fault} within {seconds:.0f} s")
            time.sleep(0.1)
        return time.monotonic() - begun

    def wait_for_success(self, seconds: float = BACK) -> float:
        count = len(self.scene.book.done)
        return self.wait_for(
            lambda: len(self.scene.book.done) > count, seconds, "nobody's post succeeds"
        )

    def wait_for_letter(self, seconds: float = BACK) -> float:
        count = len(self.mailbox.came)
        return self.wait_for(lambda: len(self.mailbox.came) > count, seconds, "no letter comes")


Play = Callable[[Stage], str]  # causes the fault; returns what the operator sees meanwhile


def doctor(stage: Stage, about: str) -> str:
    """The findings of `outreach doctor` about one subject."""
    done = stage.site.run("doctor")
    found = [line for line in done.stdout.splitlines() if about in line]
    found.sort(key=lambda line: line.startswith("well"))
    words = found[0] if found else (done.stderr.strip().splitlines() or ["says nothing"])[-1]
    if "Traceback" in done.stderr:
        words = f"doctor ends with a traceback: {words}"
    return f"doctor: {' '.join(words.split())[:110]}"


# The disk


def fill(path: Path) -> None:
    """Writes until the disk is full."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def disk_full(where: str) -> Play:
    def play(stage: Stage) -> str:
        filler = stage.folder / where / "filler"
        fill(filler)
        time.sleep(BAD)
        message = doctor(stage, "disk")
        filler.unlink()
        return message

    return play


def disk_read_only(stage: Stage) -> str:
    """Makes the data folder and each file in it immutable.

    Linux refuses to remount a file system with open files read-only; immutable files fail every
    write, on open connections too. A process that writes to a page of shared memory may be killed
    for it (SIGBUS), so the server is killed meanwhile and reopens its files while they are
    immutable."""
    data = stage.folder / "data"
    files = [path for path in data.iterdir() if path.is_file()]
    for path in (*files, data):
        tell("chattr", "+i", path)
    try:
        time.sleep(BAD / 2)
        stage.site.programs[0].kill()
        stage.site.wait()
        time.sleep(BAD / 2)
        return doctor(stage, "disk")
    finally:
        for path in (data, *files):
            tell("chattr", "-i", path)


def postgresql_full(stage: Stage) -> str:
    assert stage.databases is not None
    filler = stage.databases.primary.home / "filler"
    fill(filler)
    time.sleep(BAD)
    message = doctor(stage, "database (main)")
    filler.unlink()
    return message


# The clock


def clock_file(folder: Path) -> Path:
    return folder / "clock"


def faked(folder: Path) -> dict[str, str]:
    """The environment of processes with a shifted clock (libfaketime), set by `set_clock`.

    A time namespace shifts only the monotonic and boot-time clocks."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    clock_file(folder).write_text("+0\n")
    return {
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file(folder)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_clock(stage: Stage, seconds: int) -> None:
    path = clock_file(stage.folder)
    new = path.with_suffix(".new")
    new.write_text(f"{seconds:+d}\n")
    new.replace(path)


def clock_jumps(seconds: int) -> Play:
    def play(stage: Stage) -> str:
        stage.scene.ahead = timedelta(days=1) + AFTER_A_LEASE
        set_clock(stage, seconds)
        at = f"after {stage.wait_for_success():.1f} s the next place is saved"
        time.sleep(BAD)
        letter = f"a letter after {stage.wait_for_letter():.1f} s"
        set_clock(stage, 0)
        return f"{at}, {letter}; then it is set right"

    return play


# The mail server


def mail_down(stage: Stage) -> str:
    """An outage of an hour by the shifted clock, in four steps with some delivery rounds in
    each."""
    stage.mailbox.always["EHLO"] = "hang up"
    stage.scene.ahead = timedelta(hours=3)
    for quarter in range(1, 5):
        set_clock(stage, quarter * 900)
        time.sleep(6)
    message = doctor(stage, "mail")
    stage.mailbox.always.clear()
    came = stage.wait_for_letter(60)
    return f"{message}; letters again {came:.1f} s after it is back"


def mail_says(answer: str, step: str = "RCPT") -> Play:
    def play(stage: Stage) -> str:
        stage.mailbox.always[step] = answer
        stage.scene.ahead = timedelta(hours=3)  # temporarily refused letters are retried later
        time.sleep(BAD)
        message = doctor(stage, "letters given up" if answer.startswith("5") else "outbox")
        stage.mailbox.always.clear()
        return f"{message}; letters again {stage.wait_for_letter(120):.1f} s after"

    return play


# Names and databases


def names_dead(stage: Stage) -> str:
    """The name server fails and PostgreSQL is restarted: every connection must be reopened, and
    none can be."""
    assert stage.databases is not None
    hosts = stage.folder / "hosts"
    known = hosts.read_text()
    hosts.write_text("127.0.0.1 localhost\n")
    time.sleep(BAD / 2)
    still = "lines that are open go on" if stage.scene.book.errors() == 0 else "errors at once"
    stage.databases.primary.restart(signal.SIGINT)
    time.sleep(BAD * 2)
    message = doctor(stage, "database (main)")
    hosts.write_text(known)
    return f"{still}; {message}"


def database_restarted(stage: Stage) -> str:
    assert stage.databases is not None
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGINT):
        stage.databases.primary.restart(number)
        time.sleep(4)
    return doctor(stage, "database (main)")


# Installations


@contextmanager
def on_sqlite(
    folder: Path, mailbox: Mailbox, *, small: str = "", clock: bool = False, **changes: object
) -> Iterator[Site]:
    """`small`: the folder, data or keys, that is a small disk of its own."""
    if small:
        (folder / small).mkdir(mode=0o700)
        tell("mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "none", folder / small)
    site = on_one_machine(folder, mailbox.port, around=faked(folder) if clock else None, **changes)
    try:
        yield site
    finally:
        site.close()
        if small:
            tell("umount", "-l", folder / small)


@contextmanager
def on_postgresql(
    folder: Path, mailbox: Mailbox, lan: Lan, *, is_small: bool = False, by_name: bool = False
) -> Iterator[tuple[Site, Databases]]:
    """One database server on a host of its own, restarted when it dies."""
    home = folder / "n1"
    home.mkdir(mode=0o700)
    if is_small:
        tell("mount", "-t", "tmpfs", "-o", "size=200m,mode=700", "none", home)
    databases = Databases(lan, folder, standbys=0)
    mail = f"smtp://127.0.0.1:{mailbox.port}"
    if by_name:
        (folder / "hosts").write_text(f"127.0.0.1 localhost mail\n{databases.primary.address} n1\n")
        (folder / "resolv").write_text("nameserver 10.77.0.250\noptions timeout:2 attempts:1\n")
        tell("mount", "--bind", folder / "hosts", "/etc/hosts")
        tell("mount", "--bind", folder / "resolv", "/etc/resolv.conf")
        mail = f"smtp://mail:{mailbox.port}"
    site = on_one_machine(
        folder,
        mailbox.port,
        database_url=databases.url("outreach", by_name=by_name),
        keyring_url=databases.url("ring", by_name=by_name),
        smtp_url=mail,
    )
    try:
        yield site, databases
    finally:
        site.close()
        databases.primary.kill()
        if by_name:
            tell("umount", "/etc/hosts")
            tell("umount", "/etc/resolv.conf")
        if is_small:
            tell("umount", "-l", home)


def restarter(databases: Databases) -> Program:
    """Restarts PostgreSQL after it ended for lack of disk space, as systemd would."""
    server = databases.primary
    return Program("postgresql", server.begin, server.process, is_wanted=True)
