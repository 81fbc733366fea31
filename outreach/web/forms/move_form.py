"""The form that moves a registration to another date, and the dates that it offers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import Form

from outreach import network_profile
from outreach.domain import workshops
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import Registration, accommodations, moving
from outreach.domain.search import search
from outreach.domain.search.search import SearchResult
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.models import DeliveryMode
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.forms import availability
from outreach.web.forms.availability import AvailableSlot
from outreach.web.forms.contact_fields import OnceField
from outreach.web.presentation import alternatives, workshop_cards

MAX_DATES = 12
MAX_SEARCHED = 60


@dataclass(frozen=True, kw_only=True)
class DateChoice:
    """A date to which the registration can move, as the form shows it."""

    public_id: str
    day: date
    starts: time
    workshop: Workshop
    place: str
    is_same_place: bool
    distance: str = ""
    is_full: bool = False
    hours: Sequence[AvailableSlot] = ()  # the free ones of a day of consultations
    obstacle: str = ""  # why this party cannot move there; empty where it can

    @property
    def hour_field(self) -> str:
        return f"slot-{self.public_id}"


class MoveForm(Form):
    """The date chosen."""

    day = OnceField()

    def __init__(
        self, registration: Registration, typed: MultiDict[str, str] | None = None
    ) -> None:
        super().__init__(typed)
        self.choices: Sequence[DateChoice] = ()
        self.typed = typed or MultiDict[str, str]()

    @property
    def slot(self) -> str:
        """The hour chosen for the date chosen; empty where none is."""
        return self.typed.get(f"slot-{self.day.data or ''}", "")[:5]


def list_dates(
    session: Session, registration: Registration, *, now: datetime
) -> Sequence[DateChoice]:
    """Returns the dates to which this registration can move, by day and hour. They belong to the
    same office, are in its town, or are near the present place. Full ones are among them if they
    have a waitlist."""
    own = moving.list_own_workshops(session, registration)
    found = {
        each.id: each
        for each in _search(session, registration.workshop, now)
        if each.id not in own and not each.is_discreet
    }
    rows = workshops.find_all(session, [each.public_id for each in found.values()])
    dates = [
        each
        for each in rows
        if each.is_open(now)
        and moving.can_receive(registration, each)
        and (each.seats_left or each.has_waiting_list)
    ]
    return [_choice(session, registration, each, found[each.id], now) for each in dates[:MAX_DATES]]


def list_requests(session: Session, workshop: Workshop, *, now: datetime) -> Sequence[Workshop]:
    """Returns the other dates of a discreet kind that are open. A registration cannot move to them:
    one registers anew."""
    found = [
        each.public_id
        for each in _search(session, workshop, now)
        if each.id != workshop.id and each.is_discreet
    ]
    rows = workshops.find_all(session, found)
    return [each for each in rows if each.is_open(now)][:MAX_DATES]


def _search(session: Session, workshop: Workshop, now: datetime) -> Sequence[SearchResult]:
    filters = alternatives.search_same_kind(workshop)
    of_office = search.search_upcoming(session, filters, now=now, limit=MAX_SEARCHED).found
    position = _position(workshop)
    if position is None or workshop.is_discreet:
        return of_office
    near = replace(filters, where=Location(scale=LocationScale.NEAR, position=position))
    return [*of_office, *search.search_upcoming(session, near, now=now, limit=MAX_SEARCHED).found]


def _position(workshop: Workshop) -> tuple[float, float] | None:
    """Returns the latitude and longitude of the venue; None unless everybody may know them."""
    venue = workshop.venue
    if venue is None or venue.latitude is None or venue.longitude is None:
        return None
    if workshop.visibility is not Visibility.PUBLIC:
        return None
    return venue.latitude, venue.longitude


def _choice(
    session: Session,
    registration: Registration,
    workshop: Workshop,
    found: SearchResult,
    now: datetime,
) -> DateChoice:
    hours = (
        [
            hour
            for hour in availability.of_workshop(session, workshop, now=now).hours
            if hour.has_room
        ]
        if workshop.has_slots
        else []
    )
    is_same = workshop.venue_id is not None and workshop.venue_id == registration.workshop.venue_id
    return DateChoice(
        public_id=workshop.public_id,
        day=workshop.day,
        starts=workshop.starts,
        workshop=workshop,
        place=_place(found),
        is_same_place=is_same and workshop.visibility is registration.workshop.visibility,
        distance="" if is_same else _distance(registration.workshop, workshop),
        is_full=workshop.seats_left < registration.people or (workshop.has_slots and not hours),
        hours=hours,
        obstacle=_obstacle(registration, workshop),
    )


def _place(found: SearchResult) -> str:
    """Returns the venue and city; only the area and city where the address is hidden. Empty without
    a venue."""
    if found.venue_name is None and not found.mode.has_venue:
        return ""
    return workshop_cards.place(found, with_city=True)


def _distance(workshop: Workshop, other: Workshop) -> str:
    here, there = _position(workshop), _position(other)
    if here is None or there is None:
        return ""
    is_metric = not network_profile.has_miles(workshop.office.country)
    return workshop_cards.distance(miles_between(here, there), is_metric=is_metric)


def _obstacle(registration: Registration, workshop: Workshop) -> str:
    if registration.people > workshop.party_limit:
        return ngettext(
            "Ahí cada quien aparta hasta %(num)d lugar.",
            "Ahí cada quien aparta hasta %(num)d lugares.",
            workshop.party_limit,
        )
    offered = accommodations.list_offered(workshop)
    missing = [need for need in registration.needs if need not in offered]
    if missing:
        return _("Ahí no hay: %(need)s.", need=availability.need_words(missing[0]))
    return ""


def way_words(mode: DeliveryMode) -> str:
    """Returns how one takes part where there is no venue, and where the link is."""
    words: dict[DeliveryMode, str] = {
        DeliveryMode.PHONE_BANK: _("Por teléfono: te llamamos"),
        DeliveryMode.VIDEO_CALL: _("En línea, por videollamada. El enlace sale en tu lugar"),
        DeliveryMode.LIVE_STREAM: _("En línea. El enlace sale en tu lugar"),
    }
    return words.get(mode, "")
