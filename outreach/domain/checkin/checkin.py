"""Check-in on line: who came, walk-ins, and waitlisted parties who get a chair that stayed empty.

Several phones may be used at once. Each change waits for a lock on the workshop's row: a party that
is marked twice counts once, and no chair is given twice. Phones without a network send their marks
later (`checkin_events.py`); the counts are the same.
"""

from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.checkin import checkin_events
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    Registration,
    RegistrationStatus,
    capacity,
    totals,
)
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import ErrorCode, NotFound, Refusal

EVE: Final = timedelta(days=1)  # the list of the door opens the day before


def find(session: Session, workshop: Workshop, registration_id: str) -> Registration:
    """Finds a registration of this workshop that is not cancelled. Raises NotFound."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.workshop_id != workshop.id:
        raise NotFound("registration")
    if registration.status is RegistrationStatus.CANCELLED:
        raise NotFound("registration")
    return registration


def mark_arrived(session: Session, registration: Registration, people: int) -> bool:
    """Marks that so many people of a party with a seat have come. Returns False where that is
    no news.
    """
    if not _lock_party(session, registration):
        return False
    if registration.status not in STATUSES_WITH_SEATS or people > registration.people:
        return False
    before = registration.arrived_count
    checkin_events.mark_online(session, registration, people)
    return registration.arrived_count > before


def admit_from_waitlist(
    session: Session, registration: Registration, people: int, *, now: datetime
) -> bool:
    """Admits people of a waitlisted party to chairs that stayed empty.

    Returns False where they have been admitted already. Raises Refusal before the start, and
    where there are too few chairs.
    """
    workshop = registration.workshop
    if now < workshop.starts_at:
        raise Refusal(ErrorCode.WAITLIST_CHECKIN_TOO_EARLY)
    capacity.lock(session, workshop)
    session.refresh(registration)
    if registration.arrived_count:
        return False
    slot = _find_current_slot(session, workshop, now)
    is_let_in = (
        registration.status is RegistrationStatus.WAITLISTED
        and people <= registration.people
        and people <= _count_empty_chairs(session, workshop, slot)
    )
    if not is_let_in:
        raise Refusal(ErrorCode.CHAIRS_TAKEN)
    registration.slot_id = slot.id if slot else None
    session.flush()
    checkin_events.mark_online(session, registration, people, is_admitted=True)
    return True


def _lock_party(session: Session, registration: Registration) -> bool:
    """Locks the workshop's row and refreshes the registration.

    Returns False where its person has just moved it to another workshop: this check-in marks
    it no more.
    """
    workshop = registration.workshop
    capacity.lock(session, workshop)
    session.refresh(registration)
    return registration.workshop_id == workshop.id


def count_free_chairs(session: Session, workshop: Workshop, *, now: datetime) -> int | None:
    """Counts the chairs that are empty after the start; with time slots, those of the current slot.

    None before the start, and where the workshop takes no registrations.
    """
    if now < workshop.starts_at or not workshop.takes_places:
        return None
    slot = _find_current_slot(session, workshop, now)
    return max(0, _count_empty_chairs(session, workshop, slot))


def mark_not_arrived(session: Session, registration: Registration) -> bool:
    """Undoes the check-in of a party. Returns False where nobody of it was marked."""
    if not _lock_party(session, registration) or not registration.arrived_count:
        return False
    checkin_events.undo_online(session, registration)
    if registration.status is RegistrationStatus.WAITLISTED:
        registration.slot_id = None
    return True


def count_walk_in(session: Session, workshop: Workshop, people: int) -> bool:
    """Adds walk-ins, or subtracts them where `people` is negative.

    Returns False, and changes nothing, where fewer than none would be left.
    """
    return changes_one_row(
        session,
        sa.update(Workshop)
        .where(Workshop.id == workshop.id, Workshop.walk_ins + people >= 0)
        .values(walk_ins=Workshop.walk_ins + people),
    )


def count_arrived(session: Session, workshop: Workshop) -> int:
    """Counts the registered or admitted people who have come, erased ones included."""
    return totals.read(session, workshop.id)[totals.ARRIVED]


def count_expected(session: Session, workshop: Workshop) -> int:
    """Counts the people who hold seats."""
    holds_seats = sa.and_(
        Registration.workshop_id == workshop.id, Registration.status.in_(STATUSES_WITH_SEATS)
    )
    counted = sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(holds_seats)
    return session.scalar(counted) or 0


def count_heads(session: Session, workshop: Workshop) -> int:
    """Counts the people who came, registered ones and walk-ins."""
    return count_arrived(session, workshop) + workshop.walk_ins


def require_checkin_open(workshop: Workshop) -> None:
    """Raises Refusal where the workshop has no check-in: a draft, cancelled, closed for danger or
    not held."""
    if workshop.is_closed_for_danger:
        raise Refusal(ErrorCode.CLOSED_FOR_DANGER)
    if workshop.status not in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}:
        raise Refusal(ErrorCode.CHECKIN_NEEDS_PUBLISHED)


def get_list_day(workshop: Workshop) -> date:
    """Returns the day from which the list of the door can be opened (S23)."""
    return workshop.day - EVE


def is_list_open(workshop: Workshop, *, now: datetime) -> bool:
    return now.astimezone(workshop.zone).date() >= get_list_day(workshop)


def require_list_open(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refusal where the workshop has no check-in, or not yet."""
    require_checkin_open(workshop)
    if not is_list_open(workshop, now=now):
        raise Refusal(ErrorCode.CHECKIN_LIST_TOO_EARLY, day=get_list_day(workshop))


def require_over(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refusal where the workshop is not over."""
    is_over = workshop.status is WorkshopStatus.PUBLISHED and workshop.has_ended(now)
    if not is_over and workshop.status is not WorkshopStatus.HELD:
        raise Refusal(ErrorCode.CERTIFICATE_TOO_EARLY)


def _find_current_slot(session: Session, workshop: Workshop, now: datetime) -> TimeSlot | None:
    """The current time slot; None without slots, and between them."""
    if not workshop.has_slots:
        return None
    lasts = workshop.slot_minutes or 0
    for slot in time_slots.list_slots(session, workshop):
        begins = workshop.starts_at + timedelta(minutes=slot.minute)
        if begins <= now < begins + timedelta(minutes=lasts):
            return slot
    return None


def _count_empty_chairs(session: Session, workshop: Workshop, slot: TimeSlot | None) -> int:
    came = totals.read(session, workshop.id)
    if slot is not None:
        return slot.capacity - came[totals.slot_name(slot.id)]
    if workshop.has_slots:
        return 0
    chairs = sa.select(Workshop.capacity - Workshop.walk_ins).where(Workshop.id == workshop.id)
    return (session.scalar(chairs) or 0) - came[totals.ARRIVED]
