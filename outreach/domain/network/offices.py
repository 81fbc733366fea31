"""Offices: the consulates of the network, with the days on which they opened and closed."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.db.types import Codes, RegionCode
from outreach.errors import NotFound

SLUG_PATTERN: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# /es/cal/red.ics is the feed of the whole network, /org/red/nueva the page of a new office.
RESERVED_SLUGS: Final = frozenset({"red", "nueva"})


class Office(Base):
    __tablename__ = "office"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    slug: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[Words]
    rank: Mapped[str] = mapped_column(sa.String(40))  # general_consulate, career_consulate, …
    city: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(RegionCode, index=True)  # IL, QC
    country: Mapped[str] = mapped_column(sa.String(2))
    zone: Mapped[ZoneInfo]
    extra_zones: Mapped[Codes] = mapped_column(default=Codes())
    latitude: Mapped[float]
    longitude: Mapped[float]
    was_open_in_january_2020: Mapped[bool]  # the first month with published figures
    opened_on: Mapped[date | None] = mapped_column(default=None)
    closed_on: Mapped[date | None] = mapped_column(default=None)
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    website: Mapped[str] = mapped_column(sa.String(200), default="")
    district: Mapped[str] = mapped_column(sa.Text, default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    hours: Mapped[Words] = mapped_column(default_factory=dict)  # «Lunes a viernes, 8:00 a 4:00»
    access: Mapped[Words] = mapped_column(default_factory=dict)  # how to get in
    changed_at: Mapped[datetime]  # feeds show an office's phone and address

    def is_open(self, day: date) -> bool:
        opened = self.opened_on is None or self.opened_on <= day
        return opened and (self.closed_on is None or day < self.closed_on)


def find(session: Session, slug: str) -> Office:
    """Finds an office by its slug, also a closed one. Raises NotFound."""
    office = session.scalar(_FIND, {"slug": slug})
    if office is None:
        raise NotFound(f"office {slug}")
    return office


def list_offices(session: Session) -> Sequence[Office]:
    """All offices, also closed ones, by slug."""
    return session.scalars(sa.select(Office).order_by(Office.slug)).all()


def list_open_offices(session: Session, day: date) -> list[Office]:
    """The offices that are open on that day, by slug."""
    return [office for office in list_offices(session) if office.is_open(day)]


_FIND: Final = sa.select(Office).where(Office.slug == sa.bindparam("slug"))
