"""Undoes changes of workshops, with the notifications of them that have not been sent.

What waited to be said before is queued as it was (`kept_queue`). For calendars, undoing is a new
change: they get a higher SEQUENCE. It is refused where something depends on
the change: a seat, an offer, an approval, or a later edit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue, VenueData
from outreach.domain.registrations import ACTIVE_STATUSES, Registration
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.scheduling import (
    bulk,
    kept_queue,
    place_changes,
    tours,
    venue_change,
    workshop_changes,
    workshop_service,
)
from outreach.domain.scheduling.place_changes import PlaceChange
from outreach.domain.scheduling.workshop_changes import ChangeAction, WorkshopChange, read_value
from outreach.domain.workshops import Workshop, WorkshopStatus, tour_stops
from outreach.domain.workshops.facts import compute_facts_of_data
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import ErrorCode, Refusal

# Nobody is told: `kept_queue` puts back what was to be told, and when.
_LATER: Final = NotifyDecision(NotifyMode.LATER)


@dataclass(frozen=True)
class UndoOutcome:
    """A workshop whose change was undone, or the reason why it was not."""

    workshop: Workshop
    refusal: Refusal | None = None


def undo_batch(
    session: Session, changes: Sequence[WorkshopChange], *, now: datetime
) -> list[UndoOutcome]:
    """Undoes each change; one that is refused does not keep the others from being undone."""
    found = []
    for change in reversed(changes):
        workshop = change.workshop
        attempt = session.begin_nested()
        try:
            undo(session, change, now=now)
            attempt.commit()
            found.append(UndoOutcome(workshop))
        except Refusal as refusal:
            attempt.rollback()
            found.append(UndoOutcome(workshop, refusal))
    return found[::-1]


@dataclass(frozen=True)
class UndoneBatch:
    """The outcome of undoing all changes that one form made."""

    workshops: Sequence[UndoOutcome]
    place: Venue | TourStop | None = None  # that changed with them
    refusal: Refusal | None = None  # why the place stays as it is


def undo_all(session: Session, batch: str, *, now: datetime) -> UndoneBatch:
    """Undoes what one form changed.

    Workshops are changed back each as far as possible; a stop of a tour with those of its
    workshops that can be; a venue with all of its workshops or none, since they share its
    address.
    """
    changes = workshop_changes.list_batch(session, batch)
    change = place_changes.find(session, batch)
    if change is None:
        return UndoneBatch(undo_batch(session, changes, now=now))
    if change.stop_id is not None:
        return _undo_stop(session, change, changes, now=now)
    return _undo_venue(session, change, changes, now=now)


def _undo_stop(
    session: Session, change: PlaceChange, changes: Sequence[WorkshopChange], *, now: datetime
) -> UndoneBatch:
    stop = session.get_one(TourStop, change.stop_id)
    tour_stops.lock(session, stop)
    refusal = _find_refusal(change, stop, now=now)
    if refusal is not None:
        return UndoneBatch([UndoOutcome(each.workshop, refusal) for each in changes], stop, refusal)
    attempt = session.begin_nested()
    outcomes: list[UndoOutcome] = []
    try:
        tours.restore_stop(session, stop, change.before, now=now)
        outcomes = undo_batch(session, changes, now=now)
        if outcomes and all(each.refusal for each in outcomes):
            raise Refusal(ErrorCode.UNDO_WITH_OTHERS)
        _delete_drafts(session, change.drafts, now=now)
        session.delete(change)
        session.flush()
        attempt.commit()
    except Refusal as cause:
        attempt.rollback()
        kept = [UndoOutcome(each.workshop, each.refusal or cause) for each in outcomes]
        return UndoneBatch(kept, stop, cause)
    return UndoneBatch(outcomes, stop)


def _delete_drafts(session: Session, workshop_ids: Sequence[int], *, now: datetime) -> None:
    """Deletes the drafts that a change of a stop made. Raises Refusal where one is no draft."""
    for workshop_id in workshop_ids:
        draft = workshops.find_by_id(session, workshop_id)
        if draft is not None:
            bulk.delete_draft(session, draft, now)


def _undo_venue(
    session: Session, change: PlaceChange, changes: Sequence[WorkshopChange], *, now: datetime
) -> UndoneBatch:
    venue = session.get_one(Venue, change.venue_id)
    venues.lock(session, venue)
    there = venue_change.list_upcoming(session, venue, now=now)
    changes_place = bool(change.before.keys() & venue_change.NOTIFIED_FIELDS)
    refusals = _find_dependent(session, changes, changes_place=changes_place, now=now)
    refusal = _find_refusal(change, venue, now=now)
    refusal = refusal or _find_new_people(session, change, changes, there)
    if refusal is None and refusals:
        refusal = Refusal(ErrorCode.UNDO_WITH_OTHERS)
    attempt = session.begin_nested()
    try:
        if refusal is not None:
            raise refusal
        _restore_venue(session, venue, change.before, now=now)
        for each in changes:
            kept_queue.restore(session, each, each.workshop, now=now)
            session.delete(each)
        session.delete(change)
        session.flush()
        attempt.commit()
    except Refusal as cause:
        attempt.rollback()
        kept = [UndoOutcome(each.workshop, refusals.get(each.id, cause)) for each in changes]
        return UndoneBatch(kept, venue, cause)
    return UndoneBatch([UndoOutcome(each.workshop) for each in changes], venue)


def _restore_venue(
    session: Session, venue: Venue, before: Mapping[str, Any], *, now: datetime
) -> None:
    values = {
        name: before[name] if name in before else workshop_changes.encode(getattr(venue, name))
        for name in venues.DETAIL_FIELDS
    }
    given = {
        name: workshop_changes.decode(session, name, value, getattr(venue, name))
        for name, value in values.items()
    }
    venue_change.change_venue(session, venue, VenueData(**given), now=now, decision=_LATER)
    affirmed_on = before.get("affirmed_on")
    venue.affirmed_on = date.fromisoformat(affirmed_on) if affirmed_on else None


def _find_refusal(change: PlaceChange, place: Venue | TourStop, *, now: datetime) -> Refusal | None:
    """Returns why a place cannot be changed back, whatever its workshops are; None where it can."""
    if now - change.made_at > workshop_changes.KEPT_FOR:
        return Refusal(ErrorCode.UNDO_TOO_LATE)
    is_merged = isinstance(place, Venue) and place.merged_into_id is not None
    if is_merged or place_changes.read(place, change.after) != change.after:
        return Refusal(ErrorCode.UNDO_EDITED_SINCE)
    return None


def _find_dependent(
    session: Session, changes: Sequence[WorkshopChange], *, changes_place: bool, now: datetime
) -> dict[int, Refusal]:
    """Returns why workshops at a venue cannot be changed back, by the id of their change.

    Workshops that are over do not matter. `changes_place`: people have to know of the
    venue's change.
    """
    refusals = {}
    for change in changes:
        workshop_service.lock(session, change.workshop)
        if change.workshop.has_ended(now):
            continue
        try:
            _require_independent(session, change, change.workshop, now=now)
            if changes_place and not change.workshop.is_cancelled:
                _require_unknown(session, change.workshop)
        except Refusal as refusal:
            refusals[change.id] = refusal
    return refusals


def _find_new_people(
    session: Session,
    change: PlaceChange,
    changes: Sequence[WorkshopChange],
    there: Sequence[Workshop],
) -> Refusal | None:
    """Returns why a venue cannot be changed back because of workshops that came to it meanwhile.

    Somebody registered for one of them at the new address, or was told that it moved there.
    """
    known = {each.workshop_id for each in changes}
    new = [
        each.id
        for each in there
        if each.id not in known and each.status is WorkshopStatus.PUBLISHED
    ]
    if not change.before.keys() & venue_change.NOTIFIED_FIELDS or not new:
        return None
    of_new = (
        Registration.workshop_id.in_(new),
        Registration.workshop_id == Workshop.id,
        Registration.status.in_(ACTIVE_STATUSES),
    )
    if _exists(session, *of_new, Registration.known_facts == Workshop.facts):
        return Refusal(ErrorCode.UNDO_NOTIFIED_SINCE)
    if _exists(session, *of_new, Registration.known_facts.is_(None)):
        return Refusal(ErrorCode.UNDO_REGISTERED_SINCE)
    return None


def undo(session: Session, change: WorkshopChange, *, now: datetime) -> None:
    """Undoes one change. Raises Refusal with the cause where something depends on it."""
    workshop = change.workshop
    workshop_service.lock(session, workshop)
    _require_independent(session, change, workshop, now=now)
    if change.action is ChangeAction.CANCELLED:
        workshop_service.reinstate(session, workshop, now=now, decision=_LATER)
    elif change.action is ChangeAction.REINSTATED:
        workshop_service.cancel(session, workshop, now=now, decision=_LATER)
    else:
        data = workshop_service.get_data(workshop)
        given = {
            name: workshop_changes.decode(session, name, value, getattr(data, name))
            for name, value in change.before.items()
            if name not in workshop_changes.CHOSEN
        }
        former = replace(data, **given)
        changes_facts = compute_facts_of_data(former) != compute_facts_of_data(data)
        if changes_facts and not workshop.is_cancelled:
            _require_unknown(session, workshop)
        workshop_service.change(session, workshop, former, now=now, decision=_LATER)
        workshop_changes.restore_chosen(session, workshop, change.before)
    kept_queue.restore(session, change, workshop, now=now)
    session.delete(change)
    session.flush()


def _require_independent(
    session: Session, change: WorkshopChange, workshop: Workshop, *, now: datetime
) -> None:
    if now - change.made_at > workshop_changes.KEPT_FOR or workshop.has_ended(now):
        raise Refusal(ErrorCode.UNDO_TOO_LATE)
    after = {name: read_value(session, workshop, name) for name in change.after}
    if after != change.after:
        raise Refusal(ErrorCode.UNDO_EDITED_SINCE)
    if change.approved_count != workshop_changes.count_approved(session, workshop):
        raise Refusal(ErrorCode.UNDO_APPROVED_SINCE)
    if change.changes_facts:
        _require_unknown(session, workshop)


def _require_unknown(session: Session, workshop: Workshop) -> None:
    """Raises Refusal where anybody knows when and where the workshop is now.

    It may be what a change made that nobody had to know of: while the workshop was
    cancelled, before it was reinstated.
    """
    is_active = sa.and_(
        Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES)
    )
    if _exists(session, is_active, Registration.known_facts == workshop.facts):
        raise Refusal(ErrorCode.UNDO_NOTIFIED_SINCE)
    if _exists(session, is_active, Registration.known_facts.is_(None)):
        raise Refusal(ErrorCode.UNDO_REGISTERED_SINCE)


def _exists(session: Session, *conditions: sa.ColumnElement[bool]) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(*conditions))))
