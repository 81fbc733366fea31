"""The first sheet of an .xlsx as records, read once and in order, with a bound on everything.

Dates come out as we write them, 2027-01-16T18:00. Formulas are refused: what they show depends on
who opens them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from posixpath import dirname, join, normpath
from typing import Final

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from outreach.imports.csv_tables import BLANK, WIDEST, Record
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.zip_guard import GuardedZip, damaged, no_workbook, too_large

LONGEST_CELL: Final = 32_767  # letters: what a spreadsheet allows
MOST_TEXT: Final = 12_000_000  # letters in all cells together
MOST_STRINGS: Final = 110_000  # 5,000 lines of our columns have 105,000 cells
MOST_STYLES: Final = 20_000
_CODED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MAIN: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


@dataclass
class _Book:
    """What has to be known before the sheet is read."""

    sheet: str = ""  # the part of the first sheet
    strings: list[str] = field(default_factory=list)
    dates: list[bool] = field(default_factory=list)  # for each style, whether it shows a date
    epoch: datetime = CALENDAR_WINDOWS_1900
    text: int = 0  # letters so far


def records(name: str, data: bytes, *, most: int) -> Iterator[Record]:
    """The records of the first sheet that are not blank. Raises Unfit."""
    archive = GuardedZip(name, data)
    book = _opened(archive)
    sheet = _Sheet(name, book, most)
    archive.parse(book.sheet, sheet.start, sheet.end, sheet.take)
    width = max((len(cells) for _number, cells in sheet.found), default=0)
    for number, cells in sheet.found:
        yield number, cells + [""] * (width - len(cells))


def _opened(archive: GuardedZip) -> _Book:
    part = _main_part(archive)
    book = _Book()
    sheets: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            found = [key for key in attributes if key.rpartition(":")[2] == "id" and ":" in key]
            sheets.extend(attributes[key] for key in found)
        elif name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
            book.epoch = CALENDAR_MAC_1904

    archive.parse(part, start)
    targets = _relations(archive, part)
    chosen = [targets[id] for id in sheets if id in targets and targets[id][0] == "worksheet"]
    if not chosen:
        raise no_workbook(archive.name)
    book.sheet = chosen[0][1]
    _refuse_links(archive, book.sheet)
    for kind, target in targets.values():
        if kind == "sharedStrings":
            _read_strings(archive, target, book)
        elif kind == "styles":
            _read_styles(archive, target, book)
    return book


def _main_part(archive: GuardedZip) -> str:
    """The part that the list of types calls the workbook."""
    found: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        if "macroEnabled" in kind or "vbaProject" in kind:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_MACROS, name=archive.name)
        if name == "Override" and kind == _MAIN:
            found.append(attributes.get("PartName", "").lstrip("/"))

    archive.parse("[Content_Types].xml", start)
    if len(found) != 1 or not archive.has(found[0]):
        raise no_workbook(archive.name)
    return found[0]


def _relations(archive: GuardedZip, part: str) -> dict[str, tuple[str, str]]:
    """What a part points at, by its id: the last word of its kind, and its part."""
    found: dict[str, tuple[str, str]] = {}
    folder, _slash, bare = part.rpartition("/")
    listed = join(folder, "_rels", f"{bare}.rels")

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship":
            return
        kind = attributes.get("Type", "").rpartition("/")[2]
        if attributes.get("TargetMode") == "External":
            # An address in a cell is text to us: nothing is fetched from it.
            if kind != "hyperlink":
                raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_LINKS, name=archive.name)
            return
        target = attributes.get("Target", "")
        whole = target.lstrip("/") if target.startswith("/") else join(dirname(part), target)
        found[attributes.get("Id", "")] = (kind, normpath(whole))

    if archive.has(listed):
        archive.parse(listed, start)
    return found


def _refuse_links(archive: GuardedZip, sheet: str) -> None:
    for kind, _target in _relations(archive, sheet).values():
        if kind in {"oleObject", "control", "package", "queryTable"}:
            raise UnreadableFile(ImportErrorCode.WORKBOOK_WITH_EMBEDDED_FILES, name=archive.name)


def _read_strings(archive: GuardedZip, part: str, book: _Book) -> None:
    """The texts that cells of the sheet name by number; how they sound is left out."""
    pieces: list[str] = []
    state = {"text": False, "sound": 0, "length": 0}

    def start(name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            pieces.clear()
            state["length"] = 0
        elif name == "rPh":
            state["sound"] = 1
        state["text"] = name == "t" and not state["sound"]

    def end(name: str) -> None:
        state["text"] = False
        if name == "rPh":
            state["sound"] = 0
        elif name == "si":
            book.strings.append("".join(pieces))
            if len(book.strings) > MOST_STRINGS:
                raise too_large(archive.name)

    def take(text: str) -> None:
        if state["text"]:
            state["length"] += len(text)
            _measure(archive.name, book, text, state["length"])
            pieces.append(text)

    archive.parse(part, start, end, take)


def _read_styles(archive: GuardedZip, part: str, book: _Book) -> None:
    own: dict[int, str] = {}
    used: list[int] = []
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if name == "numFmt" and path[-2:-1] == ["numFmts"]:
            own[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")[:255]
        elif name == "xf" and path[-2:-1] == ["cellXfs"]:
            used.append(_number(attributes.get("numFmtId")))
        if len(own) > MOST_STYLES or len(used) > MOST_STYLES:
            raise too_large(archive.name)

    def end(_name: str) -> None:
        path.pop()

    archive.parse(part, start, end)
    shows = {
        number: bool(is_date_format(own.get(number, BUILTIN_FORMATS.get(number, ""))))
        for number in set(used)
    }
    book.dates = [shows[number] for number in used]


class _Sheet:
    """Takes in one sheet, element by element."""

    def __init__(self, name: str, book: _Book, most: int) -> None:
        self.found: list[Record] = []
        self._name, self._book, self._most = name, book, most
        self._row, self._column, self._blank = 0, 0, 0
        self._cells: list[str] = []
        self._kind, self._style, self._reference = "", 0, ""
        self._pieces: list[str] = []
        self._length = 0
        self._takes = self._sounds = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = _number(attributes.get("r"), self._row + 1)
            self._cells, self._column = [], 0
        elif name == "c":
            self._reference = attributes.get("r", "")[:12]
            self._column = _column(self._reference) or self._column + 1
            if self._column > WIDEST:
                raise UnreadableFile(ImportErrorCode.TOO_MANY_COLUMNS, name=self._name, most=WIDEST)
            self._kind = attributes.get("t", "n")
            self._style = _number(attributes.get("s"))
            self._pieces, self._length = [], 0
        elif name == "f":
            raise UnreadableFile(
                ImportErrorCode.WORKBOOK_WITH_FORMULA, name=self._name, cell=self._reference
            )
        elif name == "rPh":
            self._sounds = True
        self._takes = name == "v" or (name == "t" and not self._sounds)

    def end(self, name: str) -> None:
        self._takes = False
        if name == "rPh":
            self._sounds = False
        elif name == "c":
            self._cells += [""] * (self._column - len(self._cells))
            self._cells[self._column - 1] = self._value("".join(self._pieces))
        elif name == "row":
            self._end_row()

    def take(self, text: str) -> None:
        if self._takes:
            self._length += len(text)
            _measure(self._name, self._book, text, self._length)
            self._pieces.append(text)

    def _end_row(self) -> None:
        while self._cells and not self._cells[-1].strip():
            self._cells.pop()
        if self._cells:
            self.found.append((self._row, self._cells))
        else:
            self._blank += 1
        if len(self.found) > self._most + 1:  # and the header
            raise UnreadableFile(
                ImportErrorCode.TOO_MANY_LINES, name=self._name, most=f"{self._most:,}"
            )
        if self._blank > BLANK:
            raise too_large(self._name)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            place = _number(text.strip(), -1)
            if not 0 <= place < len(self._book.strings):
                raise damaged(self._name)
            return _plain(self._book.strings[place])
        if self._kind == "b":
            return "true" if text.strip() == "1" else "false"
        if self._kind == "d":
            return _said_date(text.strip())
        if self._kind != "n" or not text.strip():
            return _plain(text)
        return self._said_number(text.strip())

    def _said_number(self, text: str) -> str:
        try:
            number = float(text)
        except ValueError:
            return text
        shows_date = 0 <= self._style < len(self._book.dates) and self._book.dates[self._style]
        if shows_date:
            try:
                return _said(from_excel(number, self._book.epoch))
            except (ValueError, OverflowError):
                return text
        is_whole = abs(number) < 1e15 and number == int(number)
        return str(int(number)) if is_whole else text


def _said(value: object) -> str:
    """A date of a spreadsheet as our files write it; its fractions of a second are noise."""
    if isinstance(value, datetime):
        rounded = value + timedelta(seconds=0.5)
        rounded = rounded.replace(microsecond=0)
        return rounded.isoformat(timespec="seconds" if rounded.second else "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _said_date(text: str) -> str:
    """The few workbooks that write a date as text do it as we do."""
    return text.removesuffix("Z").partition(".")[0]


def _plain(text: str) -> str:
    """A text with the characters that XML cannot hold, which workbooks write as `_x000D_`. Half of
    a pair is left out: no page can be written with it."""
    if "_x" not in text:
        return text
    told = _CODED.sub(lambda found: chr(int(found[1], 16)), text)
    return told.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _measure(name: str, book: _Book, text: str, in_cell: int) -> None:
    book.text += len(text)
    if in_cell > LONGEST_CELL or book.text > MOST_TEXT:
        raise too_large(name)


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default


def _column(reference: str) -> int:
    """The number of the column of a reference as AB12, from 1 on; 0 if it has none."""
    found = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        found = found * 26 + ord(letter) - 64
    return found
