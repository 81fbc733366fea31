"""The list of workshops: searched, sorted by a column, in pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import AgendaKey, AgendaQuery
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import current
from outreach.i18n import gettext as _
from outreach.web.staff.calendar.calendar_params import CalendarParams, ListOrder

PAGE_SIZE: Final = 200
_STATUSES: Final = tuple(WorkshopStatus)


@dataclass(frozen=True)
class AgendaPage:
    workshops: Sequence[Workshop]
    total: int
    columns: Sequence["ListColumn"]
    before: str  # addresses of the pages beside this one; empty without one
    after: str


@dataclass(frozen=True)
class ListColumn:
    """The heading of a column, which sorts by it."""

    name: str
    address: str
    sorting: str  # "ascending", "descending" or empty, as `aria-sort` has it


def read(
    session: Session, params: CalendarParams, query: AgendaQuery, *, now: datetime
) -> AgendaPage:
    """The page `params.number` of the workshops of `query`; the last one where it is too high."""
    keys = agenda.list_keys(session, query, now=now)
    keys.sort(key=_SORT_KEYS[params.order], reverse=params.is_descending)
    number = min(params.number, max(1, -(-len(keys) // PAGE_SIZE)))
    first = (number - 1) * PAGE_SIZE
    ids = [key.id for key in keys[first : first + PAGE_SIZE]]
    return AgendaPage(
        workshops=agenda.load(session, ids),
        total=len(keys),
        columns=[_column(params, order, name) for order, name in _column_names().items()],
        before=params.address(pagina=number - 1) if number > 1 else "",
        after=params.address(pagina=number + 1) if first + PAGE_SIZE < len(keys) else "",
    )


def _column_names() -> Mapping[ListOrder, str]:
    return {
        ListOrder.WHEN: _("Cuándo"),
        ListOrder.TITLE: _("Taller"),
        ListOrder.VENUE: _("Sede"),
        ListOrder.SEATS: _("Lugares"),
        ListOrder.STATUS: _("Estado"),
    }


def _column(params: CalendarParams, order: ListOrder, name: str) -> ListColumn:
    sorting = ""
    if order is params.order:
        sorting = "descending" if params.is_descending else "ascending"
    return ListColumn(name, params.sort_address(order), sorting)


# A sort keeps the order of time among equals.
_SORT_KEYS: Final[Mapping[ListOrder, Callable[[AgendaKey], Any]]] = {
    ListOrder.WHEN: lambda key: (key.day, key.starts, key.id),
    ListOrder.TITLE: lambda key: fold(key.title.get(current(), "")),
    ListOrder.VENUE: lambda key: fold(key.venue),
    ListOrder.SEATS: lambda key: key.taken,
    ListOrder.STATUS: lambda key: _STATUSES.index(key.status),
}
