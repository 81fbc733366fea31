"""Workshops as an iCalendar feed, byte for byte the same until something in it changes.

No part of it comes from the request or from the hour: the command line, every process and every
host write the same bytes on the same (UTC) day, so that an ETag means something.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from icalendar import vText, vUri
from icalendar.parser import Contentline, Parameters
from sqlalchemy.orm import Session

from outreach.domain import calendars
from outreach.domain.calendars import NETWORK, Choice, Entry
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.feeds import event, words
from outreach.feeds.event import Site
from outreach.feeds.shelf import Shelf
from outreach.feeds.timezones import vtimezone
from outreach.languages import say

LARGEST: Final = 900_000  # bytes; Google's limit is 1 MB, and what is over it is lost silently
HEADER_ROOM: Final = 10_000  # for the header and its zones
DAY: Final = timedelta(days=1)
PRODID: Final = "-//Outreach//Workshops//ES"  # constant: it is in every ETag


@dataclass(frozen=True)
class Window:
    """How far a feed looks back and ahead, in days."""

    back: int
    ahead: int


OFFICE_WINDOW: Final = Window(90, 365)
NETWORK_WINDOW: Final = Window(30, 120)


@dataclass(frozen=True)
class Cut:
    """The events that fit."""

    entries: Sequence[Entry]
    texts: Sequence[bytes]
    reaches: date | None = None  # the last day it holds, if not all could stay


def feed(
    session: Session,
    choice: Choice,
    lang: str,
    site: Site,
    *,
    today: date,
    shelf: Shelf[bytes] | None = None,
) -> bytes:
    """The feed of a choice, as it is on `today` (UTC). `shelf` remembers the text of each event."""
    window = _window(choice)
    since = today - window.back * DAY
    until = today + (window.ahead + 1) * DAY
    found = calendars.entries(session, choice, since=since, until=until, today=today)
    shelf = Shelf(0) if shelf is None else shelf
    cut = _fit(session, found, lang, site, today, shelf)
    zones = {entry.zone.key: entry.zone for entry in cut.entries}
    if choice.office and not zones:
        # A calendar has to have something in it.
        zones = {choice.office.zone.key: choice.office.zone}
    header = _header(choice, lang, site, cut, list(zones.values()))
    blocks = [_zone(zones[key], cut.entries, today) for key in sorted(zones)]
    return b"".join([header, *blocks, *cut.texts, b"END:VCALENDAR\r\n"])


def coming(session: Session, choice: Choice, *, today: date) -> int:
    """How many workshops the feed has from today on."""
    until = today + (_window(choice).ahead + 1) * DAY
    return len(calendars.entries(session, choice, since=today, until=until, today=today))


def single(workshop: Workshop, lang: str, site: Site) -> bytes:
    """A file of one workshop, to open once."""
    start, end = event.wall_clock(workshop)
    return b"".join(
        [
            _lines(_opening()),
            vtimezone(workshop.zone, start.date(), end.date()),
            event.write(workshop, lang, site),
            b"END:VCALENDAR\r\n",
        ]
    )


def address(choice: Choice, lang: str, public_url: str) -> str:
    """Where this feed is: the one spelling that our pages and the feed itself give."""
    name = choice.office.slug if choice.office else NETWORK
    query = urlencode(choice.query)
    return f"{public_url}/{lang}/cal/{name}.ics" + (f"?{query}" if query else "")


def filename(choice: Choice) -> str:
    """For who saves it: tells the office, never the kind."""
    return f"talleres-{choice.office.slug}.ics" if choice.office else "talleres.ics"


def _window(choice: Choice) -> Window:
    return OFFICE_WINDOW if choice.office else NETWORK_WINDOW


def _fit(
    session: Session, found: list[Entry], lang: str, site: Site, today: date, shelf: Shelf[bytes]
) -> Cut:
    """All of it if that is small enough; else less of the past, then short descriptions, then a
    nearer horizon."""
    texts = _texts(session, found, lang, site, shelf)
    if _size(texts) <= LARGEST:
        return Cut(found, texts)
    yesterday = today - DAY
    first_kept = _start_that_fits(found, texts, yesterday)
    if first_kept is not None:
        return Cut(found[first_kept:], texts[first_kept:])
    recent = [entry for entry in found if entry.starts_at.date() >= yesterday]
    short = _texts(session, recent, lang, site, shelf, is_short=True)
    if _size(short) <= LARGEST:
        return Cut(recent, short)
    return _cut_ahead(recent, short)


def _start_that_fits(found: list[Entry], texts: list[bytes], yesterday: date) -> int | None:
    """Where to begin so that whole days of the past go, as few as will do; None if not enough."""
    size, start = _size(texts), 0
    for past_day, group in groupby(found, lambda entry: entry.starts_at.date()):
        if size <= LARGEST or past_day >= yesterday:
            break
        count = len(list(group))
        size -= sum(map(len, texts[start : start + count]))
        start += count
    return start if size <= LARGEST else None


def _cut_ahead(found: list[Entry], texts: list[bytes]) -> Cut:
    """Up to the last whole day that fits."""
    size, kept, last = HEADER_ROOM, 0, None
    for coming_day, group in groupby(found, lambda entry: entry.starts_at.date()):
        count = len(list(group))
        size += sum(map(len, texts[kept : kept + count]))
        if size > LARGEST:
            break
        kept, last = kept + count, coming_day
    return Cut(found[:kept], texts[:kept], reaches=last or found[0].starts_at.date() - DAY)


def _size(texts: Iterable[bytes]) -> int:
    return HEADER_ROOM + sum(map(len, texts))


def _texts(
    session: Session,
    found: Sequence[Entry],
    lang: str,
    site: Site,
    shelf: Shelf[bytes],
    *,
    is_short: bool = False,
) -> list[bytes]:
    """The VEVENT of each entry; only those that changed since they were last asked for are read
    and written again."""
    texts: dict[int, bytes] = {}
    for entry in found:
        kept = shelf.get((entry.id, entry.changed_at, lang, is_short))
        if kept is not None:
            texts[entry.id] = kept
    stale = {entry.id: entry for entry in found if entry.id not in texts}
    for workshop in calendars.read(session, list(stale)):
        text = event.write(workshop, lang, site, is_short=is_short)
        texts[workshop.id] = text
        changed_at = stale[workshop.id].changed_at
        shelf.put((workshop.id, changed_at, lang, is_short), text, len(text))
    return [texts[entry.id] for entry in found]


def _zone(zone: ZoneInfo, entries: Sequence[Entry], today: date) -> bytes:
    there = [entry for entry in entries if entry.zone.key == zone.key]
    first = min((entry.starts_at.astimezone(zone).date() for entry in there), default=today)
    last = max((entry.ends_at.astimezone(zone).date() for entry in there), default=today)
    return vtimezone(zone, first, last)


def _header(choice: Choice, lang: str, site: Site, cut: Cut, zones: Sequence[ZoneInfo]) -> bytes:
    """The calendar's own lines, in the order of calendar-feeds.md 1.2. It has no UID: vdirsyncer
    would keep the whole feed as one entry."""
    here = address(choice, lang, site.public_url)
    name = _name(choice, lang)
    about = [] if choice.is_discreet else [say(words.ABOUT, lang)]
    if cut.reaches:
        about.append(say(words.REACHES, lang).format(day=words.day(cut.reaches, lang)))
    lines = _opening()
    lines += [("NAME", {}, vText(name)), ("X-WR-CALNAME", {}, vText(name))]
    if about:
        text = vText(" ".join(about))
        lines += [("DESCRIPTION", {}, text), ("X-WR-CALDESC", {}, text)]
    if cut.entries:
        latest = max(words.WORDED_AT, *(entry.changed_at for entry in cut.entries))
        lines.append(("LAST-MODIFIED", {}, vText(_utc(latest))))
    lines += [
        ("URL", {}, vUri(_page(choice, lang, site))),
        ("SOURCE", {"VALUE": "URI"}, vUri(here)),
        ("REFRESH-INTERVAL", {"VALUE": "DURATION"}, vText("PT1H")),
        ("X-PUBLISHED-TTL", {}, vText("PT1H")),
    ]
    if not choice.is_discreet:
        lines += [
            ("COLOR", {}, vText("darkslateblue")),
            ("X-APPLE-CALENDAR-COLOR", {}, vText("#2B2D7E")),
        ]
    if choice.office and len(zones) == 1:
        # Google takes it as the zone of the whole calendar.
        lines.append(("X-WR-TIMEZONE", {}, vText(zones[0].key)))
    return _lines(lines)


def _name(choice: Choice, lang: str) -> str:
    where = choice.office.city if choice.office else say(words.NETWORK, lang)
    parts = [say(words.WORKSHOPS, lang), where]
    if len(choice.kinds) == 1 and not choice.is_discreet:
        parts.append(say(choice.kinds[0].short_name, lang))
    return clean(" · ".join(parts))


def _page(choice: Choice, lang: str, site: Site) -> str:
    office = f"o/{choice.office.slug}" if choice.office else ""
    return f"{site.public_url}/{lang}/{office}"


_Line = tuple[str, dict[str, str], vText | vUri]


def _opening() -> list[_Line]:
    return [
        ("BEGIN", {}, vText("VCALENDAR")),
        ("VERSION", {}, vText("2.0")),
        ("PRODID", {}, vText(PRODID)),
        ("CALSCALE", {}, vText("GREGORIAN")),
    ]


def _lines(lines: Sequence[_Line]) -> bytes:
    found: list[bytes] = [
        Contentline.from_parts(name, Parameters(parameters), value).to_ical()
        for name, parameters, value in lines
    ]
    return b"".join(line + b"\r\n" for line in found)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
