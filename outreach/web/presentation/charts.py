"""Charts of the figures as SVG data: columns and a strip of months, small charts side by side,
sparklines and a shaded map.

A table shows the same numbers beside each chart. None needs inline styles (CSP).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from outreach import i18n
from outreach.clock import Month
from outreach.domain.locations import regions
from outreach.reports.trends import ReportedMonth
from outreach.web.presentation import formatting, sparklines

MAX_HEIGHT: Final = 160.0  # height of the tallest column, in SVG units
STEP: Final = 31  # from one column to the next
MIN_WIDE_NUMBER: Final = 1_000  # numbers from here on are too wide for the space over each column
SIDE: Final = 28  # side of a square of the map with its gap
SHADES: Final = 4
BAR_STEP: Final = 10  # from one bar of a small chart to the next
MAX_BAR_HEIGHT: Final = 40.0


@dataclass(frozen=True)
class ChartColumn:
    """A month in the chart of months."""

    month: Month
    name: str
    short: str
    total: int
    x: int
    height: float
    is_this: bool
    has_number: bool  # whether the number is shown over the column
    is_hidden: bool = False  # not released: the table shows no number


@dataclass(frozen=True)
class ChartSquare:
    """A state or province on the map."""

    code: str
    name: str
    place: tuple[int, int] | None  # x and y; None where no map has it
    number: int
    shade: int  # 0 for none, up to SHADES


@dataclass(frozen=True)
class StripSquare:
    """A month in the strip of a year, darker the more workshops it had."""

    month: Month
    name: str
    short: str
    total: int
    is_hidden: bool  # not released: the table shows no number
    is_this: bool
    x: int
    shade: int  # 0 for none, up to SHADES


@dataclass(frozen=True)
class SmallBar:
    x: int
    y: float
    height: float
    is_this: bool


@dataclass(frozen=True)
class SmallChart:
    """One of several small charts of the same months, each with a scale of its own."""

    name: str
    values: tuple[int | None, ...]  # None: no number
    bars: tuple[SmallBar, ...]

    @property
    def number(self) -> int | None:
        """The number of the last month, which is the page's month."""
        return self.values[-1]


def totals(row: Iterable[ReportedMonth]) -> list[tuple[Month, int | None]]:
    """Returns the total of each month; None for one that is not released."""
    return [(each.month, None if each.is_hidden else each.total) for each in row]


def columns(totals: Sequence[tuple[Month, int | None]], this: Month | None) -> list[ChartColumn]:
    """Returns a column for each month; `this` is the month of the page."""
    maximum = max((total or 0 for _month, total in totals), default=0) or 1
    return [
        ChartColumn(
            month=month,
            name=formatting.month_and_year(month.first),
            short=formatting.short_month(month.first),
            total=total or 0,
            is_hidden=total is None,
            x=1 + STEP * index,
            height=MAX_HEIGHT * (total or 0) / maximum,
            is_this=month == this,
            has_number=bool(total)
            and (maximum < MIN_WIDE_NUMBER or month == this or (not this and total == maximum)),
        )
        for index, (month, total) in enumerate(totals)
    ]


def lines(row: Sequence[ReportedMonth], codes: Iterable[str]) -> dict[str, str]:
    """Returns the sparkline of each kind or office through the months of the row."""
    return {code: sparklines.draw([each.numbers.get(code, 0) for each in row]) for code in codes}


def strip(totals: Sequence[tuple[Month, int | None]], this: Month) -> list[StripSquare]:
    """Returns a square for each month; `this` is the month of the page."""
    bounds = _bounds(max((total or 0 for _month, total in totals), default=0))
    return [
        StripSquare(
            month=month,
            name=formatting.month_and_year(month.first),
            short=formatting.short_month(month.first),
            total=total or 0,
            is_hidden=total is None,
            is_this=month == this,
            x=1 + STEP * index,
            shade=bisect_left(bounds, total or 0),
        )
        for index, (month, total) in enumerate(totals)
    ]


def small_chart(name: str, values: Sequence[int | None]) -> SmallChart:
    """Returns a chart with a bar for each value; the last is that of the page."""
    maximum = max((value or 0 for value in values), default=0) or 1
    bars = []
    for index, value in enumerate(values):
        if value:
            height = max(1.0, MAX_BAR_HEIGHT * value / maximum)
            is_this = index == len(values) - 1
            bars.append(SmallBar(BAR_STEP * index, MAX_BAR_HEIGHT - height, height, is_this))
    return SmallChart(name, tuple(values), tuple(bars))


def squares(by_region: Mapping[str, int]) -> list[ChartSquare]:
    """Returns the squares of the map: every state and province with its shade. Those that are on no
    map have no place, and stand in the table alone if they have a number."""
    bounds, lang = _bounds(max(by_region.values(), default=0)), i18n.current()
    tiles = regions.load_tiles()
    unplaced = [code for code in by_region if code not in tiles]
    return [
        ChartSquare(
            code=code,
            name=i18n.say(regions.find_names(code), lang) or code,
            place=_place(tiles[code]) if code in tiles else None,
            number=(number := by_region.get(code, 0)),
            shade=bisect_left(bounds, number),
        )
        for code in (*tiles, *unplaced)
    ]


def _place(tile: tuple[int, int]) -> tuple[int, int]:
    column, row = tile
    return column * SIDE + 1, row * SIDE + 1


def legend(by_region: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """Returns each shade with its least and greatest number, without empty ranges."""
    maximum = max(by_region.values(), default=0)
    bounds = [*_bounds(maximum), maximum]
    spans = [(shade + 1, bounds[shade] + 1, bounds[shade + 1]) for shade in range(SHADES)]
    return [(shade, low, high) for shade, low, high in spans if low <= high]


def _bounds(maximum: int) -> list[int]:
    """Returns the lower bounds of the shades, ascending: a number's shade is how many it
    exceeds."""
    return [0, maximum // 8, maximum // 4, maximum // 2]
