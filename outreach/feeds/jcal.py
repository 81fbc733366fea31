"""Writes the calendar feed, from today on, as jCal (RFC 7265).

icalendar parses the feed's own text and writes its components, so jCal says what the .ics says.
It does not know the properties of RFC 7986 by type, so `NAME` and `COLOR` are set as text here.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from icalendar import Calendar, Component, Event, Timezone, vDDDTypes, vText, vUri
from icalendar.prop import vUnknown
from sqlalchemy.orm import Session

from outreach.domain.calendar.feed_query import FeedQuery
from outreach.feeds import ics_feed, upcoming
from outreach.feeds.serialization import IcsText
from outreach.feeds.upcoming import UpcomingCut, UpcomingEvent, UpcomingFeed
from outreach.feeds.vevent import PublicSite

MIMETYPE: Final = "application/calendar+json"


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """Writes the workshops of a query from `today` (UTC) on, as UTF-8 JSON.

    Raises UnknownFilter for a discreet kind.
    """
    feed = upcoming.read(session, choice, lang, site, today=today)
    texts = [_dump(Event.from_ical(event.ics)) for event in feed.events]
    cut = upcoming.fit(feed, texts, lang)
    events = feed.events[: cut.count]
    source = ics_feed.address(choice, lang, site.public_url, "jcal")
    properties = _head(feed, events, cut, source).to_jcal()[1]
    zones = _zones(feed, events)
    components = b",\n".join([*(_dump(zones[key]) for key in sorted(zones)), *texts[: cut.count]])
    return b"".join([b'["vcalendar",', _json(properties), b",[\n", components, b"\n]]\n"])


def _head(
    feed: UpcomingFeed, events: Sequence[UpcomingEvent], cut: UpcomingCut, source: str
) -> Calendar:
    """The calendar's own properties, corrected for the events that are left."""
    calendar = Calendar.from_ical(feed.head + "END:VCALENDAR\r\n")
    calendar["DESCRIPTION"] = vText(cut.about)
    # RFC 7265, section 5.2: the value of an unknown type keeps its escapes.
    calendar["X-WR-CALDESC"] = vUnknown(IcsText(cut.about).to_ical().decode())
    calendar["SOURCE"] = vUri(source)
    for name in {"NAME", "COLOR"} & set(calendar):
        calendar[name] = vText(feed.text(name))
    if events:
        calendar["LAST-MODIFIED"] = vDDDTypes(upcoming.changed_at(events))
    else:
        calendar.pop("LAST-MODIFIED", None)
    return calendar


def _zones(feed: UpcomingFeed, events: Sequence[UpcomingEvent]) -> dict[str, Component]:
    """Returns the VTIMEZONE components of these events by TZID; without events, all of the feed."""
    zones = {str(zone["TZID"]): zone for zone in map(Timezone.from_ical, feed.zones)}
    used = {event.lines["DTSTART"].parameters.get("TZID") for event in events} or set(zones)
    return {key: zone for key, zone in zones.items() if key in used}


def _dump(component: Component) -> bytes:
    return _json(component.to_jcal())


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
