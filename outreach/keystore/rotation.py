"""Replaces the master key every month.

After that, older copies of the key store, such as freed pages of its database or archived logs,
cannot be decrypted with any file that exists.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach.db.store import change_rows
from outreach.keystore import sealed_rows
from outreach.keystore.keystore import KeyStore, day_of
from outreach.keystore.models import DayKey, IndexKey, Key, MasterGeneration, Secret

ROTATE_AFTER: Final = timedelta(days=30)
# Other processes use the previous master key until they refresh (`Envelope.refresh`).
RETIRE_AFTER: Final = timedelta(hours=1)
BATCH: Final = 1000


@dataclass(frozen=True)
class RotationResult:
    number: int  # names the current master key
    keys: int  # encrypted with it
    lost: int  # deleted, since no master key decrypts them


def prepare(key_store: KeyStore) -> int:
    """Creates the next master key without using it, so that it can be copied to all hosts first.
    Returns its number; one that was prepared before is the next one."""
    in_use, master_keys = key_store.envelope.in_use(), key_store.envelope.master_keys
    newest = key_store.envelope.refresh() if in_use is None else in_use.number
    return max(
        (each for each in master_keys.numbers() if each > newest), default=0
    ) or master_keys.make(newest + 1)


def rotate(key_store: KeyStore, *, now: datetime, sure: bool = False) -> RotationResult:
    """Encrypts every key with the next master key. `retire` destroys the older ones an hour later.

    Raises Misconfigured if the current master key is missing, unless `sure`: then the keys that no
    master key decrypts are deleted.
    """
    if not sure:
        key_store.envelope.refresh()
    number = prepare(key_store)
    key_store.envelope.begin(number, now=now)
    lost = _delete_lost(key_store) if sure else 0
    keys = _reseal(key_store, number)
    key_store.store.truncate_log()
    return RotationResult(number, keys, lost)


def is_due(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether the current master key has been in use for a month."""
    row = key_store.envelope.in_use()
    return row is not None and row.since <= now - ROTATE_AFTER


def may_begin(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether the worker may rotate by itself: it is due, and no other host would lack the file.
    A key store on SQLite has one host; on PostgreSQL the next master key has to be prepared."""
    row = key_store.envelope.in_use()
    if row is None or not is_due(key_store, now=now):
        return False
    return (
        key_store.store.is_sqlite
        or max(key_store.envelope.master_keys.numbers(), default=0) > row.number
    )


def may_retire(key_store: KeyStore, *, now: datetime) -> bool:
    """Whether there are older master keys that no process uses any more."""
    row = key_store.envelope.in_use()
    if row is None or row.since > now - RETIRE_AFTER:
        return False
    return min(key_store.envelope.master_keys.numbers(), default=row.number) < row.number


def retire(key_store: KeyStore, *, now: datetime) -> int:
    """Destroys the older master keys. Returns how many; 0 for an hour after a rotation, and while
    a key needs one of them."""
    if not may_retire(key_store, now=now):
        return 0
    number = key_store.envelope.refresh()
    _reseal(key_store, number)  # keys that another process made meanwhile
    if _needs_older(key_store, number):
        return 0
    gone = key_store.envelope.master_keys.destroy_before(number)
    with key_store.store.change() as session:
        session.execute(sa.delete(MasterGeneration).where(MasterGeneration.number < number))
    key_store.envelope.refresh()
    key_store.store.truncate_log()
    return gone


def generations(key_store: KeyStore) -> dict[int, int]:
    """The number of keys by the number of the master key that encrypted them."""
    with key_store.store.read() as session:
        counted = session.execute(
            sa.select(Key.generation, sa.func.count()).group_by(Key.generation)
        )
        return {row[0]: row[1] for row in counted}


def _reseal(key_store: KeyStore, number: int) -> int:
    """Encrypts anew what older master keys encrypted, except rows that another process has locked
    or that no master key decrypts. Returns the number of keys."""
    with key_store.store.read() as session:
        sealed = sealed_rows.list_tables(session)
    done = {table.name: _reseal_rows(key_store, table, number) for table in sealed}
    _reseal_own(key_store, number)
    return done[Key.__tablename__]


def _reseal_rows(key_store: KeyStore, table: sa.TableClause, number: int) -> int:
    """Seals the rows of one table again, which are encrypted under their id; returns how many."""
    change = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("row"))
        .values(generation=number, sealed=sa.bindparam("resealed", type_=sa.LargeBinary))
    )
    envelope, done, last = key_store.envelope, 0, b""
    while True:
        with key_store.store.change() as session:
            rows = session.execute(
                sa.select(table.c.id, table.c.sealed, table.c.generation)
                .where(table.c.generation < number, table.c.id > last)
                .order_by(table.c.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            updates = [
                {
                    "row": row_id,
                    "resealed": envelope.seal_with(
                        number, envelope.unseal(sealed, row_id, old), row_id
                    ),
                }
                for row_id, sealed, old in rows
                if envelope.can_open(old)
            ]
            if updates:
                session.connection().execute(change, updates)
        if not rows:
            return done
        done, last = done + len(updates), rows[-1].id


def _reseal_own(key_store: KeyStore, number: int) -> None:
    """Seals the key store's own keys again."""
    with key_store.store.change() as session:
        rows: list[tuple[IndexKey | DayKey | Secret, bytes]] = [
            *((row, b"index") for row in session.scalars(sa.select(IndexKey).with_for_update())),
            *((row, b"secret") for row in session.scalars(sa.select(Secret).with_for_update())),
            *(
                (row, day_of(row.day))
                for row in session.scalars(sa.select(DayKey).with_for_update())
            ),
        ]
        for row, about in rows:
            if row.generation < number and key_store.envelope.can_open(row.generation):
                plain = key_store.envelope.unseal(row.sealed, about, row.generation)
                row.sealed, row.generation = (
                    key_store.envelope.seal_with(number, plain, about),
                    number,
                )


def _needs_older(key_store: KeyStore, number: int) -> bool:
    """Whether something that could be decrypted needs an older master key."""
    with key_store.store.read() as session:
        needed = {
            generation
            for table in (*sealed_rows.list_tables(session), *sealed_rows.OWN_KEYS)
            for generation in session.scalars(
                sa.select(table.c.generation).where(table.c.generation < number).distinct()
            )
        }
    return any(map(key_store.envelope.can_open, needed))


def _delete_lost(key_store: KeyStore) -> int:
    """Deletes what no master key of this host decrypts. Returns the number of keys."""
    there = key_store.envelope.master_keys.numbers()
    with key_store.store.change() as session:
        gone = {
            table.name: change_rows(
                session, sa.delete(table).where(table.c.generation.not_in(there))
            )
            for table in (*sealed_rows.list_tables(session), *sealed_rows.OWN_KEYS)
        }
    return gone[Key.__tablename__]
