"""The pictures of a bulletin: the strip of its year, small charts of kinds and figures, the map.

A table shows the numbers of each. They are drawn from the document, so those of a published edition
never change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from outreach import i18n
from outreach.i18n import gettext as _
from outreach.reports.bulletin_data import BulletinDocument, BulletinMonth
from outreach.web.presentation import charts, formatting
from outreach.web.presentation.charts import ChartSquare, SmallChart, StripSquare


@dataclass(frozen=True, kw_only=True)
class BulletinPictures:
    """What the page draws; each is empty where there is too little to see."""

    strip: Sequence[StripSquare]
    months: Sequence[str]  # names of the months of the small charts
    kinds: Sequence[SmallChart]
    figures: Sequence[SmallChart]
    squares: Sequence[ChartSquare]
    legend: Sequence[tuple[int, int, int]]


def draw(document: BulletinDocument) -> BulletinPictures:
    """Returns the pictures in the language of the request."""
    history = document.history
    has_year = sum(bool(each.total) for each in history) > 1
    return BulletinPictures(
        strip=charts.strip([(each.month, each.total) for each in history], document.month)
        if has_year
        else (),
        months=[formatting.month_and_year(each.month.first) for each in history],
        kinds=_draw_kinds(document) if has_year else (),
        figures=_draw_figures(document),
        squares=charts.squares(document.by_region) if document.by_region else (),
        legend=charts.legend(document.by_region),
    )


def _draw_kinds(document: BulletinDocument) -> list[SmallChart]:
    """A chart of each kind that the bulletin lists, and one of all others together."""
    lang, months = i18n.current(), document.history
    found = [
        charts.small_chart(
            i18n.say(document.kind_names[code], lang),
            [None if each.total is None else each.by_kind.get(code, 0) for each in months],
        )
        for code in document.core
    ]
    others = charts.small_chart(_("Otros"), [_sum_others(each, document.core) for each in months])
    return [*found, others] if others.bars else found


def _sum_others(month: BulletinMonth, core: Sequence[str]) -> int | None:
    if month.total is None:
        return None
    return sum(number for code, number in month.by_kind.items() if code not in core)


def _draw_figures(document: BulletinDocument) -> list[SmallChart]:
    """A chart of each typed series that has numbers of two months."""
    lang = i18n.current()
    found = [
        charts.small_chart(
            i18n.say(label, lang), [each.figures.get(series) for each in document.history]
        )
        for series, label in document.figure_names.items()
    ]
    return [each for each in found if len(each.bars) > 1]
