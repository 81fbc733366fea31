"""A new master, every month: the broom. Whoever has an older copy of the ring, a dead page of its
database or an archived log, has what no file opens any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach.keystore.keystore import KeyStore, day_of
from outreach.keystore.models import DayKey, IndexKey, Key, MasterGeneration, Secret

EVERY: Final = timedelta(days=30)
# Another process may go on sealing with the master before until it looks again.
PATIENCE: Final = timedelta(hours=1)
BATCH: Final = 1000


@dataclass(frozen=True)
class RotationResult:
    number: int  # of the master that seals now
    keys: int  # sealed anew
    lost: int  # that no master opens: they are as good as gone


def prepare(key_store: KeyStore) -> int:
    """Makes the next master without using it, so that it can be copied to the other hosts first.
    Returns its number; one that was prepared before is the next one."""
    in_use, masters = key_store.envelope.in_use(), key_store.envelope.master_keys
    newest = key_store.envelope.look() if in_use is None else in_use.number
    return max((each for each in masters.numbers() if each > newest), default=0) or masters.make(
        newest + 1
    )


def rotate(key_store: KeyStore, *, now: datetime, sure: bool = False) -> RotationResult:
    """Seals every key with the next master. `retire`, an hour later, destroys those before.

    Raises Misconfigured where the master in use is missing, unless `sure`: then what no master
    opens is let go."""
    if not sure:
        key_store.envelope.look()
    number = prepare(key_store)
    key_store.envelope.begin(number, now=now)
    lost = _let_go(key_store) if sure else 0
    keys = _reseal(key_store, number)
    key_store.store.truncate_log()
    return RotationResult(number, keys, lost)


def is_due(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether the master in use has sealed for a month."""
    row = key_store.envelope.in_use()
    return row is not None and row.since <= now - EVERY


def may_begin(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether the worker may rotate by itself: it is due, and no other host would be left without
    the file. A ring in a file is one host's; on a server, the next master has to be prepared."""
    row = key_store.envelope.in_use()
    if row is None or not is_due(key_store, now=now):
        return False
    return (
        key_store.store.is_sqlite
        or max(key_store.envelope.master_keys.numbers(), default=0) > row.number
    )


def may_retire(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether there are older masters, and nobody seals with them any more."""
    row = key_store.envelope.in_use()
    if row is None or row.since > now - PATIENCE:
        return False
    return min(key_store.envelope.master_keys.numbers(), default=row.number) < row.number


def retire(key_store: KeyStore, *, now: datetime) -> int:
    """Destroys the masters before the one in use, and says how many; none for an hour after a
    rotation, nor while a key needs one of them."""
    if not may_retire(key_store, now=now):
        return 0
    number = key_store.envelope.look()
    _reseal(key_store, number)  # what another process sealed before it knew of the new one
    if _needs_older(key_store, number):
        return 0
    gone = key_store.envelope.master_keys.destroy_before(number)
    with key_store.store.change() as session:
        session.execute(sa.delete(MasterGeneration).where(MasterGeneration.number < number))
    key_store.envelope.look()
    key_store.store.truncate_log()
    return gone


def generations(key_store: KeyStore) -> dict[int, int]:
    """How many keys each master has sealed."""
    with key_store.store.read() as session:
        counted = session.execute(
            sa.select(Key.generation, sa.func.count()).group_by(Key.generation)
        )
        return {row[0]: row[1] for row in counted}


def _reseal(key_store: KeyStore, number: int) -> int:
    """Seals what older masters sealed; a key that another process holds, or that no master here
    opens, is passed over."""
    seals, done, last = key_store.envelope, 0, b""
    while True:
        with key_store.store.change() as session:
            rows = session.execute(
                sa.select(Key.id, Key.sealed, Key.generation)
                .where(Key.generation < number, Key.id > last)
                .order_by(Key.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            anew = [
                {
                    "id": key_id,
                    "generation": number,
                    "sealed": seals.seal_with(number, seals.unseal(sealed, key_id, old), key_id),
                }
                for key_id, sealed, old in rows
                if seals.can_open(old)
            ]
            if anew:
                session.execute(sa.update(Key), anew)
        if not rows:
            break
        done, last = done + len(anew), rows[-1].id
    _reseal_own(key_store, number)
    return done


def _reseal_own(key_store: KeyStore, number: int) -> None:
    """The keys of the ring itself."""
    with key_store.store.change() as session:
        kept: list[tuple[IndexKey | DayKey | Secret, bytes]] = [
            *((row, b"index") for row in session.scalars(sa.select(IndexKey).with_for_update())),
            *((row, b"secret") for row in session.scalars(sa.select(Secret).with_for_update())),
            *(
                (row, day_of(row.day))
                for row in session.scalars(sa.select(DayKey).with_for_update())
            ),
        ]
        for row, about in kept:
            if row.generation < number and key_store.envelope.can_open(row.generation):
                plain = key_store.envelope.unseal(row.sealed, about, row.generation)
                row.sealed, row.generation = (
                    key_store.envelope.seal_with(number, plain, about),
                    number,
                )


def _needs_older(key_store: KeyStore, number: int) -> bool:
    """Whether something is still sealed with a master before that one, and could be opened."""
    with key_store.store.read() as session:
        needed = {
            generation
            for table in (Key, IndexKey, DayKey, Secret)
            for generation in session.scalars(
                sa.select(table.generation).where(table.generation < number).distinct()
            )
        }
    return any(map(key_store.envelope.can_open, needed))


def _let_go(key_store: KeyStore) -> int:
    """Destroys what no master here opens, and says how many keys that were."""
    there = key_store.envelope.master_keys.numbers()
    with key_store.store.change() as session:
        gone = session.execute(sa.delete(Key).where(Key.generation.not_in(there)))
        for table in (IndexKey, DayKey, Secret):
            session.execute(sa.delete(table).where(table.generation.not_in(there)))
    assert isinstance(gone, sa.CursorResult)
    return gone.rowcount
