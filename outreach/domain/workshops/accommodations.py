"""Accommodations with a limit: childcare, and interpreters by language. A party with the need takes
one place of it. A need without a limit has no row.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.workshops.models import Workshop
from outreach.errors import ErrorCode, Refusal


class AccommodationCapacity(Base):
    __tablename__ = "support_left"
    __table_args__ = (sa.CheckConstraint("seats_left >= 0", name="seats_left"),)

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    need: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    capacity: Mapped[int]
    seats_left: Mapped[int]
    # At a discreet workshop: whether the public sees that one is left (`public_seats`).
    appears_free: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


def get_left(session: Session, workshop_id: int) -> Mapping[str, int]:
    """How many places of each accommodation are left, by need; an absent need has no limit."""
    rows = session.execute(
        sa.select(AccommodationCapacity.need, AccommodationCapacity.seats_left).where(
            AccommodationCapacity.workshop_id == workshop_id
        )
    )
    return {row[0]: row[1] for row in rows}


def list_used_up(session: Session, workshop: Workshop, *, as_shown: bool = False) -> set[str]:
    """The needs of which none is left; `as_shown`: as the public of a discreet workshop sees it."""
    if not workshop.support:
        return set()
    is_used_up = (
        AccommodationCapacity.appears_free.is_(False)
        if as_shown
        else AccommodationCapacity.seats_left == 0
    )
    return set(
        session.scalars(
            sa.select(AccommodationCapacity.need).where(
                AccommodationCapacity.workshop_id == workshop.id, is_used_up
            )
        )
    )


def reserve(session: Session, workshop_id: int, needs: Iterable[str]) -> bool:
    """Reserves one of each limited accommodation; False, and nothing is reserved, where one is used
    up."""
    reserved: list[str] = []
    for need in _sort_limited(needs):
        # Asks the rows: the workshop may have been read before a limit was set.
        result = session.connection().execute(_RESERVE, {"workshop": workshop_id, "what": need})
        if result.rowcount == 1:
            reserved.append(need)
        elif need in get_left(session, workshop_id):
            release(session, workshop_id, reserved)
            return False
    return True


def release(session: Session, workshop_id: int, needs: Iterable[str]) -> None:
    for need in _sort_limited(needs):
        session.connection().execute(_RELEASE, {"workshop": workshop_id, "what": need})


def sync(session: Session, workshop: Workshop, used: Mapping[str, int]) -> None:
    """Makes the rows match `workshop.support`. `used` is how many parties that hold seats have each
    need. Raises Refusal where a limit is less than that."""
    existing = {
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
            raise Refusal(ErrorCode.ACCOMMODATION_PROMISED, promised=promised)
        row = existing.pop(need, None)
        if row is None:
            row = AccommodationCapacity(
                workshop_id=workshop.id, need=need, capacity=0, seats_left=0
            )
            session.add(row)
        row.capacity, row.seats_left = capacity, capacity - promised
    for row in existing.values():
        session.delete(row)
    session.flush()


def _sort_limited(needs: Iterable[str]) -> list[str]:
    """The needs that can have a limit, sorted so that concurrent transactions do not deadlock."""
    return sorted(need for need in needs if need.startswith(_LIMITED_PREFIXES))


_LIMITED_PREFIXES: Final = ("childcare", "interpreter-")


_ROW: Final = sa.and_(
    AccommodationCapacity.workshop_id == sa.bindparam("workshop"),
    AccommodationCapacity.need == sa.bindparam("what"),
)
_RESERVE: Final = (
    sa.update(AccommodationCapacity)
    .where(_ROW, AccommodationCapacity.seats_left >= 1)
    .values(seats_left=AccommodationCapacity.seats_left - 1)
)
_RELEASE: Final = (
    sa.update(AccommodationCapacity)
    .where(_ROW)
    .values(seats_left=AccommodationCapacity.seats_left + 1)
)
