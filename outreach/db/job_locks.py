"""Who does what only one may do at a time: a worker holds a lease of a minute, and renews it.

The clock is the database's, since those of hosts may be wrong; and a host whose clock is wrong
leads nothing: it would forget people before their day, or not at all. A worker that dies is
succeeded when its minute is over. One that slept through its minute may wake up in the middle of
a step that another has begun: the rows' own conditions see to it that no harm comes of that.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import database_now

LEASE_SECONDS: Final = 60.0  # seconds
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=2)  # that a clock may differ from the database's
_OVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


class JobLock(Base):
    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # of what is done
    holder: Mapped[str] = mapped_column(sa.String(40))
    until: Mapped[datetime]


def clock_difference(session: Session, *, now: datetime) -> timedelta:
    """By how much that clock is ahead of the database's."""
    there: datetime | None = session.scalar(sa.select(database_now(0)))
    assert there is not None
    return now - there


def prepare(session: Session, names: Collection[str]) -> None:
    """Makes what is missing, held by nobody."""
    known = set(session.scalars(sa.select(JobLock.name)))
    missing = [{"name": each, "holder": "", "until": _OVER} for each in names if each not in known]
    if missing:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        insert = sqlite.insert(JobLock) if is_sqlite else postgresql.insert(JobLock)
        session.execute(insert.values(missing).on_conflict_do_nothing())


def is_any_free(session: Session, names: Collection[str], holder: str) -> bool:
    """Whether asking for one of them may be of use: it is not held by another."""
    return bool(session.scalar(sa.select(sa.exists().where(_may_have(names, holder)))))


def acquire(
    session: Session, names: Collection[str], holder: str, *, length: float = LEASE_SECONDS
) -> set[str]:
    """Takes those that nobody else holds, and renews those that are held already; which they are
    now."""
    taken = (
        sa.update(JobLock)
        .where(_may_have(names, holder))
        .values(holder=holder, until=database_now(length))
        .returning(JobLock.name)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(taken))


def release(session: Session, holder: str) -> None:
    """Gives back all that this one holds: another need not wait for the minute."""
    session.execute(
        sa.update(JobLock)
        .where(JobLock.holder == holder)
        .values(holder="", until=_OVER)
        .execution_options(synchronize_session=False)
    )


def _may_have(names: Collection[str], holder: str) -> sa.ColumnElement[bool]:
    return JobLock.name.in_(names) & (
        (JobLock.holder == holder) | (JobLock.until <= database_now(0))
    )
