"""Who has reported a month, and who holds what in the days ahead: for the staff, never published.

A month's numbers here are those of now, also when the month is closed already: it is the list of
what is still to be done."""

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
FIRST_MONTH: Final = Month(2020, 1)  # of it, and it alone, we were told who was open
Slugs = frozenset[str] | None  # of offices; None for all of them


class ReportState(StrEnum):
    """How far an office is with its month."""

    MISSING = "missing"  # nothing held, nothing called off, nothing said
    PENDING = "pending"  # workshops are over of which nobody has said how they went
    CALLED_OFF = "called off"  # nothing was held, and what was planned is accounted for
    ZERO = "zero"  # it said itself that nothing is missing, and there was nothing
    READY = "ready"


@dataclass(frozen=True, kw_only=True)
class CoverageRow:
    """One office's month. `core` has a number for each core kind, in their order."""

    id: int
    slug: str
    city: str
    core: tuple[int, ...]
    others: int
    total: int
    pending: int
    called_off: int  # cancelled, or not held
    is_asked: bool  # open in that month
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
        """Whether something of it is still to be reported."""
        return self.is_asked and self.state in {ReportState.MISSING, ReportState.PENDING}


@dataclass(frozen=True, kw_only=True)
class CoverageMatrix:
    month: Month
    is_over: bool
    kinds: tuple[Words, ...]  # the names of the core kinds
    rows: tuple[CoverageRow, ...]  # those who are late first
    is_synthetic: bool

    @property
    def late(self) -> tuple[CoverageRow, ...]:
        return tuple(row for row in self.rows if row.is_late) if self.is_over else ()

    @property
    def asked(self) -> int:
        return sum(row.is_asked for row in self.rows)

    @property
    def total(self) -> int:
        return sum(row.total for row in self.rows)

    @property
    def others(self) -> int:
        return sum(row.others for row in self.rows)

    @property
    def core(self) -> tuple[int, ...]:
        return tuple(sum(row.core[place] for row in self.rows) for place in range(len(self.kinds)))


def matrix(session: Session, month: Month, mine: Slugs, *, now: datetime) -> CoverageMatrix:
    """Each of these offices and its month, as of now."""
    count = workshop_counts.count(session, month, now=now)
    core = [kind for kind in kinds.list_kinds(session) if kind.is_core]
    pending, called_off = _open_ends(session, month, now)
    office_months = months.list_office_months(session, month)
    rows = []
    for office in offices.list_offices(session):
        if mine is not None and office.slug not in mine:
            continue
        held = count.by_office.get(office.slug, {})
        numbers = tuple(held.get(kind.code, 0) for kind in core)
        its = office_months.get(office.id)
        row = CoverageRow(
            id=office.id,
            slug=office.slug,
            city=office.city,
            core=numbers,
            others=held.get(TOTAL, 0) - sum(numbers),
            total=held.get(TOTAL, 0),
            pending=pending.get(office.id, 0),
            called_off=called_off.get(office.id, 0),
            is_asked=is_asked(office, month),
            complete_at=its.complete_at if its else None,
            reminded_at=its.reminded_at if its else None,
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
    """Whether an office worked on any day of the month."""
    if month <= FIRST_MONTH:
        return office.was_open_in_january_2020
    opened = office.opened_on is None or office.opened_on <= month.last
    return opened and (office.closed_on is None or office.closed_on > month.first)


@dataclass(frozen=True, kw_only=True)
class PeopleCount:
    """Head counts of one office, by kind: for its own staff, and no further."""

    city: str
    kind: Words
    workshops: int  # of which it is known how many came
    people: int


def people(session: Session, month: Month, mine: Iterable[str]) -> list[PeopleCount]:
    """How many came to what these offices held, office by office."""
    rows = session.execute(
        sa.select(Office.city, Kind.name, sa.func.count(), sa.func.sum(Workshop.head_count))
        .select_from(Workshop)
        .join(Office, Office.id == Workshop.office_id)
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(
            Workshop.month == month.number,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.head_count.is_not(None),
            Office.slug.in_(list(mine)),
        )
        .group_by(Office.id, Office.city, Kind.id, Kind.position)
        .order_by(Office.city, Office.id, Kind.position)
    )
    return [
        PeopleCount(city=city, kind=name, workshops=number, people=int(came or 0))
        for city, name, number, came in rows
    ]


@dataclass(frozen=True, kw_only=True)
class CoverageGaps:
    """What is not offered in the days ahead, by the names of cities."""

    offices: tuple[str, ...]  # with nothing at all
    kinds: Sequence[tuple[Words, tuple[str, ...]]]  # a core kind, and the others without it


def gaps(session: Session, mine: Slugs, *, now: datetime) -> CoverageGaps:
    """Which offices offer nothing in the next 30 days, and which core kinds the others do not."""
    today = now.date()
    working = [
        office
        for office in offices.list_open_offices(session, today)
        if mine is None or office.slug in mine
    ]
    offered = _offered(session, today, today + AHEAD)
    idle = {office.id for office in working if not offered.get(office.id)}
    missing = []
    for kind in kinds.list_kinds(session):
        if not kind.is_core:
            continue
        cities = tuple(
            sorted(
                office.city
                for office in working
                if office.id not in idle
                and office.country in kind.countries
                and kind.id not in offered[office.id]
            )
        )
        missing.append((kind.name, cities))
    return CoverageGaps(
        offices=tuple(sorted(office.city for office in working if office.id in idle)),
        kinds=missing,
    )


def _open_ends(
    session: Session, month: Month, now: datetime
) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """By office: workshops that are over of which nobody has said anything, and those that were
    called off."""
    is_open = sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at <= now)
    is_off = Workshop.status.in_([WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD])
    rows = session.execute(
        sa.select(
            Workshop.office_id,
            sa.func.count(sa.case((is_open, 1))),
            sa.func.count(sa.case((is_off, 1))),
        )
        .where(Workshop.month == month.number)
        .group_by(Workshop.office_id)
    ).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def _offered(session: Session, since: date, until: date) -> dict[int, set[int]]:
    """The kinds that each office offers in these days."""
    rows = session.execute(
        sa.select(Workshop.office_id, Workshop.kind_id)
        .distinct()
        .where(
            Workshop.day >= since,
            Workshop.day < until,
            Workshop.status == WorkshopStatus.PUBLISHED,
        )
    )
    found: dict[int, set[int]] = {}
    for office_id, kind_id in rows:
        found.setdefault(office_id, set()).add(kind_id)
    return found
