"""Questions of a draft that one answer settles for several rows, and giving that answer.

Which of day and month comes first, and what half of the day is meant, are answers of the whole
draft; the others mend or accept each row that asks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from outreach.imports.guess import questions, row_review
from outreach.imports.guess.dates import DayOrder
from outreach.imports.guess.headings import Field
from outreach.imports.guess.hours import Half
from outreach.imports.guess.remarks import Remark, RemarkCode
from outreach.imports.guess.row_review import ReviewAnswers, ReviewedRow, RowFix

# What is typed or chosen for all rows that say the same.
_TYPED: Final = {
    RemarkCode.CAPACITY_UNLIMITED: Field.CAPACITY,
    RemarkCode.CAPACITY_UNREADABLE: Field.CAPACITY,
    RemarkCode.KIND_DOUBTFUL: Field.KIND,
    RemarkCode.KIND_UNKNOWN: Field.KIND,
    RemarkCode.MODE_UNKNOWN: Field.VENUE,
}
_ORDERS: Final = (DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST)
_HALVES: Final = (Half.AM, Half.PM)


@dataclass(frozen=True)
class SharedQuestion:
    """A question that several rows ask. `fixes` are the ways out of its first row; the one at the
    same place is taken in every row. `typed` is the field that may be filled in instead."""

    id: str
    remark: Remark
    rows: Sequence[ReviewedRow]
    fixes: Sequence[RowFix]
    typed: Field | None = None

    @property
    def code(self) -> RemarkCode:
        assert isinstance(self.remark.error.code, RemarkCode)
        return self.remark.error.code


def list_shared(rows: Sequence[ReviewedRow]) -> list[SharedQuestion]:
    """The questions that more than one open row asks, and that one answer settles. Those about
    venues have their own list (`row_review.list_venue_questions`)."""
    by_parsed = {id(row.parsed): row for row in rows if row.is_open}
    asked = questions.list_questions(row.parsed for row in by_parsed.values())
    found = []
    for each in asked:
        about = [by_parsed[id(parsed)] for parsed in each.rows]
        fixes = list(_list_fixes(about[0], each.code))
        typed = _TYPED.get(each.code)
        if each.has_one_answer and (fixes or typed) and each.code not in row_review.VENUE_QUESTIONS:
            found.append(SharedQuestion(each.id, each.remark, about, fixes, typed))
    return found


def _list_fixes(row: ReviewedRow, code: RemarkCode) -> Iterator[RowFix]:
    return (each for each in row_review.list_fixes(row) if each.code is code)


def take(answers: ReviewAnswers, question: SharedQuestion, number: int) -> bool:
    """Takes the way out of that number in all rows of a question. Returns whether there is one."""
    if not 0 <= number < len(question.fixes):
        return False
    if question.code is RemarkCode.DAY_ORDER_UNKNOWN:
        answers.order = _ORDERS[number]
    elif question.code is RemarkCode.HALF_OF_DAY_UNKNOWN:
        answers.half = _HALVES[number]
    else:
        for row in question.rows:
            fixes = list(_list_fixes(row, question.code))
            # «3/3» cannot have been changed: it has one way out.
            row_review.apply_fix(answers, row, fixes[min(number, len(fixes) - 1)])
    return True


def type_in(answers: ReviewAnswers, question: SharedQuestion, text: str) -> None:
    """Fills in the field of the question in all rows that ask it."""
    if question.typed is None:
        return
    for row in question.rows:
        row_review.mend_field(answers, row, question.typed, text)
