"""Events of an iCalendar file as lines of a table of workshops, so that the same is asked of them.

An event of one of our own calendars is known by its UID. What calendars do not say of it stays as
it is: its line is that of the workshop, with what the event says otherwise.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.text import clean, fold
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import Refusal
from outreach.feeds import labels
from outreach.feeds import vevent as feed
from outreach.i18n import LANGUAGES, in_each
from outreach.imports import ical
from outreach.imports.csv_tables import ImportTable
from outreach.imports.ical import IcalCalendar, IcalEvent
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops.read import Network
from outreach.imports.workshops.write import COLUMNS, cells

_OURS: Final = re.compile(r"(taller|mio)-([0-9A-Z]{20})(@.*)?", re.DOTALL)
_LONGEST_ID: Final = 120
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class IcalDefaults:
    """What calendars do not tell: whose the events are, and of which kind. Empty: not said."""

    office: str = ""
    kind: str = ""


def table(
    session: Session, name: str, data: bytes, known: Network, given: IcalDefaults, *, most: int
) -> ImportTable:
    """The events of a file as lines. Raises Unfit."""
    calendar = ical.read(name, data, most=most)
    ids = [_id(each) for each in calendar.events]
    there = workshops.find_imported(session, ids)
    maker = _Maker(calendar, known, given)
    lines = [
        maker.line(event, id_, there.get(id_))
        for event, id_ in zip(calendar.events, ids, strict=True)
    ]
    return ImportTable(COLUMNS, tuple(lines))


def _id(event: IcalEvent) -> str:
    """What names the workshop: the UID as it is, or what stands for it where it is too long."""
    uid = clean(event.uid)
    ours = _OURS.fullmatch(uid)
    if ours:
        return f"taller-{ours[2]}"
    if len(uid) > _LONGEST_ID:
        return "ics-" + hashlib.sha256(uid.encode()).hexdigest()
    return uid


class _Maker:
    def __init__(self, calendar: IcalCalendar, known: Network, given: IcalDefaults) -> None:
        self._calendar, self._known, self._given = calendar, known, given
        self._kinds = _by_name(known)

    def line(self, event: IcalEvent, id_: str, workshop: Workshop | None) -> RowParser:
        # Another office's is not shown to who brings the file: the line is as if it were new.
        is_mine = workshop is not None and workshop.office.slug in self._known.offices
        said = cells(workshop) if workshop is not None and is_mine else self._new(event)
        said["id"] = id_
        faults: list[tuple[str, Refusal]] = []
        try:
            starts, ends = ical.times(event, self._home(said["office"]), self._calendar)
            zone = starts.tzinfo
            assert isinstance(zone, ZoneInfo)
            said["timezone"] = zone.key
            said["starts_at"] = f"{starts:%Y-%m-%dT%H:%M}"
            said["ends_at"] = f"{ends:%Y-%m-%dT%H:%M}"
        except Refusal as wrong:
            faults.append(("starts_at", wrong))
        if workshop is not None and is_mine:
            said |= _differing(event, workshop, said)
        made = RowParser(event.line, said)
        for field, each in faults:
            made.add_fault(field, each)
        return made

    def _home(self, office: str) -> ZoneInfo:
        facts = self._known.offices.get(office)
        return facts.zone if facts else ZoneInfo("UTC")

    def _new(self, event: IcalEvent) -> dict[str, str]:
        found = (self._kinds.get(fold(each)) for each in event.categories)
        kind = next((code for code in found if code), self._given.kind)
        statuses = {"CANCELLED": WorkshopStatus.CANCELLED, "CONFIRMED": WorkshopStatus.PUBLISHED}
        said = dict.fromkeys(COLUMNS, "") | {
            "office": self._given.office,
            "kind": kind,
            "title_es": clean(event.summary),
            "childcare": "false",
            # A calendar that does not say so has not been promised to anybody.
            "status": statuses.get(event.status.upper(), WorkshopStatus.DRAFT).value,
        }
        return said | self._where(event.location, self._given.office)

    def _where(self, location: str, office: str) -> dict[str, str]:
        return _where(location, _city_and_region(self._known, office))


def _differing(event: IcalEvent, workshop: Workshop, said: Mapping[str, str]) -> dict[str, str]:
    """What the event says otherwise than our calendars say of the workshop."""
    new: dict[str, str] = {}
    summary = clean(event.summary)
    is_own_calendar = event.uid.startswith("mio-")  # its titles say places taken as well
    ours = {_bare(feed.title(workshop, lang)) for lang in LANGUAGES}
    if summary and not is_own_calendar and _bare(summary) not in ours:
        new["title_es"] = _bare(summary)
    location = clean(event.location)
    if location and location not in {clean(feed.place(workshop, lang)) for lang in LANGUAGES}:
        new |= _where(location, (said["city"], said["region"]))
    if event.status.upper() == "CANCELLED" and workshop.status is WorkshopStatus.PUBLISHED:
        new["status"] = WorkshopStatus.CANCELLED.value
    if event.status.upper() == "CONFIRMED" and workshop.status is WorkshopStatus.CANCELLED:
        new["status"] = WorkshopStatus.PUBLISHED.value
    return new


def _bare(title: str) -> str:
    """Without the word that says a workshop is cancelled."""
    for word in in_each(labels.CANCELLED).values():
        title = title.removeprefix(word)
    return title


def _where(location: str, around: tuple[str, str]) -> dict[str, str]:
    """A line as «Sala B, 1805 S. Ejemplo St., Chicago, IL» as a venue; the city and the state are
    those around where it names none."""
    text = clean(location)
    if _LINK.match(text):
        return {"mode": DeliveryMode.VIDEO_CALL.value, "venue": "", "address": ""}
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    city, region = around
    rest = parts[1:]
    if rest and rest[-1] == region:
        rest.pop()
    if rest and fold(rest[-1]) == fold(city):
        rest.pop()
    return {
        "venue": parts[0] if parts else "",
        "address": ", ".join(rest),
        "city": city,
        "region": region,
        "area": "",
    }


def _city_and_region(known: Network, office: str) -> tuple[str, str]:
    facts = known.offices.get(office)
    return (facts.city, facts.region) if facts else ("", "")


def _by_name(known: Network) -> dict[str, str]:
    """Kinds by all that a calendar may call them."""
    pairs: Iterable[tuple[str, str]] = (
        (fold(name), facts.code)
        for code, facts in known.kinds.items()
        for name in (code, *facts.names)
        if name
    )
    return dict(pairs)
