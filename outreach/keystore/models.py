"""What the ring's database holds. Nothing here says who somebody is, and a key here opens only
with the masters, which are elsewhere."""

from datetime import date, datetime
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

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    workshop: Mapped[int] = mapped_column(index=True)
    forget_on: Mapped[date] = mapped_column(index=True)
    made_on: Mapped[date]
    # HMAC of the e-mail or phone: no backup has it, and it dies with the key.
    contact: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), index=True, default=None)


class IndexKey(KeyStoreBase):
    """The key of those HMACs."""

    __tablename__ = "index_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class DayKey(KeyStoreBase):
    """The key of one day's addresses (S09): with it gone, no row leads to an address."""

    __tablename__ = "day_key"

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class Secret(KeyStoreBase):
    """What signs forms and seals second factors where several hosts do: one for all of them."""

    __tablename__ = "secret"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class RateCounter(KeyStoreBase):
    """How often one address of today asked for something, in one window of time."""

    __tablename__ = "attempt"

    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class LinkRequest(KeyStoreBase):
    """Somebody typed an e-mail or phone to be sent their link. There is such a row for any that
    was typed, known or not: what it costs to answer tells nothing."""

    __tablename__ = "asked"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    contact: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)


class AuditAnchor(KeyStoreBase):
    """How far the journal of the main database has come: who can write there only cannot make it
    anew, nor shorten it, unseen."""

    __tablename__ = "journal_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]  # of the newest line that was seen
    hash: Mapped[str] = mapped_column(sa.String(64))
    gone: Mapped[int]  # up to which line the old ones may be missing
    changed_at: Mapped[datetime]


class MasterGeneration(KeyStoreBase):
    """A master that seals or has sealed here, so that all hosts agree on which one does."""

    __tablename__ = "generation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # An HMAC under the master: a host with another file of that name finds out.
    proof: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    since: Mapped[datetime]


class KeyBackup(KeyStoreBase):
    """Where the one copy of the ring is, and of when."""

    __tablename__ = "spare"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(sa.String(400))
    saved_at: Mapped[datetime]
