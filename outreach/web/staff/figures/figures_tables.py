"""Charts and tables of the figures: the names of rows, the bars, and the rows of files."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from outreach.clock import Month
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.i18n import gettext as _
from outreach.i18n import ngettext, pgettext
from outreach.reports.small_counts import RoundedRate
from outreach.reports.spreadsheets import Cell, Column, Table
from outreach.reports.staff_figures import NO_VENUE, FigureGrouping, FiguresRow
from outreach.web.presentation import formatting
from outreach.web.staff.common import figure_labels
from outreach.web.staff.figures.figures_params import FigureMeasure

MAX_BARS: Final = 80  # in a chart; its table has all rows
BAR_WIDTH, BAR_STEP = 140.0, 22  # in a chart 360 units wide, whose bars begin at 150
MAX_NAME: Final = 20  # characters beside a bar
_MONDAY: Final = date(2026, 1, 5)


@dataclass(frozen=True)
class NamedRow:
    name: str
    figures: FiguresRow


@dataclass(frozen=True)
class ChartBar:
    name: str  # may be cut
    y: int
    width: float
    words: str


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """Bars with their names, drawn in 360 units of width. The table beside it has the numbers."""

    id: str
    title: str
    description: str
    bars: Sequence[ChartBar]

    @property
    def height(self) -> int:
        return BAR_STEP * len(self.bars) + 4


@dataclass(frozen=True, kw_only=True)
class RowNames:
    """What the keys of rows are called."""

    offices: Mapping[int, Office]
    kinds: Mapping[int, Kind]
    venues: Sequence[Venue]
    hidden_venues: Set[int]  # that the reader may not know

    def list_rows(self, by: FigureGrouping, rows: Sequence[FiguresRow]) -> list[NamedRow]:
        """Returns the rows with their names. Months, weekdays and hours are in their order, kinds
        in theirs, all others by name."""
        if by is FigureGrouping.KIND:
            rows = sorted(rows, key=lambda row: self.kinds[row.key].position)
        named = [NamedRow(self.name(by, row.key), row) for row in rows]
        if by in {FigureGrouping.OFFICE, FigureGrouping.VENUE}:
            named.sort(key=lambda row: (row.figures.key == NO_VENUE, row.name))
        return named

    def name(self, by: FigureGrouping, key: int) -> str:
        names: dict[FigureGrouping, Callable[[int], str]] = {
            FigureGrouping.MONTH: lambda number: formatting.first_capital(
                formatting.month_name(Month.from_number(number).first)
            ),
            FigureGrouping.OFFICE: lambda id_: self.offices[id_].city,
            FigureGrouping.KIND: lambda id_: formatting.localize(self.kinds[id_].name),
            FigureGrouping.VENUE: self._venue_name,
            FigureGrouping.WEEKDAY: lambda number: formatting.first_capital(
                formatting.weekday(_MONDAY + timedelta(days=number))
            ),
            FigureGrouping.HOUR: lambda number: formatting.hour(time(number)),
        }
        return names[by](key)

    def _venue_name(self, id_: int) -> str:
        if id_ == NO_VENUE:
            return _("Sin sede: en línea o por teléfono")
        if id_ in self.hidden_venues:
            return _("Sede que no se muestra")
        return venues.get_distinct_names(self.venues).get(id_, "")


def grouping_words(by: FigureGrouping) -> str:
    words: dict[FigureGrouping, str] = {
        FigureGrouping.MONTH: _("Mes"),
        FigureGrouping.OFFICE: _("Oficina"),
        FigureGrouping.KIND: _("Tipo"),
        FigureGrouping.VENUE: _("Sede"),
        FigureGrouping.WEEKDAY: _("Día de la semana"),
        FigureGrouping.HOUR: _("Hora"),
    }
    return words[by]


def measure_words(measure: FigureMeasure) -> str:
    words: dict[FigureMeasure, str] = {
        FigureMeasure.PEOPLE: _("Personas atendidas"),
        FigureMeasure.WORKSHOPS: _("Talleres hechos"),
        FigureMeasure.SHOW_RATE: _("Llegaron, de quienes apartaron"),
        FigureMeasure.SEATS_USED: _("Lugares usados"),
        FigureMeasure.WAITING: _("Se quedaron esperando"),
    }
    return words[measure]


def draw_rows(
    id_: str, title: str, measure: FigureMeasure, rows: Sequence[NamedRow]
) -> BarChart | None:
    """The chart of one column; None where there are no rows, or too many to draw."""
    bars = [(row.name, *_measure(row.figures, measure)) for row in rows]
    return draw(id_, title, bars, whole=100 if _is_rate(measure) else None)


def draw(
    id_: str, title: str, rows: Sequence[tuple[str, int, str]], *, whole: int | None = None
) -> BarChart | None:
    """The chart of rows of name, number and words. The longest bar is `whole`, or the largest
    number."""
    if not rows or len(rows) > MAX_BARS:
        return None
    largest = whole or max(number for _name, number, _words in rows) or 1
    bars = [
        ChartBar(
            name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…",
            BAR_STEP * index + 4,
            BAR_WIDTH * min(number, largest) / largest,
            words,
        )
        for index, (name, number, words) in enumerate(rows)
    ]
    description = ngettext(
        "Una barra, %(first)s. Su número está en la tabla.",
        "%(num)d barras, de %(first)s a %(last)s. Sus números están en la tabla.",
        len(rows),
        first=rows[0][0],
        last=rows[-1][0],
    )
    return BarChart(id=id_, title=title, description=description, bars=bars)


def _is_rate(measure: FigureMeasure) -> bool:
    return measure in {FigureMeasure.SHOW_RATE, FigureMeasure.SEATS_USED}


def _measure(row: FiguresRow, measure: FigureMeasure) -> tuple[int, str]:
    """A number of the row as the length of its bar, and in words."""
    if measure is FigureMeasure.PEOPLE:
        return row.people.people or 0, figure_labels.people_words(row)
    if _is_rate(measure):
        rate = row.show_rate if measure is FigureMeasure.SHOW_RATE else row.seats_used
        return rate.percent if rate else 0, figure_labels.rate_words(rate)
    number = row.workshops if measure is FigureMeasure.WORKSHOPS else row.waiting
    return number, formatting.group_digits(number)


def file_rows(first: str, rows: Sequence[NamedRow]) -> list[list[Cell]]:
    """The rows of a table as cells: without a number where it is hidden, with a 1 where there are
    more people than the number says."""
    table = Table[NamedRow](
        (
            Column(first, lambda each: each.name),
            Column(_("Talleres"), lambda each: each.figures.workshops),
            Column(_("Reportados"), lambda each: each.figures.reported),
            Column(_("Personas"), lambda each: figure_labels.people_cells(each.figures)[0]),
            Column(_("Y más"), lambda each: figure_labels.people_cells(each.figures)[1]),
            Column(_("Llegaron de cada 100"), lambda each: _percent(each.figures.show_rate)),
            Column(_("Lugares usados de cada 100"), lambda each: _percent(each.figures.seats_used)),
            Column(_("Se quedaron esperando"), lambda each: each.figures.waiting),
        )
    )
    return table.make_rows(rows)


def help_rows(best: Mapping[FigureGrouping, Sequence[NamedRow]]) -> list[list[Cell]]:
    """Returns what would help, as cells: how many of ten people who have a seat come, from the
    lowest to the highest number."""
    rows: list[list[Cell]] = [
        [
            _("Qué"), _("Nombre"), _("Llegaron de cada 100"), _("De cada 10, desde"),
            pgettext("highest number", "Hasta"),
        ]
    ]  # fmt: skip
    for by, named in best.items():
        for each in named:
            rate = each.figures.show_rate
            if rate is not None:
                rows.append([grouping_words(by), each.name, rate.percent, rate.low, rate.high])
    return rows


def _percent(rate: RoundedRate | None) -> Cell:
    return rate.percent if rate else ""
