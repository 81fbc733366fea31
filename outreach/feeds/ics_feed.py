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
from outreach.domain.calendar.event_cache import EventText, FeedSpan
from outreach.domain.calendar.feed_query import NETWORK, FeedQuery
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.feeds import labels, serialization, vevent
from outreach.feeds.event_writer import EventWriter
from outreach.feeds.serialization import IcsText
from outreach.feeds.vevent import PublicSite
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import say, translate

LARGEST: Final = 900_000  # bytes; Google's limit is 1 MB, and what is over it is lost silently
HEADER_ROOM: Final = 10_000  # for the header and its zones
SMALLEST: Final = 300  # bytes: no VEVENT of ours is shorter
MOST: Final = LARGEST // SMALLEST  # events that could fit at all
DAY: Final = timedelta(days=1)
PRODID: Final = "-//Outreach//Workshops//ES"  # constant: it is in every ETag


@dataclass(frozen=True)
class FeedWindow:
    """How far a feed looks back and ahead, in days."""

    back: int
    ahead: int


OFFICE_WINDOW: Final = FeedWindow(90, 365)
NETWORK_WINDOW: Final = FeedWindow(30, 120)


@dataclass(frozen=True)
class FeedCut:
    """The events that fit."""

    pieces: Sequence[EventText]
    reaches: date | None = None  # the last day it holds, if not all could stay


@dataclass(frozen=True)
class WrittenFeed:
    """A feed, and which of its entries had to be written: for `domain.entries.keep`."""

    body: bytes
    reaches: date | None  # the last day it holds, if not all could stay
    fresh: Sequence[dict[str, Any]]


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> WrittenFeed:
    """The feed of a choice, as it is on `today` (UTC)."""
    writer = EventWriter(session, lang, site)
    cut = _fit(writer, choice, today)
    zones = {name: ZoneInfo(name) for name in {piece.zone for piece in cut.pieces}}
    if choice.office and not zones:
        # A calendar has to have something in it.
        zones = {choice.office.zone.key: choice.office.zone}
    header = _header(choice, lang, site, cut, list(zones.values()))
    blocks = [_zone(zones[key], cut.pieces, today) for key in sorted(zones)]
    texts = (piece.text or b"" for piece in cut.pieces)
    body = b"".join([header, *blocks, *texts, b"END:VCALENDAR\r\n"])
    return WrittenFeed(body, cut.reaches, writer.fresh)


def write_bytes(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """Its bytes, for who keeps nothing."""
    return write(session, choice, lang, site, today=today).body


def count_upcoming(session: Session, choice: FeedQuery, *, today: date) -> int:
    """How many workshops there are from today on, as far as the feed looks ahead."""
    until = today + (_window(choice).ahead + 1) * DAY
    return feed_query.count(session, choice, since=today, until=until, today=today)


def last_day(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> date | None:
    """The last day the feed holds, if not all could stay."""
    return write(session, choice, lang, site, today=today).reaches


def write_single(workshop: Workshop, lang: str, site: PublicSite) -> bytes:
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


def address(choice: FeedQuery, lang: str, public_url: str, form: str = "ics") -> str:
    """Where this feed is, in one of its formats: the one spelling that our pages and the feed
    itself give."""
    query = urlencode(choice.query)
    return f"{public_url}/{lang}/cal/{choice.name}.{form}" + (f"?{query}" if query else "")


def filename(name: str, form: str = "ics") -> str:
    """For who saves the feed of that name: tells the office, never the kind."""
    return f"talleres.{form}" if name == NETWORK else f"talleres-{name}.{form}"


def _window(choice: FeedQuery) -> FeedWindow:
    return OFFICE_WINDOW if choice.office else NETWORK_WINDOW


def _fit(writer: EventWriter, choice: FeedQuery, today: date) -> FeedCut:
    """All of it if that is small enough; else less of the past, then short descriptions, then a
    nearer horizon."""
    session, window, yesterday = writer.session, _window(choice), today - DAY
    until = today + (window.ahead + 1) * DAY
    # Even in the fewest bytes, more than MOST would not fit.
    ahead = FeedSpan(yesterday, until, today)
    crowded_on = event_cache.find_crowded_day(session, choice, ahead, most=MOST)
    if crowded_on is None:
        whole = FeedSpan(today - window.back * DAY, until, today)
        pieces = event_cache.find(
            session, choice, whole, writer.manner(), limit=MOST + 1, from_the_end=True
        )
        writer.fill(pieces)
        kept = _without_past(pieces, yesterday)
        if kept is not None:
            return FeedCut(kept)
    else:
        # A local day ends by the next but one of UTC.
        ahead = replace(ahead, until=min(until, crowded_on + 2 * DAY))
    short = writer.manner(is_short=True)
    recent = event_cache.find(session, choice, ahead, short, limit=MOST + 1)
    writer.fill(recent, is_short=True)
    return FeedCut(recent) if _size(recent) <= LARGEST else _cut_ahead(recent)


def _without_past(pieces: list[EventText], yesterday: date) -> list[EventText] | None:
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


def _cut_ahead(pieces: list[EventText]) -> FeedCut:
    """Up to the last whole day that fits."""
    size, kept, last = HEADER_ROOM, 0, None
    for coming_day, group in groupby(pieces, lambda piece: piece.day):
        those = list(group)
        size += _length(those)
        if size > LARGEST:
            break
        kept, last = kept + len(those), coming_day
    return FeedCut(pieces[:kept], reaches=last or pieces[0].day - DAY)


def _size(pieces: Iterable[EventText]) -> int:
    return HEADER_ROOM + _length(pieces)


def _length(pieces: Iterable[EventText]) -> int:
    return sum(len(piece.text or b"") for piece in pieces)


def _zone(zone: ZoneInfo, pieces: Sequence[EventText], today: date) -> bytes:
    there = [piece for piece in pieces if piece.zone == zone.key]
    if not there:
        return vtimezone(zone, today, today)
    first = min(piece.starts_at for piece in there).replace(tzinfo=UTC)
    last = max(piece.ends_at for piece in there).replace(tzinfo=UTC)
    return vtimezone(zone, first.astimezone(zone).date(), last.astimezone(zone).date())


def _header(
    choice: FeedQuery, lang: str, site: PublicSite, cut: FeedCut, zones: Sequence[ZoneInfo]
) -> bytes:
    """The calendar's own lines, in the order of CAL03. It has no UID: vdirsyncer
    would keep the whole feed as one entry."""
    here = address(choice, lang, site.public_url)
    name = _name(choice, lang)
    about = [] if choice.is_discreet else [translate(labels.ABOUT, lang)]
    if cut.reaches:
        about.append(translate(labels.REACHES, lang, day=labels.day(cut.reaches, lang)))
    lines = _opening()
    lines += [("NAME", {}, IcsText(name)), ("X-WR-CALNAME", {}, IcsText(name))]
    if about:
        text = IcsText(" ".join(about))
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


def _name(choice: FeedQuery, lang: str) -> str:
    where = choice.office.city if choice.office else translate(labels.NETWORK, lang)
    parts = [translate(labels.WORKSHOPS, lang), where]
    if len(choice.kinds) == 1 and not choice.is_discreet:
        parts.append(say(choice.kinds[0].short_name, lang))
    return clean(" · ".join(parts))


def _page(choice: FeedQuery, lang: str, site: PublicSite) -> str:
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
    return serialization.join_lines(
        Contentline.from_parts(name, Parameters(parameters), value)
        for name, parameters, value in lines
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
