"""Kinds of workshop. They are data: a network adds one without a new release."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.db.types import Codes
from outreach.errors import NotFound

CODE: Final = re.compile(r"[a-z0-9]+([_.][a-z0-9]+)*")
# The levels of `sensitivity` at which each look at a list or a contact is logged (S23).
HIGH_SENSITIVITIES: Final = frozenset({"high", "very_high"})
COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class Way(StrEnum):
    """The way in which people get into a workshop."""

    OPEN = "open"  # without registration
    PLACE = "place"  # with registration
    SLOTS = "slots"  # one-to-one, in time slots
    PHONE = "phone"
    UNLISTED = "unlisted"  # with registration, for who has the link


class Visibility(StrEnum):
    """The people who may read the address."""

    PUBLIC = "public"
    REGISTERED = "registered"
    APPROVED = "approved"
    PHONE_ONLY = "phone_only"

    def is_looser_than(self, other: "Visibility") -> bool:
        """Tells whether more people may read the address than with the other one."""
        return _FROM_LOOSE_TO_STRICT.index(self) < _FROM_LOOSE_TO_STRICT.index(other)

    def at_least(self, other: "Visibility") -> "Visibility":
        """Returns the stricter one of the two."""
        return other if self.is_looser_than(other) else self


_FROM_LOOSE_TO_STRICT: Final = tuple(Visibility)


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
    # A discreet kind has four letters here, which stand for it in addresses of pages and feeds.
    public_code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    # The four letters of a kind that was discreet: they are in bookmarks and subscribed feeds.
    neutral_code: Mapped[str | None] = mapped_column(
        sa.String(4), index=True, unique=True, init=False, default=None
    )
    countries: Mapped[Codes]  # empty: every country
    sign: Mapped[str] = mapped_column(sa.String(20))  # rights, screening, daca, women, other
    pictogram: Mapped[str] = mapped_column(sa.String(20))
    colour: Mapped[str] = mapped_column(sa.String(7))  # #1b5ea6
    # The defaults of a new workshop.
    minutes: Mapped[int]
    capacity: Mapped[int]
    party_limit: Mapped[int]
    way: Mapped[Way]
    slot_minutes: Mapped[int | None]
    opens_days: Mapped[int | None] = mapped_column(
        default=None
    )  # None: registration is open at once
    confirm_days: Mapped[int | None] = mapped_column(default=None)  # None: no reconfirmation
    frees_silence: Mapped[bool] = mapped_column(default=False)
    retention_days: Mapped[int]
    visibility: Mapped[Visibility]
    has_reminders: Mapped[bool]
    bring: Mapped[Words]
    changed_at: Mapped[datetime]
    is_women_only: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # What bulletins say after a number of workshops: «sobre los derechos de los migrantes».
    topic: Mapped[Words] = mapped_column(default_factory=dict, server_default="{}")

    @property
    def codes(self) -> frozenset[str]:
        """All codes by which the kind is found."""
        codes = (self.code, self.public_code, self.neutral_code)
        return frozenset(each for each in codes if each)

    @property
    def is_sensitive(self) -> bool:
        """Whether it is discreet or of high sensitivity."""
        return self.is_discreet or self.sensitivity in HIGH_SENSITIVITIES

    @property
    def can_be_shared(self) -> bool:
        """Whether partner networks may show its workshops (S44)."""
        return not self.is_sensitive

    def is_given_in(self, country: str) -> bool:
        return not self.countries or country in self.countries

    def is_looked_for_silently(self, codes: Collection[str]) -> bool:
        """Tells whether a search that names it by one of these codes leaves no trace in memory
        (S04).
        """
        return self.sensitivity in HIGH_SENSITIVITIES or self.hides_under(codes)

    def hides_under(self, codes: Collection[str]) -> bool:
        """Tells whether a page that names the kind by one of these codes says as little as for a
        discreet kind.
        """
        return self.is_discreet or self.neutral_code in codes

    def is_named_neutrally(self, code: str) -> bool:
        """Tells whether this is the neutral code of a kind that is discreet no longer.

        What it opens must not tell the kind, as before.
        """
        return code == self.neutral_code and not self.is_discreet


def find(session: Session, code: str) -> Kind:
    """Finds a kind by one of its codes. Raises NotFound."""
    kind = session.scalar(_FIND, {"any_code": code})
    if kind is None:
        raise NotFound(f"kind {code}")
    return kind


def find_all(session: Session, codes: Collection[str]) -> dict[str, Kind]:
    """Returns the kinds that have these codes, by code; a code of no kind is left out."""
    found = session.scalars(_FIND_ALL, {"any_codes": [*codes]})
    return {code: kind for kind in found for code in kind.codes if code in codes}


def list_kinds(session: Session) -> Sequence[Kind]:
    """All kinds, in their order, those with the same position by code."""
    return session.scalars(_IN_ORDER).all()


_IN_ORDER: Final = sa.select(Kind).order_by(Kind.position, Kind.code)


def list_codes(session: Session) -> dict[int, str]:
    """The code of each kind, by id."""
    return {row.id: row.code for row in session.connection().execute(_CODES)}


_CODES: Final = sa.select(Kind.id, Kind.code)
_ANY_CODES: Final = sa.bindparam("any_codes", type_=sa.String, expanding=True)
_FIND_ALL: Final = sa.select(Kind).where(
    sa.or_(*(each.in_(_ANY_CODES) for each in (Kind.code, Kind.public_code, Kind.neutral_code)))
)
_FIND: Final = sa.select(Kind).where(
    sa.bindparam("any_code", type_=sa.String).in_([Kind.code, Kind.public_code, Kind.neutral_code])
)
