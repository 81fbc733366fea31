"""What is decided once, when an installation is born, and kept whatever happens to its address."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import changes_one_row


class InstallationSetting(Base):
    __tablename__ = "installation"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(254))


def get_calendar_host(session: Session) -> str:
    """The part after the @ in every UID. If it followed the site's address, a move to another
    host would double every event in every calendar."""
    return session.get_one(InstallationSetting, "calendar_host").value


def get_worker_seen_at(session: Session) -> datetime | None:
    """When a worker was last known to run; None before the first."""
    found = session.get(InstallationSetting, "worker_seen_at", populate_existing=True)
    return None if found is None else datetime.fromisoformat(found.value)


def record_worker_seen(session: Session, *, now: datetime) -> None:
    value = now.isoformat(timespec="seconds")
    seen = (
        sa.update(InstallationSetting)
        .where(InstallationSetting.name == "worker_seen_at")
        .values(value=value)
    )
    if not changes_one_row(session, seen):
        session.add(InstallationSetting(name="worker_seen_at", value=value))


def set_calendar_host(session: Session, host: str) -> None:
    """Keeps the host there was when the database was made; later calls change nothing."""
    if session.get(InstallationSetting, "calendar_host") is None:
        session.add(InstallationSetting(name="calendar_host", value=host))


def get_key_store_version(session: Session) -> str:
    """How far the ring had come when it was last brought up to date; empty when nobody said."""
    found = session.get(InstallationSetting, "ring_version")
    return "" if found is None else found.value


def set_key_store_version(session: Session, version: str) -> None:
    session.merge(InstallationSetting(name="ring_version", value=version))
