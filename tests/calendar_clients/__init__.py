"""Real calendar programs, as installed: each polls a served installation, and reports afterwards
what it would show."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class Shown(NamedTuple):
    """An entry as the program shows it."""

    starts: datetime  # in UTC
    ends: datetime
    summary: str
    location: str
    status: str


Calendars = Mapping[str, list[Shown]]  # entries sorted, by the subscriber's name of each calendar


class Client(Protocol):
    """A program that subscribes to some calendars."""

    # Whether it uses its own rules for known time zones instead of the file's.
    knows_zones: bool

    def follow(self, expected: Calendars) -> Calendars:
        """Fetches all calendars and returns their entries; a program with its own schedule gets
        some time to reach `expected`."""
