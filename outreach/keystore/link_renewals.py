"""New links: how often the links of a registration were renewed, sealed with its key (S05).

Links are derived from the key and this number, and the main database has their HMACs. A renewal
begins here, is then stored there, and is finished here; what a crash leaves is reconciled by
`outreach/privacy/link_renewal.py`.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from outreach.keystore.encryption import pack_key, unpack_key
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import Key


def begin(key_store: KeyStore, key_ids: Collection[bytes], form: bytes, *, now: datetime) -> None:
    """Counts a renewal of these keys. `form` is the digest of the form that asked for it."""
    with key_store.store.change() as session:
        for row in session.scalars(
            sa.select(Key).where(Key.id.in_(key_ids)).order_by(Key.id).with_for_update()
        ):
            _set(key_store, row, _renewals(key_store, row) + 1)
            row.renewal_at, row.renewal_form = now, form


def finish(key_store: KeyStore, key_ids: Collection[bytes], *, began_at: datetime) -> None:
    """Notes that the main database has the links of the renewal that began at that instant."""
    with key_store.store.change() as session:
        session.execute(
            sa.update(Key)
            .where(Key.id.in_(key_ids), Key.renewal_at == began_at)
            .values(renewal_at=None)
        )


def is_of_form(key_store: KeyStore, key_id: bytes, form: bytes) -> bool:
    """Whether the last renewal was asked for by this form."""
    with key_store.store.read() as session:
        found = session.scalar(sa.select(Key.renewal_form).where(Key.id == key_id))
    return found is not None and found == form


def list_begun(key_store: KeyStore, *, before: datetime) -> dict[bytes, datetime]:
    """Returns when each unfinished renewal began, by id of the key; only those that began before an
    instant."""
    with key_store.store.read() as session:
        rows = session.execute(
            sa.select(Key.id, Key.renewal_at).where(Key.renewal_at <= before)
        ).all()
    return {row[0]: row[1] for row in rows if row[1] is not None}


def get_beginning(key_store: KeyStore, key_id: bytes) -> datetime | None:
    """Returns when the unfinished renewal of a key began; None without one."""
    with key_store.store.read() as session:
        return session.scalar(sa.select(Key.renewal_at).where(Key.id == key_id))


def set_renewals(
    key_store: KeyStore, key_id: bytes, renewals: int, *, began_at: datetime | None
) -> bool:
    """Sets the number of renewals to that of the main database. Returns False where another renewal
    began meanwhile."""
    with key_store.store.change() as session:
        row = session.scalar(
            sa.select(Key).where(Key.id == key_id, Key.renewal_at == began_at).with_for_update()
        )
        if row is None:
            return False
        _set(key_store, row, renewals)
        row.renewal_at = None
    return True


def _renewals(key_store: KeyStore, row: Key) -> int:
    return unpack_key(key_store.envelope.unseal(row.sealed, row.id, row.generation)).renewals


def _set(key_store: KeyStore, row: Key, renewals: int) -> None:
    """Seals the key with this number, with the same master key as before."""
    key = unpack_key(key_store.envelope.unseal(row.sealed, row.id, row.generation))
    row.sealed = key_store.envelope.seal_with(row.generation, pack_key(key, renewals), row.id)
