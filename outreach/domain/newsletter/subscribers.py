"""Subscribers of the bulletin: each address is encrypted under a key of its own.

The key store finds an address again and allows it one key; the row alone reveals nothing. A
subscription that is not confirmed within three days of the last request is deleted.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import keystore
from outreach.db.base import Base
from outreach.db.store import changes_one_row
from outreach.db.types import Hour
from outreach.domain.text import code
from outreach.errors import NotFound, TooMany
from outreach.keystore import KeyStore

NO_WORKSHOP: Final = 0  # in the key store, in place of a workshop's id
MAX_UNCONFIRMED: Final = timedelta(days=3)
ALWAYS: Final = date.max  # until they unsubscribe


class Subscriber(Base):
    __tablename__ = "subscriber"

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    key_id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)  # in the key store
    sealed: Mapped[bytes]
    token: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    lang: Mapped[str] = mapped_column(sa.String(2))
    asked_at: Mapped[datetime] = mapped_column(Hour)
    confirmed_at: Mapped[datetime | None] = mapped_column(Hour, default=None)


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedSubscriber:
    """An encrypted address, ready to be stored."""

    id: str
    key_id: bytes
    key: bytes
    sealed: bytes
    lang: str


def prepare(key_store: KeyStore, address: str, lang: str) -> SealedSubscriber:
    """Encrypts the address under its key, a new or an existing one.

    The key store then keeps the key for three days at least. Call it before the transaction
    that stores the subscriber.
    """
    key_id, key = _key(key_store, address)
    subscriber_id = code(26)
    sealed = keystore.encrypt(key, address, _about(subscriber_id))
    return SealedSubscriber(id=subscriber_id, key_id=key_id, key=key, sealed=sealed, lang=lang)


def keep(session: Session, sealed_subscriber: SealedSubscriber, *, now: datetime) -> Subscriber:
    """Stores the subscriber of that address, or finds the one that there is.

    An unconfirmed one has three days again to confirm.
    """
    known = _by_key(session, sealed_subscriber.key_id)
    if known is not None:
        if known.confirmed_at is None:
            known.lang, known.asked_at = sealed_subscriber.lang, now
        return known
    subscriber = Subscriber(
        id=sealed_subscriber.id,
        key_id=sealed_subscriber.key_id,
        sealed=sealed_subscriber.sealed,
        token=_digest(token(sealed_subscriber.key)),
        lang=sealed_subscriber.lang,
        asked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(subscriber)
            session.flush()
    except IntegrityError:  # a simultaneous request for the same address was first
        known = _by_key(session, sealed_subscriber.key_id)
        if known is None:
            raise
        return known
    return subscriber


def find(session: Session, text: str) -> Subscriber:
    """Finds the subscriber whose link ends in `text`. Raises NotFound."""
    subscriber = session.scalar(sa.select(Subscriber).where(Subscriber.token == _digest(text)))
    if subscriber is None:
        raise NotFound("subscriber")
    return subscriber


def confirm(session: Session, subscriber_id: str, *, now: datetime) -> bool:
    """Confirms a subscriber; returns False when they had confirmed already, or are gone.

    Call `KeyStore.keep` for their key before.
    """
    return changes_one_row(
        session,
        sa.update(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.confirmed_at.is_(None))
        .values(confirmed_at=now),
    )


def count_confirmed(session: Session) -> dict[str, int]:
    """Counts the confirmed subscribers by code of language; only languages with any are in it."""
    rows = session.execute(
        sa.select(Subscriber.lang, sa.func.count())
        .where(Subscriber.confirmed_at.is_not(None))
        .group_by(Subscriber.lang)
    )
    return {row[0]: row[1] for row in rows}


def token(key: bytes) -> str:
    """Returns what a subscriber's link ends in; it is derived from their key and lost with it."""
    return base64.urlsafe_b64encode(keystore.derive(key, "bulletin")).rstrip(b"=").decode()


def address(subscriber: Subscriber, key: bytes) -> str:
    """Decrypts the subscriber's address. Raises DataErased."""
    return keystore.decrypt(key, subscriber.sealed, _about(subscriber.id))


def _key(key_store: KeyStore, address: str) -> tuple[bytes, bytes]:
    forget_on = key_store.today() + MAX_UNCONFIRMED
    try:
        return key_store.new(NO_WORKSHOP, forget_on, address, at_most=1)
    except TooMany:
        key_id = next(iter(key_store.find(address, NO_WORKSHOP)), None)
    # A key that is kept for good stays so: they may be confirming at this moment.
    if key_id is None or not key_store.keep(key_id, forget_on):  # deleted at this very moment
        return key_store.new(NO_WORKSHOP, forget_on, address, at_most=1)
    return key_id, key_store.get(key_id)


def _by_key(session: Session, key_id: bytes) -> Subscriber | None:
    """Finds a subscriber by key and locks the row.

    Of two simultaneous requests, the second sees what the first has stored.
    """
    return session.scalar(
        sa.select(Subscriber).where(Subscriber.key_id == key_id).with_for_update(key_share=True)
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _about(subscriber_id: str) -> str:
    return f"subscriber {subscriber_id}"
