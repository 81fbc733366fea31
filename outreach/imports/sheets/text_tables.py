"""Reads a table in plain text.

The template is UTF-8 with comma, semicolon or tab, and its quotation marks are right. Any other
text may have any usual encoding, comma, semicolon, tab or bar.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets.raw_sheets import MAX_BLANK_LINES, MAX_COLUMNS, Record
from outreach.imports.sheets.sheet_policy import SheetPolicy

_TEMPLATE_DELIMITERS: Final = ",;\t"
_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 60  # records by which the delimiter is found
_SAMPLE_LENGTH: Final = 200_000  # characters
_MAX_CELLS: Final = 1024  # in a record, blank ones too
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# A text that is not UTF-8 is from Windows, an old Mac or DOS.
_OLD_ENCODINGS: Final = ("cp1252", "mac_roman", "cp850")
_LIKELY: Final = frozenset("áéíóúñüÁÉÍÓÚÑÜ¿¡àâçèêëîïôùûœæÀÂÇÈÉÊËÎÏÔÛŒ«»°ºª–—‘’“”…€´\xa0")
_HINT: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# Spreadsheets take a text that begins like this for a formula. `workshops/write.py` puts an
# apostrophe before it, which `unescape` removes.
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def list_records(name: str, data: bytes, policy: SheetPolicy) -> Iterator[Record]:
    """The records that are not blank, each with the number of its first line.

    The file is decoded at once, and its lines are read as they are asked for. Raises
    UnreadableFile."""
    if policy.accepts_any_text:
        return _list_any(name, decode(name, data))
    return _list_template(name, decode_utf8(name, data))


def unescape(cell: str) -> str:
    """The cell without the apostrophe that `workshops/write.py` puts before a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


# The template


def decode_utf8(name: str, data: bytes) -> str:
    """The text of a file in UTF-8. Raises UnreadableFile if it is not."""
    if not data.strip():
        raise UnreadableFile(ImportErrorCode.FILE_EMPTY, name=name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(ImportErrorCode.FILE_NOT_UTF8, name=name, line=line) from None
    _refuse_nul(name, text)
    if text.startswith("\ufeff"):
        raise UnreadableFile(ImportErrorCode.FILE_WITH_TWO_MARKS, name=name)
    return text


def _list_template(name: str, text: str) -> Iterator[Record]:
    header = next((each for each in _split_lines(text) if each.strip()), "")
    delimiter = max(_TEMPLATE_DELIMITERS, key=header.count)
    return _number_records(name, csv.reader(_split_lines(text), delimiter=delimiter, strict=True))


# Any other text


def decode(name: str, data: bytes) -> str:
    """The text of a file in any encoding. Raises UnreadableFile if it is no text."""
    if not data.strip(b" \t\r\n\0"):
        raise UnreadableFile(ImportErrorCode.FILE_EMPTY, name=name)
    text = data.decode(_encoding(data), errors="replace").removeprefix("\ufeff")
    _refuse_nul(name, text)
    return text


def _encoding(data: bytes) -> str:
    """The encoding in which the text is most likely what somebody wrote."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    head = data[:4096]
    # Where Latin letters are in UTF-16 without a mark, every other byte is 0.
    for at, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 3 and head[at::2].count(0) > len(head) * 0.4:
            return encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return max(_OLD_ENCODINGS, key=lambda each: _likeliness(data, each))
    return "utf-8"


def _likeliness(data: bytes, encoding: str) -> int:
    """Returns how many letters beyond ASCII belong to our languages in this encoding, less those
    that do not."""
    bytes_used = Counter(byte for byte in data if byte >= 128)
    return sum(
        times if bytes([byte]).decode(encoding, "replace") in _LIKELY else -times
        for byte, times in bytes_used.items()
    )


def _list_any(name: str, text: str) -> Iterator[Record]:
    lines, skipped, hinted = _split_lines(text), 0, ""
    first = next(_split_lines(text), "")
    if hint := _HINT.fullmatch(first):
        hinted, skipped = hint[1], 1
        next(lines)
    reader = csv.reader(lines, delimiter=hinted or _find_delimiter(text))
    for line, cells in _number_records(name, reader, skipped=skipped):
        if len(cells) > _MAX_CELLS:
            raise UnreadableFile(ImportErrorCode.TOO_MANY_COLUMNS, name=name, most=MAX_COLUMNS)
        yield line, cells


def _find_delimiter(text: str) -> str:
    """Returns the delimiter that cuts most records into the same number of cells, two or more."""
    head = text[:_SAMPLE_LENGTH]
    return max(_DELIMITERS, key=lambda delimiter: _regularity(head, delimiter))


def _regularity(text: str, delimiter: str) -> tuple[int, int]:
    try:
        sample = islice(csv.reader(_split_lines(text), delimiter=delimiter), _SAMPLE)
        widths = Counter(len(cells) for cells in sample if len(cells) > 1)
    except csv.Error:
        return 0, 0
    width, times = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
    return times, width


# Both


def _refuse_nul(name: str, text: str) -> None:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(ImportErrorCode.FILE_WITH_NUL, name=name, line=line)


def _split_lines(text: str) -> Iterator[str]:
    """The lines with their ends, one at a time, without a second copy of the text."""
    return (found[0] for found in _LINE.finditer(text))


def _number_records(name: str, reader: Any, *, skipped: int = 0) -> Iterator[Record]:
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
