"""Programs that people follow calendars with, as they are installed: each fetches from a served
installation, keeps what it understood, and is asked afterwards what it would show."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol


class Shown(NamedTuple):
    """An entry as somebody sees it in the program."""

    starts: datetime  # in UTC
    ends: datetime
    summary: str
    location: str
    status: str


Calendars = Mapping[str, list[Shown]]  # by the name the subscriber gave each, sorted


class Client(Protocol):
    """A subscriber of some calendars."""

    # Whether it goes by rules of its own for a zone that it has heard of, not by the file's.
    knows_zones: bool

    def follow(self, expected: Calendars) -> Calendars:
        """Fetches everything anew, and says what there is then; a program that does it in its own
        time is given some until that is `expected`."""
