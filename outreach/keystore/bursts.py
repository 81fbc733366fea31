"""Bursts: registrations of one network beyond its share, for staff to decide (S29).

`seat_shares` makes them. A burst is a random id, which only keys name: nothing in it leads to an
address, whose digest goes with the key of the day, and nothing in the main database leads to it.
Staff confirm or release it, which ends it; after LIFETIME it ends by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.keystore.models import Burst, BurstDecision, Key, SeatShare

LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class BurstKeys:
    """A burst at one workshop that is not decided, or whose decision can still be undone. The burst
    of a course is at each of its workshops; a registration that moves to another date stays in its
    burst."""

    id: bytes
    workshop: int
    began_at: datetime  # to the hour
    decision: BurstDecision | None
    due_at: datetime | None  # when the decision is carried out
    key_ids: Sequence[bytes]  # only registrations that are not erased have one


def list_bursts(
    store: Store, today: date, *, workshops: Collection[int] | None = None
) -> list[BurstKeys]:
    """The bursts at these workshops, or at all, the oldest first."""
    wanted = _RECENT if workshops is None else _RECENT.where(Key.workshop.in_(workshops))
    with store.read() as session:
        rows = session.execute(wanted, {"since": today - LIFETIME}).all()
    keys: dict[tuple[bytes, int], list[bytes]] = {}
    bursts: dict[bytes, Burst] = {}
    for burst, workshop, key_id in rows:
        bursts[burst.id] = burst
        keys.setdefault((burst.id, workshop), []).append(key_id)
    return [
        BurstKeys(
            id=burst_id,
            workshop=workshop,
            began_at=bursts[burst_id].began_at,
            decision=bursts[burst_id].decision,
            due_at=bursts[burst_id].due_at,
            key_ids=key_ids,
        )
        for (burst_id, workshop), key_ids in keys.items()
    ]


_RECENT: Final = (
    sa.select(Burst, Key.workshop, Key.id)
    .join(Key, Key.burst == Burst.id)
    .where(Burst.day > sa.bindparam("since", type_=sa.Date))
    .order_by(Burst.began_at, Burst.id, Key.workshop, Key.id)
)


def decide(
    store: Store, burst_ids: Collection[bytes], decision: BurstDecision, *, due_at: datetime
) -> None:
    """Decides these bursts, which can be undone until `due_at`. What their networks register from
    now on is of another burst."""
    with store.change() as session:
        _detach(session, burst_ids)
        session.execute(
            sa.update(Burst)
            .where(Burst.id.in_(burst_ids), Burst.due_at.is_(None))
            .values(decision=decision, due_at=due_at)
        )


def undo(store: Store, burst_ids: Collection[bytes], *, now: datetime) -> int:
    """Takes back the decisions that can still be undone. Returns of how many bursts."""
    with store.change() as session:
        undone = session.execute(
            sa.update(Burst)
            .where(Burst.id.in_(burst_ids), Burst.due_at > now)
            .values(decision=None, due_at=None)
        )
    assert isinstance(undone, sa.CursorResult)
    return undone.rowcount


def end(store: Store, burst_ids: Collection[bytes]) -> None:
    """Deletes decided bursts; their keys name them no more."""
    with store.change() as session:
        _detach(session, burst_ids)
        _delete(session, Burst.id.in_(burst_ids))


def delete_old(session: Session, today: date) -> None:
    """Deletes the bursts that staff left undecided for LIFETIME."""
    _delete(session, Burst.day <= today - LIFETIME)


def _detach(session: Session, burst_ids: Collection[bytes]) -> None:
    session.execute(sa.update(SeatShare).where(SeatShare.burst.in_(burst_ids)).values(burst=None))


def _delete(session: Session, which: sa.ColumnElement[bool]) -> None:
    ended = sa.select(Burst.id).where(which)
    session.execute(
        sa.update(Key)
        .where(Key.burst.in_(ended))
        .values(burst=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(sa.delete(Burst).where(which).execution_options(synchronize_session=False))
