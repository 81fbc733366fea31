"""Writes the release calendar of the figures as iCalendar: an event at the instant of each release.

Its times are in UTC, so it needs no zone; the VTIMEZONE of headquarters stands for a component
where there is no event.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from icalendar import Event
from icalendar.parser import Contentline, Parameters

from outreach import clock, formats
from outreach.clock import Month
from outreach.feeds import labels, serialization
from outreach.feeds.ics_feed import PRODID
from outreach.feeds.serialization import IcsText
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import N_, translate

_NAME: Final = N_("Calendario de publicación de las cifras")
_TITLE: Final = N_("Salen las cifras de %(month)s")


def write(coming: Iterable[tuple[Month, datetime]], lang: str, public_url: str, host: str) -> bytes:
    """Writes the whole calendar; `coming` has the months with the instants of their releases."""
    name = translate(_NAME, lang)
    header = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", PRODID),
        ("CALSCALE", "GREGORIAN"),
        ("NAME", name),
        ("X-WR-CALNAME", name),
    ]
    lines = (Contentline.from_parts(name, Parameters({}), IcsText(value)) for name, value in header)
    events = [_event(month, at, lang, public_url, host) for month, at in coming]
    zones = [] if events else [vtimezone(clock.headquarters_zone())]
    return b"".join([serialization.join_lines(lines), *zones, *events, b"END:VCALENDAR\r\n"])


def _event(month: Month, at: datetime, lang: str, public_url: str, host: str) -> bytes:
    event = Event()
    event.add("uid", f"cifras-{month}@{host}")
    event.add("dtstamp", labels.WORDED_AT)
    event.add("dtstart", at)
    event.add("dtend", at)
    event.add("transp", "TRANSPARENT")
    title = translate(_TITLE, lang, month=formats.month_and_year(month.first, lang))
    event.add("summary", IcsText(title))
    event.add("url", f"{public_url}/{lang}/cifras/{month}")
    return serialization.join_lines(event.content_lines(sorted=False))
