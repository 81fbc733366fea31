"""Reads the first sheet of an .xlsx file as records.

python-calamine reads the cells. Before it opens the file, the parts that it will read are parsed
once by expat to bound what they unpack to, because calamine keeps the smallest rectangle around
all cells and a copy of each text in memory.

Dates are returned as our CSV files write them: 2027-01-16T18:00. Formulas are refused: their value
depends on the program that saved the file.
"""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from posixpath import dirname, join, normpath
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from outreach.imports.csv_tables import MAX_BLANK_LINES, MAX_COLUMNS, Record
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.zip_guard import GuardedZip, damaged, no_workbook, too_large

MAX_CELL_LENGTH: Final = 32_767  # characters: the limit of spreadsheet programs
MAX_TEXT_LENGTH: Final = 12_000_000  # characters of all cells
MAX_STRINGS: Final = 110_000  # 5,000 rows of our columns have 105,000 cells
_WORKBOOK: Final = "xl/workbook.xml"  # calamine looks for the workbook nowhere else
_WORKBOOK_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of a spreadsheet, no instant

_Value = bool | float | str | date | time | timedelta


def records(name: str, data: bytes, *, most: int) -> Iterator[Record]:
    """The rows of the first sheet that are not blank: row number from 1, and cells as text.

    All rows have as many cells. Raises UnreadableFile if the file is no workbook, is too large,
    or has more than `most` rows below the header.
    """
    _check(name, data, most)
    number, left, rows = _read(name, data)
    texts = [[""] * left + [_as_text(value) for value in row] for row in rows]
    width = max((_width(row) for row in texts), default=0)
    for above, row in enumerate(texts):
        if _width(row):
            yield number + above, row[:width]


def _width(row: list[str]) -> int:
    """The number of cells up to the last one that is not blank."""
    return next((n for n in range(len(row), 0, -1) if row[n - 1].strip()), 0)


def _read(name: str, data: bytes) -> tuple[int, int, list[list[_Value]]]:
    """The number of the first row, the number of empty columns on the left, and the rows."""
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            sheets = enumerate(workbook.sheets_metadata)
            first = next(n for n, sheet in sheets if sheet.typ is SheetTypeEnum.WorkSheet)
            sheet = workbook.get_sheet_by_index(first)
            row, column = sheet.start or (0, 0)
            return row + 1, column, sheet.to_python()
    except (CalamineError, OverflowError, ValueError, StopIteration):
        raise damaged(name) from None
    except BaseException as error:
        # A panic in Rust is derived from BaseException, in a module that cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(name) from None


def _check(name: str, data: bytes, most: int) -> None:
    """Raises UnreadableFile for a file that should not be given to calamine."""
    archive = GuardedZip(name, data)
    _check_types(archive)
    targets = _relations(archive, _WORKBOOK)
    sheet = _first_sheet(archive, targets)
    for kind, _target in _relations(archive, sheet).values():
        if kind in {"oleObject", "control", "package", "queryTable"}:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_EMBEDDED_FILES, name=name)
    lengths: list[int] = []
    for kind, target in targets.values():
        if kind == "sharedStrings":
            lengths += _string_lengths(archive, target)
        elif kind == "styles":
            archive.parse(target)
    check = _SheetCheck(name, lengths, most)
    archive.parse(sheet, check.start, check.end, check.text)


def _check_types(archive: GuardedZip) -> None:
    workbooks: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        content_type = attributes.get("ContentType", "")
        if "macroEnabled" in content_type or "vbaProject" in content_type:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=archive.name)
        if name == "Override" and content_type == _WORKBOOK_TYPE:
            workbooks.append(attributes.get("PartName", "").lstrip("/"))

    archive.parse("[Content_Types].xml", start)
    if workbooks != [_WORKBOOK]:
        raise no_workbook(archive.name)


def _relations(archive: GuardedZip, part: str) -> dict[str, tuple[str, str]]:
    """The relations of a part by their id: the last word of their type, and the target part."""
    relations: dict[str, tuple[str, str]] = {}
    folder, _slash, file = part.rpartition("/")
    listed = join(folder, "_rels", f"{file}.rels")

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            # The address of a hyperlink is not read.
            if kind != "hyperlink":
                raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_LINKS, name=archive.name)
            return
        target = attributes.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else join(dirname(part), target)
        if attributes.get("Id", "") in relations:
            raise damaged(archive.name)
        relations[attributes.get("Id", "")] = (kind, normpath(path))

    if archive.has(listed):
        archive.parse(listed, start)
    return relations


