"""Reads a table in plain text: of any usual encoding, with comma, semicolon, tab or bar."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final

from outreach.imports import csv_tables
from outreach.imports.guess.raw_sheets import MAX_COLUMNS, MAX_ROWS, Cell, RawSheet
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 60  # records by which the delimiter is found
_SAMPLE_LENGTH: Final = 200_000  # characters
_MAX_CELLS: Final = 1024  # of a record, blank ones too
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# Of a text that is not UTF-8: Windows, an old Mac, DOS.
_OLD_ENCODINGS: Final = ("cp1252", "mac_roman", "cp850")
_LIKELY: Final = frozenset("áéíóúñüÁÉÍÓÚÑÜ¿¡àâçèêëîïôùûœæÀÂÇÈÉÊËÎÏÔÛŒ«»°ºª–—‘’“”…€´\xa0")
_HINT: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def read(name: str, data: bytes) -> RawSheet:
    """The records of the file, each with the number of its first line. Raises UnreadableFile."""
    text = decode(name, data)
    rows: dict[int, list[Cell]] = {}
    for number, cells in _records(name, text):
        if len(rows) >= MAX_ROWS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_LINES, name=name, most=f"{MAX_ROWS:,}")
        rows[number] = [csv_tables.unescape(cell) for cell in cells]
    return RawSheet("", rows)


def decode(name: str, data: bytes) -> str:
    """The text of a file. Raises UnreadableFile if it is no text."""
    if not data.strip(b" \t\r\n\0"):
        raise UnreadableFile(ImportErrorCode.FILE_EMPTY, name=name)
    text = data.decode(_encoding(data), errors="replace").removeprefix("\ufeff")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(ImportErrorCode.FILE_WITH_NUL, name=name, line=line)
    return text


def _encoding(data: bytes) -> str:
    """The encoding in which the text is most likely what somebody wrote."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:4096]
    # Of Latin letters in UTF-16 without a mark, every other byte is 0.
    for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[at::2].count(0) > len(head) * 0.4:
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return max(_OLD_ENCODINGS, key=lambda each: _likeliness(data, each))
    return "utf-8"


def _likeliness(data: bytes, encoding: str) -> int:
    """How much more of the letters that are not ASCII belong to our languages than do not."""
    bytes_used = Counter(byte for byte in data if byte >= 128)
    return sum(
        times if bytes([byte]).decode(encoding, "replace") in _LIKELY else -times
        for byte, times in bytes_used.items()
    )


def _records(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The records that are not blank, each with the number of its first line."""
    lines, skipped, hinted = csv_tables.split_lines(text), 0, ""
    first = next(csv_tables.split_lines(text), "")
    if hint := _HINT.fullmatch(first):
        hinted, skipped = hint[1], 1
        next(lines)
    reader = csv.reader(lines, delimiter=hinted or _find_delimiter(text))
    for line, cells in csv_tables.number_records(name, reader, skipped=skipped):
        if len(cells) > _MAX_CELLS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_COLUMNS, name=name, most=MAX_COLUMNS)
        yield line, cells


def _find_delimiter(text: str) -> str:
    """The one that cuts most records into the same number of cells, two or more."""
    head = text[:_SAMPLE_LENGTH]
    return max(_DELIMITERS, key=lambda delimiter: _regularity(head, delimiter))


def _regularity(text: str, delimiter: str) -> tuple[int, int]:
    try:
        sample = islice(csv.reader(csv_tables.split_lines(text), delimiter=delimiter), _SAMPLE)
        widths = Counter(len(cells) for cells in sample if len(cells) > 1)
    except csv.Error:
        return 0, 0
    width, times = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
    return times, width
