"""Kinds of workshop: data, not code. A network adds one without a release."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.db.types import Codes
from outreach.errors import NotFound

CODE: Final = re.compile(r"[a-z0-9]+([_.][a-z0-9]+)*")
COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class Way(StrEnum):
    """How one comes in."""

    OPEN = "open"  # walk in, no place to save
    PLACE = "place"  # save a place
    SLOTS = "slots"  # one-to-one, at a time of one's own
    PHONE = "phone"
    UNLISTED = "unlisted"  # a place to save, for who has the link


class Visibility(StrEnum):
    """Who sees the address."""

    PUBLIC = "public"
    REGISTERED = "registered"
    APPROVED = "approved"
    PHONE_ONLY = "phone_only"


class Kind(Base):
    __tablename__ = "kind"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    position: Mapped[int]  # the order in lists and tables
    is_core: Mapped[bool]
    name: Mapped[Words]
    short_name: Mapped[Words]
    description: Mapped[Words]
    sensitivity: Mapped[str] = mapped_column(sa.String(20))
    is_discreet: Mapped[bool]
    neutral_title: Mapped[Words] = mapped_column(default_factory=dict)
    # Four letters that stand for a discreet kind in every address our pages make.
    public_code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    countries: Mapped[Codes]
    sign: Mapped[str] = mapped_column(sa.String(20))  # rights, screening, daca, women, other
    pictogram: Mapped[str] = mapped_column(sa.String(20))
    colour: Mapped[str] = mapped_column(sa.String(7))  # #1b5ea6
    # What a new workshop starts with.
    minutes: Mapped[int]
    capacity: Mapped[int]
    party_limit: Mapped[int]
    way: Mapped[Way]
    slot_minutes: Mapped[int | None]
    opens_days: Mapped[int | None] = mapped_column(default=None)  # None: places can be had at once
    confirm_days: Mapped[int | None] = mapped_column(default=None)  # None: nobody is asked again
    frees_silence: Mapped[bool] = mapped_column(default=False)
    retention_days: Mapped[int]
    visibility: Mapped[Visibility]
    has_reminders: Mapped[bool]
    bring: Mapped[Words]
    changed_at: Mapped[datetime]


def find(session: Session, code: str) -> Kind:
    """By its code or, for one that is discreet, by the four letters that stand for it.
    Raises NotFound."""
    kind = session.scalar(
        sa.select(Kind).where(sa.or_(Kind.code == code, Kind.public_code == code))
    )
    if kind is None:
        raise NotFound(f"kind {code}")
    return kind


def list_kinds(session: Session) -> Sequence[Kind]:
    return session.scalars(sa.select(Kind).order_by(Kind.position)).all()


def get_version(session: Session) -> tuple[int, datetime | None]:
    """Another one as soon as anything of them changes."""
    count, latest = session.execute(_VERSION).one()
    return count, latest


_VERSION: Final = sa.select(sa.func.count(), sa.func.max(Kind.changed_at)).select_from(Kind)