def _first_sheet(archive: GuardedZip, targets: dict[str, tuple[str, str]]) -> str:
    """The part of the first worksheet."""
    ids: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            ids.extend(value for key, value in attributes.items() if key.endswith(":id"))

    archive.parse(_WORKBOOK, start)
    parts = [targets[id][1] for id in ids if id in targets and targets[id][0] == "worksheet"]
    if not parts:
        raise no_workbook(archive.name)
    return parts[0]


def _string_lengths(archive: GuardedZip, part: str) -> list[int]:
    """The lengths of the shared strings, in characters."""
    lengths: list[int] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            lengths.append(0)
            if len(lengths) > MAX_STRINGS:
                raise too_large(archive.name)

    def text(characters: str) -> None:
        if lengths:
            lengths[-1] += len(characters)

    archive.parse(part, start, text=text)
    return lengths


class _SheetCheck:
    """Handlers for the XML of a sheet, which raise UnreadableFile for what is refused."""

    def __init__(self, name: str, string_lengths: list[int], most: int) -> None:
        self._name, self._string_lengths, self._most = name, string_lengths, most
        self._row = self._column = 0
        self._first_row, self._last_row, self._rows, self._blank_rows = 0, 0, 0, 0
        self._is_row_blank = True
        self._type, self._reference = "", ""
        self._value: list[str] = []
        self._length = 0  # of the text of the current cell
        self._total_length = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = _integer(attributes.get("r"), self._row + 1)
            self._column, self._is_row_blank = 0, True
        elif name == "c":
            self._begin_cell(attributes)
        elif name == "f":
            raise UnreadableFile(
                ImportErrorCode.WORKBOOK_WITH_FORMULA, name=self._name, cell=self._reference
            )
        elif name in {"v", "is"}:
            self._extend()

    def end(self, name: str) -> None:
        if name == "v" and self._type == "s":
            number = _integer("".join(self._value).strip(), -1)
            if not 0 <= number < len(self._string_lengths):
                raise damaged(self._name)
            self._add_text(self._string_lengths[number])
        elif name == "row":
            self._rows += not self._is_row_blank
            self._blank_rows += self._is_row_blank
            if self._rows > self._most + 1:  # the header is one more
                raise UnreadableFile(
                    ImportErrorCode.TOO_MANY_LINES, name=self._name, most=f"{self._most:,}"
                )
            if self._blank_rows > MAX_BLANK_LINES:
                raise too_large(self._name)

    def text(self, characters: str) -> None:
        self._add_text(len(characters))
        if self._type == "s":
            self._value.append(characters)
        if characters.strip():
            self._is_row_blank = False

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._reference = attributes.get("r", "")[:12]
        self._column += 1
        if self._reference:
            # calamine takes row and column from here, and would make room for any other row.
            parts = _REFERENCE.fullmatch(self._reference)
            if parts is None or int(parts[2]) != self._row:
                raise damaged(self._name)
            self._column = _column(parts[1])
        if self._column > MAX_COLUMNS:
            raise UnreadableFile(
                ImportErrorCode.TOO_MANY_COLUMNS, name=self._name, most=MAX_COLUMNS
            )
        self._type = attributes.get("t", "n")
        if self._type == "e":  # calamine reads it as blank
            raise UnreadableFile(
                ImportErrorCode.WORKBOOK_WITH_ERROR_VALUE, name=self._name, cell=self._reference
            )
        self._value.clear()
        self._length = 0

    def _extend(self) -> None:
        """Counts the current row as one that calamine makes room for."""
        self._first_row = min(self._first_row or self._row, self._row)
        self._last_row = max(self._last_row, self._row)
        if self._last_row - self._first_row > self._most + MAX_BLANK_LINES:
            raise too_large(self._name)

    def _add_text(self, length: int) -> None:
        self._length += length
        self._total_length += length
        if self._length > MAX_CELL_LENGTH or self._total_length > MAX_TEXT_LENGTH:
            raise too_large(self._name)


def _as_text(value: _Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        is_integer = abs(value) < 1e15 and value == int(value)
        return str(int(value)) if is_integer else str(value)
    if isinstance(value, timedelta):  # a cell that shows hours, as 18:00 or 36:00
        try:
            moment = _EPOCH + value
        except OverflowError:
            return str(value)
        return moment.time().isoformat() if moment.date() == _EPOCH.date() else _as_text(moment)
    if isinstance(value, datetime):
        # A spreadsheet counts in fractions of a day, which are seldom whole seconds.
        rounded = (value + timedelta(seconds=0.5)).replace(microsecond=0)
        return rounded.isoformat(timespec="seconds" if rounded.second else "minutes")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00"
    return value.isoformat() if isinstance(value, time) else value


def _integer(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default


def _column(letters: str) -> int:
    """The number of a column, from 1: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
