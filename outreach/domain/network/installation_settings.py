"""Settings of an installation that are stored in the database."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import Store, changes_one_row


class InstallationSetting(Base):
    __tablename__ = "installation_setting"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(254))


def get_calendar_host(session: Session) -> str:
    """Returns the host part of all UIDs.

    It stays when the site moves to another address, or calendars would show each event twice.
    """
    return session.scalars(_CALENDAR_HOST).one()


def read_calendar_host(store: Store) -> str:
    """Returns what `get_calendar_host` does, without a session and in microseconds on SQLite."""
    row = store.read_row(_CALENDAR_HOST_QUERY)
    if row is None:
        raise LookupError("an installation has a calendar host")
    return str(row[0])


def get_worker_seen_at(session: Session) -> datetime | None:
    """Returns when a worker ran last; None before the first."""
    found = session.get(InstallationSetting, "worker_seen_at", populate_existing=True)
    return None if found is None else datetime.fromisoformat(found.value)


def record_worker_seen(session: Session, *, now: datetime) -> None:
    value = now.isoformat(timespec="seconds")
    statement = (
        sa.update(InstallationSetting)
        .where(InstallationSetting.name == "worker_seen_at")
        .values(value=value)
    )
    if not changes_one_row(session, statement):
        session.add(InstallationSetting(name="worker_seen_at", value=value))


def set_calendar_host(session: Session, host: str) -> None:
    """Stores the host of a new installation; later calls change nothing."""
    if session.get(InstallationSetting, "calendar_host") is None:
        session.add(InstallationSetting(name="calendar_host", value=host))


def get_key_store_version(session: Session) -> str:
    """Returns the revision of the key store after its last upgrade; empty before the first."""
    found = session.get(InstallationSetting, "ring_version")
    return "" if found is None else found.value


def set_key_store_version(session: Session, version: str) -> None:
    session.merge(InstallationSetting(name="ring_version", value=version))


_CALENDAR_HOST: Final = sa.select(InstallationSetting.value).where(
    InstallationSetting.name == "calendar_host"
)
_CALENDAR_HOST_QUERY: Final = "SELECT value FROM installation_setting WHERE name = 'calendar_host'"
