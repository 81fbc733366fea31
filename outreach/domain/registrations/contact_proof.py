"""Proofs of contact: whoever opens the link of our letter or text gets a seat that was kept (S29).

A party that finds only kept seats (`kept_seats.py`) is waitlisted with a claim. The link in its
letter or text has a code that the page after the registration does not have: only who reads the
messages to that contact knows it.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.domain.registrations import capacity, kept_seats, waitlist
from outreach.domain.registrations.models import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    SeatClaim,
)
from outreach.domain.registrations.notifications import NotificationType, cancel_pending
from outreach.domain.registrations.notify import notify_confirmed
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop

CODE_LENGTH: Final = 11  # of base64: 66 bits


def derive_code(key: bytes, address: str) -> str:
    """The code in the link of a message to this contact; another contact has another code."""
    code = keystore.derive(key, f"contact {address.strip().lower()}")
    return base64.urlsafe_b64encode(code).decode()[:CODE_LENGTH]


def is_code(text: str, key: bytes, address: str) -> bool:
    return hmac.compare_digest(text.encode(), derive_code(key, address).encode())


def is_awaited(registration: Registration, now: datetime) -> bool:
    """Whether the party can still prove its contact, and gets a kept seat by it."""
    return (
        registration.status is RegistrationStatus.WAITLISTED
        and registration.claim is SeatClaim.OPEN
        and registration.contact is not ContactMethod.NONE
        and now < registration.registered_at + kept_seats.PROVE_WITHIN
        and registration.workshop.is_open(now)
    )


def accept(session: Session, group: Sequence[Registration], *, now: datetime) -> None:
    """Confirms a party, at all dates of its group, whose contact is proven: where seats are kept
    and one is left. Where none is, it goes on waiting and is offered the next one."""
    capacity.lock_all(session, [each.workshop_id for each in group])
    for registration in group:
        session.refresh(registration)
        if is_awaited(registration, now):
            _accept_one(session, registration, now)


def _accept_one(session: Session, registration: Registration, now: datetime) -> None:
    workshop = registration.workshop
    registration.claim = SeatClaim.PROVEN
    session.flush()
    if not kept_seats.count(session, workshop.id, now=now):
        waitlist.offer_free_seats(session, workshop, now=now)  # in its turn
        return
    hold = capacity.reserve(session, workshop, capacity.get_hold(registration))
    if hold is None:
        return
    transition(
        session,
        registration.id,
        RegistrationStatus.WAITLISTED,
        StatusEvent.GRANT,
        slot_id=hold.slot_id,
    )
    cancel_pending(session, registration.id, NotificationType.WAITLISTED)
    notify_confirmed(session, registration, NotificationType.REGISTERED, now=now)


def list_workshops_to_open(session: Session, now: datetime) -> Sequence[int]:
    """The ids of workshops whose kept seats are open to everybody now."""
    is_over = sa.or_(Workshop.kept_until <= now, Workshop.starts_at <= now + kept_seats.OPEN_BEFORE)
    return session.scalars(
        sa.select(Workshop.id).where(Workshop.kept_until.is_not(None), is_over)
    ).all()


def open_kept_seats(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Offers the seats that were kept to the waitlist, in its order; returns to how many
    parties."""
    capacity.lock(session, workshop)
    if kept_seats.is_kept(workshop, now):  # a registration kept them again meanwhile
        return 0
    workshop.kept_until = None
    session.flush()
    return waitlist.offer_free_seats(session, workshop, now=now)
