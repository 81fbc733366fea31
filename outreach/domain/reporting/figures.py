"""Figures: monthly numbers that staff type, such as passports issued. Workshops are not typed but
counted (`outreach.reports`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.clock import Month
from outreach.db.base import Base, Words
from outreach.db.store import changes_one_row
from outreach.errors import Conflict

HISTORY_MONTHS: Final = 12  # a new number is compared with so many
MIN_HISTORY: Final = 3  # with fewer months, only a tenfold number is unlikely
_SPREADS: Final = 6  # so many times the middle distance from the middle is far
_SHARE: Final = 0.4  # a steady series may still move by so much of itself
_SMALL: Final = 5  # numbers so near to each other are all alike


class FigureSeries(Base):
    __tablename__ = "figure_series"

    code: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    position: Mapped[int]
    label: Mapped[Words]
    unit: Mapped[str] = mapped_column(sa.String(40))
    provided_by: Mapped[str] = mapped_column(sa.String(120))
    # The series that this one is a part of, if any: protection cases by matter.
    part_of: Mapped[str | None] = mapped_column(sa.ForeignKey("figure_series.code"), default=None)
    # How bulletins say its number, as JSON of `reports.series_wording`; None: by its label.
    wording: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True), default=None)


class MonthlyFigure(Base):
    __tablename__ = "monthly_figure"

    month: Mapped[int] = mapped_column(primary_key=True)  # 202001
    series: Mapped[str] = mapped_column(sa.ForeignKey("figure_series.code"), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
    source: Mapped[str] = mapped_column(sa.String(200))
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id"), default=None
    )


def list_series(session: Session) -> Sequence[FigureSeries]:
    """All series in their order, each followed by its parts."""
    found = session.scalars(
        sa.select(FigureSeries).order_by(FigureSeries.position, FigureSeries.code)
    ).all()
    return [
        each
        for whole in found
        if whole.part_of is None
        for each in (whole, *(part for part in found if part.part_of == whole.code))
    ]


def list_figures(session: Session, month: Month) -> list[tuple[FigureSeries, MonthlyFigure]]:
    """The typed figures of a month, in the order of the series."""
    rows = session.execute(_FIGURES, {"month": month.number})
    return [(series, figure) for series, figure in rows]


_FIGURES: Final = (
    sa.select(FigureSeries, MonthlyFigure)
    .join(MonthlyFigure, MonthlyFigure.series == FigureSeries.code)
    .where(MonthlyFigure.month == sa.bindparam("month"))
    .order_by(FigureSeries.position, FigureSeries.code)
)


def list_values(
    session: Session, month: Month
) -> Sequence[sa.Row[str, Words, str, int, str, str | None]]:
    """Returns the typed figures of a month for reading.

    Each has code, label and unit of the series, value, source, and the code of the series
    that it is part of.
    """
    return session.connection().execute(_VALUES, {"month": month.number}).all()


_VALUES: Final = (
    sa.select(
        FigureSeries.code,
        FigureSeries.label,
        FigureSeries.unit,
        MonthlyFigure.value,
        MonthlyFigure.source,
        FigureSeries.part_of,
    )
    .join(MonthlyFigure, MonthlyFigure.series == FigureSeries.code)
    .where(MonthlyFigure.month == sa.bindparam("month"))
    .order_by(FigureSeries.position, FigureSeries.code)
)


def list_months(session: Session) -> list[Month]:
    """The months that have figures, ascending."""
    return [Month.from_number(number) for number in session.scalars(_MONTHS)]


_MONTHS: Final = sa.select(MonthlyFigure.month).distinct().order_by(MonthlyFigure.month)


def list_wordings(session: Session) -> dict[str, dict[str, Any] | None]:
    """Returns how bulletins say the numbers of each series, by code."""
    rows = session.execute(sa.select(FigureSeries.code, FigureSeries.wording))
    return {row.code: row.wording for row in rows}


def list_range(session: Session, first: Month, last: Month) -> dict[Month, dict[str, int]]:
    """Returns the values of each month in a range that has some, by series."""
    values = sa.select(MonthlyFigure.month, MonthlyFigure.series, MonthlyFigure.value)
    in_range = MonthlyFigure.month.between(first.number, last.number)
    found: dict[Month, dict[str, int]] = {}
    for number, series, value in session.execute(values.where(in_range)):
        found.setdefault(Month.from_number(number), {})[series] = value
    return found


def get_history(session: Session, month: Month) -> dict[str, list[int]]:
    """Returns the values of each series in the HISTORY_MONTHS months before, the latest first."""
    rows = session.execute(
        sa.select(MonthlyFigure.series, MonthlyFigure.value)
        .where(
            MonthlyFigure.month.between(month.plus(-HISTORY_MONTHS).number, month.plus(-1).number)
        )
        .order_by(MonthlyFigure.month.desc())
    )
    found: dict[str, list[int]] = {}
    for series, value in rows:
        found.setdefault(series, []).append(value)
    return found


def is_unlikely(value: int, before: Sequence[int]) -> bool:
    """Tells whether a number may be a typing error.

    It is ten times the median of the months before or a tenth of it, or far outside their
    variation.
    """
    if not before:
        return False
    middle = median(before)
    if abs(value - middle) <= _SMALL:
        return False
    if value >= 10 * middle or 10 * value <= middle:
        return True
    if len(before) < MIN_HISTORY:
        return False
    spread = median(abs(each - middle) for each in before)
    return abs(value - middle) > max(_SPREADS * spread, _SHARE * middle)


def is_sum_inconsistent(whole: int, parts: Mapping[str, int | None]) -> bool:
    """Tells whether the sum of the parts is more than the whole or, where all parts are known,
    less.
    """
    known = [value for value in parts.values() if value is not None]
    if not known:
        return False
    return sum(known) > whole or (len(known) == len(parts) and sum(known) < whole)


def set_figure(
    session: Session,
    month: Month,
    series: str,
    value: int | None,
    source: str,
    *,
    seen: tuple[int, str] | None,
    organizer_id: int,
    now: datetime,
) -> None:
    """Stores a figure; None deletes it. `seen` is the value and source that the form showed. Raises
    Conflict where they have changed since."""
    if seen is None:
        if value is not None:
            typed = MonthlyFigure(
                month=month.number,
                series=series,
                value=value,
                source=source,
                entered_at=now,
                entered_by_id=organizer_id,
            )
            _add(session, typed)
        return
    there = (
        MonthlyFigure.month == month.number,
        MonthlyFigure.series == series,
        MonthlyFigure.value == seen[0],
        MonthlyFigure.source == seen[1],
    )
    change: sa.Update | sa.Delete = sa.delete(MonthlyFigure).where(*there)
    if value is not None:
        change = (
            sa.update(MonthlyFigure)
            .where(*there)
            .values(value=value, source=source, entered_at=now, entered_by_id=organizer_id)
        )
    if not changes_one_row(session, change):
        raise Conflict(f"{series} of {month}")


def _add(session: Session, figure: MonthlyFigure) -> None:
    try:
        with session.begin_nested():
            session.add(figure)
            session.flush()
    except IntegrityError:
        raise Conflict(f"{figure.series} of {figure.month}") from None
