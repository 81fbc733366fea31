"""Workshops in the text of a messenger as a table: a line or a paragraph each, greetings between.

    sáb 16 ene DACA 10am biblioteca Pilsen        a line a workshop
    *Salud mental* / 📅 23 de enero / ⏰ 6 pm      a paragraph a workshop
    SÁBADO 16 / 10 am DACA / 12 pm Vacunas        a day above its lines

`message_words` reads each line. The names and hours before the messages of an exported chat are
never kept; their dates only tell which of day and month comes first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from outreach.imports.guess import dates, headings, message_words
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.message_words import MessageLine
from outreach.imports.guess.source_table import MAX_TITLE_ROWS, MIN_HEADINGS, SourceRow, SourceTable
from outreach.imports.sheets.raw_sheets import Cell

MAX_LINES: Final = 3_000  # a longer text is no message
_HEADINGS: Final = ("Fecha", "Hora", "Taller", "Lugar", "Cupo", "Estatus")
# «[16/1/27, 9:41:03] Ana: …», «16/1/27, 9:41 p. m. - Ana: …», before each message of an export.
_STAMP: Final = re.compile(
    r"^[\u200e\u202a\s]*\[?(?P<day>[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{2,4}),?\s+"
    r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\s?[ap]\.?\s?m\.?)?\]?\s*(?:[-–]\s)?"
    r"(?P<sender>[^:]{1,60}:\s)?(?P<text>.*)$",
    re.IGNORECASE,
)

_FIGURES: Final = re.compile(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}(?:[ T].*)?")
Block = list[MessageLine]


@dataclass(frozen=True)
class Entry:
    """A workshop of a text, and the numbers of the lines that tell it."""

    line: MessageLine
    numbers: frozenset[int]


def list_entries(text: str) -> list[Entry]:
    """The workshops of a text."""
    blocks = _read(text).blocks
    return [
        Entry(message_words.join_lines(each), frozenset(line.number for line in each))
        for each in _list_entries(blocks)
        if each
    ]


def find_table(text: str) -> SourceTable | None:
    """The workshops of a text; None where no line of it has a day and something beside it."""
    read = _read(text)
    entries = [message_words.join_lines(each) for each in _list_entries(read.blocks) if each]
    if not any(each.day and (each.hours or each.title) for each in entries):
        return None
    rows = [SourceRow(each.number, _cells(each)) for each in entries]
    return SourceTable(
        sheet="",
        headings=_HEADINGS,
        rows=rows,
        titles=tuple(read.titles[:MAX_TITLE_ROWS]),
        order=read.order,
    )


def may_be_message(table: SourceTable, text: str) -> bool:
    """Whether what was read as a table may be lines of a messenger: it has no heading and no column
    of days in figures, or its heading says nothing or a day, or few of its rows have cells."""
    if not table.has_heading:
        return not _is_regular(table)
    lines = text.splitlines()
    heading = lines[table.heading_line - 1] if table.heading_line <= len(lines) else ""
    if any(map(str.isdigit, message_words.read(heading).day)):
        return True
    known = sum(headings.guess(each).best >= headings.WITHIN for each in table.headings)
    wide = sum(sum(cell != "" for cell in row.cells) > 1 for row in table.rows)
    is_strange = known < MIN_HEADINGS and not _is_regular(table)
    return is_strange or wide * 2 < len(table.rows)


def _is_regular(table: SourceTable) -> bool:
    """Whether rows without a heading are cells all the same: as many in each, one with the day."""
    has_cells = len(table.headings) > 2 and all(
        sum(cell != "" for cell in row.cells) > 2 for row in table.rows
    )
    return has_cells and any(
        all(isinstance(cell, str) and _FIGURES.fullmatch(cell) for cell in table.column(at))
        for at in range(len(table.headings))
    )


def _cells(entry: MessageLine) -> list[Cell]:
    status = "cancelado" if entry.is_cancelled else ""
    return [entry.day, entry.hours, entry.title, entry.venue, entry.capacity, status]


@dataclass
class _Text:
    """A text in blocks, each the lines of a paragraph or message; the titles between them; and the
    order of day and month that the dates of an exported chat prove."""

    blocks: list[Block]
    titles: list[str]
    order: DayOrder | None = None


def _read(text: str) -> _Text:
    """Reads a text. It is taken for an exported chat if its messages say days even without the date
    before each: «16/1/27, 10:00 - DACA: renovaciones» alone is a line of its own."""
    lines = text.splitlines()[:MAX_LINES]
    found = [_STAMP.match(line[: message_words.MAX_LENGTH]) for line in lines]
    stamps = [each for each in found if each is not None and each["sender"]]
    if stamps:
        bare = [
            line if stamp is None else "\0" + (stamp["text"] if stamp["sender"] else "")
            for line, stamp in zip(lines, found, strict=True)
        ]
        chat = _read_lines(bare)
        if any(line.day for block in chat.blocks for line in block):
            readings = (dates.read_day(each["day"]) for each in stamps)
            chat.order = dates.decide_order(each for each in readings if each is not None)
            return chat
    return _read_lines(lines)


def _read_lines(lines: Sequence[str]) -> _Text:
    """The blocks of lines; blank ones and the beginnings of messages (NUL) are between them."""
    found = _Text([[]], [])
    for number, raw in enumerate(lines, 1):
        if not raw.strip("\0 \t") or raw.startswith("\0"):
            found.blocks.append([])
        if raw.strip("\0 \t"):
            line = message_words.read(raw.lstrip("\0"), number)
            if _is_title(line):
                found.titles.append(raw.strip("\0 "))
            found.blocks[-1].append(line)
    found.blocks = [block for block in found.blocks if block]
    return found


def _is_title(line: MessageLine) -> bool:
    """Whether a line may say the month of those below: «Talleres de enero 2027»."""
    return not (line.day or line.hours or line.capacity)


def _list_entries(blocks: Sequence[Block]) -> Iterator[Block]:
    """The lines of each workshop."""
    day = ""  # that stands above the lines of other blocks
    for block in blocks:
        dated = [line for line in block if line.day]
        timed = [line for line in block if line.hours]
        if not dated:
            yield from _list_timed(block, day)
            continue
        is_heading = dated[0].day and not dated[0].hours and not _says_what(dated[0])
        day = dated[0].day if is_heading and len(dated) == 1 else ""
        own = [line for line in timed if line is not dated[0] and line.has_text]
        if len(dated) == 1 and is_heading and (len(own) > 1 or (len(block) == 1 and own == [])):
            yield from _list_timed([line for line in block if line is not dated[0]], day)
        elif len(dated) == 1:
            day = ""
            yield [line for line in block if not _is_idle(line)]
        else:
            yield from _list_dated(block, dated)


def _says_what(line: MessageLine) -> bool:
    """Whether a line says what the workshop is, or where."""
    return line.has_text and not all(len(each) < 3 for each in (line.title, line.venue, *line.rest))


def _is_idle(line: MessageLine) -> bool:
    """Whether a line is of the talk between: it has nothing of a workshop."""
    return line.is_greeting and not (line.day or line.hours or line.says_kind)


def _list_timed(block: Block, day: str) -> Iterator[Block]:
    """Returns a workshop for each line that has an hour and no day; it is held on the `day` that
    stands above, if there is one."""
    entry: Block = []
    for line in block:
        if line.hours and line.has_text and (day or line.says_kind):
            if entry:
                yield entry
            line.day = day
            entry = [line]
        elif entry and (line.has_sure_venue or line.capacity) and not line.hours:
            entry.append(line)
    if entry:
        yield entry


def _list_dated(block: Block, dated: Sequence[MessageLine]) -> Iterator[Block]:
    """The workshops of a block with several days: a line each, or some lines each."""
    useful = [line for line in block if not _is_idle(line)]
    places = [at for at, line in enumerate(useful) if line.day]
    lead = places[0]
    are_bare = all(_is_heading(line) for line in dated)
    has_lines = any(line.hours and line.has_text and not line.day for line in useful[lead:])
    if are_bare and lead and not has_lines:  # title, day, hour, place; title, day, hour, place
        yield from _cut(useful, [at - lead for at in places])
        return
    yield from _list_timed(useful[:lead], "")
    for part in _cut(useful, places):
        if not are_bare:
            yield from _list_of_day(part)
        elif has_lines:  # a day above its lines
            yield from _list_timed(part[1:], part[0].day)
        else:
            yield part


def _cut(lines: Block, starts: Sequence[int]) -> Iterator[Block]:
    """The lines from each start to the next."""
    return (lines[start:end] for start, end in pairwise([*starts, len(lines)]))


def _list_of_day(part: Block) -> Iterator[Block]:
    """The workshop of a line with a day, and those of the lines below it that have an hour."""
    first, *below = part
    more = [line for line in below if _belongs(line, first)]
    yield [first, *more]
    for line in below:
        if line.hours and line.has_text and line not in more:
            line.day = first.day
            yield [line]


def _is_heading(line: MessageLine) -> bool:
    return not line.hours and not _says_what(line)


def _belongs(line: MessageLine, first: MessageLine) -> bool:
    """Whether a line without a day tells more of the workshop above it."""
    if line.hours:
        return not first.hours
    return line.has_sure_venue or bool(line.capacity) or bool(line.title) or not first.has_text
