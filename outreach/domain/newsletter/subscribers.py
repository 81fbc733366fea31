"""Who gets the bulletin by e-mail: an address sealed under a key of its own, as a person's is.

The ring finds the same address again and keeps it to one key; the row alone reads nothing. Who has
not said yes within three days of asking for it, the last time, is forgotten.
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
from outreach.domain.text import code
from outreach.errors import NotFound, TooMany
from outreach.keystore import KeyStore

NO_WORKSHOP: Final = 0  # what the ring is told in place of a workshop's number
UNCONFIRMED: Final = timedelta(days=3)
ALWAYS: Final = date.max  # until they say that it is enough


class Subscriber(Base):
    __tablename__ = "subscriber"

    id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    key_id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)  # in the ring
    sealed: Mapped[bytes]
    token: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256
    lang: Mapped[str] = mapped_column(sa.String(2))
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedSubscriber:
    """An address that wants the bulletin, ready to be kept."""

    id: str
    key_id: bytes
    key: bytes
    sealed: bytes
    lang: str


def prepare(key_store: KeyStore, address: str, lang: str) -> SealedSubscriber:
    """Seals the address under a key that is in the ring by then, for three days at least: a new
    one, or the one it has already; before, and outside, the transaction that keeps it."""
    key_id, key = _key(key_store, address)
    mine = code(26)
    sealed = keystore.encrypt(key, address, _about(mine))
    return SealedSubscriber(id=mine, key_id=key_id, key=key, sealed=sealed, lang=lang)


def keep(session: Session, ticket: SealedSubscriber, *, now: datetime) -> Subscriber:
    """The subscriber by that address: a new one, or the one there was. Who has not said yes yet has
    three days again, as the letter says."""
    found = _by_key(session, ticket.key_id)
    if found is not None:
        if found.confirmed_at is None:
            found.lang, found.asked_at = ticket.lang, now
        return found
    made = Subscriber(
        id=ticket.id,
        key_id=ticket.key_id,
        sealed=ticket.sealed,
        token=_digest(token(ticket.key)),
        lang=ticket.lang,
        asked_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # the same address at the same moment: the other post was first
        found = _by_key(session, ticket.key_id)
        if found is None:
            raise
        return found
    return made


def find(session: Session, text: str) -> Subscriber:
    """Whom a link of a letter belongs to. Raises NotFound."""
    found = session.scalar(sa.select(Subscriber).where(Subscriber.token == _digest(text)))
    if found is None:
        raise NotFound("subscriber")
    return found


def confirm(session: Session, subscriber_id: str, *, now: datetime) -> bool:
    """They said yes. False when they had already, or are gone. The ring has been told to `keep`
    their key before."""
    return changes_one_row(
        session,
        sa.update(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.confirmed_at.is_(None))
        .values(confirmed_at=now),
    )


def token(key: bytes) -> str:
    """What their link ends in: it is gone with the key."""
    return base64.urlsafe_b64encode(keystore.derive(key, "bulletin")).rstrip(b"=").decode()


def address(subscriber: Subscriber, key: bytes) -> str:
    """Raises Forgotten."""
    return keystore.decrypt(key, subscriber.sealed, _about(subscriber.id))


def _key(key_store: KeyStore, address: str) -> tuple[bytes, bytes]:
    forget_on = key_store.today() + UNCONFIRMED
    try:
        return key_store.new(NO_WORKSHOP, forget_on, address, at_most=1)
    except TooMany:
        key_id = next(iter(key_store.find(address, NO_WORKSHOP)), None)
    # One that is kept for good stays so: they may be saying yes at this moment.
    if key_id is None or not key_store.keep(
        key_id, forget_on
    ):  # it was forgotten in this very moment
        return key_store.new(NO_WORKSHOP, forget_on, address, at_most=1)
    return key_id, key_store.get(key_id)


def _by_key(session: Session, key_id: bytes) -> Subscriber | None:
    """Locked: of two who ask at the same moment, the second sees what the first has done."""
    return session.scalar(
        sa.select(Subscriber).where(Subscriber.key_id == key_id).with_for_update(key_share=True)
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _about(subscriber_id: str) -> str:
    return f"subscriber {subscriber_id}"
