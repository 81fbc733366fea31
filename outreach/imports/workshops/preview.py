"""Computes what loading rows would do: what is new, what changes, how many people are notified.

It writes nothing, so it takes no lock. It is computed again in the transaction that loads, so that
what was shown is what is done.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain import workshops
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.agenda import Hour, Offices
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.errors import Refusal
from outreach.i18n import list_languages
from outreach.imports.import_errors import ImportErrorCode, ImportFault
from outreach.imports.workshops.load import (
    NamedRows,
    compute_capacity,
    find_faults,
    find_impossible_changes,
    is_same_venue,
)
from outreach.imports.workshops.read import MAX_TITLES, WorkshopImportRow
from outreach.imports.workshops.write import COLUMNS, cells, format_local

# Columns whose change notifies the people registered.
_NOTIFYING: Final = frozenset(
    {"timezone", "starts_at", "ends_at", "venue", "address", "city", "region", "mode", "status"}
)
_VENUE: Final = ("venue", "address", "city", "region", "area")


class PreviewVerdict(StrEnum):
    """The effect of a row."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    SAME = "same"


@dataclass(frozen=True)
class PreviewChange:
    """The value of one column before and after."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class PreviewedRow:
    """One row and its effect."""

    row: WorkshopImportRow
    verdict: PreviewVerdict
    public_id: str = ""
    changes: tuple[PreviewChange, ...] = ()
    notified: int = 0  # registrations that would be notified
    twins: tuple[str, ...] = ()  # similar workshops, if the row is new (`_twins`)

    @property
    def mark(self) -> str:
        """A digest that changes when the effect of the row changes."""
        effect = (
            self.row.id,
            self.verdict,
            self.public_id,
            self.changes,
            self.notified,
            self.twins,
        )
        return f"{zlib.crc32(repr(effect).encode()):08x}"


@dataclass(frozen=True)
class ImportPreview:
    seen: tuple[PreviewedRow, ...]
    faults: tuple[ImportFault, ...]

    @property
    def marks(self) -> dict[str, str]:
        return {each.row.id: each.mark for each in self.seen}

    def rows_with(self, verdict: PreviewVerdict) -> list[PreviewedRow]:
        return [each for each in self.seen if each.verdict == verdict]


def compute(
    session: Session, rows: Sequence[WorkshopImportRow], own_offices: Offices, *, now: datetime
) -> ImportPreview:
    """The effect of each row and its faults. Workshops of offices other than `own_offices` are
    neither shown nor changed; None means all offices."""
    known = workshops.find_imported(session, [row.id for row in rows])
    named = NamedRows.read(session)
    faults: list[ImportFault] = []
    seen: list[PreviewedRow] = []
    lines: dict[int, int] = {}  # the first line of each workshop, by its id
    for row in rows:
        workshop = known.get(row.id)
        if workshop is None:
            new_faults = list(find_faults(row, None, named))
            faults += new_faults
            seen += [] if new_faults else [PreviewedRow(row=row, verdict=PreviewVerdict.NEW)]
            continue
        row_faults = list(_find_faults(session, row, workshop, named, own_offices, lines, now))
        lines.setdefault(workshop.id, row.line)
        faults += row_faults
        if not row_faults:
            seen.append(_compared(row, workshop, named))
    notified = agenda.count_reachable(
        session, [known[e.row.id].id for e in seen if _notifies(e, known, now)]
    )
    seen = [
        replace(each, notified=notified.get(known[each.row.id].id, 0))
        if each.row.id in known
        else each
        for each in seen
    ]
    return ImportPreview(tuple(_twins(session, seen, known, own_offices)), tuple(sorted(faults)))


def _find_faults(
    session: Session,
    row: WorkshopImportRow,
    workshop: Workshop,
    named: NamedRows,
    own_offices: Offices,
    lines: Mapping[int, int],
    now: datetime,
) -> Iterable[ImportFault]:
    """Returns what the row asks for that cannot be done to the workshop in its current state."""
    if own_offices is not None and workshop.office.slug not in own_offices:
        yield ImportFault(row.line, "id", row.id, Refusal(ImportErrorCode.ID_NOT_ALLOWED))
        return
    if workshop.id in lines:
        error = Refusal(ImportErrorCode.WORKSHOP_TWICE, line=lines[workshop.id])
        yield ImportFault(row.line, "id", row.id, error)
    yield from find_impossible_changes(session, row, workshop, named, now=now)


def _compared(row: WorkshopImportRow, workshop: Workshop, named: NamedRows) -> PreviewedRow:
    before, after = cells(workshop), _after(row, workshop, named)
    changes = tuple(
        PreviewChange(name, before[name], after[name])
        for name in COLUMNS
        if name != "id" and before[name] != after[name]
    )
    verdict = PreviewVerdict.CHANGED if changes else PreviewVerdict.SAME
    if any(each.field == "status" and each.after == WorkshopStatus.CANCELLED for each in changes):
        verdict = PreviewVerdict.CANCELLED
    return PreviewedRow(row=row, verdict=verdict, public_id=workshop.public_id, changes=changes)


def _format(row: WorkshopImportRow, day: date, hour: time) -> str:
    local = datetime.combine(day, hour)
    return format_local(local, row.zone, is_second=row.is_second_hour)


def _after(row: WorkshopImportRow, workshop: Workshop, named: NamedRows) -> dict[str, str]:
    """The cells of the workshop after loading; columns that the file lacks stay as before."""
    before = cells(workshop)
    mode = row.mode or (workshop.mode if workshop.mode.has_venue else DeliveryMode.IN_PERSON)
    after = before | {
        "office": row.office,
        "kind": row.kind,
        **{f"title_{lang}": row.title.get(lang, "") for lang in list_languages()[:MAX_TITLES]},
        "timezone": row.zone.key,
        "starts_at": _format(row, row.day, row.starts),
        "ends_at": _format(row, row.last_day, row.ends),
        "capacity": str(compute_capacity(row, workshop, named)),
        "languages": " ".join(row.languages),
        "childcare": "true" if row.has_childcare else "false",
        "status": row.status.value,
        "way": row.way.value,
        "mode": mode.value,
    }
    if row.has_french:
        after["title_fr"] = row.title.get("fr", "")
    if row.phone is not None:
        after["phone"] = row.phone
    if row.live_url is not None:
        after["live_url"] = row.live_url
    place, venue = row.place, workshop.venue
    if place is None:
        after |= dict.fromkeys(_VENUE, "")
    elif row.office != workshop.office.slug or venue is None or not is_same_venue(venue, place):
        after |= dict(
            zip(
                _VENUE, (place.name, place.address, place.city, place.region, place.area),
                strict=True,
            )
        )  # fmt: skip
    return after


def _notifies(seen: PreviewedRow, known: Mapping[str, Workshop], now: datetime) -> bool:
    workshop = known.get(seen.row.id)
    return (
        workshop is not None
        and any(each.field in _NOTIFYING for each in seen.changes)
        and workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED}
        and now < workshop.ends_at
    )


def _twins(
    session: Session,
    seen: Sequence[PreviewedRow],
    known: Mapping[str, Workshop],
    own_offices: Offices,
) -> Iterable[PreviewedRow]:
    """The rows, each new one with up to five others of the same office, kind, day and hour:
    workshops by public id, rows of the file as «#» and their line number."""
    new = [each.row for each in seen if each.verdict is PreviewVerdict.NEW]
    if not new:
        return seen
    by_hour: dict[Hour, list[str]] = defaultdict(list)
    in_file = {workshop.public_id for workshop in known.values()}
    first, last = min(row.day for row in new), max(row.day for row in new)
    wanted = {_hour(row) for row in new}
    for public_id, hour in agenda.list_hours(session, own_offices, first, last):
        if hour in wanted and public_id not in in_file:
            by_hour[hour].append(public_id)
    for row in new:
        by_hour[_hour(row)].append(f"#{row.line}")
    return [
        replace(
            each, twins=tuple(t for t in by_hour[_hour(each.row)] if t != f"#{each.row.line}")[:5]
        )
        if each.verdict is PreviewVerdict.NEW
        else each
        for each in seen
    ]


def _hour(row: WorkshopImportRow) -> Hour:
    return row.office, row.kind, row.day, row.starts
