"""Reads days as people write them: «sábado 5 de diciembre, 6 pm», «5/12/26», «Dec 5th, 2026».

A cell is read first by itself (`read_day`); which of day and month comes first is then decided for
the whole column (`decide_order`), since «13/05» on one row tells it for all. What cannot be known
is asked (`resolve`), never guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Final

from outreach.imports.csv_tables import is_likely
from outreach.imports.guess import zones
from outreach.imports.guess.day_words import find_month, find_weekday
from outreach.imports.guess.headings import Field
from outreach.imports.guess.remarks import Remark, RemarkCode, quote, remark
from outreach.imports.sheets import raw_sheets
from outreach.imports.sheets.raw_sheets import Cell

MAX_LENGTH: Final = 120  # characters: a longer text is no day
MAX_YEARS_AHEAD: Final = 3
MAX_MONTHS_AHEAD: Final = 183  # days that a day without its year may be ahead
MIN_SWAPPED: Final = 3  # cells by which we see that a program changed day and month
_SERIALS: Final = range(36_526, 73_051)  # 2000 to 2099
_TOKEN: Final = re.compile(r"[0-9]{1,12}|[a-z]+|[^\sa-z0-9]")
_SERIAL: Final = re.compile(r"[0-9]{5}(?:[.,][0-9]{1,15})?")
_BASIC: Final = re.compile(r"^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:\d\d)?$")  # ISO 8601
_ORDINALS: Final = frozenset(
    {"o", "a", "er", "ro", "do", "st", "nd", "rd", "th", "ero", "°", "º", "ª"}
)
_FIRST: Final = frozenset({"primero", "primer", "premier", "first"})
_BETWEEN: Final = frozenset({"de", "del", "of", "the", ".", "-", "/", ",", "d"})
_YEAR_MARKS: Final = frozenset({"-", "/", "'", "’", "de", "del"})
_LISTING: Final = frozenset({",", "y", "e", "and", "et", "a", "al", "-", "–", "—", "to", "au", "&"})
_FILLERS: Final = frozenset(
    {"el", "le", "the", "de", "del", "dia", "day", "on", "t", ",", ".", "·", "(", ")", ";", "|"}
)
_HOUR_MARKS: Final = frozenset({":", "h", "hrs", "hr", "hs", "am", "pm", "horas"})


class DayOrder(Enum):
    DAY_FIRST = 0
    MONTH_FIRST = 1


@dataclass(frozen=True)
class DayParts:
    """A day as it is written; no year where there is none."""

    day: int
    month: int
    year: int | None = None

    def to_day(self, year: int) -> date | None:
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


@dataclass(frozen=True)
class DayReading:
    """What one cell says of a day. Of two `options` the first reads the day before the month, the
    other the month before the day."""

    text: str
    options: tuple[DayParts, ...]
    weekday: int | None = None
    hours: Cell = ""  # what is left of the cell, or its hour
    is_stored: bool = False  # a day of the spreadsheet, no text
    is_several: bool = False

    @property
    def is_ambiguous(self) -> bool:
        return len(self.options) == 2 and self.options[0] != self.options[1]


def fold_marks(text: str) -> str:
    """Returns the text without accents and capitals; punctuation stays."""
    apart = unicodedata.normalize("NFKD", text.replace("º", "°").casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))


def is_day(cell: Cell) -> bool:
    """Whether a cell is a day, and nothing else."""
    reading = read_day(cell)
    return reading is not None and reading.hours == "" and not reading.is_several


def read_day(cell: Cell) -> DayReading | None:
    """Returns what a cell says of a day; None where it says nothing of one."""
    if isinstance(cell, bool) or cell == "":
        return None
    if isinstance(cell, datetime):
        return _stored(cell, cell.time())
    if isinstance(cell, date):
        return _stored(cell, time())
    if isinstance(cell, int | float):
        return _read_serial(float(cell))
    if not isinstance(cell, str) or len(cell) > MAX_LENGTH:
        return None
    if _SERIAL.fullmatch(cell) or (len(cell) == 8 and cell.isascii() and cell.isdigit()):
        return _read_serial(float(cell.replace(",", ".")))
    text = _BASIC.sub(r"\1-\2-\3 \4:\5", zones.split(cell).text)
    reading = _read_text(text)
    return reading if reading is None or text == cell else replace(reading, text=cell)


def is_serial(cell: Cell) -> bool:
    """Whether a cell is a day as spreadsheets count them, without the style of one: 46361.75."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return False
    if isinstance(cell, str) and not _SERIAL.fullmatch(cell):
        return False
    return int(float(str(cell).replace(",", "."))) in _SERIALS


