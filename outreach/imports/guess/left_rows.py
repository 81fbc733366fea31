"""The rows of a draft that wait, as the sheet had them, with what keeps each from being loaded.

Only columns that are read are there, as in the draft: nothing of one about persons. What staff
typed stands in its column, so that the file can be mended elsewhere and brought in again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from outreach.imports.guess import mending
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.headings import Field
from outreach.imports.guess.row_review import ReviewAnswers, ReviewedRow
from outreach.imports.guess.source_table import SourceRow, SourceTable
from outreach.imports.guess.stored_source import StoredSource
from outreach.imports.sheets.raw_sheets import Cell

_MINUTE: Final = timedelta(minutes=1)


def list_cells(
    stored: StoredSource,
    answers: ReviewAnswers,
    rows: Sequence[ReviewedRow],
    *,
    labels: Mapping[Field, str],
    sheet_label: str,
    reason_label: str,
    find_reason: Callable[[ReviewedRow], str],
) -> list[list[str]]:
    """A list of headings, and one of texts for each row, the reason last. Columns of several sheets
    that have the same heading are one; `labels` are the headings of what has no column."""
    sheets = {
        (table.sheet, row.line): (_list_texts(table, row), _list_headings(columns), row.day_above)
        for table, columns in zip(stored.source.tables, stored.found, strict=True)
        for row in table.rows
    }
    found = []
    for row in rows:
        # A row of a calendar is in no table.
        place = (row.parsed.sheet, row.parsed.line)
        given, headings, day = sheets.get(place, ({}, {}, ""))
        texts = dict(given)  # rows of several days share them
        if row.parsed.is_split and Field.DAY in headings:
            texts[headings[Field.DAY]] = row.values[Field.DAY]
        if not texts or row.key in answers.mended:
            texts |= _list_typed(row, headings, labels)
        elif day != "":
            heading = headings.get(Field.DAY, labels[Field.DAY])
            texts[heading] = texts.get(heading) or write_cell(day)
        found.append(texts)
    if len({row.parsed.sheet for row in rows}) > 1:
        pairs = zip(rows, found, strict=True)
        found = [{sheet_label: row.parsed.sheet, **texts} for row, texts in pairs]
    names = list(dict.fromkeys(name for texts in found for name in texts))
    lines = [
        [*(texts.get(name, "") for name in names), find_reason(row)]
        for row, texts in zip(rows, found, strict=True)
    ]
    return [[*names, reason_label], *lines]


def _list_typed(
    row: ReviewedRow, headings: Mapping[Field, str], labels: Mapping[Field, str]
) -> dict[str, str]:
    """Returns what the form of a row has, by the heading of its column, or by a label where it has
    no column."""
    return {
        headings.get(field, labels[field]): row.values[field]
        for field in mending.MENDABLE
        if row.values[field] or field in headings
    }


def _list_texts(table: SourceTable, row: SourceRow) -> dict[str, str]:
    """The cells of a row by heading."""
    return {name: write_cell(cell) for name, cell in zip(table.headings, row.cells, strict=True)}


def _list_headings(columns: Sequence[ColumnGuess]) -> dict[Field, str]:
    """The headings by what their columns are."""
    return {each.field: each.heading for each in columns if each.field is not None}


def write_cell(cell: Cell) -> str:
    """A cell as text that is read as the same value: days in ISO 8601, hours as `18:00`."""
    if isinstance(cell, bool):
        return "sí" if cell else "no"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        minutes = cell // _MINUTE
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
