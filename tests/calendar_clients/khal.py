"""khal, a terminal calendar: reads the folders that vdirsyncer fills."""

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.calendar_clients import Calendars, Shown
from tests.calendar_clients.network import program
from tests.calendar_clients.vdirsyncer import Vdirsyncer

SETTINGS: Final = """
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M

[sqlite]
path = {database}

[calendars]
"""
FIELDS: Final = ("start-long-full", "end-long-full", "title", "location", "status")


class Khal:
    knows_zones = True

    def __init__(self, folder: Path, addresses: Mapping[str, str]) -> None:
        self._fetcher = Vdirsyncer(folder, addresses)
        self._settings = folder / "khal.conf"
        text = SETTINGS.format(database=folder / "khal.db")
        for name, path in self._fetcher.folders.items():
            text += f"[[{name}]]\npath = {path}\nreadonly = True\n"
        self._settings.write_text(text)

    def follow(self, expected: Calendars) -> Calendars:
        self._fetcher.fetch()
        return {name: self._read(name) for name in expected}

    def _read(self, name: str) -> list[Shown]:
        path = program("khal", "tests/run --long installs it.")
        wanted = [word for field in FIELDS for word in ("--json", field)]
        done = subprocess.run(
            [path, "-c", self._settings, "list", *wanted, "-a", name, "2026-01-01", "1500d"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        # A line a day; an entry over midnight is on both days.
        days = [json.loads(line) for line in done.stdout.splitlines()]
        return sorted({_shown(event) for day in days for event in day})


def _shown(event: Mapping[str, str]) -> Shown:
    starts, ends, title, location, status = (event[field] for field in FIELDS)
    return Shown(_instant(starts), _instant(ends), title, location, status)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
