"""Writes the calendar event of one registration: private, with the title the person chose.

Calendars are shared with families and shown on locked screens: the event has no link that is a
permission, and for a discreet kind it has the time and nothing else (S14, S15).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from icalendar import Event, vCalAddress

from outreach import clock, keystore
from outreach.domain.locations import regions
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.text import clean
from outreach.domain.workshops import Channel
from outreach.feeds import labels, serialization
from outreach.feeds.serialization import IcsText
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import current, gettext

_OPENING: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Calendar//Calendar//ES\r\nCALSCALE:GREGORIAN\r\n"
)


class Method(StrEnum):
    """The iTIP method (RFC 5546) of an event sent by mail; a downloaded file has none."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


@dataclass(frozen=True)
class MailedEvent:
    """The properties of an event that is sent by mail."""

    method: Method
    organizer: str  # the address of our mailbox
    url: str  # the workshop's page; empty where its address is a permission


def uid(registration: Registration, key: bytes, host: str) -> str:
    """Returns a UID derived from the registration's key. It is stable and reveals neither the
    manage link nor the workshop; for a discreet workshop it does not reveal the site either."""
    own_host = registration.workshop.get_uid_host(host)
    return f"cita-{keystore.derive(key, 'calendar').hex()}@{own_host}"


def write(
    registration: Registration,
    title: str,
    uid: str,
    *,
    now: datetime,
    sending: MailedEvent | None = None,
) -> bytes:
    """Writes a calendar with the event: a file to download or, with `sending`, to attach to a
    letter."""
    workshop = registration.workshop
    span = clock.span(
        registration.day,
        registration.starts,
        registration.ends,
        workshop.zone,
        is_second=workshop.is_second_hour,
    )
    start, end = (instant.astimezone(workshop.calendar_zone) for instant in span)
    is_off = workshop.is_cancelled or registration.status is RegistrationStatus.EXPIRED
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now.replace(microsecond=0))
    # An expired offer is one more change, which `changes` does not count.
    is_expired = registration.status is RegistrationStatus.EXPIRED
    event.add("sequence", workshop.sequence + registration.changes + is_expired)
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
    zone = vtimezone(workshop.calendar_zone)
    method = b"" if sending is None else f"METHOD:{sending.method}\r\n".encode()
    return b"".join([_OPENING, method, zone, lines, b"END:VCALENDAR\r\n"])


def _place(registration: Registration, *, with_name: bool) -> str:
    """Returns the place, if the person may see it: empty for a discreet kind, and the city for one
    of high sensitivity. A mailed event leaves out the name of the venue, which may be the consulate
    (`with_name`). Who takes part on line or is called goes nowhere."""
    workshop, venue = registration.workshop, registration.workshop.venue
    if workshop.is_discreet:
        return ""
    if registration.channel is not Channel.VENUE:
        is_called = registration.channel is Channel.PHONE
        return gettext(labels.BY_PHONE if is_called else labels.ONLINE)
    if venue is None or not registration.sees_address:
        return ""
    city = regions.after_city(venue.city, venue.region, current())
    if workshop.is_sensitive:
        return clean(city)
    known = (venue.name if with_name else "", venue.address, city)
    return ", ".join(clean(part) for part in known if part)
