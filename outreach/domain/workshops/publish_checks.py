"""Publish checks: required fields, which block publishing, and warnings, which are asked once."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.db.base import Words
from outreach.domain.locations import holidays
from outreach.domain.network.kinds import Visibility
from outreach.domain.workshops import free_times
from outreach.domain.workshops.models import DeliveryMode, Workshop
from outreach.errors import ErrorCode, Refusal

MIN_DAYS: Final = 3  # a workshop sooner than this is hardly noticed
_LINKED: Final = frozenset({DeliveryMode.LIVE_STREAM, DeliveryMode.VIDEO_CALL, DeliveryMode.HYBRID})


class RequiredField(StrEnum):
    """A field that has to be filled in before a workshop is published."""

    TITLE = "title"
    VENUE = "venue"
    VERIFIED_VENUE = "verified venue"  # staff call before it is public (`Venue.is_unverified`)
    LINK = "link"
    LANGUAGES = "languages"
    CAPACITY = "capacity"
    PHONE = "phone"


class PublishWarning(StrEnum):
    OPEN_ADDRESS = "address"  # a discreet workshop with a public address
    TAKEN = "taken"  # another workshop is in the venue at that time
    CROWDED = "crowded"  # more seats than the venue has
    RETIRED = "retired"  # the venue is retired
    UNSEEN_LINK = "link"  # without registration nobody gets the link
    ONE_LANGUAGE = "language"  # the title is only in Spanish
    PAST = "past"
    SOON = "soon"
    HOLIDAY = "holiday"
    DOUBLED = "doubled"  # the hour exists twice on that day


class VenueOccupant(NamedTuple):
    """The workshop that is in the venue already; its title in each language."""

    title: Words
    starts: time


@dataclass(frozen=True)
class UnconfirmedWarnings:
    what: PublishWarning
    detail: str = ""  # the number or name that the message mentions
    occupant: VenueOccupant | None = None  # only with TAKEN


def find_missing_fields(workshop: Workshop, *, phone: str = "") -> list[RequiredField]:
    """Returns the empty fields that block publication, in the order of the form.

    `phone` is the network's: it serves where neither the workshop nor its office has one.
    """
    main = network_profile.current().main_language
    filled = {
        RequiredField.TITLE: workshop.title.get(main),
        RequiredField.VENUE: workshop.venue or not workshop.mode.has_venue,
        RequiredField.VERIFIED_VENUE: workshop.venue is None or not workshop.venue.is_unverified,
        RequiredField.LINK: _has_link(workshop) or workshop.mode not in _LINKED,
        RequiredField.LANGUAGES: workshop.languages,
        RequiredField.CAPACITY: workshop.capacity or not workshop.takes_places,
        RequiredField.PHONE: workshop.phone or workshop.office.phone or phone,
    }
    return [field for field, is_filled in filled.items() if not is_filled]


def _has_link(workshop: Workshop) -> bool:
    """Tells whether people have a link to take part: without registration, one on the public
    page.
    """
    for_registered = workshop.online_url if workshop.takes_places else ""
    needs_none = workshop.mode.has_venue and not workshop.takes_places
    return bool(workshop.live_url or for_registered or needs_none)


def require_safe(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Raises Refusal for harmful warnings. For callers that cannot ask about warnings."""
    warnings = {each.what for each in find_warnings(session, workshop, now=now)}
    if PublishWarning.PAST in warnings:
        raise Refusal(ErrorCode.WORKSHOP_PAST)
    if PublishWarning.OPEN_ADDRESS in warnings:
        raise Refusal(ErrorCode.ADDRESS_EXPOSED)


def find_warnings(
    session: Session, workshop: Workshop, *, now: datetime
) -> list[UnconfirmedWarnings]:
    """The warnings of a workshop, the most serious first."""
    warnings: list[UnconfirmedWarnings] = []
    venue = workshop.venue
    if workshop.is_discreet and venue and workshop.visibility is Visibility.PUBLIC:
        warnings.append(UnconfirmedWarnings(PublishWarning.OPEN_ADDRESS))
    if (other := free_times.find_overlapping(session, workshop)) is not None:
        occupant = VenueOccupant(other.title, other.starts)
        warnings.append(UnconfirmedWarnings(PublishWarning.TAKEN, occupant=occupant))
    places = workshop.capacity + workshop.overbooked
    if venue and venue.capacity is not None and workshop.takes_places and not workshop.has_slots:
        warnings += (
            [UnconfirmedWarnings(PublishWarning.CROWDED, str(venue.capacity))]
            if places > venue.capacity
            else []
        )
    if venue and venue.retired_at is not None:
        warnings.append(UnconfirmedWarnings(PublishWarning.RETIRED, venue.name))
    if workshop.online_url and not workshop.takes_places and not workshop.live_url:
        warnings.append(UnconfirmedWarnings(PublishWarning.UNSEEN_LINK))
    profile = network_profile.current()
    if len(profile.languages) > 1 and set(workshop.title) == {profile.main_language}:
        warnings.append(UnconfirmedWarnings(PublishWarning.ONE_LANGUAGE))
    return [*warnings, *_find_day_warnings(workshop, now)]


def _find_day_warnings(workshop: Workshop, now: datetime) -> list[UnconfirmedWarnings]:
    warnings: list[UnconfirmedWarnings] = []
    if workshop.starts_at <= now:
        warnings.append(UnconfirmedWarnings(PublishWarning.PAST))
    elif workshop.starts_at < now + timedelta(days=MIN_DAYS):
        warnings.append(UnconfirmedWarnings(PublishWarning.SOON, str(MIN_DAYS)))
    place = workshop.venue or workshop.office
    closed = holidays.list_holidays(workshop.day, workshop.office.country, place.region)
    if closed:
        warnings.append(UnconfirmedWarnings(PublishWarning.HOLIDAY, closed[0].name))
    if workshop.is_hour_doubled:
        which = "2" if workshop.is_second_hour else "1"
        warnings.append(UnconfirmedWarnings(PublishWarning.DOUBLED, which))
    return warnings
