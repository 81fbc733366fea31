"""Spreadsheets that one can hand on: headings that stay in sight, numbers that are numbers, widths
that fit, and nothing that a spreadsheet would run."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

Cell = str | int

# A spreadsheet takes a text that begins so for a formula, and runs it.
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where lists have semicolons between their cells, as in Quebec, what comes after one begins a cell.
_WITHIN: Final = re.compile(r"([;\t])(?=[=+\-@＝＋－＠])")
WIDEST: Final = 60


def escape(cell: Cell) -> Cell:
    """A text that a spreadsheet would run as a formula, made a text again."""
    if not isinstance(cell, str):
        return cell
    whole = _WITHIN.sub(r"\1 ", cell)
    return f"'{whole}" if whole.startswith(_RISKY) else whole


class Spreadsheet:
    """A workbook that is being written, sheet after sheet."""

    def __init__(self, made: "Workbook") -> None:
        self._made = made
        self._heading = made.add_format(
            {"bold": True, "bg_color": "#EBECF8", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self._number = made.add_format({"num_format": "#,##0"})
        self._total = made.add_format({"bold": True, "num_format": "#,##0", "top": 1})
        self._wrapped = made.add_format({"text_wrap": True, "valign": "top"})

    def add(self, name: str, rows: Sequence[Sequence[Cell]], *, has_total: bool = False) -> None:
        """A sheet of rows: the first are the headings, the last may be the total."""
        widths = [max(len(str(cell)) for cell in column) + 2 for column in zip(*rows, strict=True)]
        sheet = self._sheet(name, rows[0], widths)
        for place, row in enumerate(rows[1:], start=1):
            is_total = has_total and place == len(rows) - 1
            for column, cell in enumerate(row):
                _write(sheet, place, column, cell, self._total if is_total else self._number)

    def add_many(
        self,
        name: str,
        headings: Sequence[str],
        widths: Sequence[int],
        rows: Iterable[Sequence[Cell]],
    ) -> None:
        """A sheet of any number of rows, as they come."""
        sheet = self._sheet(name, headings, widths)
        place = 0
        for place, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                _write(sheet, place, column, cell, self._number)
        sheet.autofilter(0, 0, max(place, 1), len(headings) - 1)

    def add_notes(self, name: str, notes: Iterable[str]) -> None:
        """A sheet of sentences."""
        sheet = self._made.add_worksheet(name)
        sheet.set_column(0, 0, 100)
        for place, note in enumerate(notes):
            _write(sheet, place, 0, note, self._wrapped)

    def _sheet(self, name: str, headings: Sequence[Cell], widths: Sequence[int]) -> "Worksheet":
        sheet = self._made.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(1)  # letter
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(WIDEST, width))
        for column, cell in enumerate(headings):
            _write(sheet, 0, column, str(cell), self._heading)
        return sheet


@contextmanager
def open_spreadsheet(out: BinaryIO, *, title: str, is_long: bool = False) -> Iterator[Spreadsheet]:
    """A workbook written to `out` when the block ends; with `is_long`, rows are put on the disk as
    they come and not kept."""
    import xlsxwriter  # only who makes a workbook needs it

    how = {"constant_memory": True} if is_long else {"in_memory": True}
    with xlsxwriter.Workbook(out, how) as made:
        made.set_properties({"title": title})
        yield Spreadsheet(made)


def _write(sheet: "Worksheet", row: int, column: int, cell: Cell, format_: object) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell, format_)
    elif cell == "":
        sheet.write_blank(row, column, None, format_)
    else:
        sheet.write_string(row, column, str(escape(cell)), format_)
