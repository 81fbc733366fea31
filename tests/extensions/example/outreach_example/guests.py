"""Who wrote a line, for three days: only the key store has name and address, encrypted."""

import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store, change_rows
from outreach.keystore import Keeper, KeyStore
from outreach_example.tables import Guest, GuestLetter, LetterReason

DAYS: Final = timedelta(days=3)


def add(key_store: KeyStore, name: str, email: str) -> None:
    """Stores a guest, and a letter that thanks them."""
    guest_id, now = secrets.token_bytes(16), clock.now()
    sealed, generation = key_store.envelope.seal(f"{name}\n{email}".encode(), guest_id)
    guest = Guest(id=guest_id, sealed=sealed, generation=generation, until=key_store.today() + DAYS)
    with key_store.store.change() as session:
        session.add(guest)
        session.flush()
        letter = GuestLetter(guest_id=guest_id, reason=LetterReason.THANKS, made_at=now, due_at=now)
        session.add(letter)


def open_guest(key_store: KeyStore, guest: Guest) -> tuple[str, str]:
    """Returns the name and the address of a guest. Raises DataErased."""
    name, email = (
        key_store.envelope.unseal(guest.sealed, guest.id, guest.generation).decode().split("\n")
    )
    return name, email


def list_names(key_store: KeyStore) -> list[str]:
    with key_store.store.read() as session:
        rows = session.scalars(sa.select(Guest)).all()
    return [open_guest(key_store, row)[0] for row in rows]


def _count(_store: Store, key_store: KeyStore, *conditions: sa.ColumnElement[bool]) -> int:
    with key_store.store.read() as session:
        query = sa.select(sa.func.count()).select_from(Guest).where(*conditions)
        return session.scalar(query) or 0


def _count_due(store: Store, key_store: KeyStore, _now: datetime) -> int:
    return _count(store, key_store, Guest.until <= key_store.today())


def _purge(_store: Store, key_store: KeyStore, _now: datetime) -> int:
    with key_store.store.change() as session:
        return change_rows(session, sa.delete(Guest).where(Guest.until <= key_store.today()))


KEEPER: Final = Keeper(
    noun="guests",
    held="names in guest books",
    count=_count,
    count_due=_count_due,
    purge=_purge,
)
