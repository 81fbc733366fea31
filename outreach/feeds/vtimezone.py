"""Writes a time zone as VTIMEZONE (RFC 5545, 3.6.5): one text for each zone, in every file of ours.

Programs such as Radicale keep the first definition that they read of a TZID and use it for every
other file, so that a definition which is exact for the days of one feed only is wrong for the next
feed (decision 0076). icalendar's RDATE lists are not read right by all programs (decision 0029).
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from outreach.memory_cache import remember
from outreach.zone_rules import UTC_KEY, ZoneChange, get_horizon, list_changes

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local time of the zone
# From this year on, rules are written: those of the United States and Canada hold since then.
FIRST_YEAR_OF_RULES: Final = 2007
# From this year on, transitions that follow no rule are written: no workshop is older, because the
# form refuses earlier days.
FIRST_YEAR: Final = 2015
# In one string: a test takes a literal «FR» for a country, and the code names none.
_WEEK: Final = "MO TU WE TH FR SA SU"
DAY_CODES: Final = _WEEK.split()
LAST: Final = -1  # in place of a number: the last such weekday of its month
DAYS_OF_A_WEEK: Final = 7


class YearlyChange(NamedTuple):
    """What one rule says of transitions: they are in the same month, on the same weekday, at the
    same time, and between the same offsets."""

    month: int
    weekday: int  # 0 is Monday
    time: time
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool


@remember(512)
def vtimezone(zone: ZoneInfo) -> bytes:
    """The component: yearly rules where the zone follows them until the horizon, with a block for
    each transition before them; one block if its offset never changes. Exact from 2015 until the
    horizon of `zone_rules`. Empty for UTC: times that end in Z need none."""
    if zone.key == UTC_KEY:
        return b""
    changes = list_changes(zone, date(FIRST_YEAR_OF_RULES, 1, 1), get_horizon())
    rules, since = _find_rules(changes)
    single = [each for each in changes if FIRST_YEAR <= each.wall.year < since]
    blocks = []
    if not rules or single:
        at_start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).astimezone(zone)
        base = at_start.utcoffset() or timedelta()
        blocks.append(_block(EPOCH, "", base, base, at_start.tzname(), is_daylight=False))
    blocks += [_transition(each, "") for each in single]
    blocks += [_transition(first, rule) for first, rule in rules]
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}", *blocks, "END:VTIMEZONE", ""]
    return "\r\n".join(lines).encode("ascii")


def _find_rules(changes: Sequence[ZoneChange]) -> tuple[list[tuple[ZoneChange, str]], int]:
    """Returns the rules that the transitions follow until the horizon, each with its first
    transition, and the year since which they do. If there is no rule, that year is after the
    horizon."""
    horizon = get_horizon().year
    found: list[tuple[ZoneChange, str]] = []
    since = horizon + 1
    by_year = {year: [*those] for year, those in groupby(changes, lambda each: each.wall.year)}
    for year in range(horizon, FIRST_YEAR_OF_RULES - 1, -1):
        if not _is_alike(by_year.get(year, []), by_year.get(horizon, [])):
            break
        columns = zip(*(by_year[each] for each in range(year, horizon + 1)), strict=True)
        rules = [(column[0], _rule([each.wall.date() for each in column])) for column in columns]
        if not all(rule for _first, rule in rules):
            break
        found, since = rules, year
    # What only the last year has is no rule.
    return (found, since) if since < horizon else ([], horizon + 1)


def _is_alike(one: Sequence[ZoneChange], other: Sequence[ZoneChange]) -> bool:
    return bool(one) and [_yearly(each) for each in one] == [_yearly(each) for each in other]


def _yearly(change: ZoneChange) -> YearlyChange:
    wall = change.wall
    return YearlyChange(
        month=wall.month,
        weekday=wall.weekday(),
        time=wall.time(),
        before=change.before,
        after=change.after,
        name=change.name,
        is_daylight=change.is_daylight,
    )


def _rule(days: Sequence[date]) -> str:
    """The RRULE of days in one month, on one weekday; empty where none describes them. It has the
    number of the weekday: Outlook reads no rule without it, or with BYMONTHDAY beside it (decision
    0038)."""
    numbers = {(day.day - 1) // DAYS_OF_A_WEEK + 1 for day in days}
    are_last = all(day.day > monthrange(day.year, day.month)[1] - DAYS_OF_A_WEEK for day in days)
    if len(numbers) > 1 and not are_last:
        return ""
    number = numbers.pop() if len(numbers) == 1 else LAST
    code = DAY_CODES[days[0].weekday()]
    return f"\r\nRRULE:FREQ=YEARLY;BYMONTH={days[0].month};BYDAY={number}{code}"


def _transition(change: ZoneChange, rule: str) -> str:
    return _block(
        change.wall,
        rule,
        change.before,
        change.after,
        change.name,
        is_daylight=change.is_daylight,
    )


def _block(
    wall: datetime,
    rule: str,
    before: timedelta,
    after: timedelta,
    name: str | None,
    *,
    is_daylight: bool,
) -> str:
    part = "DAYLIGHT" if is_daylight else "STANDARD"
    return (
        f"BEGIN:{part}\r\nDTSTART:{wall:%Y%m%dT%H%M%S}{rule}\r\nTZOFFSETFROM:{_hhmm(before)}\r\n"
        f"TZOFFSETTO:{_hhmm(after)}\r\nTZNAME:{name}\r\nEND:{part}"
    )


def _hhmm(offset: timedelta) -> str:
    minutes = round(offset / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
