"""Whether a workshop is fit to be public: what is missing, and what somebody should look at first.

What is missing keeps it a draft. A doubt is asked once, and then it is the organizer's word.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.locations import holidays
from outreach.domain.network.kinds import Visibility
from outreach.domain.workshops.models import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refused

MIN_DAYS: Final = 3  # fewer than so many ahead, hardly anybody hears of it
_LINKED: Final = frozenset({DeliveryMode.LIVE_STREAM, DeliveryMode.VIDEO_CALL, DeliveryMode.HYBRID})


class RequiredField(StrEnum):
    """What a published workshop has to have."""

    TITLE = "title"
    VENUE = "venue"
    LINK = "link"
    LANGUAGES = "languages"
    CAPACITY = "capacity"
    PHONE = "phone"


class PublishWarning(StrEnum):
    OPEN_ADDRESS = "address"  # of a discreet kind, and everybody may read where it is
    TAKEN = "taken"  # something else is in that venue at that hour
    CROWDED = "crowded"  # more places than the room has
    RETIRED = "retired"  # the venue is not offered any more
    UNSEEN_LINK = "link"  # who enters online without saving a place never gets the link
    ONE_LANGUAGE = "language"  # the title is in Spanish only
    PAST = "past"
    SOON = "soon"
    HOLIDAY = "holiday"
    DOUBLED = "doubled"  # clocks show that hour twice


@dataclass(frozen=True)
class UnconfirmedWarnings:
    what: PublishWarning
    detail: str = ""  # a number, a name; what the sentence is about


def find_missing_fields(workshop: Workshop, *, phone: str = "") -> list[RequiredField]:
    """The fields that are empty and have to be filled in before the workshop is published, in the
    order of the form. `phone` is the network's: it serves where neither the workshop nor its
    office has one."""
    filled = {
        RequiredField.TITLE: workshop.title.get("es"),
        RequiredField.VENUE: workshop.venue or not workshop.mode.has_venue,
        RequiredField.LINK: workshop.online_url or workshop.mode not in _LINKED,
        RequiredField.LANGUAGES: workshop.languages,
        RequiredField.CAPACITY: workshop.capacity or not workshop.takes_places,
        RequiredField.PHONE: workshop.phone or workshop.office.phone or phone,
    }
    return [field for field, is_filled in filled.items() if not is_filled]


def require_safe(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Where nobody is asked about doubts: raises Refused for those that harm."""
    found = {each.what for each in find_warnings(session, workshop, now=now)}
    if PublishWarning.PAST in found:
        raise Refused(ErrorCode.WORKSHOP_PAST)
    if PublishWarning.OPEN_ADDRESS in found:
        raise Refused(ErrorCode.ADDRESS_EXPOSED)


def find_warnings(
    session: Session, workshop: Workshop, *, now: datetime
) -> list[UnconfirmedWarnings]:
    """What somebody should look at before it is public, the gravest first."""
    found: list[UnconfirmedWarnings] = []
    venue = workshop.venue
    if workshop.is_discreet and venue and workshop.visibility is Visibility.PUBLIC:
        found.append(UnconfirmedWarnings(PublishWarning.OPEN_ADDRESS))
    if (other := _beside(session, workshop)) is not None:
        found.append(
            UnconfirmedWarnings(
                PublishWarning.TAKEN, f"{other.title.get('es', '')}, {other.starts:%H:%M}"
            )
        )
    places = workshop.capacity + workshop.overbooked
    if venue and venue.capacity is not None and workshop.takes_places and not workshop.has_slots:
        found += (
            [UnconfirmedWarnings(PublishWarning.CROWDED, str(venue.capacity))]
            if places > venue.capacity
            else []
        )
    if venue and venue.retired_at is not None:
        found.append(UnconfirmedWarnings(PublishWarning.RETIRED, venue.name))
    if workshop.online_url and not workshop.takes_places:
        found.append(UnconfirmedWarnings(PublishWarning.UNSEEN_LINK))
    if set(workshop.title) == {"es"}:
        found.append(UnconfirmedWarnings(PublishWarning.ONE_LANGUAGE))
    return [*found, *_of_its_day(workshop, now)]


def _of_its_day(workshop: Workshop, now: datetime) -> list[UnconfirmedWarnings]:
    found: list[UnconfirmedWarnings] = []
    if workshop.starts_at <= now:
        found.append(UnconfirmedWarnings(PublishWarning.PAST))
    elif workshop.starts_at < now + timedelta(days=MIN_DAYS):
        found.append(UnconfirmedWarnings(PublishWarning.SOON, str(MIN_DAYS)))
    place = workshop.venue or workshop.office
    closed = holidays.list_holidays(workshop.day, workshop.office.country, place.region)
    if closed:
        found.append(UnconfirmedWarnings(PublishWarning.HOLIDAY, closed[0].name))
    if clock.is_doubled(workshop.day, workshop.starts, workshop.zone):
        found.append(UnconfirmedWarnings(PublishWarning.DOUBLED))
    return found


def _beside(session: Session, workshop: Workshop) -> Workshop | None:
    """Another workshop that is in the same venue at the same time, if it is not cancelled."""
    if workshop.venue is None:
        return None
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.venue_id == workshop.venue.id,
            Workshop.id != workshop.id,
            Workshop.status.in_((WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)),
            Workshop.starts_at < workshop.ends_at,
            Workshop.ends_at > workshop.starts_at,
        )
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(1)
    ).first()
