"""Files to cells: what every CSV has to be before anyone looks at what it says."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from outreach import clock
from outreach.domain.text import clean
from outreach.errors import Refused
from outreach.intake.faults import Fault, Faulty

_DELIMITERS: Final = ",;\t"
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,15})?")
_REGION = re.compile(r"[A-Z]{2,3}")
_YEARS: Final = range(1990, 2101)  # a century off is a slip of the hand, not a plan

Value = TypeVar("Value")


@dataclass(frozen=True)
class Table:
    """The lines of a file. `columns` are those the file has, in its order."""

    columns: tuple[str, ...]
    lines: tuple["Line", ...]


class Line:
    """One line of a file: gives its cells as values, and notes what is wrong with them.

    `number` is that of the file, whose header is line 1. A method that finds a fault returns None
    or an empty text, and goes on: whoever reads a line hears of all its faults.
    """

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number = number
        self.faults: list[Fault] = []
        self._cells = cells

    def fault(self, field: str, reason: str) -> None:
        self.faults.append(Fault(self.number, field, self.raw(field), reason))

    def has(self, field: str) -> bool:
        """Whether the file has such a column."""
        return field in self._cells

    def raw(self, field: str) -> str:
        return self._cells.get(field, "").strip()

    def text(self, field: str, longest: int, *, is_required: bool = False) -> str:
        found = clean(self.raw(field))
        if is_required and not found:
            self.fault(field, "is missing")
        if len(found) > longest:
            self.fault(field, f"is longer than {longest} characters")
        return found

    def one_of(self, field: str, known: Mapping[str, Value], reason: str) -> Value | None:
        """What stands for the cell's text in `known`; None, and a fault, if nothing does."""
        found = known.get(self.raw(field))
        if found is None:
            self.fault(field, reason)
        return found

    def codes(self, field: str, known: Collection[str], what: str) -> tuple[str, ...]:
        """Codes apart by spaces, each of them one of `known`."""
        found = tuple(dict.fromkeys(self.raw(field).split()))
        for each in found:
            if each not in known:
                self.fault(field, f"“{each}” is no {what} we know; lists are separated by spaces")
        return found

    def flag(self, field: str) -> bool:
        found = self.raw(field).lower()
        if found not in {"true", "false"}:
            self.fault(field, "write true or false")
        return found == "true"

    def number_of(self, field: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        if not _NUMBER.fullmatch(found):
            self.fault(field, "is no whole number")
        elif int(found) < 0:
            self.fault(field, "cannot be less than 0")
        elif int(found) > most:
            self.fault(field, f"cannot be more than {most}")
        else:
            return int(found)
        return None

    def degrees(self, field: str, *, most: int) -> float:
        found = self.raw(field)
        if not _DECIMAL.fullmatch(found) or abs(float(found)) > most:
            self.fault(field, f"write degrees from -{most} to {most}, as 41.8781")
            return 0.0
        return float(found)

    def day(self, field: str) -> date | None:
        """A day, as 2020-01-31; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        try:
            # Python reads other ways of writing a day too; a file that mixes them is a mistake.
            day = date.fromisoformat(found) if len(found) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fault(field, "is no date we can read; write it like 2020-01-31")
        return day

    def region(self, field: str, *, is_required: bool = False) -> str:
        found = self.text(field, 3, is_required=is_required)
        if found and not _REGION.fullmatch(found):
            self.fault(field, "write the two or three capitals of the state, as IL")
        return found

    def zone(self, field: str, *, is_required: bool = False) -> str | None:
        """The name of a time zone; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            if is_required:
                self.fault(field, "is missing; write it like America/Chicago")
            return None
        if len(found) > 40 or not clock.is_zone(found):
            self.fault(field, "is no time zone we know; write it like America/Chicago")
            return None
        return found


def is_likely(day: date) -> bool:
    """Whether the year can be meant."""
    return day.year in _YEARS


def open_text(path: Path) -> str:
    """The text of a file. Raises Refused, in one sentence, when there is none to read."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Refused(f"{path} does not exist.") from None
    except IsADirectoryError:
        raise Refused(f"{path} is a folder. Name a file in it.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    if not data.strip():
        raise Refused(f"{path} is empty.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(
            f"{path} is not UTF-8 (line {line}). Save it again as “CSV UTF-8” or as UTF-8 text."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refused(f"{path} has NUL bytes (line {line}). It is not a text file.")
    return text


def read(path: Path, required: Collection[str]) -> Table:
    """The lines of a CSV file with a header; commas, semicolons or tabs apart, as the header is.

    Raises Refused when it is no such file, Faulty when columns or cells are missing.
    """
    text = open_text(path)
    records = _records(path, text)
    first, header = next(records, (1, []))
    columns = tuple(name.strip().lower() for name in header)
    missing = [name for name in required if name not in columns]
    twice = {name for name in columns if name and columns.count(name) > 1}
    faults = [Fault(first, name, "", "this column is missing from the header") for name in missing]
    faults += [Fault(first, name, name, "this column is there twice") for name in twice]
    if faults:
        raise Faulty(faults)
    lines = []
    for number, cells in records:
        if len(cells) != len(columns):
            reason = f"has {len(cells)} cells, and the header has {len(columns)}"
            faults.append(Fault(number, columns[0], cells[0], reason))
        lines.append(Line(number, dict(zip(columns, cells, strict=False))))
    if faults:
        raise Faulty(faults)
    if not lines:
        raise Refused(f"{path} has a header and no lines below it.")
    return Table(columns, tuple(lines))


def refuse_twice(lines: Collection[Line], key: Callable[[Line], str], field: str) -> None:
    """Notes a fault on each line whose key another line above has."""
    seen: dict[str, int] = {}
    for line in lines:
        name = key(line)
        if name and name in seen:
            line.fault(field, f"is on line {seen[name]} too")
        seen.setdefault(name, line.number)


def _records(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the number of its first line."""
    header = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    above = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield above + 1, cells
            above = reader.line_num
    except csv.Error as error:
        raise Refused(f"{path}, line {above + 1}: {error}. Look at its quotation marks.") from None
