"""An organizer's own calendar: what their offices hold, drafts and places taken too, in Spanish.

Nobody's name is in it, and of a discreet workshop no more than in the public's feeds: phones are
lent and calendars shared. Its entries have UIDs of their own, or a phone that follows the public
feed as well would take both for one.

LAST-MODIFIED has to rise when a place is taken or given up, and nothing stores when that was. So an
entry is kept with what it was made of, and one that is made of something else is dated when that
is first seen: after the change, and never before an earlier date.
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
from outreach.domain.network import offices
from outreach.domain.network.kinds import Visibility
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.feeds import labels, serialization, vevent
from outreach.feeds.event_writer import made_with, row
from outreach.feeds.ics_feed import HEADER_ROOM, LARGEST, OFFICE_WINDOW, PRODID
from outreach.feeds.serialization import IcsText
from outreach.feeds.vevent import LONGEST_TITLE, PublicSite
from outreach.feeds.vtimezone import vtimezone
from outreach.i18n import say, translator
from outreach.languages import STAFF_LANGUAGE

WRITTEN_BY: Final = 2  # raise it when the same workshop is written differently
LANG: Final = "+"  # of these entries, where public ones have their language
MOST: Final = 1500  # entries: about as many as fit
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)

_STAFF: Final = translator(STAFF_LANGUAGE)


@dataclass
class StaffEventText:
    """A workshop, with its text as soon as it has one."""

    line: AgendaLine
    stamp: datetime  # when it was first seen as it is now
    text: bytes = b""


@dataclass(frozen=True)
class WrittenStaffFeed:
    """The calendar, and which of its entries had to be written: for `entries.keep`."""

    body: bytes
    fresh: Sequence[dict[str, Any]]


def write(session: Session, mine: Offices, site: PublicSite, *, now: datetime) -> WrittenStaffFeed:
    """What these offices hold, as far as an office's feed reaches. What does not fit goes: first
    the past, down to a day, then the far end, and the calendar says until when it reaches."""
    today = now.date()
    yesterday, until = today - DAY, today + (OFFICE_WINDOW.ahead + 1) * DAY
    lines = agenda.list_lines(
        session, mine, today - OFFICE_WINDOW.back * DAY, until, limit=MOST + 1
    )
    if len(lines) > MOST:
        lines = agenda.list_lines(session, mine, yesterday, until, limit=MOST + 1)
    pieces, fresh = _filled(session, lines[:MOST], site, now)
    if _size(pieces) > LARGEST:
        pieces = [piece for piece in pieces if piece.line.day >= yesterday]
    is_whole = len(lines) <= MOST
    kept = _that_fit(pieces, is_whole=is_whole)
    is_cut = len(kept) < len(pieces) or not is_whole
    reaches = (kept[-1].line.day if kept else yesterday) if is_cut else None
    zones = _zones(session, mine, kept)
    blocks = [_block(zones[key], kept, today) for key in sorted(zones)]
    texts = (piece.text for piece in kept)
    header = _header(site, kept, reaches, [*zones])
    return WrittenStaffFeed(b"".join([header, *blocks, *texts, b"END:VCALENDAR\r\n"]), fresh)


def _filled(
    session: Session, lines: Sequence[AgendaLine], site: PublicSite, now: datetime
) -> tuple[list[StaffEventText], list[dict[str, Any]]]:
    """Each with its text: the one that is kept, if it still holds, or a new one. And the new ones,
    as they are to be kept."""
    pieces = {line.id: StaffEventText(line, now.replace(microsecond=0)) for line in lines}
    marks = {line.id: _mark(line, site) for line in lines}
    for kept in event_cache.find_by_workshops(session, list(pieces), LANG):
        piece = pieces[kept.workshop_id]
        if kept.made_with == marks[kept.workshop_id]:
            piece.stamp, piece.text = kept.changed_at, kept.text
        else:
            piece.stamp = max(piece.stamp, kept.changed_at + SECOND)
    missing = [number for number, piece in pieces.items() if not piece.text]
    fresh = []
    for workshop in feed_query.read(session, missing):
        piece = pieces[workshop.id]
        piece.text = _event(workshop, piece.line.waiting, site, piece.stamp)
        manner = EventStyle(LANG, is_short=False, made_with=marks[workshop.id])
        fresh.append(row(workshop.id, manner, piece.stamp, piece.text))
    return [piece for piece in pieces.values() if piece.text], fresh


def _mark(line: AgendaLine, site: PublicSite) -> str:
    """Another one as soon as the entry would be written differently."""
    parts = (WRITTEN_BY, made_with(site), *line.version)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def _size(pieces: Sequence[StaffEventText]) -> int:
    return HEADER_ROOM + sum(len(piece.text) for piece in pieces)


def _that_fit(pieces: Sequence[StaffEventText], *, is_whole: bool) -> list[StaffEventText]:
    """Whole days from the first on. Unless it `is_whole`, the last day may lack some: it goes."""
    size, kept = HEADER_ROOM, list[StaffEventText]()
    last = pieces[-1].line.day if pieces else None
    for day, group in groupby(pieces, lambda piece: piece.line.day):
        there = list(group)
        size += sum(len(piece.text) for piece in there)
        if size > LARGEST or (day == last and not is_whole):
            break
        kept += there
    return kept


def _event(workshop: Workshop, waiting: int, site: PublicSite, stamp: datetime) -> bytes:
    start, end = vevent.wall_clock(workshop)
    found = Event()
    found.add("uid", f"mio-{workshop.uid}@{site.host}")
    found.add("dtstamp", stamp)
    found.add("created", min(workshop.created_at, stamp))
    found.add("last-modified", stamp)
    # To be published is a change of status, which the public has not seen.
    found.add("sequence", workshop.sequence + (0 if workshop.published_at is None else 1))
    found.add("status", _status(workshop))
    found.add("dtstart", start)
    found.add("dtend", end)
    found.add("summary", IcsText(_title(workshop, waiting)))
    found.add("location", IcsText(_place(workshop)))
    if not workshop.kind.is_discreet:
        found.add("description", IcsText(_description(workshop, waiting, start)))
    found.add("url", site.public_url + _path(workshop))
    found.add("transp", "TRANSPARENT")
    return serialization.join_lines(found.content_lines(sorted=False))


def _status(workshop: Workshop) -> str:
    if workshop.status is WorkshopStatus.DRAFT:
        return "TENTATIVE"
    return "CANCELLED" if workshop.is_cancelled else "CONFIRMED"


def _title(workshop: Workshop, waiting: int) -> str:
    """The places last, whole: what is cut is the name."""
    if workshop.kind.is_discreet:
        name = say(workshop.kind.neutral_title, STAFF_LANGUAGE)
    else:
        name = say(workshop.title, STAFF_LANGUAGE)
    name = clean(name) or _STAFF.gettext(labels.NEUTRAL)
    before = {
        WorkshopStatus.DRAFT: _STAFF.gettext("BORRADOR: "),
        WorkshopStatus.CANCELLED: _STAFF.gettext(labels.CANCELLED),
    }
    prefix = before.get(workshop.status, "")
    places = _places(workshop, waiting)
    tail = f" · {places}" if places else ""
    room = LONGEST_TITLE - len(prefix) - len(tail)
    return prefix + (name if len(name) <= room else name[: room - 1].rstrip() + "…") + tail


def _places(workshop: Workshop, waiting: int) -> str:
    """12 de 40 lugares · 3 en espera; nothing where there are none to save."""
    if not workshop.takes_places or workshop.status in {
        WorkshopStatus.DRAFT,
        WorkshopStatus.CANCELLED,
    }:
        return ""
    taken = workshop.capacity + workshop.overbooked - workshop.seats_left
    seats = _STAFF.gettext(
        "%(taken)d de %(capacity)d lugares", taken=taken, capacity=workshop.capacity
    )
    if not waiting:
        return seats
    return f"{seats} · {_STAFF.gettext('%(number)d en espera', number=waiting)}"


def _place(workshop: Workshop) -> str:
    """As the public's feeds have it: the city only, unless everybody may see the address."""
    if workshop.mode is DeliveryMode.PHONE_BANK:
        return _STAFF.gettext(labels.BY_PHONE)
    if not workshop.mode.has_venue:
        return _STAFF.gettext(labels.ONLINE)
    venue = workshop.venue
    if venue is None:
        return clean(f"{workshop.office.city}, {workshop.office.region}")
    is_public = workshop.visibility is Visibility.PUBLIC and not workshop.kind.is_discreet
    known = (venue.name, venue.address) if is_public else ()
    parts = [clean(part) for part in (*known, venue.city, venue.region)]
    return ", ".join(part for part in parts if part)


