"""The query string of «Talleres»: which view, of which days, with which filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from outreach.clock import Month
from outreach.domain.dashboard.agenda import AgendaFilter
from outreach.domain.text import clean
from outreach.formats import first_weekday
from outreach.i18n import current

PATH: Final = "/org/talleres"
MONTHS: Final = (Month(2015, 1), Month(2100, 1))  # the first one, and the one after the last
MAX_TEXT: Final = 80  # characters of the text that is searched for
MAX_DAYS: Final = 400  # in a list from one day to another


class CalendarView(StrEnum):
    MONTH = "mes"
    WEEK = "semana"
    DAY = "dia"
    VENUES = "sedes"
    LIST = "lista"


class ListOrder(StrEnum):
    """The column by which the list is sorted."""

    WHEN = "cuando"
    TITLE = "taller"
    VENUE = "sede"
    SEATS = "lugares"
    STATUS = "estado"


# Without `vista`, one of these shows the list: older addresses, and the links of other pages.
_OF_LIST: Final = ("estado", "texto", "orden", "pagina", "elegir", "desde", "hasta", "hecho")


@dataclass(frozen=True)
class CalendarParams:
    """The parsed query string; an unreadable value counts as absent."""

    view: CalendarView
    day: date  # lies in the week or month that is shown, or is the day shown
    chosen: date | None = None  # whose workshops stand below the month
    office: str = ""
    kind: str = ""  # the public code
    venue: int | None = None  # 0: those without a venue
    show: AgendaFilter | None = None
    text: str = ""
    since: date | None = None  # first day of a list that is not about one month
    until: date | None = None  # its last day
    order: ListOrder = ListOrder.WHEN
    is_descending: bool = False
    number: int = 1  # the page's number in a list
    is_all_ticked: bool = False
    country: str = ""  # where the one office shown is; decides how its weeks begin

    @property
    def month(self) -> Month:
        return Month.from_day(self.day)

    @property
    def week(self) -> list[date]:
        """The days of the week in the order of the office, or of the current language."""
        start = first_weekday(current(), self.country)
        first = self.day - timedelta(days=(self.day.weekday() - start) % 7)
        return [first + timedelta(days=number) for number in range(7)]

    @property
    def span(self) -> tuple[date, date]:
        """The first day that is shown, and the one after the last."""
        match self.view:
            case CalendarView.DAY:
                return self.day, self.day + timedelta(days=1)
            case CalendarView.WEEK | CalendarView.VENUES:
                return self.week[0], self.week[-1] + timedelta(days=1)
            case CalendarView.LIST if self.since or self.until:
                first = self.since or self.month.first
                last = self.until or first + timedelta(days=MAX_DAYS)
                return first, min(last, first + timedelta(days=MAX_DAYS)) + timedelta(days=1)
        return self.month.first, self.month.following.first

    @property
    def has_filters(self) -> bool:
        return bool(self.kind or self.venue is not None or self.show or self.text)

    def step_address(self, steps: int) -> str:
        """The address of the days before (-1) or after (1) these ones."""
        match self.view:
            case CalendarView.DAY:
                return self.address(dia=self.day + timedelta(days=steps))
            case CalendarView.WEEK | CalendarView.VENUES:
                return self.address(dia=self.day + timedelta(days=7 * steps))
        return self.address(mes=self.month.plus(steps), dia="", desde="", hasta="")

    def address(self, **changes: object) -> str:
        """The address of this page with these parameters, changed as given."""
        is_of_month = self.view in {CalendarView.MONTH, CalendarView.LIST}
        query: dict[str, object] = {
            "vista": self.view,
            "mes": self.month if is_of_month and not (self.since or self.until) else "",
            "dia": (self.chosen if self.view is CalendarView.MONTH else self.day)
            if self.view is not CalendarView.LIST
            else "",
            "oficina": self.office,
            "tipo": self.kind,
            "sede": "" if self.venue is None else str(self.venue),
            "estado": self.show or "",
            "texto": self.text,
            "desde": self.since or "",
            "hasta": self.until or "",
            "orden": self.order_text if self.order_text != ListOrder.WHEN else "",
        }
        query |= changes
        return f"{PATH}?{urlencode({key: value for key, value in query.items() if value})}"

    def open(self, view: CalendarView) -> str:
        """The address of another view of the same days."""
        if view in {CalendarView.MONTH, CalendarView.LIST}:
            return self.address(vista=view, mes=self.month, dia="")
        return self.address(
            vista=view, mes="", dia=self.chosen or self.day, desde="", hasta="", orden=""
        )

    def new_address(self, day: date | None = None, venue: int | None = None) -> str:
        """The address of the form of a new workshop, with what the filters say filled in."""
        query = {
            "dia": day,
            "sede": venue or self.venue,
            "tipo": self.kind,
            "oficina": self.office,
        }
        given = urlencode({key: value for key, value in query.items() if value})
        return f"{PATH}/nuevo?{given}" if given else f"{PATH}/nuevo"

    @property
    def order_text(self) -> str:
        return f"-{self.order}" if self.is_descending else str(self.order)

    def sort_address(self, order: ListOrder) -> str:
        """Returns the address of the list sorted by this column; the other way round where it is
        sorted so already."""
        is_other_way = order is self.order and not self.is_descending
        return self.address(orden=f"-{order}" if is_other_way else str(order))


def read_params(query: Mapping[str, str], *, today: date) -> CalendarParams:
    """The parameters of an address; `today` is shown where it names no day or month."""
    day, month = _read_day(query.get("dia", "")), _read_month(query.get("mes", ""))
    view = _read_view(query)
    if view in {CalendarView.MONTH, CalendarView.LIST} and month is not None:
        shown = today if Month.from_day(today) == month else month.first
        shown = day if day and Month.from_day(day) == month else shown
    else:
        shown = day or (month.first if month else today)
    since, until = _read_day(query.get("desde", "")), _read_day(query.get("hasta", ""))
    if since and until and until < since:
        since, until = until, since
    order = query.get("orden", "")
    show, number = query.get("estado", ""), query.get("pagina", "")
    is_known = order.removeprefix("-") in set(ListOrder)
    return CalendarParams(
        view=view,
        day=shown,
        chosen=day if view is CalendarView.MONTH and day == shown else None,
        office=clean(query.get("oficina", "")),
        kind=clean(query.get("tipo", "")),
        venue=_read_number(query.get("sede", "")),
        show=AgendaFilter(show) if show in set(AgendaFilter) else None,
        text=clean(query.get("texto", ""))[:MAX_TEXT],
        since=since if view is CalendarView.LIST else None,
        until=until if view is CalendarView.LIST else None,
        order=ListOrder(order.removeprefix("-")) if is_known else ListOrder.WHEN,
        is_descending=is_known and order.startswith("-"),
        number=max(1, _read_number(number) or 1),
        is_all_ticked=query.get("elegir") == "todos",
    )


def _read_view(query: Mapping[str, str]) -> CalendarView:
    given = query.get("vista", "")
    if given in set(CalendarView):
        return CalendarView(given)
    return CalendarView.LIST if any(query.get(each) for each in _OF_LIST) else CalendarView.MONTH


def _read_month(text: str) -> Month | None:
    try:
        month = Month.parse(text)
    except ValueError:
        return None
    first, last = MONTHS
    return month if first <= month < last else None


def _read_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    first, last = MONTHS
    return day if first <= Month.from_day(day) < last else None


def _read_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
