"""Places: taken by conditional statements in the transaction that needs them, and given back.
No two parties get the same one, on either database.

A party holds its seats, its hour where there are hours, and one of each limited support it asked
for: all of it or nothing. The workshop's row always comes first, so that two who want the same
wait for each other there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations.models import Registration
from outreach.domain.workshops import Workshop, WorkshopStatus, accommodations, time_slots


@dataclass(frozen=True)
class CapacityHold:
    """What a party wants: so many seats, an hour or any (None), the support it needs."""

    people: int
    needs: Iterable[str] = ()
    slot_id: int | None = None


def get_hold(registration: Registration) -> CapacityHold:
    return CapacityHold(registration.people, registration.needs, registration.slot_id)


def lock(session: Session, workshop: Workshop) -> None:
    """Nobody else takes or gives back a place of this workshop until the transaction ends; and what
    others have just changed of it is seen."""
    # As strong as a change of its row is, and no stronger: a new registration points at the row,
    # and two who have just made one would each wait for the other.
    session.refresh(workshop, _SHARED, with_for_update={"key_share": True})


# What others may change of a workshop while we wait for it, and the rules here ask for.
_SHARED: Final = ("status", "starts_at", "seats_left")


def lock_all(session: Session, workshop_ids: Iterable[int]) -> None:
    """The same for several, always in one order: two who want the same two wait, not each for the
    other."""
    session.execute(_LOCK.where(Workshop.id.in_(workshop_ids)).order_by(Workshop.id)).all()


def lock_and_read(session: Session, workshop_id: int) -> sa.Row[WorkshopStatus, int, bool]:
    """Locks it too, for who has only its id or read it a while ago: how it stands, how many seats
    are left, whether one may wait."""
    return session.execute(_LOCK.where(Workshop.id == workshop_id)).one()


_LOCK: Final = sa.select(
    Workshop.status, Workshop.seats_left, Workshop.has_waiting_list
).with_for_update(key_share=True)


def reserve(session: Session, workshop: Workshop, wanted: CapacityHold) -> CapacityHold | None:
    """Takes all of it, and says with which hour; None, and nothing is taken, if some is missing."""
    if not reserve_seats(session, workshop.id, wanted.people):
        return None
    slot_id = wanted.slot_id
    if workshop.has_slots:
        slot_id = slot_id or time_slots.find_first_free(session, workshop.id, wanted.people)
        if slot_id is None or not time_slots.reserve(session, slot_id, wanted.people):
            release_seats(session, workshop.id, wanted.people)
            return None
    if not accommodations.reserve(session, workshop.id, wanted.needs):
        release(session, workshop, CapacityHold(wanted.people, (), slot_id))
        return None
    return CapacityHold(wanted.people, wanted.needs, slot_id)


def release(session: Session, workshop: Workshop, held: CapacityHold) -> None:
    release_seats(session, workshop.id, held.people)
    if held.slot_id is not None:
        time_slots.release(session, held.slot_id, held.people)
    accommodations.release(session, workshop.id, held.needs)


_PEOPLE: Final = sa.bindparam("people", type_=sa.Integer)
_TAKE: Final = (
    sa.update(Workshop)
    .where(
        Workshop.id == sa.bindparam("workshop"),
        Workshop.seats_left >= _PEOPLE,
        Workshop.status == WorkshopStatus.PUBLISHED,
    )
    .values(seats_left=Workshop.seats_left - _PEOPLE)
)
_GIVE_BACK: Final = (
    sa.update(Workshop)
    .where(Workshop.id == sa.bindparam("workshop"))
    .values(seats_left=Workshop.seats_left + _PEOPLE)
)


def reserve_seats(session: Session, workshop_id: int, people: int) -> bool:
    """Takes seats if there are as many, in one statement: no two parties get the same one."""
    taken = session.connection().execute(_TAKE, {"workshop": workshop_id, "people": people})
    return taken.rowcount == 1


def release_seats(session: Session, workshop_id: int, people: int) -> None:
    session.connection().execute(_GIVE_BACK, {"workshop": workshop_id, "people": people})