def _description(workshop: Workshop, waiting: int, start: datetime) -> str:
    parts = [
        _places(workshop, waiting),
        _STAFF.gettext("Borrador: el público todavía no lo ve.")
        if workshop.status is WorkshopStatus.DRAFT
        else "",
        clean(workshop.office.city),
        _STAFF.pgettext(*labels.SYNTHETIC) if workshop.is_synthetic else "",
        labels.local_time(start, STAFF_LANGUAGE),
    ]
    return "\n".join(part for part in parts if part)


def _path(workshop: Workshop) -> str:
    """The staff's page of it; of a hidden one that of its day, as its link is a permission."""
    if workshop.is_hidden:
        return f"/org/talleres?dia={workshop.day}"
    return f"/org/talleres/{workshop.public_id}"


def _zones(
    session: Session, mine: Offices, pieces: Sequence[StaffEventText]
) -> dict[str, ZoneInfo]:
    """Those of its workshops. A calendar has to have something in it: else that of an office."""
    zones = {piece.line.zone.key: piece.line.zone for piece in pieces}
    if not zones:
        known = offices.list_offices(session)
        there = [each.zone for each in known if mine is None or each.slug in mine]
        zones = {zone.key: zone for zone in there[:1]}
    return zones


def _block(zone: ZoneInfo, pieces: Sequence[StaffEventText], today: date) -> bytes:
    there = [piece.line for piece in pieces if piece.line.zone.key == zone.key]
    first = min((line.day for line in there), default=today)
    last = max((line.ends_at.astimezone(zone).date() for line in there), default=today)
    return vtimezone(zone, first, last)


