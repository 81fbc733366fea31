"""Loads typed monthly figures from a file in the format of `data/figures-2020-01.csv`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.reporting.figures import FigureSeries, MonthlyFigure
from outreach.imports import csv_tables
from outreach.imports.import_errors import DataFileErrorCode, ImportRejected
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, fill, without_progress
from outreach.imports.row_parser import RowParser

REQUIRED: Final = ("month", "series", "value", "source")
_MAX_VALUE: Final = 10**15


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    month: int  # YYYYMM
    series: str
    value: int
    source: str


def list_series_codes(session: Session) -> frozenset[str]:
    """The codes of the series a figure may belong to."""
    return frozenset(session.scalars(sa.select(FigureSeries.code)))


def read(path: Path, series: Collection[str]) -> list[FigureRow]:
    """The figures of a file. Raises ImportRejected with all faults, and UnreadableFile."""
    table = csv_tables.read(path, REQUIRED)
    rows = [_row(line, series) for line in table.lines]
    csv_tables.refuse_duplicates(
        table.lines, lambda line: f"{line.raw('month')} {line.raw('series')}", "series"
    )
    faults = [fault for line in table.lines for fault in line.faults]
    if faults:
        raise ImportRejected(faults)
    return rows


def load(
    session: Session, rows: Iterable[FigureRow], *, now: datetime, watch: Watch = without_progress
) -> ImportResult:
    """Creates and updates figures. Those that no row names stay unchanged."""
    result = ImportResult()
    for row in watch(rows):
        month = str(Month.from_number(row.month))
        figure = session.get(MonthlyFigure, (row.month, row.series))
        if figure is None:
            session.add(MonthlyFigure(**vars(row), entered_at=now))
            result.count(RowOutcome.NEW, month)
        elif fill(figure, vars(row)):
            figure.entered_at, figure.entered_by_id = now, None
            result.count(RowOutcome.CHANGED, month)
        else:
            result.count(RowOutcome.SAME, month)
    session.flush()
    return result


def _row(line: RowParser, series: Collection[str]) -> FigureRow:
    """The figure of a line; its values are meaningless if the line has faults."""
    try:
        month = Month.parse(line.raw("month"))
    except ValueError:
        month = Month(1, 1)
    if not csv_tables.is_likely(month.first):
        line.fault("month", DataFileErrorCode.MONTH_UNREADABLE)
    code = line.raw("series")
    if code.startswith("talleres."):
        line.fault("series", DataFileErrorCode.FIGURE_COMPUTED)
    elif code not in series:
        line.fault("series", DataFileErrorCode.FIGURE_UNKNOWN)
    if not line.raw("value"):
        line.fault("value", DataFileErrorCode.FIGURE_MISSING)
    return FigureRow(
        month=month.number,
        series=code,
        value=line.number_of("value", most=_MAX_VALUE) or 0,
        source=line.text("source", 200, is_required=True),
    )
