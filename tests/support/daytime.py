"""Times of day: a zone where it is morning now, since texts are sent by day only; noon of a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

MORNING: Final = 9
_MAX_OFFSET: Final = 12  # hours, in either direction


def zone_in_the_morning(now: datetime) -> ZoneInfo:
    """A zone whose clock shows an hour from MORNING on at `now` (UTC)."""
    offset = MORNING - now.hour
    if offset < -_MAX_OFFSET:
        offset += 24
    return ZoneInfo(f"Etc/GMT{-offset:+d}")  # its sign is the opposite of the usual one


def noon_of(day: date) -> Callable[[], datetime]:
    """A clock that shows noon of a day (UTC), for a key store as of that day."""
    return lambda: datetime.combine(day, time(12), UTC)
