"""What loading rows would do, seen before it is done: what is new, what changes, who is told.

Nothing is written to find out, so nobody waits for it; and the same look is taken once more in the
transaction that loads, so that what was seen is what is done.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import Hour, Offices
from outreach.domain.network.kinds import Way
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import Refused
from outreach.imports.import_errors import ImportErrorCode, ImportFault
from outreach.imports.workshops.load import Named, find_missing_fields, impossible, is_same_venue
from outreach.imports.workshops.read import WorkshopImportRow
from outreach.imports.workshops.write import COLUMNS, cells

# A change of these is one of when or where, or of whether at all: people are told.
_TOLD: Final = frozenset(
    {"timezone", "starts_at", "ends_at", "venue", "address", "city", "region", "mode", "status"}
)
_VENUE: Final = ("venue", "address", "city", "region", "area")


class PreviewVerdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    SAME = "same"


@dataclass(frozen=True)
class PreviewChange:
    """One column: what it says now, and what it is to say."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PreviewedRow:
    """One row, and what would become of it."""

    row: WorkshopImportRow
    verdict: PreviewVerdict
    public_id: str = ""
    changes: tuple[PreviewChange, ...] = ()
    told: int = 0  # parties that would get a letter, a text or a call
    twins: tuple[str, ...] = ()  # of a new one: what looks like the same workshop, as `_twins` says

    @property
    def mark(self) -> str:
        """Another one as soon as something else would become of the row."""
        said = (self.row.id, self.verdict, self.public_id, self.changes, self.told, self.twins)
        return f"{zlib.crc32(repr(said).encode()):08x}"


@dataclass(frozen=True)
class ImportPreview:
    seen: tuple[PreviewedRow, ...]
    faults: tuple[ImportFault, ...]

    @property
    def marks(self) -> dict[str, str]:
        return {each.row.id: each.mark for each in self.seen}

    def of(self, verdict: PreviewVerdict) -> list[PreviewedRow]:
        return [each for each in self.seen if each.verdict == verdict]


def look(
    session: Session, rows: Sequence[WorkshopImportRow], mine: Offices, *, now: datetime
) -> ImportPreview:
    """What would become of each row, and what stands against it. Workshops of offices that are
    not `mine` are not told of, nor changed."""
    known = workshops.find_imported(session, [row.id for row in rows])
    named = Named.of(session)
    faults: list[ImportFault] = []
    seen: list[PreviewedRow] = []
    lines: dict[int, int] = {}  # of each workshop, the line that is about it
    for row in rows:
        workshop = known.get(row.id)
        if workshop is None:
            new = list(find_missing_fields(row, None, named))
            faults += new
            seen += [] if new else [PreviewedRow(row=row, verdict=PreviewVerdict.NEW)]
            continue
        found = list(_against(session, row, workshop, named, mine, lines, now))
        lines.setdefault(workshop.id, row.line)
        faults += found
        if not found:
            seen.append(_compared(row, workshop))
    told = agenda.count_reachable(
        session, [known[e.row.id].id for e in seen if _is_told(e, known, now)]
    )
    seen = [
        replace(each, told=told.get(known[each.row.id].id, 0)) if each.row.id in known else each
        for each in seen
    ]
    return ImportPreview(tuple(_twins(session, seen, known, mine)), tuple(sorted(faults)))


def _against(
    session: Session,
    row: WorkshopImportRow,
    workshop: Workshop,
    named: Named,
    mine: Offices,
    lines: Mapping[int, int],
    now: datetime,
) -> Iterable[ImportFault]:
    """What cannot be done to the workshop as it stands."""
    if mine is not None and workshop.office.slug not in mine:
        yield ImportFault(row.line, "id", row.id, Refused(ImportErrorCode.ID_NOT_ALLOWED))
        return
    if workshop.id in lines:
        error = Refused(ImportErrorCode.WORKSHOP_TWICE, line=lines[workshop.id])
        yield ImportFault(row.line, "id", row.id, error)
    yield from impossible(session, row, workshop, named, now=now)


