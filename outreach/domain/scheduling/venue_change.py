"""A venue is said to be another: what that means for its workshops, as if an organizer had changed
each of them. The past stays as it was, but for the venue's new name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue, VenueData
from outreach.domain.registrations import ContactMethod, reconfirmation
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus, tour_stops

# A change of these is a new place in a calendar, and a new version of its entry.
_WHERE: Final = frozenset({"name", "address", "city", "region", "zone", "latitude", "longitude"})
# Of these, who has a place hears: they would go to the wrong door, or at the wrong hour.
_TOLD: Final = frozenset({"address", "city", "region", "zone"})
# The rest of what a page or a calendar shows.
_SHOWN: Final = _WHERE | {"area", "is_step_free", "access"}


@dataclass(frozen=True)
class VenueChangeResult:
    new: frozenset[str]  # what is said otherwise now
    workshops: int = 0  # to come, that are somewhere else now
    told: int = 0  # people who are owed a notice of it


def change_venue(
    session: Session, venue: Venue, said: VenueData, *, now: datetime
) -> VenueChangeResult:
    """Makes the venue what is said of it. Raises Refused when another one is that already, or when
    one of its workshops would begin at an hour that the new zone does not have, or be over."""
    new = frozenset(
        name for name in venues.DETAIL_FIELDS if getattr(venue, name) != getattr(said, name)
    )
    if not new:
        return VenueChangeResult(new)
    venues.require_own_name(session, venue.office, said, venue)
    for name in new:
        setattr(venue, name, getattr(said, name))
    venues.flush_unique(session)
    if {"city", "region"} & new:
        venues.update_location(session, venue)
    if {"city", "region", "zone"} & new:
        tour_stops.follow_venue(session, venue)
    if new & _SHOWN:
        venue.changed_at = clock.second_after(venue.changed_at, now)
    session.flush()
    if not new & _WHERE:
        return VenueChangeResult(new)
    there = list_upcoming(session, venue, now=now)
    told = sum(_follow(session, each, venue, new, now) for each in there)
    return VenueChangeResult(new, len(there), told)


def list_upcoming(session: Session, venue: Venue, *, now: datetime) -> Sequence[Workshop]:
    """Its workshops that have not ended, drafts too."""
    return session.scalars(
        sa.select(Workshop)
        .where(Workshop.venue_id == venue.id, Workshop.ends_at > now)
        .order_by(Workshop.starts_at, Workshop.id)
        .with_for_update(of=Workshop, key_share=True)
    ).all()


def _follow(
    session: Session, workshop: Workshop, venue: Venue, new: frozenset[str], now: datetime
) -> int:
    """How many people are owed a notice."""
    is_told = workshop.status is WorkshopStatus.PUBLISHED and bool(new & _TOLD)
    if workshop.zone != venue.zone:  # the hours on its wall stay, and mean other instants
        workshop_service.change(
            session,
            workshop,
            replace(workshop_service.get_data(workshop), zone=venue.zone),
            now=now,
        )
        reached = workshop_service.count_reachable(session, workshop)
        return reached[ContactMethod.EMAIL] + reached[ContactMethod.PHONE] if is_told else 0
    workshop_service.mark_changed(workshop, now, is_new_version=True)
    session.flush()
    if not is_told:
        return 0
    reconfirmation.reset_reconfirmation(session, workshop)
    return registrations.notify_all(session, workshop, NotificationType.CHANGED, now=now)
