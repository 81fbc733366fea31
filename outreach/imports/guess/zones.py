"""Reads the time zone that a cell, a heading or a title names: «-08:00», «Z», «hora del Este».

`split` takes it off an hour, so that `dates` and `hours` never see the digits of an offset. «CST»
is the zone of its region: people write it all year, and in Arizona «MST» is their own clock
(`is_own`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from outreach import clock
from outreach.domain.text import fold

MAX_LENGTH: Final = 120  # characters: a longer text names no zone
_MAX_OFFSET: Final = timedelta(hours=14)
_WINTER: Final = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class ZonedText:
    """A text without the zone that it named. `zone` is None where it named none."""

    text: str
    zone: tzinfo | None = None


def _listed(lines: str) -> Mapping[str, str]:
    pairs = (line.split(":", 1) for line in lines.strip().splitlines())
    return MappingProxyType(
        {word.strip(): zone.strip() for zone, words in pairs for word in words.split("|")}
    )


# Written in capitals only: «est» and «et» are words of French.
_ABBREVIATIONS: Final = _listed(
    """
    US/Eastern: ET|EST|EDT
    US/Central: CT|CST|CDT
    US/Mountain: MT|MST|MDT
    US/Pacific: PT|PST|PDT
    America/Anchorage: AKT|AKST|AKDT
    Pacific/Honolulu: HST
    America/Halifax: AST|ADT
    America/St_Johns: NST|NDT
    UTC: UTC|GMT
    """
)
_NAMES: Final = _listed(
    """
    US/Eastern: eastern|eastern time|eastern standard time|eastern daylight time|hora del este
    US/Eastern: tiempo del este|este|heure de l est|hora este
    US/Central: central|central time|central standard time|central daylight time|hora del centro
    US/Central: hora central|tiempo del centro|tiempo central|centro|heure du centre
    US/Mountain: mountain|mountain time|mountain standard time|mountain daylight time
    US/Mountain: hora de la montana|hora de las montanas|tiempo de la montana|montana
    US/Mountain: heure des rocheuses
    US/Pacific: pacific|pacific time|pacific standard time|pacific daylight time|hora del pacifico
    US/Pacific: tiempo del pacifico|pacifico|heure du pacifique
    America/Anchorage: alaska|alaska time|hora de alaska
    Pacific/Honolulu: hawaii|hawaii time|hora de hawai
    America/Halifax: atlantic time|atlantic standard time|hora del atlantico|heure de l atlantique
    America/Mexico_City: hora de mexico|hora cdmx|hora de la ciudad de mexico|tiempo de mexico
    America/Mexico_City: mexico city time|hora del centro de mexico
    UTC: utc|gmt|z|zulu|universal|hora universal|coordinated universal time
    UTC: tiempo universal coordinado|greenwich
    """
)
_PHRASES: Final = "|".join(
    sorted(
        (words.replace(" ", r"[ ']+") for words in _NAMES if " " in words), key=len, reverse=True
    )
)
_FRACTION: Final = re.compile(r"(:\d\d)[.,]\d{1,9}(?!\d)")
# An offset stands right after the seconds, or after the minutes of an ISO 8601 moment:
# «07:00-08:00» is two hours. A sign «+» and four digits without a colon are no hour.
_OFFSET: Final = re.compile(
    r"(?P<before>T\d\d:?\d\d(?::?\d\d)?|\d:\d\d:\d\d)\s?(?P<sign>[+−-])(?P<hours>\d\d):?(?P<minutes>\d\d)?$"
    r"|(?P<before2>\d:\d\d(?::\d\d)?)\s?(?P<sign2>\+)(?P<hours2>\d\d):?(?P<minutes2>\d\d)$"
    r"|(?P<before3>\d:\d\d(?::\d\d)?)\s(?P<sign3>[−-])(?P<hours3>\d\d)(?P<minutes3>\d\d)$"
)
_NAMED_OFFSET: Final = re.compile(
    r"\(?\b(?:UTC|GMT)\s?(?P<sign>[+−-])\s?(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?\b\)?"
)
_ZULU: Final = re.compile(r"(?<=\d)Z$")
_BRACKETS: Final = re.compile(r"\[(?P<name>[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)+)\]$")
_IANA: Final = re.compile(r"\b[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?")
_CAPITALS: Final = re.compile(
    r"(?<=[\dmMhs. )])\s*\(?\b(?P<name>" + "|".join(_ABBREVIATIONS) + r")\b\)?"
)
_WORDS: Final = re.compile(r"[\s(,]*\b(?P<name>" + _PHRASES + r")\b\)?")


def is_own(zone: tzinfo, home: ZoneInfo) -> bool:
    """Whether a zone is that of the office: the same, or a region that has its hours in winter, as
    Arizona and Saskatchewan have, which change no clocks."""
    if not isinstance(zone, ZoneInfo):
        return False
    is_region = zone.key.startswith("US/")
    return zone.key == home.key or (
        is_region and _WINTER.astimezone(zone).utcoffset() == _WINTER.astimezone(home).utcoffset()
    )


def name(zone: tzinfo) -> str:
    """Returns what a zone is called in a message: «America/Chicago», «UTC-08:00»."""
    return zone.key if isinstance(zone, ZoneInfo) else str(zone)


def find(text: str) -> tzinfo | None:
    """The zone of a text that says nothing else: a cell of a column «Time Zone»."""
    text = " ".join(text.split())
    if not text or len(text) > MAX_LENGTH:
        return None
    return _find(text)


@lru_cache(maxsize=1_000)
def _find(text: str) -> tzinfo | None:
    if clock.is_zone(text) and "/" in text:
        return ZoneInfo(text)
    known = _ABBREVIATIONS.get(text.strip("()").upper())
    known = known or WINDOWS_TO_OLSON.get(text) or _NAMES.get(fold(text))
    if known:
        return _zone(known)
    if clock.is_zone(city := f"America/{text.title().replace(' ', '_')}"):
        return ZoneInfo(city)
    # «(UTC-06:00) Central Time (US & Canada)»: the offset is that of winter, the name says more.
    if (named := _WORDS.search(_fold_aligned(text))) is not None:
        return _zone(_NAMES[fold(named["name"])])
    if (iana := _IANA.search(text)) is not None and clock.is_zone(iana[0]):
        return ZoneInfo(iana[0])
    if (offset := _NAMED_OFFSET.search(text)) is not None:
        return _offset(offset["sign"], offset["hours"], offset["minutes"])
    if bare := re.fullmatch(r"([+−-])(\d\d?)(?::?(\d\d))?", text):
        return _offset(bare[1], bare[2], bare[3])
    return None


def find_within(text: str) -> tzinfo | None:
    """The zone that a heading or a title names among other words: «Hora (CT)», «Todas las horas son
    hora del Pacífico»."""
    if not text or len(text) > MAX_LENGTH:
        return None
    if "/" in text and clock.is_zone(text):
        return ZoneInfo(text)
    offset = _NAMED_OFFSET.search(text)
    if offset is not None:
        return _offset(offset["sign"], offset["hours"], offset["minutes"])
    if (named := _WORDS.search(_fold_aligned(text))) is not None:
        return _zone(_NAMES[fold(named["name"])])
    in_brackets = re.search(r"\(([A-Z]{2,4})\)|\b([A-Z]{3})$|\b(UTC|GMT)\b", text)
    if in_brackets is None:
        return None
    name = next(each for each in in_brackets.groups() if each)
    return _zone(_ABBREVIATIONS[name]) if name in _ABBREVIATIONS else None


@lru_cache(maxsize=16_384)
def split(text: str) -> ZonedText:
    """The text of an hour, or of a day with one, without the zone; the first that is named counts.
    Fractions of a second are dropped too."""
    if len(text) > MAX_LENGTH or not any(map(str.isdigit, text)):
        return ZonedText(text)
    rest, zone = _FRACTION.sub(r"\1", text.strip()), None
    for _times in range(3):  # «GMT-0800 (Pacific Standard Time)»
        found = _take(rest)
        if found is None:
            break
        rest, zone = found.text, zone or found.zone
    return ZonedText(rest, zone) if zone is not None or rest != text.strip() else ZonedText(text)


def find_end(text: str, start: int) -> int:
    """Returns where the zone ends that the text names at `start`; `start` if there is none."""
    for pattern in (_NAMED_OFFSET, _CAPITALS):
        if (found := pattern.match(text, start)) is not None:
            return found.end()
    found = _WORDS.match(_fold_aligned(text), start)
    return found.end() if found is not None else start


def _take(text: str) -> ZonedText | None:
    if _ZULU.search(text) and re.search(r"\d:?\d\dZ$", text):
        return ZonedText(text[:-1], UTC)
    if (found := _BRACKETS.search(text)) is not None and clock.is_zone(found["name"]):
        return ZonedText(text[: found.start()].strip(), ZoneInfo(found["name"]))
    if (found := _NAMED_OFFSET.search(text)) is not None:
        zone = _offset(found["sign"], found["hours"], found["minutes"])
        return ZonedText(_cut(text, found), zone) if zone is not None else None
    if (found := _OFFSET.search(text)) is not None:
        number = next(each for each in ("", "2", "3") if found[f"before{each}"])
        zone = _offset(found[f"sign{number}"], found[f"hours{number}"], found[f"minutes{number}"])
        end = found.end(f"before{number}")
        return ZonedText(text[:end], zone) if zone is not None else None
    if (found := _CAPITALS.search(text)) is not None:
        return ZonedText(_cut(text, found), _zone(_ABBREVIATIONS[found["name"]]))
    if (found := _WORDS.search(_fold_aligned(text))) is not None:
        return ZonedText(_cut(text, found), _zone(_NAMES[fold(found["name"])]))
    if (found := _IANA.search(text)) is not None and clock.is_zone(found[0]):
        return ZonedText(_cut(text, found).replace("()", "").strip(), ZoneInfo(found[0]))
    return None


def _cut(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}".strip()


def _fold_aligned(text: str) -> str:
    """The text without capitals and accents, each letter in its place."""
    return "".join(
        folded if len(folded := fold(letter)) == 1 else (letter if letter in "()[],.'" else " ")
        for letter in text
    )


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    """The zone of an offset; None for one that no place has."""
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _MAX_OFFSET or int(minutes or 0) > 59:
        return None
    return timezone(size if sign == "+" else -size)
