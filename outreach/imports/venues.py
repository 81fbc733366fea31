"""Reads and writes the venues of offices as CSV files of one format.

A column that a file does not have leaves what is stored; an empty cell clears a text. The columns
`step_free` and `own_room` may be empty: then what is stored stays. Nobody affirms anything about a
venue by a file (S38).
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from outreach.domain.locations import venues
from outreach.domain.locations.geocoding import distance_in_miles
from outreach.domain.locations.venues import Entrance, Venue, VenueData
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.scheduling import venue_change
from outreach.errors import Refusal
from outreach.imports import csv_tables
from outreach.imports.import_errors import DataFileErrorCode, ImportErrorCode, ImportRejected
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, without_progress
from outreach.imports.row_parser import RowParser
from outreach.imports.workshops.write import escape
from outreach.languages import CODES

REQUIRED: Final = ("office", "name", "city", "region", "timezone")
# The columns of texts in each language, and how long one may be.
_TEXTS: Final = {
    "access": 400,
    "meeting_point": 120,
    "landmark": 200,
    "transit": 200,
    "checkpoint": 200,
}
COLUMNS: Final = (
    *("office", "name", "address", "city", "region", "timezone", "area"),
    *("latitude", "longitude", "capacity", "step_free", "own_room", "entrance"),
    *(f"{name}_{lang}" for name in _TEXTS for lang in CODES),
)
MAX_CAPACITY: Final = 100_000
MAX_MILES: Final = 1500  # from the office: a greater distance is a typing error
_ENTRANCES: Final = {"": "", **{each.value: each.value for each in Entrance}}


@dataclass(frozen=True, kw_only=True)
class VenueRow:
    """A venue of a file: the office and the fields of `VenueData` that the file says."""

    office: str
    name: str
    address: str
    city: str
    said: Mapping[str, Any] = field(default_factory=dict)


def read(path: Path, known: Mapping[str, Office]) -> list[VenueRow]:
    """The venues of a file, of the offices by slug. Raises ImportRejected with all faults, and
    UnreadableFile."""
    table = csv_tables.read(path, REQUIRED)
    rows = [_row(line, known) for line in table.lines]
    csv_tables.refuse_duplicates(table.lines, _key, "name")
    faults = [fault for line in table.lines for fault in line.faults]
    if faults:
        raise ImportRejected(faults)
    return rows


def load(
    session: Session,
    rows: Iterable[VenueRow],
    *,
    now: datetime,
    watch: Watch = without_progress,
    decision: NotifyDecision = AT_ONCE,
) -> ImportResult:
    """Creates and changes venues as staff do: people with a seat are notified of another time zone,
    as `decision` says. A venue is found by office, name, address and city; those that no row names
    stay unchanged.
    Raises Refusal as `venues.add` and `venue_change.change_venue` do."""
    known = {office.slug: office for office in offices.list_offices(session)}
    result = ImportResult()
    for row in watch(rows):
        office = known[row.office]
        venue = venues.find_by_name(session, office, row.name, row.address, row.city)
        if venue is None:
            data = VenueData(**{"name": row.name, "address": row.address} | row.said)
            made = venues.add(session, office, data, now=now)
            # A file that says that a room is not the office's own is right at its address too.
            made.is_own_room = row.said.get("is_own_room", made.is_own_room)
            result.count(RowOutcome.NEW, row.office)
            continue
        venues.lock(session, venue)
        data = replace(_get_data(venue), **row.said)
        outcome = venue_change.change_venue(session, venue, data, now=now, decision=decision)
        if outcome.workshops:
            result.changed_workshops += venue_change.list_upcoming(session, venue, now=now)
        result.count(RowOutcome.CHANGED if outcome.new else RowOutcome.SAME, row.office)
    session.flush()
    return result


def write(found: Iterable[Venue]) -> bytes:
    """A CSV file with a byte order mark. Cells that look like formulas are escaped."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for venue in found:
        cells = _cells(venue)
        writer.writerow([escape(cells[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def _get_data(venue: Venue) -> VenueData:
    return VenueData(**{name: getattr(venue, name) for name in venues.DETAIL_FIELDS})


def _cells(venue: Venue) -> dict[str, str]:
    plain = {
        "office": venue.office.slug,
        "name": venue.name,
        "address": venue.address,
        "city": venue.city,
        "region": venue.region,
        "timezone": venue.zone.key,
        "area": venue.area,
        "latitude": "" if venue.latitude is None else repr(venue.latitude),
        "longitude": "" if venue.longitude is None else repr(venue.longitude),
        "capacity": "" if venue.capacity is None else str(venue.capacity),
        "step_free": str(venue.is_step_free).lower(),
        "own_room": str(venue.is_own_room).lower(),
        "entrance": venue.entrance,
    }
    texts = {
        f"{name}_{lang}": getattr(venue, name).get(lang, "") for name in _TEXTS for lang in CODES
    }
    return plain | texts


def _key(line: RowParser) -> str:
    return "\n".join(line.raw(name) for name in ("office", "name", "address", "city"))


def _row(line: RowParser, known: Mapping[str, Office]) -> VenueRow:
    """The venue of a line; its values are meaningless if the line has faults."""
    office = known.get(line.raw("office"))
    if office is None:
        line.fault("office", ImportErrorCode.OFFICE_UNKNOWN)
    said: dict[str, Any] = {
        "city": line.text("city", 80, is_required=True),
        "region": line.region("region", is_required=True),
        "zone": ZoneInfo(line.zone("timezone", is_required=True) or "UTC"),
    }
    if line.has("area"):
        said["area"] = line.text("area", 120)
    if line.has("entrance"):
        said["entrance"] = line.one_of("entrance", _ENTRANCES) or ""
    if line.has("capacity"):
        said["capacity"] = _capacity(line)
    for column, name in (("step_free", "is_step_free"), ("own_room", "is_own_room")):
        if line.raw(column):
            said[name] = line.flag(column)
    if line.has("latitude") and line.has("longitude"):
        said["latitude"], said["longitude"] = _position(line, office)
    for name, longest in _TEXTS.items():
        if any(line.has(f"{name}_{lang}") for lang in CODES):
            texts = {lang: line.text(f"{name}_{lang}", longest) for lang in CODES}
            said[name] = {lang: words for lang, words in texts.items() if words}
    row = VenueRow(
        office=line.raw("office"),
        name=line.text("name", 120, is_required=True),
        address=line.text("address", 200),
        city=said["city"],
        said=said,
    )
    try:
        venues.require_public_meeting_point(
            VenueData(**{"name": row.name, "address": row.address} | said)
        )
    except Refusal as refusal:
        line.add_fault("meeting_point_es", refusal)
    return row


def _capacity(line: RowParser) -> int | None:
    found = line.number_of("capacity", most=MAX_CAPACITY)
    if found == 0:
        line.fault("capacity", DataFileErrorCode.NUMBER_OUT_OF_RANGE, least=1, most=MAX_CAPACITY)
    return found


def _position(line: RowParser, office: Office | None) -> tuple[float | None, float | None]:
    """The point on the map; none where both cells are empty."""
    if not line.raw("latitude") and not line.raw("longitude"):
        return None, None
    point = line.degrees("latitude", most=90), line.degrees("longitude", most=180)
    if office is not None and not line.faults:
        away = distance_in_miles((office.latitude, office.longitude), *point)
        if away is not None and away > MAX_MILES:
            line.fault("latitude", DataFileErrorCode.POINT_FAR_AWAY)
    return point
