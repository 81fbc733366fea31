"""Tables in the formats of our own files, with checks that all of them have to pass."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from outreach.errors import Refusal
from outreach.imports.import_errors import (
    ImportErrorCode,
    ImportFault,
    ImportRejected,
    UnreadableFile,
)
from outreach.imports.row_parser import RowParser
from outreach.imports.sheets import text_tables
from outreach.imports.sheets.raw_sheets import MAX_COLUMNS, Record
from outreach.imports.sheets.sheet_policy import STRICT

_YEARS: Final = range(1990, 2101)  # other years are typing errors


@dataclass(frozen=True)
class ImportTable:
    """The lines of a file. `columns` are those the file has, in its order."""

    columns: tuple[str, ...]
    lines: tuple[RowParser, ...]


def is_likely(day: date) -> bool:
    """Whether the year is plausible."""
    return day.year in _YEARS


def open_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises UnreadableFile if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile(ImportErrorCode.FILE_MISSING, name=path) from None
    except IsADirectoryError:
        raise UnreadableFile(ImportErrorCode.FILE_IS_FOLDER, name=path) from None
    except OSError as error:
        raise UnreadableFile(
            ImportErrorCode.FILE_UNREADABLE, name=path, reason=error.strerror
        ) from None


def read(path: Path, required: Collection[str]) -> ImportTable:
    """The lines of a CSV file with a header; the delimiter is comma, semicolon or tab.

    Raises UnreadableFile if it is not such a file, ImportRejected if columns or cells are missing.
    """
    name = str(path)
    return table(name, text_tables.list_records(name, open_bytes(path), STRICT), required)


def table(
    name: str, records: Iterable[Record], required: Collection[str], *, most: int | None = None
) -> ImportTable:
    """The lines of a file from its records, at most `most`; the first record is the header. Raises
    UnreadableFile and ImportRejected as `read`."""
    rest = iter(records)
    first, header = next(rest, (1, []))
    if len(header) > MAX_COLUMNS:
        raise UnreadableFile(ImportErrorCode.TOO_MANY_COLUMNS, name=name, most=MAX_COLUMNS)
    columns = tuple(title.strip().lower() for title in header)
    _refuse_header(name, first, columns, required)
    lines, faults = list[RowParser](), list[ImportFault]()
    for number, cells in rest:
        if most is not None and len(lines) >= most:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=name, most=f"{most:,}")
        if len(cells) != len(columns):
            error = Refusal(
                ImportErrorCode.CELLS_UNLIKE_HEADER, cells=len(cells), columns=len(columns)
            )
            faults.append(ImportFault(number, columns[0], cells[0], error))
        found = {
            name: text_tables.unescape(cell) for name, cell in zip(columns, cells, strict=False)
        }
        lines.append(RowParser(number, found))
    if faults:
        raise ImportRejected(faults)
    if not lines:
        raise UnreadableFile(ImportErrorCode.LINES_MISSING, name=name)
    return ImportTable(columns, tuple(lines))


def refuse_duplicates(
    lines: Collection[RowParser], key: Callable[[RowParser], str], field: str
) -> None:
    """Adds a fault to each line whose key occurs above it."""
    seen: dict[str, int] = {}
    for line in lines:
        name = key(line)
        if name and name in seen:
            above = seen[name]
            line.fault(field, ImportErrorCode.VALUE_TWICE, line=above)
        seen.setdefault(name, line.number)


def _refuse_header(
    name: str, first: int, columns: tuple[str, ...], required: Collection[str]
) -> None:
    missing = [title for title in required if title not in columns]
    if len(missing) == len(required):
        raise UnreadableFile(ImportErrorCode.HEADER_MISSING, name=name, columns=", ".join(required))
    twice = {title for title in columns if title and columns.count(title) > 1}
    faults = [
        ImportFault(first, title, "", Refusal(ImportErrorCode.COLUMN_MISSING)) for title in missing
    ]
    faults += [
        ImportFault(first, title, title, Refusal(ImportErrorCode.COLUMN_TWICE)) for title in twice
    ]
    if faults:
        raise ImportRejected(faults)
