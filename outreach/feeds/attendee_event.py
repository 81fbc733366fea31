"""One person's own entry: private, with the title they chose, and without a way back to us.

Calendars are shared with families and shown on locked screens: nothing in it is a permission,
and for a discreet kind it says when, and no more (S14, S15).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from icalendar import Event, vCalAddress

from outreach import clock, keystore
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.text import clean
from outreach.feeds import serialization
from outreach.feeds.serialization import IcsText
from outreach.feeds.vtimezone import vtimezone

_OPENING: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Calendar//Calendar//ES\r\nCALSCALE:GREGORIAN\r\n"
)


class Method(StrEnum):
    """Of an entry that comes by mail; a file to open has none."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class Sending:
    """What only an entry that comes by mail says."""

    method: Method
    organizer: str  # a mailbox of ours, nobody's name
    url: str  # the workshop's own page; empty where that is a permission


def uid(key: bytes, host: str) -> str:
    """From the registration's own key: it leads neither to the link nor to the workshop, and stays
    the same."""
    return f"cita-{keystore.derive(key, 'calendar').hex()}@{host}"


def write(
    registration: Registration,
    title: str,
    uid: str,
    *,
    now: datetime,
    sending: Sending | None = None,
) -> bytes:
    """A file to open once or, `sending`, what goes with a letter."""
    workshop = registration.workshop
    span = clock.span(registration.day, registration.starts, registration.ends, workshop.zone)
    start, end = (instant.astimezone(workshop.zone) for instant in span)
    is_off = workshop.is_cancelled or registration.status is RegistrationStatus.EXPIRED
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now.replace(microsecond=0))
    # Losing the place is one more change, and nothing else has counted it.
    is_lost = registration.status is RegistrationStatus.EXPIRED
    event.add("sequence", workshop.sequence + registration.changes + is_lost)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", IcsText(clean(title)))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if is_off else "OPAQUE")
    if where := _place(registration, with_name=sending is None):
        event.add("location", IcsText(where))
    if sending is not None:
        event.add("organizer", vCalAddress(f"mailto:{sending.organizer}"))
        if sending.url:
            event.add("url", sending.url)
    lines = serialization.join_lines(event.content_lines(sorted=False))
    zone = vtimezone(workshop.zone, start.date(), end.date())
    method = b"" if sending is None else f"METHOD:{sending.method}\r\n".encode()
    return b"".join([_OPENING, method, zone, lines, b"END:VCALENDAR\r\n"])


def _place(registration: Registration, *, with_name: bool) -> str:
    """Only to who may read it, and never of a discreet kind. By mail without the name of the
    house: that may be the consulate's."""
    workshop, venue = registration.workshop, registration.workshop.venue
    if workshop.is_discreet or venue is None or not registration.sees_address:
        return ""
    known = (venue.name if with_name else "", venue.address, venue.city, venue.region)
    return ", ".join(clean(part) for part in known if part)
