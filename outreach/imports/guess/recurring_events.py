"""The dates of events that repeat (RFC 5545, section 3.8.5): RRULE, RDATE, EXDATE, RECURRENCE-ID.

dateutil finds the dates. A rule whose parts contradict each other has none, and it would look for
them to the year 9999, which takes half a minute: only combinations that have dates are read. A rule
without an end is read to a day that is given, and all rules of a file do a bounded amount of work.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrule, rrulestr

from outreach.errors import Refusal
from outreach.imports import ical
from outreach.imports.guess.remarks import RemarkCode, quote
from outreach.imports.ical import IcalCalendar, IcalEvent

MAX_DATES: Final = 200  # that one event may have
MAX_STEPS: Final = 20_000  # dates of a rule that are looked at
MAX_INTERVAL: Final = 60
MAX_RULES: Final = 500  # in a file
ASKED_FROM: Final = relativedelta(years=2)  # ahead, a rule that goes on is one without an end
DEFAULT_AHEAD: Final = relativedelta(months=6)
# For a whole file. Each date that is looked at counts one, and so does each month in which a rule
# looks for dates.
MAX_WORK: Final = 60_000
_KEYS: Final = frozenset(
    ["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"]
)
# Beside each frequency, what may narrow it, and is sure to leave dates.
_NARROWED: Final = {
    "DAILY": (frozenset[str](), frozenset({"BYDAY"}), frozenset({"BYMONTH"})),
    "WEEKLY": (frozenset[str](), frozenset({"BYDAY"})),
    "MONTHLY": (
        frozenset[str](),
        frozenset({"BYDAY"}),
        frozenset({"BYMONTHDAY"}),
        frozenset({"BYDAY", "BYSETPOS"}),
        frozenset({"BYDAY", "BYMONTH"}),
    ),
    "YEARLY": (
        frozenset[str](),
        frozenset({"BYMONTH"}),
        frozenset({"BYMONTH", "BYMONTHDAY"}),
        frozenset({"BYMONTH", "BYDAY"}),
    ),
}
_WITH_INTERVAL: Final = frozenset({"BYMONTH"})  # these and an interval may have no date
_LONGEST_MONTH: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS: Final = frozenset({"MO", "TU", "WE", "TH", "FR", "SA", "SU"})


@dataclass(frozen=True)
class EventDate:
    """One date of an event. `error` says why it has none."""

    event: IcalEvent
    uid: str  # that of the event, with this date
    starts: datetime | None = None
    ends: datetime | None = None
    error: Refusal | None = None
    read_until: date | None = None  # with the last date that is read: the event goes on after it


class TooManyDates(Exception):
    """The rules of a file would take too long."""


class _Work:
    """Counts the work that the rules of a file cost. Raises TooManyDates beyond MAX_WORK."""

    def __init__(self) -> None:
        self._left = MAX_WORK

    def spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise TooManyDates


def compute_default_until(today: date) -> date:
    """The day until which rules without an end are read if nobody has named one."""
    return today + DEFAULT_AHEAD


def has_endless(calendar: IcalCalendar, today: date) -> bool:
    """Whether some event repeats without an end, so that somebody has to say until when."""
    return any(_is_endless(event.rule, today) for event in calendar.events if event.rule)


def _is_endless(rule: str, today: date) -> bool:
    parts = dict(each.partition("=")[::2] for each in rule.upper().split(";"))
    until = parts.get("UNTIL", "")[:8]
    return "COUNT" not in parts and (not until or until > f"{today + ASKED_FROM:%Y%m%d}")


def list_dates(
    calendar: IcalCalendar, home: ZoneInfo, *, now: datetime, until: date
) -> Iterator[EventDate]:
    """Returns the dates of all events, in the order of the file; the dates of one event are by day.
    Events that repeat without an end are read to the day `until`. Raises TooManyDates."""
    moved: dict[str, list[IcalEvent]] = defaultdict(list)
    for event in calendar.events:
        if event.replaces is not None:
            moved[event.uid].append(event)
    whole_events = {event.uid for event in calendar.events if event.replaces is None}
    rules, work = 0, _Work()
    for event in calendar.events:
        if event.replaces is not None and event.uid in whole_events:
            continue  # comes with its event
        if not event.rule and not event.more_dates:
            yield _single(event, home, calendar)
            continue
        rules += 1
        if rules > MAX_RULES:
            yield EventDate(event, event.uid, error=_refused(event))
            continue
        yield from _series(event, moved[event.uid], home, calendar, now, until, work)


def _single(event: IcalEvent, home: ZoneInfo, calendar: IcalCalendar) -> EventDate:
    uid = event.uid
    if event.replaces is not None and uid:
        uid = f"{uid}\n{event.replaces[0]}"
    try:
        starts, ends = _times(event, home, calendar)
    except Refusal as error:
        return EventDate(event, uid, error=error)
    return EventDate(event, uid, starts, ends)


def _times(event: IcalEvent, home: ZoneInfo, calendar: IcalCalendar) -> tuple[datetime, datetime]:
    return ical.local_times(replace(event, repeats=""), home, calendar)


def _series(
    event: IcalEvent,
    moved: Sequence[IcalEvent],
    home: ZoneInfo,
    calendar: IcalCalendar,
    now: datetime,
    until: date,
    work: _Work,
) -> Iterator[EventDate]:
    try:
        starts, ends = _times(event, home, calendar)
        wanted, read_until = _list_starts(event, starts, calendar, now, until, work)
        replaced = {_wall(each.replaces, starts, calendar): each for each in moved}
    except Refusal as error:
        yield EventDate(event, event.uid, error=error)
        return
    lasting = ends.astimezone(UTC) - starts.astimezone(UTC)
    # A moved date counts even where the rule was shortened later.
    every = sorted({*wanted, *(wall for wall in replaced if wall is not None)})
    for wall in every[-MAX_DATES:]:
        uid = f"{event.uid}\n{wall:%Y%m%dT%H%M}" if event.uid else ""
        other = replaced.get(wall)
        if other is not None:
            yield replace(_single(other, home, calendar), uid=uid)
            continue
        begins = wall.replace(tzinfo=starts.tzinfo)
        finishes = (begins.astimezone(UTC) + lasting).astimezone(starts.tzinfo)
        is_last = wall == every[-1]
        yield EventDate(event, uid, begins, finishes, read_until=read_until if is_last else None)


def _list_starts(
    event: IcalEvent,
    starts: datetime,
    calendar: IcalCalendar,
    now: datetime,
    until: date,
    work: _Work,
) -> tuple[list[datetime], date | None]:
    """Returns the starts on the wall clock of the event, at most MAX_DATES, those ahead first. If
    there are more, it also returns the day to which they were read."""
    first = starts.replace(tzinfo=None)
    excluded = {_wall(each, starts, calendar) for each in event.excluded if "T" in each[0]}
    excluded_days = {each[0] for each in event.excluded if "T" not in each[0]}
    more = (_wall(each, starts, calendar) for each in event.more_dates)
    added = sorted({first, *(each for each in more if each is not None)})
    here = now.astimezone(starts.tzinfo).replace(tzinfo=None)
    past: deque[datetime] = deque(maxlen=MAX_DATES)
    ahead: list[datetime] = []
    today = here.date()
    is_endless = bool(event.rule) and _is_endless(event.rule, today)
    last = until if is_endless else today + ASKED_FROM
    found = _list_by_rule(event, starts, last, work) if event.rule else iter(())
    for wall in _merged(added, islice(found, MAX_STEPS)):
        if wall in excluded or f"{wall:%Y%m%d}" in excluded_days:
            continue
        if len(ahead) == MAX_DATES:
            return ahead, ahead[-1].date()
        if wall < here:
            past.append(wall)
        else:
            ahead.append(wall)
    room = MAX_DATES - len(ahead)
    return [*(list(past)[-room:] if room else []), *ahead], until if is_endless else None


def _merged(added: Iterable[datetime], found: Iterable[datetime]) -> Iterator[datetime]:
    """Merges two sorted lists of dates; a date that both have comes once."""
    left = deque(added)
    for wall in found:
        while left and left[0] < wall:
            yield left.popleft()
        if left and left[0] == wall:
            left.popleft()
        yield wall
    yield from left


def _wall(
    value: tuple[str, str] | None, starts: datetime, calendar: IcalCalendar
) -> datetime | None:
    """Returns a DATE-TIME on the wall clock of the event; a DATE gets the hour of its start."""
    assert isinstance(starts.tzinfo, ZoneInfo)
    if value is None:
        return None
    text, zone = value
    text = text.partition("/")[0]  # the start of a period
    if "T" not in text:
        text = f"{text}T{starts:%H%M%S}"
    found = ical.local_time(text, zone, starts.tzinfo, calendar)
    return found.astimezone(starts.tzinfo).replace(tzinfo=None)


def _list_by_rule(
    event: IcalEvent, starts: datetime, last: date, work: _Work
) -> Iterator[datetime]:
    """The dates of the rule up to a day. Raises Refusal for one that is not read."""
    pairs = [each.partition("=") for each in event.rule.upper().split(";") if each]
    parts = {key: value for key, _equals, value in pairs}
    if len(parts) < len(pairs) or not _is_readable(parts):
        raise _refused(event)
    until = parts.pop("UNTIL", "")
    text = ";".join(f"{key}={value}" for key, value in parts.items())
    first = starts.replace(tzinfo=None)
    try:
        rule = rrulestr(text, dtstart=first)
        assert isinstance(rule, rrule)
        if "COUNT" in parts:
            return _watched(rule, first, work)
        end = datetime.combine(last, time(23, 59))
        work.spend(max(0, 12 * (end.year - first.year)))
        end = min(_last(until, starts), end) if until else end
        return _watched(rule.replace(until=end), first, work)
    except (ValueError, TypeError, OverflowError):
        raise _refused(event) from None


def _watched(dates: Iterable[datetime], first: datetime, work: _Work) -> Iterator[datetime]:
    """Returns the dates, and counts for each the months that were searched to find it."""
    before = first
    for each in dates:
        work.spend(1 + 12 * (each.year - before.year))
        before = each
        yield each


def _last(until: str, starts: datetime) -> datetime:
    """Returns the UNTIL of a rule on the wall clock of the event."""
    if "T" not in until:
        return datetime.combine(date.fromisoformat(until), time(23, 59))
    if until.endswith("Z"):
        moment = datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return moment.astimezone(starts.tzinfo).replace(tzinfo=None)
    return datetime.strptime(until, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - a wall clock


def _is_readable(parts: dict[str, str]) -> bool:
    narrowing = {key for key in parts if key.startswith("BY")}
    if not parts.keys() <= _KEYS or narrowing not in _NARROWED.get(parts.get("FREQ", ""), ()):
        return False
    interval = parts.get("INTERVAL", "1")
    if not _is_between(interval, 1, MAX_INTERVAL) or not _is_count(parts.get("COUNT", "1")):
        return False
    if interval != "1" and (_is_uncertain(parts) or narrowing & _WITH_INTERVAL):
        return False
    return _are_days(parts) and _are_months(parts)


def _is_uncertain(parts: dict[str, str]) -> bool:
    """Whether a rule of every so many days also names weekdays: it may never fall on one of
    them."""
    return parts["FREQ"] == "DAILY" and "BYDAY" in parts


def _are_days(parts: dict[str, str]) -> bool:
    """Whether each BYDAY is a weekday, with a number where a month has as many of them."""
    for each in parts.get("BYDAY", "MO").split(","):
        number, day = each[:-2], each[-2:]
        is_numbered = parts["FREQ"] in {"MONTHLY", "YEARLY"} and "BYSETPOS" not in parts
        if day not in _DAYS or (number and not (is_numbered and _is_between(number, -5, 5))):
            return False
    places = parts.get("BYSETPOS", "1").split(",")
    return all(_is_between(each, -4, 4) and int(each) for each in places)


def _are_months(parts: dict[str, str]) -> bool:
    """Whether the months are months and, in one of them, the days are days."""
    months = parts.get("BYMONTH", "1").split(",")
    days = parts.get("BYMONTHDAY", "1").split(",")
    if not all(_is_between(each, 1, 12) for each in months):
        return False
    if not all(_is_between(each, -28, 31) and int(each) for each in days):
        return False
    longest = max(_LONGEST_MONTH[int(each) - 1] for each in months) if "BYMONTH" in parts else 31
    return any(int(each) <= longest for each in days)


def _is_between(text: str, least: int, most: int) -> bool:
    digits = text.removeprefix("-").removeprefix("+")
    return digits.isascii() and digits.isdigit() and len(digits) < 4 and least <= int(text) <= most


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0


def _refused(event: IcalEvent) -> Refusal:
    rule = quote(event.rule or event.repeats)
    return Refusal(RemarkCode.RULE_UNREADABLE, rule=rule)
