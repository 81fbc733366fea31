"""An import source as JSON and back, with the columns that are read, and nothing of the others.

What maps to no field is dropped before anything is stored: it may be about persons, whatever its
heading says. A telephone number or e-mail address within a column that is read is replaced by
another, so that the row is refused as before.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from outreach.imports.guess import columns, small_values
from outreach.imports.guess.calendar_rows import CalendarSource
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.conversation import Columns, ImportSource
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.source_table import SourceRow, SourceTable, summarise_titles
from outreach.imports.ical import IcalCalendar, IcalEvent
from outreach.imports.sheets.raw_sheets import Cell

_TEXTS: Final = ("summary", "location", "status")  # the free texts of an event
_DATE_LISTS: Final = ("more_dates", "excluded")


@dataclass(frozen=True)
class StoredSource:
    """A source without the columns that are not read. `found` has the columns of each table,
    `dropped` those whose cells are not stored."""

    source: ImportSource
    found: Columns
    dropped: Columns

    @property
    def sheets(self) -> list[str]:
        """The names of the sheets that have a table."""
        return [table.sheet for table in self.source.tables]


def drop_unread(source: ImportSource, found: Columns) -> StoredSource:
    """The source as it may be stored, with the columns that have a field."""
    tables, kept, dropped = [], [], []
    for table, chosen in zip(source.tables, found, strict=True):
        read = [each for each in chosen if each.field is not None]
        tables.append(_keep_columns(table, read))
        kept.append([replace(each, number=at) for at, each in enumerate(read)])
        dropped.append([replace(each, examples=()) for each in chosen if each.field is None])
    return StoredSource(replace(source, tables=tuple(tables)), kept, dropped)


def _keep_columns(table: SourceTable, read: Sequence[ColumnGuess]) -> SourceTable:
    rows = [
        replace(row, cells=[_redact(row.cells[each.number]) for each in read]) for row in table.rows
    ]
    return SourceTable(
        sheet=table.sheet,
        headings=tuple(each.heading for each in read),
        rows=rows,
        titles=summarise_titles(table.titles),
        hidden_columns=frozenset(at for at, each in enumerate(read) if each.is_hidden),
        has_heading=table.has_heading,
        heading_line=table.heading_line,
        order=table.order,
    )


def _redact(cell: Cell) -> Cell:
    is_plain = isinstance(cell, str | int | float) and not isinstance(cell, bool)
    if is_plain and small_values.has_contact(str(cell)):
        return small_values.redact(str(cell))
    return cell


def to_json(stored: StoredSource) -> dict[str, Any]:
    """A source as `read_json` takes it."""
    calendar = stored.source.calendar
    return {
        "name": stored.source.name,
        "tables": [
            {
                "sheet": table.sheet,
                "titles": list(table.titles),
                "heading_line": table.heading_line,
                "order": table.order.name if table.order is not None else "",
                "columns": [_column_to_json(each) for each in [*kept, *dropped]],
                "rows": [
                    [row.line, int(row.is_hidden), *map(_cell_to_json, [row.day_above, *row.cells])]
                    for row in table.rows
                ],
            }
            for table, kept, dropped in zip(
                stored.source.tables, stored.found, stored.dropped, strict=True
            )
        ],
        "calendar": _calendar_to_json(calendar.calendar) if calendar is not None else None,
    }


def read_json(stored: dict[str, Any]) -> StoredSource:
    """The source of `to_json`."""
    tables, kept, dropped = [], [], []
    for each in stored["tables"]:
        listed = [_read_column(column) for column in each["columns"]]
        read = [column for column in listed if column.field is not None]
        rows = [
            SourceRow(
                line=row[0],
                is_hidden=bool(row[1]),
                day_above=_read_cell(row[2]),
                cells=[_read_cell(cell) for cell in row[3:]],
            )
            for row in each["rows"]
        ]
        headings = tuple(column.heading for column in read)
        table = SourceTable(
            each["sheet"],
            headings,
            rows,
            tuple(each["titles"]),
            heading_line=each["heading_line"],
            order=DayOrder[each["order"]] if each["order"] else None,
        )
        tables.append(table)
        kept.append(
            [
                replace(column, number=at, examples=columns.list_examples(_sample(table, at)))
                for at, column in enumerate(read)
            ]
        )
        dropped.append([column for column in listed if column.field is None])
    calendar = _read_calendar(stored["calendar"]) if stored["calendar"] else None
    source = ImportSource(stored["name"], tuple(tables), calendar)
    return StoredSource(source, kept, dropped)


def _sample(table: SourceTable, at: int) -> list[Cell]:
    return [cell for cell in table.column(at) if cell != ""][: columns.MAX_SAMPLE]


def _column_to_json(column: ColumnGuess) -> list[Any]:
    return [column.heading, column.field or "", int(column.is_person), int(column.is_hidden)]


def _read_column(stored: Sequence[Any]) -> ColumnGuess:
    heading, name, is_person, is_hidden = stored
    read = Field(name) if name else None
    return ColumnGuess(-1, heading, read, (), bool(is_person), bool(is_hidden))


def _cell_to_json(cell: Cell) -> Any:
    """Returns a text, a number or a flag as it is; days and hours as an object of one key, which
    names their sort."""
    if isinstance(cell, datetime):  # before `date`, which it is too
        return {"datetime": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, time):
        return {"time": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {"seconds": cell.total_seconds()}
    return cell


def _read_cell(stored: Any) -> Cell:
    if not isinstance(stored, dict):
        cell: Cell = stored
        return cell
    ((kind, value),) = stored.items()
    match kind:
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "time":
            return time.fromisoformat(value)
        case _:
            return timedelta(seconds=value)


def _calendar_to_json(calendar: IcalCalendar) -> dict[str, Any]:
    events = []
    for event in calendar.events:
        fields = asdict(event)
        fields |= {name: small_values.redact(fields[name]) for name in _TEXTS}
        fields["categories"] = [small_values.redact(each) for each in event.categories]
        events.append(fields)
    return {
        "events": events,
        "offsets": {
            zone: sorted(each.total_seconds() for each in offsets)
            for zone, offsets in calendar.offsets.items()
        },
        "properties": list(calendar.properties),
    }


def _read_calendar(stored: dict[str, Any]) -> CalendarSource:
    events = []
    for fields in stored["events"]:
        pairs = {name: _pair(fields[name]) for name in ("starts", "ends", "replaces")}
        several = {name: [tuple(each) for each in fields[name]] for name in _DATE_LISTS}
        events.append(IcalEvent(**(fields | pairs | several)))
    offsets = {
        zone: frozenset(timedelta(seconds=each) for each in seconds)
        for zone, seconds in stored["offsets"].items()
    }
    return CalendarSource(IcalCalendar(events, offsets, tuple(stored["properties"])))


def _pair(stored: Sequence[str] | None) -> tuple[str, str] | None:
    return None if stored is None else (stored[0], stored[1])
