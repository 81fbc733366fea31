"""Writes the calendar feed of a staff member: the workshops of their offices, with drafts and
numbers of seats taken, in Spanish.

It has no names of people, and of a discreet workshop no more than the public feeds have: phones are
lent and calendars shared. Its events have their own UIDs, so that a phone that follows the public
feed too does not take both for one.

LAST-MODIFIED must rise when a seat is taken or given back, and no column stores that time. So an
event is cached with a digest of what it was made of, and one with another digest gets the time at
which that is first seen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Event, vUri
from icalendar.parser import Contentline, Parameters
from sqlalchemy.orm import Session

from outreach.domain.calendar import event_cache, feed_query
from outreach.domain.calendar.event_cache import EventStyle
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import AgendaLine, Offices
from outreach.domain.locations import regions
from outreach.domain.network import offices
from outreach.domain.network.kinds import Visibility
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds import labels, serialization, vevent
from outreach.feeds.event_writer import row, style_digest
from outreach.feeds.ics_feed import HEADER_BYTES, MAX_BYTES, OFFICE_WINDOW, PRODID
from outreach.feeds.serialization import IcsText
from outreach.feeds.vevent import MAX_TITLE_LENGTH, PublicSite
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import current, gettext, pgettext, say, use_language
from outreach.zone_rules import UTC_KEY

FORMAT: Final = 2  # raise it when the same workshop is written differently
MAX_EVENTS: Final = 1500  # about as many as fit
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)


@dataclass
class StaffEventText:
    """A workshop, and its VEVENT once it is written."""

    line: AgendaLine
    changed_at: datetime  # when its current state was first seen
    text: bytes = b""


@dataclass(frozen=True)
class WrittenStaffFeed:
    """The feed, and the rows of its new events for `event_cache.keep`."""

    body: bytes
    fresh: Sequence[dict[str, Any]]


def write(
    session: Session, own_offices: Offices, site: PublicSite, lang: str, *, now: datetime
) -> WrittenStaffFeed:
    """The feed in one language, as `_write` makes it."""
    with use_language(lang):
        return _write(session, own_offices, site, now=now)


def _write(
    session: Session, own_offices: Offices, site: PublicSite, *, now: datetime
) -> WrittenStaffFeed:
    """The workshops of these offices within the window of an office's feed. If they do not fit, the
    past is left out, then the last days; the calendar says until when it reaches."""
    today = now.date()
    yesterday, until = today - DAY, today + (OFFICE_WINDOW.ahead + 1) * DAY
    lines = agenda.list_lines(
        session, own_offices, today - OFFICE_WINDOW.back * DAY, until, limit=MAX_EVENTS + 1
    )
    if len(lines) > MAX_EVENTS:
        lines = agenda.list_lines(session, own_offices, yesterday, until, limit=MAX_EVENTS + 1)
    pieces, fresh = _filled(session, lines[:MAX_EVENTS], site, now)
    if _size(pieces) > MAX_BYTES:
        pieces = [piece for piece in pieces if piece.line.day >= yesterday]
    is_whole = len(lines) <= MAX_EVENTS
    kept = _fit(pieces, is_whole=is_whole)
    is_cut = len(kept) < len(pieces) or not is_whole
    reaches = (kept[-1].line.day if kept else yesterday) if is_cut else None
    zones = _zones(session, own_offices, kept)
    blocks = [vtimezone(zones[key]) for key in sorted(zones)]
    texts = (piece.text for piece in kept)
    header = _header(site, kept, reaches, [*zones])
    return WrittenStaffFeed(b"".join([header, *blocks, *texts, b"END:VCALENDAR\r\n"]), fresh)


def _filled(
    session: Session, lines: Sequence[AgendaLine], site: PublicSite, now: datetime
) -> tuple[list[StaffEventText], list[dict[str, Any]]]:
    """The events with their texts, cached or new, and the rows of the new ones."""
    pieces = {line.id: StaffEventText(line, now.replace(microsecond=0)) for line in lines}
    digests = {line.id: _digest(line, site) for line in lines}
    lang = current().upper()  # in the event cache, where public events have the code itself
    for kept in event_cache.find_by_workshops(session, list(pieces), lang):
        piece = pieces[kept.workshop_id]
        if kept.made_with == digests[kept.workshop_id]:
            piece.changed_at, piece.text = kept.changed_at, kept.text
        else:
            piece.changed_at = max(piece.changed_at, kept.changed_at + SECOND)
    missing = [number for number, piece in pieces.items() if not piece.text]
    fresh = []
    for workshop in feed_query.read(session, missing):
        piece = pieces[workshop.id]
        piece.text = _event(workshop, piece.line.waiting, site, piece.changed_at)
        style = EventStyle(lang, is_short=False, made_with=digests[workshop.id])
        fresh.append(row(workshop.id, style, piece.changed_at, piece.text))
    return [piece for piece in pieces.values() if piece.text], fresh


def _digest(line: AgendaLine, site: PublicSite) -> str:
    """A digest that changes when the event would be written differently."""
    parts = (FORMAT, style_digest(site), *line.version)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def _size(pieces: Sequence[StaffEventText]) -> int:
    return HEADER_BYTES + sum(len(piece.text) for piece in pieces)


def _fit(pieces: Sequence[StaffEventText], *, is_whole: bool) -> list[StaffEventText]:
    """The events of the first whole days that fit. Unless `is_whole`, the last day may be
    incomplete and is left out."""
    size, kept = HEADER_BYTES, list[StaffEventText]()
    last = pieces[-1].line.day if pieces else None
    for day, group in groupby(pieces, lambda piece: piece.line.day):
        there = list(group)
        size += sum(len(piece.text) for piece in there)
        if size > MAX_BYTES or (day == last and not is_whole):
            break
        kept += there
    return kept


def _event(workshop: Workshop, waiting: int, site: PublicSite, changed_at: datetime) -> bytes:
    start, end = vevent.wall_clock(workshop)
    event = Event()
    event.add("uid", f"mio-{workshop.uid}@{site.host}")
    event.add("dtstamp", changed_at)
    event.add("created", min(workshop.created_at, changed_at))
    event.add("last-modified", changed_at)
    # Publishing is a change of status here, and none in the public feed.
    event.add("sequence", workshop.sequence + (0 if workshop.published_at is None else 1))
    event.add("status", _status(workshop))
    event.add("dtstart", start.astimezone(workshop.calendar_zone))
    event.add("dtend", end.astimezone(workshop.calendar_zone))
    event.add("summary", IcsText(_title(workshop, waiting)))
    event.add("location", IcsText(_place(workshop)))
    if not workshop.is_discreet:
        event.add("description", IcsText(_description(workshop, waiting, start)))
    event.add("url", site.public_url + _path(workshop))
    event.add("transp", "TRANSPARENT")
    return serialization.join_lines(event.content_lines(sorted=False))


def _status(workshop: Workshop) -> str:
    if workshop.status is WorkshopStatus.DRAFT:
        return "TENTATIVE"
    return "CANCELLED" if workshop.is_cancelled else "CONFIRMED"


def _title(workshop: Workshop, waiting: int) -> str:
    """The title, cut so that the number of seats at its end is complete."""
    if workshop.is_discreet:
        name = say(workshop.kind.neutral_title, current())
    else:
        name = say(workshop.title, current())
    name = clean(name) or gettext(labels.NEUTRAL)
    before = {
        WorkshopStatus.DRAFT: gettext("BORRADOR: "),
        WorkshopStatus.CANCELLED: gettext(labels.CANCELLED),
    }
    prefix = before.get(workshop.status, "")
    places = _places(workshop, waiting)
    tail = f" · {places}" if places else ""
    room = MAX_TITLE_LENGTH - len(prefix) - len(tail)
    return prefix + (name if len(name) <= room else name[: room - 1].rstrip() + "…") + tail


def _places(workshop: Workshop, waiting: int) -> str:
    """Returns how full a workshop is, as «12 de 40 lugares · 3 en espera»; empty for a workshop
    without registration."""
    if not workshop.takes_places or workshop.status in {
        WorkshopStatus.DRAFT,
        WorkshopStatus.CANCELLED,
    }:
        return ""
    taken = workshop.taken_seats
    seats = gettext("%(taken)d de %(capacity)d lugares", taken=taken, capacity=workshop.capacity)
    if not waiting:
        return seats
    waitlisted = gettext("%(number)d en espera", number=waiting)
    return f"{seats} · {waitlisted}"


def _place(workshop: Workshop) -> str:
    """The place as in public feeds: only the city unless the address is public."""
    if workshop.mode is DeliveryMode.PHONE_BANK:
        return gettext(labels.BY_PHONE)
    if not workshop.mode.has_venue:
        return gettext(labels.ONLINE)
    venue = workshop.venue
    if venue is None:
        office = workshop.office
        return clean(regions.after_city(office.city, office.region, current()))
    is_public = workshop.visibility is Visibility.PUBLIC and not workshop.is_discreet
    known = (venue.name, venue.address) if is_public else ()
    city = regions.after_city(venue.city, venue.region, current())
    return ", ".join(clean(part) for part in (*known, city) if part)


def _description(workshop: Workshop, waiting: int, start: datetime) -> str:
    parts = [
        _places(workshop, waiting),
        gettext("Borrador: el público todavía no lo ve.")
        if workshop.status is WorkshopStatus.DRAFT
        else "",
        clean(workshop.office.city),
        pgettext(*labels.SYNTHETIC) if workshop.is_synthetic else "",
        labels.local_time(start, current()),
    ]
    return "\n".join(part for part in parts if part)


def _path(workshop: Workshop) -> str:
    """Returns the path of the workshop's staff page. A hidden workshop has that of the list of its
    day, since its link is a permission."""
    if workshop.is_hidden:
        return f"/org/talleres?dia={workshop.day}"
    return f"/org/talleres/{workshop.public_id}"


def _zones(
    session: Session, own_offices: Offices, pieces: Sequence[StaffEventText]
) -> dict[str, ZoneInfo]:
    """The zones of the workshops by key. A calendar must have a component, so without workshops it
    is that of an office."""
    used = (piece.line.calendar_zone for piece in pieces)
    zones = {zone.key: zone for zone in used if zone.key != UTC_KEY}
    if not zones:
        known = offices.list_offices(session)
        there = [each.zone for each in known if own_offices is None or each.slug in own_offices]
        zones = {zone.key: zone for zone in there[:1]}
    return zones


def _header(
    site: PublicSite, pieces: Sequence[StaffEventText], reaches: date | None, zones: Sequence[str]
) -> bytes:
    """The calendar's own properties: no UID (`ics_feed`), and no SOURCE, since the address is a
    permission and a saved file may be passed on."""
    name = gettext("Mis talleres")
    about = gettext(
        "Con borradores y lugares apartados, sin nombres. "
        "No compartas la dirección de este calendario."
    )
    if reaches is not None:
        about += " " + gettext(
            "Son muchos: llega hasta el %(day)s.", day=labels.day(reaches, current())
        )
    lines = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", PRODID),
        ("CALSCALE", "GREGORIAN"),
        ("NAME", name),
        ("X-WR-CALNAME", name),
        ("DESCRIPTION", about),
        ("X-WR-CALDESC", about),
    ]
    if pieces:
        lines.append(("LAST-MODIFIED", f"{max(each.changed_at for each in pieces):%Y%m%dT%H%M%SZ}"))
    lines += [
        ("URL", f"{site.public_url}/org/"),
        ("REFRESH-INTERVAL", "PT1H"),
        ("X-PUBLISHED-TTL", "PT1H"),
        ("COLOR", "darkorange"),  # unlike the public feeds, which may be shown beside it
        ("X-APPLE-CALENDAR-COLOR", "#FF8C00"),
    ]
    is_in_utc = any(piece.line.calendar_zone.key == UTC_KEY for piece in pieces)
    if len(zones) == 1 and not is_in_utc:  # as in `ics_feed`
        lines.append(("X-WR-TIMEZONE", zones[0]))
    return b"".join(_line(name, value) for name, value in lines)


def _line(name: str, value: str) -> bytes:
    # RFC 7986, 5.7: this property has no default type.
    parameters = {"VALUE": "DURATION"} if name == "REFRESH-INTERVAL" else {}
    encoded = vUri(value) if name == "URL" else IcsText(value)
    return serialization.fold(Contentline.from_parts(name, Parameters(parameters), encoded))
