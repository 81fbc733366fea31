"""What is asked of the rows of a file, each question once however many rows it is about.

A question that has one answer for several rows is about a *subject*: the words of a kind, the
year, or nothing but the file. What only a row can tell (two days in it, a wrong weekday) is about
that row.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from outreach.domain.text import fold
from outreach.imports.guess.headings import Field
from outreach.imports.guess.parsed_rows import ParsedRow
from outreach.imports.guess.remarks import Remark, RemarkCode, Severity

# One answer for the whole file.
_OF_FILE: Final = frozenset(
    {
        RemarkCode.DAY_ABOVE,
        RemarkCode.DAY_MAY_BE_SWAPPED,
        RemarkCode.DAY_ORDER_UNKNOWN,
        RemarkCode.ENDS_NEXT_DAY,
        RemarkCode.HALF_OF_DAY_UNKNOWN,
        RemarkCode.HOUR_DOUBLED,
        RemarkCode.LASTS_LONG,
        RemarkCode.ROW_HIDDEN,
        RemarkCode.TWIN_OF_WORKSHOP,
        RemarkCode.VENUES_TOO_MANY,
        RemarkCode.ZONES_DIFFER,
    }
)
# One answer for all rows that say the same.
_OF_VALUE: Final = {
    RemarkCode.CAPACITY_UNLIMITED: "value",
    RemarkCode.CAPACITY_UNREADABLE: "value",
    RemarkCode.DURATION_UNREADABLE: "value",
    RemarkCode.KIND_DOUBTFUL: "value",
    RemarkCode.KIND_UNKNOWN: "value",
    RemarkCode.MODE_UNKNOWN: "value",
    RemarkCode.VENUE_DOUBTFUL: "value",
    RemarkCode.VENUE_LIKE_LINE: "value",
    RemarkCode.VENUE_RETIRED: "venue",
    RemarkCode.YEAR_UNKNOWN: "year",
    RemarkCode.ZONE_UNKNOWN: "value",
}
ID_LENGTH: Final = 10  # hexadecimal digits that name a question in a form


@dataclass(frozen=True)
class SheetQuestion:
    """A question of a file. `remark` is that of its first row."""

    id: str
    remark: Remark
    rows: Sequence[ParsedRow]

    @property
    def code(self) -> RemarkCode:
        assert isinstance(self.remark.error.code, RemarkCode)
        return self.remark.error.code

    @property
    def field(self) -> Field | None:
        return self.remark.field

    @property
    def has_one_answer(self) -> bool:
        """Whether one answer is for several rows."""
        return len(self.rows) > 1


def list_questions(rows: Iterable[ParsedRow]) -> list[SheetQuestion]:
    """The questions of rows that wait, in the order of the file. What somebody has said yes to is
    asked no more."""
    found: dict[str, tuple[Remark, dict[int, ParsedRow]]] = {}
    for number, row in enumerate(rows):
        for remark in row.remarks:
            code = remark.error.code
            is_open = isinstance(code, RemarkCode) and code.name not in row.accepted
            if is_open and remark.severity is Severity.QUESTION:
                _remark, about = found.setdefault(compute_id(row, remark), (remark, {}))
                about[number] = row
    return [
        SheetQuestion(id_, remark, list(about.values())) for id_, (remark, about) in found.items()
    ]


def compute_id(row: ParsedRow, remark: Remark) -> str:
    """The name of the question that a remark asks: the same for rows that one answer is for."""
    code = remark.error.code
    assert isinstance(code, RemarkCode)
    if code in _OF_FILE:
        subject = ""
    elif code in _OF_VALUE:
        subject = fold(str(remark.error.values.get(_OF_VALUE[code], "")))
    else:
        subject = f"{row.sheet}\n{row.line}\n{row.day}"
    text = f"{code.name}\n{subject}"
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]