def _stored(day: date, hour: time) -> DayReading:
    rounded = _round(hour)
    parts = DayParts(day.day, day.month, day.year)
    hours = "" if rounded == time() else rounded
    return DayReading(f"{day:%Y-%m-%d}", (parts,), hours=hours, is_stored=True)


def _round(hour: time) -> time:
    """The hour to the minute: spreadsheets count in fractions of a day."""
    moment = datetime.combine(date(2000, 1, 1), hour) + timedelta(seconds=30)
    return moment.time().replace(second=0, microsecond=0)


def _read_serial(number: float) -> DayReading | None:
    """A day as spreadsheets count them, or written as 20261205."""
    if not 0 < number < 1e9:
        return None
    if number.is_integer() and 19_900_101 <= number <= 21_001_231:
        text = str(int(number))
        return DayReading(text, (DayParts(int(text[6:]), int(text[4:6]), int(text[:4])),))
    if int(number) not in _SERIALS:
        return None
    moment = raw_sheets.EPOCH + timedelta(days=number)
    return _stored(moment.date(), moment.time())


@dataclass(frozen=True)
class _Match:
    options: tuple[DayParts, ...]
    start: int
    end: int


@lru_cache(maxsize=8_192)
def _read_text(text: str) -> DayReading | None:
    tokens = _TOKEN.findall(fold_marks(text))
    found = _find(tokens)
    if found is None:
        return None
    before, after = tokens[: found.start], tokens[found.end :]
    others = [*before, "|", *after]
    second = _find(others)
    if second is not None and second.options == found.options:
        # «5 de diciembre, 6 pm → 5 de diciembre, 8 pm» is one day.
        others = [*others[: second.start], *others[second.end :]]
        second = _find(others)
    is_several = (
        _ends_with_listed_day(before) or _begins_with_listed_day(after) or second is not None
    )
    weekday, rest = _take_weekday(others)
    while rest and rest[0] in _FILLERS | {"-", "–", "—", "@"}:
        rest = rest[1:]
    while rest and rest[-1] in _FILLERS - {"."}:
        rest = rest[:-1]
    if all(each in _FILLERS for each in rest):
        rest = []
    hours = _join(each for each in rest if each != "|")
    return DayReading(text, found.options, weekday, hours, is_several=is_several)


def _join(tokens: Iterable[str]) -> str:
    """The text of tokens again, with digits close to colons and points."""
    return re.sub(r" ?([:.]) ?", r"\1", " ".join(tokens)).strip()


def _ends_with_listed_day(before: Sequence[str]) -> bool:
    """Whether another day is listed before the one found: «5 y [12 de diciembre]»."""
    listed = [each for each in before[-2:] if each != "de"]
    return len(listed) == 2 and listed[0].isdigit() and listed[1] in _LISTING


def _begins_with_listed_day(after: Sequence[str]) -> bool:
    """Whether another day and the year follow: «December 5[-6, 2026]»."""
    rest = [each for each in after[:4] if each not in {",", "de", "del"}]
    return (
        len(rest) > 2
        and rest[0] in _LISTING
        and len(rest[1]) <= 2
        and rest[1].isdigit()
        and len(rest[2]) == 4
        and rest[2].isdigit()
    )


def _take_weekday(tokens: Sequence[str]) -> tuple[int | None, list[str]]:
    for at, token in enumerate(tokens):
        weekday = find_weekday(token)
        if weekday is not None:
            end = at + 2 if tokens[at + 1 : at + 2] == ["."] else at + 1
            return weekday, [*tokens[:at], *tokens[end:]]
    return None, list(tokens)


def _find(tokens: Sequence[str]) -> _Match | None:
    """Returns the first day in the tokens. One in figures is found before one with the name of its
    month."""
    for read in (_read_figures, _read_day_and_month, _read_month_and_day, _read_short_figures):
        for at in range(len(tokens)):
            found = read(tokens, at)
            if found is not None:
                return found
    return None


def _number(tokens: Sequence[str], at: int, digits: int = 2) -> int | None:
    if 0 <= at < len(tokens) and tokens[at].isdigit() and len(tokens[at]) <= digits:
        return int(tokens[at])
    return None


def _read_figures(tokens: Sequence[str], at: int) -> _Match | None:
    """Reads a day with its year in figures: «2026-12-05», «5/12/26», «5.12.2026»."""
    if at + 5 > len(tokens) or tokens[at + 1] not in "/-." or tokens[at + 1] != tokens[at + 3]:
        return None
    one, two, three = (_number(tokens, at + step, 4) for step in (0, 2, 4))
    if one is None or two is None or three is None or len(tokens[at + 2]) > 2:
        return None
    if len(tokens[at]) == 4 and len(tokens[at + 4]) <= 2:
        return _Match((DayParts(three, two, one),), at, at + 5)
    if len(tokens[at]) > 2 or len(tokens[at + 4]) not in {2, 4}:
        return None
    year = three + 2000 if len(tokens[at + 4]) == 2 else three
    return _Match(_both_orders(one, two, year), at, at + 5)


