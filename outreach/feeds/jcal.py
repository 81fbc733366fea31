"""The calendar as jCal (RFC 7265): line by line what the .ics says, from today on, as JSON."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import ics_feed, upcoming
from outreach.feeds.upcoming import UpcomingCut, UpcomingEvent, UpcomingFeed, UpcomingItem
from outreach.feeds.vevent import PublicSite

MIMETYPE: Final = "application/calendar+json"

# What a value is where the line does not say; text, if it is not here.
_TYPES: Final = {
    "CREATED": "date-time",
    "DTSTAMP": "date-time",
    "DTSTART": "date-time",
    "DTEND": "date-time",
    "LAST-MODIFIED": "date-time",
    "SEQUENCE": "integer",
    "GEO": "float",
    "URL": "uri",
    "RRULE": "recur",
    "TZOFFSETFROM": "utc-offset",
    "TZOFFSETTO": "utc-offset",
}
_APART: Final = re.compile(r"(?<!\\)((?:\\\\)*),")  # a comma that no backslash escapes

Property = list[Any]
Component = list[Any]


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """The workshops of a choice from `today` (UTC) on. Raises Unknown for a discreet kind."""
    found = upcoming.read(session, choice, lang, site, today=today)
    texts = [_bytes(_event(each)) for each in found.events]
    cut = upcoming.fit(found, texts, lang)
    events = found.events[: cut.count]
    source = ics_feed.address(choice, lang, site.public_url, "jcal")
    head = [_property(line) for line in _head(found, events, cut, source)]
    used = {event.lines["DTSTART"].parameters["TZID"] for event in events} or set(found.zones)
    zones = [_bytes(_component(iter(found.zones[key][1:]), "vtimezone")) for key in sorted(used)]
    parts = b",\n".join([*zones, *texts[: cut.count]])
    return b"".join([b'["vcalendar",', _bytes(head), b",[\n", parts, b"\n]]\n"])


def _head(
    found: UpcomingFeed, events: Sequence[UpcomingEvent], cut: UpcomingCut, source: str
) -> Iterator[UpcomingItem]:
    """The calendar's own lines, true of what is left of it."""
    about = cut.about.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    changed = {
        "DESCRIPTION": about,
        "X-WR-CALDESC": about,
        "SOURCE": source,
        "LAST-MODIFIED": f"{upcoming.changed_at(events):%Y%m%dT%H%M%SZ}",
    }
    for line in found.head:
        if line.name == "LAST-MODIFIED" and not events:
            continue
        yield line._replace(value=changed.get(line.name, line.value))


def _event(event: UpcomingEvent) -> Component:
    return ["vevent", [_property(line) for line in event.lines.values()], []]


def _component(lines: Iterator[UpcomingItem], name: str) -> Component:
    """What the lines say up to the END of this component."""
    properties: list[Property] = []
    within: list[Component] = []
    for line in lines:
        if line.name == "END":
            break
        if line.name == "BEGIN":
            within.append(_component(lines, line.value.lower()))
        else:
            properties.append(_property(line))
    return [name, properties, within]


def _property(line: UpcomingItem) -> Property:
    parameters = {key.lower(): said for key, said in line.parameters.items() if key != "VALUE"}
    kind = line.parameters.get("VALUE", "").lower() or _TYPES.get(line.name, "text")
    if line.name.startswith("X-"):
        # Of a type that is not known nothing is undone (RFC 7265, section 5).
        return [line.name.lower(), parameters, "unknown", line.value]
    if line.name == "CATEGORIES":
        each = _APART.sub("\\1\0", line.value).split("\0")
        return ["categories", parameters, kind, *(line._replace(value=v).text for v in each)]
    return [line.name.lower(), parameters, kind, _value(kind, line)]


def _value(kind: str, line: UpcomingItem) -> Any:
    text = line.value
    if kind == "date-time":
        return f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"
    if kind == "integer":
        return int(text)
    if kind == "float":
        return [float(part) for part in text.split(";")]
    if kind == "utc-offset":
        return f"{text[:3]}:{text[3:]}"
    if kind == "recur":
        parts = (part.partition("=") for part in text.split(";"))
        return {key.lower(): int(said) if said.isdigit() else said for key, _is, said in parts}
    return line.text if kind == "text" else text


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
