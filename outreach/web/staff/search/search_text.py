"""Reads what is typed into the search: words, codes, and days as people write them.

«daca viernes 5», «5 dic», «mañana», «2026-12-05», «diciembre». A word may be of a title and of a
day («mayo»), so a day is one more way to find a workshop and replaces no words.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from outreach.clock import Month
from outreach.domain.search.staff_search import DayMeaning, DaySpan, StaffQuery, split_words
from outreach.domain.text import CROCKFORD, clean, fold, read_code
from outreach.imports.guess import dates
from outreach.imports.guess.dates import DayParts
from outreach.imports.guess.day_words import MONTHS, WEEKDAYS

MAX_LENGTH: Final = 80  # characters
MIN_CODE_LENGTH: Final = 7  # one more than the code of a person has
_RELATIVE_DAYS: Final = {
    "pasado manana": 2, "manana": 1, "hoy": 0, "ayer": -1, "antier": -2, "anteayer": -2,
}  # fmt: skip
_ADDRESS: Final = re.compile(r"(?:/t/|/talleres/|taller-)([0-9A-Za-z]{10,26})\b")
_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z -]*")
_DAY_MARKS: Final = frozenset({"dia", "el"})  # before the number of a day without its month
_PHONE: Final = re.compile(r"\+?(?:[\s().-]*[0-9]){8,15}")
_YEAR: Final = re.compile(r"20[0-9]{2}")
_ZIP_CODE: Final = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")  # a spreadsheet's day to `dates.read_day`


def read_query(typed: str, *, today: date) -> StaffQuery:
    """Returns the query that a text stands for. `today` is the day of the reader."""
    text = clean(typed)[:MAX_LENGTH]
    if pasted := _ADDRESS.search(text):
        text = pasted[1]
    return StaffQuery(split_words(text), _read_public_code(text), _read_day(text, today))


def read_person_code(typed: str, *, length: int) -> str:
    """Returns the text as the door code of a person; empty where it is none."""
    code = read_code(clean(typed)[:MAX_LENGTH])
    return code if len(code) == length and set(code) <= set(CROCKFORD) else ""


def is_like_a_contact(text: str) -> bool:
    """Whether a text looks like an e-mail or a phone, which are not searched here."""
    return "@" in text or _PHONE.fullmatch(text) is not None


def _read_public_code(text: str) -> str:
    """Returns the text as a code: a part of the id of a workshop or its UID, as `7K3M QX9P`. Empty
    for other texts.

    Some codes have no digit, so a word of their letters is read as a code beside a word.
    """
    code = read_code(text) if _CODE.fullmatch(text) else ""
    is_code = MIN_CODE_LENGTH <= len(code) <= 26 and set(code) <= set(CROCKFORD)
    return code if is_code else ""


def _read_day(text: str, today: date) -> DayMeaning | None:
    folded = fold(text)
    for words, days in _RELATIVE_DAYS.items():
        if f" {words} " in f" {folded} ":
            rest = f" {folded} ".replace(f" {words} ", " ", 1)
            day = today + timedelta(days=days)
            return DayMeaning(((day, day),), split_words(rest))
    tokens = folded.split()
    return _read_full_day(text, today) or _read_weekday(tokens, today) or _read_month(tokens, today)


def _read_full_day(text: str, today: date) -> DayMeaning | None:
    """Reads a day with its month: «sábado 5 de diciembre», «5/12», «2026-12-05»."""
    reading = None if _ZIP_CODE.fullmatch(text) else dates.read_day(text)
    if reading is None or reading.is_several:
        return None
    days = [_find_near(_list_days(each, today), today, reading.weekday) for each in reading.options]
    spans = tuple(dict.fromkeys((day, day) for day in days if day is not None))
    rest = reading.hours if isinstance(reading.hours, str) else ""
    return DayMeaning(spans, split_words(rest)) if spans else None


def _list_days(parts: DayParts, today: date) -> list[date]:
    """Returns the days that these parts may be. Without a year there is one in each of the next and
    last four years, so that a 29th of February is among them."""
    years = range(today.year - 4, today.year + 5)
    return [day for day in map(parts.to_day, years) if day is not None]


def _read_weekday(tokens: Sequence[str], today: date) -> DayMeaning | None:
    """Reads a weekday, with the number of its day or without: «viernes 5», «viernes», «día 5»."""
    for at, token in enumerate(tokens):
        weekday = WEEKDAYS.get(token)
        if weekday is None and token not in _DAY_MARKS:
            continue
        end = at + 2 if tokens[at + 1 : at + 2] == ["dia"] else at + 1
        number = (
            tokens[end] if end < len(tokens) and re.fullmatch("[0-9]{1,2}", tokens[end]) else ""
        )
        if not number and weekday is None:
            continue
        year = [today + timedelta(days=each) for each in range(-366, 367)]
        days = [day for day in year if not number or day.day == int(number)]
        if not number:  # the next one
            days = [day for day in days if day >= today]
        day = _find_near(days, today, weekday)
        if day is not None and (weekday is None or day.weekday() == weekday):
            rest = [*tokens[:at], *tokens[end + bool(number) :]]
            return DayMeaning(((day, day),), split_words(" ".join(rest)))
    return None


def _read_month(tokens: Sequence[str], today: date) -> DayMeaning | None:
    """Reads a month: «diciembre», «dic 2027»."""
    for at, token in enumerate(tokens):
        if token not in MONTHS:
            continue
        end = at + 2 if tokens[at + 1 : at + 2] in (["de"], ["del"]) else at + 1
        year = tokens[end] if end < len(tokens) and _YEAR.fullmatch(tokens[end]) else ""
        parts = DayParts(15, MONTHS[token], int(year) if year else None)
        middle = _find_near(_list_days(parts, today), today, None)
        if middle is not None:
            rest = [*tokens[:at], *(tokens[end + 1 :] if year else tokens[at + 1 :])]
            return DayMeaning((_month_span(middle),), split_words(" ".join(rest)))
    return None


def _month_span(day: date) -> DaySpan:
    month = Month.from_day(day)
    return month.first, month.following.first - timedelta(days=1)


def _find_near(days: Iterable[date], today: date, weekday: int | None) -> date | None:
    """Returns the day nearest to today. If a weekday is given, days that fall on it come before all
    others."""
    return min(
        days,
        key=lambda day: (weekday is not None and day.weekday() != weekday, abs(day - today)),
        default=None,
    )
