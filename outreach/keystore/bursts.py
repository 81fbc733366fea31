"""Bursts: registrations of one network beyond its share at one workshop, for staff to decide (S29).

`seat_shares` makes them. A burst is a random id, which only keys name: nothing in it leads to an
address, whose digest goes with the key of the day, and nothing in the main database leads to it.
Staff keep or release it, which ends it; after LIFETIME it ends by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.keystore.models import Burst, Key, SeatShare

LIFETIME: Final = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class BurstKeys:
    """A burst that is not decided, or whose release can still be undone."""

    id: bytes
    workshop: int
    began_at: datetime  # to the hour
    release_at: datetime | None
    key_ids: Sequence[bytes]  # of the registrations that are not erased


def list_bursts(
    store: Store, today: date, *, workshops: Collection[int] | None = None
) -> list[BurstKeys]:
    """The bursts of these workshops, or of all, the oldest first."""
    wanted, since = _RECENT, {"since": today - LIFETIME}
    if workshops is not None:
        wanted = wanted.where(Burst.workshop.in_(workshops))
    with store.read() as session:
        found = session.scalars(wanted, since).all()
        if not found:
            return []
        keys: dict[bytes, list[bytes]] = {each.id: [] for each in found}
        ids = wanted.with_only_columns(Burst.id).order_by(None)
        for burst, key_id in session.execute(
            sa.select(Key.burst, Key.id).where(Key.burst.in_(ids)), since
        ):
            if burst in keys:
                keys[burst].append(key_id)
    return [
        BurstKeys(
            id=each.id,
            workshop=each.workshop,
            began_at=each.began_at,
            release_at=each.release_at,
            key_ids=keys[each.id],
        )
        for each in found
    ]


_RECENT: Final = (
    sa.select(Burst)
    .where(Burst.day > sa.bindparam("since", type_=sa.Date))
    .order_by(Burst.began_at, Burst.id)
)


def has_burst(store: Store, key_id: bytes) -> bool:
    """Whether the registration of this key is of a burst that staff have not decided."""
    with store.read() as session:
        return session.scalar(sa.select(Key.burst).where(Key.id == key_id)) is not None


def schedule_release(store: Store, burst_ids: Collection[bytes], *, release_at: datetime) -> None:
    """Decides that these bursts are released then. What their networks register from now on is of
    another burst."""
    with store.change() as session:
        _detach(session, burst_ids)
        session.execute(
            sa.update(Burst)
            .where(Burst.id.in_(burst_ids), Burst.release_at.is_(None))
            .values(release_at=release_at)
        )


def undo_release(store: Store, burst_ids: Collection[bytes], *, now: datetime) -> int:
    """Takes back that decision. Returns of how many bursts; it is too late for the others."""
    with store.change() as session:
        undone = session.execute(
            sa.update(Burst)
            .where(Burst.id.in_(burst_ids), Burst.release_at > now)
            .values(release_at=None)
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
