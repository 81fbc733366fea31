"""What is decided once, when an installation is born, and kept whatever happens to its address."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base


class Fact(Base):
    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(254))


def calendar_host(session: Session) -> str:
    """The part after the @ in every UID. If it followed the site's address, a move to another
    host would double every event in every calendar."""
    return session.get_one(Fact, "calendar_host").value


def keep_calendar_host(session: Session, host: str) -> None:
    """Keeps the host there was when the database was made; later calls change nothing."""
    if session.get(Fact, "calendar_host") is None:
        session.add(Fact(name="calendar_host", value=host))


def ring_version(session: Session) -> str:
    """How far the ring had come when it was last brought up to date; empty when nobody said."""
    found = session.get(Fact, "ring_version")
    return "" if found is None else found.value


def keep_ring_version(session: Session, version: str) -> None:
    session.merge(Fact(name="ring_version", value=version))
