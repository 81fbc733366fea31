"""Figures: monthly numbers that somebody types, as passports issued. Workshops are counted instead
(`reports/`)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.clock import Month
from outreach.db.base import Base, Words


class Series(Base):
    __tablename__ = "figure_series"

    code: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    position: Mapped[int]
    label: Mapped[Words]
    unit: Mapped[str] = mapped_column(sa.String(40))
    provided_by: Mapped[str] = mapped_column(sa.String(120))
    # Of which other series it is one matter, if it is: protection cases by matter.
    part_of: Mapped[str | None] = mapped_column(sa.ForeignKey("figure_series.code"), default=None)


class Figure(Base):
    __tablename__ = "figure"

    month: Mapped[int] = mapped_column(primary_key=True)  # 202001
    series: Mapped[str] = mapped_column(sa.ForeignKey("figure_series.code"), primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
    source: Mapped[str] = mapped_column(sa.String(200))
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)


def of_month(session: Session, month: Month) -> list[tuple[Series, Figure]]:
    """The typed figures of a month, in the order of the series."""
    rows = session.execute(
        sa.select(Series, Figure)
        .join(Figure, Figure.series == Series.code)
        .where(Figure.month == month.number)
        .order_by(Series.position)
    )
    return [(series, figure) for series, figure in rows]


def months(session: Session) -> list[Month]:
    """The months that have any, the first one first."""
    found = session.scalars(sa.select(Figure.month).distinct().order_by(Figure.month))
    return [Month.from_number(number) for number in found]
