"""Reads the lines of the template as rows, with all faults that can be found before loading."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.dashboard.agenda import Offices
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Way
from outreach.domain.text import fold
from outreach.domain.workshops import DeliveryMode, WorkshopStatus
from outreach.i18n import SPOKEN, get_default_language, list_languages
from outreach.imports import csv_tables
from outreach.imports.csv_tables import ImportTable
from outreach.imports.import_errors import ImportErrorCode, ImportFault
from outreach.imports.row_parser import RowParser

REQUIRED: Final = (
    "id",
    "office",
    "kind",
    "title_es",
    "title_en",
    "timezone",
    "starts_at",
    "ends_at",
    "venue",
    "city",
    "region",
    "capacity",
    "languages",
    "childcare",
    "status",
)
MAX_TITLES: Final = 2  # languages in which a file has the titles, the first of the network
OPTIONAL: Final = ("title_fr", "way", "mode", "address", "area", "phone", "live_url")
MAX_SEATS: Final = 100_000
MAX_OFFICES_LISTED: Final = 12  # in an error message

_WALL_CLOCK = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::00)?([+-]\d{2}:\d{2})?", re.ASCII
)
_ONLINE: Final = frozenset({"online", "on line", "en linea", "virtual", "en ligne", "por internet"})
_STATUSES: Final = MappingProxyType(
    {
        each.value: each
        for each in (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED)
    }
)
_DAY: Final = timedelta(days=1)


def required_columns() -> tuple[str, ...]:
    """The columns that a file of workshops has in this network."""
    titles = tuple(f"title_{lang}" for lang in list_languages()[:MAX_TITLES])
    return (*(name for name in REQUIRED if not name.startswith("title_")), *titles)


@dataclass(frozen=True, kw_only=True)
class Network:
    """What a row may name: offices by slug, with zone, country and region, and kinds by code."""

    offices: Mapping[str, "OfficeFacts"]
    kinds: Mapping[str, "KindFacts"]


@dataclass(frozen=True, kw_only=True)
class OfficeFacts:
    zone: ZoneInfo
    country: str
    city: str
    region: str


@dataclass(frozen=True, kw_only=True)
class KindFacts:
    code: str
    countries: tuple[str, ...]
    minutes: int
    capacity: int
    names: tuple[str, ...] = ()

    def is_given_in(self, country: str) -> bool:
        return not self.countries or country in self.countries


@dataclass(frozen=True, kw_only=True)
class ImportedPlace:
    """The place of a row, by which the venue of the office is found or created."""

    name: str
    address: str
    city: str
    region: str
    area: str


@dataclass(frozen=True, kw_only=True)
class WorkshopImportRow:
    """The checked values of a workshop in a file. None means that the file lacks the column and the
    stored value stays."""

    line: int
    id: str
    office: str
    kind: str
    title: Words
    has_french: bool  # whether the file has a column for a French title
    zone: ZoneInfo
    day: date
    starts: time
    ends: time
    is_second_hour: bool = False  # where clocks show its hour twice that day
    place: ImportedPlace | None
    mode: DeliveryMode | None
    way: Way
    capacity: int
    languages: Codes
    has_childcare: bool
    status: WorkshopStatus
    phone: str | None
    live_url: str | None

    @property
    def has_doubled_hour(self) -> bool:
        """Whether clocks show the hour of its start or end twice that day."""
        return clock.has_doubled_hour(self.day, self.starts, self.ends, self.zone)

    @property
    def last_day(self) -> date:
        """The local date of the end: the next day if the workshop passes midnight."""
        return self.day if self.ends > self.starts else self.day + _DAY


def network(session: Session, own_offices: Offices = None) -> Network:
    """The current offices and kinds; only `own_offices`, unless that is None."""
    return Network(
        offices={
            office.slug: OfficeFacts(
                zone=office.zone, country=office.country, city=office.city, region=office.region
            )
            for office in offices.list_offices(session)
            if own_offices is None or office.slug in own_offices
        },
        kinds={
            name: KindFacts(
                code=kind.code,
                countries=kind.countries,
                minutes=kind.minutes,
                capacity=kind.capacity,
                names=(*kind.name.values(), *kind.short_name.values()),
            )
            for kind in kinds.list_kinds(session)
            for name in (kind.code, kind.public_code)
        },
    )


def parse(table: ImportTable, known: Network) -> tuple[list[WorkshopImportRow], list[ImportFault]]:
    """The workshops of those lines that have no faults, and the faults of the others."""
    # Lines of calendars may have faults from `from_ical`; those are not reported twice.
    rows = [None if line.faults else _row(line, known) for line in table.lines]
    csv_tables.refuse_duplicates(table.lines, lambda line: line.raw("id"), "id")
    faults = [fault for line in table.lines for fault in line.faults]
    found = [
        row
        for row, line in zip(rows, table.lines, strict=True)
        if row is not None and not line.faults
    ]
    return found, faults


def _row(line: RowParser, known: Network) -> WorkshopImportRow | None:
    """The workshop of a line, or None when it has faults."""
    row_id = line.text("id", 120, is_required=True)
    office = _office(line, known)
    kind = line.one_of(
        "kind",
        known.kinds,
        ImportErrorCode.KIND_UNKNOWN,
    )
    if office and kind and not kind.is_given_in(office.country):
        line.fault("kind", ImportErrorCode.KIND_NOT_IN_COUNTRY, office=line.raw("office"))
    title = {lang: line.text(f"title_{lang}", 200) for lang in list_languages()}
    main = get_default_language()
    if not title[main]:
        line.fault(f"title_{main}", ImportErrorCode.SPANISH_TITLE_MISSING)
    zone_name = line.zone("timezone")
    zone = ZoneInfo(zone_name) if zone_name else None
    if zone is None and office and not line.raw("timezone"):
        zone = office.zone
    hours = _hours(line, zone, kind)
    mode = _delivery_mode(line)
    # A draft needs no venue.
    is_draft_without_venue = line.raw("status") == WorkshopStatus.DRAFT and not line.raw("venue")
    has_place = (mode is None or mode.has_venue) and not is_draft_without_venue
    place = _place(line, office) if has_place else None
    way = _way_or_default(line, "way", {each.value: each for each in Way}, Way.PLACE)
    capacity = line.number_of("capacity", most=MAX_SEATS)
    languages = line.languages("languages", SPOKEN)
    has_childcare = line.flag("childcare")
    status = line.one_of("status", _STATUSES)
    phone = line.text("phone", 40) if line.has("phone") else None
    live_url = line.link("live_url") if line.has("live_url") else None
    if line.faults or not (office and kind and zone and hours and way and status):
        return None
    day, starts, ends, is_second_hour = hours
    return WorkshopImportRow(
        line=line.number,
        id=row_id,
        office=line.raw("office"),
        kind=kind.code,
        title={lang: text for lang, text in title.items() if text},
        has_french=line.has("title_fr"),
        zone=zone,
        day=day,
        starts=starts,
        ends=ends,
        is_second_hour=is_second_hour,
        place=place,
        mode=mode,
        way=way,
        capacity=kind.capacity if capacity is None else capacity,
        languages=Codes(languages or (main,)),
        has_childcare=has_childcare,
        status=status,
        phone=phone,
        live_url=live_url,
    )


def _office(line: RowParser, known: Network) -> OfficeFacts | None:
    """The office of a line. An office that does not exist and one that is not the staff member's
    are refused alike."""
    office = known.offices.get(line.raw("office"))
    if office is None and len(known.offices) > MAX_OFFICES_LISTED:
        line.fault("office", ImportErrorCode.OFFICE_UNKNOWN)
    elif office is None:
        offices = ", ".join(known.offices)
        line.fault("office", ImportErrorCode.OFFICE_NOT_IN_LIST, offices=offices)
    return office


def _hours(
    line: RowParser, zone: ZoneInfo | None, kind: KindFacts | None
) -> tuple[date, time, time, bool] | None:
    """Returns day, start, end, and whether the second of two equal hours is meant. Adds faults, and
    returns None if a time is unreadable."""
    starts = _wall_clock(line, "starts_at")
    if starts and zone and clock.is_skipped(starts.date(), starts.time(), zone):
        line.fault("starts_at", ImportErrorCode.HOUR_SKIPPED, zone=zone.key)
    if not line.raw("starts_at"):
        line.fault("starts_at", ImportErrorCode.START_MISSING)
    if line.raw("ends_at"):
        ends = _wall_clock(line, "ends_at")
    else:
        ends = (
            starts.replace(tzinfo=None) + timedelta(minutes=kind.minutes)
            if starts and kind
            else None
        )
    if starts is None or ends is None:
        return None
    seconds = [
        _is_second_hour(line, field, local, zone)
        for field, local in (("starts_at", starts), ("ends_at", ends))
    ]
    starts, ends = starts.replace(tzinfo=None), ends.replace(tzinfo=None)
    if ends <= starts:
        line.fault("ends_at", ImportErrorCode.END_BEFORE_START, start=line.raw("starts_at"))
    elif ends - starts >= _DAY:
        line.fault("ends_at", ImportErrorCode.END_DAYS_LATER)
    return starts.date(), starts.time(), ends.time(), any(seconds)


def _is_second_hour(line: RowParser, field: str, local: datetime, zone: ZoneInfo | None) -> bool:
    """Whether the second of two equal hours is meant. Adds a fault if the offset from UTC is none
    of the zone's, or is missing where clocks show the hour twice."""
    if zone is None:
        return False
    offsets = [local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
    if local.tzinfo is None:
        if clock.is_doubled(local.date(), local.time(), zone) and line.raw(field):
            first, second = (
                local.replace(tzinfo=zone, fold=fold).isoformat(timespec="minutes")
                for fold in (0, 1)
            )
            line.fault(field, ImportErrorCode.HOUR_DOUBLED, first=first, second=second)
        return False
    if local.utcoffset() not in offsets:
        line.fault(field, ImportErrorCode.OFFSET_WRONG, zone=zone.key)
    return local.utcoffset() == offsets[1] != offsets[0]


def _wall_clock(line: RowParser, field: str) -> datetime | None:
    """A local time, with its offset from UTC or without; None, with a fault, for anything else."""
    found = line.raw(field)
    parts = _WALL_CLOCK.fullmatch(found)
    try:
        given = f"{parts[1]}T{parts[2]}{parts[3] or ''}" if parts else ""
        when = datetime.fromisoformat(given) if given else None
    except ValueError:
        when = None
    if when is not None and csv_tables.is_likely(when.date()):
        return when
    if found:
        line.fault(field, ImportErrorCode.TIME_UNREADABLE)
    return None


def _delivery_mode(line: RowParser) -> DeliveryMode | None:
    if line.raw("mode"):
        modes = {each.value: each for each in DeliveryMode}
        return line.one_of("mode", modes)
    return DeliveryMode.VIDEO_CALL if fold(line.raw("venue")) in _ONLINE else None


def _place(line: RowParser, office: OfficeFacts | None) -> ImportedPlace:
    """The venue of a line; its city and region are the office's where the line has none."""
    name = line.text("venue", 120)
    if not name:
        line.fault("venue", ImportErrorCode.VENUE_MISSING)
    return ImportedPlace(
        name=name,
        address=line.text("address", 200),
        city=line.text("city", 80) or (office.city if office else ""),
        region=line.region("region") or (office.region if office else ""),
        area=line.text("area", 120),
    )


def _way_or_default(
    line: RowParser, field: str, known: Mapping[str, Way], default: Way
) -> Way | None:
    if not line.raw(field):
        return default
    return line.one_of(field, known)
