"""Runs programs that read calendars.

They get the texts as a JSON list on standard input, and write for each a list of [UID, start, end]
to standard output, in seconds since 1970.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.calendar_readers import EventHours, Misread


def read_hours(
    command: Sequence[str | Path], bodies: Sequence[bytes], *, env: Mapping[str, str] | None = None
) -> list[set[EventHours]]:
    """The events of each calendar, as the program of `command` reads them. Raises Misread."""
    done = subprocess.run(
        command,
        input=json.dumps([body.decode() for body in bodies]),
        capture_output=True,
        text=True,
        env=env,
    )
    if done.returncode:
        raise Misread(f"{command[0]}: {done.stderr}")
    return [{_hours(event) for event in events} for events in json.loads(done.stdout)]


def _hours(event: Sequence[Any]) -> EventHours:
    uid, starts, ends = event
    return EventHours(uid, instant(starts), instant(ends))


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
