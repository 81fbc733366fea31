"""What a list for staff consists of, and the table that is read from it.

    VENUES_WITHOUT_POINT = StaffList(
        name="sedes-sin-punto",
        title=lazy("Sedes sin punto en el mapa"),
        query=venues.list_without_point,
        columns=(StaffColumn(heading=lazy("Sede"), read=lambda venue: venue.name), …),
        …
    )

Every cell is read while the session of the query is open: a page or a file has the cells only, so
that none can load a relation after its session has ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.orm import Session

from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.search.staff_search import has_words
from outreach.domain.text import fold
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.reports.spreadsheets import Cell
from outreach.web.staff.common import workshop_labels
from outreach.whole_lists import make_each

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class StaffColumn(Generic[Row]):
    """A column of a list. The page says a day in words, and the file in ISO 8601."""

    heading: str  # a lazy message
    read: Callable[[Row], Cell | date]
    link: Callable[[Row], str] | None = None  # the address of the page of a row
    parameter: str = ""  # in the query string of the page, which then filters by the column


@dataclass(frozen=True, kw_only=True)
class StaffList(Generic[Row]):
    """A list for staff. Messages are lazy; the search looks at all columns."""

    name: str  # used in its address and as its file's name: «sedes-sin-punto»
    title: str
    is_for: str  # a sentence: what a reader does with it
    picture: str  # a name of `web.presentation.icons`
    permission: Permission  # rows are of the offices where the reader has it
    # The rows of these offices, in the order in which they are listed.
    query: Callable[[Session, Sequence[Office], datetime], Sequence[Row]]
    columns: Sequence[StaffColumn[Row]]
    empty: str  # a sentence: what it means that there are none


@dataclass(frozen=True)
class ListCell:
    words: str  # on the page
    value: Cell  # in the file
    address: str = ""


@dataclass(frozen=True)
class ListFilter:
    """A choice among the values of a column."""

    parameter: str
    label: str
    values: Sequence[str]
    chosen: str


@dataclass(frozen=True)
class ListTable:
    """The rows of a list that the query string asks for."""

    headings: Sequence[str]
    rows: Sequence[Sequence[ListCell]]
    filters: Sequence[ListFilter]
    total: int  # without filters and words

    @property
    def file_rows(self) -> list[list[Cell]]:
        """The headings and the rows, as files have them."""
        return [list(self.headings), *([cell.value for cell in row] for row in self.rows)]


SEARCH_PARAMETER: Final = "q"


def office_column(read: Callable[[Row], Office]) -> StaffColumn[Row]:
    """The column of the office of a row, by which the page filters."""
    return StaffColumn(
        heading=lazy("Oficina"), read=lambda row: read(row).city, parameter="oficina"
    )


def read_table(
    session: Session,
    listed: StaffList[Any],
    offices: Sequence[Office],
    asked: Mapping[str, str],
    *,
    now: datetime,
) -> ListTable:
    """The table of a list for these offices. `asked` is the query string: words in
    SEARCH_PARAMETER, which each row has to have, and values of columns."""
    found = listed.query(session, offices, now) if offices else ()
    rows = make_each(found, lambda row: _read_row(listed, row), what=f"the list {listed.name}")
    filters = _list_filters(listed, rows, asked)
    words = fold(asked.get(SEARCH_PARAMETER, "")).split()
    by_parameter = {each.parameter: each.chosen for each in filters if each.chosen}
    return ListTable(
        headings=[str(column.heading) for column in listed.columns],
        rows=[
            row
            for row in rows
            if _has_values(listed, row, by_parameter) and has_words(_fold_row(row), words)
        ],
        filters=filters,
        total=len(rows),
    )


def _read_row(listed: StaffList[Any], row: Any) -> tuple[ListCell, ...]:
    return tuple(_read_cell(column, row) for column in listed.columns)


def _read_cell(column: StaffColumn[Any], row: Any) -> ListCell:
    value = column.read(row)
    address = column.link(row) if column.link is not None else ""
    if isinstance(value, date):
        words = workshop_labels.short_day(value).replace(" ", "\N{NO-BREAK SPACE}")
        return ListCell(words, value.isoformat(), address)
    return ListCell(str(value), value, address)


def _list_filters(
    listed: StaffList[Any], rows: Sequence[Sequence[ListCell]], asked: Mapping[str, str]
) -> list[ListFilter]:
    """Returns the filters whose column has several values, or for which a value was chosen."""
    filters = []
    for number, column in enumerate(listed.columns):
        if not column.parameter:
            continue
        values = sorted({row[number].words for row in rows}, key=fold)
        chosen = asked.get(column.parameter, "")
        if len(values) > 1 or chosen:
            filters.append(ListFilter(column.parameter, str(column.heading), values, chosen))
    return filters


def _has_values(
    listed: StaffList[Any], row: Sequence[ListCell], by_parameter: Mapping[str, str]
) -> bool:
    return all(
        cell.words == by_parameter.get(column.parameter, cell.words)
        for column, cell in zip(listed.columns, row, strict=True)
    )


def _fold_row(row: Sequence[ListCell]) -> str:
    return fold(" ".join(cell.words for cell in row))


def count_words(number: int, total: int) -> str:
    """Returns how many rows a page has: «3 de 12»; the number alone if the page has all of them."""
    return str(total) if number == total else _("%(num)d de %(most)d", num=number, most=total)
