"""The steps of an import, each of which a page or a command may show before the next.

    source = conversation.read(name, data)                      # any file
    columns = conversation.guess_columns(session, office, source)   # shown, and corrected
    rows = conversation.propose(session, office, source, columns, now=now)   # shown, and mended
    loaded = loading.load(store, office.slug, rows, now=now)    # the good ones
    conversation.remember_columns(session, office, columns)     # what somebody chose

`columns` has a list for each table of `source`; a choice is corrected by replacing the `field` of a
`ColumnGuess`. Nothing is written before `load`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.network import kinds, offices
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import import_memory
from outreach.domain.text import fold
from outreach.imports.guess import (
    calendar_rows,
    columns,
    message_rows,
    parsed_rows,
    proposals,
)
from outreach.imports.guess.calendar_rows import CalendarSource
from outreach.imports.guess.columns import ColumnGuess
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.hours import Half
from outreach.imports.guess.kind_names import KindNames
from outreach.imports.guess.parsed_rows import ParseContext, ParsedRow
from outreach.imports.guess.places import Home
from outreach.imports.guess.proposals import Outcome, RowProposal
from outreach.imports.guess.questions import SheetQuestion, list_questions
from outreach.imports.guess.source_table import SourceTable, find_tables
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.import_result import Watch, without_progress
from outreach.imports.sheets import file_types, sheet_reader, text_tables
from outreach.imports.sheets.file_types import FileType
from outreach.imports.sheets.raw_sheets import MAX_ROWS
from outreach.imports.sheets.sheet_policy import GUESS

Columns = Sequence[Sequence[ColumnGuess]]


@dataclass(frozen=True)
class ImportSource:
    """A file that was read: tables, or a calendar."""

    name: str
    tables: tuple[SourceTable, ...] = ()
    calendar: CalendarSource | None = None


def read(name: str, data: bytes) -> ImportSource:
    """Reads a file of any format. Raises UnreadableFile."""
    file_type = file_types.recognise(name, data, GUESS)
    if file_type is FileType.ICS:
        return ImportSource(name, calendar=calendar_rows.read(name, data))
    if file_type is FileType.CSV:
        tables = _read_text(name, data)
    else:
        tables = find_tables(sheet_reader.read(name, data))
    if not tables:
        raise UnreadableFile(ImportErrorCode.LINES_MISSING, name=name)
    return ImportSource(name, tuple(tables))


def _read_text(name: str, data: bytes) -> list[SourceTable]:
    """The table of a text, else the workshops of its lines, as people write them in a messenger.
    Raises UnreadableFile."""
    try:
        tables = find_tables(sheet_reader.read(name, data))
    except UnreadableFile as unfit:
        if unfit.code is not ImportErrorCode.LINE_NOT_CSV:
            raise
        message = message_rows.find_table(text_tables.decode(name, data))
        if message is None:
            raise
        return [message]
    text = text_tables.decode(name, data)
    if tables and not message_rows.may_be_message(tables[0], text):
        return tables
    message = message_rows.find_table(text)
    return [message] if message is not None else tables


def guess_columns(
    session: Session, office: Office, source: ImportSource
) -> list[list[ColumnGuess]]:
    """Returns what each column of each table is taken for; what the office chose before comes
    first."""
    memory = import_memory.recall(session, office)
    names, known = _kind_names(session, office), _office_names(session)
    return [columns.guess(table, names, memory.columns, known) for table in source.tables]


def choose_columns(found: Columns, chosen: Mapping[str, Field | None]) -> list[list[ColumnGuess]]:
    """The columns with somebody's choice, by heading. A field that is chosen for one column is
    taken from the others of its table."""
    by_heading = {fold(heading): field for heading, field in chosen.items()}
    taken = {field for field in by_heading.values() if field is not None}
    return [
        [
            replace(each, field=by_heading[fold(each.heading)])
            if fold(each.heading) in by_heading
            else replace(each, field=None if each.field in taken else each.field)
            for each in table
        ]
        for table in found
    ]


def remember_columns(session: Session, office: Office, found: Columns) -> None:
    """Keeps which column is what, for the office's next sheet."""
    chosen = {each.heading: each.field or "" for table in found for each in table}
    import_memory.remember(session, office, columns=chosen)


