"""Checks the bytes of a feed, and its changes from one fetch to the next, against our rules.

Parses the lines itself, without a library.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

MAX_BYTES: Final = 1_000_000
_FORBIDDEN_CHARACTERS: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd]"
)
_TEXT: Final = re.compile(r"(?:[^\\;,]|\\[\\;,n])*")
_TEXTS: Final = re.compile(r"(?:[^\\;]|\\[\\;,n])*")  # comma-separated
_UID: Final = re.compile(r"taller-[0-9A-Z]{20}@[a-z0-9.-]+")
_UTC_TIME: Final = re.compile(r"\d{8}T\d{6}Z")
_LOCAL_TIME: Final = re.compile(r"\d{8}T\d{6}")
_OFFSET: Final = re.compile(r"[+-]\d{4}")
_GEO: Final = re.compile(r"-?\d{1,2}(\.\d{1,6})?;-?\d{1,3}(\.\d{1,6})?")

HEADER: Final = (
    "VERSION", "PRODID", "CALSCALE", "NAME", "X-WR-CALNAME", "DESCRIPTION", "X-WR-CALDESC",
    "LAST-MODIFIED", "URL", "SOURCE", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "COLOR",
    "X-APPLE-CALENDAR-COLOR", "X-WR-TIMEZONE",
)  # fmt: skip
# An event has no other properties: no person, no alarm, no link to a video call.
ENTRY: Final = (
    "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "STATUS", "DTSTART", "DTEND",
    "SUMMARY", "LOCATION", "DESCRIPTION", "CATEGORIES", "GEO", "RELATED-TO", "IMAGE", "URL",
    "TRANSP",
)  # fmt: skip
OPTIONAL: Final = {
    *("DESCRIPTION", "X-WR-CALDESC", "LAST-MODIFIED", "COLOR", "X-APPLE-CALENDAR-COLOR"),
    *("X-WR-TIMEZONE", "CATEGORIES", "GEO", "URL", "RELATED-TO", "IMAGE"),
}
SCHEDULE_PROPERTIES: Final = ("DTSTART", "DTEND", "STATUS")
VERSION_PROPERTIES: Final = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE")


class Line(NamedTuple):
    parameters: str
    value: str


class Part(NamedTuple):
    name: str
    lines: dict[str, Line]
    parts: list["Part"]

    def value(self, name: str) -> str:
        return self.lines[name].value if name in self.lines else ""

    def named(self, *names: str) -> list["Part"]:
        return [part for part in self.parts if part.name in names]


Entries = dict[str, Part]  # by UID


def check(body: bytes) -> Entries:
    """The events of a feed by UID. Fails if the feed breaks a rule."""
    calendar = _read(body)
    assert calendar.name == "VCALENDAR"
    assert {part.name for part in calendar.parts} <= {"VTIMEZONE", "VEVENT"}
    _check_header(calendar)
    zones, events = calendar.named("VTIMEZONE"), calendar.named("VEVENT")
    assert [part.name for part in calendar.parts] == [part.name for part in (*zones, *events)]
    for event in events:
        _check_entry(event)
    _check_zones(zones, events, calendar.value("X-WR-TIMEZONE"))
    entries = {event.value("UID"): event for event in events}
    assert len(entries) == len(events), "a UID is there once"
    if events:
        latest = max(event.value("LAST-MODIFIED") for event in events)
        assert calendar.value("LAST-MODIFIED") == latest
    return entries


def check_step(before: Entries, after: Entries) -> set[str]:
    """The UIDs of events added, removed or changed. Fails if a changed one has no newer version."""
    changed = set(before) ^ set(after)
    for uid in set(before) & set(after):
        old, new = before[uid], after[uid]
        assert int(new.value("SEQUENCE")) >= int(old.value("SEQUENCE"))
        assert new.value("LAST-MODIFIED") >= old.value("LAST-MODIFIED")
        assert new.value("CREATED") == old.value("CREATED")
        if old == new:
            continue
        changed.add(uid)
        assert new.value("LAST-MODIFIED") > old.value("LAST-MODIFIED"), (old, new)
        if any(old.lines[name] != new.lines[name] for name in SCHEDULE_PROPERTIES):
            assert int(new.value("SEQUENCE")) > int(old.value("SEQUENCE"))
    return changed


def shown(entry: Part) -> dict[str, Line]:
    """The properties of an event that a person sees."""
    return {name: line for name, line in entry.lines.items() if name not in VERSION_PROPERTIES}


def _check_header(calendar: Part) -> None:
    _check_order(calendar, HEADER)
    value = calendar.value
    assert value("VERSION") == "2.0"
    assert value("CALSCALE") == "GREGORIAN"
    assert value("NAME") == value("X-WR-CALNAME")
    assert value("DESCRIPTION") == value("X-WR-CALDESC")
    assert calendar.lines["SOURCE"].parameters == "VALUE=URI"
    assert calendar.lines["REFRESH-INTERVAL"] == Line("VALUE=DURATION", "PT1H")
    for name in ("NAME", "DESCRIPTION"):
        assert _TEXT.fullmatch(value(name))


def _check_order(part: Part, order: tuple[str, ...]) -> None:
    assert list(part.lines) == [name for name in order if name in part.lines], part.lines
    assert set(order) - set(part.lines) <= OPTIONAL, part.lines


def _check_entry(event: Part) -> None:
    _check_order(event, ENTRY)
    assert not event.parts
    value = event.value
    assert _UID.fullmatch(value("UID"))
    for name in ("DTSTAMP", "CREATED", "LAST-MODIFIED"):
        assert _UTC_TIME.fullmatch(value(name))
    assert value("DTSTAMP") == value("LAST-MODIFIED") >= value("CREATED")
    assert value("SEQUENCE").isdecimal()
    assert value("STATUS") in {"CONFIRMED", "CANCELLED"}
    assert value("TRANSP") == "TRANSPARENT"
    start, end = event.lines["DTSTART"], event.lines["DTEND"]
    assert start.parameters == end.parameters
    if start.parameters:
        assert re.fullmatch(r"TZID=[A-Za-z_]+(/[A-Za-z_]+)+", start.parameters)
    # In UTC where clocks show the hour twice.
    moment = _LOCAL_TIME if start.parameters else _UTC_TIME
    assert moment.fullmatch(start.value)
    assert moment.fullmatch(end.value)
    for name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
        assert _TEXT.fullmatch(value(name)), value(name)
    for name in ("SUMMARY", "LOCATION"):
        assert value(name)
        assert r"\n" not in value(name).replace(r"\\", "")
    assert _TEXTS.fullmatch(value("CATEGORIES"))
    assert "GEO" not in event.lines or _GEO.fullmatch(value("GEO"))
    assert re.fullmatch(r"(https://[!-~]+)?", value("URL"))
    if value("DESCRIPTION"):
        assert value("DESCRIPTION").endswith(value("URL"))


def _check_zones(zones: list[Part], events: list[Part], of_calendar: str) -> None:
    described = [zone.value("TZID") for zone in zones]
    used = {event.lines["DTSTART"].parameters.removeprefix("TZID=") for event in events} - {""}
    assert sorted(used or described) == described, "one block a zone, and no other"
    assert len(described) == len(set(described)) >= 1
    assert not of_calendar or described == [of_calendar]
    for zone in zones:
        assert list(zone.lines) == ["TZID"]
        assert zone.parts
        assert zone.parts == zone.named("STANDARD", "DAYLIGHT")
        for change in zone.parts:
            names = [name for name in change.lines if name != "RRULE"]
            assert names == ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME"]
            assert _LOCAL_TIME.fullmatch(change.value("DTSTART"))
            assert _OFFSET.fullmatch(change.value("TZOFFSETFROM"))
            assert _OFFSET.fullmatch(change.value("TZOFFSETTO"))


def _read(body: bytes) -> Part:
    assert len(body) <= MAX_BYTES
    top = Part("", {}, [])
    open_parts = [top]
    for line in _unfolded(body):
        head, _, value = line.partition(":")
        name, _, parameters = head.partition(";")
        assert re.fullmatch("[A-Z-]+", name), line
        if name == "BEGIN":
            part = Part(value, {}, [])
            open_parts[-1].parts.append(part)
            open_parts.append(part)
        elif name == "END":
            assert open_parts.pop().name == value
        else:
            assert name not in open_parts[-1].lines, f"{name} twice"
            open_parts[-1].lines[name] = Line(parameters, value)
    assert open_parts == [top]
    [calendar] = top.parts
    return calendar


def _unfolded(body: bytes) -> Iterator[str]:
    """The unfolded lines; fails if a line breaks a rule of bytes."""
    assert body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.endswith(b"\r\nEND:VCALENDAR\r\n")
    whole = ""
    for raw in body[:-2].split(b"\r\n"):
        assert 1 <= len(raw) <= 75
        line = raw.decode("utf-8")  # no character is cut in two
        assert not _FORBIDDEN_CHARACTERS.search(line), line
        if not line.startswith(" "):
            if whole:
                yield whole
            whole = line
            continue
        backslashes = len(whole) - len(whole.rstrip("\\"))
        assert backslashes % 2 == 0, "cut between a backslash and its letter"
        whole += line[1:]
    yield whole
