"""Tables as files: CSV and XLSX, safe from formula injection; workbooks have frozen headings and
column widths. A `Table` says of each column its heading and its cells."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final, Generic, TypeVar

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

Cell = str | int
Item = TypeVar("Item")

# Spreadsheet programs evaluate a text that begins with one of these as a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where the list separator is a semicolon, as in Quebec, the text after one begins a new cell.
_SEPARATOR_BEFORE_FORMULA: Final = re.compile(r"([;\t])(?=[=+\-@＝＋－＠])")
MAX_COLUMN_WIDTH: Final = 60  # characters
_CREATED: Final = datetime(2000, 1, 1, tzinfo=UTC)


def escape(cell: Cell) -> Cell:
    """Returns the cell, with an apostrophe before a text that would be evaluated as a formula."""
    if not isinstance(cell, str):
        return cell
    text = _SEPARATOR_BEFORE_FORMULA.sub(r"\1 ", cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column of a file."""

    heading: str
    get_cell: Callable[[Item], Cell]
    width: int = 0
    """The width in characters; needed only where rows are streamed into a workbook."""


@dataclass(frozen=True)
class Table(Generic[Item]):
    """A file's table with a row for each item."""

    columns: tuple[Column[Item], ...]

    def list_headings(self, translate: Callable[[str], str] = str) -> list[str]:
        return [translate(each.heading) for each in self.columns]

    def list_widths(self) -> list[int]:
        return [each.width for each in self.columns]

    def make_row(self, item: Item) -> list[Cell]:
        return [each.get_cell(item) for each in self.columns]

    def make_rows(self, items: Iterable[Item]) -> list[list[Cell]]:
        """Returns the headings, and a row for each item."""
        return [[*self.list_headings()], *(self.make_row(each) for each in items)]


def as_csv(rows: Iterable[Iterable[Cell]], escape_cell: Callable[[Cell], Cell] = escape) -> str:
    """Returns the rows as CSV (RFC 4180). `escape_cell` is given for a file that is imported again,
    which escapes its cells in another way."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([escape_cell(cell) for cell in row])
    return out.getvalue()


def as_csv_for_excel(
    rows: Iterable[Iterable[Cell]], escape_cell: Callable[[Cell], Cell] = escape
) -> bytes:
    """Returns the rows as CSV in UTF-8 with a byte order mark, which Excel needs."""
    return as_csv(rows, escape_cell).encode("utf-8-sig")


class Spreadsheet:
    """A workbook that is written sheet by sheet."""

    def __init__(self, workbook: "Workbook") -> None:
        self._workbook = workbook
        self._heading = workbook.add_format(
            {"bold": True, "bg_color": "#EBECF8", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._number = workbook.add_format({"num_format": "#,##0"})
        self._total = workbook.add_format({"bold": True, "num_format": "#,##0", "top": 1})
        self._wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})

    def add(self, name: str, rows: Sequence[Sequence[Cell]], *, has_total: bool = False) -> None:
        """Adds a sheet: the first row has the headings, the last one may be the total."""
        widths = [max(len(str(cell)) for cell in column) + 2 for column in zip(*rows, strict=True)]
        sheet = self._sheet(name, rows[0], widths)
        for row_index, row in enumerate(rows[1:], start=1):
            is_total = has_total and row_index == len(rows) - 1
            for column, cell in enumerate(row):
                _write(sheet, row_index, column, cell, self._total if is_total else self._number)

    def add_stream(
        self,
        name: str,
        headings: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Cell]],
    ) -> None:
        """Adds a sheet from an iterator of rows, written one by one, with column filters."""
        sheet = self._sheet(name, headings, widths)
        row_index = 0
        for row_index, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, row_index, column, cell, self._number)
        sheet.autofilter(0, 0, max(row_index, 1), len(headings) - 1)

    def add_notes(self, name: str, notes: Iterable[str]) -> None:
        """Adds a sheet of wrapped sentences."""
        sheet = self._workbook.add_worksheet(name)
        sheet.set_column(0, 0, 100)
        for row_index, note in enumerate(notes):
            _write(sheet, row_index, 0, note, self._wrapped)

    def _sheet(self, name: str, headings: Sequence[Cell], widths: Sequence[int]) -> "Worksheet":
        sheet = self._workbook.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(1)  # letter
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(MAX_COLUMN_WIDTH, width))
        for column, cell in enumerate(headings):
            _write(sheet, 0, column, str(cell), self._heading)
        return sheet


@contextmanager
def open_spreadsheet(out: BinaryIO, *, title: str, is_long: bool = False) -> Iterator[Spreadsheet]:
    """Yields a workbook that is written to `out` at the end of the block. With `is_long`, rows are
    flushed to disk instead of kept in memory."""
    import xlsxwriter  # imported here: most processes never write a workbook

    options = {"constant_memory": True} if is_long else {"in_memory": True}
    with xlsxwriter.Workbook(out, options) as workbook:
        # Equal tables are equal files: none says when it was written.
        workbook.set_properties({"title": title, "created": _CREATED})
        yield Spreadsheet(workbook)


def _write(sheet: "Worksheet", row: int, column: int, cell: Cell, format_: object) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell, format_)
    elif cell == "":
        sheet.write_blank(row, column, None, format_)
    else:
        sheet.write_string(row, column, str(escape(cell)), format_)
