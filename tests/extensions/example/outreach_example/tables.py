"""The guest book: a line of a workshop goes with it."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from outreach.db.base import TYPES
from outreach.db.outbox_row import OutboxRow
from outreach.domain.workshops import Workshop


class Base(DeclarativeBase):
    pass


class Line(Base):
    __tablename__ = "example_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey(Workshop.__table__.c.id, ondelete="CASCADE"), index=True
    )
    words: Mapped[str] = mapped_column(sa.String(80))


class Count(Base):
    __tablename__ = "example_count"

    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[int]


class KeyStoreBase(DeclarativeBase):
    type_annotation_map: ClassVar = TYPES


class Guest(KeyStoreBase):
    """The name and address of whoever wrote a line. The core encrypts them anew when the master key
    changes."""

    __tablename__ = "example_guest"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    until: Mapped[date]


class LetterReason(StrEnum):
    THANKS = "thanks"


class GuestLetter(OutboxRow, KeyStoreBase):
    """A letter to a guest: neither its address nor its text, which are made when it is sent."""

    __tablename__ = "example_letter"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    guest_id: Mapped[bytes] = mapped_column(
        sa.LargeBinary(16), sa.ForeignKey("example_guest.id", ondelete="CASCADE")
    )
    reason: Mapped[LetterReason]