def propose(
    session: Session,
    office: Office,
    source: ImportSource,
    found: Columns,
    *,
    now: datetime,
    order: DayOrder | None = None,
    until: date | None = None,
    watch: Watch = without_progress,
) -> list[RowProposal]:
    """Returns what each row would do. `order` says which of day and month comes first, if somebody
    said so, `until` to which day events are read that repeat without an end. Raises UnreadableFile
    for a calendar with too many dates."""
    context = make_context(session, office, now=now, order=order)
    parsed = parse(session, office, source, found, context, now=now, until=until)
    return proposals.propose(session, office, parsed, now=now, watch=watch)


def make_context(
    session: Session,
    office: Office,
    *,
    now: datetime,
    order: DayOrder | None = None,
    half: Half = Half.NONE,
) -> ParseContext:
    """Returns what the rows of an office are read against, with the answers that somebody gave."""
    return ParseContext(
        today=now.astimezone(office.zone).date(),
        kinds=_kind_names(session, office),
        office_names=_office_names(session),
        office=office.slug,
        zone=office.zone,
        home=Home.from_office(office),
        order=order,
        half=half,
    )


def parse(
    session: Session,
    office: Office,
    source: ImportSource,
    found: Columns,
    context: ParseContext,
    *,
    now: datetime,
    until: date | None = None,
    most: int = MAX_ROWS,
) -> list[ParsedRow]:
    """The values of each row. Raises UnreadableFile for a calendar with more than `most` dates."""
    if source.calendar is not None:
        own = workshops.find_imported(session, source.calendar.own_ids)
        return calendar_rows.list_rows(
            source.name,
            source.calendar,
            office,
            context.kinds,
            own,
            now=now,
            until=until,
            most=most,
        )
    rows = []
    for table, chosen in zip(source.tables, found, strict=True):
        rows += list(parsed_rows.parse(table, chosen, context))
    return rows


def _kind_names(session: Session, office: Office) -> KindNames:
    return KindNames(kinds.list_kinds(session), import_memory.recall(session, office).kinds)


def _office_names(session: Session) -> dict[str, str]:
    """The slugs of all offices, by folded slug, name and city."""
    found: dict[str, str] = {}
    for each in offices.list_offices(session):
        for name in (each.slug, *each.name.values(), each.city):
            found.setdefault(fold(name), each.slug)
    return found


def to_json(
    source: ImportSource, found: Columns, rows: Sequence[RowProposal], loaded: int
) -> dict[str, Any]:
    """The answer of the command, as JSON has it."""
    asked = list_questions(each.parsed for each in rows if each.outcome is Outcome.ASKED)
    return {
        "columns": _columns_to_json(source, found),
        "rows": [_row_to_json(each) for each in rows],
        "questions": [_question_to_json(each) for each in asked],
        "loaded": loaded,
        **{
            outcome.value: sum(each.outcome is outcome for each in rows)
            for outcome in (Outcome.REFUSED, Outcome.ASKED, Outcome.SAME)
        },
    }


def _columns_to_json(source: ImportSource, found: Columns) -> dict[str, str | None]:
    if source.calendar is not None:
        named = source.calendar.columns
        return {name: field.value if field else None for name, field in named.items()}
    answer: dict[str, str | None] = {}
    for table in found:
        for each in table:
            answer[each.heading] = answer.get(each.heading) or (
                each.field.value if each.field else None
            )
    return answer


def _question_to_json(question: SheetQuestion) -> dict[str, Any]:
    return {
        "question": str(question.remark),
        "field": question.field.value if question.field is not None else None,
        "lines": [each.line for each in question.rows],
    }


def _row_to_json(proposal: RowProposal) -> dict[str, Any]:
    parsed = proposal.parsed
    values = {
        "day": parsed.day.isoformat() if parsed.day else None,
        "starts": f"{parsed.starts:%H:%M}" if parsed.starts else None,
        "ends": f"{proposal.ends:%H:%M}" if proposal.ends else None,
        "kind": parsed.kind,
        "title": proposal.title or None,
        "venue": proposal.venue_name,
        "venue_is_new": proposal.is_venue_new,
        "capacity": proposal.capacity,
        "status": proposal.status.value,
    }
    answer: dict[str, Any] = {
        "line": parsed.line,
        "outcome": proposal.outcome.value,
        "reason": proposal.reason,
        "values": values,
    }
    return answer | ({"sheet": parsed.sheet} if parsed.sheet else {})
