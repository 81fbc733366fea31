"""Which column of a table is what, by its heading and by what stands in it.

The office's earlier choice comes first, then headings, then contents: a column of days is the day
even where its heading is odd, and one of e-mails is nobody's business whatever it is called. Each
field has one column at most.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from outreach.domain.text import fold
from outreach.imports.guess import dates, day_lists, headings, hours, small_values, zones
from outreach.imports.guess.day_words import find_month, find_weekday
from outreach.imports.guess.headings import Field
from outreach.imports.guess.kind_names import KindMatch, KindNames
from outreach.imports.guess.remarks import quote
from outreach.imports.guess.source_table import SourceTable
from outreach.imports.guess.word_lists import listed
from outreach.imports.sheets.raw_sheets import Cell

MAX_SAMPLE: Final = 60  # cells by which a column is judged
MIN_SCORE: Final = 50
MAX_EXAMPLES: Final = 3
REMEMBERED: Final = 300
MIN_SHARE: Final = 0.6  # this part of the cells has to be of a field
MIN_NAMED_SHARE: Final = 0.3  # this part of the cells of «Name» has to say a kind
_TITLE_WORDS: Final = listed("titulo title titre nombre name nom subject summary asunto")
_FORM_BEGUN: Final = listed("start_time hora_de_inicio heure_de_debut")
_FORM_DONE: Final = listed("completion_time hora_de_finalizacion heure_de_fin")
_NAME_WORDS: Final = listed("nombre name nom nombres names")
_STATE_WORDS: Final = listed("estado state etat zona")  # may be of the map
_HIDDEN: Final = 25  # less for a hidden column: the visible one counts


@dataclass(frozen=True)
class ColumnGuess:
    """A column and what it is taken for; None where it is not read."""

    number: int
    heading: str
    field: Field | None
    examples: tuple[str, ...]  # none of a column about persons
    is_person: bool = False
    is_hidden: bool = False


class _Contents:
    """What stands in a column: shares of its cells that are not blank, from 0 to 1."""

    def __init__(
        self, cells: Iterable[Cell], kinds: KindNames, office_names: Collection[str]
    ) -> None:
        found = [cell for cell in cells if cell != ""]
        step = max(1, len(found) // MAX_SAMPLE)
        self.cells = found[::step][:MAX_SAMPLE]
        self.day = self._share(_has_day)
        self.hour = self._share(_has_hour)
        self.only_day = self._share(_is_only_day)
        self.serial = self._share(dates.is_serial)
        self.numbered_day = self._share(_has_numbered_day)
        self.zone = self._share_text(lambda text: zones.find(text) is not None)
        self.weekday = self._share_text(lambda text: find_weekday(fold(text)) is not None)
        self.month = self._share_text(lambda text: find_month(fold(text)) is not None)
        self.number = self._share(_is_small_number)
        self.capacity = self._share(_has_capacity)
        self.status = self._share(small_values.is_status)
        self.mode = self._share(small_values.is_mode)
        self.kind = self._share_text(lambda text: kinds.match(text).code is not None)
        self.kind_like = self._share_text(lambda text: _is_like_kind(kinds.match(text)))
        self.kind_name = self._share_text(kinds.is_name)
        self.office = self._share(lambda cell: fold(str(cell)) in office_names)
        self.minutes = self._share(lambda cell: hours.read_minutes(cell) is not None)
        self.contact = self._share(lambda cell: small_values.has_contact(str(cell)))
        self.text = self._share_text(lambda text: any(map(str.isalpha, text)))

    def _share(self, is_of: Callable[[Cell], bool]) -> float:
        return sum(map(is_of, self.cells)) / len(self.cells) if self.cells else 0.0

    def _share_text(self, is_of: Callable[[str], bool]) -> float:
        """Returns the share of cells that are texts for which `is_of` is true."""
        return self._share(lambda cell: isinstance(cell, str) and is_of(cell))

    @property
    def is_blank(self) -> bool:
        return not self.cells


def guess(
    table: SourceTable,
    kinds: KindNames,
    remembered: Mapping[str, str],
    office_names: Collection[str] = (),
) -> list[ColumnGuess]:
    """Returns what each column of a table is taken for. `remembered` has fields by folded heading,
    and `office_names` are the folded names of all offices."""
    contents = [
        _Contents(table.column(at), kinds, office_names) for at in range(len(table.headings))
    ]
    guesses = [
        headings.guess(text) if table.has_heading else headings.HeadingGuess({})
        for text in table.headings
    ]
    if _is_form(guesses, table.headings):
        guesses[1] = guesses[2] = headings.HeadingGuess({}, is_other=True)
    chosen = _choose(table, contents, guesses, remembered)
    columns = []
    for at, heading in enumerate(table.headings):
        is_person = at not in chosen and (guesses[at].is_person or contents[at].contact > 0.3)
        examples = () if is_person else list_examples(contents[at].cells)
        columns.append(
            ColumnGuess(
                number=at,
                heading=heading,
                field=chosen.get(at),
                examples=examples,
                is_person=is_person,
                is_hidden=at in table.hidden_columns,
            )
        )
    return columns


def _is_form(guesses: Sequence[headings.HeadingGuess], names: Sequence[str]) -> bool:
    """Whether a table has the answers of Microsoft Forms, which begin with when somebody began and
    finished the form: «ID, Start time, Completion time, Email, Name»."""
    if len(names) < 6 or fold(names[0]) != "id" or not guesses[3].is_person:
        return False
    return fold(names[1]) in _FORM_BEGUN and fold(names[2]) in _FORM_DONE


def _choose(
    table: SourceTable,
    contents: Sequence[_Contents],
    guesses: Sequence[headings.HeadingGuess],
    remembered: Mapping[str, str],
) -> dict[int, Field]:
    """The field of each column that has one: the best pairs first."""
    scores: list[tuple[float, int, Field]] = []
    for at, content in enumerate(contents):
        earlier = remembered.get(fold(table.headings[at]))
        if earlier is not None:
            if earlier in set(Field):
                scores.append((REMEMBERED, at, Field(earlier)))
            continue
        if guesses[at].is_person:
            if _is_title_after_all(at, table, contents, guesses):
                scores.append((headings.BEGINNING, at, Field.TITLE))
            continue
        is_state = bool(_STATE_WORDS & set(fold(table.headings[at]).split()))
        hidden = _HIDDEN if at in table.hidden_columns else 0
        for field in Field:
            score = _score(field, guesses[at], content, is_state=is_state) - hidden
            if score >= MIN_SCORE:
                scores.append((score, at, field))
    # The first of equal columns counts.
    scores.sort(key=lambda each: (-each[0], each[1]))
    chosen: dict[int, Field] = {}
    for _points, at, field in scores:
        if at not in chosen and field not in chosen.values():
            chosen[at] = field
    return _with_kind(chosen, table, contents)


def _is_title_after_all(
    at: int,
    table: SourceTable,
    contents: Sequence[_Contents],
    guesses: Sequence[headings.HeadingGuess],
) -> bool:
    """Whether «Nombre» is the name of the workshop: no column is called its title, and its words
    are of kinds, as no names of persons are. Beside columns about persons more of them have to."""
    is_name = fold(table.headings[at]) in _NAME_WORDS
    has_title = any(each.scores.get(Field.TITLE, 0) >= headings.WHOLE for each in guesses)
    others = [each for number, each in enumerate(guesses) if number != at and each.is_person]
    needed = MIN_SHARE if others else MIN_NAMED_SHARE
    return is_name and not has_title and contents[at].kind_like >= needed


def _with_kind(
    chosen: dict[int, Field], table: SourceTable, contents: Sequence[_Contents]
) -> dict[int, Field]:
    """Takes a lone column «Taller» or «Evento» for the kind if its words are names of kinds."""
    chosen = _without_foreign_kind(chosen, contents)
    fields = set(chosen.values())
    if Field.KIND in fields or Field.TITLE not in fields:
        return chosen
    at = next(number for number, field in chosen.items() if field is Field.TITLE)
    is_title = bool(_TITLE_WORDS & set(fold(table.headings[at]).split()))
    is_kind = not is_title and contents[at].kind_name >= MIN_SHARE
    return {**chosen, at: Field.KIND} if is_kind else chosen


def _without_foreign_kind(
    chosen: dict[int, Field], contents: Sequence[_Contents]
) -> dict[int, Field]:
    """Leaves out a column «Categoría» whose words name no kind, where the titles name them."""
    by_field = {field: contents[at] for at, field in chosen.items()}
    kind, title = by_field.get(Field.KIND), by_field.get(Field.TITLE)
    if kind is None or title is None or kind.kind_like or title.kind_like < MIN_NAMED_SHARE:
        return chosen
    return {at: field for at, field in chosen.items() if field is not Field.KIND}


def _score(
    field: Field, guess: headings.HeadingGuess, content: _Contents, *, is_state: bool
) -> float:
    """Returns how likely a column is that field: its heading, and what its contents say for or
    against."""
    named = float(guess.scores.get(field, 0))
    if guess.is_other:
        return 0
    if content.is_blank:
        return named if named >= headings.BEGINNING else 0
    if content.contact > 0.3 and field is not Field.ADDRESS:
        return 0
    evidence, needed = _evidence(field, content, is_doubtful=is_state)
    if named:
        # Contents that speak against a heading win: «Estado» with «IL» is no status.
        return named + evidence * 30 if evidence >= needed else named - 60
    return evidence * 80 if _tells_by_itself(field, content, guess) else 0


def _evidence(field: Field, content: _Contents, *, is_doubtful: bool) -> tuple[float, float]:
    """Returns the share of cells that speak for a field, and the share below which its heading does
    not count."""
    if field is Field.DAY:
        return max(content.day, content.number * 0.5, content.serial, content.numbered_day), 0.3
    shares: dict[Field, tuple[float, float]] = {
        Field.WEEKDAY: (content.weekday, MIN_SHARE),
        Field.MONTH: (max(content.month, content.number), 0.5),
        Field.YEAR: (content.number, 0.5),
        Field.OFFICE: (content.office, MIN_SHARE),
        Field.STARTS: (max(content.hour, content.day * 0.9, content.serial * 0.9), 0.3),
        Field.ENDS: (max(content.hour, content.day * 0.9, content.serial * 0.9), 0.3),
        Field.ZONE: (content.zone, 0.4 if is_doubtful else 0.0),
        Field.MINUTES: (content.minutes, 0.3),
        Field.KIND: (content.kind, 0.0 if content.text >= 0.5 else 1.1),
        Field.TITLE: (content.text * (1 - content.only_day), 0.5),
        Field.VENUE: (content.text * (1 - content.only_day) * 0.9, 0.4),
        Field.ADDRESS: (content.text * (1 - content.only_day), 0.5),
        Field.CITY: (content.text * (1 - content.only_day), 0.5),
        Field.CAPACITY: (content.capacity, 0.3),
        # «Estado» may be that of the map.
        Field.STATUS: (content.status, 0.4 if is_doubtful else 0.0),
        Field.MODE: (content.mode, 0.4),
    }
    return shares.get(field, (0.5, 0.0))


def _tells_by_itself(field: Field, content: _Contents, guess: headings.HeadingGuess) -> bool:
    """Whether the contents of a column name its field without a heading that does."""
    if field is Field.WEEKDAY:  # also of a heading «Día»
        return content.weekday >= 0.8
    if guess.best >= headings.BEGINNING:
        return False  # it is something else
    return {
        Field.DAY: content.day >= MIN_SHARE and content.weekday < MIN_SHARE,
        Field.STARTS: content.hour >= 0.8 and content.number < 0.5,
        Field.KIND: content.kind_name >= MIN_SHARE,
        Field.TITLE: content.kind_like >= MIN_SHARE,
    }.get(field, False)


def _has_day(cell: Cell) -> bool:
    """Whether a cell says a day; a bare number is none by itself."""
    if isinstance(cell, bool | int | float) or (isinstance(cell, str) and cell.isdigit()):
        return False
    return dates.read_day(cell) is not None


def _is_only_day(cell: Cell) -> bool:
    """Whether a cell says a day, its hours at most beside it, and is no name that has one, as
    «Escuela 5 de Mayo» is."""
    if not _has_day(cell):
        return False
    reading = dates.read_day(cell)
    return reading is not None and (
        reading.hours == "" or hours.read_hours(reading.hours) is not None
    )


def _has_hour(cell: Cell) -> bool:
    if isinstance(cell, time | timedelta):
        return True
    if isinstance(cell, date):  # and a datetime
        return False
    if isinstance(cell, float) and not isinstance(cell, bool):
        return 0 < cell < 1
    reading = hours.read_hours(cell)
    if reading is not None:
        return True
    day = dates.read_day(cell) if isinstance(cell, str) else None
    return day is not None and day.hours != ""


def _has_capacity(cell: Cell) -> bool:
    return not isinstance(cell, float) and small_values.read_capacity(cell)[0] is not None


def _has_numbered_day(cell: Cell) -> bool:
    """Whether a cell is a day whose month is said elsewhere: «sábado 16», «vie 22 y sáb 23»."""
    if not isinstance(cell, str) or cell.isdigit():
        return False
    return day_lists.read_number(cell) is not None or len(day_lists.split(cell)) > 1


def _is_like_kind(match: KindMatch) -> bool:
    return match.code is not None or bool(match.candidates)


def _is_small_number(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return False
    return isinstance(cell, int) or (isinstance(cell, str) and cell.isascii() and cell.isdigit())


def list_examples(cells: Sequence[Cell]) -> tuple[str, ...]:
    """The first different cells, as they are shown to a person."""
    texts = dict.fromkeys(show(cell) for cell in cells)
    safe = [text for text in texts if not small_values.has_contact(text)]
    return tuple(quote(text) for text in safe[:MAX_EXAMPLES])


def show(cell: Cell) -> str:
    """A cell as a person would write it."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    reading = hours.read_hours(cell) if isinstance(cell, time | timedelta) else None
    return reading.text if reading is not None else str(cell)
