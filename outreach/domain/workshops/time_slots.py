"""Slots: the hours of one-to-one consultations, with so many places each.

A slot is so many minutes after the start of its workshop, so that a workshop which moves takes its
slots along. Its places are counted as those of the workshop are, by one conditional statement; the
workshop's own count is the sum of theirs.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, NotFound, Refused


class TimeSlot(Base):
    __tablename__ = "slot"
    __table_args__ = (
        sa.UniqueConstraint("workshop_id", "minute"),
        sa.CheckConstraint("seats_left >= 0", name="seats_left"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id", ondelete="CASCADE"))
    minute: Mapped[int]  # after the workshop's start, on its wall clock
    capacity: Mapped[int]
    seats_left: Mapped[int]


def list_slots(session: Session, workshop: Workshop) -> Sequence[TimeSlot]:
    """In the order of the day."""
    return session.scalars(_OF_WORKSHOP, {"workshop": workshop.id}).all()


_OF_WORKSHOP: Final = (
    sa.select(TimeSlot)
    .where(TimeSlot.workshop_id == sa.bindparam("workshop"))
    .order_by(TimeSlot.minute)
)


def find(session: Session, workshop: Workshop, hour: str) -> TimeSlot:
    """The slot that starts at that hour, as `10:20`. Raises NotFound."""
    for slot in list_slots(session, workshop):
        if f"{get_start(workshop, slot.minute):%H:%M}" == hour:
            return slot
    raise NotFound("slot")


def get_start(workshop: Workshop, minute: int) -> time:
    """When a slot starts, on the wall clock of the venue."""
    return _at(workshop, minute).time()


def get_end(workshop: Workshop, minute: int) -> time:
    return _at(workshop, minute + (workshop.slot_minutes or 0)).time()


def get_day(workshop: Workshop, minute: int) -> date:
    """The day of a slot: of the small hours it is the next one."""
    return _at(workshop, minute).date()


def _at(workshop: Workshop, minute: int) -> datetime:
    # No zone: an hour on a clock on the wall.
    begin = datetime.combine(workshop.day, workshop.starts)
    return begin + timedelta(minutes=minute)


def list_offsets(starts: time, ends: time, every: int) -> list[int]:
    """The offsets of the slots of such a workshop: only whole ones."""
    return list(range(0, count_minutes(starts, ends) - every + 1, every))


def count_minutes(starts: time, ends: time) -> int:
    """Minutes between them; an end that is not after the start is of the next day."""
    minutes = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    return minutes if minutes > 0 else minutes + 24 * 60


def sync(session: Session, workshop: Workshop) -> None:
    """Makes the slots what the workshop's hours say, and its own count the sum of theirs.

    Raises Refused when that would take a place from somebody. The workshop's row is locked by the
    caller."""
    wanted = list_offsets(workshop.starts, workshop.ends, workshop.slot_minutes or 1)
    # What was read of them before the lock may be old.
    fresh = _OF_WORKSHOP.execution_options(populate_existing=True)
    rows = session.scalars(fresh, {"workshop": workshop.id})
    there = {slot.minute: slot for slot in rows}
    for minute in wanted:
        slot = there.pop(minute, None)
        if slot is None:
            places = workshop.slot_places
            slot = TimeSlot(
                workshop_id=workshop.id, minute=minute, capacity=places, seats_left=places
            )
            session.add(slot)
        elif slot.capacity != workshop.slot_places:
            more = workshop.slot_places - slot.capacity
            if slot.seats_left + more < 0:
                raise _taken(workshop, slot)
            slot.capacity += more
            slot.seats_left += more
    for slot in there.values():
        if slot.seats_left < slot.capacity:
            raise _taken(workshop, slot)
        session.delete(slot)
    session.flush()
    total, left = session.execute(
        sa.select(sa.func.sum(TimeSlot.capacity), sa.func.sum(TimeSlot.seats_left)).where(
            TimeSlot.workshop_id == workshop.id
        )
    ).one()
    workshop.capacity, workshop.seats_left = total or 0, left or 0
    session.flush()


def remove_all(session: Session, workshop: Workshop) -> None:
    """The workshop has no hours of its own any more."""
    session.execute(sa.delete(TimeSlot).where(TimeSlot.workshop_id == workshop.id))


def _taken(workshop: Workshop, slot: TimeSlot) -> Refused:
    hour = get_start(workshop, slot.minute)
    return Refused(ErrorCode.SLOT_TAKEN, hour=hour)


def reserve(session: Session, slot_id: int, people: int) -> bool:
    taken = session.connection().execute(_TAKE, {"slot": slot_id, "people": people})
    return taken.rowcount == 1


def release(session: Session, slot_id: int, people: int) -> None:
    session.connection().execute(_GIVE_BACK, {"slot": slot_id, "people": people})


def find_first_free(session: Session, workshop_id: int, people: int) -> int | None:
    """The id of the earliest slot with so many places."""
    return session.scalar(
        sa.select(TimeSlot.id)
        .where(TimeSlot.workshop_id == workshop_id, TimeSlot.seats_left >= people)
        .order_by(TimeSlot.minute)
        .limit(1)
    )


_PEOPLE: Final = sa.bindparam("people", type_=sa.Integer)
_TAKE: Final = (
    sa.update(TimeSlot)
    .where(TimeSlot.id == sa.bindparam("slot"), TimeSlot.seats_left >= _PEOPLE)
    .values(seats_left=TimeSlot.seats_left - _PEOPLE)
)
_GIVE_BACK: Final = (
    sa.update(TimeSlot)
    .where(TimeSlot.id == sa.bindparam("slot"))
    .values(seats_left=TimeSlot.seats_left + _PEOPLE)
)
