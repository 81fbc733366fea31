"""Which offices have reported a month, and which offer nothing in the coming days. Staff only.

The numbers are the current ones even if the month is closed: the matrix lists outstanding work.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import months
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.reports import workshop_counts
from outreach.reports.workshop_counts import TOTAL

AHEAD: Final = timedelta(days=30)
IDLE_AFTER: Final = timedelta(days=90)
FIRST_MONTH: Final = Month(2020, 1)  # the only month with a list of the offices that were open
Slugs = frozenset[str] | None  # slugs of offices; None for all offices


class ReportState(StrEnum):
    """How far the report of an office for a month is."""

    MISSING = "missing"  # no workshop held or called off, and the month not marked complete
    PENDING = "pending"  # some past workshops are not reported
    CALLED_OFF = "called off"  # no workshop held; all planned ones were called off
    ZERO = "zero"  # no workshop held, and the office marked the month complete
    READY = "ready"  # workshops held, all reported


@dataclass(frozen=True, kw_only=True)
class CoverageRow:
    """The month of one office. `core` has the number of workshops of each core kind, in order."""

    id: int
    slug: str
    city: str
    region: str  # IL, QC
    core: tuple[int, ...]
    others: int
    total: int
    pending: int
    called_off: int  # cancelled or not held
    is_asked: bool  # the office was open in the month
    complete_at: datetime | None
    reminded_at: datetime | None

    @property
    def state(self) -> ReportState:
        if self.pending:
            return ReportState.PENDING
        if self.total:
            return ReportState.READY
        if self.complete_at is not None:
            return ReportState.ZERO
        return ReportState.CALLED_OFF if self.called_off else ReportState.MISSING

    @property
    def is_late(self) -> bool:
        """Whether the office must still report something."""
        return self.is_asked and self.state in {ReportState.MISSING, ReportState.PENDING}


@dataclass(frozen=True, kw_only=True)
class CoverageMatrix:
    month: Month
    is_over: bool
    kinds: tuple[Words, ...]  # short names of the core kinds
    rows: tuple[CoverageRow, ...]  # late offices first
    is_synthetic: bool

    @property
    def late(self) -> tuple[CoverageRow, ...]:
        return tuple(row for row in self.rows if row.is_late) if self.is_over else ()

    @property
    def asked_count(self) -> int:
        return sum(row.is_asked for row in self.rows)

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    @property
    def other_count(self) -> int:
        return sum(row.others for row in self.rows)

    @property
    def core(self) -> tuple[int, ...]:
        return tuple(sum(row.core[index] for row in self.rows) for index in range(len(self.kinds)))


def matrix(session: Session, month: Month, slugs: Slugs, *, now: datetime) -> CoverageMatrix:
    """Returns the state of the month of each of these offices, as of now. Offices that were closed
    and have no workshop are left out."""
    count = workshop_counts.count(session, month, now=now)
    core = [kind for kind in kinds.list_kinds(session) if kind.is_core]
    pending, called_off = _count_outstanding(session, month, now)
    office_months = months.list_office_months(session, month)
    rows = []
    for office in offices.list_offices(session):
        if slugs is not None and office.slug not in slugs:
            continue
        counts = count.by_office.get(office.slug, {})
        numbers = tuple(counts.get(kind.code, 0) for kind in core)
        office_month = office_months.get(office.id)
        row = CoverageRow(
            id=office.id,
            slug=office.slug,
            city=office.city,
            region=office.region,
            core=numbers,
            others=counts.get(TOTAL, 0) - sum(numbers),
            total=counts.get(TOTAL, 0),
            pending=pending.get(office.id, 0),
            called_off=called_off.get(office.id, 0),
            is_asked=is_asked(office, month),
            complete_at=office_month.complete_at if office_month else None,
            reminded_at=office_month.reminded_at if office_month else None,
        )
        if row.is_asked or row.total or row.pending or row.called_off:
            rows.append(row)
    return CoverageMatrix(
        month=month,
        is_over=workshop_counts.is_over(month, now),
        kinds=tuple(kind.short_name for kind in core),
        rows=tuple(sorted(rows, key=lambda row: (not row.is_late, row.city))),
        is_synthetic=count.is_synthetic,
    )


def is_asked(office: Office, month: Month) -> bool:
    """Whether an office was open on any day of the month."""
    if month <= FIRST_MONTH:
        return office.was_open_in_january_2020
    opened = office.opened_on is None or office.opened_on <= month.last
    return opened and (office.closed_on is None or office.closed_on > month.first)


@dataclass(frozen=True, kw_only=True)
class PeopleCount:
    """The attendance of one office and kind, not suppressed: for the staff of the office only."""

    city: str
    kind: Words
    workshops: int  # workshops with a head count
    people: int


def people(session: Session, month: Month, slugs: Iterable[str]) -> list[PeopleCount]:
    """Returns the attendance of the held workshops of these offices, by office and kind."""
    rows = session.execute(
        sa.select(Office.city, Kind.name, sa.func.count(), sa.func.sum(Workshop.head_count))
        .select_from(Workshop)
        .join(Office, Office.id == Workshop.office_id)
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
            Office.slug.in_(list(slugs)),
        )
        .group_by(Office.id, Office.city, Kind.id, Kind.position)
        .order_by(Office.city, Office.id, Kind.position, Kind.id)
    )
    return [
        PeopleCount(city=city, kind=name, workshops=number, people=int(head_count or 0))
        for city, name, number, head_count in rows
    ]


@dataclass(frozen=True, kw_only=True)
class CoverageGaps:
    """What is not offered in the coming days, by names of cities."""

    offices: tuple[str, ...]  # cities of the offices without any workshop
    kinds: Sequence[tuple[Words, tuple[str, ...]]]  # a core kind, and the other cities without it


def gaps(session: Session, slugs: Slugs, *, now: datetime) -> CoverageGaps:
    """Returns the offices that offer nothing in the next 30 days, and for each core kind the other
    offices that do not offer it."""
    today = now.date()
    open_offices = [
        office
        for office in offices.list_open_offices(session, today)
        if slugs is None or office.slug in slugs
    ]
    offered = _offered(session, today, today + AHEAD)
    idle = {office.id for office in open_offices if not offered.get(office.id)}
    missing = []
    for kind in kinds.list_kinds(session):
        if not kind.is_core:
            continue
        cities = tuple(
            sorted(
                office.city
                for office in open_offices
                if office.id not in idle
                and office.country in kind.countries
                and kind.id not in offered[office.id]
            )
        )
        missing.append((kind.name, cities))
    return CoverageGaps(
        offices=tuple(sorted(office.city for office in open_offices if office.id in idle)),
        kinds=missing,
    )


@dataclass(frozen=True, kw_only=True)
class IdleOffice:
    """An open office that has held no workshop for IDLE_AFTER, and the days of its last and its
    next one."""

    slug: str
    city: str
    last: date | None
    following: date | None


def list_idle(session: Session, today: date) -> list[IdleOffice]:
    """The open offices without a workshop for so long, the longest first."""
    counted = workshop_counts.IS_COUNTED
    last = _group_days(session, sa.func.max(Workshop.day), Workshop.day <= today, counted)
    following = _group_days(session, sa.func.min(Workshop.day), Workshop.day > today, counted)
    idle = [
        IdleOffice(
            slug=office.slug,
            city=office.city,
            last=last.get(office.id),
            following=following.get(office.id),
        )
        for office in offices.list_open_offices(session, today)
        if last.get(office.id, date.min) <= today - IDLE_AFTER
    ]
    return sorted(idle, key=lambda each: (each.last or date.min, each.city))


def _group_days(
    session: Session, day: sa.ColumnElement[date], *conditions: sa.ColumnElement[bool]
) -> dict[int, date]:
    rows = session.execute(
        sa.select(Workshop.office_id, day).where(*conditions).group_by(Workshop.office_id)
    )
    return {row[0]: row[1] for row in rows}


def _count_outstanding(
    session: Session, month: Month, now: datetime
) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """Returns, by id of the office, the number of past workshops without a report, and the number
    of workshops that were called off."""
    is_pending = sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at <= now)
    is_called_off = Workshop.status.in_([WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD])
    rows = session.execute(
        sa.select(
            Workshop.office_id,
            sa.func.count(sa.case((is_pending, 1))),
            sa.func.count(sa.case((is_called_off, 1))),
        )
        .where(Workshop.month == month.number)
        .group_by(Workshop.office_id)
    ).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def _offered(session: Session, since: date, until: date) -> dict[int, set[int]]:
    """Returns the ids of the kinds that each office offers, by id of the office."""
    rows = session.execute(
        sa.select(Workshop.office_id, Workshop.kind_id)
        .distinct()
        .where(
            Workshop.day >= since,
            Workshop.day < until,
            Workshop.status == WorkshopStatus.PUBLISHED,
        )
    )
    kinds_by_office: dict[int, set[int]] = {}
    for office_id, kind_id in rows:
        kinds_by_office.setdefault(office_id, set()).add(kind_id)
    return kinds_by_office
