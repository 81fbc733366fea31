"""Reads the events of an iCalendar file (RFC 5545), with limits on its size and depth.

Only the properties that a workshop needs are read. A time zone is found by its name; a file whose
VTIMEZONE has other UTC offsets is refused. `local_times` refuses recurring events, since each date
is a workshop of its own; `guess.recurring_events` reads their dates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import vDuration
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from outreach import clock
from outreach.domain.text import clean
from outreach.domain.workshops import UID_PREFIX
from outreach.errors import Refusal
from outreach.imports import csv_tables
from outreach.imports.import_errors import ImportErrorCode, UnreadableFile
from outreach.imports.sheets import text_tables

MAX_LINE_LENGTH: Final = 65_536  # characters, after unfolding
# Not parsed by icalendar, which decodes a literal «%2C» as a comma.
_HEAD: Final = re.compile(
    r'[A-Za-z0-9-]+((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):'
)
_TZID: Final = re.compile(r';TZID=(?:"([^"]*)"|([^";:,]*))', re.IGNORECASE)
MAX_LINES: Final = 250_000  # 50 for each of 5,000 events
MAX_DEPTH: Final = 4
MAX_PROPERTIES: Final = 60  # different names that are told
_READ_PROPERTIES: Final = frozenset(
    ("UID", "DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "STATUS", "CATEGORIES")
)
_RECURRENCE_PROPERTIES: Final = frozenset({"RRULE", "RDATE", "EXRULE", "RECURRENCE-ID"})
_DATE_PROPERTIES: Final = frozenset({"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,60}(?=[:;])")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_DATE_TIME: Final = re.compile(r"(\d{8})T(\d{6})(Z?)", re.ASCII)
_DAY: Final = re.compile(r"\d{8}", re.ASCII)
# A fold within a UTF-8 character, as RFC 5545, 3.1 allows: its rest is moved before the fold.
_CUT_CHARACTER: Final = re.compile(rb"([\xc2-\xf4][\x80-\xbf]{0,2})(\r?\n[ \t])([\x80-\xbf]{1,3})")
# Public feeds and the calendars of staff have the same workshops.
_OWN_UID: Final = re.compile(r"(?:taller|mio)-([0-9A-Z]{20})(?:@.*)?", re.DOTALL)
_OFFSET: Final = re.compile(r"([+-])(\d{2})(\d{2})(?:\d{2})?", re.ASCII)


@dataclass
class IcalEvent:
    """One VEVENT: texts unescaped, times unparsed."""

    line: int
    uid: str = ""
    summary: str = ""
    location: str = ""
    status: str = ""
    categories: list[str] = field(default_factory=list)
    starts: tuple[str, str] | None = None  # value and TZID
    ends: tuple[str, str] | None = None
    lasts: str = ""
    repeats: str = ""  # the name of its recurrence property
    rule: str = ""  # RRULE
    # Values and TZID of RDATE, EXDATE and RECURRENCE-ID.
    more_dates: list[tuple[str, str]] = field(default_factory=list)
    excluded: list[tuple[str, str]] = field(default_factory=list)
    replaces: tuple[str, str] | None = None


@dataclass(frozen=True)
class IcalCalendar:
    events: list[IcalEvent]
    offsets: dict[str, frozenset[timedelta]]  # the UTC offsets of its VTIMEZONE, by TZID
    properties: tuple[str, ...] = ()  # the names that its events have


def own_id(uid: str) -> str:
    """Returns the id of the workshop whose UID in our own feeds this is, as a file of workshops has
    it; empty for the UID of another program."""
    found = _OWN_UID.fullmatch(clean(uid))
    return f"{UID_PREFIX}{found[1]}" if found else ""


def read(name: str, data: bytes, *, most: int) -> IcalCalendar:
    """The events of a file. Raises UnreadableFile if it is no calendar or exceeds a limit."""
    text = text_tables.decode_utf8(name, _CUT_CHARACTER.sub(rb"\1\3\2", data))
    return _Reader(name, most).calendar(text)


class _Reader:
    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self._path: list[str] = []
        self._events: list[IcalEvent] = []
        self._zone = ""
        self._offsets: dict[str, set[timedelta]] = {}
        self._is_over = False
        self._properties: dict[str, None] = {}

    def calendar(self, text: str) -> IcalCalendar:
        for number, line in _unfolded(self._name, text):
            found = _NAME.match(line)
            if found is None:
                raise self._unreadable_line(number)
            self._read_line(number, found[0].upper(), line)
        if self._path or not self._is_over:
            raise UnreadableFile(ImportErrorCode.CALENDAR_CUT_OFF, name=self._name)
        if not self._events:
            raise UnreadableFile(ImportErrorCode.CALENDAR_EMPTY, name=self._name)
        offsets = {zone: frozenset(found) for zone, found in self._offsets.items()}
        return IcalCalendar(self._events, offsets, tuple(self._properties)[:MAX_PROPERTIES])

    def _read_line(self, number: int, name: str, line: str) -> None:
        if name == "BEGIN":
            self._begin(number, line[6:].strip().upper())
        elif name == "END":
            if not self._path or self._path.pop() != line[4:].strip().upper():
                raise UnreadableFile(
                    ImportErrorCode.CALENDAR_END_UNMATCHED, name=self._name, line=number
                )
            self._is_over = not self._path
        elif not self._path:
            raise UnreadableFile(
                ImportErrorCode.CALENDAR_LINE_OUTSIDE, name=self._name, line=number
            )
        elif self._path[-1] == "VEVENT":
            self._read_property(number, name, line)
        elif "VTIMEZONE" in self._path and name in {"TZID", "TZOFFSETTO"}:
            self._read_zone(name, line)

    def _unreadable_line(self, number: int) -> UnreadableFile:
        return UnreadableFile(
            ImportErrorCode.CALENDAR_LINE_UNREADABLE, name=self._name, line=number
        )

    def _begin(self, number: int, component: str) -> None:
        self._path.append(component)
        if len(self._path) > MAX_DEPTH:
            raise UnreadableFile(ImportErrorCode.CALENDAR_TOO_DEEP, name=self._name, line=number)
        if component == "VEVENT":
            if len(self._events) >= self._most:
                raise UnreadableFile(
                    ImportErrorCode.CALENDAR_WITH_TOO_MANY_EVENTS,
                    name=self._name,
                    most=f"{self._most:,}",
                )
            self._events.append(IcalEvent(number))

    def _read_zone(self, name: str, line: str) -> None:
        value = line.rpartition(":")[2].strip()
        if name == "TZID":
            self._zone = value
            return
        found = _OFFSET.fullmatch(value)
        if found:
            size = timedelta(hours=int(found[2]), minutes=int(found[3]))
            self._offsets.setdefault(self._zone, set()).add(-size if found[1] == "-" else size)

    def _read_property(self, number: int, name: str, line: str) -> None:
        event = self._events[-1]
        self._properties[name] = None
        if name in _RECURRENCE_PROPERTIES:
            event.repeats = name
        if name not in _READ_PROPERTIES | _DATE_PROPERTIES:
            return
        head = _HEAD.match(line)
        if head is None:
            raise self._unreadable_line(number)
        tzid, value = _TZID.search(head[1]), line[head.end() :]
        zone = (tzid[1] or tzid[2]) if tzid else ""
        if name in _DATE_PROPERTIES:
            _add_dates(event, name, value.strip(), zone)
        elif name == "DTSTART":
            event.starts = (value, zone)
        elif name == "DTEND":
            event.ends = (value, zone)
        elif name == "CATEGORIES":
            event.categories += [unescape(each) for each in re.split(r"(?<!\\),", value)]
        else:
            attributes = {"UID": "uid", "DURATION": "lasts", "STATUS": "status"}
            text = unescape(value) if name in {"SUMMARY", "LOCATION"} else value.strip()
            setattr(event, attributes.get(name, name.lower()), text)


def _add_dates(event: IcalEvent, name: str, value: str, zone: str) -> None:
    if name == "RRULE":
        event.rule = value
    elif name == "RECURRENCE-ID":
        event.replaces = (value, zone)
    else:
        dates = event.more_dates if name == "RDATE" else event.excluded
        dates += [(each.strip(), zone) for each in value.split(",")]


def local_times(
    event: IcalEvent, home: ZoneInfo, calendar: IcalCalendar
) -> tuple[datetime, datetime]:
    """Returns start and end in the zone of the event; UTC and floating times are put in `home`.

    Raises Refusal if the event recurs, or has no readable start and end.
    """
    if event.repeats:
        raise Refusal(ImportErrorCode.EVENT_REPEATS, rule=event.repeats)
    if event.starts is None:
        raise Refusal(ImportErrorCode.EVENT_WITHOUT_START)
    starts = local_time(*event.starts, home, calendar)
    if event.ends is not None:
        return starts, local_time(*event.ends, home, calendar).astimezone(starts.tzinfo)
    return starts, (starts.astimezone(UTC) + _duration(event)).astimezone(starts.tzinfo)


def _duration(event: IcalEvent) -> timedelta:
    try:
        found: timedelta = vDuration.from_ical(event.lasts)  # type: ignore[no-untyped-call]  # icalendar has no type here
    except (ValueError, OverflowError):
        found = timedelta()
    if not timedelta() < found <= timedelta(days=2):
        raise Refusal(ImportErrorCode.EVENT_WITHOUT_END)
    return timedelta(seconds=found.total_seconds())


def local_time(value: str, zone_name: str, home: ZoneInfo, calendar: IcalCalendar) -> datetime:
    """A DATE-TIME in its zone; UTC and floating times in `home`. Raises Refusal."""
    found = _DATE_TIME.fullmatch(value.strip())
    if found is None:
        if _DAY.fullmatch(value.strip()):
            raise Refusal(ImportErrorCode.EVENT_WITHOUT_HOUR)
        raise Refusal(ImportErrorCode.EVENT_TIME_UNREADABLE, value=value[:30])
    try:
        wall = datetime.strptime(found[1] + found[2], "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock
    except ValueError:
        raise Refusal(ImportErrorCode.EVENT_TIME_IMPOSSIBLE, value=value[:30]) from None
    if not csv_tables.is_likely(wall.date()):
        raise Refusal(ImportErrorCode.EVENT_YEAR_UNLIKELY, year=wall.year)
    wall = wall.replace(second=0)
    if found[3]:
        return wall.replace(tzinfo=UTC).astimezone(home)
    zone = _zone(zone_name) if zone_name else home
    local_time = wall.replace(tzinfo=zone)
    offsets = calendar.offsets.get(zone_name)
    if offsets and local_time.utcoffset() not in offsets:
        raise Refusal(ImportErrorCode.EVENT_ZONE_CONTRADICTED, zone=zone.key)
    return local_time


def _zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, a Windows name, or an IANA name after a vendor's prefix."""
    candidates = [name, WINDOWS_TO_OLSON.get(name, ""), "/".join(name.split("/")[-2:])]
    for each in candidates:
        if each and len(each) <= 40 and clock.is_zone(each):
            return ZoneInfo(each)
    raise Refusal(ImportErrorCode.EVENT_ZONE_UNKNOWN, zone=name[:40])


def unescape(text: str) -> str:
    r"""The text without backslash escapes (RFC 5545, section 3.3.11), read from left to right:
    `\\n` is a backslash and an n."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _unfolded(name: str, text: str) -> Iterator[tuple[int, str]]:
    """Returns each unfolded line (RFC 5545, section 3.1) with the number of its first part."""
    if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
        raise UnreadableFile(ImportErrorCode.CALENDAR_TOO_LARGE, name=name)
    parts, first, size = list[str](), 1, 0
    for number, found in enumerate(_LINE.finditer(text), 1):
        line = found[0].rstrip("\r\n")
        if len(line) > MAX_LINE_LENGTH:
            raise UnreadableFile(ImportErrorCode.CALENDAR_TOO_LARGE_AT_LINE, name=name, line=number)
        if line[:1] in {" ", "\t"} and parts:
            size += len(line)
            if size > MAX_LINE_LENGTH:
                raise UnreadableFile(ImportErrorCode.CALENDAR_LINE_TOO_LONG, name=name, line=first)
            parts.append(line[1:])
            continue
        if parts and parts[0]:
            yield first, "".join(parts)
        parts, first, size = [line], number, len(line)
    if parts and parts[0]:
        yield first, "".join(parts)
