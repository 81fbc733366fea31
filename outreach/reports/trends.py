"""Counts of consecutive months, of the network, an office or a kind.

A closed month is read from its last revision, an open one is counted in the database now, so a year
and its months always agree.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.reporting import releases
from outreach.domain.reporting.figures import MonthlyFigure
from outreach.domain.reporting.months import MonthRevision
from outreach.domain.reporting.releases import Embargo
from outreach.domain.workshops import Workshop
from outreach.reports import month_report, workshop_counts
from outreach.reports.workshop_counts import TOTAL, NetworkRows, WorkshopCounts


@dataclass(frozen=True, kw_only=True)
class ReportedMonth:
    """One month: its numbers by kind (or by office), and whether they are final."""

    month: Month
    numbers: Mapping[str, int]
    planned: int
    revision: int  # 0: provisional
    is_over: bool
    is_synthetic: bool
    is_hidden: bool = False  # not released: it has no numbers

    @property
    def total(self) -> int:
        return sum(self.numbers.values())

    @property
    def is_closed(self) -> bool:
        return self.revision > 0


def by_kind(
    session: Session,
    first: Month,
    last: Month,
    *,
    now: datetime,
    office: Office | None = None,
    network: NetworkRows | None = None,
    is_before_release: bool = False,
) -> list[ReportedMonth]:
    """Returns every month of the range, with its numbers by code of the kind; empty months too.
    `network` has the kinds, if they were queried already. `is_before_release` is for staff: also
    the numbers of months that are not released."""
    if network is None:
        codes = kinds.list_codes(session)
    else:
        codes = {kind.id: kind.code for kind in network.kinds}

    def select(count: WorkshopCounts) -> Mapping[str, int]:
        return count.by_office.get(office.slug, {}) if office else count.by_kind

    history = workshop_counts.history(
        session, first, last, now=now, office_id=office.id if office else None
    )
    embargo = None if is_before_release else releases.load_embargo(session, now)
    closed = _read_closed_months(session, first, last, select, embargo)
    return _merge(first, last, history, codes, closed, now, embargo)


def by_office(
    session: Session,
    first: Month,
    last: Month,
    *,
    now: datetime,
    kind: Kind | None = None,
    is_before_release: bool = False,
) -> list[ReportedMonth]:
    """Returns every month of the range, with its numbers by slug of the office; empty months too.
    `is_before_release`: see `by_kind`."""
    slugs = {office.id: office.slug for office in offices.list_offices(session)}

    def select(count: WorkshopCounts) -> Mapping[str, int]:
        code = kind.code if kind else TOTAL
        return {slug: row[code] for slug, row in count.by_office.items() if row.get(code)}

    history = workshop_counts.history(
        session, first, last, now=now, by=Workshop.office_id, kind_id=kind.id if kind else None
    )
    embargo = None if is_before_release else releases.load_embargo(session, now)
    closed = _read_closed_months(session, first, last, select, embargo)
    return _merge(first, last, history, slugs, closed, now, embargo)


def first_month(session: Session, now: datetime) -> Month:
    """Returns the first month with a workshop, revision or figure; the current one if there is none
    in the past."""
    known = session.connection().execute(_FIRST_MONTHS).one()
    current = Month.from_day(now.date())
    return Month.from_number(min([current.number, *(n for n in known if n is not None)]))


_FIRST_MONTHS: Final = sa.select(
    sa.select(sa.func.min(Workshop.month)).where(workshop_counts.IS_COUNTED).scalar_subquery(),
    sa.select(sa.func.min(MonthRevision.month)).scalar_subquery(),
    sa.select(sa.func.min(MonthlyFigure.month)).scalar_subquery(),
)


def sum_numbers(reported_months: Iterable[ReportedMonth]) -> dict[str, int]:
    """Returns the sums of the numbers of all months, the largest first, without zeros."""
    sums: Counter[str] = Counter()
    for each in reported_months:
        sums.update(each.numbers)
    return {code: n for code, n in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])) if n}


def by_year(reported_months: Sequence[ReportedMonth]) -> dict[int, list[ReportedMonth | None]]:
    """Returns the months by year, the last year first; each year has twelve, None for a month that
    is not in `reported_months`."""
    known = {each.month: each for each in reported_months}
    years = sorted({each.month.year for each in reported_months}, reverse=True)
    return {year: [known.get(Month(year, number)) for number in range(1, 13)] for year in years}


def _merge(
    first: Month,
    last: Month,
    history: Iterable[tuple[Month, int, bool, int, int]],
    names: Mapping[int, str],
    closed: Mapping[Month, tuple[WorkshopCounts, Mapping[str, int]]],
    now: datetime,
    embargo: Embargo | None,
) -> list[ReportedMonth]:
    """Takes each month from `closed` if it is there, otherwise from `history` (see
    `workshop_counts.history`), whose ids `names` maps to codes or slugs. What the embargo hides has
    no numbers."""
    held: dict[Month, Counter[str]] = {}
    planned: Counter[Month] = Counter()
    synthetic: set[Month] = set()
    for month, id_, is_synthetic, held_count, planned_count in history:
        held.setdefault(month, Counter())[names[id_]] += held_count
        planned[month] += planned_count
        if is_synthetic:
            synthetic.add(month)
    result = []
    month = first
    while month <= last:
        if month in closed:
            count, frozen = closed[month]
            numbers = {code: n for code, n in frozen.items() if code != TOTAL}
            reported_month = ReportedMonth(
                month=month, numbers=numbers, planned=0, revision=count.revision, is_over=True,
                is_synthetic=count.is_synthetic,
            )  # fmt: skip
        elif embargo is not None and embargo.hides(month):
            reported_month = ReportedMonth(
                month=month, numbers={}, planned=0, revision=0,
                is_over=workshop_counts.is_over(month, now), is_synthetic=False, is_hidden=True,
            )  # fmt: skip
        else:
            reported_month = ReportedMonth(
                month=month, numbers=held.get(month, {}), planned=planned[month], revision=0,
                is_over=workshop_counts.is_over(month, now), is_synthetic=month in synthetic,
            )  # fmt: skip
        result.append(reported_month)
        month = month.following
    return result


def _read_closed_months(
    session: Session,
    first: Month,
    last: Month,
    select: Callable[[WorkshopCounts], Mapping[str, int]],
    embargo: Embargo | None,
) -> dict[Month, tuple[WorkshopCounts, Mapping[str, int]]]:
    """Returns the counts of each closed month, with the numbers that `select` takes from them."""
    reports = month_report.list_closed(session, first, last, embargo=embargo)
    return {month: (each.count, select(each.count)) for month, each in reports.items()}
