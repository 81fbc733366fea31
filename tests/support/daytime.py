"""A time zone where it is morning now, for texts, which are sent by day only."""

from datetime import datetime
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
