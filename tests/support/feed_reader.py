"""Reads feeds as calendar programs do. The results are `Any`: icalendar's types say little."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import recurring_ical_events
import vobject
from icalendar import Calendar

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar import feed_query
from outreach.feeds import ics_feed
from outreach.feeds.vevent import PublicSite

SITE = PublicSite("https://talleres.example.org", "talleres.example.org", "800 555 0100")

Occurrence = tuple[str, datetime, datetime]  # UID, start and end in UTC


def feed(
    store: Store,
    office: str | None = "chicago",
    lang: str = "es",
    *,
    today: date | None = None,
    **asked: Iterable[str],
) -> bytes:
    with store.read() as session:
        filters: dict[str, Any] = {name: list(values) for name, values in asked.items()}
        choice = feed_query.parse(session, office, **filters)
        return ics_feed.write_bytes(session, choice, lang, SITE, today=today or utc_today())


def utc_today() -> date:
    return clock.now().date()


def parsed(body: bytes) -> Any:
    return Calendar.from_ical(body)


def events_of(body: bytes) -> list[Any]:
    found: list[Any] = parsed(body).events
    return found


def unfolded(body: bytes) -> str:
    return body.decode().replace("\r\n ", "")


def by_icalendar(body: bytes) -> set[Occurrence]:
    found = recurring_ical_events.of(parsed(body)).between(date(2000, 1, 1), date(2100, 1, 1))
    return {(str(e["UID"]), e.start.astimezone(UTC), e.end.astimezone(UTC)) for e in found}


def by_vobject(body: bytes) -> set[Occurrence]:
    # vobject keeps the first block it meets of a zone for all files that a process reads.
    known = vars(vobject.icalendar)["__tzidMap"]
    for key in [key for key in known if key != "UTC"]:
        del known[key]
    return {
        (e.uid.value, e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC))
        for e in vobject.readOne(body.decode()).vevent_list
    }
