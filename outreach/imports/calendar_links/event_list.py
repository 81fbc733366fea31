"""The events of a calendar as staff tick them; what is ticked becomes the source of an import.

An office's calendar has private appointments too. The list is made for one page and kept nowhere:
it is read again when somebody has ticked, and an event that has changed since is not the one that
they saw.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from outreach.db.base import Words
from outreach.domain import workshops
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import import_memory
from outreach.domain.text import clean
from outreach.imports.guess import calendar_rows, conversation, proposals, recurring_events
from outreach.imports.guess.calendar_rows import CalendarSource
from outreach.imports.guess.parsed_rows import ParsedRow
from outreach.imports.guess.remarks import RemarkCode
from outreach.imports.guess.row_review import MAX_DRAFT_ROWS
from outreach.imports.ical import IcalCalendar, IcalEvent
from outreach.imports.import_errors import CalendarAddressErrorCode, UnreadableFile

_KEY_LENGTH: Final = 16  # hexadecimal digits
_MAX_SHOWN: Final = 120  # characters of a title or place
_UNTIL: Final = re.compile(r"(?:^|;)UNTIL=([0-9]{8})", re.ASCII | re.IGNORECASE)
_DATE_LENGTH: Final = 8  # digits of a DATE, with which a DATE-TIME begins


@dataclass(frozen=True)
class ListedEvent:
    """An event that stands to be ticked, with all of its dates."""

    key: str  # changes as soon as the line would show something else
    title: str
    place: str
    kind: str | None  # code, where its words name one
    is_like_a_workshop: bool  # its words name a kind, or several
    day: date | None  # the first that is ahead
    starts: time | None
    ends: time | None
    dates: int  # ahead, that are not here yet
    has_more: bool  # some dates of it are here already


@dataclass(frozen=True)
class CalendarRows:
    """The dates of a calendar that are ahead, and the workshops that the office has for them."""

    source: CalendarSource  # without events that are over
    rows: Sequence[ParsedRow]
    known: Mapping[str, import_memory.ImportedBefore]  # by fingerprint

    def is_known(self, row: ParsedRow) -> bool:
        return any(each in self.known for each in proposals.list_fingerprints(row))


def read_rows(
    session: Session, office: Office, source: CalendarSource, *, now: datetime, until: date
) -> CalendarRows:
    """Returns the dates from today on; events that repeat without an end have dates up to `until`.
    Raises UnreadableFile for more than a page can show."""
    today = now.astimezone(office.zone).date()
    ahead = _drop_past(source, today)
    try:
        rows = calendar_rows.list_rows(
            "",
            ahead,
            office,
            conversation.make_context(session, office, now=now).kinds,
            workshops.find_imported(session, ahead.own_ids),
            now=now,
            until=until,
            most=MAX_DRAFT_ROWS,
            is_ahead_only=True,
        )
    except UnreadableFile:
        raise UnreadableFile(CalendarAddressErrorCode.TOO_LARGE) from None
    known = import_memory.find_rows(
        session, office, {each for row in rows for each in proposals.list_fingerprints(row)}
    )
    return CalendarRows(ahead, rows, known)


def list_events(found: CalendarRows) -> list[ListedEvent]:
    """Returns the events that staff may tick: those that look like workshops first, then by day.
    Events that are here already, cancelled ones and workshops of our own feeds are left out."""
    events = {_group_of(each): each for each in reversed(found.source.calendar.events)}
    groups: dict[str, list[ParsedRow]] = defaultdict(list)
    with_known = set()
    for row in found.rows:
        group = _group_of(row)
        if found.is_known(row):
            with_known.add(group)
        elif not row.own_id and not row.is_cancelled:
            groups[group].append(row)
    listed = [
        _to_listed(events[group], rows, has_more=group in with_known)
        for group, rows in groups.items()
        if group in events
    ]
    return sorted(
        listed, key=lambda each: (not each.is_like_a_workshop, each.day or date.max, each.title)
    )


def take(
    found: CalendarRows, keys: Collection[str]
) -> tuple[CalendarSource, dict[str, Words], Collection[str]]:
    """Returns the calendar with the ticked events alone, what it says of their dates (by
    fingerprint), and those of the keys that no event has any more."""
    events = {_group_of(each): each for each in reversed(found.source.calendar.events)}
    by_key: dict[str, str] = {}
    rows_by_group: dict[str, list[ParsedRow]] = defaultdict(list)
    for row in found.rows:
        rows_by_group[_group_of(row)].append(row)
    for group, rows in rows_by_group.items():
        left = [each for each in rows if not found.is_known(each)]
        if group in events and left:
            is_partly_known = len(left) < len(rows)
            by_key[_to_listed(events[group], left, has_more=is_partly_known).key] = group
    groups = {by_key[key] for key in keys if key in by_key}
    said = {
        fingerprint: proposals.list_said(row)
        for group in groups
        for row in rows_by_group[group]
        for fingerprint in proposals.list_fingerprints(row)
        if not found.is_known(row)
    }
    missing = [key for key in keys if key not in by_key]
    return _keep_only(found.source, groups), said, missing


def _keep_only(source: CalendarSource, groups: Collection[str]) -> CalendarSource:
    """Returns the calendar with these events alone, and with the zones and the names of properties
    that they use."""
    events = [each for each in source.calendar.events if _group_of(each) in groups]
    zones = {zone for each in events for zone in _list_zones(each)}
    offsets = {zone: each for zone, each in source.calendar.offsets.items() if zone in zones}
    read = [each for each in source.calendar.properties if each in calendar_rows.COLUMNS]
    return CalendarSource(IcalCalendar(events, offsets, tuple(read)))


def _list_zones(event: IcalEvent) -> list[str]:
    pairs = [event.starts, event.ends, event.replaces, *event.more_dates, *event.excluded]
    return [each[1] for each in pairs if each is not None]


def _group_of(each: IcalEvent | ParsedRow) -> str:
    """Returns what an event has in common with its dates: its UID, or its line where it has
    none."""
    uid = (each.uid or getattr(each, "own_id", "")).partition("\n")[0]
    return f"uid {uid}" if uid else f"line {each.line}"


def _to_listed(event: IcalEvent, rows: Sequence[ParsedRow], *, has_more: bool) -> ListedEvent:
    first = min(rows, key=lambda each: (each.day or date.max, each.starts or time.max))
    day = first.day or _day_of(event)
    title, place = clean(event.summary)[:_MAX_SHOWN], clean(event.location)[:_MAX_SHOWN]
    words = (_group_of(event), title, place, day, first.starts, first.ends, len(rows))
    return ListedEvent(
        key=hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()[:_KEY_LENGTH],
        title=title,
        place=place,
        kind=first.kind,
        is_like_a_workshop=first.kind is not None or _is_doubtful(first),
        day=day,
        starts=first.starts,
        ends=first.ends,
        dates=len(rows),
        has_more=has_more,
    )


def _is_doubtful(row: ParsedRow) -> bool:
    return any(each.error.code is RemarkCode.KIND_DOUBTFUL for each in row.remarks)


def _day_of(event: IcalEvent) -> date | None:
    """Returns the day on which an event begins, even if it has no hour."""
    if event.starts is None:
        return None
    try:
        return date.fromisoformat(event.starts[0].strip()[:_DATE_LENGTH])
    except ValueError:
        return None


def _drop_past(source: CalendarSource, today: date) -> CalendarSource:
    """Returns the calendar without the events that are over. A calendar of years has thousands of
    them, and each would count among the rows that a page can show."""
    yesterday = today - timedelta(days=1)  # the office's; the event may have begun in another zone
    kept = [each for each in source.calendar.events if not _is_over(each, yesterday)]
    calendar = IcalCalendar(kept, source.calendar.offsets, source.calendar.properties)
    return CalendarSource(calendar)


def _is_over(event: IcalEvent, before: date) -> bool:
    if event.more_dates or event.replaces is not None:
        return False
    if event.rule:
        until = _UNTIL.search(event.rule)
        return until is not None and until[1] < f"{before:%Y%m%d}"
    day = _day_of(event)
    return day is not None and day < before


def compute_until(today: date, taken: Mapping[str, Words]) -> date:
    """Returns the day to which events that repeat without an end are read: the usual one, or the
    last day that was ticked if that is later."""
    days = (each.get("day", "") for each in taken.values())
    last = max((date.fromisoformat(each) for each in days if each), default=today)
    return max(recurring_events.compute_default_until(today), last)
