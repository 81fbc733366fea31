"""Writes workshops as an iCalendar feed (RFC 5545), with equal bytes until something changes.

Nothing in it depends on the request or the hour: the command line, every process and every host
write the same bytes on the same UTC day, so that they share ETags.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from icalendar import vText, vUri
from icalendar.parser import Contentline, Parameters
from sqlalchemy.orm import Session

from outreach import clock, zone_rules
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
from outreach.memory_cache import remember

MAX_BYTES: Final = 900_000  # Google reads 1 MB and ignores the rest silently
HEADER_BYTES: Final = 30_000  # reserved for the header and the zones
MIN_EVENT_BYTES: Final = 300  # no VEVENT of ours is shorter
MAX_EVENTS: Final = MAX_BYTES // MIN_EVENT_BYTES
DAY: Final = timedelta(days=1)
PRODID: Final = "-//Outreach//Workshops//ES"  # it is in every ETag


@dataclass(frozen=True)
class FeedWindow:
    """How far a feed looks back and ahead, in days."""

    back: int
    ahead: int


OFFICE_WINDOW: Final = FeedWindow(90, 365)
NETWORK_WINDOW: Final = FeedWindow(30, 120)


@dataclass(frozen=True)
class FeedCut:
    """The events that fit into a feed."""

    pieces: Sequence[EventText]
    reaches: date | None = None  # the last day of the feed, if it had to be cut


@dataclass(frozen=True)
class WrittenFeed:
    """A feed, and what else is known of it."""

    body: bytes
    reaches: date | None  # the last day of the feed, if it had to be cut
    venue_zones: Sequence[str]  # one for each event, in their order


def write(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> WrittenFeed:
    """Writes the feed of a query, as it is on `today` (UTC)."""
    writer = EventWriter(
        session, lang, site, has_links=choice.has_links, is_coarse=choice.is_pushed
    )
    cut = _fit(writer, choice, today)
    names = {piece.calendar_zone for piece in cut.pieces} - {zone_rules.UTC_KEY}
    zones = {name: ZoneInfo(name) for name in names}
    if not zones:
        # A calendar must have a component (RFC 5545, 3.6).
        home = choice.office.zone if choice.office else clock.headquarters_zone()
        zones = {home.key: home}
    header = _header(choice, lang, site, cut, list(zones.values()))
    blocks = [vtimezone(zones[key]) for key in sorted(zones)]
    texts = (piece.text or b"" for piece in cut.pieces)
    body = b"".join([header, *blocks, *texts, b"END:VCALENDAR\r\n"])
    venue_zones = [piece.zone for piece in cut.pieces if piece.text]  # one may not be written
    return WrittenFeed(body, cut.reaches, venue_zones)


def write_bytes(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> bytes:
    """The bytes of the feed."""
    return write(session, choice, lang, site, today=today).body


def count_upcoming(session: Session, choice: FeedQuery, *, today: date) -> int:
    """The number of workshops from `today` on within the window of the feed."""
    until = today + (_window(choice).ahead + 1) * DAY
    return feed_query.count(session, choice, since=today, until=until, today=today)


def last_day(
    session: Session, choice: FeedQuery, lang: str, site: PublicSite, *, today: date
) -> date | None:
    """The last day of the feed if it had to be cut, else None."""
    return write(session, choice, lang, site, today=today).reaches


def write_single(
    workshop: Workshop, lang: str, site: PublicSite, *, has_full_title: bool = False
) -> bytes:
    """Writes a calendar file with one workshop. It goes into the calendar of one person, which
    others see: of a kind of high sensitivity it says «Cita» unless the full title is asked for."""
    is_neutral = workshop.is_sensitive and not workshop.is_discreet and not has_full_title
    return b"".join(
        [
            _lines(_opening()),
            vtimezone(workshop.calendar_zone),
            vevent.write(workshop, lang, site, is_neutral=is_neutral),
            b"END:VCALENDAR\r\n",
        ]
    )


def address(choice: FeedQuery, lang: str, public_url: str, form: str = "ics") -> str:
    """The canonical address of the feed in one of its formats."""
    query = urlencode(choice.query)
    return f"{public_url}/{lang}/cal/{choice.name}.{form}" + (f"?{query}" if query else "")


def filename(name: str, form: str = "ics") -> str:
    """The file name of a feed: it names the office and never the kind (S14)."""
    return f"talleres.{form}" if name == NETWORK else f"talleres-{name}.{form}"


def _window(choice: FeedQuery) -> FeedWindow:
    return OFFICE_WINDOW if choice.office else NETWORK_WINDOW


def _fit(writer: EventWriter, choice: FeedQuery, today: date) -> FeedCut:
    """Returns all events if they fit. If not, it leaves out some of the past, then long
    descriptions, then the last days ahead."""
    session, window, yesterday = writer.session, _window(choice), today - DAY
    until = today + (window.ahead + 1) * DAY
    first = max(today - window.back * DAY, choice.since or date.min)
    pieces = event_cache.find(
        session,
        choice,
        FeedSpan(first, until, today),
        writer.style(),
        limit=MAX_EVENTS + 1,
        from_the_end=True,
    )
    ahead, crowded_on = FeedSpan(max(first, yesterday), until, today), None
    if len(pieces) > MAX_EVENTS:  # more do not fit, however short they are
        crowded_on = event_cache.find_crowded_day(session, choice, ahead, most=MAX_EVENTS)
    if crowded_on is None:
        writer.fill(pieces)
        kept = _without_past(pieces, yesterday)
        if kept is not None:
            return FeedCut(kept)
    else:
        # A local day ends within two UTC days.
        ahead = replace(ahead, until=min(until, crowded_on + 2 * DAY))
    short = writer.style(is_short=True)
    recent = event_cache.find(session, choice, ahead, short, limit=MAX_EVENTS + 1)
    writer.fill(recent, is_short=True)
    return FeedCut(recent) if _size(recent) <= MAX_BYTES else _cut_ahead(recent)


def _without_past(pieces: list[EventText], yesterday: date) -> list[EventText] | None:
    """The events without the first days of the past, so that they fit; None if they still do not
    fit without all days before yesterday."""
    size, start = _size(pieces), 0
    for past_day, group in groupby(pieces, lambda piece: piece.day):
        if size <= MAX_BYTES or past_day >= yesterday:
            break
        gone = list(group)
        size -= _length(gone)
        start += len(gone)
    return pieces[start:] if size <= MAX_BYTES else None


def _cut_ahead(pieces: list[EventText]) -> FeedCut:
    """The events up to the last whole day that fits."""
    size, kept, last = HEADER_BYTES, 0, None
    for coming_day, group in groupby(pieces, lambda piece: piece.day):
        those = list(group)
        size += _length(those)
        if size > MAX_BYTES:
            break
        kept, last = kept + len(those), coming_day
    return FeedCut(pieces[:kept], reaches=last or pieces[0].day - DAY)


def _size(pieces: Iterable[EventText]) -> int:
    return HEADER_BYTES + _length(pieces)


def _length(pieces: Iterable[EventText]) -> int:
    return sum(len(piece.text or b"") for piece in pieces)


def _header(
    choice: FeedQuery, lang: str, site: PublicSite, cut: FeedCut, zones: Sequence[ZoneInfo]
) -> bytes:
    """The calendar's own properties, in the order of CAL03. It has no UID: vdirsyncer
    would store the whole feed as one event."""
    source = address(choice, lang, site.public_url)
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
        ("SOURCE", {"VALUE": "URI"}, vUri(source)),
        ("REFRESH-INTERVAL", {"VALUE": "DURATION"}, vText("PT1H")),
        ("X-PUBLISHED-TTL", {}, vText("PT1H")),
    ]
    if not choice.is_discreet:
        lines += [
            ("COLOR", {}, vText("darkslateblue")),
            ("X-APPLE-CALENDAR-COLOR", {}, vText("#2B2D7E")),
        ]
    is_in_utc = any(piece.calendar_zone == zone_rules.UTC_KEY for piece in cut.pieces)
    if choice.office and len(zones) == 1 and not is_in_utc:
        # Google takes it as the zone of the whole calendar. Entries in UTC are of hours that clocks
        # show twice, and icalendar's companion recurring-ical-events would move them into it and
        # take the first.
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
    return b"".join(
        _write_line(name, tuple(parameters.items()), value) for name, parameters, value in lines
    )


@remember(256)  # most feeds have most lines in common; an address may be long
def _write_line(name: str, parameters: tuple[tuple[str, str], ...], value: vText | vUri) -> bytes:
    return serialization.fold(Contentline.from_parts(name, Parameters(parameters), value))


def _utc(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%SZ}"
