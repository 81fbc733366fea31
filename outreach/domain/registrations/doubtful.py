"""Doubtful seats: the parties of a burst, which staff confirm or release in one act (S29).

The key store knows which parties are of a burst (`outreach/keystore/bursts.py`). A decision is
carried out UNDO_WITHIN later; until then nothing here has changed, so that undoing it is whole.
Released seats then go to the waitlist: a released party is waitlisted, gets no offer, and enters
like a walk-in. Where a party beyond its share is shown a seat (`review.py`), its page stays as it
was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keystore
from outreach.domain.registrations import capacity, notifications, review, waitlist
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    STATUSES_WITH_SEATS,
    Registration,
    RegistrationStatus,
    open_details,
)
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import BurstDecision
from outreach.keystore.bursts import BurstKeys

UNDO_WITHIN: Final = timedelta(minutes=5)
BATCH: Final = 500  # keys in one statement


@dataclass(frozen=True, kw_only=True)
class DoubtfulSeats:
    """How many people and seats one burst holds or asks for. It has numbers, and no names."""

    burst: BurstKeys
    registration_ids: Sequence[str]
    people: int
    seats: int  # people who hold a seat

    @property
    def parties(self) -> int:
        return len(self.registration_ids)


def count_seats(session: Session, bursts: Iterable[BurstKeys]) -> list[DoubtfulSeats]:
    """Returns what these bursts hold. A burst of which nothing is left is not in it."""
    counted = [_count(session, each) for each in bursts]
    return [each for each in counted if each.parties]


def _count(session: Session, burst: BurstKeys) -> DoubtfulSeats:
    rows = _list_parties(session, burst.workshop, burst.key_ids)
    return DoubtfulSeats(
        burst=burst,
        registration_ids=[row.id for row in rows],
        people=sum(row.people for row in rows),
        seats=sum(row.people for row in rows if row.status in STATUSES_WITH_SEATS),
    )


def carry_out(session: Session, workshop: Workshop, burst: BurstKeys, *, now: datetime) -> int:
    """Does what staff decided about a burst; returns how many parties it changed.

    Nothing changes where it is done again.
    """
    if burst.decision is BurstDecision.CONFIRM:
        capacity.lock(session, workshop)
        parties = _list_parties(session, workshop.id, burst.key_ids)
        return review.confirm(session, workshop, parties, now=now)
    return release(session, workshop, burst.key_ids, now=now)


def release(
    session: Session, workshop: Workshop, key_ids: Sequence[bytes], *, now: datetime
) -> int:
    """Releases the seats of these parties to the waitlist; returns how many parties it released.

    Nothing changes where the workshop has begun or takes place no more, nor when it is
    called again.
    """
    capacity.lock(session, workshop)
    if workshop.status is not WorkshopStatus.PUBLISHED or now >= workshop.starts_at:
        return 0
    parties = [
        each for each in _list_parties(session, workshop.id, key_ids) if not each.is_released
    ]
    for party in parties:
        _release(session, workshop, party)
    session.flush()
    waitlist.offer_free_seats(session, workshop, now=now)
    return len(parties)


def _release(session: Session, workshop: Workshop, party: Registration) -> None:
    if party.status not in STATUSES_WITH_SEATS:
        party.is_beyond_share = party.is_released = True
        return
    capacity.release(session, workshop, capacity.get_hold(party))
    # Where a party beyond its share is shown a seat, its own page does not change.
    shows_seat = workshop.is_sensitive and party.status is RegistrationStatus.CONFIRMED
    transition(
        session,
        party.id,
        party.status,
        StatusEvent.RELEASE,
        is_beyond_share=True,
        is_released=True,
        appears_confirmed=shows_seat,
        slot_id=party.slot_id if shows_seat else None,
        offered_until=None,
    )
    notifications.cancel_pending(session, party.id, NotificationType.OFFER)


def _list_parties(
    session: Session, workshop_id: int, key_ids: Sequence[bytes]
) -> list[Registration]:
    """Returns the parties with these keys of whom nobody has come yet, in the order of
    registration.
    """
    rows = [
        row
        for start in range(0, len(key_ids), BATCH)
        for row in session.scalars(
            sa.select(Registration)
            .where(
                Registration.key_id.in_(key_ids[start : start + BATCH]),
                Registration.workshop_id == workshop_id,
                Registration.status.in_(ACTIVE_STATUSES),
            )
            .execution_options(populate_existing=True)
        )
    ]
    open_details(keystore.of_session(session), rows)
    present = [each for each in rows if each.is_readable and not each.arrived_count]
    return sorted(present, key=lambda each: (each.queue_number, each.id))
