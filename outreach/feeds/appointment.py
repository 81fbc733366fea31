"""One person's own entry: private, with the title they chose, and without a way back to us.

Calendars are shared with families and shown on locked screens: nothing in it is a permission,
and for a discreet kind it says when, and no more (safety.md S14, S15).
"""

from datetime import datetime
from typing import Final

from icalendar import Event

from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.feeds.event import wall_clock
from outreach.feeds.timezones import vtimezone

_OPENING: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Outreach//Workshops//ES\r\nCALSCALE:GREGORIAN\r\n"
)


def write(workshop: Workshop, title: str, uid: str, *, now: datetime) -> bytes:
    """A file to open once. `uid` leads neither to the workshop nor to the registration."""
    start, end = wall_clock(workshop)
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("sequence", workshop.sequence)
    event.add("status", "CANCELLED" if workshop.is_cancelled else "CONFIRMED")
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", clean(title))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    venue = workshop.venue
    if not workshop.is_discreet and not workshop.has_secret_address and venue is not None:
        known = (venue.name, venue.address, venue.city, venue.region)
        event.add("location", ", ".join(clean(part) for part in known if part))
    lines: bytes = event.to_ical(sorted=False)
    zone = vtimezone(workshop.zone, start.date(), end.date())
    return b"".join([_OPENING, zone, lines, b"END:VCALENDAR\r\n"])
