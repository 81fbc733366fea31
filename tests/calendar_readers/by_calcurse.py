"""Reads with calcurse, a calendar for the terminal.

It has no rules from the file at all: a TZID is a zone of the system. It keeps no UID.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.calendar_readers import EventHours, Misread, programs

FORMAT: Final = r"%(start:epoch) %(end:epoch)\n"
DAYS: Final = ("--from", "01/01/2024", "--to", "12/31/2035")


def read_hours(
    folder: Path, bodies: Sequence[bytes], *, rules: Path | None = None
) -> list[set[EventHours]]:
    """The hours in each calendar. `folder`: where its files are; `rules`: a folder of zones to be
    used instead of the system's. Raises Misread."""
    if not shutil.which("calcurse"):
        pytest.fail("calcurse is not here: sudo apt-get install calcurse")
    env = {"HOME": str(folder), "TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    if rules:
        env["TZDIR"] = str(rules)
    return [_read(folder / str(index), body, env) for index, body in enumerate(bodies)]


def _read(folder: Path, body: bytes, env: dict[str, str]) -> set[EventHours]:
    folder.mkdir(parents=True)
    file = folder / "feed.ics"
    file.write_bytes(body)
    start: list[str | Path] = ["calcurse", "-q", "-D", folder, "-C", folder]
    _run([*start, "-i", file], env)
    lines = _run(
        [*start, "-Q", *DAYS, "--filter-type", "cal", "--format-apt", FORMAT], env
    ).splitlines()
    # Headings of days end in a colon. An event is listed on each of its days.
    found = [line.split() for line in lines if line and not line.endswith(":")]
    return {
        EventHours("", programs.instant(int(starts)), programs.instant(int(ends)))
        for starts, ends in found
    }


def _run(command: Sequence[str | Path], env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise Misread(f"calcurse: {done.stdout} {done.stderr}")
    return done.stdout
