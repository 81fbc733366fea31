"""Locks for jobs that must run in one process at a time: leases of a minute, which are renewed.

A lease ends by the clock of the database, since those of hosts may be wrong. When its holder dies,
another worker gets it at most a minute later. A worker that was paused for longer may resume in the
middle of a job that another has begun: each job's statements must be conditional, so that running
twice does no harm. Why leases and not advisory locks: decision 0010.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import database_now

LEASE_SECONDS: Final = 60.0
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=2)  # a host's clock from the database's
_OVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class JobLock(Base):
    __tablename__ = "job_lock"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # names the job
    holder: Mapped[str] = mapped_column(sa.String(40))
    until: Mapped[datetime]


def clock_difference(session: Session, *, now: datetime) -> timedelta:
    """Returns how far `now` is ahead of the database's clock."""
    database_time: datetime | None = session.scalar(sa.select(database_now(0)))
    assert database_time is not None
    return now - database_time


def prepare(session: Session, names: Collection[str]) -> None:
    """Inserts the missing rows, as leases that have ended."""
    known = set(session.scalars(sa.select(JobLock.name)))
    missing = [{"name": each, "holder": "", "until": _OVER} for each in names if each not in known]
    if missing:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        insert = sqlite.insert(JobLock) if is_sqlite else postgresql.insert(JobLock)
        session.execute(insert.values(missing).on_conflict_do_nothing())


def is_any_free(session: Session, names: Collection[str], holder: str) -> bool:
    """Tells whether `acquire` would get at least one of these leases."""
    return bool(session.scalar(sa.select(sa.exists().where(_is_available(names, holder)))))


def acquire(
    session: Session, names: Collection[str], holder: str, *, length: float = LEASE_SECONDS
) -> set[str]:
    """Takes the leases that nobody else holds and renews those that `holder` has.

    Returns the names that `holder` has now, for `length` seconds.
    """
    statement = (
        sa.update(JobLock)
        .where(_is_available(names, holder))
        .values(holder=holder, until=database_now(length))
        .returning(JobLock.name)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(statement))


def release(session: Session, holder: str) -> None:
    """Ends all leases of a holder, so that another worker gets them at once."""
    session.execute(
        sa.update(JobLock)
        .where(JobLock.holder == holder)
        .values(holder="", until=_OVER)
        .execution_options(synchronize_session=False)
    )


def _is_available(names: Collection[str], holder: str) -> sa.ColumnElement[bool]:
    return JobLock.name.in_(names) & (
        (JobLock.holder == holder) | (JobLock.until <= database_now(0))
    )