def _header(
    site: PublicSite, pieces: Sequence[StaffEventText], reaches: date | None, zones: Sequence[str]
) -> bytes:
    """No UID, as in every feed of ours; and no SOURCE: the address is a permission, and a file
    saved from this calendar may be given away."""
    name = _STAFF.gettext("Mis talleres")
    about = _STAFF.gettext(
        "Con borradores y lugares apartados, sin nombres. "
        "No compartas la dirección de este calendario."
    )
    if reaches is not None:
        about += " " + _STAFF.gettext(
            "Son muchos: llega hasta el %(day)s.", day=labels.day(reaches, STAFF_LANGUAGE)
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
        lines.append(("LAST-MODIFIED", f"{max(each.stamp for each in pieces):%Y%m%dT%H%M%SZ}"))
    lines += [
        ("URL", f"{site.public_url}/org/"),
        ("REFRESH-INTERVAL", "PT1H"),
        ("X-PUBLISHED-TTL", "PT1H"),
        ("COLOR", "darkorange"),  # not that of the public's feeds, which may be beside it
        ("X-APPLE-CALENDAR-COLOR", "#FF8C00"),
    ]
    if len(zones) == 1:
        lines.append(("X-WR-TIMEZONE", zones[0]))
    return b"".join(_line(name, value) for name, value in lines)


def _line(name: str, value: str) -> bytes:
    # RFC 7986 gives this one no type of its own.
    parameters = {"VALUE": "DURATION"} if name == "REFRESH-INTERVAL" else {}
    said = vUri(value) if name == "URL" else IcsText(value)
    return serialization.fold(Contentline.from_parts(name, Parameters(parameters), said))
