"""The rows of a draft as they are judged now, with what staff answered about them.

    answers = ReviewAnswers.read(draft.answers)
    rows = row_review.review(session, office, stored, answers, now=now)
    row_review.list_fixes(rows[0])          # ways out that one press takes
    answers.mend(key, typed)                # what somebody typed; then review again

Every row is judged by `conversation.parse` and `proposals.propose`, as the command does.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.locations import venue_matching
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.imports.guess import conversation, dates, mending, proposals, small_values
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.hours import Half
from outreach.imports.guess.parsed_rows import ParseContext, ParsedRow
from outreach.imports.guess.proposals import LOADED_OUTCOMES, Outcome, RowProposal
from outreach.imports.guess.remarks import Remark, RemarkCode
from outreach.imports.guess.stored_source import StoredSource

# Asked once for all rows that name the venue.
VENUE_QUESTIONS: Final = (RemarkCode.VENUE_DOUBTFUL, RemarkCode.VENUE_LIKE_LINE)
MAX_DRAFT_ROWS: Final = 5_000  # all are judged whenever a page is shown
KEY_LENGTH: Final = 12  # hexadecimal digits that name a row in a draft
_ALWAYS_ACCEPTED: Final = RemarkCode.CHANGE_TELLS_PEOPLE.name  # the notify sheet asks it


@dataclass
class ReviewAnswers:
    """What staff answered about a draft. Rows are named by their keys."""

    order: DayOrder | None = None
    half: Half = Half.NONE
    until: date | None = None  # events that repeat without an end are read to that day
    sheets: list[str] = field(default_factory=list)  # that are brought in; all if empty
    mended: dict[str, dict[str, str]] = field(default_factory=dict)  # values by field
    accepted: dict[str, list[str]] = field(default_factory=dict)  # names of remark codes
    left_out: list[str] = field(default_factory=list)
    venue_names: dict[str, str] = field(default_factory=dict)  # another name, by folded name

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "ReviewAnswers":
        """The answers of `to_json`."""
        order, until = stored.get("order"), stored.get("until")
        return cls(
            order=DayOrder[order] if order else None,
            half=Half(stored.get("half", "")),
            until=date.fromisoformat(until) if until else None,
            sheets=list(stored.get("sheets", [])),
            mended={key: dict(values) for key, values in stored.get("mended", {}).items()},
            accepted={key: list(codes) for key, codes in stored.get("accepted", {}).items()},
            left_out=list(stored.get("left_out", [])),
            venue_names=dict(stored.get("venue_names", {})),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "order": self.order.name if self.order else "",
            "half": self.half.value,
            "until": self.until.isoformat() if self.until else "",
            "sheets": self.sheets,
            "mended": self.mended,
            "accepted": self.accepted,
            "left_out": self.left_out,
            "venue_names": self.venue_names,
        }

    def mend(self, key: str, typed: Mapping[Field, str]) -> None:
        """Keeps what somebody typed for a row. A yes that was said before is dropped: it was about
        other values."""
        values = mending.clean_typed(typed)
        self.mended[key] = {name.value: text for name, text in values.items()}
        self.accepted.pop(key, None)

    def accept(self, key: str, code: RemarkCode) -> None:
        names = self.accepted.setdefault(key, [])
        if code.name not in names:
            names.append(code.name)

    def leave_out(self, key: str) -> None:
        if key not in self.left_out:
            self.left_out.append(key)

    def take_in(self, key: str) -> None:
        if key in self.left_out:
            self.left_out.remove(key)


@dataclass(frozen=True)
class ReviewedRow:
    """A row of a draft, and what it would do. A row that is left out is not compared."""

    key: str
    proposal: RowProposal
    is_left_out: bool
    values: Mapping[Field, str]  # what its form shows

    @property
    def parsed(self) -> ParsedRow:
        return self.proposal.parsed

    @property
    def is_loadable(self) -> bool:
        return not self.is_left_out and self.proposal.outcome in LOADED_OUTCOMES

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        outcome = self.proposal.outcome
        return not self.is_left_out and outcome in {Outcome.ASKED, Outcome.REFUSED}

    def has(self, *codes: RemarkCode) -> bool:
        return any(each.error.code in codes for each in self.parsed.remarks)

    @property
    def mark(self) -> str:
        """A hash that changes as soon as the form of the row would show something else."""
        return mark_values(self.values)


def mark_values(values: Mapping[Field, str]) -> str:
    """Returns a hash of the values of a form, for `ReviewedRow.mark`."""
    text = "\n".join(f"{name}={text}" for name, text in mending.clean_typed(values).items())
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def review(
    session: Session,
    office: Office,
    stored: StoredSource,
    answers: ReviewAnswers,
    *,
    now: datetime,
) -> list[ReviewedRow]:
    """The rows of a draft in the order of the file. Raises UnreadableFile for a calendar with too
    many dates."""
    context = conversation.make_context(
        session, office, now=now, order=answers.order, half=answers.half
    )
    chosen = _choose_sheets(stored, answers.sheets)
    parsed = conversation.parse(
        session,
        office,
        chosen.source,
        chosen.found,
        context,
        now=now,
        until=answers.until,
        most=MAX_DRAFT_ROWS,
    )
    keyed = [(key, _answer_row(key, row, answers, context)) for key, row in _with_keys(parsed)]
    left_out = set(answers.left_out)
    judged = iter(
        proposals.propose(
            session, office, [row for key, row in keyed if key not in left_out], now=now
        )
    )
    return [
        ReviewedRow(
            key=key,
            proposal=RowProposal(row) if key in left_out else next(judged),
            is_left_out=key in left_out,
            values=_list_values(key, row, answers),
        )
        for key, row in keyed
    ]


def _choose_sheets(stored: StoredSource, names: Sequence[str]) -> StoredSource:
    """The source with the sheets that somebody chose."""
    pairs = [
        (table, found)
        for table, found in zip(stored.source.tables, stored.found, strict=True)
        if not names or table.sheet in names
    ]
    source = replace(stored.source, tables=tuple(table for table, _found in pairs))
    return StoredSource(source, [found for _table, found in pairs], stored.dropped)


def _with_keys(rows: Sequence[ParsedRow]) -> Iterator[tuple[str, ParsedRow]]:
    """Returns each row with a key, which stays the same when other rows are mended, or events come
    and go."""
    seen: dict[str, int] = defaultdict(int)
    for row in rows:
        name = f"{row.sheet}\n{row.line}\n{row.uid or row.own_id}"
        seen[name] += 1
        yield hashlib.sha256(f"{name}\n{seen[name]}".encode()).hexdigest()[:KEY_LENGTH], row


def _answer_row(
    key: str, row: ParsedRow, answers: ReviewAnswers, context: ParseContext
) -> ParsedRow:
    """The row with what somebody answered about it."""
    typed = answers.mended.get(key)
    if typed is not None:
        values = mending.clean_typed({Field(name): text for name, text in typed.items()})
        row = mending.parse_typed(row, values, context)
    other = answers.venue_names.get(fold(row.venue)) if row.venue else None
    if other is not None:
        row.venue, row.address, row.city = other, "", ""
    row.accepted = frozenset({_ALWAYS_ACCEPTED, *answers.accepted.get(key, [])})
    return row


def _list_values(key: str, row: ParsedRow, answers: ReviewAnswers) -> dict[Field, str]:
    typed = answers.mended.get(key)
    if typed is None:
        return mending.list_values(row)
    return {each: typed.get(each.value, "") for each in mending.MENDABLE}


# Ways out of what is asked


@dataclass(frozen=True)
class RowFix:
    """A way out that one press takes: values for the row, a yes, or leaving it out."""

    name: str  # distinct among those of the row
    code: RemarkCode
    typed: Mapping[Field, str] = field(default_factory=dict)
    is_accepting: bool = False
    is_leaving_out: bool = False


def list_fixes(row: ReviewedRow) -> list[RowFix]:
    """The ways out of what a row is asked or refused for."""
    found = [
        fix
        for remark in row.parsed.remarks
        if isinstance(remark.error.code, RemarkCode)
        for fix in _fixes_of(row, remark, remark.error.code)
    ]
    return [replace(each, name=f"{each.code.name}-{number}") for number, each in enumerate(found)]


def _fixes_of(row: ReviewedRow, remark: Remark, code: RemarkCode) -> Iterator[RowFix]:
    if code in proposals.ACCEPTABLE and code is not RemarkCode.CHANGE_TELLS_PEOPLE:
        if code.name not in row.parsed.accepted:
            yield RowFix("", code, is_accepting=True)
    elif code is RemarkCode.ROW_HIDDEN:
        yield RowFix("", code, typed=row.values)
    for field_, text in _suggest(remark, code):
        yield RowFix("", code, typed={field_: text})
    if code in _LEFT_OUT:
        yield RowFix("", code, is_leaving_out=True)


_LEFT_OUT: Final = frozenset(
    {
        RemarkCode.DAY_PAST,
        RemarkCode.OFFICE_OTHER,
        RemarkCode.OVERLAPS_LINE,
        RemarkCode.OVERLAPS_WORKSHOP,
        RemarkCode.TWIN_OF_LINE,
        RemarkCode.TWIN_OF_WORKSHOP,
    }
)


def _suggest(remark: Remark, code: RemarkCode) -> Iterator[tuple[Field, str]]:
    """The values that a question offers."""
    values = remark.error.values
    match code:
        case RemarkCode.DAY_ABOVE | RemarkCode.WEEKDAY_CONTRADICTED:
            yield Field.DAY, f"{values['day']}"
        case RemarkCode.DAY_MAY_BE_SWAPPED:
            day = values["day"]
            assert isinstance(day, date)
            yield Field.DAY, day.isoformat()
            if day.day <= 12 and day.day != day.month:
                yield Field.DAY, day.replace(month=day.day, day=day.month).isoformat()
        case RemarkCode.DAY_ORDER_UNKNOWN:
            yield from ((Field.DAY, str(values[each])) for each in ("one", "other") if values[each])
        case RemarkCode.DAYS_DIFFER:
            if remark.field is Field.DAY:
                yield from ((Field.DAY, str(values[each])) for each in ("one", "other"))
        case RemarkCode.HOURS_DIFFER:
            about = remark.field or Field.STARTS
            yield from ((about, str(values[each])) for each in ("one", "other"))
        case RemarkCode.HALF_OF_DAY_UNKNOWN:
            yield from ((Field.STARTS, f"{values['value']} {half}") for half in ("am", "pm"))
        case RemarkCode.YEAR_UNKNOWN:
            text = f"{values['value']} {values['year']}"
            reading = dates.read_day(text)
            if reading is not None and not reading.is_ambiguous and not reading.is_several:
                yield Field.DAY, text


def apply_fix(answers: ReviewAnswers, row: ReviewedRow, fix: RowFix) -> None:
    """Answers as the fix says."""
    if fix.is_accepting:
        answers.accept(row.key, fix.code)
    elif fix.is_leaving_out:
        answers.leave_out(row.key)
    else:
        answers.mend(row.key, {**row.values, **fix.typed})


def mend_field(answers: ReviewAnswers, row: ReviewedRow, field_: Field, text: str) -> None:
    """Types one field of a row; what else was typed for it stays."""
    typed = answers.mended.get(row.key)
    values = row.values if typed is None else {Field(name): each for name, each in typed.items()}
    answers.mend(row.key, {**values, field_: text})


# Questions that are asked once for several rows


@dataclass(frozen=True)
class VenueQuestion:
    """A venue's name in the rows that is like others: «¿Es la misma?»."""

    name: str  # as the first row has it
    count: int  # rows that have it
    known: Sequence[Venue]
    lines: Sequence[str]  # names of new venues of earlier lines


