"""Converts the events of an iCalendar file to rows of a table of workshops.

The rows pass the same checks as those of a CSV file. An event of our own feeds is recognized by its
UID: its row has the current values of the workshop, updated by the event.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.text import clean, fold
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import Refusal
from outreach.feeds import labels
from outreach.feeds import vevent as feed
from outreach.i18n import get_default_language, in_each, list_languages
from outreach.imports import ical
from outreach.imports.csv_tables import ImportTable
from outreach.imports.ical import IcalCalendar, IcalEvent
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops.read import Network
from outreach.imports.workshops.write import COLUMNS, cells, format_local
from outreach.zone_rules import is_substitute

_MAX_ID_LENGTH: Final = 120
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class IcalDefaults:
    """Office slug and kind code for events that have none; empty if not given. With `is_draft` what
    is new is a draft, and nothing is published, whatever the events say."""

    office: str = ""
    kind: str = ""
    is_draft: bool = False


def table(
    session: Session, name: str, data: bytes, network: Network, defaults: IcalDefaults, *, most: int
) -> ImportTable:
    """The events of a file as rows. Raises UnreadableFile."""
    calendar = ical.read(name, data, most=most)
    ids = [_id(each) for each in calendar.events]
    stored = workshops.find_imported(session, ids)
    builder = _RowBuilder(calendar, network, defaults)
    lines = [
        builder.line(event, id_, stored.get(id_))
        for event, id_ in zip(calendar.events, ids, strict=True)
    ]
    return ImportTable(COLUMNS, tuple(lines))


def _id(event: IcalEvent) -> str:
    """Returns the id of the workshop: our own id for an event of our feeds, else the UID, or its
    SHA-256 if it is too long."""
    uid = clean(event.uid)
    own_id = ical.own_id(uid)
    if own_id or len(uid) <= _MAX_ID_LENGTH:
        return own_id or uid
    return "ics-" + hashlib.sha256(uid.encode()).hexdigest()


class _RowBuilder:
    def __init__(self, calendar: IcalCalendar, network: Network, defaults: IcalDefaults) -> None:
        self._calendar, self._network, self._defaults = calendar, network, defaults
        self._kinds = _by_name(network)

    def line(self, event: IcalEvent, id_: str, workshop: Workshop | None) -> RowParser:
        # A workshop of another office is not disclosed: its event is treated as new.
        is_visible = workshop is not None and workshop.office.slug in self._network.offices
        values = cells(workshop) if workshop is not None and is_visible else self._new(event)
        values["id"] = id_
        errors: list[tuple[str, Refusal]] = []
        try:
            home = workshop.zone if workshop and is_visible else self._home(values["office"])
            starts, ends = ical.local_times(event, home, self._calendar)
            zone = _choose_zone(starts, home)
            values["timezone"] = zone.key
            values["starts_at"] = _format(starts, zone)
            values["ends_at"] = _format(ends, zone)
        except Refusal as error:
            errors.append(("starts_at", error))
        if workshop is not None and is_visible:
            values |= _changed_cells(event, workshop, values)
            if self._defaults.is_draft and values["status"] == WorkshopStatus.PUBLISHED.value:
                values["status"] = workshop.status.value
        row = RowParser(event.line, values)
        for field, each in errors:
            row.add_fault(field, each)
        return row

    def _home(self, office: str) -> ZoneInfo:
        office_facts = self._network.offices.get(office)
        return office_facts.zone if office_facts else ZoneInfo("UTC")

    def _new(self, event: IcalEvent) -> dict[str, str]:
        found = (self._kinds.get(fold(each)) for each in event.categories)
        kind = next((code for code in found if code), self._defaults.kind)
        statuses = {"CANCELLED": WorkshopStatus.CANCELLED, "CONFIRMED": WorkshopStatus.PUBLISHED}
        values = dict.fromkeys(COLUMNS, "") | {
            "office": self._defaults.office,
            "kind": kind,
            f"title_{get_default_language()}": clean(event.summary),
            "childcare": "false",
            # Only a confirmed event is published.
            "status": statuses.get(event.status.upper(), WorkshopStatus.DRAFT).value,
        }
        if self._defaults.is_draft:
            values["status"] = WorkshopStatus.DRAFT.value
        return values | self._where(event.location, self._defaults.office)

    def _where(self, location: str, office: str) -> dict[str, str]:
        return _where(location, _city_and_region(self._network, office))


def _choose_zone(starts: datetime, home: ZoneInfo) -> ZoneInfo:
    """Returns the zone of an event. If the file has a zone by which our feeds write events of
    others (`zone_rules`), and its hours are the same, it is that of the venue or office."""
    zone = starts.tzinfo
    assert isinstance(zone, ZoneInfo)
    has_same_hours = starts.astimezone(home).utcoffset() == starts.utcoffset()
    return home if has_same_hours and is_substitute(zone) else zone


def _format(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return format_local(local.replace(tzinfo=None, fold=0), zone, is_second=bool(local.fold))


def _changed_cells(
    event: IcalEvent, workshop: Workshop, values: Mapping[str, str]
) -> dict[str, str]:
    """The cells in which the event differs from the workshop in our feeds."""
    changed: dict[str, str] = {}
    summary = clean(event.summary)
    is_own_calendar = event.uid.startswith("mio-")  # titles of staff feeds include the seats taken
    own_titles = {
        _without_cancelled_prefix(feed.title(workshop, lang)) for lang in list_languages()
    }
    if summary and not is_own_calendar and _without_cancelled_prefix(summary) not in own_titles:
        changed[f"title_{get_default_language()}"] = _without_cancelled_prefix(summary)
    location = clean(event.location)
    if location and location not in {
        clean(feed.place(workshop, lang)) for lang in list_languages()
    }:
        changed |= _where(location, (values["city"], values["region"]))
    if event.status.upper() == "CANCELLED" and workshop.status is WorkshopStatus.PUBLISHED:
        changed["status"] = WorkshopStatus.CANCELLED.value
    if event.status.upper() == "CONFIRMED" and workshop.status is WorkshopStatus.CANCELLED:
        changed["status"] = WorkshopStatus.PUBLISHED.value
    return changed


def _without_cancelled_prefix(title: str) -> str:
    """The cleaned title without the prefix of cancelled workshops, in any language."""
    cleaned = clean(title)  # French has a no-break space in its prefix
    for word in in_each(labels.CANCELLED).values():
        cleaned = cleaned.removeprefix(clean(word)).lstrip()
    return cleaned


def _where(location: str, default_city_and_region: tuple[str, str]) -> dict[str, str]:
    """The cells of a location such as «Sala B, 1805 S. Ejemplo St., Chicago, IL», with the default
    city and region; a URL is a video call."""
    text = clean(location)
    if _LINK.match(text):
        return {"mode": DeliveryMode.VIDEO_CALL.value, "venue": "", "address": ""}
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    city, region = default_city_and_region
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


def _city_and_region(network: Network, office: str) -> tuple[str, str]:
    office_facts = network.offices.get(office)
    return (office_facts.city, office_facts.region) if office_facts else ("", "")


def _by_name(network: Network) -> dict[str, str]:
    """Returns the code of each kind by its folded code and by each of its folded names."""
    pairs: Iterable[tuple[str, str]] = (
        (fold(name), kind_facts.code)
        for code, kind_facts in network.kinds.items()
        for name in (code, *kind_facts.names)
        if name
    )
    return dict(pairs)
