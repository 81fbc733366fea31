"""Cells that list several days, and days that say no month: «viernes 22 y sábado 23 9am».

Each day of a list is a text of its own, so that `dates` reads it like any other. «5 al 7» and «5-7»
may be one event that lasts for days: they stay as they are, and are asked.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from outreach.imports.guess.dates import MAX_LENGTH, DayParts, DayReading, fold_marks
from outreach.imports.guess.day_words import MONTHS, WEEKDAYS

MAX_DAYS: Final = 31  # in one cell
MAX_AHEAD: Final = timedelta(days=92)  # where a day is looked for that has no month

WEEKDAY_PATTERN: Final = r"(?:" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\b\.?"
MONTH_PATTERN: Final = r"(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_AND: Final = r"(?:\s*,\s*(?:y|e|and|et|&)\s+|\s*[,;&+]\s*|\s+(?:y|e|and|et)\s+)"
# A number of a day, and not of an hour: «9am», «9:00», «10 h».
NUMBER_PATTERN: Final = (
    r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th|er|ro|°)?(?![\d])(?!\s?(?:[:h]|am\b|pm\b|a\.|p\.))"
)
_ONE: Final = rf"(?:(?:el|le|the)\s+)?(?:{WEEKDAY_PATTERN},?\s+)?{NUMBER_PATTERN}"
_YEAR: Final = r"(?:(?:\s+de|\s+del|,)?\s+(?P<year>20[2-9][0-9]))?(?!\s?[:h])"
# «5, 12 y 19 de diciembre de 2026», «sábados 5 y 12 de diciembre»
_DAYS_AND_MONTH: Final = re.compile(
    rf"(?P<days>{_ONE}(?:{_AND}{_ONE})+)\s+(?:de\s+|of\s+)?(?P<month>{MONTH_PATTERN}){_YEAR}"
)
# «December 5, 12 and 19, 2026»
_MONTH_AND_DAYS: Final = re.compile(
    rf"(?P<month>{MONTH_PATTERN})\s+(?P<days>{_ONE}(?:{_AND}{_ONE})+){_YEAR}"
)
# «viernes 22 y sábado 23»: a weekday tells that they are days.
_DAYS_ALONE: Final = re.compile(
    rf"(?P<days>(?:(?:el|los|le|the)\s+)?{WEEKDAY_PATTERN},?\s+{NUMBER_PATTERN}(?:{_AND}{_ONE})+)"
    rf"(?!\s+(?:de\s+)?{MONTH_PATTERN})"
)
_WHOLE: Final = (
    rf"(?:{WEEKDAY_PATTERN},?\s+)?(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[0-9]{{1,2}}/[0-9]{{1,2}}(?:/[0-9]{{2,4}})?"
    rf"|{NUMBER_PATTERN}\s+(?:de\s+)?{MONTH_PATTERN}(?:(?:\s+de|\s+del|,)?\s+20[2-9][0-9])?"
    rf"|{MONTH_PATTERN}\s+{NUMBER_PATTERN}(?:,?\s+20[2-9][0-9])?)"
)
# «5/12/2026 y 12/12/2026», «30 de enero y 6 de febrero»
_WHOLE_DAYS: Final = re.compile(rf"(?P<days>{_WHOLE}(?:{_AND}{_WHOLE})+)")
# «18 y 20», where the month is said elsewhere.
_NUMBERS_ALONE: Final = re.compile(rf"(?P<days>{NUMBER_PATTERN}(?:{_AND}{NUMBER_PATTERN})+)")
LISTS: Final = (_WHOLE_DAYS, _DAYS_AND_MONTH, _MONTH_AND_DAYS, _DAYS_ALONE)
_SPLIT: Final = re.compile(_AND)
_ALONE: Final = re.compile(
    rf"(?:(?:el|le|the)\s+)?(?:(?P<weekday>{WEEKDAY_PATTERN}),?\s+)?(?P<day>{NUMBER_PATTERN})"
    rf"(?:\s*,?\s*(?P<after>{WEEKDAY_PATTERN}))?(?P<rest>.*)"
)


@lru_cache(maxsize=4_096)
def split(text: str) -> tuple[str, ...]:
    """The text once for each day that it lists, with that day only; empty where it lists none."""
    if len(text) > MAX_LENGTH:
        return ()
    plain = " ".join(fold_marks(text).split())
    for pattern in (*LISTS, _NUMBERS_ALONE):
        found = pattern.fullmatch(plain) if pattern is _NUMBERS_ALONE else pattern.search(plain)
        if found is None:
            continue
        given = found.groupdict()
        month, year = given.get("month") or "", given.get("year") or ""
        days = [each for each in _SPLIT.split(found["days"]) if each.strip()]
        if pattern is _WHOLE_DAYS:
            days = _SPLIT.split(found["days"]) if len(days) > 1 else days
        before, after = plain[: found.start()], plain[found.end() :]
        if len(days) > MAX_DAYS:
            return ()
        return tuple(
            " ".join(f"{before} {each.strip()} {month} {year} {after}".split()) for each in days
        )
    return ()


@dataclass(frozen=True)
class DayNumber:
    """A day without its month: «sábado 16», «16»; `hours` is what is left of the text."""

    text: str
    day: int
    weekday: int | None
    hours: str


@lru_cache(maxsize=4_096)
def read_number(text: str) -> DayNumber | None:
    """The day of a text that says no month; None for other texts."""
    plain = " ".join(fold_marks(text).split())
    found = _ALONE.fullmatch(plain) if len(text) <= MAX_LENGTH else None
    if found is None:
        return None
    named = (found["weekday"] or found["after"] or "").rstrip(".")
    rest = found["rest"].strip(" ,.-–—|")
    digits = re.match(r"\d+", found["day"])
    if digits is None or rest[:1] in {"/", ":"} or (not named and rest):
        return None
    return DayNumber(text, int(digits[0]), WEEKDAYS.get(named), rest)


def with_month(number: DayNumber, month: int, year: int | None) -> DayReading:
    """The reading of a day whose month a column, a title or the name of the sheet says."""
    parts = (DayParts(number.day, month, year),)
    return DayReading(number.text, parts, number.weekday, number.hours)


def find_by_weekday(number: DayNumber, today: date) -> DayReading | None:
    """Returns the reading of a day without its month: the only such day in the time ahead that
    falls on its weekday. None where it has no weekday, or several days fit."""
    # «mar 16» is a Tuesday in Spanish, and a day of March in English.
    if number.weekday is None or "mar" in fold_marks(number.text).replace(".", " ").split():
        return None
    ahead = (today + timedelta(days=each) for each in range(MAX_AHEAD.days))
    days = [day for day in ahead if _is_of(number, day)]
    if len(days) != 1:
        return None
    return with_month(number, days[0].month, days[0].year)


def _is_of(number: DayNumber, day: date) -> bool:
    return day.day == number.day and day.weekday() == number.weekday
