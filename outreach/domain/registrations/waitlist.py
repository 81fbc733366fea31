"""The waitlist: a seat that comes free is offered to the longest-waiting party that fits.

An offer is held for a day, or for two hours when the workshop starts within a day. In the last
three hours nothing is offered: people could not come in time. A party whose offer expires goes to
the end of the waitlist; the second time it leaves the waitlist.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.registrations import (
    accommodations,
    capacity,
    change_notifications,
    notifications,
    text_hours,
    totals,
)
from outreach.domain.registrations.models import (
    GETS_TEXTS,
    ContactMethod,
    Registration,
    RegistrationStatus,
    next_queue_number,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.notify import notify_confirmed
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.errors import Full, RegistrationClosed

NO_OFFER_BEFORE: Final = timedelta(hours=3)
OFFER_DURATION: Final = timedelta(hours=24)
LATE_OFFER_DURATION: Final = timedelta(hours=2)  # when the workshop starts within a day

# Id, people, contact, whether it takes texts and appears confirmed.
WaitingParty = sa.Row[str, int, ContactMethod, bool, bool]


def is_closed(workshop: Workshop, now: datetime) -> bool:
    """Tells whether seats are not offered automatically any more; staff can still grant them."""
    return now > workshop.starts_at - NO_OFFER_BEFORE


def compute_offer_end(workshop: Workshop, now: datetime) -> datetime:
    """Returns when an offer that is made now expires, always at a whole hour and before the
    workshop.

    Whoever cancelled caused the offer, and its exact minute would tell when they did (S33).
    """
    return _compute_offer_end(workshop.starts_at, now)


def _compute_offer_end(starts_at: datetime, now: datetime) -> datetime:
    is_near = starts_at - now <= OFFER_DURATION
    return clock.next_hour(now + (LATE_OFFER_DURATION if is_near else OFFER_DURATION))


def offer_free_seats(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Offers free seats to the waitlist, in its order, and returns how many parties got one.

    A party that appears to have a seat already (`review.py`) is confirmed without a word."""
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED or is_closed(workshop, now):
        return 0
    if workshop.undo_until is not None and now < workshop.undo_until:
        return 0
    offer_count = 0
    left = _count_seats_left(session, workshop)
    for party in _list_waiting(session, workshop) if left else ():
        if party.people > left:
            continue
        starts_at = _find_offer_start(workshop, party, now)
        if starts_at is None:
            continue
        registration = session.get_one(Registration, party.id, populate_existing=True)
        if not registration.is_readable:  # the person is being erased
            continue
        hold = capacity.reserve(session, workshop, capacity.get_hold(registration))
        if hold is None:
            continue
        left -= party.people
        offer_count += 1
        if party.appears_confirmed:
            transition(session, party.id, RegistrationStatus.WAITLISTED, StatusEvent.GRANT)
        else:
            make_offer(session, workshop, registration, hold, now=now, starts_at=starts_at)
    return offer_count


def make_offer(
    session: Session,
    workshop: Workshop,
    party: Registration,
    hold: capacity.CapacityHold,
    *,
    now: datetime,
    starts_at: datetime | None = None,
    **values: object,
) -> None:
    """Offers a waitlisted party what has been reserved for it.

    Its time to answer starts at `starts_at`, or now; `values` are further columns.
    """
    begins = starts_at or now
    transition(
        session,
        party.id,
        RegistrationStatus.WAITLISTED,
        StatusEvent.OFFER,
        offered_until=compute_offer_end(workshop, begins),
        slot_id=hold.slot_id,
        **values,
    )
    if party.contact is not ContactMethod.NONE:
        due_at = begins if begins > now else None
        notifications.cancel_pending(session, party.id, NotificationType.OFFER_EXPIRED)
        notifications.enqueue(session, party.id, NotificationType.OFFER, now=now, due_at=due_at)
        change_notifications.fold_into_offer(session, party.id)


def _find_offer_start(workshop: Workshop, party: WaitingParty, now: datetime) -> datetime | None:
    """Returns from when on a waitlisted party has time to answer: from when its text is sent.

    None where it would be too late then, so that the seat goes to the next party.
    """
    is_text = party.contact is ContactMethod.PHONE and party.may_leave_message
    if party.appears_confirmed or not is_text:
        return now
    at = text_hours.find_next(workshop, now)
    return None if is_closed(workshop, at) else at


def list_fitting(session: Session, workshop: Workshop, seats: int) -> list[ContactMethod]:
    """Returns how each party is reached that would get an offer if so many seats were free."""
    left, fitting = seats, []
    for party in _list_waiting(session, workshop):
        if party.people <= left:
            left -= party.people
            fitting.append(party.contact)
    return fitting


