"""Reads the visible sheets of a workbook of Excel 97 to 2003 ([MS-XLS]) with xlrd.

Before xlrd reads the cells, the records of the file are walked once: xlrd makes room for every
column up to the last of a row, and for a value of each cell. Macros, passwords and links to other
files are refused as those of an .xlsx file are.
"""

import os
import struct
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import xlrd
from xlrd.compdoc import CompDoc, CompDocError

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.raw_sheets import MAX_ROWS, Cell, RawSheet
from outreach.imports.sheets.xlsx import MAX_CELL_LENGTH, MAX_TEXT_LENGTH, UNREADABLE
from outreach.imports.sheets.zip_guard import damaged, locked, no_workbook, too_large

MAX_RECORDS: Final = 1_500_000
MAX_XLS_CELLS: Final = 700_000
MAX_XLS_COLUMNS: Final = 256  # the limit of the format
_STREAMS: Final = ("Workbook", "Book")
_HEAD: Final = struct.Struct("<HH")
_PLACE: Final = struct.Struct("<HH")
# Records (section 2.3): those of cells, and what is refused.
_ONE_CELL: Final = frozenset({0x0006, 0x00FD, 0x0203, 0x027E, 0x0204, 0x0205, 0x0201, 0x00D6})
_CELL_ROWS: Final = frozenset({0x00BD, 0x00BE})  # MULRK, MULBLANK
_FILE_PASSWORD: Final = 0x002F
_SHEET: Final = 0x0085
_BASIC: Final = frozenset({0x00D3})
_SUPPORTING_BOOK: Final = 0x01AE
_OWN_BOOK: Final = (b"\x01\x04", b"\x01\x3a")
_WORKSHEET: Final = 0
_MACRO_SHEET: Final = 1


def read(name: str, data: bytes) -> list[RawSheet]:
    """The visible sheets, or all where none is visible. Raises UnreadableFile."""
    _check(name, data)
    try:
        with Path(os.devnull).open("w") as nowhere:  # xlrd prints what it finds odd
            book = xlrd.open_workbook(
                file_contents=data, logfile=nowhere, formatting_info=True, ragged_rows=True
            )
            sheets = book.sheets()
            shown = [each for each in sheets if not each.visibility] or sheets
            return [_read_sheet(name, book, each) for each in shown]
    except UnreadableFile:
        raise
    except Exception:
        # xlrd reads a damaged file until some step of it fails: IndexError, struct.error, …
        raise damaged(name) from None


def _read_sheet(name: str, book: Any, sheet: Any) -> RawSheet:
    rows: dict[int, list[Cell]] = {}
    text_left = MAX_TEXT_LENGTH
    for number in range(sheet.nrows):
        cells = [_value(book, cell) for cell in sheet.row(number)]
        if any(cell != "" for cell in cells):
            rows[number + 1] = cells
            lengths = [len(cell) for cell in cells if isinstance(cell, str)]
            text_left -= sum(lengths)
            if text_left < 0 or max(lengths, default=0) > MAX_CELL_LENGTH:
                raise too_large(name)
        if len(rows) > MAX_ROWS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=name, most=f"{MAX_ROWS:,}")
    return RawSheet(
        sheet.name,
        rows,
        hidden_rows={number + 1 for number, info in sheet.rowinfo_map.items() if info.hidden},
        hidden_columns={number for number, info in sheet.colinfo_map.items() if info.hidden},
        merges=[
            (top + 1, bottom, left, right - 1) for top, bottom, left, right in sheet.merged_cells
        ],
    )


def _value(book: Any, cell: Any) -> Cell:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _moment(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return UNREADABLE
    value: Cell = cell.value
    return value


def _moment(number: float, datemode: int) -> Cell:
    """Returns a day with its hour; for an hour alone the time that has passed since midnight."""
    if 0 <= number < 1:
        return timedelta(days=number)
    try:
        found: datetime = xlrd.xldate.xldate_as_datetime(number, datemode)
    except (ValueError, OverflowError, xlrd.xldate.XLDateError):
        return UNREADABLE
    return found


def _check(name: str, data: bytes) -> None:
    """Raises UnreadableFile for a file that should not be given to xlrd."""
    try:
        with Path(os.devnull).open("w") as nowhere:
            container = CompDoc(data, logfile=nowhere)
            streams = {each.name for each in container.dirlist}
            found = next((each for each in _STREAMS if each in streams), None)
            if found is None:
                raise no_workbook(name)
            whole, start, length = container.locate_named_stream(found)
    except (CompDocError, AssertionError, IndexError, struct.error, ValueError, MemoryError):
        raise damaged(name) from None
    if any(each.upper().startswith(("_VBA_PROJECT", "VBA")) for each in streams):
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=name)
    if whole is None:
        raise damaged(name)
    _check_records(name, memoryview(whole)[start : start + length])


def _check_records(name: str, stream: memoryview) -> None:
    at = cells = records = 0
    while at + 4 <= len(stream):
        record, size = _HEAD.unpack_from(stream, at)
        at += 4
        if record == 0 and size == 0:  # padding after the last record
            break
        content = stream[at : at + size]
        at += size
        records += 1
        if record in _ONE_CELL or record in _CELL_ROWS:
            cells += _count_cells(name, record, content)
        else:
            _refuse_record(name, record, content)
        if records > MAX_RECORDS or cells > MAX_XLS_CELLS:
            raise too_large(name)


def _count_cells(name: str, record: int, content: memoryview) -> int:
    if len(content) < 6:
        raise damaged(name)
    _row, column = _PLACE.unpack_from(content)
    last = column if record in _ONE_CELL else _last_column(content)
    if last >= MAX_XLS_COLUMNS or last < column:
        raise too_large(name)
    return int(last - column + 1)


def _last_column(content: memoryview) -> int:
    last: int = struct.unpack_from("<H", content, len(content) - 2)[0]
    return last


def _refuse_record(name: str, record: int, content: memoryview) -> None:
    if record == _FILE_PASSWORD:
        raise locked(name)
    is_macro_sheet = record == _SHEET and len(content) > 5 and content[5] == _MACRO_SHEET
    if record in _BASIC or is_macro_sheet:
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=name)
    if record == _SUPPORTING_BOOK and bytes(content[2:4]) not in _OWN_BOOK:
        raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_LINKS, name=name)