def list_venue_questions(
    session: Session, office: Office, rows: Sequence[ReviewedRow]
) -> list[VenueQuestion]:
    """The venues that somebody has to decide on, in the order of the rows."""
    found: dict[str, list[ReviewedRow]] = defaultdict(list)
    for row in rows:
        if row.is_open and row.has(*VENUE_QUESTIONS):
            found[fold(row.parsed.venue)].append(row)
    if not found:
        return []
    index = venue_matching.load(session, office)
    questions = []
    for of_name in found.values():
        first = of_name[0].parsed
        known = index.match(first.venue, address=first.address, city=first.city).candidates
        lines = {
            str(remark.error.values["venue"]): None
            for row in of_name
            for remark in row.parsed.remarks
            if remark.error.code is RemarkCode.VENUE_LIKE_LINE
        }
        questions.append(VenueQuestion(first.venue, len(of_name), known, list(lines)))
    return questions


@dataclass(frozen=True)
class OrderQuestion:
    """A day that can be read in two ways, and how many rows have one."""

    value: str
    day_first: str  # ISO 8601; empty where there is no such day
    month_first: str
    count: int


def find_order_question(rows: Sequence[ReviewedRow]) -> OrderQuestion | None:
    """Returns the question which of day and month comes first; None where no row asks it."""
    found = _list_remarks(rows, RemarkCode.DAY_ORDER_UNKNOWN)
    if not found:
        return None
    values = found[0].error.values
    return OrderQuestion(str(values["value"]), str(values["one"]), str(values["other"]), len(found))


