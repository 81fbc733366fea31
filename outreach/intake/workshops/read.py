"""A file of workshops to rows: everything that can be known to be wrong before any is loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain import kinds, offices
from outreach.domain.kinds import Way
from outreach.domain.text import plain
from outreach.domain.workshops import Mode, Standing
from outreach.intake import tables
from outreach.intake.faults import Faulty
from outreach.intake.tables import Line
from outreach.languages import SPOKEN

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
OPTIONAL: Final = ("title_fr", "way", "mode", "address", "area", "phone")
MOST_SEATS: Final = 100_000

_WALL_CLOCK = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:00)?", re.ASCII)
_ONLINE: Final = frozenset({"online", "on line", "en linea", "virtual", "en ligne", "por internet"})
_STATUSES: Final = MappingProxyType(
    {each.value: each for each in (Standing.DRAFT, Standing.PUBLISHED, Standing.CANCELLED)}
)
_DAY: Final = timedelta(days=1)


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


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where, as a file says it: a venue of the office is found by name, address and city."""

    name: str
    address: str
    city: str
    region: str
    area: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A workshop as a file tells of it, its faults seen to. None is for what the file does not
    say, so that it stays as it is."""

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
    place: Place | None
    mode: Mode | None
    way: Way
    capacity: int
    languages: Codes
    has_childcare: bool
    standing: Standing
    phone: str | None


def network(session: Session) -> Network:
    """The offices and kinds there are now."""
    return Network(
        offices={
            office.slug: OfficeFacts(
                zone=office.zone, country=office.country, city=office.city, region=office.region
            )
            for office in offices.all_of_them(session)
        },
        kinds={
            name: KindFacts(
                code=kind.code,
                countries=kind.countries,
                minutes=kind.minutes,
                capacity=kind.capacity,
            )
            for kind in kinds.all_of_them(session)
            for name in (kind.code, kind.public_code)
        },
    )


def read(path: Path, known: Network) -> list[Row]:
    """The workshops of a file. Raises Faulty with all its faults, Refused when it is no table."""
    table = tables.read(path, REQUIRED)
    rows = [_row(line, known) for line in table.lines]
    tables.refuse_twice(table.lines, lambda line: line.raw("id"), "id")
    faults = [fault for line in table.lines for fault in line.faults]
    if faults:
        raise Faulty(faults)
    return [row for row in rows if row is not None]


def _row(line: Line, known: Network) -> Row | None:
    """The workshop of a line, or None when it has faults."""
    mine = line.text("id", 120, is_required=True)
    office = line.one_of("office", known.offices, "is no office we know; load offices first")
    kind = line.one_of("kind", known.kinds, "is no kind of workshop we know; load kinds first")
    if office and kind and office.country not in kind.countries:
        line.fault("kind", f"is not given in the country of {line.raw('office')}")
    title = {lang: line.text(f"title_{lang}", 200) for lang in ("es", "en", "fr")}
    if not title["es"]:
        line.fault("title_es", "is missing; the title in Spanish is shown to everyone")
    zone_name = line.zone("timezone")
    zone = ZoneInfo(zone_name) if zone_name else None
    if zone is None and office and not line.raw("timezone"):
        zone = office.zone
    hours = _hours(line, zone, kind)
    mode = _mode(line)
    place = _place(line, office) if mode is None or mode.has_venue else None
    way = _one_of_or(line, "way", {each.value: each for each in Way}, Way.PLACE)
    capacity = line.number_of("capacity", most=MOST_SEATS)
    languages = line.codes("languages", SPOKEN, "language")
    has_childcare = line.flag("childcare")
    standing = line.one_of("status", _STATUSES, f"write one of: {', '.join(_STATUSES)}")
    phone = line.text("phone", 40) if line.has("phone") else None
    if line.faults or not (office and kind and zone and hours and way and standing):
        return None
    day, starts, ends = hours
    return Row(
        line=line.number,
        id=mine,
        office=line.raw("office"),
        kind=kind.code,
        title={lang: said for lang, said in title.items() if said},
        has_french=line.has("title_fr"),
        zone=zone,
        day=day,
        starts=starts,
        ends=ends,
        place=place,
        mode=mode,
        # Times of one's own come with a later release; until then such a workshop has places.
        way=Way.PLACE if way is Way.SLOTS else way,
        capacity=kind.capacity if capacity is None else capacity,
        languages=Codes(languages or ("es",)),
        has_childcare=has_childcare,
        standing=standing,
        phone=phone,
    )


def _hours(
    line: Line, zone: ZoneInfo | None, kind: KindFacts | None
) -> tuple[date, time, time] | None:
    """Day, start and end; None, and a fault, when they cannot be."""
    starts = _wall_clock(line, "starts_at")
    if starts and zone and clock.is_skipped(starts.date(), starts.time(), zone):
        line.fault("starts_at", f"clocks in {zone.key} jump over this hour; choose another")
    if not line.raw("starts_at"):
        line.fault("starts_at", "is missing")
    if line.raw("ends_at"):
        ends = _wall_clock(line, "ends_at")
    else:
        ends = starts + timedelta(minutes=kind.minutes) if starts and kind else None
    if starts is None or ends is None:
        return None
    if ends <= starts:
        line.fault("ends_at", f"is not after the start, {line.raw('starts_at')}")
    elif ends - starts >= _DAY:
        line.fault("ends_at", "is 24 hours or more after the start; give each day a line")
    return starts.date(), starts.time(), ends.time()


def _wall_clock(line: Line, field: str) -> datetime | None:
    """What the clock of the venue shows, without a zone; None, and a fault, for anything else."""
    found = line.raw(field)
    parts = _WALL_CLOCK.fullmatch(found)
    try:
        when = datetime.fromisoformat(f"{parts[1]}T{parts[2]}") if parts else None
    except ValueError:
        when = None
    if when is not None and tables.is_likely(when.date()):
        return when
    if found:
        line.fault(field, "is no date we can read; write local time like 2020-01-31T18:30")
    return None


def _mode(line: Line) -> Mode | None:
    if line.raw("mode"):
        modes = {each.value: each for each in Mode}
        return line.one_of("mode", modes, f"write one of: {', '.join(modes)}")
    return Mode.VIDEO_CALL if plain(line.raw("venue")) in _ONLINE else None


def _place(line: Line, office: OfficeFacts | None) -> Place:
    """The venue of a line; its city and region are the office's where the line has none."""
    name = line.text("venue", 120)
    if not name:
        line.fault("venue", "is missing; name the place, or write online")
    return Place(
        name=name,
        address=line.text("address", 200),
        city=line.text("city", 80) or (office.city if office else ""),
        region=line.region("region") or (office.region if office else ""),
        area=line.text("area", 120),
    )


def _one_of_or(line: Line, field: str, known: Mapping[str, Way], default: Way) -> Way | None:
    if not line.raw(field):
        return default
    return line.one_of(field, known, f"write one of: {', '.join(known)}")
