"""Registers parties for workshops, changes their registrations and cancels them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.db.types import Codes
from outreach.domain.registrations import (
    accommodations,
    capacity,
    notifications,
    totals,
    waitlist,
)
from outreach.domain.registrations.capacity import CapacityHold
from outreach.domain.registrations.models import (
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    RegistrationData,
    RegistrationStatus,
    SealedRegistration,
    TicketSharing,
    digest,
    next_queue_number,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.notify import enqueue_scheduled
from outreach.domain.registrations.status import TRANSITIONS, StatusEvent
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots
from outreach.errors import Conflict, Full, NotFound, RegistrationClosed, RegistrationNotOpen


def register(
    session: Session,
    workshop: Workshop,
    data: RegistrationData,
    sealed: SealedRegistration,
    form_id: str,
    *,
    now: datetime,
    joint_id: str | None = None,
    is_beyond_share: Callable[[Workshop], bool] = lambda workshop: False,
) -> RegistrationStatus:
    """Stores a registration and returns its status: confirmed, or waitlisted where seats are short.

    `joint_id` is the id of the first registration of a group; only that one is notified. A party
    that `is_beyond_share` of its network is waitlisted for review (`review.py`). Raises
    RegistrationNotOpen, RegistrationClosed, Conflict where the time slot or an accommodation has
    just been used up, or Full where the workshop has no waitlist. A second registration with the
    same form id violates a unique constraint (IntegrityError); the first one stays.
    """
    if not workshop.is_open(now):
        raise (RegistrationClosed if workshop.has_opened(now) else RegistrationNotOpen)(
            f"workshop {workshop.public_id}"
        )
    hold = reserve_or_waitlist(session, workshop, data, now)
    has_seat = hold is not None
    row = {
        "id": sealed.id,
        "workshop_id": workshop.id,
        "status": RegistrationStatus.CONFIRMED if has_seat else RegistrationStatus.WAITLISTED,
        "people": data.people,
        "contact": data.contact,
        "may_leave_message": data.may_leave_message,
        "takes_calls": data.takes_calls,
        "wants_reminder": data.wants_reminder,
        "wants_entry": data.wants_entry,
        "language": "",
        "needs": Codes(),
        "key_id": sealed.key_id,
        "sealed": sealed.sealed,
        "manage_digest": sealed.manage_digest,
        "entry_digest": sealed.entry_digest,
        "sealed_details": sealed.sealed_details,
        "code_digest": sealed.code_digest,
        "nonce": digest(form_id if joint_id in {None, sealed.id} else f"{form_id} {workshop.id}"),
        "registered_at": now,
        "arrived": 0,
        "slot_id": hold.slot_id if hold else None,
        "joint_id": joint_id,
        "lapses": 0,
        "changes": 0,
        "is_beyond_share": False,
        "appears_confirmed": False,
        "is_released": False,
        "sharing": TicketSharing.OPEN,
        "queue_workshop_id": workshop.id,
    }
    session.connection().execute(_INSERT, row)
    # After the insert, which fails for the second post of a form: it counts once.
    is_beyond = is_beyond_share(workshop)
    if is_beyond:
        put_under_review(session, workshop, sealed.id, hold)
    shows_seat = has_seat and (workshop.is_sensitive or not is_beyond)
    if data.contact is not ContactMethod.NONE:
        if joint_id in {None, sealed.id}:
            notification_type = (
                NotificationType.REGISTERED if shows_seat else NotificationType.WAITLISTED
            )
            notifications.enqueue(session, sealed.id, notification_type, now=now)
        if shows_seat:
            enqueue_scheduled(
                session, sealed.id, workshop, data.contact,
                wants_reminder=data.wants_reminder, now=now,
            )  # fmt: skip
    is_confirmed = has_seat and not is_beyond
    return RegistrationStatus.CONFIRMED if is_confirmed else RegistrationStatus.WAITLISTED


# An insert of one row is faster than the ORM, and all other registrations wait for this one. It is
# built once: to build it anew took a fifth of a save.
_INSERT: Final = sa.insert(Registration.__table__).values(  # type: ignore[arg-type]  # it is a Table
    queue_number=next_queue_number(sa.bindparam("queue_workshop_id", type_=sa.Integer))
)


def put_under_review(
    session: Session, workshop: Workshop, registration_id: str, hold: CapacityHold | None
) -> None:
    """Waitlists a party just stored, and releases what it holds (`review.py`). It keeps the hour
    that it asked for."""
    session.execute(
        sa.update(Registration)
        .where(Registration.id == registration_id)
        .values(
            status=RegistrationStatus.WAITLISTED,
            slot_id=hold.slot_id if hold is not None else None,
            is_beyond_share=True,
            is_released=False,
            appears_confirmed=hold is not None and workshop.is_sensitive,
        )
        .execution_options(synchronize_session=False)
    )
    if hold is not None:
        capacity.release(session, workshop, hold)


def reserve_or_waitlist(
    session: Session, workshop: Workshop, data: RegistrationData, now: datetime
) -> CapacityHold | None:
    """Reserves seats for the party and returns them; None where it goes to the waitlist.

    Raises RegistrationClosed, Conflict, Full.
    """
    is_late = waitlist.is_closed(workshop, now)
    hold = None if is_late else _reserve(session, workshop, data)
    if hold is not None:
        return hold
    # A cancellation offers its seats to the waitlist, where this party is not stored yet. The lock
    # keeps others from releasing seats from here on; those released just before are tried now.
    workshop_row = capacity.lock_and_read(session, workshop.id)
    if workshop_row.status is not WorkshopStatus.PUBLISHED:
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    has_others_first = is_late and waitlist.has_fitting_candidate(session, workshop)
    if workshop_row.seats_left >= data.people and not has_others_first:
        hold = _reserve(session, workshop, data)
    if hold is None and not workshop_row.has_waiting_list:
        raise Full(f"workshop {workshop.public_id}")
    return hold


def _reserve(session: Session, workshop: Workshop, data: RegistrationData) -> CapacityHold | None:
    """Reserves what the party asked for; returns None, and reserves nothing, where there is no
    room.

    Raises Conflict.
    """
    people = data.people
    if not capacity.reserve_seats(session, workshop.id, people):
        return None
    slot_id = None
    if workshop.has_slots:
        slot_id = _reserve_slot(session, workshop, data.slot, people)
        if slot_id is None:
            capacity.release_seats(session, workshop.id, people)
            return None
    hold = CapacityHold(people, data.needs, slot_id, data.language)
    _reserve_accommodations(session, workshop, hold)
    return hold


def _reserve_slot(session: Session, workshop: Workshop, hour: str, people: int) -> int | None:
    """Reserves the slot at that hour and returns its id; None where no slot has room for the party.

    Raises Conflict where only other slots have room. Who chose no hour where seats are
    hidden gets the first one: the page shows late which are free (`public_seats.py`).
    """
    if not hour and workshop.hides_seats:
        slot_id = time_slots.find_first_free(session, workshop.id, people)
        has_room = slot_id is not None and time_slots.reserve(session, slot_id, people)
        return slot_id if has_room else None
    with suppress(NotFound):
        slot_id = time_slots.find(session, workshop, hour).id
        if time_slots.reserve(session, slot_id, people):
            return slot_id
    if time_slots.find_first_free(session, workshop.id, people) is None:
        return None
    raise Conflict("")


def _reserve_accommodations(session: Session, workshop: Workshop, hold: CapacityHold) -> None:
    """Reserves one of each limited accommodation. Raises Conflict with the need that is used up."""
    need = accommodations.find_used_up(session, workshop.id, hold.needs)
    if need is not None:
        raise Conflict(need)
    capacity.count_party(session, workshop, hold, 1)


def register_group(
    session: Session,
    applications: Sequence[tuple[Workshop, SealedRegistration]],
    data: RegistrationData,
    form_id: str,
    *,
    now: datetime,
    is_beyond_share: Callable[[Workshop], bool] = lambda workshop: False,
) -> None:
    """Registers one person for several dates of a series, confirmed or waitlisted at each.

    The first application is the date whose form was filled in. Raises as `register` does; then the
    caller rolls back and none of the dates is stored."""
    _workshop, first = applications[0]
    capacity.lock_all(session, [workshop.id for workshop, _sealed in applications])
    for workshop, sealed in applications:
        register(
            session, workshop, data, sealed, form_id,
            now=now, joint_id=first.id, is_beyond_share=is_beyond_share,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RegistrationChange:
    """The people, needs, hour and channel that a party wants in place of those that it has."""

    people: int
    needs: Codes
    slot: str = ""  # its hour, as `10:20`; empty where there are no slots
    channel: str | None = None  # a `Channel`; None: as before
    is_only_reader: bool | None = None  # whether the phone is read by nobody else; None: as before


def change(
    session: Session, registration: Registration, requested: RegistrationChange, *, now: datetime
) -> None:
    """Changes the number of people, the needs or the time slot.

    Raises Full or Conflict where it does not fit (the caller rolls back), and
    RegistrationClosed where it is too late.
    """
    workshop = capacity.lock_workshop_of(session, registration)
    if not workshop.is_open(now):
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    if registration.status not in {RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED}:
        raise RegistrationClosed(f"workshop {workshop.public_id}")
    slot_id = registration.slot_id
    if registration.status is RegistrationStatus.CONFIRMED:
        slot_id = _exchange(session, registration, requested, now)
    elif slot_id is not None and requested.slot:  # it appears to hold a slot (`review.py`)
        slot_id = _find_slot_with_room(session, workshop, requested, slot_id)
    if slot_id != registration.slot_id:
        registration.changes += 1
    registration.people, registration.slot_id = requested.people, slot_id
    channel = registration.details.channel if requested.channel is None else requested.channel
    is_only_reader = registration.details.is_only_reader
    if requested.is_only_reader is not None:
        is_only_reader = requested.is_only_reader
    registration.change_details(
        needs=requested.needs, channel=channel, is_only_reader=is_only_reader
    )
    session.flush()
    waitlist.offer_free_seats(session, workshop, now=now)


def _exchange(
    session: Session, registration: Registration, requested: RegistrationChange, now: datetime
) -> int | None:
    """Releases what the party holds, reserves what it wants, and returns the id of its slot."""
    workshop = registration.workshop
    needs_more = requested.people > registration.people
    needs_more |= not set(requested.needs) <= set(registration.needs)
    if (
        needs_more
        and waitlist.is_closed(workshop, now)
        and waitlist.has_fitting_candidate(session, workshop)
    ):
        raise Full(f"workshop {workshop.public_id}")  # parties on the waitlist come first
    capacity.release(session, workshop, capacity.get_hold(registration))
    if not capacity.reserve_seats(session, workshop.id, requested.people):
        raise Full(f"workshop {workshop.public_id}")
    slot_id = registration.slot_id
    if slot_id is not None:
        if requested.slot:
            slot_id = _find_slot_id(session, workshop, requested.slot)
        if not time_slots.reserve(session, slot_id, requested.people):
            raise Conflict("")
    hold = CapacityHold(requested.people, requested.needs, slot_id, registration.language)
    _reserve_accommodations(session, workshop, hold)
    return slot_id


def _find_slot_with_room(
    session: Session, workshop: Workshop, requested: RegistrationChange, current_id: int
) -> int:
    """Returns the id of the time slot that the party wants, after checking that it has room.

    To check, a slot that the party does not hold is reserved and released again. Raises Conflict.
    """
    slot_id = _find_slot_id(session, workshop, requested.slot)
    if slot_id != current_id:
        if not time_slots.reserve(session, slot_id, requested.people):
            raise Conflict("")
        time_slots.release(session, slot_id, requested.people)
    return slot_id


def _find_slot_id(session: Session, workshop: Workshop, hour: str) -> int:
    try:
        return time_slots.find(session, workshop, hour).id
    except NotFound:
        raise Conflict("") from None


def cancel(
    session: Session,
    registration: Registration,
    *,
    now: datetime,
    opened: Registration | None = None,
) -> None:
    """Cancels a registration or erases its person. Before the workshop its seats are free at once.

    The row stays without personal data. The caller has destroyed its key first
    (`KeyStore.destroy`), so that no copy of the data can be read any more; `opened` is the same
    row with the details that were read before. Without it, as after a crash in between, the totals
    of the workshop are counted anew.
    """
    # Always lock the workshop's row first: two concurrent cancellations wait for each other.
    workshop = capacity.lock_workshop_of(session, registration)
    is_ahead = now < workshop.starts_at
    if opened is not None:
        registration.copy_details(opened)
    notifications.cancel_pending(session, registration.id)
    status, hold = registration.status, capacity.get_hold(registration)
    is_readable, arrived = registration.is_readable, registration.arrived_count
    # The nonce of the form is replaced once no such form can be sent any more (`reconcile`).
    values = {**_ERASED, "registered_at": now if is_ahead else workshop.starts_at}
    if is_ahead and (status, StatusEvent.CANCEL) in TRANSITIONS:
        values |= {"status": TRANSITIONS[status, StatusEvent.CANCEL], "slot_id": None}
    is_erased = changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.key_id.is_not(None))
        .values(**values),
    )
    if not (is_erased and is_ahead):
        return
    if arrived and status is RegistrationStatus.CONFIRMED:
        totals.add(session, workshop.id, {totals.SEATED: -arrived})
    if status in STATUSES_WITH_SEATS:
        capacity.release(session, workshop, hold)
    if not is_readable:
        totals.recount(session, workshop.id)
    if status in STATUSES_WITH_SEATS:
        waitlist.offer_free_seats(session, workshop, now=now)


# The values of an erased row: only the number of people stays.
_ERASED: Final[dict[str, object]] = {
    "key_id": None,
    "sealed": None,
    "manage_digest": None,
    "entry_digest": None,
    "sealed_details": None,
    "code_digest": None,
    "contact": ContactMethod.NONE,
    "may_leave_message": False,
    "takes_calls": False,
    "wants_reminder": False,
    "wants_entry": False,
    "joint_id": None,
    "offered_until": None,
    "approved_at": None,
    "approval_undo_until": None,
    "asked_at": None,
    "confirmed_at": None,
    "lapses": 0,
    "is_beyond_share": False,
    "appears_confirmed": False,
    "is_released": False,
    "is_declined": False,
    "sharing": TicketSharing.OPEN,
    "known_facts": None,
}
