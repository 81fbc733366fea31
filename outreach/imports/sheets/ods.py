"""Reads the visible sheets of an OpenDocument spreadsheet (OpenDocument 1.3, part 3, section 9).

The one part that is read is parsed by expat behind `zip_guard`. Repeated rows and cells are
counted before room is made for them: an empty sheet repeats its last row a million times.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.raw_sheets import MAX_CELLS, MAX_ROWS, Cell, RawSheet
from outreach.imports.sheets.xlsx import (
    FOREIGN_FORMULA,
    MAX_CELL_LENGTH,
    MAX_MERGES,
    MAX_TEXT_LENGTH,
    UNREADABLE,
)
from outreach.imports.sheets.zip_guard import GuardedZip, damaged, locked, too_large

_CONTENT: Final = "content.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_WITH_MACROS: Final = ("Basic/", "Scripts/")
_MAX_REPEATED: Final = 1_048_576
_CELLS: Final = frozenset({"table-cell", "covered-table-cell"})
_NUMBERS: Final = frozenset({"float", "currency", "percentage"})
_LASTING: Final = re.compile(r"PT(\d{1,4})H(\d{1,2})M(\d{1,2})(?:[.,]\d{1,9})?S")
_LINKS: Final = frozenset({"cell-range-source", "dde-link", "table-source", "database-source-sql"})


def read(name: str, data: bytes) -> list[RawSheet]:
    """The visible sheets, or all where none is visible. Raises UnreadableFile."""
    archive = GuardedZip(name, data)
    if any(each.startswith(_WITH_MACROS) for each in archive.parts):
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=name)
    if archive.has(_MANIFEST):
        archive.parse(_MANIFEST, lambda part, _given: _refuse_encrypted(name, part))
    reader = _OdsReader(name)
    archive.parse(_CONTENT, reader.start, reader.end, reader.text)
    return reader.shown or reader.hidden


def _refuse_encrypted(name: str, element: str) -> None:
    if element == "encryption-data":
        raise locked(name)


class _OdsReader:
    """Handlers for the XML, which raise UnreadableFile for what is refused."""

    def __init__(self, name: str) -> None:
        self.shown: list[RawSheet] = []
        self.hidden: list[RawSheet] = []
        self._name = name
        self._style, self._hidden_styles = "", set[str]()
        self._sheet: RawSheet | None = None
        self._row, self._rows_repeated = 0, 1
        self._column = 0
        self._cells: list[Cell] = []
        self._cell: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._in_paragraph = self._in_note = False
        self._rows_left, self._cells_left, self._text_left = MAX_ROWS, MAX_CELLS, MAX_TEXT_LENGTH

    def start(self, name: str, attributes: dict[str, str]) -> None:
        given = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if name in _LINKS:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_LINKS, name=self._name)
        if name == "style":
            self._style = given.get("name", "")
        elif name == "table-properties" and given.get("display") == "false":
            self._hidden_styles.add(self._style)
        elif name == "table":
            self._begin_sheet(given)
        elif self._sheet is not None:
            self._start_inside(self._sheet, name, given)

    def _start_inside(self, sheet: RawSheet, name: str, given: dict[str, str]) -> None:
        if name == "table-column":
            self._add_column(sheet, given)
        elif name == "table-row":
            self._begin_row(sheet, given)
        elif name in _CELLS:
            self._cell, self._paragraphs = given, []
        elif name == "annotation":
            self._in_note = True
        elif name == "p" and self._cell is not None and not self._in_note:
            self._in_paragraph = True
            self._paragraphs.append("")
        elif name in {"s", "tab", "line-break"} and self._in_paragraph:
            self.text(" ")

    def end(self, name: str) -> None:
        if name == "table":
            self._sheet = None
        elif self._sheet is None:
            return
        elif name == "annotation":
            self._in_note = False
        elif name == "p":
            self._in_paragraph = False
        elif name in _CELLS and self._cell is not None:
            self._end_cell(self._sheet, self._cell)
            self._cell = None
        elif name == "table-row":
            self._end_row(self._sheet)

    def text(self, characters: str) -> None:
        if self._in_paragraph:
            self._paragraphs[-1] += characters
            if len(self._paragraphs[-1]) > MAX_CELL_LENGTH:
                raise too_large(self._name)

    def _begin_sheet(self, given: dict[str, str]) -> None:
        if self._sheet is not None:  # a table within a cell
            raise damaged(self._name)
        self._sheet = RawSheet(given.get("name", ""), {})
        is_hidden = given.get("style-name", "") in self._hidden_styles
        (self.hidden if is_hidden else self.shown).append(self._sheet)
        self._row, self._column = 0, 0

    def _add_column(self, sheet: RawSheet, given: dict[str, str]) -> None:
        number = self._repeated(given, "number-columns-repeated")
        if given.get("visibility", "visible") != "visible":
            sheet.hidden_columns |= set(range(self._column, min(self._column + number, 1024)))
        self._column += number

    def _begin_row(self, sheet: RawSheet, given: dict[str, str]) -> None:
        self._row += 1
        self._column, self._cells = 0, []
        self._rows_repeated = self._repeated(given, "number-rows-repeated")
        if given.get("visibility", "visible") != "visible" and self._rows_repeated <= MAX_ROWS:
            sheet.hidden_rows |= set(range(self._row, self._row + self._rows_repeated))

    def _end_row(self, sheet: RawSheet) -> None:
        if self._cells:
            self._rows_left -= self._rows_repeated
            self._cells_left -= self._rows_repeated * len(self._cells)
            if self._rows_left < 0 or self._cells_left < 0:
                most = f"{MAX_ROWS:,}"
                raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=self._name, most=most)
            for number in range(self._row, self._row + self._rows_repeated):
                sheet.rows[number] = list(self._cells)
        self._row += self._rows_repeated - 1

    def _end_cell(self, sheet: RawSheet, given: dict[str, str]) -> None:
        times = self._repeated(given, "number-columns-repeated")
        value = self._value(given)
        self._text_left -= len(value) if isinstance(value, str) else 8
        if self._text_left < 0:
            raise too_large(self._name)
        if value != "":
            if self._column + times > 1024:
                raise too_large(self._name)
            self._cells += [""] * (self._column - len(self._cells)) + [value] * times
        down = self._repeated(given, "number-rows-spanned")
        if down > 1:
            if len(sheet.merges) >= MAX_MERGES:
                raise too_large(self._name)
            sheet.merges.append((self._row, self._row + down - 1, self._column, self._column))
        self._column += times

    def _value(self, given: dict[str, str]) -> Cell:
        if FOREIGN_FORMULA.search(given.get("formula", "")[:MAX_CELL_LENGTH]):
            cell = f"{self._row}"
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_FORMULA, name=self._name, cell=cell)
        text = " ".join(filter(None, map(str.strip, self._paragraphs)))
        kind = given.get("value-type", "")
        try:
            if kind in _NUMBERS:
                return float(given["value"])
            if kind == "date":
                return _day(given["date-value"])
            if kind == "time":
                return _lasting(given["time-value"])
            if kind == "boolean":
                return given["boolean-value"] == "true"
        except (KeyError, ValueError):
            return UNREADABLE
        return UNREADABLE if not text and given.get("formula") else text

    def _repeated(self, given: dict[str, str], attribute: str) -> int:
        text = given.get(attribute, "1")
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 9):
            raise damaged(self._name)
        return min(max(int(text), 1), _MAX_REPEATED)


def _day(text: str) -> date | datetime:
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _lasting(text: str) -> timedelta:
    found = _LASTING.fullmatch(text)
    if found is None:
        raise ValueError(text)
    hours, minutes, seconds = map(int, found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
