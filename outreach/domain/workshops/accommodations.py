"""Support: what some need so as to come, of which there may be only so much: childcare, and an
interpreter of each language. One party with the need takes one place of it.

A need without a limit has no row here.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, Refused


class AccommodationCapacity(Base):
    __tablename__ = "support_left"
    __table_args__ = (sa.CheckConstraint("seats_left >= 0", name="seats_left"),)

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    need: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    capacity: Mapped[int]
    seats_left: Mapped[int]


def get_left(session: Session, workshop_id: int) -> Mapping[str, int]:
    """How many parties can still have each need met; a need that is absent has no limit."""
    rows = session.execute(
        sa.select(AccommodationCapacity.need, AccommodationCapacity.seats_left).where(
            AccommodationCapacity.workshop_id == workshop_id
        )
    )
    return {row[0]: row[1] for row in rows}


def reserve(session: Session, workshop_id: int, needs: Iterable[str]) -> bool:
    """Takes one of each limited need, or, when one of them is used up, none."""
    taken: list[str] = []
    for need in _limited(needs):
        # The rows are asked, not the workshop: it may have been read before a limit was set.
        found = session.connection().execute(_TAKE, {"workshop": workshop_id, "what": need})
        if found.rowcount == 1:
            taken.append(need)
        elif need in get_left(session, workshop_id):
            release(session, workshop_id, taken)
            return False
    return True


def release(session: Session, workshop_id: int, needs: Iterable[str]) -> None:
    for need in _limited(needs):
        session.connection().execute(_GIVE_BACK, {"workshop": workshop_id, "what": need})


def sync(session: Session, workshop: Workshop, used: Mapping[str, int]) -> None:
    """Makes the rows what `workshop.support` says; `used` is how many parties with a place have
    each need. Raises Refused for less than has been promised."""
    there = {
        row.need: row
        for row in session.scalars(
            sa.select(AccommodationCapacity)
            .where(AccommodationCapacity.workshop_id == workshop.id)
            .execution_options(populate_existing=True)
        )
    }
    for need, capacity in workshop.support.items():
        promised = used.get(need, 0)
        if capacity < promised:
            raise Refused(ErrorCode.ACCOMMODATION_PROMISED, promised=promised)
        row = there.pop(need, None)
        if row is None:
            row = AccommodationCapacity(
                workshop_id=workshop.id, need=need, capacity=0, seats_left=0
            )
            session.add(row)
        row.capacity, row.seats_left = capacity, capacity - promised
    for row in there.values():
        session.delete(row)
    session.flush()


def _limited(needs: Iterable[str]) -> list[str]:
    """Those of which there may be a limit; nobody is asked about the others."""
    # In one order, always: two who take the same two wait for each other in turn.
    return sorted(need for need in needs if need.startswith(_COUNTED))


_COUNTED: Final = ("childcare", "interpreter-")


_ROW: Final = sa.and_(
    AccommodationCapacity.workshop_id == sa.bindparam("workshop"),
    AccommodationCapacity.need == sa.bindparam("what"),
)
_TAKE: Final = (
    sa.update(AccommodationCapacity)
    .where(_ROW, AccommodationCapacity.seats_left >= 1)
    .values(seats_left=AccommodationCapacity.seats_left - 1)
)
_GIVE_BACK: Final = (
    sa.update(AccommodationCapacity)
    .where(_ROW)
    .values(seats_left=AccommodationCapacity.seats_left + 1)
)
