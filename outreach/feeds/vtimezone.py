"""Writes a time zone as VTIMEZONE (RFC 5545, 3.6.5), exact for the days of one feed.

All calendar programs read these blocks right: one offset if it does not change, the rule of 2007
where it holds, else one block for each transition. icalendar's RDATE lists are not (decision 0029).
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from outreach.memory_cache import remember
from outreach.zone_rules import UTC_KEY, list_changes

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local time of the zone
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
# The second Sunday of March and the first of November, at 02:00 local time before the change. With
# BYMONTHDAY, which ical4j 4 needs, Outlook could not read the zone at all (decision 0038).
FIRST_YEAR_OF_THE_RULE: Final = 2007
SPRING: Final = "BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"
AUTUMN: Final = (
    "BEGIN:STANDARD\r\nDTSTART:20071104T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"
)


@remember(512)
def vtimezone(zone: ZoneInfo, first: date, last: date) -> bytes:
    """The component for events from `first` to `last`, local days. Empty for UTC: times that end in
    Z need none."""
    if zone.key == UTC_KEY:
        return b""
    begins, ends = first - DAY, last + 2 * DAY
    changes = list_changes(zone, begins, ends)
    at_start = datetime.combine(begins, time(0), UTC).astimezone(zone)
    base = at_start.utcoffset() or timedelta()
    if changes and _follows_the_rule(zone, begins.year, ends.year):
        blocks = _by_rule(zone, begins.year)
    else:
        blocks = [_block("BEGIN:STANDARD", EPOCH, base, base, at_start.tzname())]
        blocks += [
            _block(
                "BEGIN:DAYLIGHT" if change.is_daylight else "BEGIN:STANDARD",
                change.wall,
                change.before,
                change.after,
                change.name,
            )
            for change in changes
        ]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}", *blocks, "END:VTIMEZONE", ""]
    return "\r\n".join(lines).encode("ascii")


def _by_rule(zone: ZoneInfo, year: int) -> list[str]:
    spring, autumn = list_changes(zone, date(year, 1, 1), date(year, 12, 31))
    return [
        f"{start}\r\n{_offsets(change.before, change.after, change.name)}\r\nEND:{end}"
        for start, change, end in ((SPRING, spring, "DAYLIGHT"), (AUTUMN, autumn, "STANDARD"))
    ]


def _follows_the_rule(zone: ZoneInfo, first: int, last: int) -> bool:
    """Whether in all these years the clocks change on the two Sundays and at no other time."""
    if first < FIRST_YEAR_OF_THE_RULE:
        return False
    offsets = set()
    for year in range(first, last + 1):
        changes = list_changes(zone, date(year, 1, 1), date(year, 12, 31))
        if [change.wall for change in changes] != [_sunday(year, 3, 2), _sunday(year, 11, 1)]:
            return False
        spring, autumn = changes
        if spring.before != autumn.after or spring.after - spring.before != HOUR:
            return False
        offsets.add(spring.before)
    return len(offsets) == 1


def _sunday(year: int, month: int, nth: int) -> datetime:
    first = datetime(year, month, 1, 2)  # noqa: DTZ001 - local time of the zone
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def _block(
    start: str, wall: datetime, before: timedelta, after: timedelta, name: str | None
) -> str:
    end = start.replace("BEGIN", "END")
    return f"{start}\r\nDTSTART:{wall:%Y%m%dT%H%M%S}\r\n{_offsets(before, after, name)}\r\n{end}"


def _offsets(before: timedelta, after: timedelta, name: str | None) -> str:
    return f"TZOFFSETFROM:{_hhmm(before)}\r\nTZOFFSETTO:{_hhmm(after)}\r\nTZNAME:{name}"


def _hhmm(offset: timedelta) -> str:
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
