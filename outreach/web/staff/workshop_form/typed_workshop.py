"""The workshop that a form describes while it is typed. Nothing is stored."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session
from wtforms import Field, SelectField

from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Refusal
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm

_NOON: Final = time(12)
_CHOICES: Final = ("kind", "mode", "way", "visibility", "languages", "interpretation")
_NUMBERS: Final = ("capacity", "overbooked", "party_limit", "slot_minutes", "slot_places")
_MAX_NUMBER: Final = 100_000


@dataclass(frozen=True)
class TypedWorkshop:
    """A workshop as it would be published with what is typed."""

    workshop: Workshop | None = None  # None where no workshop can be like that
    refusal: Refusal | None = None  # why it cannot
    has_day: bool = False
    has_start: bool = False
    is_moved: bool = True  # whether it would begin at another time than the stored one

    @property
    def has_time(self) -> bool:
        """Whether day and start are typed; the workshop has others where they are not."""
        return self.has_day and self.has_start


def build(
    session: Session, form: WorkshopForm, saved: Workshop | None, *, now: datetime
) -> TypedWorkshop:
    """Builds the workshop of a form, which need not be valid or complete. `saved` is the workshop
    that the form changes."""
    has_day, has_start = form.likely_day is not None, form.starts.data is not None
    typed = TypedWorkshop(has_day=has_day, has_start=has_start)
    kind = form.known_kind
    if kind is None or not _is_readable(form):
        return typed
    if saved is not None:
        base = workshop_service.get_data(saved)
    else:
        day = now.astimezone(form.office.zone).date() + timedelta(days=7)
        base = workshop_data.from_kind(kind, form.office, day, _NOON)
    series = saved.series if saved is not None else None
    data = form.data_over(base, kind, _venue(form, now), series)
    try:
        workshop = workshop_service.prepare(data, now=now)
    except Refusal as refusal:
        return replace(typed, refusal=refusal)
    workshop.status, workshop.published_at = WorkshopStatus.PUBLISHED, now
    if saved is not None:
        typed = replace(typed, is_moved=workshop.starts_at != saved.starts_at)
        workshop.id, workshop.stop_id = saved.id, saved.stop_id
        workshop.was_pushed = saved.was_pushed
        workshop.seats_left = max(0, workshop.seats_left - saved.taken_seats)
        workshop.is_discreet = workshop.is_discreet or saved.is_discreet
    return replace(typed, workshop=workshop)


def _is_readable(form: WorkshopForm) -> bool:
    numbers = (form[name].data for name in _NUMBERS)
    return all(_has_offered_choice(form[name]) for name in _CHOICES) and all(
        number is None or 0 <= number <= _MAX_NUMBER for number in numbers
    )


def _has_offered_choice(field: Field) -> bool:
    assert isinstance(field, SelectField)
    wanted = field.data if isinstance(field.data, list) else [field.data or ""]
    return set(wanted) <= {choice[0] for choice in field.iter_choices()}


def _venue(form: WorkshopForm, now: datetime) -> Venue | None:
    if not form.has_venue:
        return None
    if not form.is_new_venue or form.venue_zone.data not in form.zones:
        return form.known_venue
    typed = form.new_venue_data()
    city, region = typed.city or form.office.city, typed.region or form.office.region
    is_own_room = venues.is_at_office(form.office, typed.address, city)
    data = replace(typed, city=city, region=region, is_own_room=is_own_room)
    return Venue(
        office=form.office,
        near_latitude=0.0,  # its city's point is set on storing; a preview shows no map
        near_longitude=0.0,
        changed_at=now,
        **{name: getattr(data, name) for name in venues.DETAIL_FIELDS},
    )
