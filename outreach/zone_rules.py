"""The transitions of time zones, and the zone by which calendar programs show an event right.

A program that knows a TZID uses its own rules for it, which are older than ours on most phones: in
2026 British Columbia, Alberta, Manitoba and Inuvik stopped changing their clocks. So an event after
such a last transition is written in a zone that has had the same offset for ten years. One in an
hour that its clocks show twice, of which programs choose either, is written in UTC (decision 0037).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import metadata, resources
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from babel.core import get_global

from outreach import clock
from outreach.memory_cache import remember

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
RECENT_YEARS: Final = 5  # rules that programs may lack
CONSTANT_YEARS: Final = 10  # rules that every program has
YEARS_AHEAD: Final = 10  # further than workshops are planned
_FAR: Final = 1e9
UTC_KEY: Final = "UTC"  # the zone of an event whose times end in Z
_UTC: Final = ZoneInfo(UTC_KEY)


@dataclass(frozen=True)
class ZoneChange:
    """A transition of the offset."""

    wall: datetime  # local time before the transition
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


class LastChange(NamedTuple):
    """The transition after which the offset of a zone stays as it is."""

    day: date  # before the transition, local
    substitute: ZoneInfo  # has had the offset since then for ten years


@remember(1024)
def list_changes(zone: ZoneInfo, first: date, last: date) -> tuple[ZoneChange, ...]:
    """The transitions of a zone from the start of `first` to the end of `last`, in UTC."""
    changes = []
    moment, end = _midnight(first), _midnight(last) + DAY
    before = _offset(moment, zone)
    while moment < end:
        moment += DAY
        after = _offset(moment, zone)
        if after != before:
            changes.append(_between(moment - DAY, moment, zone))
        before = after
    return tuple(changes)


def choose_calendar_zone(zone: ZoneInfo, starts_at: datetime, ends_at: datetime) -> ZoneInfo:
    """The zone in which an event at a venue in `zone` is written into calendars: its own, one whose
    clocks show the same, or UTC for an hour that its clocks show twice."""
    if _is_doubled(starts_at, zone) or _is_doubled(ends_at, zone):
        return _UTC
    last = find_last_change(zone)
    if last is None or starts_at.astimezone(zone).date() <= last.day:
        return zone
    return last.substitute


@cache
def get_horizon() -> date:
    """The last day that is looked at: what changes after it is not known."""
    return date(_release_year() + YEARS_AHEAD, 12, 31)


@cache
def find_last_change(zone: ZoneInfo) -> LastChange | None:
    """The last transition of a zone whose law changed in the five years before these zone rules
    were released; None for every other zone, and where no zone has had its offset for ten years."""
    horizon = get_horizon()
    changes = list_changes(zone, date(_release_year() - RECENT_YEARS, 1, 1), horizon)
    # A zone that still changes its clocks does so until the horizon.
    if not changes or changes[-1].wall.year >= horizon.year - 1:
        return None
    substitute = _find_constant(zone, changes[-1].after)
    return None if substitute is None else LastChange(changes[-1].wall.date(), substitute)


@cache
def is_substitute(zone: ZoneInfo) -> bool:
    """Whether events of other zones may be written in this one."""
    return zone == _UTC or (zone in _known_zones() and _is_constant(zone))


@cache
def _find_constant(zone: ZoneInfo, offset: timedelta) -> ZoneInfo | None:
    """Returns the nearest zone that has had this offset for ten years; None where there is none."""
    last = _midnight(date(_release_year(), 12, 31))
    near = sorted(_known_zones(), key=lambda each: (_distance(zone, each), each.key))
    same = (each for each in near if _offset(last, each) == offset)
    return next((each for each in same if _is_constant(each)), None)


@cache
def _known_zones() -> frozenset[ZoneInfo]:
    """The zones that stand for one of Windows: Outlook converts every other to one of these."""
    names = set(get_global("windows_zone_mapping").values()) & set(_positions())
    return frozenset(ZoneInfo(name) for name in names)


def _is_constant(zone: ZoneInfo) -> bool:
    """Whether the zone has not changed its offset for ten years, and will not."""
    since = date(_release_year() - CONSTANT_YEARS, 1, 1)
    return not list_changes(zone, since, get_horizon())


@cache
def _positions() -> dict[str, tuple[float, float]]:
    """Returns latitude and longitude of the city of each zone, in degrees (tzdata's `zone.tab`)."""
    text = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return {row[2]: _parse_position(row[1]) for row in rows}


def _parse_position(text: str) -> tuple[float, float]:
    """Reads a position in ISO 6709, as +5024-10439 or with seconds, as -690022+0393524."""
    middle = max(text.rfind("+"), text.rfind("-"))
    return _parse_degrees(text[:middle], 2), _parse_degrees(text[middle:], 3)


def _parse_degrees(text: str, digits: int) -> float:
    sign, rest = text[0], text[1:]
    size = int(rest[:digits]) + int(rest[digits : digits + 2]) / 60
    return -size if sign == "-" else size


def _distance(one: ZoneInfo, other: ZoneInfo) -> float:
    """Returns the distance in squared degrees, which is enough to choose the nearest."""
    positions = _positions()
    # Older names, as America/Yellowknife, are not in `zone.tab`.
    key = get_global("zone_aliases").get(one.key, one.key)
    if key not in positions:
        return _FAR
    (north, east), (other_north, other_east) = positions[key], positions[other.key]
    return (north - other_north) ** 2 + (east - other_east) ** 2


@cache
def _release_year() -> int:
    return int(metadata.version("tzdata").split(".")[0])


def _is_doubled(moment: datetime, zone: ZoneInfo) -> bool:
    local = moment.astimezone(zone)
    return clock.is_doubled(local.date(), local.time(), zone)


def _between(low: datetime, high: datetime, zone: ZoneInfo) -> ZoneChange:
    """The one transition after `low` and not after `high`, to the second."""
    before = _offset(low, zone)
    while high - low > SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    local = high.astimezone(zone)
    return ZoneChange(
        wall=(high + before).replace(tzinfo=None),
        before=before,
        after=_offset(high, zone),
        name=local.tzname() or zone.key,
        is_daylight=bool(local.dst()),
    )


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
