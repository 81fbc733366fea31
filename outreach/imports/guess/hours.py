"""Reads hours as people write them: «6:00 p.m.–8:00 p.m.», «18h-20h», «de 10 a 12», «mediodía».

An hour without a. m. or p. m. is of the morning from 8 on, from 9 on where others of its column
say it, from 7 on in a column of 24 hours. An earlier one is asked; the other end of a range tells
it in «6 a 8 pm».
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Final

from outreach.imports.guess import zones
from outreach.imports.guess.dates import fold_marks
from outreach.imports.guess.headings import Field
from outreach.imports.guess.remarks import Remark, RemarkCode, quote, remark
from outreach.imports.guess.word_lists import listed
from outreach.imports.sheets.raw_sheets import Cell

MAX_LENGTH: Final = 80  # characters: a longer text is no hour
MAX_HOURS: Final = 2  # in a cell
MAX_LASTING: Final = timedelta(hours=14)
_DAY: Final = timedelta(days=1)
_FRACTION: Final = re.compile(r"0?[.,][0-9]{1,17}")  # a part of a day; nobody writes 00:45 as 0.45
_SURE_DIGITS: Final = 5  # from which on a fraction of a day tells its minute
_ROUNDING: Final = 0.001  # minutes by which a float may be off


class HourStyle(IntEnum):
    """How a column writes its hours; the value is the first hour that needs no a. m. or p. m."""

    IN_24 = 7
    PLAIN = 8
    WITH_HALVES = 9


class Half(StrEnum):
    """Whether an hour is a. m. or p. m., where it says so."""

    AM = "am"
    PM = "pm"
    NONE = ""


@dataclass(frozen=True)
class HourParts:
    """An hour as it is written. `is_24` where nothing but 24 hours can be meant."""

    hour: int
    minute: int
    half: Half = Half.NONE
    is_24: bool = False

    def is_sure(self, style: HourStyle = HourStyle.PLAIN) -> bool:
        return bool(self.half) or self.is_24 or style <= self.hour <= 12

    @property
    def time(self) -> time:
        if self.half is Half.AM:
            return time(self.hour % 12, self.minute)
        if self.half is Half.PM:
            return time(self.hour % 12 + 12, self.minute)
        return time(self.hour % 24, self.minute)


@dataclass(frozen=True)
class HoursReading:
    """What one cell says: a start, or a start and an end."""

    text: str
    parts: tuple[HourParts, ...]
    is_several: bool = False


_TOKEN: Final = re.compile(
    r"\b(?P<noon>mediodia|medio dia|noon|midi)\b"
    r"|\b(?P<midnight>medianoche|media noche|midnight|minuit)\b"
    r"|(?<![\d:])(?P<hour>\d{1,2})(?:\s?[:h.]\s?(?P<minute>[0-5]\d)(?!\d)(?::[0-5]\d)?)?"
    r"\s?(?P<mark>hrs|hr|hs|h|horas|hora|heures|heure|uhr)?\b\.?\s?(?P<half>am|pm)?\b"
    r"|(?<![\d:])(?P<military>(?:[01]\d|2[0-3])[0-5]\d)\s?(?P<marked>hrs|hr|hs|h|horas)?\b\.?"
)
_QUARTERS: Final = (
    (re.compile(r"\b(\d{1,2}) y media\b"), r"\1:30"),
    (re.compile(r"\b(\d{1,2}) y cuarto\b"), r"\1:15"),
    (re.compile(r"\b(\d{1,2}) et demie\b"), r"\1:30"),
)
_HALVES: Final = (
    (
        re.compile(
            r"\b(?:a ?\. ?m\b ?\.?|a m\b|de la ma.{0,3}ana|por la ma.{0,3}ana|ma.{0,2}nanas?|"
            r"de la madrugada|du matin|matin|in the morning|morning)"
        ),
        " am ",
    ),
    (
        re.compile(
            r"\b(?:p ?\. ?m\b ?\.?|p m\b|(?:de|por|en) la (?:tarde|noche)|de l.?apres.?midi|"
            r"apres.?midi|du soir|in the (?:evening|afternoon)|at night|tarde|noche|evening|"
            r"afternoon)\b"
        ),
        " pm ",
    ),
    (re.compile(r"\b12 ?(?:00)? ?(?:am |pm |m\b)?(?:del (?:medio)? ?dia)\b"), " mediodia "),
    (re.compile(r"\b12(?::00)? ?m\b\.?"), " mediodia "),
)
_ATTACHED: Final = re.compile(r"(\d)\s?(am|pm)\b")
_RANGE: Final = frozenset({"-", "a", "al", "to", "hasta", "until", "till", "y", "jusqu", "au", ">"})
_RANGE_PHRASES: Final = frozenset({"a las", "a la", "hasta las", "y las", "- a", "jusqu a", "y la"})
_FILLERS: Final = listed(
    """de des desde from entre between las la a at hora horas horario hrs h hr hs el los dia inicio
    start time con en punto local the"""
)
_DASHES: Final = str.maketrans({"–": "-", "—": "-", "―": "-", "−": "-", "~": "-", "→": "-"})
_WORD: Final = re.compile(r"[a-z]+|[^\sa-z]")


def read_hours(cell: Cell) -> HoursReading | None:
    """Returns the hours that a cell names; None where it names none, or says something else too."""
    if cell == _DAY:  # 24:00, as a spreadsheet stores it
        return HoursReading("24:00", (HourParts(24, 0, is_24=True),))
    if isinstance(cell, str) and _FRACTION.fullmatch(cell.strip()):
        cell = float(cell.strip().replace(",", "."))
    found = _read_stored(cell)
    if found is not None:
        return HoursReading(f"{found:%H:%M}", (HourParts(found.hour, found.minute, is_24=True),))
    if isinstance(cell, bool) or not isinstance(cell, str | int) or len(str(cell)) > MAX_LENGTH:
        return None
    text = str(cell)
    reading = _read_text(zones.split(text).text)
    return reading if reading is None or reading.text == text else replace(reading, text=text)


def _read_stored(cell: Cell) -> time | None:
    """The hour of a cell that a spreadsheet stores as one."""
    if isinstance(cell, float) and 0 < cell < 1:
        return _read_fraction(cell)
    if isinstance(cell, timedelta) and timedelta() <= cell < _DAY:
        cell = (datetime(2000, 1, 1) + cell).time()  # noqa: DTZ001 - a wall clock
    if isinstance(cell, datetime):
        cell = cell.time()
    if not isinstance(cell, time):
        return None
    moment = datetime.combine(date(2000, 1, 1), cell) + timedelta(seconds=30)
    return moment.time().replace(second=0, microsecond=0)


def _read_fraction(number: float) -> time | None:
    """Returns the hour of a fraction of a day: 0.75 is 18:00. With three or four digits it is a
    multiple of 5 minutes. None for a fraction that does not tell which hour it is: 0.42 may be
    10:00 or 10:05."""
    digits = len(f"{number:.12f}".rstrip("0")) - 2
    minutes = number * 24 * 60
    step = 1 if digits >= _SURE_DIGITS else 5
    whole = round(minutes / step) * step
    rounding = 24 * 60 * 0.5 / 10**digits if digits > 2 else 0
    if abs(minutes - whole) > max(rounding, _ROUNDING) or whole >= 24 * 60:
        return None
    return time(whole // 60, whole % 60)


@lru_cache(maxsize=8_192)
def _read_text(text: str) -> HoursReading | None:
    plain = fold_marks(text).translate(_DASHES)
    for pattern, plainer in (*_HALVES, *_QUARTERS):
        plain = pattern.sub(plainer, plain)
    plain = _ATTACHED.sub(r"\1 \2", " ".join(plain.split()))
    parts, gaps, end = [], [], 0
    for found in _TOKEN.finditer(plain):
        gaps.append(plain[end : found.start()])
        parts.append(_part(found))
        end = found.end()
    gaps.append(plain[end:])
    known = [each for each in parts if each is not None]
    if not known or len(known) < len(parts):
        return None
    if len(known) > MAX_HOURS or "/" in plain:  # a day in figures
        return None
    if not _are_fillers(gaps[0]) or not _are_fillers(gaps[-1]):
        return None
    if len(known) == 1:
        return HoursReading(text, (known[0],))
    is_range = len(known) == 2 and _is_range(gaps[1], gaps[0])
    return HoursReading(text, tuple(known[:2]), is_several=not is_range)


def _part(found: re.Match[str]) -> HourParts | None:
    if found["noon"]:
        return HourParts(12, 0, is_24=True)
    if found["midnight"]:
        return HourParts(0, 0, is_24=True)
    if found["military"]:
        return HourParts(int(found["military"][:2]), int(found["military"][2:]), is_24=True)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = Half(found["half"] or "")
    if half and hour > 12:
        # «18:00 pm» is odd, and still one hour only.
        return HourParts(hour, minute, is_24=True) if half is Half.PM and hour < 24 else None
    if hour > 24 or (hour == 24 and minute):
        return None
    is_24 = hour > 12 or hour == 0 or found["hour"].startswith("0") or bool(found["mark"])
    return HourParts(hour, minute, half, is_24=is_24 and not half)


def _are_fillers(gap: str) -> bool:
    return all(
        word in _FILLERS or word in {",", ".", ":", "(", ")", ";", "-"}
        for word in _WORD.findall(gap)
    )


def _is_range(gap: str, before: str) -> bool:
    words = _WORD.findall(gap)
    while words and words[-1] in {"las", "la", "de", ","}:
        words.pop()
    words = [word for word in words if word not in {".", ",", "h", "hrs", "'", "’"}]
    if words == ["y"] or words == ["and"] or words == ["et"]:
        return any(word in {"entre", "between"} for word in before.split())
    return " ".join(words) in _RANGE or " ".join(words) in _RANGE_PHRASES


def find_style(readings: Iterable[HoursReading]) -> HourStyle:
    """Returns how a column writes its hours."""
    parts = [part for each in readings for part in each.parts]
    if any(part.half for part in parts):
        return HourStyle.WITH_HALVES
    is_24 = any(part.is_24 and part.hour > 12 for part in parts)
    return HourStyle.IN_24 if is_24 else HourStyle.PLAIN


@dataclass(frozen=True)
class Hours:
    starts: time | None = None
    ends: time | None = None
    remarks: tuple[Remark, ...] = ()


def resolve(
    reading: HoursReading, style: HourStyle = HourStyle.PLAIN, half: Half = Half.NONE
) -> Hours:
    """Returns the hours of a cell, as far as they can be known, with the remarks about them. `half`
    is the answer that somebody gave for hours without a. m. or p. m."""
    value = quote(reading.text)
    if reading.is_several:
        return Hours(remarks=(remark(Field.STARTS, RemarkCode.HOUR_SEVERAL, value=value),))
    parts = reading.parts
    if len(parts) == 2:
        parts = _complete_range(*parts, style)
    if half:
        parts = tuple(
            part if part.is_sure(style) else HourParts(part.hour, part.minute, half)
            for part in parts
        )
    if parts[0].hour == 24:  # a start at 24:00 is of the next day
        return Hours(remarks=(remark(Field.STARTS, RemarkCode.HOUR_UNREADABLE, value=value),))
    if not all(part.is_sure(style) for part in parts):
        return Hours(remarks=(remark(Field.STARTS, RemarkCode.HALF_OF_DAY_UNKNOWN, value=value),))
    return Hours(parts[0].time, parts[1].time if len(parts) > 1 else None)


def _complete_range(
    start: HourParts, end: HourParts, style: HourStyle
) -> tuple[HourParts, HourParts]:
    """Returns the range, with what one end leaves out as the other tells it: «6 a 8 pm», «10 a
    2»."""
    if end.half and not start.half and not start.is_24:
        for half in (end.half, Half.AM):
            completed = HourParts(start.hour, start.minute, half)
            if completed.time < end.time:
                return completed, end
    elif start.half and not end.half and not end.is_24:
        for half in (start.half, Half.PM):
            completed = HourParts(end.hour, end.minute, half)
            if completed.time > start.time:
                return start, completed
    elif start.is_sure(style) and not start.half and not end.half and not end.is_24:
        if end.hour <= 12 and end.time <= start.time:
            return start, HourParts(end.hour, end.minute, Half.PM)
        return start, HourParts(end.hour, end.minute, is_24=True)
    return start, end


_SHORT_UNITS: Final = re.compile(
    r"(?:(?P<hours>\d{1,2}(?:[.,]\d{1,2})?)\s?(?:horas|hora|hours|hour|heures|heure|hrs|hr|hs|h)\.?)?"
    r"\s?(?:y |and |et )?(?:(?P<minutes>\d{1,3})\s?(?:minutos|minutes|minuto|min|mins|m|')?\.?)?"
)
_SPOKEN: Final = (
    ("hora y media", 90), ("una hora", 60), ("media hora", 30), ("dos horas", 120),
    ("tres horas", 180), ("une heure et demie", 90), ("une heure", 60), ("deux heures", 120),
    ("one hour", 60), ("two hours", 120), ("half an hour", 30), ("an hour and a half", 90),
)  # fmt: skip
_CLOCK: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::[0-5]\d)?")
MAX_HOURS_LONG: Final = 8  # up to here a bare number is hours: «2»
MIN_MINUTES_LONG: Final = 15  # from here on it is minutes: «90»


def read_minutes(cell: Cell) -> int | None:
    """A length in minutes: «2 h», «90», «1:30», «hora y media»; None where it is none."""
    if isinstance(cell, time):
        return cell.hour * 60 + cell.minute or None
    if isinstance(cell, timedelta):
        return round(cell.total_seconds() / 60) or None
    if isinstance(cell, bool) or cell == "":
        return None
    if isinstance(cell, int | float):
        return _bare_minutes(float(cell))
    text = " ".join(fold_marks(str(cell)).split()) if len(str(cell)) <= MAX_LENGTH else ""
    if found := _CLOCK.fullmatch(text):
        return int(found[1]) * 60 + int(found[2]) or None
    if text.replace(".", "", 1).isdigit():
        return _bare_minutes(float(text))
    spoken = next((minutes for words, minutes in _SPOKEN if text == words), None)
    if spoken is not None:
        return spoken
    with_half = text.removesuffix(" y media").removesuffix(" et demie")
    found = _SHORT_UNITS.fullmatch(with_half)
    if found is None or not (found["hours"] or found["minutes"]):
        return None
    hours = float((found["hours"] or "0").replace(",", "."))
    minutes = hours * 60 + int(found["minutes"] or 0) + 30 * (with_half != text)
    return round(minutes) if 0 < minutes <= 24 * 60 else None


def _bare_minutes(number: float) -> int | None:
    if 0 < number < 1:  # a fraction of a day, as spreadsheets count
        return round(number * 24 * 60)
    if 1 <= number <= MAX_HOURS_LONG:
        return round(number * 60)
    return round(number) if MIN_MINUTES_LONG <= number <= 24 * 60 else None
