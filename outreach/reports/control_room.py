"""The month of the network for headquarters: how far the reports are, and a line for each office.

Figures of offices are computed by grouped statements, so their number does not grow with that of
offices. Offices stand by what they have not reported; no order ranks them by a rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final

from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.db.base import Words
from outreach.domain.network import kinds, staff
from outreach.domain.network.kinds import Kind
from outreach.domain.newsletter import report_reminders
from outreach.domain.newsletter.report_reminders import NoReach, OfficeReach
from outreach.domain.reporting import figures, typing_slips
from outreach.domain.reporting.typing_slips import OddHeadCount
from outreach.domain.search import unmet_searches
from outreach.domain.search.unmet_searches import UnmetSearch
from outreach.domain.text import fold
from outreach.reports import coverage, staff_figures, trends
from outreach.reports.coverage import CoverageMatrix, CoverageRow, IdleOffice
from outreach.reports.staff_figures import FigureGrouping, FiguresRow

TREND_MONTHS: Final = 6
UNMET_WEEKS: Final = 8
UNMANNED: Final = frozenset({NoReach.NO_ACCOUNT, NoReach.DISABLED, NoReach.UNCONFIRMED})


class OfficeOrder(StrEnum):
    """The columns by which offices are sorted; the values are those of the address."""

    PENDING = "debe"
    NAME = "oficina"
    REPORTED = "reportados"
    WORKSHOPS = "talleres"
    PEOPLE = "personas"
    ACCOUNTS = "cuentas"


@dataclass(frozen=True, kw_only=True)
class ControlRoomLine:
    """The month of one office."""

    coverage: CoverageRow
    figures: FiguresRow | None  # None without a held workshop
    accounts: int  # that are not disabled
    trend: tuple[int, ...]  # workshops of the last TREND_MONTHS months, this one last

    @property
    def reported(self) -> int:
        """How many held workshops have a report."""
        return self.coverage.total - self.coverage.pending

    @property
    def people(self) -> int | None:
        """How many people came, as far as that is shown; None where all are hidden, 0 without a
        report."""
        return self.figures.people.people if self.figures else 0


@dataclass(frozen=True, kw_only=True)
class OddFigure:
    """A typed figure of the month that is far from those of the months before."""

    label: Words
    value: int
    usual: int  # the median of the months before


@dataclass(frozen=True, kw_only=True)
class ControlRoom:
    month: Month
    matrix: CoverageMatrix
    lines: tuple[ControlRoomLine, ...]
    total: FiguresRow
    reach: Mapping[str, OfficeReach]  # only for offices that owe reports or are late
    odd_counts: Sequence[OddHeadCount]
    odd_figures: Sequence[OddFigure]
    kinds: Mapping[int, Kind]
    idle: Sequence[IdleOffice]
    unmet: Sequence[tuple[UnmetSearch, int]]  # in the last UNMET_WEEKS

    @property
    def reported(self) -> int:
        return sum(each.reported for each in self.lines)

    @property
    def owing(self) -> int:
        """Offices with past workshops that are not reported."""
        return sum(each.coverage.pending > 0 for each in self.lines)

    @property
    def unmanned(self) -> list[ControlRoomLine]:
        """The offices for which nobody signs in."""
        slugs = {slug for slug, each in self.reach.items() if each.cause in UNMANNED}
        return [each for each in self.lines if each.coverage.slug in slugs]


def load(session: Session, month: Month, *, now: datetime) -> ControlRoom:
    """Returns the month as of now, whether or not it is closed, with the offices that owe most
    reports first."""
    matrix = coverage.matrix(session, month, None, now=now)
    found = staff_figures.load(session, month, month, now=now, is_network=True)
    of_offices = {each.key: each for each in found.list_rows(FigureGrouping.OFFICE)}
    accounts = staff.count_active(session)
    history = trends.by_office(
        session, month.plus(1 - TREND_MONTHS), month, now=now, is_before_release=True
    )
    lines = [
        ControlRoomLine(
            coverage=row,
            figures=of_offices.get(row.id),
            accounts=accounts.get(row.slug, 0),
            trend=tuple(each.numbers.get(row.slug, 0) for each in history),
        )
        for row in matrix.rows
    ]
    asked = [row.slug for row in matrix.rows if row.is_asked]
    today = clock.network_day(now)
    reach = report_reminders.find_reach(session, asked, month, now=now)
    return ControlRoom(
        month=month,
        matrix=matrix,
        lines=tuple(sort_lines(lines, OfficeOrder.PENDING)),
        total=found.total(),
        reach={each.slug: each for each in reach},
        odd_counts=typing_slips.list_odd_head_counts(session, month),
        odd_figures=_list_odd_figures(session, month),
        kinds={each.id: each for each in kinds.list_kinds(session)},
        idle=coverage.list_idle(session, today),
        unmet=unmet_searches.list_shown(session, today - UNMET_WEEKS * timedelta(weeks=1)),
    )


def sort_lines(
    lines: Sequence[ControlRoomLine], order: OfficeOrder, *, is_reversed: bool = False
) -> list[ControlRoomLine]:
    """Returns the lines in the order of a column: most reports owed, largest number or fewest
    accounts first. Lines whose people are hidden come last, also if `is_reversed`."""
    by_name = sorted(lines, key=lambda line: fold(line.coverage.city))
    is_hidden = [order is OfficeOrder.PEOPLE and each.people is None for each in by_name]
    shown = [each for each, hides in zip(by_name, is_hidden, strict=True) if not hides]
    hidden = [each for each, hides in zip(by_name, is_hidden, strict=True) if hides]
    shown.sort(key=lambda line: _sort_key(line, order))
    return [*(reversed(shown) if is_reversed else shown), *hidden]


def _sort_key(line: ControlRoomLine, order: OfficeOrder) -> tuple[int, int]:
    row = line.coverage
    keys = {
        OfficeOrder.PENDING: (int(not row.is_late), -row.pending),
        OfficeOrder.NAME: (0, 0),
        OfficeOrder.REPORTED: (-line.reported, 0),
        OfficeOrder.WORKSHOPS: (-row.total, 0),
        OfficeOrder.PEOPLE: (-(line.people or 0), 0),
        OfficeOrder.ACCOUNTS: (line.accounts, 0),
    }
    return keys[order]


def _list_odd_figures(session: Session, month: Month) -> list[OddFigure]:
    history = figures.get_history(session, month)
    return [
        OddFigure(label=series.label, value=each.value, usual=round(median(history[series.code])))
        for series, each in figures.list_figures(session, month)
        if figures.is_unlikely(each.value, history.get(series.code, ()))
    ]