def _both_orders(one: int, two: int, year: int | None) -> tuple[DayParts, ...]:
    return DayParts(one, two, year), DayParts(two, one, year)


def _read_short_figures(tokens: Sequence[str], at: int) -> _Match | None:
    """Reads a day without its year in figures: «5/12»."""
    one, two = _number(tokens, at), _number(tokens, at + 2)
    if one is None or two is None or tokens[at + 1] != "/":
        return None
    if "/" in {*tokens[at - 1 : at], *tokens[at + 3 : at + 4]}:
        return None
    return _Match(_both_orders(one, two, None), at, at + 3)


def _read_day_and_month(tokens: Sequence[str], at: int) -> _Match | None:
    """Reads a day before the name of its month: «5 de diciembre de 2026», «1er janvier»,
    «5-dic-26»."""
    day = 1 if tokens[at] in _FIRST else _number(tokens, at)
    if day is None or not 1 <= day <= 31:
        return None
    end = at + 1
    while end < len(tokens) and tokens[end] in _ORDINALS | _BETWEEN:
        end += 1
    month = find_month(tokens[end]) if end < len(tokens) else None
    if month is None or end - at > 5:
        return None
    year, end = _read_year(tokens, end + 1)
    return _Match((DayParts(day, month, year),), at, end)


def _read_month_and_day(tokens: Sequence[str], at: int) -> _Match | None:
    """Reads a day after the name of its month: «Dec 5th, 2026»."""
    month = find_month(tokens[at])
    if month is None:
        return None
    place = at + 2 if tokens[at + 1 : at + 2] in (["."], ["-"], ["/"]) else at + 1
    day = _number(tokens, place)
    if day is None or not 1 <= day <= 31:
        return None
    if place + 1 < len(tokens) and tokens[place + 1] in {":", "h", "am", "pm", "hrs"}:
        return None
    end = place + 1
    if end < len(tokens) and tokens[end] in _ORDINALS - {"a"}:
        end += 1
    year, end = _read_year(tokens, end)
    if tokens[at] == "mar" and year is None:
        return None  # «mar 16» is a Tuesday in Spanish
    return _Match((DayParts(day, month, year),), at, end)


def _read_year(tokens: Sequence[str], at: int) -> tuple[int | None, int]:
    """The year after a month, and where it ends."""
    place, marks = at, []
    while place < len(tokens) and tokens[place] in _BETWEEN | {"'", "’"}:
        marks.append(tokens[place])
        place += 1
    if place >= len(tokens) or not tokens[place].isdigit():
        return None, at
    following = tokens[place + 1] if place + 1 < len(tokens) else ""
    if len(tokens[place]) == 4 and following not in _HOUR_MARKS:
        return int(tokens[place]), place + 1
    is_marked = bool(marks) and marks[-1] in _YEAR_MARKS
    is_last = not following and int(tokens[place]) > 24  # no hour
    if len(tokens[place]) == 2 and following not in _HOUR_MARKS and (is_marked or is_last):
        return 2000 + int(tokens[place]), place + 1
    return None, at


@dataclass(frozen=True)
class DayContext:
    """What is known of a column of days."""

    today: date
    order: DayOrder | None = None
    year: int | None = None  # that the titles above the heading name
    may_be_swapped: bool = False


def decide_order(readings: Iterable[DayReading]) -> DayOrder | None:
    """Returns which of day and month comes first in a column; None where its values do not tell, or
    contradict each other."""
    orders = list_orders(readings)
    return orders.pop() if len(orders) == 1 else None


def list_orders(readings: Iterable[DayReading]) -> set[DayOrder]:
    """The orders of day and month that some of the readings prove."""
    return {order for each in readings if (order := _order_of(each)) is not None}


def find_order_by_month(readings: Iterable[DayReading], month: int) -> DayOrder | None:
    """Returns the order by which all days of a sheet fall into the month that it is named after;
    None where both orders do, or neither."""
    ambiguous = [each.options for each in readings if each.is_ambiguous and not each.is_several]
    fitting = {
        order
        for order in DayOrder
        if ambiguous and all(options[order.value].month == month for options in ambiguous)
    }
    return fitting.pop() if len(fitting) == 1 else None