def list_half_questions(rows: Sequence[ReviewedRow]) -> list[str]:
    """The hours, as written, that do not say whether they are a. m. or p. m."""
    found = _list_remarks(rows, RemarkCode.HALF_OF_DAY_UNKNOWN)
    return list(dict.fromkeys(str(each.error.values["value"]) for each in found))


def _list_remarks(rows: Sequence[ReviewedRow], code: RemarkCode) -> list[Remark]:
    return [
        each
        for row in rows
        if not row.is_left_out
        for each in row.parsed.remarks
        if each.error.code is code
    ]


def list_kind_answers(row: ReviewedRow, typed: Mapping[Field, str]) -> dict[str, str]:
    """The words of a row whose kind somebody chose, with its code: to be remembered."""
    code = typed.get(Field.KIND, "")
    return {
        str(each.error.values["value"]): code
        for each in row.parsed.remarks
        if each.error.code in {RemarkCode.KIND_UNKNOWN, RemarkCode.KIND_DOUBTFUL} and code
        if _may_be_remembered(str(each.error.values["value"]))
    }


def _may_be_remembered(words: str) -> bool:
    return bool(fold(words)) and not words.endswith("…") and not small_values.has_contact(words)


def compute_seal(version: int, rows: Sequence[ReviewedRow]) -> str:
    """Returns a hash that changes as soon as loading would have another outcome for any row."""
    loadable = [
        f"{row.key} {row.proposal.outcome} {sorted(row.proposal.said.items())}"
        for row in rows
        if row.is_loadable
    ]
    return hashlib.sha256("\n".join([str(version), *loadable]).encode()).hexdigest()[:32]


def count_pending(rows: Sequence[ReviewedRow]) -> int:
    """Returns how many rows somebody has to look at, or to load."""
    return sum(row.is_open or row.is_loadable for row in rows)
