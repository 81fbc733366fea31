"""Reads CSV files as tables, with checks that all of them have to pass."""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from outreach.errors import Refusal
from outreach.imports.import_errors import (
    ImportErrorCode,
    ImportFault,
    ImportRejected,
    UnreadableFile,
)
from outreach.imports.row_parser import RowParser

__all__ = [
    "ImportTable",
    "RowParser",
    "decode",
    "is_likely",
    "open_bytes",
    "open_text",
    "parse",
    "read",
    "refuse_duplicates",
    "split_lines",
    "table",
    "unescape",
]

MAX_COLUMNS: Final = 60  # ours have 21
MAX_BLANK_LINES: Final = 20_000
_DELIMITERS: Final = ",;\t"
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_YEARS: Final = range(1990, 2101)  # other years are typing errors
# Spreadsheets take a text that begins like this for a formula. `workshops/write.py` puts an
# apostrophe before it, which is removed here.
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")

Record = tuple[int, list[str]]  # the number of its first line, and its cells


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


def open_text(path: Path) -> str:
    """The text of a file. Raises UnreadableFile if it cannot be read."""
    return decode(str(path), open_bytes(path))


def decode(name: str, data: bytes) -> str:
    """The text of a file in UTF-8. Raises UnreadableFile if it is not."""
    if not data.strip():
        raise UnreadableFile(ImportErrorCode.FILE_EMPTY, name=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(ImportErrorCode.FILE_NOT_UTF8, name=name, line=line) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(ImportErrorCode.FILE_WITH_NUL, name=name, line=line)
    if text.startswith("\ufeff"):
        raise UnreadableFile(ImportErrorCode.FILE_WITH_TWO_MARKS, name=name)
    return text


def read(path: Path, required: Collection[str]) -> ImportTable:
    """The lines of a CSV file with a header; the delimiter is comma, semicolon or tab.

    Raises UnreadableFile if it is not such a file, ImportRejected if columns or cells are missing.
    """
    return parse(str(path), open_bytes(path), required)


def parse(
    name: str, data: bytes, required: Collection[str], *, most: int | None = None
) -> ImportTable:
    """The same for the bytes of a file, with at most `most` lines."""
    return table(name, _records(name, decode(name, data)), required, most=most)


def table(
    name: str, records: Iterable[Record], required: Collection[str], *, most: int | None = None
) -> ImportTable:
    """The lines of a file from its records; the first record is the header."""
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
        found = {name: unescape(cell) for name, cell in zip(columns, cells, strict=False)}
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


def unescape(cell: str) -> str:
    """The cell without the apostrophe that `workshops/write.py` puts before a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def split_lines(text: str) -> Iterator[str]:
    """The lines with their ends, one at a time, without a second copy of the text."""
    return (found[0] for found in _LINE.finditer(text))


def _records(name: str, text: str) -> Iterator[Record]:
    """The records that are not blank, each with the number of its first line."""
    header = next((each for each in split_lines(text) if each.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    return number_records(name, csv.reader(split_lines(text), delimiter=delimiter, strict=True))


def number_records(name: str, reader: Any, *, skipped: int = 0) -> Iterator[Record]:
    """The records of a `csv.reader` that are not blank, each with the number of its first line;
    `skipped` lines stand before the first. Raises UnreadableFile."""
    above, blank = skipped, 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield above + 1, cells
            else:
                blank += 1
            if blank > MAX_BLANK_LINES:
                raise UnreadableFile(
                    ImportErrorCode.TOO_MANY_BLANK_LINES, name=name, most=MAX_BLANK_LINES
                )
            above = skipped + reader.line_num
    except csv.Error as error:
        raise UnreadableFile(
            ImportErrorCode.LINE_NOT_CSV, name=name, line=above + 1, reason=error
        ) from None
