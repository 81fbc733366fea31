"""Workshops as an iCalendar feed, byte for byte the same until something in it changes.

No part of it comes from the request or from the hour: the command line, every process and every
host write the same bytes on the same (UTC) day, so that an ETag means something.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from icalendar import vText, vUri
from icalendar.parser import Contentline, Parameters
from sqlalchemy.orm import Session

from outreach.domain.calendar import event_cache, feed_query
from outreach.domain.calendar.event_cache import Piece, Span
from outreach.domain.calendar.feed_query import NETWORK, Choice
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.feeds import labels, serialization, vevent
from outreach.feeds.event_writer import Writer
from outreach.feeds.serialization import Text
from outreach.feeds.vevent import Site
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import say

LARGEST: Final = 900_000  # bytes; Google's limit is 1 MB, and what is over it is lost silently
HEADER_ROOM: Final = 10_000  # for the header and its zones
SMALLEST: Final = 300  # bytes: no VEVENT of ours is shorter
MOST: Final = LARGEST // SMALLEST  # events that could fit at all
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

    pieces: Sequence[Piece]
    reaches: date | None = None  # the last day it holds, if not all could stay


@dataclass(frozen=True)
class Written:
    """A feed, and which of its entries had to be written: for `domain.entries.keep`."""

    body: bytes
    reaches: date | None  # the last day it holds, if not all could stay
    fresh: Sequence[dict[str, Any]]


def write(session: Session, choice: Choice, lang: str, site: Site, *, today: date) -> Written:
    """The feed of a choice, as it is on `today` (UTC)."""
    writer = Writer(session, lang, site)
    cut = _fit(writer, choice, today)
    zones = {name: ZoneInfo(name) for name in {piece.zone for piece in cut.pieces}}
    if choice.office and not zones:
        # A calendar has to have something in it.
        zones = {choice.office.zone.key: choice.office.zone}
    header = _header(choice, lang, site, cut, list(zones.values()))
    blocks = [_zone(zones[key], cut.pieces, today) for key in sorted(zones)]
    texts = (piece.text or b"" for piece in cut.pieces)
    body = b"".join([header, *blocks, *texts, b"END:VCALENDAR\r\n"])
    return Written(body, cut.reaches, writer.fresh)


def feed(session: Session, choice: Choice, lang: str, site: Site, *, today: date) -> bytes:
    """Its bytes, for who keeps nothing."""
    return write(session, choice, lang, site, today=today).body


def coming(session: Session, choice: Choice, *, today: date) -> int:
    """How many workshops there are from today on, as far as the feed looks ahead."""
    until = today + (_window(choice).ahead + 1) * DAY
    return feed_query.count(session, choice, since=today, until=until, today=today)


def reach(session: Session, choice: Choice, lang: str, site: Site, *, today: date) -> date | None:
    """The last day the feed holds, if not all could stay."""
    return write(session, choice, lang, site, today=today).reaches


def single(workshop: Workshop, lang: str, site: Site) -> bytes:
    """A file of one workshop, to open once."""
    start, end = vevent.wall_clock(workshop)
    return b"".join(
        [
            _lines(_opening()),
            vtimezone(workshop.zone, start.date(), end.date()),
            vevent.write(workshop, lang, site),
            b"END:VCALENDAR\r\n",
        ]
    )


def address(choice: Choice, lang: str, public_url: str, form: str = "ics") -> str:
    """Where this feed is, in one of its formats: the one spelling that our pages and the feed
    itself give."""
    query = urlencode(choice.query)
    return f"{public_url}/{lang}/cal/{choice.name}.{form}" + (f"?{query}" if query else "")


def filename(name: str, form: str = "ics") -> str:
    """For who saves the feed of that name: tells the office, never the kind."""
    return f"talleres.{form}" if name == NETWORK else f"talleres-{name}.{form}"


def _window(choice: Choice) -> Window:
    return OFFICE_WINDOW if choice.office else NETWORK_WINDOW


def _fit(writer: Writer, choice: Choice, today: date) -> Cut:
    """All of it if that is small enough; else less of the past, then short descriptions, then a
    nearer horizon."""
    session, window, yesterday = writer.session, _window(choice), today - DAY
    until = today + (window.ahead + 1) * DAY
    # Even in the fewest bytes, more than MOST would not fit.
    ahead = Span(yesterday, until, today)
    crowded_on = event_cache.crowded_on(session, choice, ahead, most=MOST)
    if crowded_on is None:
        whole = Span(today - window.back * DAY, until, today)
        pieces = event_cache.look(
            session, choice, whole, writer.manner(), limit=MOST + 1, from_the_end=True
        )
        writer.fill(pieces)
        kept = _without_past(pieces, yesterday)
        if kept is not None:
            return Cut(kept)
    else:
        # A local day ends by the next but one of UTC.
        ahead = replace(ahead, until=min(until, crowded_on + 2 * DAY))
    short = writer.manner(is_short=True)
    recent = event_cache.look(session, choice, ahead, short, limit=MOST + 1)
    writer.fill(recent, is_short=True)
    return Cut(recent) if _size(recent) <= LARGEST else _cut_ahead(recent)


def _without_past(pieces: list[Piece], yesterday: date) -> list[Piece] | None:
    """Without as many whole days of the past as have to go, up to yesterday; None if it is still
    too much then."""
    size, start = _size(pieces), 0
    for past_day, group in groupby(pieces, lambda piece: piece.day):
        if size <= LARGEST or past_day >= yesterday:
            break
        gone = list(group)
        size -= _length(gone)
        start += len(gone)
    return pieces[start:] if size <= LARGEST else None


def _cut_ahead(pieces: list[Piece]) -> Cut:
    """Up to the last whole day that fits."""
    size, kept, last = HEADER_ROOM, 0, None
    for coming_day, group in groupby(pieces, lambda piece: piece.day):
        those = list(group)
        size += _length(those)
        if size > LARGEST:
            break
        kept, last = kept + len(those), coming_day
    return Cut(pieces[:kept], reaches=last or pieces[0].day - DAY)


def _size(pieces: Iterable[Piece]) -> int:
    return HEADER_ROOM + _length(pieces)


def _length(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.text or b"") for piece in pieces)


def _zone(zone: ZoneInfo, pieces: Sequence[Piece], today: date) -> bytes:
    there = [piece for piece in pieces if piece.zone == zone.key]
    if not there:
        return vtimezone(zone, today, today)
    first = min(piece.starts_at for piece in there).replace(tzinfo=UTC)
    last = max(piece.ends_at for piece in there).replace(tzinfo=UTC)
    return vtimezone(zone, first.astimezone(zone).date(), last.astimezone(zone).date())


def _header(choice: Choice, lang: str, site: Site, cut: Cut, zones: Sequence[ZoneInfo]) -> bytes:
    """The calendar's own lines, in the order of calendar-feeds.md 1.2. It has no UID: vdirsyncer
    would keep the whole feed as one entry."""
    here = address(choice, lang, site.public_url)
    name = _name(choice, lang)
    about = [] if choice.is_discreet else [say(labels.ABOUT, lang)]
    if cut.reaches:
        about.append(say(labels.REACHES, lang).format(day=labels.day(cut.reaches, lang)))
    lines = _opening()
    lines += [("NAME", {}, Text(name)), ("X-WR-CALNAME", {}, Text(name))]
    if about:
        text = Text(" ".join(about))
        lines += [("DESCRIPTION", {}, text), ("X-WR-CALDESC", {}, text)]
    if cut.pieces:
        latest = max(piece.changed_at for piece in cut.pieces).replace(tzinfo=UTC)
        latest = max(labels.WORDED_AT, latest)
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
    where = choice.office.city if choice.office else say(labels.NETWORK, lang)
    parts = [say(labels.WORKSHOPS, lang), where]
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
    return serialization.written(
        Contentline.from_parts(name, Parameters(parameters), value)
        for name, parameters, value in lines
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
