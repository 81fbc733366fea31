"""The current time, and conversion between wall clocks and UTC.

The database stores the local day and time of a workshop in its venue's zone (SEAT05). Instants are
computed from them here, so a change in daylight-saving law moves no workshop.

Zone rules come from PyPI's tzdata and never from the system (decision 0027).
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import metadata
from typing import Final
from zoneinfo import ZoneInfo

from outreach import network_profile
from outreach.errors import Misconfigured

MIN_TZDATA = (2026, 6)
SECOND = timedelta(seconds=1)

zoneinfo.reset_tzpath(to=[])
ZoneInfo.clear_cache()


def require_rules() -> None:
    """Raises Misconfigured when the installed zone rules are older than tzdata 2026.6."""
    found = metadata.version("tzdata")
    if tuple(int(part) for part in found.split(".")[:2]) < MIN_TZDATA:
        raise Misconfigured(
            f"tzdata {found} is too old. Install tzdata 2026.6 or newer: pip install -U tzdata"
        )


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def headquarters_zone() -> ZoneInfo:
    """The zone by which months close, and by which the pages of headquarters give days and hours
    (`OUTREACH_HEADQUARTERS_ZONE`)."""
    return ZoneInfo(network_profile.current().headquarters_zone)


def at_headquarters(moment: datetime) -> datetime:
    """The local time of an instant at headquarters."""
    return moment.astimezone(headquarters_zone())


def network_day(moment: datetime) -> date:
    """The local day of an instant at headquarters, which dates closings and publications: one of
    the evening of the 12th has the 12th, though it is the 13th in UTC."""
    return at_headquarters(moment).date()


def second_after(before: datetime | None, now: datetime) -> datetime:
    """The second of `now`, or the one after `before` if that is later: calendar programs compare
    whole seconds, so two changes within one second need two."""
    second = now.replace(microsecond=0)
    return second if before is None else max(second, before.replace(microsecond=0) + SECOND)


def hour_of(moment: datetime) -> datetime:
    """The last whole hour of UTC before or at an instant."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def next_hour(moment: datetime) -> datetime:
    """The first whole hour of UTC after or at an instant."""
    hour = hour_of(moment)
    return hour if hour == moment else hour + timedelta(hours=1)


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA zone, as `America/Chicago`."""
    try:
        ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def instant(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `hour` on `day`; the first if there are
    two.

    An hour that is skipped (see `is_skipped`) is converted with the offset before the change.
    """
    return datetime.combine(day, hour, zone).astimezone(UTC)


def is_skipped(day: date, hour: time, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` skip `hour` on `day`, as 02:30 at a spring change."""
    local = datetime.combine(day, hour, zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)


def is_doubled(day: date, hour: time, zone: ZoneInfo) -> bool:
    """Whether clocks in `zone` show `hour` twice on `day`, as 01:30 at an autumn change."""
    local = datetime.combine(day, hour.replace(fold=0), zone)
    if is_skipped(day, local.time(), zone):
        return False
    return local.utcoffset() != local.replace(fold=1).utcoffset()


def has_doubled_hour(day: date, starts: time, ends: time, zone: ZoneInfo) -> bool:
    """Whether the start or the end of a span is an hour that clocks in `zone` show twice."""
    return is_doubled(day, starts, zone) or is_doubled(_last_day(day, starts, ends), ends, zone)


def span(
    day: date, starts: time, ends: time, zone: ZoneInfo, *, is_second: bool = False
) -> tuple[datetime, datetime]:
    """Returns start and end in UTC. An end not after the start is on the next day. Of an hour that
    clocks show twice, `is_second` means the second one."""
    last = _last_day(day, starts, ends)
    return (
        _instant(day, starts, zone, is_second=is_second),
        _instant(last, ends, zone, is_second=is_second),
    )


def _last_day(day: date, starts: time, ends: time) -> date:
    return day if ends > starts else day + timedelta(days=1)


def _instant(day: date, hour: time, zone: ZoneInfo, *, is_second: bool) -> datetime:
    is_later = is_second and is_doubled(day, hour, zone)
    return instant(day, hour.replace(fold=int(is_later)), zone)


# A month can be parsed within these years, so that `plus` stays within the years of `date`.
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
    def from_day(cls, day: date) -> "Month":
        return cls(day.year, day.month)

    @classmethod
    def from_number(cls, number: int) -> "Month":
        return cls(number // 100, number % 100)

    @property
    def number(self) -> int:
        """The month as it is stored: 202001."""
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

    @property
    def quarter(self) -> "Quarter":
        return Quarter(self.year, (self.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, order=True)
class Quarter:
    """Three calendar months; the first quarter begins in January."""

    year: int
    number: int  # 1 to 4

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """Reads `2020-Q1`, of the years of `Month.parse`. Raises ValueError for anything else."""
        if len(text) != 7 or text[4:6] != "-Q" or text[6] not in "1234":
            raise ValueError(text)
        return cls(Month.parse(f"{text[:4]}-01").year, int(text[6]))

    @property
    def months(self) -> tuple[Month, Month, Month]:
        last = 3 * self.number
        return Month(self.year, last - 2), Month(self.year, last - 1), Month(self.year, last)

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"
