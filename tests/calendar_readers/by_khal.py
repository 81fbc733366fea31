"""Reads with khal, a calendar for the terminal, from folders as vdirsyncer fills them."""

import json
import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.calendar_clients.khal import SETTINGS
from tests.calendar_clients.network import program
from tests.calendar_readers import EventHours, Misread

FIELDS: Final = ("calendar", "uid", "start-long-full", "end-long-full")


def read_hours(
    folder: Path, bodies: Sequence[bytes], *, rules: Path | None = None
) -> list[set[EventHours]]:
    """The hours in each calendar. `folder`: where its files are; `rules`: a folder of zones to be
    used instead of the system's. Raises Misread."""
    try:
        from vdirsyncer.vobject import split_collection
    except ModuleNotFoundError:
        pytest.fail("vdirsyncer is not here; tests/run --long installs it")
    settings = SETTINGS.format(database=folder / "khal.db")
    for index, body in enumerate(bodies):
        calendar = folder / str(index)
        calendar.mkdir(parents=True)
        for number, text in enumerate(split_collection(body.decode())):
            (calendar / f"{number}.ics").write_text(text, newline="")
        settings += f"[[{index}]]\npath = {calendar}\nreadonly = True\n"
    (folder / "khal.conf").write_text(settings)
    found: list[set[EventHours]] = [set() for _body in bodies]
    for calendar_name, uid, starts, ends in _list(folder, rules):
        found[int(calendar_name)].add(EventHours(uid, _instant(starts), _instant(ends)))
    return found


def _list(folder: Path, rules: Path | None) -> list[list[str]]:
    """The values of `FIELDS`, once for each day of an event."""
    khal = program("khal", "tests/run --long installs it.")
    wanted = [word for field in FIELDS for word in ("--json", field)]
    done = subprocess.run(
        [khal, "-c", folder / "khal.conf", "list", *wanted, "2024-01-01", "4000d"],
        env=os.environ | ({"PYTHONTZPATH": str(rules)} if rules else {}),
        capture_output=True,
        text=True,
    )
    if done.returncode or done.stderr:
        raise Misread(f"khal: {done.stderr}")
    days = [json.loads(line) for line in done.stdout.splitlines()]
    return [[event[field] for field in FIELDS] for day in days for event in day]


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
