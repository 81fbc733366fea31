"""The waiting list: a place that comes free is offered to who waited longest and fits.

An offer is held for a day, or two hours when the workshop starts within a day; in the last three
hours nobody is told of a place they could not reach any more. An offer that is not answered puts
its party at the end of the list; the second one takes it off.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.types import Codes
from outreach.domain.registrations import capacity, notifications
from outreach.domain.registrations.capacity import CapacityHold
from outreach.domain.registrations.models import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.notify import notify_confirmed
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus, accommodations, time_slots
from outreach.errors import Closed, Full

NO_OFFER_BEFORE: Final = timedelta(hours=3)
OFFER_DURATION: Final = timedelta(hours=24)
LATE_OFFER_DURATION: Final = timedelta(hours=2)  # when the workshop starts within a day


def is_closed(workshop: Workshop, now: datetime) -> bool:
    """Whether the list does not move by itself any more: the staff go on by hand."""
    return now > workshop.starts_at - NO_OFFER_BEFORE


def compute_offer_end(workshop: Workshop, now: datetime) -> datetime:
    is_near = workshop.starts_at - now <= OFFER_DURATION
    return now + (LATE_OFFER_DURATION if is_near else OFFER_DURATION)


def offer_free_seats(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Offers what is free to who waited longest and fits, and says to how many parties."""
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED or is_closed(workshop, now):
        return 0
    offered, until = 0, compute_offer_end(workshop, now)
    left = _left(session, workshop)
    for party in _line(session, workshop) if left else ():
        fits = party.people <= left
        held = (
            capacity.reserve(session, workshop, CapacityHold(party.people, party.needs))
            if fits
            else None
        )
        if held is None:
            continue
        left -= party.people
        transition(
            session,
            party.id,
            RegistrationStatus.WAITLISTED,
            StatusEvent.OFFER,
            offered_until=until,
            slot_id=held.slot_id,
        )
        offered += 1
        if party.contact is not ContactMethod.NONE:
            notifications.enqueue(session, party.id, NotificationType.OFFER, now=now)
    return offered


def has_fitting_candidate(session: Session, workshop: Workshop) -> bool:
    """Whether somebody waits for whom there is room now."""
    left = _left(session, workshop)
    if left == 0:
        return False
    supported = accommodations.get_left(session, workshop.id)
    return any(
        party.people <= left
        and all(supported.get(need, 1) > 0 for need in party.needs)
        and (
            not workshop.has_slots or time_slots.find_first_free(session, workshop.id, party.people)
        )
        for party in _line(session, workshop)
    )


