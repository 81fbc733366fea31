"""Capacity of a workshop: reserves seats, time slots and accommodations, and releases them.

Seats and slots are reserved by one conditional UPDATE each, so that no two parties get the same one
on either database; accommodations are counted while the workshop's row is locked. A party holds its
seats, its time slot where there are slots, and one of each limited accommodation it needs: all of
it or nothing. The workshop's row is always locked first, so that concurrent transactions wait for
each other there and do not deadlock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import accommodations, totals
from outreach.domain.registrations.models import Registration
from outreach.domain.workshops import Workshop, WorkshopStatus, time_slots


@dataclass(frozen=True)
class CapacityHold:
    """What a party holds or wants: seats, accommodations and a time slot (None: any)."""

    people: int
    needs: Iterable[str] = ()
    slot_id: int | None = None
    language: str = ""


def get_hold(registration: Registration) -> CapacityHold:
    """Returns what the party of a registration holds, or would hold with a seat."""
    details = registration.details
    return CapacityHold(registration.people, details.needs, registration.slot_id, details.language)


def lock(session: Session, workshop: Workshop) -> None:
    """Locks the workshop's row until the transaction ends, and refreshes what others may have
    changed."""
    # FOR NO KEY UPDATE: a stronger lock would conflict with the foreign keys of new registrations,
    # and two transactions that have just made one would deadlock.
    session.refresh(workshop, _SHARED_COLUMNS, with_for_update={"key_share": True})


def lock_workshop_of(session: Session, registration: Registration) -> Workshop:
    """Locks the row of a registration's workshop, refreshes both and returns the workshop.

    While we waited, its person may have moved it to another one (`moving.py`), which is
    locked then.
    """
    while True:
        workshop = registration.workshop
        # Going back to it releases the row of the workshop that was left: who holds one row and
        # waits for another, not in the order of their ids, could deadlock with `lock_all`.
        savepoint = session.begin_nested()
        lock(session, workshop)
        session.refresh(registration)
        if registration.workshop_id == workshop.id:
            savepoint.commit()
            return workshop
        savepoint.rollback()
        session.refresh(registration)


# The columns that others may have changed while we waited, as far as rules here read them.
_SHARED_COLUMNS: Final = (
    "status", "starts_at", "seats_left", "held_seats", "undo_until",
)  # fmt: skip


def lock_all(session: Session, workshop_ids: Iterable[int]) -> None:
    """Locks several workshops, always in the order of their ids, so that two transactions cannot
    deadlock."""
    session.execute(_LOCK.where(Workshop.id.in_(workshop_ids)).order_by(Workshop.id)).all()


def lock_and_read(session: Session, workshop_id: int) -> sa.Row[WorkshopStatus, int, bool]:
    """Locks a workshop's row and returns its status, seats_left and has_waiting_list."""
    return session.execute(_LOCK.where(Workshop.id == workshop_id)).one()


_LOCK: Final = sa.select(
    Workshop.status, Workshop.seats_left, Workshop.has_waiting_list
).with_for_update(key_share=True)


def reserve(session: Session, workshop: Workshop, wanted: CapacityHold) -> CapacityHold | None:
    """Reserves all that is wanted and returns it with the slot's id.

    Returns None, and reserves nothing, where a part is missing.
    """
    if not reserve_seats(session, workshop.id, wanted.people):
        return None
    slot_id = wanted.slot_id
    if workshop.has_slots:
        slot_id = slot_id or time_slots.find_first_free(session, workshop.id, wanted.people)
        if slot_id is None or not time_slots.reserve(session, slot_id, wanted.people):
            release_seats(session, workshop.id, wanted.people)
            return None
    if accommodations.find_used_up(session, workshop.id, wanted.needs) is not None:
        release(session, workshop, CapacityHold(wanted.people, (), slot_id))
        return None
    hold = CapacityHold(wanted.people, wanted.needs, slot_id, wanted.language)
    count_party(session, workshop, hold, 1)
    return hold


def release(session: Session, workshop: Workshop, hold: CapacityHold) -> None:
    """Releases all that a party holds."""
    release_seats(session, workshop.id, hold.people)
    if hold.slot_id is not None:
        time_slots.release(session, hold.slot_id, hold.people)
    count_party(session, workshop, hold, -1)


def count_party(session: Session, workshop: Workshop, hold: CapacityHold, number: int) -> None:
    """Adds a party (or with -1 subtracts it) to the totals of needs and languages."""
    party = totals.of_party(hold.needs, hold.language)
    if party:
        totals.add(session, workshop.id, dict.fromkeys(party, number))


_PEOPLE: Final = sa.bindparam("people", type_=sa.Integer)
_RESERVE: Final = (
    sa.update(Workshop)
    .where(
        Workshop.id == sa.bindparam("workshop"),
        Workshop.seats_left >= _PEOPLE,
        Workshop.status == WorkshopStatus.PUBLISHED,
    )
    .values(seats_left=Workshop.seats_left - _PEOPLE)
)
_RELEASE: Final = (
    sa.update(Workshop)
    .where(Workshop.id == sa.bindparam("workshop"))
    .values(seats_left=Workshop.seats_left + _PEOPLE)
)


def reserve_seats(session: Session, workshop_id: int, people: int) -> bool:
    """Reserves seats if enough are left, in one statement."""
    parameters = {"workshop": workshop_id, "people": people}
    return session.connection().execute(_RESERVE, parameters).rowcount == 1


def release_seats(session: Session, workshop_id: int, people: int) -> None:
    session.connection().execute(_RELEASE, {"workshop": workshop_id, "people": people})
