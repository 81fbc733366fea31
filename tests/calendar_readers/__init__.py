"""Programs that read calendars, none of which shares a line of code with another: what they all
see in a feed is what is in it."""

from datetime import datetime
from typing import Final, NamedTuple


class Seen(NamedTuple):
    """One occurrence, as a program understood it."""

    uid: str
    starts: datetime  # in UTC
    ends: datetime
    summary: str
    location: str
    status: str
    sequence: int


# An hour that comes twice, in the night that clocks go back, is its first by RFC 5545 (3.3.5) and
# in our database. These two take the second; nothing that a file can say would change that.
TAKE_THE_SECOND: Final = frozenset({"by_libical", "by_ical_js"})


class Misread(Exception):
    """The program found a fault in the file."""
