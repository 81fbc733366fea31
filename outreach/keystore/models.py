"""Tables of the key store's database.

Nothing in it identifies a person without the master keys, which are files: its keys, and what
people follow, are encrypted with them.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, dataclass_transform

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from outreach.db.base import NAMES, TYPES


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class KeyStoreBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES


class Key(KeyStoreBase):
    """The key of one registration."""

    __tablename__ = "key"
    # Partial indexes: few keys are of a burst, and few get new links.
    __table_args__ = tuple(
        sa.Index(
            None,
            name,
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
        for name in ("burst", "renewal_at")
    )

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    workshop: Mapped[int] = mapped_column(index=True)
    forget_on: Mapped[date] = mapped_column(index=True)
    made_on: Mapped[date]
    made_at: Mapped[datetime | None] = mapped_column(default=None)  # for MADE_AT_LIFETIME
    # HMAC of e-mail or phone: in no backup of the main database, and deleted with the key.
    contact: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), index=True, default=None)
    burst: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)
    # While its links are renewed (`link_renewals.py`); and the HMAC, under the key of that day, of
    # the form that asked for it.
    renewal_at: Mapped[datetime | None] = mapped_column(default=None)
    renewal_form: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)


class IndexKey(KeyStoreBase):
    """The key of the HMACs of contacts, of form nonces and of links."""

    __tablename__ = "index_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class DayKey(KeyStoreBase):
    """The key of the HMACs of one day's network addresses (S09), deleted the next day."""

    __tablename__ = "day_key"

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class Secret(KeyStoreBase):
    """The secret that signs form tokens and encrypts second factors, if several hosts share it."""

    __tablename__ = "secret"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class RateCounter(KeyStoreBase):
    """How often one network address did something in one window of time."""

    __tablename__ = "rate_counter"

    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class SeatShare(KeyStoreBase):
    """The seats that one network took at one workshop on one day (`keystore.seat_shares`)."""

    __tablename__ = "seat_share"

    # HMAC of the workshop and the network under the key of the day.
    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    seats: Mapped[int]
    day: Mapped[date] = mapped_column(index=True)
    burst: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)


class SeatParty(KeyStoreBase):
    """A registration that came from a network today, until the network has a burst or the day ends.
    By it a burst names also what the network took before (`keystore.bursts`)."""

    __tablename__ = "seat_party"

    key_id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True, index=True)
    day: Mapped[date] = mapped_column(index=True)


class BurstDecision(StrEnum):
    CONFIRM = "confirm"
    RELEASE = "release"


class Burst(KeyStoreBase):
    """Registrations of one network beyond its share, by a random id that only their keys have."""

    __tablename__ = "burst"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    began_at: Mapped[datetime]  # to the hour
    day: Mapped[date] = mapped_column(index=True)
    # What staff decided, and when it is carried out: until then it can be undone.
    decision: Mapped[BurstDecision | None] = mapped_column(default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)


class LinkRequest(KeyStoreBase):
    """A request to send the link of a registration to an e-mail or phone.

    There is a row whether or not the contact is known, so that the time of the answer reveals
    nothing.
    """

    __tablename__ = "link_request"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    contact: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)


class TextStop(KeyStoreBase):
    """A phone that answered «STOP»: no text goes there, whoever registers it, until it answers that
    it wants them again (S41)."""

    __tablename__ = "text_stop"

    contact: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)  # as `Key.contact`
    recipient: Mapped[bytes] = mapped_column(sa.LargeBinary(16))  # `KeyStore.digest_recipient`
    stopped_on: Mapped[date] = mapped_column(index=True)


class TextChallenge(KeyStoreBase):
    """Digits that were sent to a phone. What it asked for is done when they come back."""

    __tablename__ = "text_challenge"

    contact: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)  # as `Key.contact`
    key_id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)  # its registration
    seed: Mapped[bytes] = mapped_column(sa.LargeBinary(16))  # from which the digits are derived
    tries: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime] = mapped_column(index=True)


class TextReply(KeyStoreBase):
    """A reply to a text, until the worker takes it to send it."""

    __tablename__ = "text_reply"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    # Phone and what is said, encrypted. The key is derived from that of the HMACs.
    sealed: Mapped[bytes]
    # Names the registration that it is about, so that it is erased with it.
    key_id: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), index=True, default=None)
    due_at: Mapped[datetime] = mapped_column(index=True)
    made_at: Mapped[datetime]


class ReceivedText(KeyStoreBase):
    """The HMAC of the gateway's id of a text that came in, so that it acts once."""

    __tablename__ = "received_text"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    received_on: Mapped[date] = mapped_column(index=True)


class AuditAnchor(KeyStoreBase):
    """Number and hash of the newest audit line (`keystore.audit_anchor`)."""

    __tablename__ = "audit_anchor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]  # the number of the newest line
    hash: Mapped[str] = mapped_column(sa.String(64))
    gone: Mapped[int]  # lines up to this number may be missing
    changed_at: Mapped[datetime]


class MasterGeneration(KeyStoreBase):
    """A master key that is or was in use, so that all hosts agree on the current one."""

    __tablename__ = "master_generation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # An HMAC under the master key: shows a host that it has another file of that name.
    proof: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    since: Mapped[datetime]


class KeyBackup(KeyStoreBase):
    """Path and time of the one key backup."""

    __tablename__ = "key_backup"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(sa.String(400))
    saved_at: Mapped[datetime]
