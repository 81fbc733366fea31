"""How figures of staff are written: rates, and numbers of people that may be hidden."""

from outreach.i18n import gettext as _
from outreach.reports.small_counts import RoundedRate
from outreach.reports.spreadsheets import Cell
from outreach.reports.staff_figures import FiguresRow
from outreach.web.presentation import formatting

HIDDEN = "·"  # in place of a number that would reveal a small one; the page says so
NONE = "–"  # there is nothing to count, or too little for a rate


def rate_words(rate: RoundedRate | None) -> str:
    """Returns a rate as «71 %», «95 % o más», «5 % o menos», or a dash."""
    if rate is None:
        return NONE
    if rate.is_most:
        return _("%(num)d\u00a0%% o más", num=rate.percent)
    if rate.is_least:
        return _("%(num)d\u00a0%% o menos", num=rate.percent)
    return _("%(num)d\u00a0%%", num=rate.percent)


def chance_words(rate: RoundedRate) -> str:
    """Returns a rate as «entre 6 y 8 de cada 10»."""
    return _("entre %(low)d y %(high)d de cada 10", low=rate.low, high=rate.high)


def people_words(row: FiguresRow | None) -> str:
    """Returns how many people came: «1,204», «97+» where some are hidden, HIDDEN where all are, or
    a dash without a report."""
    if row is None or not row.reported:
        return NONE
    if row.people.people is None:
        return HIDDEN
    more = "+" if row.people.has_more else ""
    return f"{formatting.group_digits(row.people.people)}{more}"


def people_cells(row: FiguresRow | None) -> list[Cell]:
    """Returns two cells for a file: the number of people or nothing, and a 1 if there are more."""
    people = row.people.people if row is not None and row.reported else None
    has_more = row is not None and row.people.has_more
    return ["" if people is None else people, 1 if has_more else ""]
