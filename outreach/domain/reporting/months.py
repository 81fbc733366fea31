"""The months of the network: what each office said of its own, and what was published of all.

A closed month has revisions. What a revision says is frozen with it and never changes; a month
that is opened again is provisional until its next revision.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock
from outreach.clock import Month, Quarter
from outreach.db.base import Base
from outreach.errors import Conflict, NotFound

CLOSES_ON: Final = 5  # day of the month after
CLOSES_AT: Final = time(18)
_OF_QUARTERS: Final = 1  # what a lock of ours is about; the ring's have no such number
_LOCK: Final = sa.select(
    sa.func.pg_advisory_xact_lock(_OF_QUARTERS, sa.bindparam("quarter", type_=sa.Integer))
)


class MonthRevision(Base):
    __tablename__ = "month_revision"
    __table_args__ = (
        sa.UniqueConstraint("month", "number"),
        # The embargo is read from it on public pages, without the frozen numbers.
        sa.Index("ix_month_revision_release", "month", "released_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    month: Mapped[int]  # 202001
    number: Mapped[int]  # from 1 on
    cut: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(300))
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL")
    )
    digest: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of `frozen`, in hex
    frozen: Mapped[str] = mapped_column(sa.Text)  # JSON, as `reports/closing` writes it
    changes: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)  # since the one before
    reopened_at: Mapped[datetime | None] = mapped_column(default=None)
    reopened_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL"), default=None
    )
    reopen_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # Before it the public sees nothing of it (`releases`); None: released when it was made.
    released_at: Mapped[datetime | None] = mapped_column(default=None)
    # What the release calendar promised, if there was one.
    scheduled_at: Mapped[datetime | None] = mapped_column(default=None)
    # Why there is another revision, as the public is told: one of `month_tables.REVISION_CAUSES`.
    # The typed reason may be about somebody, and is for headquarters.
    public_cause: Mapped[str | None] = mapped_column(sa.String(10), default=None)
    # By code of the kind, a digest of the workshops whose people it counts; None before this was
    # recorded. Not published.
    counted: Mapped[dict[str, str] | None] = mapped_column(sa.JSON, default=None)

    def is_released(self, now: datetime) -> bool:
        return self.released_at is None or self.released_at <= now


class OfficeMonth(Base):
    """The report of an office on a month, and when the office was reminded last."""

    __tablename__ = "office_month"

    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    complete_at: Mapped[datetime | None] = mapped_column(default=None)  # «nothing is missing»
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL"), default=None
    )
    reminded_at: Mapped[datetime | None] = mapped_column(default=None)


def get_closing_time(month: Month) -> datetime:
    """Returns until when offices may change what they reported on a month.

    It is one instant for the network, by the clock of headquarters.
    """
    after = month.following
    day = date(after.year, after.month, CLOSES_ON)
    return clock.instant(day, CLOSES_AT, clock.headquarters_zone())


def find_closing_next(now: datetime) -> Month:
    """Returns the month whose closing time is the next one."""
    month = Month.from_day(clock.network_day(now))
    before = month.plus(-1)
    return before if now < get_closing_time(before) else month


def lock(session: Session, month: Month) -> None:
    """Locks the quarter of a month until the transaction ends: closing, reopening and publishing a
    bulletin run one after the other. Called before anything of the month is read.

    Of the quarter, since what a month may publish depends on what the other two have."""
    if session.get_bind().dialect.name != "sqlite":  # SQLite has one writer at a time
        session.execute(_LOCK, {"quarter": 10 * month.year + month.quarter.number})


def find_latest_revision(
    session: Session, month: Month, *, released_by: datetime | None = None
) -> MonthRevision | None:
    """Returns the latest revision of a month; with `released_by`, of those released at that
    instant.
    """
    # Read before the lock, it may have been opened again meanwhile.
    options = {"populate_existing": True}
    if released_by is None:
        return session.scalar(_LATEST_REVISION, {"month": month.number}, execution_options=options)
    values = {"month": month.number, "now": released_by}
    return session.scalar(_LATEST_RELEASED, values, execution_options=options)


_LATEST_REVISION: Final = (
    sa.select(MonthRevision)
    .where(MonthRevision.month == sa.bindparam("month"))
    .order_by(MonthRevision.number.desc())
    .limit(1)
)


def is_released() -> sa.ColumnElement[bool]:
    """Returns the SQL condition that a revision is released by the parameter `now`."""
    now = sa.bindparam("now", type_=MonthRevision.cut.type)
    return sa.or_(MonthRevision.released_at.is_(None), MonthRevision.released_at <= now)


_LATEST_RELEASED: Final = _LATEST_REVISION.where(is_released())


def get_revision(session: Session, month: Month, number: int) -> MonthRevision:
    """Returns a revision of a month. Raises NotFound."""
    found = session.scalar(
        sa.select(MonthRevision).where(
            MonthRevision.month == month.number, MonthRevision.number == number
        )
    )
    if found is None:
        raise NotFound(f"revision {number} of {month}")
    return found


def list_revisions(session: Session, month: Month) -> Sequence[MonthRevision]:
    """The revisions of a month, ascending."""
    return session.scalars(_REVISIONS, {"month": month.number}).all()


_REVISIONS: Final = (
    sa.select(MonthRevision)
    .where(MonthRevision.month == sa.bindparam("month"))
    .order_by(MonthRevision.number)
)


def list_revisions_of_quarter(
    session: Session, quarter: Quarter
) -> dict[Month, list[MonthRevision]]:
    """Returns the revisions of each month of the quarter, ascending."""
    first, *_, last = quarter.months
    rows = session.scalars(_REVISIONS_OF_MONTHS, {"first": first.number, "last": last.number})
    found: dict[Month, list[MonthRevision]] = {month: [] for month in quarter.months}
    for row in rows:
        found[Month.from_number(row.month)].append(row)
    return found


_REVISIONS_OF_MONTHS: Final = (
    sa.select(MonthRevision)
    .where(MonthRevision.month.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(MonthRevision.month, MonthRevision.number)
)


def list_closed_months(session: Session, first: Month, last: Month) -> dict[Month, MonthRevision]:
    """Returns the latest revision of each month from `first` to `last` that is closed and not
    reopened.
    """
    rows = session.scalars(_CLOSED_MONTHS, {"first": first.number, "last": last.number})
    return {Month.from_number(row.month): row for row in rows}


_NEWEST: Final = (
    sa.select(MonthRevision.month, sa.func.max(MonthRevision.number).label("number"))
    .where(MonthRevision.month.between(sa.bindparam("first"), sa.bindparam("last")))
    .group_by(MonthRevision.month)
    .subquery()
)
_CLOSED_MONTHS: Final = (
    sa.select(MonthRevision)
    .join(
        _NEWEST,
        sa.and_(MonthRevision.month == _NEWEST.c.month, MonthRevision.number == _NEWEST.c.number),
    )
    .where(MonthRevision.reopened_at.is_(None))
    .order_by(MonthRevision.month)
)


def add_revision(session: Session, made: MonthRevision) -> None:
    """Stores a revision. Raises Conflict where a concurrent request has stored one of that
    number."""
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Conflict(f"revision {made.number} of {made.month}") from None


def reopen(
    session: Session,
    month: Month,
    reason: str,
    *,
    seen: int | None = None,
    organizer_id: int | None,
    now: datetime,
) -> bool:
    """Reopens a closed month. Returns False where it is open, or its latest revision is not
    `seen`.
    """
    lock(session, month)
    newest = sa.select(sa.func.max(MonthRevision.number)).where(MonthRevision.month == month.number)
    done = session.execute(
        sa.update(MonthRevision)
        .where(
            MonthRevision.month == month.number,
            MonthRevision.number == newest.scalar_subquery(),
            MonthRevision.number == seen if seen is not None else sa.true(),
            MonthRevision.reopened_at.is_(None),
        )
        .values(reopened_at=now, reopened_by_id=organizer_id, reopen_reason=reason)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, sa.CursorResult)
    return done.rowcount == 1


def list_office_months(session: Session, month: Month) -> dict[int, OfficeMonth]:
    """The reports of offices on a month, by id of office."""
    rows = session.scalars(sa.select(OfficeMonth).where(OfficeMonth.month == month.number))
    return {row.office_id: row for row in rows}


def set_complete(
    session: Session, office_id: int, month: Month, *, organizer_id: int, now: datetime | None
) -> None:
    """Stores that an office has reported all of its month; with `now` None, that it has not."""
    row = _of_office(session, office_id, month)
    row.complete_at, row.organizer_id = now, organizer_id


def record_reminder(
    session: Session, office_ids: Iterable[int], month: Month, *, now: datetime
) -> None:
    """Stores that these offices have been reminded."""
    for office_id in office_ids:
        _of_office(session, office_id, month).reminded_at = now


def _of_office(session: Session, office_id: int, month: Month) -> OfficeMonth:
    """Returns the row of an office's month, and makes it when there is none.

    Somebody else may be making it at the same time.
    """
    key = (office_id, month.number)
    found = session.get(OfficeMonth, key)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(OfficeMonth(office_id=office_id, month=month.number))
            session.flush()
    except IntegrityError:
        session.expire_all()
    return session.get_one(OfficeMonth, key)
