"""Independent readers of iCalendar files, which must all read the same events from a feed.

A module has `read`, which gives all that our feeds say of an event (`Seen`), or `read_hours`, which
runs a program or library as installed and gives the hours that it would show (`EventHours`).
"""

from datetime import datetime
from typing import NamedTuple


class Seen(NamedTuple):
    """One occurrence as a parser read it."""

    uid: str
    starts: datetime  # in UTC
    ends: datetime
    summary: str
    location: str
    status: str
    sequence: int


class EventHours(NamedTuple):
    """The hours of an event as a program would show it."""

    uid: str  # empty if the program keeps none
    starts: datetime  # in UTC
    ends: datetime


class Misread(Exception):
    """A parser reported an error in the file."""