def expire_offers(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Offers that ran out go on to the next who fits; says how many ran out. None does while the
    workshop is off: nobody could say yes."""
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED:
        return 0
    late = session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.OFFERED,
            Registration.offered_until <= now,
        )
        .order_by(Registration.queued_at, Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    for place, party in enumerate(late):
        capacity.release(session, workshop, capacity.get_hold(party))
        # One after the other, as they stood before.
        end = {"queued_at": now + timedelta(microseconds=place)} if party.lapses == 0 else {}
        transition(
            session,
            party.id,
            RegistrationStatus.OFFERED,
            StatusEvent.EXPIRE if party.lapses == 0 else StatusEvent.EXPIRE_AGAIN,
            offered_until=None,
            slot_id=None,
            lapses=party.lapses + 1,
            **end,
        )
        notifications.cancel_pending(session, party.id, NotificationType.OFFER)
        if party.contact is not ContactMethod.NONE:
            notifications.enqueue(session, party.id, NotificationType.OFFER_EXPIRED, now=now)
    if late:
        offer_free_seats(session, workshop, now=now)
    return len(late)


def extend_offers(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """The workshop is on again, or on another day: who has an offer has the whole time for it."""
    ends = compute_offer_end(workshop, now)
    session.execute(
        sa.update(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.OFFERED,
            Registration.offered_until < ends,
        )
        .values(offered_until=ends)
        .execution_options(synchronize_session=False)
    )


def list_workshops_with_expired_offers(session: Session, now: datetime) -> Sequence[int]:
    """The ids of workshops where an offer has run out."""
    return session.scalars(
        sa.select(Registration.workshop_id)
        .join(Registration.workshop)
        .where(
            Registration.status == RegistrationStatus.OFFERED,
            Registration.offered_until <= now,
            Workshop.status == WorkshopStatus.PUBLISHED,
        )
        .distinct()
    ).all()


# What the person says


def accept_offer(session: Session, registration: Registration, *, now: datetime) -> None:
    """«Yes, I want it.» Raises Closed when there is nothing to take any more: the offer ran out
    and somebody else was next, or the workshop is off."""
    workshop = registration.workshop
    expire_offers(session, workshop, now=now)
    if workshop.status is not WorkshopStatus.PUBLISHED or now >= workshop.starts_at:
        raise Closed(f"workshop {workshop.public_id}")
    session.refresh(registration)
    if registration.status is RegistrationStatus.CONFIRMED:  # said twice
        return
    taken = registration.status is RegistrationStatus.OFFERED and transition(
        session,
        registration.id,
        RegistrationStatus.OFFERED,
        StatusEvent.ACCEPT,
        offered_until=None,
        confirmed_at=now,  # who has just said yes is not asked again
    )
    if not taken:
        raise Closed(f"workshop {workshop.public_id}")
    notifications.cancel_pending(
        session, registration.id, NotificationType.OFFER, NotificationType.OFFER_EXPIRED
    )
    notify_confirmed(session, registration, NotificationType.REGISTERED, now=now)


def rejoin(session: Session, registration: Registration, *, now: datetime) -> None:
    """Who lost the turn or the place by silence waits again, at the end. Raises Closed, or Full
    where there is no list."""
    workshop = registration.workshop
    capacity.lock(session, workshop)
    if not workshop.is_open(now):
        raise Closed(f"workshop {workshop.public_id}")
    if not workshop.has_waiting_list:
        raise Full(f"workshop {workshop.public_id}")
    transition(
        session,
        registration.id,
        RegistrationStatus.EXPIRED,
        StatusEvent.REJOIN,
        queued_at=now,
        lapses=0,
        asked_at=None,
        slot_id=None,
    )
    notifications.cancel_pending(session, registration.id, NotificationType.OFFER_EXPIRED)
    offer_free_seats(session, workshop, now=now)


def grant_seat(session: Session, registration: Registration, *, now: datetime) -> None:
    """The staff give a place to who waits, out of turn if they choose. Raises Full."""
    workshop = registration.workshop
    capacity.lock(session, workshop)
    session.refresh(registration)
    if registration.status is RegistrationStatus.WAITLISTED:
        held = capacity.reserve(
            session, workshop, CapacityHold(registration.people, registration.needs)
        )
        if held is None:
            raise Full(f"workshop {workshop.public_id}")
        transition(
            session,
            registration.id,
            RegistrationStatus.WAITLISTED,
            StatusEvent.GRANT,
            slot_id=held.slot_id,
        )
    elif not (
        registration.status is RegistrationStatus.OFFERED
        and transition(
            session,
            registration.id,
            RegistrationStatus.OFFERED,
            StatusEvent.GRANT,
            offered_until=None,
        )
    ):
        raise Closed(f"workshop {workshop.public_id}")
    notifications.cancel_pending(session, registration.id, NotificationType.OFFER)
    notify_confirmed(session, registration, NotificationType.SEAT_GRANTED, now=now)


# The line


def list_expired(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """Who lost the turn or the place by silence and can still be spoken to."""
    return session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.EXPIRED,
            Registration.key_id.is_not(None),
        )
        .order_by(Registration.queued_at, Registration.id)
    ).all()


def get_position(session: Session, registration: Registration) -> int:
    """The place in the waiting list; the first is 1."""
    before = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.workshop_id == registration.workshop_id,
            Registration.status == RegistrationStatus.WAITLISTED,
            sa.tuple_(Registration.queued_at, Registration.id)
            < sa.tuple_(
                sa.literal(registration.queued_at, Registration.queued_at.type),
                sa.literal(registration.id),
            ),
        )
    )
    return (before or 0) + 1


def _line(session: Session, workshop: Workshop) -> Sequence[sa.Row[str, int, Codes, ContactMethod]]:
    return session.execute(_LINE, {"workshop": workshop.id}).all()


_LINE: Final = (
    sa.select(Registration.id, Registration.people, Registration.needs, Registration.contact)
    .where(
        Registration.workshop_id == sa.bindparam("workshop"),
        Registration.status == RegistrationStatus.WAITLISTED,
    )
    .order_by(Registration.queued_at, Registration.id)
)


def _left(session: Session, workshop: Workshop) -> int:
    return session.scalar(sa.select(Workshop.seats_left).where(Workshop.id == workshop.id)) or 0
