"""The table in each sheet: the heading row, and the rows below it that are no notes.

Sheets begin with titles, repeat their heading, name a day above the rows of that day, and end with
totals and notes. `line` is the row that the sheet or file shows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from outreach.domain.text import fold
from outreach.imports.guess import dates, day_lists, headings, zones
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.day_words import MONTH_NAMES, MONTHS
from outreach.imports.guess.headings import WITHIN
from outreach.imports.sheets.raw_sheets import Cell, RawSheet

MAX_TITLE_ROWS: Final = 40  # above the heading
MIN_HEADINGS: Final = 2
_YEAR: Final = re.compile(r"(?<![0-9])20[2-9][0-9](?![0-9])")
_FIGURES: Final = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}")
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class SourceRow:
    """The cells of a row, as many as the table has columns."""

    line: int
    cells: Sequence[Cell]
    is_hidden: bool = False
    day_above: Cell = ""  # a row of its own above this one says only a day


@dataclass
class SourceTable:
    """A table of one sheet; `sheet` is empty for a file without sheets."""

    sheet: str
    headings: tuple[str, ...]  # distinct
    rows: list[SourceRow]
    titles: tuple[str, ...] = ()  # what stands above the heading
    hidden_columns: frozenset[int] = frozenset()
    has_heading: bool = True
    heading_line: int = 0  # 0 without one
    # Which of day and month comes first, where another column or sheet of the file proves it.
    order: DayOrder | None = None

    def column(self, number: int) -> Iterator[Cell]:
        return (row.cells[number] for row in self.rows)


def find_tables(sheets: Sequence[RawSheet]) -> list[SourceTable]:
    """The tables of those sheets that have one."""
    found = [_find_table(each) for each in sheets]
    tables = [each for each in found if each is not None]
    # A sheet without a heading beside others with one is a list of names or instructions.
    tables = [each for each in tables if each.has_heading] or tables[:1]
    _find_orders(tables)
    return tables


def _find_orders(tables: Sequence[SourceTable]) -> None:
    """Sets the order of day and month of each table: that of its own columns, whatever they are of,
    else that of the whole file. Columns that contradict each other prove nothing."""
    found = [_list_orders(each) for each in tables]
    of_file = {order for orders in found for order in orders}
    for table, orders in zip(tables, found, strict=True):
        proven = orders or of_file
        table.order = next(iter(proven)) if len(proven) == 1 else None


def _list_orders(table: SourceTable) -> set[DayOrder]:
    orders = set[DayOrder]()
    for at in range(len(table.headings)):
        figures = (
            cell for cell in table.column(at) if isinstance(cell, str) and _FIGURES.search(cell)
        )
        readings = (dates.read_day(cell) for cell in figures)
        orders |= dates.list_orders(each for each in readings if each is not None)
    return orders


def summarise_titles(texts: Sequence[str]) -> tuple[str, ...]:
    """Returns what titles say of years, months and zones, and nothing else: the rest may name
    persons."""
    years = {year for text in texts for year in _YEAR.findall(text)}
    months = {number for text in texts for number in find_months(text)}
    zone = next((zone for text in texts if (zone := zones.find_within(text))), None)
    names = [MONTH_NAMES[number - 1] for number in sorted(months)]
    return (*sorted(years), *names, *([str(zone)] if zone is not None else []))


def find_months(text: str) -> set[int]:
    """The months that a title or the name of a sheet says: «ENERO 2027», «Ene»."""
    words = fold(text).split()
    is_short = len(words) <= 2  # «mar» and «set» mean other things in a sentence
    return {MONTHS[word] for word in words if word in MONTHS and (is_short or len(word) > 3)}


def _find_table(sheet: RawSheet) -> SourceTable | None:
    heading = _find_heading(sheet)
    width = max(len(cells) for cells in sheet.rows.values())
    if heading is None:
        first, names = 0, [""] * width
    else:
        first = heading
        names = _join_headings(sheet, heading, width)
    rows = list(_list_rows(sheet, first, width))
    if not rows:
        return None
    # Columns without heading and without values are the margins of the sheet.
    kept = [at for at in range(width) if names[at] or any(row.cells[at] != "" for row in rows)]
    for row in rows:
        row.cells = [row.cells[at] for at in kept]
    return SourceTable(
        sheet=sheet.name,
        headings=_make_distinct([names[at] or _letter(at) for at in kept]),
        rows=rows,
        titles=_list_titles(sheet, first),
        hidden_columns=frozenset(
            place for place, at in enumerate(kept) if at in sheet.hidden_columns
        ),
        has_heading=heading is not None,
        heading_line=heading or 0,
    )


def _list_titles(sheet: RawSheet, heading: int) -> tuple[str, ...]:
    """The texts above the heading."""
    above = (cells for line, cells in sheet.rows.items() if line < heading)
    texts = (str(cell) for cells in above for cell in cells if cell != "")
    return tuple(islice(texts, MAX_TITLE_ROWS))


def _find_heading(sheet: RawSheet) -> int | None:
    """The row whose cells are most like headings, if one is."""
    best, best_score = None, 0
    for line, cells in list(sheet.rows.items())[:MAX_TITLE_ROWS]:
        score = _score_heading(cells)
        if score > best_score:
            best, best_score = line, score
    return best or _find_strange_heading(sheet)


def _find_strange_heading(sheet: RawSheet) -> int | None:
    """A row of words that we do not know, right above the first row that has a day."""
    above: tuple[int, list[Cell]] | None = None
    for line, cells in list(sheet.rows.items())[:MAX_TITLE_ROWS]:
        has_day = any(isinstance(c, str | date) and dates.is_day(c) for c in cells)
        if has_day and above is not None and len(above[1]) >= len(cells) > 1:
            words = [cell for cell in above[1] if cell != ""]
            are_words = all(isinstance(c, str) and not any(map(str.isdigit, c)) for c in words)
            return above[0] if are_words and len(words) > 1 else None
        if has_day:
            return None
        above = line, cells
    return None


def _score_heading(cells: Sequence[Cell]) -> int:
    """Returns how much a row is like headings; 0 where it is not."""
    texts = [cell for cell in cells if cell != ""]
    if any(not isinstance(cell, str) for cell in texts):
        return 0
    guesses = [headings.guess(str(cell)) for cell in texts]
    fields = {
        max(each.scores, key=each.scores.__getitem__) for each in guesses if each.best >= WITHIN
    }
    others = sum(each.is_person or each.is_other for each in guesses)
    if len(fields) < MIN_HEADINGS:
        return 0
    # A row of values has words of headings too, as «Taller de DACA»: those that are whole count.
    whole = sum(each.best >= headings.WHOLE - headings.SLIP for each in guesses)
    return len(fields) * 3 + others * 2 + whole * 4 - _count_values(texts) * 6


def _count_values(texts: Sequence[Cell]) -> int:
    """Returns how many cells are a date or begin with a number, as headings do not."""
    return sum(
        str(text)[:1].isdigit() or (len(str(text)) > 5 and dates.is_day(text)) for text in texts
    )


def _join_headings(sheet: RawSheet, heading: int, width: int) -> list[str]:
    """The names of the columns: of the heading row, and of the row above where it is blank."""
    names = [str(cell) for cell in sheet.rows[heading]]
    names += [""] * (width - len(names))
    above = sheet.rows.get(heading - 1, [])
    if sum(cell != "" for cell in above) >= MIN_HEADINGS:
        for at, cell in enumerate(above[:width]):
            if not names[at] and isinstance(cell, str) and headings.guess(cell).best:
                names[at] = cell
    return names


def _list_rows(sheet: RawSheet, heading: int, width: int) -> Iterator[SourceRow]:
    """The rows below the heading that are no repeated heading, day, note or total."""
    heading_cells = sheet.rows.get(heading, [])
    day_above: Cell = ""
    for line, cells in sheet.rows.items():
        if line <= heading:
            continue
        texts = [cell for cell in cells if cell != ""]
        if heading and cells == heading_cells:
            continue
        if len({str(cell) for cell in texts}) == 1:
            if dates.is_day(texts[0]) or _is_numbered_day(texts[0]):
                day_above = texts[0]
            if width > 1:
                continue
        if _is_total(cells):
            continue
        padded = [*cells, *[""] * (width - len(cells))]
        yield SourceRow(line, padded, line in sheet.hidden_rows, day_above)


def _is_numbered_day(cell: Cell) -> bool:
    """Whether a cell says only «SÁBADO 16»: the month is that of the sheet."""
    number = day_lists.read_number(cell) if isinstance(cell, str) else None
    return number is not None and number.weekday is not None and not number.hours


def _is_total(cells: Sequence[Cell]) -> bool:
    """Whether a row adds up others: «Total», and numbers."""
    texts = [cell for cell in cells if cell != ""]
    if not 0 < len(texts) <= 3:
        return False
    first = fold(str(texts[0])).split()[:1]
    return first in (["total"], ["totales"], ["subtotal"], ["suma"], ["sum"])


def _letter(at: int) -> str:
    """The name of a column as spreadsheets show it: A, B, …, AA."""
    return (_LETTERS[at // 26 - 1] if at >= 26 else "") + _LETTERS[at % 26]


def _make_distinct(names: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        number, distinct = 2, name
        while distinct in found:
            distinct = f"{name} ({number})"
            number += 1
        found[distinct] = None
    return tuple(found)