def has_fitting_candidate(session: Session, workshop: Workshop) -> bool:
    """Tells whether some party on the waitlist would fit into the seats that are free now."""
    left = _count_seats_left(session, workshop)
    if left == 0:
        return False
    accommodations_left = accommodations.get_left(session, workshop.id)
    return any(
        party.people <= left
        and (not accommodations_left or _has_room(session, party.id, accommodations_left))
        and (
            not workshop.has_slots or time_slots.find_first_free(session, workshop.id, party.people)
        )
        for party in _list_waiting(session, workshop)
    )


def _has_room(session: Session, registration_id: str, left: Mapping[str, int]) -> bool:
    """Whether a place of each accommodation that the party needs is left."""
    needs = session.get_one(Registration, registration_id, populate_existing=True).needs
    return all(left.get(need, 1) > 0 for need in needs)


def expire_offers(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Expires offers that were not accepted in time, offers their seats to the next parties, and
    returns how many expired. None expires while the workshop is cancelled."""
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED:
        return 0
    expired = session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.OFFERED,
            Registration.offered_until <= now,
        )
        .order_by(Registration.queue_number, Registration.id)
        .execution_options(populate_existing=True)
    ).all()
    for party in expired:
        capacity.release(session, workshop, capacity.get_hold(party))
        is_first = party.lapses == 0
        queue_values = {"queue_number": next_queue_number(workshop.id)} if is_first else {}
        transition(
            session,
            party.id,
            RegistrationStatus.OFFERED,
            StatusEvent.EXPIRE if is_first else StatusEvent.EXPIRE_SECOND,
            offered_until=None,
            slot_id=None,
            lapses=party.lapses + 1,
            is_released=party.is_beyond_share,  # its review is over
            **queue_values,
        )
        notifications.cancel_pending(session, party.id, NotificationType.OFFER)
        if party.contact is not ContactMethod.NONE:
            notifications.enqueue(session, party.id, NotificationType.OFFER_EXPIRED, now=now)
    if expired:
        offer_free_seats(session, workshop, now=now)
    return len(expired)


def extend_offers(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Gives open offers their full duration again, after the workshop was reinstated or moved.

    The duration starts in the morning where people are told by a text.
    """
    for is_of_contact, starts_at in (
        (sa.true(), now),
        (GETS_TEXTS, text_hours.find_next(workshop, now)),
    ):
        ends = compute_offer_end(workshop, starts_at)
        session.execute(
            sa.update(Registration)
            .where(
                Registration.workshop_id == workshop.id,
                Registration.status == RegistrationStatus.OFFERED,
                Registration.offered_until < ends,
                is_of_contact,
            )
            .values(offered_until=ends)
            .execution_options(synchronize_session=False)
        )


def delay_offer(connection: sa.Connection, notification_id: int, until: datetime) -> None:
    """Makes the time to answer an open offer start when its text is sent, unless it is too late
    then.
    """
    offer = connection.execute(
        sa.select(Registration.id, Workshop.starts_at)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .join(Notification, Notification.registration_id == Registration.id)
        .where(Notification.id == notification_id)
    ).first()
    if offer is None or until > offer.starts_at - NO_OFFER_BEFORE:
        return
    ends = _compute_offer_end(offer.starts_at, until)
    connection.execute(
        sa.update(Registration)
        .where(
            Registration.id == offer.id,
            Registration.status == RegistrationStatus.OFFERED,
            Registration.offered_until < ends,
        )
        .values(offered_until=ends)
        .execution_options(synchronize_session=False)
    )


def end_hold(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Offers the seats of a change whose undo window is over; returns how many parties got an
    offer.
    """
    capacity.lock(session, workshop)
    if workshop.undo_until is None or now < workshop.undo_until:
        return 0
    workshop.seats_left += workshop.held_seats
    workshop.held_seats, workshop.undo_until = 0, None
    session.flush()
    return offer_free_seats(session, workshop, now=now)


def list_workshops_to_end_hold(session: Session, now: datetime) -> Sequence[int]:
    """Returns the ids of the workshops whose undo window is over."""
    return session.scalars(sa.select(Workshop.id).where(Workshop.undo_until <= now)).all()


def list_workshops_with_expired_offers(session: Session, now: datetime) -> Sequence[int]:
    """The ids of published workshops with offers that have expired."""
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


def accept_offer(session: Session, registration: Registration, *, now: datetime) -> None:
    """Confirms a registration whose seat was offered. Raises RegistrationClosed where the offer has
    expired or the workshop takes place no more."""
    workshop = registration.workshop
    expire_offers(session, workshop, now=now)
    if workshop.status is not WorkshopStatus.PUBLISHED or now >= workshop.starts_at:
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    session.refresh(registration)
    if registration.status is RegistrationStatus.CONFIRMED:  # accepted twice
        return
    is_accepted = registration.status is RegistrationStatus.OFFERED and transition(
        session,
        registration.id,
        RegistrationStatus.OFFERED,
        StatusEvent.ACCEPT,
        offered_until=None,
        confirmed_at=now,  # so that reconfirmation does not ask again
    )
    if not is_accepted:
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    _count_arrived(session, registration)
    notifications.cancel_pending(
        session, registration.id, NotificationType.OFFER, NotificationType.OFFER_EXPIRED
    )
    notify_confirmed(session, registration, NotificationType.REGISTERED, now=now)


def rejoin(session: Session, registration: Registration, *, now: datetime) -> None:
    """Puts an expired registration at the end of the waitlist. Raises RegistrationClosed, or Full
    where the workshop has no waitlist."""
    workshop = capacity.lock_workshop_of(session, registration)
    if not workshop.is_open(now):
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    if not workshop.has_waiting_list:
        raise Full(f"workshop {workshop.public_id}")
    transition(
        session,
        registration.id,
        RegistrationStatus.EXPIRED,
        StatusEvent.REJOIN,
        queue_number=next_queue_number(workshop.id),
        lapses=0,
        asked_at=None,
        slot_id=None,
        appears_confirmed=False,
        is_released=registration.is_beyond_share,  # its review is over
    )
    notifications.cancel_pending(session, registration.id, NotificationType.OFFER_EXPIRED)
    offer_free_seats(session, workshop, now=now)


def grant_seat(session: Session, registration: Registration, *, now: datetime) -> None:
    """Confirms a waitlisted or offered registration on behalf of staff, whatever its position.
    Raises Full where it does not fit, and RegistrationClosed where its status allows no seat."""
    workshop = capacity.lock_workshop_of(session, registration)
    is_known_to_person = registration.apparent_status is RegistrationStatus.CONFIRMED
    if registration.status is RegistrationStatus.WAITLISTED:
        wanted = capacity.get_hold(registration)
        hold = capacity.reserve(session, workshop, wanted)
        if hold is None and not is_known_to_person:  # the hour that it asked for is taken
            hold = capacity.reserve(session, workshop, replace(wanted, slot_id=None))
        if hold is None:
            raise Full(f"workshop {workshop.public_id}")
        transition(
            session,
            registration.id,
            RegistrationStatus.WAITLISTED,
            StatusEvent.GRANT,
            slot_id=hold.slot_id,
            is_beyond_share=False,
            is_released=False,
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
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    _count_arrived(session, registration)
    if is_known_to_person:
        return
    notifications.cancel_pending(session, registration.id, NotificationType.OFFER)
    notify_confirmed(session, registration, NotificationType.SEAT_GRANTED, now=now)


def _count_arrived(session: Session, registration: Registration) -> None:
    """Counts people who had come without a seat among those with one."""
    if registration.arrived_count:
        totals.add(session, registration.workshop_id, {totals.SEATED: registration.arrived_count})


def list_expired(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """The expired registrations of a workshop whose personal data are still there."""
    return session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.EXPIRED,
            Registration.key_id.is_not(None),
        )
        .order_by(Registration.queue_number, Registration.id)
    ).all()


def get_position(session: Session, registration: Registration) -> int:
    """Returns the place of the party on the waitlist, from 1 on.

    Parties beyond their share do not count: they are passed over.
    """
    count_before = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .where(
            Registration.workshop_id == registration.workshop_id,
            Registration.status == RegistrationStatus.WAITLISTED,
            Registration.is_beyond_share.is_(False),
            sa.tuple_(Registration.queue_number, Registration.id)
            < sa.tuple_(sa.literal(registration.queue_number), sa.literal(registration.id)),
        )
    )
    return (count_before or 0) + 1


def _list_waiting(session: Session, workshop: Workshop) -> Sequence[WaitingParty]:
    return session.execute(_WAITING, {"workshop": workshop.id}).all()


_WAITING: Final = (
    sa.select(
        Registration.id,
        Registration.people,
        Registration.contact,
        Registration.may_leave_message,
        Registration.appears_confirmed,
    )
    .where(
        Registration.workshop_id == sa.bindparam("workshop"),
        Registration.status == RegistrationStatus.WAITLISTED,
        Registration.is_beyond_share.is_(False),
    )
    .order_by(Registration.queue_number, Registration.id)
)


def _count_seats_left(session: Session, workshop: Workshop) -> int:
    return session.scalar(sa.select(Workshop.seats_left).where(Workshop.id == workshop.id)) or 0
