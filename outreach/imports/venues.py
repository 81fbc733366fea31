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

from outreach.db.base import Words
from outreach.domain.fields import read_declaration
from outreach.domain.locations import venues
from outreach.domain.locations.geocoding import distance_in_miles
from outreach.domain.locations.venue_fields import Entrance, VenueData
from outreach.domain.locations.venues import Venue
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


def _name_column(name: str) -> str:
    """The column of a field that has one: `own_room` of `is_own_room`."""
    return "timezone" if name == "zone" else name.removeprefix("is_")


_DECLARED: Final = read_declaration(VenueData)
_TEXTS: Final = tuple(name for name, each in _DECLARED.items() if each.kind is Words)
_PLAIN: Final = tuple(name for name in _DECLARED if name not in _TEXTS)
COLUMNS: Final = (
    "office",
    *map(_name_column, _PLAIN),
    *(f"{name}_{lang}" for name in _TEXTS for lang in CODES),
)
MAX_MILES: Final = 1500  # from the office: a greater distance is a typing error
# What a line says of these is read by their type, in this order.
_READ_ALONE: Final = frozenset(
    {"name", "address", "city", "region", "zone", "latitude", "longitude"}
)
_READ_BY_TYPE: Final = tuple(
    dict.fromkeys(("area", "entrance", *(name for name in _PLAIN if name not in _READ_ALONE)))
)
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
    """Writes a CSV file with a byte order mark. Cells that look like formulas are escaped."""
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
    plain = {_name_column(name): _cell(getattr(venue, name)) for name in _PLAIN}
    texts = {
        f"{name}_{lang}": getattr(venue, name).get(lang, "") for name in _TEXTS for lang in CODES
    }
    return {"office": venue.office.slug} | plain | texts


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)


def _key(line: RowParser) -> str:
    return "\n".join(line.raw(name) for name in ("office", "name", "address", "city"))


def _row(line: RowParser, known: Mapping[str, Office]) -> VenueRow:
    """The venue of a line; its values are meaningless if the line has faults."""
    office = known.get(line.raw("office"))
    if office is None:
        line.fault("office", ImportErrorCode.OFFICE_UNKNOWN)
    said: dict[str, Any] = {
        "city": _text(line, "city", is_required=True),
        "region": line.region("region", is_required=True),
        "zone": ZoneInfo(line.zone("timezone", is_required=True) or "UTC"),
    }
    for name in _READ_BY_TYPE:
        column = _name_column(name)
        if _DECLARED[name].kind is bool:
            if line.raw(column):
                said[name] = line.flag(column)
        elif line.has(column):
            said[name] = _read_cell(line, name)
    if line.has("latitude") and line.has("longitude"):
        said["latitude"], said["longitude"] = _position(line, office)
    for name in _TEXTS:
        if any(line.has(f"{name}_{lang}") for lang in CODES):
            most = _most(name)
            texts = {lang: line.text(f"{name}_{lang}", most) for lang in CODES}
            said[name] = {lang: words for lang, words in texts.items() if words}
    row = VenueRow(
        office=line.raw("office"),
        name=_text(line, "name", is_required=True),
        address=_text(line, "address"),
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


def _read_cell(line: RowParser, name: str) -> str | int | None:
    if name == "entrance":
        return line.one_of("entrance", _ENTRANCES) or ""
    return _text(line, name) if _DECLARED[name].kind is str else _number(line, name)


def _most(name: str) -> int:
    most = _DECLARED[name].spec.most
    assert most is not None
    return most


def _text(line: RowParser, name: str, *, is_required: bool = False) -> str:
    return line.text(name, _most(name), is_required=is_required)


def _number(line: RowParser, name: str) -> int | None:
    least, most = _DECLARED[name].spec.least, _most(name)
    found = line.number_of(name, most=most)
    if found is not None and found < least:
        line.fault(name, DataFileErrorCode.NUMBER_OUT_OF_RANGE, least=least, most=most)
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
