"""The door: who came, how many came without a place, and who is let in where a chair stayed empty.

Two phones may stand at one door. Each of these is one conditional change, or waits for the others
at the workshop's row, so that marking the same party twice counts it once, and no chair is given
twice. Phones without a network tell later (`checkin_events.py`): the counts are the same ones.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.checkin import checkin_events
from outreach.domain.registrations import SEAT_HOLDING_STATUSES, Registration, capacity
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.domain.workshops.time_slots import TimeSlot
from outreach.errors import ErrorCode, NotFound, Refused


def find(session: Session, workshop: Workshop, registration_id: str) -> Registration:
    """A registration of this workshop that has not been given up. Raises NotFound."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.workshop_id != workshop.id:
        raise NotFound("registration")
    if registration.status is Place.CANCELLED:
        raise NotFound("registration")
    return registration


def mark_arrived(session: Session, registration: Registration, people: int) -> bool:
    """So many of a party with a place have come. False when that was known already."""
    capacity.lock(session, registration.workshop)
    session.refresh(registration)
    if registration.status not in SEAT_HOLDING_STATUSES or people > registration.people:
        return False
    before = registration.arrived
    checkin_events.mark_online(session, registration, people)
    return registration.arrived > before


def admit_from_waitlist(
    session: Session, registration: Registration, people: int, *, now: datetime
) -> bool:
    """Lets so many of a party that waits in for chairs that stayed empty. False when they are in
    already. Raises Refused before the start, and when there are not as many chairs."""
    workshop = registration.workshop
    if now < workshop.starts_at:
        raise Refused(ErrorCode.WAITLIST_CHECKIN_TOO_EARLY)
    capacity.lock(session, workshop)
    slot = _slot_of(session, workshop, now)
    is_let_in = changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.status == Place.WAITLISTED,
            Registration.arrived == 0,
            Registration.people >= people,
            _empty_chairs(workshop, slot) >= people,
        )
        .values(arrived=people, slot_id=slot.id if slot else None),
    )
    session.refresh(registration)
    if is_let_in:
        checkin_events.mark_online(session, registration, people)
        return True
    if registration.arrived:
        return False
    raise Refused(ErrorCode.CHAIRS_TAKEN)


def count_free_chairs(session: Session, workshop: Workshop, *, now: datetime) -> int | None:
    """Chairs that nobody has taken though it began; of consultations, those of the hour that is on.
    None before the start, and where no places are saved."""
    if now < workshop.starts_at or not workshop.takes_places:
        return None
    left = session.scalar(sa.select(_empty_chairs(workshop, _slot_of(session, workshop, now))))
    return max(0, left or 0)


def mark_not_arrived(session: Session, registration: Registration) -> bool:
    """Nobody of the party has come after all. False when nobody had."""
    capacity.lock(session, registration.workshop)
    session.refresh(registration)
    if not registration.arrived:
        return False
    checkin_events.undo_online(session, registration)
    if registration.status is Place.WAITLISTED:
        registration.slot_id = None
    return True


def count_walk_in(session: Session, workshop: Workshop, people: int) -> bool:
    """People who came without a place, or, below zero, who were counted by mistake. False, and
    nothing changes, when that would leave fewer than none."""
    return changes_one_row(
        session,
        sa.update(Workshop)
        .where(Workshop.id == workshop.id, Workshop.walk_ins + people >= 0)
        .values(walk_ins=Workshop.walk_ins + people),
    )


def count_arrived(session: Session, workshop: Workshop) -> int:
    """People who registered and have come, those let in too; after forgetting too."""
    return session.scalar(sa.select(_arrived(_There.workshop_id == workshop.id))) or 0


def count_expected(session: Session, workshop: Workshop) -> int:
    """People who have a place, or an offer of one."""
    has_place = sa.and_(
        Registration.workshop_id == workshop.id, Registration.status.in_(SEAT_HOLDING_STATUSES)
    )
    counted = sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(has_place)
    return session.scalar(counted) or 0


def count_heads(session: Session, workshop: Workshop) -> int:
    """How many came, as the door knows it: with a place and without."""
    return count_arrived(session, workshop) + workshop.walk_ins


def require_checkin_open(workshop: Workshop) -> None:
    """Raises Refused where there is no door: a draft, or a workshop that is not held."""
    if workshop.status not in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}:
        raise Refused(ErrorCode.CHECKIN_NEEDS_PUBLISHED)


def require_over(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refused while nobody can have been there."""
    is_over = workshop.status is WorkshopStatus.PUBLISHED and workshop.has_ended(now)
    if not is_over and workshop.status is not WorkshopStatus.HELD:
        raise Refused(ErrorCode.CERTIFICATE_TOO_EARLY)


def _slot_of(session: Session, workshop: Workshop, now: datetime) -> TimeSlot | None:
    """The hour that is on, of consultations; the places of one that went by help nobody."""
    if not workshop.has_slots:
        return None
    lasts = workshop.slot_minutes or 0
    for slot in time_slots.list_slots(session, workshop):
        begins = workshop.starts_at + timedelta(minutes=slot.minute)
        if begins <= now < begins + timedelta(minutes=lasts):
            return slot
    return None


def _empty_chairs(workshop: Workshop, slot: TimeSlot | None) -> sa.ColumnElement[int]:
    """Worked out by the database, so that it is true at the moment of the change."""
    if slot is not None:
        return slot.capacity - _arrived(_There.slot_id == slot.id)
    if workshop.has_slots:
        return sa.literal(0)
    chairs = sa.select(Workshop.capacity - Workshop.walk_ins).where(Workshop.id == workshop.id)
    return chairs.scalar_subquery() - _arrived(_There.workshop_id == workshop.id)


# Not the row that is being changed: all of them.
_There = sa.orm.aliased(Registration)


def _arrived(of: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.sum(_There.arrived), 0)).where(of).scalar_subquery()