def _order_of(reading: DayReading) -> DayOrder | None:
    if not reading.is_ambiguous or reading.is_several:
        return None
    # A leap year where there is none: the 29th of February is no evidence against a day.
    days = [option.to_day(2028) for option in reading.options]
    if reading.weekday is not None and reading.options[0].year:
        days = [day if day and day.weekday() == reading.weekday else None for day in days]
    if (days[0] is None) == (days[1] is None):
        return None
    return DayOrder.MONTH_FIRST if days[0] is None else DayOrder.DAY_FIRST


def may_be_swapped(readings: Sequence[DayReading]) -> bool:
    """Whether a program may have taken «03/01» for the 1st of March, as it left «13/01» a text:
    all days that it stored are of 12 or less."""
    stored = [each.options[0].day for each in readings if each.is_stored]
    texts = [each for each in readings if each.is_ambiguous and not each.is_stored]
    is_day_first = any(_order_of(each) is DayOrder.DAY_FIRST for each in texts)
    return len(stored) >= MIN_SWAPPED and max(stored) <= 12 and is_day_first


def resolve(reading: DayReading, context: DayContext) -> tuple[date | None, list[Remark]]:
    """Returns the day of a cell, or None if it is in doubt, and the remarks about it."""
    value = quote(reading.text)
    if reading.is_several:
        return None, [remark(Field.DAY, RemarkCode.DAY_SEVERAL, value=value)]
    options = _choose(reading, context)
    days = [_on_year(value, each, reading.weekday, context) for each in options]
    if len(days) == 2:
        one, other = (day.isoformat() if day else "" for day, _remarks in days)
        return None, [
            remark(Field.DAY, RemarkCode.DAY_ORDER_UNKNOWN, value=value, one=one, other=other)
        ]
    day, remarks = days[0] if days else (None, [])
    if day is None:
        return None, remarks or [remark(Field.DAY, RemarkCode.DAY_IMPOSSIBLE, value=value)]
    if not is_likely(day) or day.year > context.today.year + MAX_YEARS_AHEAD:
        return None, [remark(Field.DAY, RemarkCode.YEAR_UNLIKELY, day=day)]
    if reading.is_stored and context.may_be_swapped:
        remarks.append(remark(Field.DAY, RemarkCode.DAY_MAY_BE_SWAPPED, day=day))
    return day, remarks + check_weekday(day, reading.weekday)


def check_weekday(day: date, weekday: int | None) -> list[Remark]:
    """Returns a question where a row names another weekday than its day has; else nothing."""
    if weekday is None or day.weekday() == weekday:
        return []
    return [
        remark(
            Field.DAY,
            RemarkCode.WEEKDAY_CONTRADICTED,
            day=day,
            weekday=ENGLISH_WEEKDAYS[day.weekday()],
            typed=ENGLISH_WEEKDAYS[weekday],
        )
    ]


ENGLISH_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


def _choose(reading: DayReading, context: DayContext) -> list[DayParts]:
    """The ways to read a day that are possible: two where day or month may come first."""
    if not reading.is_ambiguous:
        return list(reading.options[:1])
    own = _order_of(reading)
    order = own or context.order
    if order is not None:
        chosen = [reading.options[order.value]]
        # The column's order may be impossible here; the other way would be a guess.
        return chosen if chosen[0].to_day(2028) else []
    return [each for each in reading.options if each.to_day(2028)]


def _on_year(
    text: str, parts: DayParts, weekday: int | None, context: DayContext
) -> tuple[date | None, list[Remark]]:
    """The day with its year; where the row has none, the next such day that is near."""
    if parts.year is not None:
        return parts.to_day(parts.year), []
    today = context.today
    years = (today.year - 1, today.year, today.year + 1)
    days = [day for year in years if (day := parts.to_day(year))]
    coming = [d for d in days if timedelta() <= d - today <= timedelta(days=MAX_MONTHS_AHEAD)]
    gone = [d for d in days if timedelta() < today - d <= timedelta(days=MAX_MONTHS_AHEAD)]
    named = parts.to_day(context.year) if context.year else None
    if named is not None:
        if coming and coming[0] != named:
            return None, [_ask_year(text, coming[0])]
        return named, []
    if coming:
        return coming[0], []
    if gone and weekday is not None and gone[-1].weekday() == weekday:
        return gone[-1], []
    later = next((day for day in days if day > today), None)
    return (None, [_ask_year(text, later)]) if later else (None, [])


def _ask_year(text: str, day: date) -> Remark:
    return remark(Field.DAY, RemarkCode.YEAR_UNKNOWN, value=text, year=day.year)


def with_weekday(reading: DayReading, weekday: int | None) -> DayReading:
    """The reading with the weekday of another column, where it has none."""
    return reading if reading.weekday is not None else replace(reading, weekday=weekday)
