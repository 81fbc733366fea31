"""What a change did to a workshop or a venue, field by field: the old value beside the new one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.db.types import Codes
from outreach.domain import fields
from outreach.domain.fields import Surface
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import (
    place_changes,
    untold_changes,
    workshop_changes,
    workshop_service,
)
from outreach.domain.scheduling.place_changes import PlaceChange
from outreach.domain.scheduling.workshop_changes import STATUS, WorkshopChange
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.domain.workshops.fields import NAMES, WorkshopData
from outreach.i18n import gettext as _
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.field_labels import field_words

# Those that people look for come first; the others follow by name.
_ORDER: Final = (
    STATUS, "day", "hours", "is_second_hour", "zone", "venue", "name", "address", "city", "region",
    "mode", "capacity", "overbooked", "way", "slot_minutes", "slot_places", "title", "kind",
    "visibility", "languages", "interpretation", "has_childcare",
)  # fmt: skip
_HOURS: Final = frozenset({"starts", "ends"})
# Texts and lists that are too long to stand beside each other, and what is kept beside a workshop.
_NAMED_ONLY: Final = (
    frozenset(NAMES).difference(fields.list_on(WorkshopData, Surface.SHEET))
    | {"affirmed_on"}
    | workshop_changes.CHOSEN
)
_PLACE_FIELDS: Final = fields.list_on(VenueData, Surface.SHEET)


@dataclass(frozen=True)
class ChangedValue:
    """One field in words; without values where they are too long."""

    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class ChangedThing:
    """A workshop or a venue and what changed of it, in the order of `_ORDER`."""

    words: str
    values: Sequence[ChangedValue] = ()


def describe_workshop(
    session: Session, workshop: Workshop, changes: Iterable[WorkshopChange]
) -> list[ChangedValue]:
    """Returns what these changes of a workshop, the oldest first, changed in all."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in changes:
        before = dict(change.before) | before
        after |= change.after
    new = {name for name, value in before.items() if value != after[name]}
    current = workshop_service.get_data(workshop)
    former, later = (
        untold_changes.decode_values(session, current, values) for values in (before, after)
    )
    found: dict[str, ChangedValue] = {}
    if new & _HOURS:
        found["hours"] = ChangedValue(
            _("Hora"),
            formatting.hours(former.starts, former.ends),
            formatting.hours(later.starts, later.ends),
        )
    if STATUS in new:
        found[STATUS] = ChangedValue(
            _("Estado"), _status_words(before[STATUS]), _status_words(after[STATUS])
        )
    for name in new - _HOURS - {STATUS}:
        values = () if name in _NAMED_ONLY else (getattr(former, name), getattr(later, name))
        found[name] = _make(name, values)
    return _sort(found)


def describe_place(change: PlaceChange | None, session: Session) -> ChangedThing | None:
    """Returns what a form changed about the place and the size of a venue. None for a stop of a
    tour, whose workshops say it."""
    if change is None or change.venue_id is None:
        return None
    venue = session.get_one(Venue, change.venue_id)
    found = {
        name: _make(name, (_read(name, change.before[name]), _read(name, change.after[name])))
        for name in _PLACE_FIELDS & change.before.keys()
        if change.before[name] != change.after[name]
    }
    return ChangedThing(_("Sede: %(name)s", name=venue.name), _sort(found))


def list_things(
    session: Session, workshops: Sequence[Workshop], batch: str, changes: Sequence[WorkshopChange]
) -> list[ChangedThing]:
    """Returns what changed: the venue, if the form changed it, and each of the workshops with its
    part of `changes`."""
    place = describe_place(place_changes.find(session, batch), session)
    of_workshop: dict[int, list[WorkshopChange]] = {each.id: [] for each in workshops}
    for change in changes:
        of_workshop.setdefault(change.workshop_id, []).append(change)
    things = [
        ChangedThing(
            f"{formatting.localize(each.title)} · {workshop_labels.when(each)}",
            describe_workshop(session, each, of_workshop[each.id]),
        )
        for each in workshops
    ]
    return things if place is None else [place, *things]


def _read(name: str, value: Any) -> Any:
    return ZoneInfo(value) if name == "zone" and value else value


def _make(name: str, values: Sequence[object]) -> ChangedValue:
    label = formatting.first_capital(field_words(name))
    said = [_say(name, value) for value in values]
    # A translation changed: in the language of this page it reads as before.
    return ChangedValue(label, *said) if len(set(said)) > 1 else ChangedValue(label)


def _sort(found: Mapping[str, ChangedValue]) -> list[ChangedValue]:
    ranks = {name: rank for rank, name in enumerate(_ORDER)}
    names = sorted(found, key=lambda name: (ranks.get(name, len(ranks)), name))
    return [found[name] for name in names]


def _status_words(status: str) -> str:
    words = {
        WorkshopStatus.DRAFT.value: _("Borrador"),
        WorkshopStatus.PUBLISHED.value: _("Publicado"),
        WorkshopStatus.CANCELLED.value: _("Cancelado"),
    }
    return words.get(status, status)


def _say(name: str, value: object) -> str:
    if value is None or value in ("", (), []):
        return str(_("nada"))
    if name == "is_second_hour":
        return str(_("la segunda") if value else _("la primera"))
    if isinstance(value, bool):
        return str(_("sí") if value else _("no"))
    return _say_entity(value) or _say_choice(value) or str(value)


def _say_entity(value: object) -> str:
    if isinstance(value, Venue):
        return f"{value.name}, {value.address}" if value.address else value.name
    if isinstance(value, Kind):
        return formatting.localize(value.name)
    if isinstance(value, Office):
        return value.city
    if isinstance(value, dict):
        return formatting.localize(value)
    return ""


def _say_choice(value: object) -> str:
    """Returns a day, an hour, a zone or a value of an enumeration in words; empty for any other
    value."""
    words: list[tuple[type, Any]] = [
        (DeliveryMode, workshop_cards.mode_words),
        (Way, workshop_labels.way_words),
        (Visibility, workshop_labels.visibility_words),
        (ZoneInfo, workshop_labels.city_time),
        (Codes, workshop_cards.spoken),
        (date, formatting.day),
        (time, formatting.hour),
    ]
    say = next((say for kind, say in words if isinstance(value, kind)), None)
    return "" if say is None else str(say(value))
