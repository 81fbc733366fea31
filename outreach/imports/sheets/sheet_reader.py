"""A file of any format to the cells of its sheets; the content determines the format.

`list_records` has the rows of the template, as texts that its columns are read from. `read` has the
sheets as they were shown, whose columns are guessed.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from outreach.domain.text import clean
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets import file_types, ods, text_tables, xlsx
from outreach.imports.sheets.file_types import FileType
from outreach.imports.sheets.raw_sheets import (
    EPOCH,
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_FILLED,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    RawSheet,
    Record,
)
from outreach.imports.sheets.sheet_policy import GUESS, STRICT, SheetPolicy
from outreach.imports.sheets.zip_guard import too_large


def list_records(name: str, data: bytes, policy: SheetPolicy = STRICT) -> Iterator[Record]:
    """Returns the rows of the first sheet of a workbook, or of a text, that are not blank: row
    number from 1, and cells as text. Dates are written as the template has them, 2027-01-16T18:00.

    All rows of a workbook have as many cells. The lines of a text are read as they are asked for.
    Raises UnreadableFile.
    """
    if file_types.recognise(name, data, policy) is not FileType.XLSX:
        yield from text_tables.list_records(name, data, policy)
        return
    (sheet,) = xlsx.sheets(name, data, policy)
    texts = {number: [_as_text(cell) for cell in cells] for number, cells in sheet.rows.items()}
    width = max((_width(cells) for cells in texts.values()), default=0)
    for number, cells in texts.items():
        if _width(cells):
            yield number, cells[:width]


def _width(cells: list[str]) -> int:
    """The number of cells up to the last one that is not blank."""
    return next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)


def _as_text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        is_integer = abs(cell) < 1e15 and cell == int(cell)
        return str(int(cell)) if is_integer else str(cell)
    if isinstance(cell, timedelta):  # a cell that shows hours, as 18:00 or 36:00
        try:
            moment = EPOCH + cell
        except OverflowError:
            return str(cell)
        return moment.time().isoformat() if moment.date() == EPOCH.date() else _as_text(moment)
    if isinstance(cell, datetime):
        # A spreadsheet counts in fractions of a day, which are seldom whole seconds.
        rounded = (cell + timedelta(seconds=0.5)).replace(microsecond=0)
        return rounded.isoformat(timespec="seconds" if rounded.second else "minutes")
    if isinstance(cell, date):
        return f"{cell.isoformat()}T00:00"
    return cell.isoformat() if isinstance(cell, time) else cell


def read(name: str, data: bytes) -> list[RawSheet]:
    """The sheets of a workbook or a text table that have something in them, with clean texts and
    without blank rows. Raises UnreadableFile for other files, and for those that are damaged,
    hostile or too large."""
    file_type = file_types.recognise(name, data, GUESS)
    if file_type is FileType.XLSX:
        sheets = xlsx.sheets(name, data, GUESS)
    elif file_type is FileType.ODS:
        sheets = ods.read(name, data)
    elif file_type is FileType.XLS:
        # Here: its library takes 1 MB in each process, and few files are that old.
        from outreach.imports.sheets import xls

        sheets = xls.read(name, data)
    else:
        sheets = [_read_text(name, data)]
    return _checked(name, sheets)


def _read_text(name: str, data: bytes) -> RawSheet:
    rows: dict[int, list[Cell]] = {}
    for number, cells in text_tables.list_records(name, data, GUESS):
        if len(rows) >= MAX_ROWS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=name, most=f"{MAX_ROWS:,}")
        rows[number] = list(cells)
    return RawSheet("", rows)


def _checked(name: str, sheets: list[RawSheet]) -> list[RawSheet]:
    """The sheets without blank rows, with merged cells filled, within the limits."""
    found = []
    for sheet in sheets:
        _fill_merges(name, sheet)
        sheet.rows = {
            number: tidied
            for number, cells in sorted(sheet.rows.items())
            if (tidied := _tidied(cells))
        }
        if sheet.rows:
            found.append(sheet)
    if not found:
        raise UnreadableFile(ImportErrorCode.FILE_EMPTY, name=name)
    if sum(len(each.rows) for each in found) > MAX_ROWS:
        raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=name, most=f"{MAX_ROWS:,}")
    if len(found) > MAX_SHEETS:
        raise too_large(name)
    for sheet in found:
        used = {at for cells in sheet.rows.values() for at, cell in enumerate(cells) if cell != ""}
        if len(used) > MAX_COLUMNS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_COLUMNS, name=name, most=MAX_COLUMNS)
    return found


def _fill_merges(name: str, sheet: RawSheet) -> None:
    """Gives each row of cells merged downwards the value that was shown beside it."""
    left = MAX_FILLED
    last = max(sheet.rows, default=0)
    for top, bottom, first, _last_column in sheet.merges:
        above = sheet.rows.get(top, [])
        if bottom <= top or first >= len(above) or above[first] == "":
            continue
        for number in range(top + 1, min(bottom, last) + 1):
            left -= 1
            if left < 0:
                raise too_large(name)
            cells = sheet.rows.setdefault(number, [])
            cells += [""] * (first + 1 - len(cells))
            cells[first] = above[first]


def _tidied(cells: list[Cell]) -> list[Cell]:
    """The cells with clean texts, without blank ones at the end."""
    tidied = [_tidy(cell) for cell in cells]
    while tidied and tidied[-1] == "":
        tidied.pop()
    return tidied


def _tidy(cell: Cell) -> Cell:
    if isinstance(cell, str):
        # A workbook that we wrote has the apostrophe too, whatever program has saved it since.
        return clean(text_tables.unescape(cell)[:MAX_CELL_LENGTH])
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell
