"""What is wrong with a file of data, so that all of it can be corrected at once.

Commands print the English message of a fault; the staff's pages say it in Spanish
(`outreach.web.error_messages`).
"""

import dataclasses
from collections.abc import Iterable, Sequence
from enum import StrEnum, unique
from typing import Final

from outreach.errors import Refusal

_LONGEST: Final = 60
_MAX_SPANS: Final = 12  # spans of lines that are listed before the rest is a number


@unique
class ImportErrorCode(StrEnum):
    """What is wrong with a file of workshops. The value is the English message."""

    # the file as a whole
    FILE_MISSING = "%(name)s does not exist."
    FILE_IS_FOLDER = "%(name)s is a folder. Name a file in it."
    FILE_UNREADABLE = "%(name)s cannot be read: %(reason)s."
    FILE_EMPTY = "%(name)s is empty."
    FILE_TOO_LARGE = "%(name)s is larger than %(most)s MB."
    FILE_OF_OTHER_FORMAT = (
        "%(name)s is %(format)s, and no table. Give a CSV, XLSX or iCalendar file."
    )
    FILE_NOT_UTF8 = (
        "%(name)s is not UTF-8 (line %(line)s). Save it again as “CSV UTF-8” or as UTF-8 text."
    )
    FILE_WITH_NUL = "%(name)s has NUL bytes (line %(line)s). It is not a text file."
    FILE_WITH_TWO_MARKS = "%(name)s begins with two marks. Save it again as “CSV UTF-8”."
    TOO_MANY_COLUMNS = "%(name)s has more than %(most)s columns."
    TOO_MANY_LINES = "%(name)s has more than %(most)s lines."
    TOO_MANY_BLANK_LINES = "%(name)s has more than %(most)s blank lines."
    LINE_NOT_CSV = "%(name)s, line %(line)s: %(reason)s. Look at its quotation marks."
    HEADER_MISSING = "%(name)s has no header: its first line names the columns, as %(columns)s."
    LINES_MISSING = "%(name)s has a header and no lines below it."
    # workbooks
    WORKBOOK_OLD = "%(name)s is in an old format of Office. Save it as .xlsx."
    WORKBOOK_DAMAGED = "%(name)s is a damaged workbook. Save it again from your spreadsheet."
    WORKBOOK_NOT_IN_ZIP = "%(name)s is a zip file, and no workbook. Save it as .xlsx."
    WORKBOOK_LOCKED = "%(name)s is locked with a password. Save it without one."
    WORKBOOK_TOO_LARGE = (
        "%(name)s unpacks to much more than a list of workshops. Copy the list to a new workbook."
    )
    WORKBOOK_WITH_DOCTYPE = "%(name)s declares a document type, which no workbook does."
    WORKBOOK_WITH_MACROS = "%(name)s has macros. Save it as a plain .xlsx without them."
    WORKBOOK_WITH_LINKS = (
        "%(name)s has links to other files. Save it as a plain .xlsx without them."
    )
    WORKBOOK_WITH_EMBEDDED_FILES = (
        "%(name)s has embedded files. Save it as a plain .xlsx without them."
    )
    WORKBOOK_WITH_FORMULA = "%(name)s has a formula in cell %(cell)s. Paste its value instead."
    WORKBOOK_WITH_ERROR_VALUE = "%(name)s has an error value in cell %(cell)s. Write its value."
    # calendars
    CALENDAR_CUT_OFF = "%(name)s ends before its calendar does."
    CALENDAR_EMPTY = "%(name)s is a calendar without events."
    CALENDAR_TOO_LARGE = "%(name)s has more lines than a list of workshops has."
    CALENDAR_TOO_LARGE_AT_LINE = "%(name)s, line %(line)s: is more than a list of workshops has."
    CALENDAR_WITH_TOO_MANY_EVENTS = "%(name)s has more than %(most)s events."
    CALENDAR_END_UNMATCHED = "%(name)s, line %(line)s: ends what has not begun."
    CALENDAR_TOO_DEEP = "%(name)s, line %(line)s: is too deep for a calendar."
    CALENDAR_LINE_OUTSIDE = "%(name)s, line %(line)s: is outside of the calendar."
    CALENDAR_LINE_UNREADABLE = "%(name)s, line %(line)s: is no line of a calendar."
    CALENDAR_LINE_TOO_LONG = "%(name)s, line %(line)s: is too long."
    EVENT_REPEATS = "repeats (%(rule)s); give each date an event of its own"
    EVENT_WITHOUT_START = "has no start"
    EVENT_WITHOUT_END = "has no end"
    EVENT_WITHOUT_HOUR = "has a day and no hour"
    EVENT_TIME_UNREADABLE = "is no time we can read: %(value)s"
    EVENT_TIME_IMPOSSIBLE = "is no time there is: %(value)s"
    EVENT_YEAR_UNLIKELY = "has an unlikely year: %(year)s"
    EVENT_ZONE_CONTRADICTED = "is in %(zone)s, of which the file says what is not so"
    EVENT_ZONE_UNKNOWN = "is in a zone we do not know: %(zone)s"
    # columns and cells
    COLUMN_MISSING = "this column is missing from the header"
    COLUMN_TWICE = "this column is there twice"
    CELLS_UNLIKE_HEADER = "has %(cells)s cells, and the header has %(columns)s"
    VALUE_TWICE = "is on line %(line)s too"
    VALUE_MISSING = "is missing"
    VALUE_TOO_LONG = "is longer than %(most)s characters"
    VALUE_NOT_IN_LIST = "write one of: %(known)s"
    LANGUAGE_UNKNOWN = "“%(language)s” is no language we know; lists are separated by spaces"
    NOT_TRUE_OR_FALSE = "write true or false"
    NOT_YES_OR_NO = "write true or false, or yes or no"
    LINK_MALFORMED = "write the whole link, with https://"
    NUMBER_NOT_WHOLE = "is no whole number"
    NUMBER_NEGATIVE = "cannot be less than 0"
    NUMBER_TOO_LARGE = "cannot be more than %(most)s"
    REGION_MALFORMED = "write the code of the state, as IL or MX-JAL"
    ZONE_MISSING = "is missing; write it like America/Chicago"
    ZONE_UNKNOWN = "is no time zone we know; write it like America/Chicago"
    # lines of workshops
    OFFICE_UNKNOWN = "is no office we know; load offices first"
    OFFICE_NOT_IN_LIST = "is none of these offices: %(offices)s"
    KIND_UNKNOWN = "is no kind of workshop we know; load kinds first"
    KIND_NOT_IN_COUNTRY = "is not given in the country of %(office)s"
    SPANISH_TITLE_MISSING = "is missing; the title in Spanish is shown to everyone"
    VENUE_MISSING = "is missing; name the place, or write online"
    START_MISSING = "is missing; write local time like 2020-01-31T18:30"
    TIME_UNREADABLE = "is no date we can read; write local time like 2020-01-31T18:30"
    HOUR_SKIPPED = "clocks in %(zone)s jump over this hour; choose another"
    HOUR_DOUBLED = "clocks show this hour twice that day; write %(first)s or %(second)s"
    OFFSET_WRONG = "is no offset of %(zone)s at that time; leave it out"
    END_BEFORE_START = "is not after the start, %(start)s"
    END_DAYS_LATER = "is 24 hours or more after the start; give each day a line"
    # what cannot be done to a workshop as it stands
    ID_NOT_ALLOWED = "cannot be used here"
    WORKSHOP_TWICE = "is the workshop of line %(line)s too"
    PUBLISHED_TO_DRAFT = "it has been published and cannot be a draft again; write cancelled"
    REPORTED_ALREADY = "the workshop has been reported; write published"
    ADMISSION_IN_USE = "places have been saved already; leave it at %(way)s"


@unique
class CalendarAddressErrorCode(StrEnum):
    """Why the address of a calendar gives none. The value is the English message. The names are
    stored with a link: a renamed one needs a migration."""

    MALFORMED = "write the whole address of the calendar, as https://… or webcal://…"
    NOT_ENCRYPTED = "the address begins with http://; write the one with https://"
    WITH_SIGN_IN = "the address has a name or password in it; ask for a link without one"
    OF_THIS_SITE = "that is a calendar of this site; its workshops are here already"
    NOT_PUBLIC = "only https on port 443 of the public internet can be read; give another address"
    SILENT = "the calendar does not answer, or too slowly; try again later"
    REDIRECTS = "the address leads to others without an end, or to no calendar; copy it again"
    NEEDS_SIGN_IN = "the calendar asks for a password; share it by a secret link, and give that"
    GONE = "there is no calendar at that address any more; copy the new one"
    FAILING = "the site of the calendar has a fault; try again later"
    CUT_OFF = "the calendar arrived without its end; try again later"
    TOO_LARGE = "the calendar is too large; keep workshops in a calendar of their own"
    NO_CALENDAR = "at that address is no calendar but something else; copy the one ending in .ics"
    EMPTY = "the calendar has no events; look whether it is the right one"
    UNREADABLE_LINK = "the stored address cannot be read any more; remove it and give it again"
    BUSY = "another calendar is being read; try again in a minute"


@unique
class DataFileErrorCode(StrEnum):
    """What is wrong with a file of offices, venues, kinds or figures, which only commands read."""

    DAY_UNREADABLE = "is no date we can read; write it like 2020-01-31"
    DEGREES_UNREADABLE = "write degrees from -%(most)s to %(most)s, as 41.8781"
    POINT_FAR_AWAY = "is far from the office; the latitude comes first"
    COUNTRY_UNKNOWN = "write one of %(known)s"
    CLOSED_BEFORE_OPENED = "is not after the day it opened, %(opened)s"
    SLUG_MALFORMED = "write small letters, digits and hyphens, as nueva-york"
    SLUG_RESERVED = "has a meaning of its own in our addresses; choose another"
    EXTRA_ZONE_UNKNOWN = "“%(zone)s” is no time zone we know"
    TOO_MANY_EXTRA_ZONES = "has too many zones to keep"
    EMAIL_MALFORMED = "is no e-mail address"
    WEBSITE_MALFORMED = "has to start with https://"
    NOT_JSON = (
        "%(name)s is no JSON: %(reason)s, line %(line)s. Kinds come in a file like taxonomy.json."
    )
    NOT_A_LIST_OF_KINDS = "%(name)s is no list of kinds."
    KINDS_KEY_MISSING = '%(name)s has no list of "kinds". They come in a file like taxonomy.json.'
    KINDS_MISSING = "%(name)s has no kinds in it."
    CODE_MALFORMED = "write small letters, digits and underscores, as plan_familiar"
    CODE_TWICE = "is in the file twice"
    NOT_TEXT = "has to be a text"
    TRANSLATIONS_MISSING = 'is missing; write at least {"%(lang)s": "…"}'
    TRANSLATIONS_NOT_TEXT = "has to be a text in each language"
    NUMBER_OUT_OF_RANGE = "write a whole number from %(least)s to %(most)s"
    MARK_MISSING = "write %(mark)s once in each language"
    NOUN_MALFORMED = (
        'write the noun by language and form: "one", "other", and "many" for whole millions'
    )
    COUNTRIES_MALFORMED = "write a list of codes of %(known)s"
    ADDRESS_NOT_HIDDEN = "a discreet kind cannot show its addresses"
    COLOUR_MALFORMED = "write it like #1b5ea6"
    PART_OF_UNKNOWN_SERIES = "name a series of this file that is no part itself"
    MONTH_UNREADABLE = "is no month; write it like 2020-01"
    FIGURE_COMPUTED = "is counted by the program, and not typed; take the line out"
    FIGURE_UNKNOWN = "is no series we know; load the kinds first: they come together"
    FIGURE_MISSING = "is missing; leave the line out where the number is not known"


@dataclasses.dataclass(frozen=True, order=True)
class ImportFault:
    """One wrong cell. `line` is that of the file, whose header is line 1."""

    line: int
    field: str
    value: str
    error: Refusal = dataclasses.field(compare=False)
    reason: str = dataclasses.field(init=False)  # in English

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", str(self.error))

    def __str__(self) -> str:
        return f"line {self.line}, {self.text}"

    @property
    def text(self) -> str:
        """The fault without its line."""
        return f'{self.field} "{self.value_excerpt}": {self.reason}'

    @property
    def value_excerpt(self) -> str:
        """The value, shortened to `_LONGEST` characters."""
        return self.value if len(self.value) <= _LONGEST else self.value[:_LONGEST] + "…"


def group_faults(faults: Iterable[ImportFault]) -> list[str]:
    """A line for each fault, with the lines of the file that have it: «lines 2, 5-9, kind …»."""
    lines: dict[str, list[int]] = {}
    for fault in sorted(set(faults)):
        numbers = lines.setdefault(fault.text, [])
        if fault.line not in numbers[-1:]:
            numbers.append(fault.line)
    return [
        f"line{'s' * (len(numbers) > 1)} {_say_lines(numbers)}, {text}"
        for text, numbers in lines.items()
    ]


def _say_lines(numbers: Sequence[int]) -> str:
    """Returns numbers of lines as «2, 5-9»; of many, the first ones and how many more there are."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    parts = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans]
    if len(parts) > _MAX_SPANS:
        more = sum(last - first + 1 for first, last in spans[_MAX_SPANS:])
        parts = [*parts[:_MAX_SPANS], f"and {more} more"]
    return ", ".join(parts)


@unique
class _RejectedCode(StrEnum):
    FAULTS = "%(faults)s"


class ImportRejected(Refusal):
    """Nothing was loaded: `faults` has all that is wrong, in the order of the file."""

    def __init__(self, faults: Iterable[ImportFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__(_RejectedCode.FAULTS, faults="\n".join(map(str, self.faults)))


class UnreadableFile(Refusal):
    """The file as a whole cannot be read."""
