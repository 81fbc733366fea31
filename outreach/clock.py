"""Time: what it is now, and what a wall clock somewhere means.

A workshop happens on a day, at an hour, on the wall clock of its venue. That is what we store.
Instants are worked out from it here, so a change in daylight-saving law moves no workshop.

Zone rules come from PyPI's tzdata, never the system's, which is old on many machines: Debian's
knows nothing of the laws of 2026 in Alberta, Manitoba, British Columbia and Inuvik.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import metadata
from typing import Final
from zoneinfo import ZoneInfo

from outreach.errors import Misconfigured

OLDEST_RULES = (2026, 6)
SECOND = timedelta(seconds=1)

zoneinfo.reset_tzpath(to=[])
ZoneInfo.clear_cache()

# Whose day it is when headquarters closes a month or publishes: what they did on the evening of the
# 12th is dated the 12th, though it is the 13th in UTC.
HEADQUARTERS: Final = ZoneInfo("America/Mexico_City")


def require_rules() -> None:
    """Raises Misconfigured when the installed zone rules are older than tzdata 2026.6."""
    found = metadata.version("tzdata")
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_RULES:
        raise Misconfigured(
            f"tzdata {found} is too old for the offices in Canada. "
            "Install tzdata 2026.6 or newer: pip install -U tzdata"
        )


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def network_day(moment: datetime) -> date:
    """The day that the network dates a moment: the one at its headquarters."""
    return moment.astimezone(HEADQUARTERS).date()


def second_after(before: datetime | None, now: datetime) -> datetime:
    """The second of `now`, or the one after `before` if that is later: two changes within one
    second must still be told apart, since calendars count in seconds."""
    this = now.replace(microsecond=0)
    return this if before is None else max(this, before.replace(microsecond=0) + SECOND)


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone, as `America/Chicago`."""
    try:
        ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, when clocks in `zone` show `hour` on `day`; the first if there are two.

    A moment that is skipped (see `is_skipped`) is taken on the clock as it was before the jump.
    """
    return datetime.combine(day, hour, zone).astimezone(UTC)


def is_skipped(day: date, hour: time, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` jump over `hour` on `day`, as at 02:30 of a spring change."""
    there = datetime.combine(day, hour, zone)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != there.replace(tzinfo=None)


def is_doubled(day: date, hour: time, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` show `hour` twice on `day`, as at 01:30 of an autumn change."""
    there = datetime.combine(day, hour, zone)
    if is_skipped(day, hour, zone):
        return False
    return there.utcoffset() != there.replace(fold=1).utcoffset()


def span(day: date, starts: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end in UTC. An end not after the start is on the next day."""
    last = day if ends > starts else day + timedelta(days=1)
    return instant(day, starts, zone), instant(last, ends, zone)


# Of the months that can be written: far from where a date has no month before or after it.
YEARS: Final = range(1900, 2200)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, local to each venue."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Reads `2020-01`, of the years 1900 to 2199. Raises ValueError for anything else."""
        if len(text) != 7 or text[4] != "-" or not (text[:4] + text[5:]).isascii():
            raise ValueError(text)
        first = date.fromisoformat(f"{text}-01")
        if first.year not in YEARS:
            raise ValueError(text)
        return cls(first.year, first.month)

    @classmethod
    def of(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def from_number(cls, number: int) -> "Month":
        return cls(number // 100, number % 100)

    @property
    def number(self) -> int:
        """As stored: 202001."""
        return self.year * 100 + self.month

    @property
    def first(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def following(self) -> "Month":
        return self.plus(1)

    def plus(self, months: int) -> "Month":
        count = self.year * 12 + self.month - 1 + months
        return Month(count // 12, count % 12 + 1)

    @property
    def last(self) -> date:
        return self.following.first - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
