"""Moves a registration to another date of its kind: takes the new seat, then releases the old.

One transaction, and one row: it names one workshop at any instant, so nobody is on two dates. The
key and the links stay; the check-in code is found at the new workshop only (`code_digest`).

A discreet workshop takes no part. A registration there is a request of its own, with its own
consent and approval, and no row leads from it to another registration of the person.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.kinds import Way
from outreach.domain.registrations import (
    accommodations,
    capacity,
    notifications,
    service,
    waitlist,
)
from outreach.domain.registrations.models import (
    CODE_LENGTH,
    STATUSES_WITH_SEATS,
    ContactMethod,
    Registration,
    RegistrationData,
    RegistrationStatus,
    next_queue_number,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.notify import notify_confirmed
from outreach.domain.text import code
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.models import DeliveryMode
from outreach.errors import Conflict, Full, NotFound, RegistrationClosed
from outreach.keystore import KeyStore

# An unlisted workshop is for who has its link.
_WAYS: Final = frozenset({Way.PLACE, Way.SLOTS})
_STATUSES: Final = frozenset({WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED})


def is_movable(registration: Registration, now: datetime) -> bool:
    """Tells whether the person can move the registration to another date.

    It has a seat, the workshop has not begun and is not discreet, and nobody of the party has
    come. The workshop may be cancelled.
    """
    workshop = registration.workshop
    is_ahead = workshop.status in _STATUSES and now < workshop.starts_at
    has_seat = registration.apparent_status is RegistrationStatus.CONFIRMED
    return is_ahead and has_seat and not workshop.is_discreet and not registration.arrived_count


def can_receive(registration: Registration, target: Workshop) -> bool:
    """Tells whether the registration can move to the workshop `target`, full or not.

    It is of the same kind, and neither discreet nor unlisted. A telephone consultation needs a
    phone.
    """
    has_phone = registration.contact is ContactMethod.PHONE
    return (
        target.id != registration.workshop_id
        and target.kind_id == registration.workshop.kind_id
        and not target.is_discreet
        and target.way in _WAYS
        and (has_phone or target.mode is not DeliveryMode.PHONE_BANK)
    )


def list_own_workshops(session: Session, registration: Registration) -> set[int]:
    """Returns the ids of the workshops that its group registered for, its own included."""
    if registration.joint_id is None:
        return {registration.workshop_id}
    return set(
        session.scalars(
            sa.select(Registration.workshop_id).where(
                Registration.joint_id == registration.joint_id, Registration.key_id.is_not(None)
            )
        )
    )


def move(
    session: Session,
    key_store: KeyStore,
    registration: Registration,
    target: Workshop,
    *,
    now: datetime,
    slot: str = "",
    is_beyond_share: bool = False,
) -> bool:
    """Moves a registration. Returns False where it is at `target` already, because the form was
    posted twice.

    The seat is taken as by a registration: not from parties on the waitlist that come first.
    A party that `is_beyond_share` of its network at a workshop of high sensitivity is shown
    its seat, and confirmed later (`review.py`). Raises NotFound where the target is no date
    for it, RegistrationClosed where it can be moved no more or the target takes no
    registrations, Full where it has no room, Conflict with the need that is not left, or
    with "" where the slot is taken. Then the caller rolls back; the old seat is kept.
    """
    source = registration.workshop
    capacity.lock_all(session, [source.id, target.id])
    for workshop in (source, target):
        capacity.lock(session, workshop)
    # The row too: a renewal of its links (`store_links`) locks no workshop.
    session.execute(
        sa.select(Registration.id).where(Registration.id == registration.id).with_for_update()
    )
    session.refresh(registration)
    if registration.workshop_id == target.id and registration.key_id is not None:
        return False
    if registration.workshop_id != source.id or not is_movable(registration, now):
        raise RegistrationClosed(f"workshop {source.public_id}")
    if not can_receive(registration, target):
        raise NotFound(f"workshop {target.public_id}")
    if target.id in list_own_workshops(session, registration):
        raise NotFound(f"workshop {target.public_id}")
    old = capacity.get_hold(registration)
    held = registration.status in STATUSES_WITH_SEATS  # or it is only shown a seat (`review.py`)
    new = _reserve(session, registration, target, slot, now)
    _store(session, key_store, registration, target, new.slot_id)
    if is_beyond_share:
        registration.registered_at = now  # its review follows from it
        session.flush()
        service.put_under_review(session, target, registration.id, new)
        session.refresh(registration)
    if held:
        capacity.release(session, source, old)
    notifications.clear_for_move(session, registration.id)
    notify_confirmed(session, registration, NotificationType.MOVED, now=now)
    session.flush()
    waitlist.offer_free_seats(session, source, now=now)
    return True


def _reserve(
    session: Session,
    registration: Registration,
    target: Workshop,
    slot: str,
    now: datetime,
) -> capacity.CapacityHold:
    """Reserves for the party at the new workshop and returns what it holds there.

    Raises RegistrationClosed, Full, Conflict.
    """
    if not target.is_open(now):
        raise RegistrationClosed(f"workshop {target.public_id}")
    if registration.people > target.party_limit:
        raise Full(f"workshop {target.public_id}")
    missing = [
        need for need in registration.needs if need not in accommodations.list_offered(target)
    ]
    if missing:
        raise Conflict(missing[0])
    data = RegistrationData(
        name="",
        people=registration.people,
        needs=registration.needs,
        language=registration.language,
        slot=slot,
    )
    hold = service.reserve_or_waitlist(session, target, data, now)
    if hold is None:
        raise Full(f"workshop {target.public_id}")
    return hold


def _store(
    session: Session,
    key_store: KeyStore,
    registration: Registration,
    target: Workshop,
    slot_id: int | None,
) -> None:
    """Makes the registration one of the new workshop; nothing of the old one stays in its row."""
    source, key = registration.workshop, key_store.get(registration.key_id or b"")
    registration.open_with(key)
    details = registration.details
    digest = key_store.code_digest(target.id, details.code)
    while _is_taken(session, digest):
        details = replace(details, code=code(CODE_LENGTH))
        digest = key_store.code_digest(target.id, details.code)
    registration.seal(details, key)
    registration.code_digest = digest
    # A calendar knows the entry by its UID, and takes a change for one only with a higher SEQUENCE.
    behind = source.sequence + registration.changes - target.sequence
    registration.changes = max(0, behind) + 1
    registration.queue_number = session.scalar(sa.select(next_queue_number(target.id))) or 1
    registration.slot_id = slot_id
    registration.approved_at = registration.asked_at = registration.confirmed_at = None
    registration.offered_until, registration.lapses = None, 0
    registration.approval_undo_until = None
    registration.is_declined, registration.known_facts = False, None
    registration.status = RegistrationStatus.CONFIRMED
    registration.is_beyond_share = registration.is_released = False
    registration.appears_confirmed = False
    registration.workshop = target
    session.flush()
    session.refresh(registration, ("slot",))


def _is_taken(session: Session, digest: bytes) -> bool:
    """Whether somebody has this check-in code at that workshop, whose row is locked."""
    found = sa.select(Registration.id).where(Registration.code_digest == digest)
    return session.scalar(found) is not None
