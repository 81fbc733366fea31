"""Independent parsers of iCalendar files, which must all read the same events from a feed."""

from datetime import datetime
from typing import Final, NamedTuple


class Seen(NamedTuple):
    """One occurrence as a parser read it."""

    uid: str
    starts: datetime  # in UTC
    ends: datetime
    summary: str
    location: str
    status: str
    sequence: int


# RFC 5545 (section 3.3.5) and our database take an ambiguous local time as its first occurrence.
# These two parsers take the second; nothing in a file changes that.
TAKE_THE_SECOND: Final = frozenset({"by_libical", "by_ical_js"})


class Misread(Exception):
    """A parser reported an error in the file."""
