"""Parses typed schedules: ticked days, and lines such as «5 12 19, 18:30, Parroquia San Pío, DACA».

Lines and paragraphs as people write them in a messenger («sáb 16 ene DACA 10am biblioteca Pilsen»)
are read by `imports.guess.message_rows`, as in «Traer talleres». A line takes what it leaves out
from the common fields.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cached_property
from typing import Final

from outreach.clock import Month
from outreach.db.types import Codes
from outreach.domain.locations import venues
from outreach.domain.locations.venue_matching import VenueIndex
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode
from outreach.i18n import current, say
from outreach.i18n import gettext as _
from outreach.imports.guess import (
    dates,
    day_lists,
    hours,
    message_rows,
    message_words,
    places,
    small_values,
)
from outreach.imports.guess.dates import DayContext
from outreach.imports.guess.kind_names import KindNames
from outreach.imports.guess.message_words import MessageLine
from outreach.imports.guess.places import Home

ONLINE: Final = "en linea"
_DAYS: Final = re.compile(r"(?:[^\W\d]+\.?\s+)?(\d{1,2}(?:(?:\s+y\s+|\s+)\d{1,2})*)")
_HOUR: Final = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:(h|hrs?)|([ap])\.?\s*m)?\.?", re.IGNORECASE
)
# What was meant as an hour: «25:00», «13 p. m.», «10:00-24:30».
_LIKE_HOURS: Final = re.compile(r"[0-9]{1,4}[0-9:.hapm\s–-]*", re.IGNORECASE)


class UnclearLine(Exception):
    """A line that cannot be read. The text is a sentence for the person who typed it."""


@dataclass(frozen=True)
class CommonFields:
    """The fields that apply to all lines which do not state their own."""

    office: Office
    month: Month
    today: date
    kinds: Sequence[Kind]
    venues: Sequence[Venue]
    kind: Kind
    venue: Venue | None  # None: online
    starts: time | None
    languages: Codes

    @cached_property
    def venue_names(self) -> Mapping[int, str]:
        """The name of each venue, by id, distinct from the others."""
        return venues.get_distinct_names(self.venues)


def of_days(common: CommonFields, ticked: Sequence[date]) -> list[WorkshopData]:
    """The workshops of the ticked days. Raises UnclearLine."""
    if ticked and common.starts is None:
        raise UnclearLine(_("Escribe a qué hora empiezan los días que marcaste."))
    if any(day < common.today for day in ticked):
        raise UnclearLine(_("Marcaste un día que ya pasó. Quítalo."))
    return [
        _workshop_data(common, day, common.starts, None, common.kind, common.venue)
        for day in ticked
    ]


@dataclass(frozen=True)
class ParsedLine:
    """The workshops of a line of a text, or the sentence that says what is wrong with it."""

    number: int  # from 1
    workshops: Sequence[WorkshopData] = ()
    fault: str = ""


def of_text(common: CommonFields, text: str) -> list[ParsedLine]:
    """The workshops of each line; greetings between messages are passed over."""
    lines = text.split("\n")
    found: dict[int, ParsedLine] = {}
    unclear: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                found[number] = ParsedLine(number, of_line(common, line))
        except UnclearLine as fault:
            unclear[number] = str(fault)
    # A line that was read stands between the messages, as a blank one does.
    messages = "\n".join("" if n in found else line for n, line in enumerate(lines, 1))
    for entry in message_rows.list_entries(messages) if unclear else []:
        number = entry.line.number
        try:
            found[number] = ParsedLine(number, _of_message(common, entry.line))
        except UnclearLine as fault:
            # A line that begins with days keeps the fault found when it was read by its separators.
            has_days = _DAYS.fullmatch(_split(lines[number - 1])[0]) is not None
            said = unclear.get(number, "") if has_days else ""
            found[number] = ParsedLine(number, fault=said or str(fault))
        for each in entry.numbers:
            unclear.pop(each, None)
    has_messages = bool(found) and any(number in found for number in _list_wordy(lines))
    for number, words in unclear.items():
        if not has_messages or not _is_chatter(lines[number - 1]):
            found[number] = ParsedLine(number, fault=words)
    return [found[number] for number in sorted(found)]


def _list_wordy(lines: Sequence[str]) -> Iterator[int]:
    """Returns the numbers of the lines that do not begin with numbers of days, as those of messages
    do not."""
    return (n for n, line in enumerate(lines, 1) if _DAYS.fullmatch(_split(line)[0]) is None)


def _is_chatter(line: str) -> bool:
    """Whether a line is part of the talk between messages. A line with a number may be meant as a
    day."""
    return not any(map(str.isdigit, line)) and message_words.read(line).is_chatter


def _of_message(common: CommonFields, message: MessageLine) -> list[WorkshopData]:
    """The workshops of a line or paragraph of a messenger. Raises UnclearLine."""
    days = _message_days(common, message.day)
    starts, ends = common.starts, None
    if message.hours:
        reading = hours.read_hours(message.hours)
        found = hours.resolve(reading) if reading is not None else hours.Hours()
        if found.starts is None:
            raise UnclearLine(
                _("%(text)s no es una hora. Escríbela así: 18:30.", text=message.hours)
            )
        starts, ends = found.starts, found.ends
        _require_likely(starts, ends)
    if starts is None:
        raise UnclearLine(_("falta la hora. Escríbela así: 18:30."))
    if message.rest:
        raise UnclearLine(_say_unknown(message.rest[0]))
    kind = _message_kind(common, message.title)
    venue = _message_venue(common, message.venue)
    made = [_workshop_data(common, day, starts, ends, kind, venue) for day in days]
    capacity = small_values.read_capacity(message.capacity)[0] if message.capacity else None
    if capacity is not None:
        made = [workshop_data.spread_over_slots(replace(d, capacity=capacity)) for d in made]
    return made


def _message_days(common: CommonFields, text: str) -> list[date]:
    """The days of a text, all of them in the month. Raises UnclearLine."""
    if not text:
        raise UnclearLine(_("empieza con el día, como 12, o con varios, como 5 12 19."))
    return [_message_day(common, each) for each in day_lists.split(text) or (text,)]


def _message_day(common: CommonFields, text: str) -> date:
    month = common.month.first
    reading = dates.read_day(text)
    if reading is None and (number := day_lists.read_number(text)) is not None:
        reading = day_lists.with_month(number, month.month, month.year)
    if reading is None:
        raise UnclearLine(_("«%(text)s» no es un día.", text=text))
    order = dates.find_order_by_month([reading], month.month)
    day, remarks = dates.resolve(reading, DayContext(month, order, month.year))
    if day is None:
        raise UnclearLine(_("«%(text)s» no es un día.", text=text))
    if remarks:
        raise UnclearLine(_("«%(text)s»: la fecha es de otro día de la semana.", text=text))
    if Month.from_day(day) != common.month:
        raise UnclearLine(_("«%(text)s» no es de este mes.", text=text))
    if day < common.today:
        raise UnclearLine(_("el día %(number)s ya pasó.", number=day.day))
    return day


def _message_kind(common: CommonFields, text: str) -> Kind:
    if not text:
        return common.kind
    code = KindNames(common.kinds, {}).match(text).code
    matched = next((kind for kind in common.kinds if kind.code == code), None)
    named = matched or _find_by_name(text, common)
    if not isinstance(named, Kind):
        raise UnclearLine(_say_unknown(text))
    return named


def _message_venue(common: CommonFields, text: str) -> Venue | None:
    if not text:
        return common.venue
    if small_values.find_online_mode(text) is not None:
        return None
    place = places.split(text, Home.from_office(common.office))
    index = VenueIndex[Venue]()
    for each in common.venues:
        index.add(each, each.name, address=each.address, city=each.city)
    match = index.match(place.venue, address=place.address, city=place.city)
    if match.place is not None:
        return match.place
    if match.candidates:
        raise _ambiguous(match.candidates, text, common)
    named = _find_by_name(place.venue, common)
    if not isinstance(named, Venue):
        raise UnclearLine(_say_unknown(text))
    return named


def _split(line: str) -> list[str]:
    separator = ";" if ";" in line else ","
    return [piece.strip() for piece in line.split(separator)]


def of_line(common: CommonFields, line: str) -> list[WorkshopData]:
    """The workshops of one line. Raises UnclearLine."""
    pieces = _split(line)
    days = _days(pieces[0], common)
    starts, ends, kind, venue = common.starts, None, common.kind, common.venue
    for piece in pieces[1:]:
        hours = _hours(piece)
        if not piece:
            continue
        if hours is not None:
            starts, ends = hours
        elif _LIKE_HOURS.fullmatch(piece):
            raise UnclearLine(_("%(text)s no es una hora. Escríbela así: 18:30.", text=piece))
        elif fold(piece) == ONLINE:
            venue = None
        else:
            named = _find_by_name(piece, common)
            if isinstance(named, Kind):
                kind = named
            else:
                venue = named
    if starts is None:
        raise UnclearLine(_("falta la hora. Escríbela así: 18:30."))
    return [_workshop_data(common, day, starts, ends, kind, venue) for day in days]


def _days(text: str, common: CommonFields) -> list[date]:
    match = _DAYS.fullmatch(text)
    if match is None:
        raise UnclearLine(_("empieza con el día, como 12, o con varios, como 5 12 19."))
    days = []
    for number in re.findall(r"\d+", match[1]):
        try:
            day = common.month.first.replace(day=int(number))
        except ValueError:
            raise UnclearLine(_("ese mes no tiene día %(number)s.", number=number)) from None
        if day < common.today:
            raise UnclearLine(_("el día %(number)s ya pasó.", number=number))
        days.append(day)
    return list(dict.fromkeys(days))


def _hours(text: str) -> tuple[time, time | None] | None:
    """Returns the start, and the end if there is one, of «18:30», «6:30 p. m.», «10:00-12:00»; None
    for other text."""
    first, _dash, last = text.replace("–", "-").partition("-")
    starts = _hour(first.strip())
    if starts is None or not last:
        return None if starts is None else (starts, None)
    ends = _hour(last.strip())
    _require_likely(starts, ends)
    return None if ends is None else (starts, ends)


def _require_likely(starts: time, ends: time | None) -> None:
    """Raises UnclearLine for an end that is probably a slip."""
    if ends is not None and workshop_data.is_unlikely_night(starts, ends):
        raise UnclearLine(
            _("termina antes de empezar. Si termina el día siguiente, hazlo en «Nuevo taller».")
        )


def _hour(text: str) -> time | None:
    match = _HOUR.fullmatch(text)
    if match is None or not (match[2] or match[3] or match[4]):
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[4].casefold() == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _find_by_name(text: str, common: CommonFields) -> Kind | Venue:
    """The venue or kind with this name, or with this part of a name that no other has. Venues of
    the same name are told apart by name and city. Raises UnclearLine."""
    bare = fold(text)
    known: list[Kind | Venue] = [*common.venues, *common.kinds]
    names = [(name, each) for each in known for name in _names(each)]
    found: Sequence[Kind | Venue] = (
        [venue for venue in common.venues if fold(common.venue_names[venue.id]) == bare]
        or list(dict.fromkeys(each for name, each in names if name == bare))
        or list(dict.fromkeys(each for name, each in names if bare and bare in name))
    )
    if not found:
        raise UnclearLine(_say_unknown(text))
    if len(found) > 1:
        raise _ambiguous(found, text, common)
    return found[0]


def _say_unknown(text: str) -> str:
    return _("no conozco «%(text)s». Escribe una sede o un tipo como en las listas.", text=text)


def _ambiguous(several: Sequence[Kind | Venue], text: str, common: CommonFields) -> UnclearLine:
    names = [
        common.venue_names[each.id] if isinstance(each, Venue) else say(each.name, current())
        for each in several[:3]
    ]
    alternatives = str(_(" o ")).join(f"«{name}»" for name in names)
    if any("," in name for name in names):
        message = _(
            "«%(text)s» puede ser %(alternatives)s. Escribe una así, y separa con punto y coma.",
            text=text,
            alternatives=alternatives,
        )
        return UnclearLine(message)
    return UnclearLine(
        _(
            "«%(text)s» puede ser %(alternatives)s. Escribe más.",
            text=text,
            alternatives=alternatives,
        )
    )


def _names(named: Kind | Venue) -> Iterator[str]:
    if isinstance(named, Venue):
        yield fold(named.name)
        return
    yield from map(fold, (*named.name.values(), *named.short_name.values()))
    yield fold(named.public_code)


def _workshop_data(
    common: CommonFields,
    day: date,
    starts: time | None,
    ends: time | None,
    kind: Kind,
    venue: Venue | None,
) -> WorkshopData:
    assert starts is not None
    base = workshop_data.from_kind(kind, common.office, day, starts)
    capacity = base.capacity
    if venue is not None and venue.capacity and kind.way is not Way.SLOTS:
        capacity = min(capacity, venue.capacity)
    data = replace(
        base,
        venue=venue,
        zone=venue.zone if venue is not None else common.office.zone,
        mode=DeliveryMode.IN_PERSON if venue is not None else DeliveryMode.LIVE_STREAM,
        ends=ends or base.ends,
        languages=common.languages,
        phone=common.office.phone,
        capacity=capacity,
    )
    return workshop_data.spread_over_slots(data) if ends else data
