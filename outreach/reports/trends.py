"""Months in a row: how each was told, beside its neighbours, of the network, an office or a kind.

A closed month is told as its last revision says, an open one as the database has it now: so a year
and its months agree to the digit.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import figures, months
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.workshops import Workshop
from outreach.reports import month_report, workshop_counts
from outreach.reports.workshop_counts import TOTAL, WorkshopCounts


@dataclass(frozen=True, kw_only=True)
class ReportedMonth:
    """A month of the row: its numbers by kind (or by office), and what they are worth."""

    month: Month
    numbers: Mapping[str, int]
    planned: int
    revision: int  # 0 where it is provisional
    is_over: bool
    is_synthetic: bool

    @property
    def total(self) -> int:
        return sum(self.numbers.values())

    @property
    def is_closed(self) -> bool:
        return self.revision > 0


def by_kind(
    session: Session, first: Month, last: Month, *, now: datetime, office: Office | None = None
) -> list[ReportedMonth]:
    """Every month of these by the codes of kinds; months with nothing too."""
    codes = {kind.id: kind.code for kind in kinds.list_kinds(session)}

    def frozen(count: WorkshopCounts) -> Mapping[str, int]:
        return count.by_office.get(office.slug, {}) if office else count.by_kind

    found = workshop_counts.history(
        session, first, last, now=now, office_id=office.id if office else None
    )
    return _row(first, last, found, codes, _thawed(session, first, last, frozen), now)


def by_office(
    session: Session, first: Month, last: Month, *, now: datetime, kind: Kind | None = None
) -> list[ReportedMonth]:
    """Every month of these by the slugs of offices; months with nothing too."""
    slugs = {office.id: office.slug for office in offices.list_offices(session)}

    def frozen(count: WorkshopCounts) -> Mapping[str, int]:
        what = kind.code if kind else TOTAL
        return {slug: row[what] for slug, row in count.by_office.items() if row.get(what)}

    found = workshop_counts.history(
        session, first, last, now=now, by=Workshop.office_id, kind_id=kind.id if kind else None
    )
    return _row(first, last, found, slugs, _thawed(session, first, last, frozen), now)


def first_month(session: Session, now: datetime) -> Month:
    """The first there is anything of; this one where there is nothing yet, or only what comes."""
    known: Iterable[int | None] = (
        session.scalar(sa.select(sa.func.min(Workshop.month)).where(workshop_counts.IS_COUNTED)),
        session.scalar(sa.select(sa.func.min(MonthRevision.month))),
        *(each.number for each in figures.list_months(session)[:1]),
    )
    this = Month.of(now.date())
    return Month.from_number(min([this.number, *(n for n in known if n is not None)]))


def added(row: Iterable[ReportedMonth]) -> dict[str, int]:
    """The numbers of all of them together, the most first."""
    sums: Counter[str] = Counter()
    for each in row:
        sums.update(each.numbers)
    return {what: n for what, n in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])) if n}


def by_year(row: Sequence[ReportedMonth]) -> dict[int, list[ReportedMonth | None]]:
    """The same by year, the last one first, each with its twelve months; None where there is none
    in the row."""
    known = {each.month: each for each in row}
    years = sorted({each.month.year for each in row}, reverse=True)
    return {year: [known.get(Month(year, number)) for number in range(1, 13)] for year in years}


def _row(
    first: Month,
    last: Month,
    found: Iterable[tuple[Month, int, bool, int, int]],
    names: Mapping[int, str],
    closed: Mapping[Month, tuple[WorkshopCounts, Mapping[str, int]]],
    now: datetime,
) -> list[ReportedMonth]:
    held: dict[Month, Counter[str]] = {}
    planned: Counter[Month] = Counter()
    rebuilt: set[Month] = set()
    for month, what, is_rebuilt, done, ahead in found:
        held.setdefault(month, Counter())[names[what]] += done
        planned[month] += ahead
        if is_rebuilt:
            rebuilt.add(month)
    row = []
    month = first
    while month <= last:
        if month in closed:
            count, frozen = closed[month]
            numbers = {what: n for what, n in frozen.items() if what != TOTAL}
            month_row = ReportedMonth(
                month=month, numbers=numbers, planned=0, revision=count.revision, is_over=True,
                is_synthetic=count.is_synthetic,
            )  # fmt: skip
        else:
            month_row = ReportedMonth(
                month=month, numbers=held.get(month, {}), planned=planned[month], revision=0,
                is_over=workshop_counts.is_over(month, now), is_synthetic=month in rebuilt,
            )  # fmt: skip
        row.append(month_row)
        month = month.following
    return row


def _thawed(
    session: Session,
    first: Month,
    last: Month,
    numbers: Callable[[WorkshopCounts], Mapping[str, int]],
) -> dict[Month, tuple[WorkshopCounts, Mapping[str, int]]]:
    """The counts of the months that are closed, each with its numbers that are asked for."""
    counts = {
        month: month_report.read_revision(revision).count
        for month, revision in months.list_closed_months(session, first, last).items()
    }
    return {month: (count, numbers(count)) for month, count in counts.items()}
