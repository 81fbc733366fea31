"""The visible sheets of a file of any format, as cells with their row numbers.

The content determines the format. Each format is checked before a library opens it, as
`imports.xlsx` does: sizes, the rectangle around all cells, macros, links and embedded files.
"""

from outreach.domain.text import clean
from outreach.imports import file_types, xlsx
from outreach.imports.file_types import FileType
from outreach.imports.guess import ods, text_tables
from outreach.imports.guess.raw_sheets import (
    MAX_CELL_LENGTH,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILLED,
    MAX_ROWS,
    MAX_SHEETS,
    Cell,
    RawSheet,
)
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.xlsx import XlsxLimits
from outreach.imports.zip_guard import too_large


def read(name: str, data: bytes) -> list[RawSheet]:
    """The sheets of a workbook or a text table that have something in them. Raises
    UnreadableFile for other files, and for those that are damaged, hostile or too large."""
    file_type = file_types.recognise_sheet(name, data)
    if file_type is FileType.XLSX:
        limits = XlsxLimits(
            rows=MAX_ROWS, strings=500_000, columns=1024, cells=MAX_CELLS, accepts_formulas=True
        )
        sheets = [
            RawSheet(
                each.name,
                {number: list(cells) for number, cells in each.rows.items()},
                each.layout.hidden_rows,
                each.layout.hidden_columns,
                each.layout.merges,
            )
            for each in xlsx.sheets(name, data, limits)
        ]
    elif file_type is FileType.ODS:
        sheets = ods.read(name, data)
    elif file_type is FileType.XLS:
        # Here: its library takes 1 MB in each process, and few files are that old.
        from outreach.imports.guess import xls

        sheets = xls.read(name, data)
    else:
        sheets = [text_tables.read(name, data)]
    return _checked(name, sheets)


def _checked(name: str, sheets: list[RawSheet]) -> list[RawSheet]:
    """The sheets without blank rows, with merged cells filled, within the limits."""
    found = []
    for sheet in sheets:
        fill_merges(name, sheet)
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


def fill_merges(name: str, sheet: RawSheet) -> None:
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
        return clean(cell[:MAX_CELL_LENGTH])
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell
