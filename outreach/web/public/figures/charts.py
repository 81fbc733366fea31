"""What is drawn of numbers: columns of months, lines the size of a word, shades of a map. All of it
stands beside a table, and none of it needs a style of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from outreach import i18n
from outreach.clock import Month
from outreach.domain.locations import regions
from outreach.reports.trends import ReportedMonth
from outreach.web.presentation import formatting

HIGHEST: Final = 160.0  # the tallest column of the chart, in its own units
STEP: Final = 31  # from one column to the next
WIDE: Final = 1_000  # numbers from here on do not fit over a column beside one another
LINE: Final = 100.0, 24.0  # width and height of a line
SIDE: Final = 28  # of a square of the map, and the gap
SHADES: Final = 4


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
    has_number: bool  # over it; all are in the table


@dataclass(frozen=True)
class ChartSquare:
    """A state or province on the map."""

    code: str
    name: str
    x: int
    y: int
    number: int
    shade: int  # 0 where there was none


def columns(totals: Sequence[tuple[Month, int]], this: Month | None) -> list[ChartColumn]:
    """A column for each month; `this` is the one the page is about."""
    most = max((total for _month, total in totals), default=0) or 1
    return [
        ChartColumn(
            month=month,
            name=formatting.month_and_year(month.first),
            short=formatting.short_month(month.first),
            total=total,
            x=1 + STEP * place,
            height=HIGHEST * total / most,
            is_this=month == this,
            has_number=total > 0 and (most < WIDE or month == this or (not this and total == most)),
        )
        for place, (month, total) in enumerate(totals)
    ]


def line(numbers: Sequence[int]) -> str:
    """The path of a line through the numbers, from nothing at its foot to the most at its top;
    none where there is nothing."""
    most = max(numbers, default=0)
    if not most:
        return ""
    width, height = LINE
    step = width / max(len(numbers) - 1, 1)
    points = (
        f"{step * place:.1f} {1 + (height - 2) * (1 - number / most):.1f}"
        for place, number in enumerate(numbers)
    )
    return "M" + "L".join(points)


def lines(row: Sequence[ReportedMonth], whats: Iterable[str]) -> dict[str, str]:
    """A line for each kind (or office) through the months of the row."""
    return {what: line([each.numbers.get(what, 0) for each in row]) for what in whats}


def squares(by_region: Mapping[str, int]) -> list[ChartSquare]:
    """The map: every state and province, in the shade of its number."""
    bounds = _bounds(max(by_region.values(), default=0))
    return [
        ChartSquare(
            code=code,
            name=i18n.say(regions.NAMES.get(code), i18n.current()) or code,
            x=column * SIDE + 1,
            y=row * SIDE + 1,
            number=(number := by_region.get(code, 0)),
            shade=sum(number > bound for bound in bounds),
        )
        for code, (column, row) in regions.TILES.items()
    ]


def legend(by_region: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """Each shade with the least and the most that it stands for; those that stand for nothing are
    left out."""
    most = max(by_region.values(), default=0)
    bounds = [*_bounds(most), most]
    spans = [(shade + 1, bounds[shade] + 1, bounds[shade + 1]) for shade in range(SHADES)]
    return [(shade, low, high) for shade, low, high in spans if low <= high]


def _bounds(most: int) -> list[int]:
    """A number above so many of these has so dark a shade: each stands for half of the next."""
    return [0, most // 8, most // 4, most // 2]