def _compared(row: WorkshopImportRow, workshop: Workshop) -> PreviewedRow:
    before, after = cells(workshop), _after(row, workshop)
    changes = tuple(
        PreviewChange(name, before[name], after[name])
        for name in COLUMNS
        if name != "id" and before[name] != after[name]
    )
    verdict = PreviewVerdict.CHANGED if changes else PreviewVerdict.SAME
    if any(each.field == "status" and each.after == WorkshopStatus.CANCELLED for each in changes):
        verdict = PreviewVerdict.CANCELLED
    return PreviewedRow(row=row, verdict=verdict, public_id=workshop.public_id, changes=changes)


def _after(row: WorkshopImportRow, workshop: Workshop) -> dict[str, str]:
    """The workshop's line once the row is loaded: what the row does not say is as before."""
    before = cells(workshop)
    mode = row.mode or (workshop.mode if workshop.mode.has_venue else DeliveryMode.IN_PERSON)
    said = before | {
        "office": row.office,
        "kind": row.kind,
        "title_es": row.title.get("es", ""),
        "title_en": row.title.get("en", ""),
        "timezone": row.zone.key,
        "starts_at": f"{row.day}T{row.starts:%H:%M}",
        "ends_at": f"{row.last_day}T{row.ends:%H:%M}",
        "capacity": str(_capacity(row, workshop)),
        "languages": " ".join(row.languages),
        "childcare": "true" if row.has_childcare else "false",
        "status": row.status.value,
        "way": row.way.value,
        "mode": mode.value,
    }
    if row.has_french:
        said["title_fr"] = row.title.get("fr", "")
    if row.phone is not None:
        said["phone"] = row.phone
    place, there = row.place, workshop.venue
    if place is None:
        said |= dict.fromkeys(_VENUE, "")
    elif row.office != workshop.office.slug or there is None or not is_same_venue(there, place):
        said |= dict(
            zip(
                _VENUE, (place.name, place.address, place.city, place.region, place.area),
                strict=True,
            )
        )  # fmt: skip
    return said


def _capacity(row: WorkshopImportRow, workshop: Workshop) -> int:
    """Of one-to-one consultations what their hours come to."""
    if row.way is not Way.SLOTS:
        return row.capacity
    plan = replace(
        workshop_service.get_data(workshop),
        way=row.way,
        starts=row.starts,
        ends=row.ends,
        capacity=row.capacity,
    )
    return workshop_service.normalize(workshop_service.spread_over_slots(plan)).capacity


def _is_told(seen: PreviewedRow, known: Mapping[str, Workshop], now: datetime) -> bool:
    workshop = known.get(seen.row.id)
    return (
        workshop is not None
        and any(each.field in _TOLD for each in seen.changes)
        and workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED}
        and now < workshop.ends_at
    )


def _twins(
    session: Session, seen: Sequence[PreviewedRow], known: Mapping[str, Workshop], mine: Offices
) -> Iterable[PreviewedRow]:
    """The rows, of each new one those told of that are of the same office, kind, day and hour:
    workshops by their public id, rows of the file as «#» and their line."""
    new = [each.row for each in seen if each.verdict is PreviewVerdict.NEW]
    if not new:
        return seen
    there: dict[Hour, list[str]] = defaultdict(list)
    in_file = {workshop.public_id for workshop in known.values()}
    first, last = min(row.day for row in new), max(row.day for row in new)
    wanted = {_hour(row) for row in new}
    for public_id, hour in agenda.list_hours(session, mine, first, last):
        if hour in wanted and public_id not in in_file:
            there[hour].append(public_id)
    for row in new:
        there[_hour(row)].append(f"#{row.line}")
    return [
        replace(
            each, twins=tuple(t for t in there[_hour(each.row)] if t != f"#{each.row.line}")[:5]
        )
        if each.verdict is PreviewVerdict.NEW
        else each
        for each in seen
    ]


def _hour(row: WorkshopImportRow) -> Hour:
    return row.office, row.kind, row.day, row.starts
