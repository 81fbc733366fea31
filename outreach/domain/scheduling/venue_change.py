"""Changes a venue and its upcoming workshops, as if staff had changed each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import fields
from outreach.domain.calendar import feed_query
from outreach.domain.fields import Surface
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue, VenueData
from outreach.domain.registrations import ContactMethod, change_notifications, reconfirmation
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.scheduling import (
    kept_queue,
    place_changes,
    workshop_changes,
    workshop_service,
)
from outreach.domain.scheduling.workshop_changes import ChangeAction
from outreach.domain.workshops import Workshop, WorkshopStatus, facts, tour_stops

# A change of one of these is a new version of the calendar entries (SEQUENCE).
_WHERE: Final = frozenset({"name", "address", "city", "region", "zone", "latitude", "longitude"})
# People are notified of these: they would go to the wrong place or at the wrong hour.
NOTIFIED_FIELDS: Final = frozenset({"address", "city", "region", "zone"})
# What pages, calendars or the open data show.
_SHOWN: Final = fields.list_on(VenueData, Surface.PAGE, Surface.TICKET, Surface.FEED, Surface.API)


@dataclass(frozen=True)
class VenueChangeResult:
    new: frozenset[str]  # names of the fields that changed
    workshops: int = 0  # upcoming ones that are affected
    notified: int = 0  # parties


def change_venue(
    session: Session,
    venue: Venue,
    data: VenueData,
    *,
    now: datetime,
    decision: NotifyDecision = AT_ONCE,
) -> VenueChangeResult:
    """Changes a venue to these data; people are told of another address as `decision` says.

    Raises Refusal where another venue has that name and address, where the meeting point tells the
    address, or where a workshop cannot take place in the new zone. Workshops keep who may read the
    address, also where it is an own room no longer.
    """
    new = frozenset(
        name for name in venues.DETAIL_FIELDS if getattr(venue, name) != getattr(data, name)
    )
    if not new:
        return VenueChangeResult(new)
    venues.require_own_name(session, venue.office, data, venue)
    venues.require_public_meeting_point(data)
    workshops = list_upcoming(session, venue, now=now) if new & _WHERE else ()
    states = {each.id: kept_queue.read_state(each) for each in workshops}
    before = place_changes.read(venue, new | {"affirmed_on"})
    for name in new:
        setattr(venue, name, getattr(data, name))
    if new & {"name", *NOTIFIED_FIELDS}:
        venue.affirmed_on = None  # what was affirmed was said of another place
    venues.flush_unique(session)
    if {"city", "region", "area"} & new:
        venues.update_location(venue)
    if {"city", "region", "zone"} & new:
        tour_stops.follow_venue(session, venue)
    if new & _SHOWN:
        # Later than all that its workshops show, or calendars would not see the change.
        seen = feed_query.second_after(session, Workshop.venue_id == venue.id, now=now)
        venue.changed_at = clock.second_after(venue.changed_at, seen)
    session.flush()
    if decision.batch:
        place_changes.record(
            session, venue, batch=decision.batch, office=venue.office.slug, before=before, now=now
        )
    notified = sum(
        _update_workshop(session, each, venue, new, states[each.id], decision, now)
        for each in workshops
    )
    return VenueChangeResult(new, len(workshops), notified)


def list_upcoming(session: Session, venue: Venue, *, now: datetime) -> Sequence[Workshop]:
    """Returns the workshops at a venue that have not ended, drafts too, and locks them."""
    return session.scalars(
        sa.select(Workshop)
        .where(Workshop.venue_id == venue.id, Workshop.ends_at > now)
        .order_by(Workshop.starts_at, Workshop.id)
        .with_for_update(of=Workshop, key_share=True)
    ).all()


def _update_workshop(
    session: Session,
    workshop: Workshop,
    venue: Venue,
    new: frozenset[str],
    state: Mapping[str, Any],
    decision: NotifyDecision,
    now: datetime,
) -> int:
    """Updates one workshop and returns how many parties are notified."""
    is_notified = workshop.status is WorkshopStatus.PUBLISHED and bool(new & NOTIFIED_FIELDS)
    if workshop.zone != venue.zone:  # the wall clock stays, the instants change
        workshop_service.change(
            session,
            workshop,
            replace(workshop_service.get_data(workshop), zone=venue.zone),
            now=now,
            decision=decision,
            facts_before=bytes.fromhex(state["facts"]),
        )
        reachable = workshop_service.count_reachable(session, workshop)
        return reachable[ContactMethod.EMAIL] + reachable[ContactMethod.PHONE] if is_notified else 0
    workshop_service.mark_changed(workshop, now, is_new_version=True)
    session.flush()
    if not is_notified:
        if workshop.status is WorkshopStatus.DRAFT and new & NOTIFIED_FIELDS:
            workshop_service.follow_draft(session, workshop, decision, now=now)
        return 0
    facts_before, made = bytes.fromhex(state["facts"]), None
    if decision.batch:
        made = workshop_changes.record_change(
            session,
            workshop,
            ChangeAction.EDITED,
            batch=decision.batch,
            before={},
            changes_facts=facts.compute_facts(workshop) != facts_before,
            now=now,
        )
        kept_queue.keep(session, made, workshop, state)
    reconfirmation.reset_reconfirmation(session, workshop)
    change_notifications.record_change(session, workshop, facts_before)
    notified = workshop_service.notify(session, workshop, decision, now=now)
    if made is not None:
        kept_queue.keep_made(session, made, workshop)
    return notified
