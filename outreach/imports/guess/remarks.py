"""What is to be said of a row: why it is not loaded, what is asked, what is only worth knowing.

Commands print the English message; pages say it in the language of the staff member.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from typing import Final

from outreach.errors import Refusal
from outreach.imports.guess.headings import Field

MAX_QUOTED: Final = 60  # characters of a cell in a message


@unique
class RemarkCode(StrEnum):
    """Why a row is not loaded, or what staff should know about it. The value is the English
    message."""

    # the day
    DAY_MISSING = "the day is missing"
    DAY_UNREADABLE = "“%(value)s” is no day we can read"
    DAY_SEVERAL = "“%(value)s” names more than one day; give each a row"
    DAY_IMPOSSIBLE = "“%(value)s” is not in the calendar"
    DAY_ORDER_UNKNOWN = (
        "“%(value)s” may be %(one)s or %(other)s; say whether the day or the month comes first"
    )
    DAY_MAY_BE_SWAPPED = (
        "%(day)s may have day and month changed by the spreadsheet program, as other days of its "
        "column are texts; look at it"
    )
    DAY_ABOVE = "the day is missing; is it that of the row above, %(day)s?"
    DAYS_DIFFER = "the row says %(one)s and %(other)s; which day is it?"
    WEEKDAY_CONTRADICTED = "%(day)s is a %(weekday)s, and the row says %(typed)s"
    YEAR_UNKNOWN = "“%(value)s” does not say the year; is it %(year)s?"
    YEAR_UNLIKELY = "%(day)s is too far away; look at the year"
    DAY_PAST = "%(day)s %(starts)s is past"
    # hours
    HOUR_MISSING = "the hour is missing"
    HOUR_UNREADABLE = "“%(value)s” is no hour we can read"
    HOUR_SEVERAL = "“%(value)s” names more than one hour; give each a row"
    HOUR_DOUBLED = "clocks show that hour twice on %(day)s; load it, and say which in its form"
    HALF_OF_DAY_UNKNOWN = "“%(value)s” does not say whether it is a. m. or p. m."
    HOURS_DIFFER = "the row says %(one)s and %(other)s; which hour is it?"
    HOUR_CONVERTED = "%(starts)s of %(zone)s, on the clock of the office"
    HOUR_OF_OTHER_ZONE = "“%(value)s” is an hour of another zone; write that of the venue"
    ZONE_UNKNOWN = "“%(value)s” is no time zone we know; are the hours those of the venue?"
    ZONES_DIFFER = "the hour says %(one)s and its column %(other)s; look at the hours"
    END_BEFORE_START = "the end, %(ends)s, is not after the start, %(starts)s"
    ENDS_NEXT_DAY = "it starts at %(starts)s and ends at %(ends)s; is that on the next day?"
    LASTS_LONG = "from %(starts)s to %(ends)s is very long; look at the hours"
    DURATION_UNREADABLE = "“%(value)s” is no length we can read"
    # the rest
    KIND_MISSING = "the kind is missing"
    KIND_UNKNOWN = "“%(value)s” is no kind of workshop we know; choose one"
    KIND_DOUBTFUL = "“%(value)s” may be of several kinds: %(kinds)s; choose one"
    TEXT_WITH_CONTACT = "the title or the place has a phone or an e-mail; take it out"
    TEXT_TOO_LONG = "the title or the place is longer than %(most)s characters"
    CANCELLED_IN_FILE = "the file says that it is cancelled"
    CAPACITY_UNREADABLE = "“%(value)s” is no number of places"
    CAPACITY_UNLIMITED = "“%(value)s”: how many places? There is no workshop without a limit"
    MODE_UNKNOWN = "“%(value)s”: in person or online?"
    VENUE_PENDING = "“%(value)s”: the venue is left open"
    CAPACITY_IN_SLOTS = "the file has %(typed)s places; the slots of its hours have %(count)s"
    VENUE_DOUBTFUL = "“%(value)s”: is it %(venues)s?"
    VENUE_LIKE_LINE = "“%(value)s”: is it “%(venue)s” of line %(line)s?"
    VENUES_TOO_MANY = "the file has more than %(most)s new places; load the others later"
    VENUE_RETIRED = "%(venue)s is not in use any more; choose another"
    OFFICE_OTHER = "the row is of another office, “%(value)s”"
    ROW_HIDDEN = "the row is hidden in the sheet; show it, or take it out"
    # what is there already
    TWIN_OF_LINE = "is the same workshop as line %(line)s"
    TWIN_OF_WORKSHOP = "is like a workshop that is there already (%(workshop)s); is it the same?"
    CHANGE_TELLS_PEOPLE = (
        "%(count)s parties are registered and would be told; change it at the workshop itself"
    )
    WORKSHOP_GONE = "the workshop is not there any more; load the file again"
    # worth knowing
    OVERLAPS_LINE = "at the same time in the same place as line %(line)s"
    OVERLAPS_WORKSHOP = "at the same time in the same place as a workshop that is there already"
    HOLIDAY = "it is a holiday: %(name)s"
    RULE_UNREADABLE = (
        "the event repeats in a way we do not read (%(rule)s); give each date an event"
    )
    SERIES_CUT = "the event goes on; its dates until %(day)s are read"


class Severity(IntEnum):
    """What a remark does to its row; the higher one counts."""

    NOTE = 0  # the row is loaded
    QUESTION = 1  # the row waits for an answer
    REFUSAL = 2  # the row has to be mended


_NOTES: Final = frozenset(
    {
        RemarkCode.CAPACITY_IN_SLOTS,
        RemarkCode.HOUR_CONVERTED,
        RemarkCode.OVERLAPS_LINE,
        RemarkCode.OVERLAPS_WORKSHOP,
        RemarkCode.HOLIDAY,
        RemarkCode.VENUE_PENDING,
        RemarkCode.CANCELLED_IN_FILE,
        RemarkCode.SERIES_CUT,
    }
)
_REFUSALS: Final = frozenset(
    {
        RemarkCode.DAY_MISSING,
        RemarkCode.DAY_UNREADABLE,
        RemarkCode.DAY_SEVERAL,
        RemarkCode.DAY_IMPOSSIBLE,
        RemarkCode.DAY_PAST,
        RemarkCode.HOUR_MISSING,
        RemarkCode.HOUR_UNREADABLE,
        RemarkCode.HOUR_SEVERAL,
        RemarkCode.END_BEFORE_START,
        RemarkCode.KIND_MISSING,
        RemarkCode.TEXT_WITH_CONTACT,
        RemarkCode.TEXT_TOO_LONG,
        RemarkCode.OFFICE_OTHER,
        RemarkCode.WORKSHOP_GONE,
        RemarkCode.RULE_UNREADABLE,
    }
)


@dataclass(frozen=True)
class Remark:
    """One remark, and the field that it is about."""

    field: Field | None
    error: Refusal

    @property
    def severity(self) -> Severity:
        code = self.error.code
        if code in _NOTES:
            return Severity.NOTE
        if isinstance(code, RemarkCode) and code not in _REFUSALS:
            return Severity.QUESTION
        return Severity.REFUSAL  # also of what the domain refuses

    def __str__(self) -> str:
        return str(self.error)


def remark(field: Field | None, code: RemarkCode, **values: object) -> Remark:
    return Remark(field, Refusal(code, **values))


def quote(cell: object) -> str:
    """The beginning of a cell, for a message."""
    text = str(cell)
    return text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
