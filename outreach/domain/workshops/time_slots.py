"""Time slots: the hours of one-to-one consultations, with a number of places each.

A slot is stored as minutes after the start of its workshop, so that it moves with the workshop. Its
places are reserved by one conditional UPDATE; the capacity of the workshop is the sum of its slots.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.workshops import seat_states
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, NotFound, Refusal


class TimeSlot(Base):
    __tablename__ = "time_slot"
    __table_args__ = (
        sa.UniqueConstraint("workshop_id", "minute"),
        sa.CheckConstraint("seats_left >= 0", name="seats_left"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id", ondelete="CASCADE"))
    minute: Mapped[int]  # after the workshop's start, on its wall clock
    capacity: Mapped[int]
    seats_left: Mapped[int]
    # Whether the public sees the slot of a discreet workshop as free (`public_seats`).
    appears_free: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


def list_slots(session: Session, workshop: Workshop) -> Sequence[TimeSlot]:
    """The slots of a workshop, by hour."""
    return session.scalars(_OF_WORKSHOP, {"workshop": workshop.id}).all()


_OF_WORKSHOP: Final = (
    sa.select(TimeSlot)
    .where(TimeSlot.workshop_id == sa.bindparam("workshop"))
    .order_by(TimeSlot.minute)
)


def find(session: Session, workshop: Workshop, hour: str) -> TimeSlot:
    """Finds the slot that starts at an hour, written as `10:20`. Raises NotFound."""
    for slot in list_slots(session, workshop):
        if f"{get_start(workshop, slot.minute):%H:%M}" == hour:
            return slot
    raise NotFound("slot")


def get_start(workshop: Workshop, minute: int) -> time:
    """Returns the start of a slot on the wall clock; `minute` counts from the workshop's start."""
    return _wall_clock(workshop, minute).time()


def get_end(workshop: Workshop, minute: int) -> time:
    return _wall_clock(workshop, minute + (workshop.slot_minutes or 0)).time()


def get_day(workshop: Workshop, minute: int) -> date:
    """Returns the day of a slot, which after midnight is the one after the workshop's day."""
    return _wall_clock(workshop, minute).date()


def _wall_clock(workshop: Workshop, minute: int) -> datetime:
    # A wall clock has no zone.
    begin = datetime.combine(workshop.day, workshop.starts)
    return begin + timedelta(minutes=minute)


def list_offsets(starts: time, ends: time, every: int) -> list[int]:
    """Returns the minutes after the start at which slots of `every` minutes begin; only whole
    slots.
    """
    return list(range(0, count_minutes(starts, ends) - every + 1, every))


def count_minutes(starts: time, ends: time) -> int:
    """Counts the minutes from start to end; an end that is not after the start is on the next
    day.
    """
    minutes = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    return minutes if minutes > 0 else minutes + 24 * 60


def sync(session: Session, workshop: Workshop) -> None:
    """Creates and deletes slots so that they match the workshop's hours, and sums up its capacity.

    The caller has locked the workshop's row. Raises Refusal where a reserved slot would go."""
    minutes = list_offsets(workshop.starts, workshop.ends, workshop.slot_minutes or 1)
    # Rows that were read before the lock may be stale.
    fresh = _OF_WORKSHOP.execution_options(populate_existing=True)
    rows = session.scalars(fresh, {"workshop": workshop.id})
    existing = {slot.minute: slot for slot in rows}
    for minute in minutes:
        slot = existing.pop(minute, None)
        if slot is None:
            places = workshop.slot_places
            slot = TimeSlot(
                workshop_id=workshop.id, minute=minute, capacity=places, seats_left=places
            )
            session.add(slot)
        elif slot.capacity != workshop.slot_places:
            more = workshop.slot_places - slot.capacity
            if slot.seats_left + more < 0:
                raise _slot_taken(workshop, slot)
            slot.capacity += more
            slot.seats_left += more
    for slot in existing.values():
        if slot.seats_left < slot.capacity:
            raise _slot_taken(workshop, slot)
        session.delete(slot)
    session.flush()
    total, left = session.execute(
        sa.select(sa.func.sum(TimeSlot.capacity), sa.func.sum(TimeSlot.seats_left)).where(
            TimeSlot.workshop_id == workshop.id
        )
    ).one()
    workshop.capacity, workshop.seats_left = total or 0, left or 0
    workshop.shown_seats = compute_shown_seats(session, workshop.id)
    session.flush()


def compute_shown_seats(session: Session, workshop_id: int) -> int:
    """Computes how full a workshop is shown to be, from those of its slots that are shown as free.

    The result is one of the states of `seat_states`.
    """
    places = session.scalar(
        sa.select(sa.func.sum(TimeSlot.capacity)).where(
            TimeSlot.workshop_id == workshop_id, TimeSlot.appears_free.is_(True)
        )
    )
    return seat_states.compute_shown(places or 0)


def remove_all(session: Session, workshop: Workshop) -> None:
    """Deletes all slots of a workshop."""
    session.execute(sa.delete(TimeSlot).where(TimeSlot.workshop_id == workshop.id))


def _slot_taken(workshop: Workshop, slot: TimeSlot) -> Refusal:
    hour = get_start(workshop, slot.minute)
    return Refusal(ErrorCode.SLOT_TAKEN, hour=hour)


def reserve(session: Session, slot_id: int, people: int) -> bool:
    """Reserves places of a slot. Returns False where too few are left."""
    result = session.connection().execute(_RESERVE, {"slot": slot_id, "people": people})
    return result.rowcount == 1


def release(session: Session, slot_id: int, people: int) -> None:
    session.connection().execute(_RELEASE, {"slot": slot_id, "people": people})


def find_first_free(session: Session, workshop_id: int, people: int) -> int | None:
    """Returns the id of the earliest slot with that many places left; None if there is none."""
    return session.scalar(
        sa.select(TimeSlot.id)
        .where(TimeSlot.workshop_id == workshop_id, TimeSlot.seats_left >= people)
        .order_by(TimeSlot.minute)
        .limit(1)
    )


def find_nearest_free(session: Session, workshop_id: int, people: int, minute: int) -> int | None:
    """Returns the id of the free slot nearest to a minute after the start; None if there is none.

    Free means that `people` places are left. Of two slots that are as near, the earlier is taken.
    """
    distance = sa.func.abs(TimeSlot.minute - minute)
    return session.scalar(
        sa.select(TimeSlot.id)
        .where(TimeSlot.workshop_id == workshop_id, TimeSlot.seats_left >= people)
        .order_by(distance, TimeSlot.minute)
        .limit(1)
    )


_PEOPLE: Final = sa.bindparam("people", type_=sa.Integer)
_RESERVE: Final = (
    sa.update(TimeSlot)
    .where(TimeSlot.id == sa.bindparam("slot"), TimeSlot.seats_left >= _PEOPLE)
    .values(seats_left=TimeSlot.seats_left - _PEOPLE)
)
_RELEASE: Final = (
    sa.update(TimeSlot)
    .where(TimeSlot.id == sa.bindparam("slot"))
    .values(seats_left=TimeSlot.seats_left + _PEOPLE)
)
