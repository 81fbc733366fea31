"""Saving a place, changing it, giving it up."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.db.store import changes_one_row
from outreach.db.types import Codes
from outreach.domain.registrations import capacity, notifications, waitlist
from outreach.domain.registrations.capacity import CapacityHold
from outreach.domain.registrations.models import (
    SEAT_HOLDING_STATUSES,
    ContactMethod,
    Registration,
    RegistrationData,
    RegistrationStatus,
    SealedRegistration,
    digest,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.status import TRANSITIONS, StatusEvent
from outreach.domain.text import code
from outreach.domain.workshops import Workshop, WorkshopStatus, accommodations, time_slots
from outreach.errors import Closed, Full, NotFound, NotYet, Taken


def register(
    session: Session,
    workshop: Workshop,
    applicant: RegistrationData,
    ticket: SealedRegistration,
    nonce: str,
    *,
    now: datetime,
    joint_id: str | None = None,
) -> RegistrationStatus:
    """Gives the party its places or, when too few are left, its turn in the waiting list, and says
    which. `joint_id` is that of a registration over a series; only the first of them is written to.

    Raises NotYet, Closed, Taken when the hour or the last of a support has just gone, or Full where
    the organizer wants no list. A second registration with the same nonce breaks a constraint
    (IntegrityError): the first one stands.
    """
    if not workshop.is_open(now):
        raise (Closed if workshop.has_opened(now) else NotYet)(f"workshop {workshop.public_id}")
    held = _find_place(session, workshop, applicant, now)
    has_place = held is not None
    row = {
        "id": ticket.id,
        "workshop_id": workshop.id,
        "standing": RegistrationStatus.CONFIRMED if has_place else RegistrationStatus.WAITLISTED,
        "people": applicant.people,
        "contact": applicant.contact,
        "may_leave_message": applicant.may_leave_message,
        "wants_reminder": applicant.wants_reminder,
        "wants_entry": applicant.wants_entry,
        "language": applicant.language,
        "needs": applicant.needs,
        "key_id": ticket.key_id,
        "sealed": ticket.sealed,
        "manage": hashlib.sha256(keystore.derive(ticket.key, "manage")).digest(),
        "entry": hashlib.sha256(keystore.derive(ticket.key, "entry")).digest(),
        "door_code": code(6),
        "nonce": digest(nonce if joint_id in {None, ticket.id} else f"{nonce} {workshop.id}"),
        "registered_at": now,
        "queued_at": now,
        "arrived": 0,
        "slot_id": held.slot_id if held else None,
        "joint_id": joint_id,
        "lapses": 0,
        "changes": 0,
    }
    # A bare row, not an object: at the rush of a campaign everybody waits for this transaction.
    session.connection().execute(_NEW, row)
    if applicant.contact is not ContactMethod.NONE:
        if joint_id in {None, ticket.id}:
            cause = NotificationType.REGISTERED if has_place else NotificationType.WAITLISTED
            notifications.enqueue(session, ticket.id, cause, now=now)
        remind_at = workshop.remind_at
        if applicant.wants_reminder and has_place and now < remind_at:
            notifications.enqueue(
                session, ticket.id, NotificationType.REMINDER, now=now, due_at=remind_at
            )
    return RegistrationStatus.CONFIRMED if has_place else RegistrationStatus.WAITLISTED


_NEW: Final = sa.insert(Registration.__table__)  # type: ignore[arg-type]  # it is a Table


def _find_place(
    session: Session, workshop: Workshop, applicant: RegistrationData, now: datetime
) -> CapacityHold | None:
    """What the party has now; None: it waits. Raises Closed, Taken or Full."""
    is_late = waitlist.is_closed(workshop, now)
    held = None if is_late else _seat(session, workshop, applicant)
    if held is not None:
        return held
    # Whoever gives back a place looks for who waits, and would not see this party yet. So nobody
    # may give one back from here on, and what was given back just before is theirs.
    found = capacity.lock_and_read(session, workshop.id)
    if found.status is not WorkshopStatus.PUBLISHED:
        raise Closed(f"workshop {workshop.public_id}")
    others_first = is_late and waitlist.has_fitting_candidate(session, workshop)
    if found.seats_left >= applicant.people and not others_first:
        held = _seat(session, workshop, applicant)
    if held is None and not found.has_waiting_list:
        raise Full(f"workshop {workshop.public_id}")
    return held


def _seat(session: Session, workshop: Workshop, applicant: RegistrationData) -> CapacityHold | None:
    """Takes what the party asked for; None, and nothing is taken, where nothing is left that it
    would fit in. Raises Taken."""
    people = applicant.people
    if not capacity.reserve_seats(session, workshop.id, people):
        return None
    slot_id = None
    if workshop.has_slots:
        slot_id = _slot(session, workshop, applicant.slot, people)
        if slot_id is None:
            capacity.release_seats(session, workshop.id, people)
            return None
    _support(session, workshop, applicant.needs)
    return CapacityHold(people, applicant.needs, slot_id)


def _slot(session: Session, workshop: Workshop, hour: str, people: int) -> int | None:
    """Takes the hour; None when the party would fit in no other either. Raises Taken."""
    with suppress(NotFound):
        slot_id = time_slots.find(session, workshop, hour).id
        if time_slots.reserve(session, slot_id, people):
            return slot_id
    if time_slots.find_first_free(session, workshop.id, people) is None:
        return None
    raise Taken("")


def _support(session: Session, workshop: Workshop, needs: Codes) -> None:
    """Takes one of each that is limited. Raises Taken."""
    for need in sorted(needs):
        if not accommodations.reserve(session, workshop.id, [need]):
            raise Taken(need)


def register_group(
    session: Session,
    applications: Sequence[tuple[Workshop, SealedRegistration]],
    applicant: RegistrationData,
    nonce: str,
    *,
    now: datetime,
) -> None:
    """One person, all the dates of a series: a place in each, or a turn where one is full; or, if
    one of them cannot be had at all, nothing. The first is the date whose form was filled.
    Raises as `register` does."""
    (_first, leader), *_rest = applications
    capacity.lock_all(session, [workshop.id for workshop, _ticket in applications])
    for workshop, ticket in applications:
        register(session, workshop, applicant, ticket, nonce, now=now, joint_id=leader.id)


# Changing one's mind


@dataclass(frozen=True, kw_only=True)
class RegistrationChange:
    """What a party wants from now on."""

    people: int
    needs: Codes
    slot: str = ""  # its hour, as `10:20`; empty where there are no slots


def change(
    session: Session, registration: Registration, wanted: RegistrationChange, *, now: datetime
) -> None:
    """Another number of people, other needs, another hour. Raises Full or Taken, and changes
    nothing, when it does not fit; Closed when it is too late."""
    workshop = registration.workshop
    if not workshop.is_open(now):
        raise Closed(f"workshop {workshop.public_id}")
    capacity.lock(session, workshop)
    session.refresh(registration)
    if registration.status not in {RegistrationStatus.CONFIRMED, RegistrationStatus.WAITLISTED}:
        raise Closed(f"workshop {workshop.public_id}")
    slot_id = registration.slot_id
    if registration.status is RegistrationStatus.CONFIRMED:
        slot_id = _swap(session, registration, wanted, now)
    if slot_id != registration.slot_id:
        registration.changes += 1
    registration.people, registration.needs = wanted.people, wanted.needs
    registration.slot_id = slot_id
    session.flush()
    waitlist.offer_free_seats(session, workshop, now=now)


def _swap(
    session: Session, registration: Registration, wanted: RegistrationChange, now: datetime
) -> int | None:
    """Gives back what the party has and takes what it wants: its slot then."""
    workshop = registration.workshop
    is_more = wanted.people > registration.people
    is_more |= not set(wanted.needs) <= set(registration.needs)
    if (
        is_more
        and waitlist.is_closed(workshop, now)
        and waitlist.has_fitting_candidate(session, workshop)
    ):
        raise Full(f"workshop {workshop.public_id}")  # others were first
    capacity.release(session, workshop, capacity.get_hold(registration))
    if not capacity.reserve_seats(session, workshop.id, wanted.people):
        raise Full(f"workshop {workshop.public_id}")
    slot_id = registration.slot_id
    if slot_id is not None:
        if wanted.slot:
            slot_id = _hour(session, workshop, wanted.slot)
        if not time_slots.reserve(session, slot_id, wanted.people):
            raise Taken("")
    _support(session, workshop, wanted.needs)
    return slot_id


def _hour(session: Session, workshop: Workshop, hour: str) -> int:
    try:
        return time_slots.find(session, workshop, hour).id
    except NotFound:
        raise Taken("") from None


def cancel(session: Session, registration: Registration, *, now: datetime) -> None:
    """Cancels or forgets: before the day the places are free again at once; the row stays, empty.

    Its key is destroyed first (`ring.destroy`): from that moment no copy anywhere can be read.
    """
    workshop = registration.workshop
    is_ahead = now < workshop.starts_at
    # The workshop's row is locked first, always: two who cancel at once wait for each other.
    capacity.lock(session, workshop)
    session.refresh(registration)
    notifications.cancel_pending(session, registration.id)
    was, held = registration.status, capacity.get_hold(registration)
    values: dict[str, object] = dict(_EMPTY)
    if is_ahead and (was, StatusEvent.CANCEL) in TRANSITIONS:
        values |= {"status": TRANSITIONS[was, StatusEvent.CANCEL], "slot_id": None}
    emptied = changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.key_id.is_not(None))
        .values(**values),
    )
    if emptied and is_ahead and was in SEAT_HOLDING_STATUSES:
        capacity.release(session, workshop, held)
        waitlist.offer_free_seats(session, workshop, now=now)


# What is left of a row that nobody can read any more: that so many were there.
_EMPTY: Final[dict[str, object]] = {
    "key_id": None,
    "sealed": None,
    "manage": None,
    "entry": None,
    "door_code": None,
    "contact": ContactMethod.NONE,
    "needs": Codes(),
    "may_leave_message": False,
    "wants_reminder": False,
    "wants_entry": False,
    "joint_id": None,
    "offered_until": None,
}
