"""The events of an iCalendar file as rows. Nothing of attendees, organizers or texts is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Final

from outreach.domain.network.offices import Office
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.imports import ical
from outreach.imports.guess import places, recurring_events, small_values
from outreach.imports.guess.headings import Field
from outreach.imports.guess.kind_names import KindNames
from outreach.imports.guess.parsed_rows import (
    MAX_TITLE_LENGTH,
    ParsedRow,
    checked_text,
    match_kind,
    set_place,
    take_cancelled,
)
from outreach.imports.guess.places import Home
from outreach.imports.guess.recurring_events import EventDate, TooManyDates
from outreach.imports.guess.remarks import Remark, RemarkCode, remark
from outreach.imports.ical import IcalCalendar
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.raw_sheets import MAX_ROWS

COLUMNS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "DTSTART": Field.STARTS,
        "DTEND": Field.ENDS,
        "DURATION": Field.MINUTES,
        "SUMMARY": Field.TITLE,
        "LOCATION": Field.VENUE,
        "STATUS": Field.STATUS,
        "CATEGORIES": Field.KIND,
        "UID": Field.ID,
    }
)


@dataclass(frozen=True)
class CalendarSource:
    """A calendar that was read."""

    calendar: IcalCalendar

    @property
    def columns(self) -> dict[str, Field | None]:
        """What each property of its events is taken for."""
        return {name: COLUMNS.get(name) for name in self.calendar.properties}

    @property
    def own_ids(self) -> list[str]:
        """The ids of workshops of our own feeds."""
        return [each for event in self.calendar.events if (each := ical.own_id(event.uid))]


def read(name: str, data: bytes) -> CalendarSource:
    """The events of a file. Raises UnreadableFile."""
    return CalendarSource(ical.read(name, data, most=MAX_ROWS))


def list_rows(
    name: str,
    source: CalendarSource,
    office: Office,
    kinds: KindNames,
    own: Mapping[str, Workshop],
    *,
    now: datetime,
    until: date | None = None,
    most: int = MAX_ROWS,
    is_ahead_only: bool = False,
) -> list[ParsedRow]:
    """Returns the dates of the events as rows. Events that repeat without an end have dates up to
    the day `until`, half a year by default; `is_ahead_only` leaves out dates that have begun. `own`
    has workshops of our own feeds by id. Raises UnreadableFile where there are more than `most`;
    none is looked for beyond."""
    until = until or recurring_events.compute_default_until(now.astimezone(office.zone).date())
    dates = recurring_events.list_dates(source.calendar, office.zone, now=now, until=until)
    if is_ahead_only:
        dates = (each for each in dates if each.starts is None or each.starts > now)
    try:
        rows = [_row(each, office, kinds, own) for each in islice(dates, most + 1)]
    except TooManyDates:
        rows = []
        is_too_much = True
    else:
        is_too_much = len(rows) > most
    if is_too_much:
        raise UnreadableFile(
            ImportErrorCode.CALENDAR_WITH_TOO_MANY_EVENTS, name=name, most=f"{most:,}"
        )
    return rows


def _row(
    found: EventDate, office: Office, kinds: KindNames, own: Mapping[str, Workshop]
) -> ParsedRow:
    event = found.event
    parsed = ParsedRow("", event.line)
    if found.error is not None:
        parsed.remarks.append(Remark(Field.STARTS, found.error))
    _set_hours(parsed, found, office)
    summary, is_cancelled = take_cancelled(clean(event.summary))
    workshop = own.get(ical.own_id(event.uid))
    if workshop is not None and workshop.office is office:
        # Its title and place may be the neutral ones of a feed: they say nothing new.
        parsed.own_id, parsed.kind = ical.own_id(event.uid), workshop.kind.code
    else:
        parsed.uid = found.uid
        texts = [*(clean(each) for each in event.categories), summary]
        match_kind(parsed, _tell_kind(texts, kinds), kinds)
        parsed.title = checked_text(parsed, Field.TITLE, summary, MAX_TITLE_LENGTH)
        found_place = places.split(
            clean(event.location), Home.from_office(office), is_calendar=True
        )
        set_place(parsed, found_place, Home.from_office(office))
    parsed.is_cancelled = is_cancelled or small_values.says_cancelled(event.status)
    return parsed


def _tell_kind(texts: list[str], kinds: KindNames) -> list[str]:
    """The texts that may name a kind: the categories that do, else the summary."""
    return [each for each in texts[:-1] if kinds.match(each).code] or [
        each for each in texts[-1:] if each
    ]


def _set_hours(parsed: ParsedRow, found: EventDate, office: Office) -> None:
    if found.starts is None or found.ends is None:
        return
    starts, ends = found.starts.astimezone(office.zone), found.ends.astimezone(office.zone)
    parsed.zone = office.zone
    parsed.day, parsed.starts, parsed.ends = starts.date(), starts.time(), ends.time()
    if ends - starts > timedelta(hours=14):
        values = {"starts": f"{starts:%H:%M}", "ends": f"{ends:%Y-%m-%d %H:%M}"}
        parsed.say(Field.ENDS, RemarkCode.LASTS_LONG, **values)
    elif ends <= starts:
        values = {"starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"}
        parsed.say(Field.ENDS, RemarkCode.END_BEFORE_START, **values)
    if found.read_until is not None:
        parsed.remarks.append(remark(None, RemarkCode.SERIES_CUT, day=found.read_until))
