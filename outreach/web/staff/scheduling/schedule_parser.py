"""Parses typed schedules: ticked days, and lines such as «5 12 19, 18:30, Parroquia San Pío, DACA».

A line takes what it leaves out from the common fields.
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
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_data
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode
from outreach.i18n import current, say
from outreach.i18n import gettext as _

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


def of_line(common: CommonFields, line: str) -> list[WorkshopData]:
    """The workshops of one line. Raises UnclearLine."""
    separator = ";" if ";" in line else ","
    pieces = [piece.strip() for piece in line.split(separator)]
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
    """The start, and the end or None, of «18:30», «6:30 p. m.», «10:00-12:00»; None for other
    text."""
    first, _dash, last = text.replace("–", "-").partition("-")
    starts = _hour(first.strip())
    if starts is None or not last:
        return None if starts is None else (starts, None)
    ends = _hour(last.strip())
    if ends is not None and workshop_data.is_unlikely_night(starts, ends):
        raise UnclearLine(
            _("termina antes de empezar. Si termina el día siguiente, hazlo en «Nuevo taller».")
        )
    return None if ends is None else (starts, ends)


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
        raise UnclearLine(
            _("no conozco «%(text)s». Escribe una sede o un tipo como en las listas.", text=text)
        )
    if len(found) > 1:
        raise _ambiguous(found, text, common)
    return found[0]


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
