"""Rows of workshops to workshops, as an organizer would make and change them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import workshops
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import (
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    tour_stops,
)
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refused
from outreach.imports.import_errors import ImportErrorCode, ImportFault, ImportRejected
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, without_progress
from outreach.imports.workshops.read import ImportedPlace, WorkshopImportRow

_WITH_PLACES: Final = frozenset({Way.PLACE, Way.SLOTS, Way.UNLISTED})
_TOGETHER: Final = 250  # new workshops that are written at once
Turn = tuple[WorkshopStatus, WorkshopStatus]  # from how it stands to what the file says
_publish: Final = partial(workshop_service.publish, is_in_file=True)
_IMPOSSIBLE: Final[Mapping[Turn, ImportErrorCode]] = MappingProxyType(
    {
        (WorkshopStatus.PUBLISHED, WorkshopStatus.DRAFT): ImportErrorCode.PUBLISHED_TO_DRAFT,
        (WorkshopStatus.CANCELLED, WorkshopStatus.DRAFT): ImportErrorCode.PUBLISHED_TO_DRAFT,
        (WorkshopStatus.HELD, WorkshopStatus.DRAFT): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.HELD, WorkshopStatus.CANCELLED): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.NOT_HELD, WorkshopStatus.DRAFT): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.NOT_HELD, WorkshopStatus.CANCELLED): ImportErrorCode.REPORTED_ALREADY,
    }
)
_STEPS: Final[Mapping[Turn, tuple[Callable[..., object], ...]]] = MappingProxyType(
    {
        (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED): (_publish,),
        (WorkshopStatus.DRAFT, WorkshopStatus.CANCELLED): (_publish, workshop_service.cancel),
        (WorkshopStatus.PUBLISHED, WorkshopStatus.CANCELLED): (workshop_service.cancel,),
        (WorkshopStatus.CANCELLED, WorkshopStatus.PUBLISHED): (workshop_service.reinstate,),
    }
)


def load(
    session: Session,
    rows: Sequence[WorkshopImportRow],
    *,
    now: datetime,
    is_synthetic: bool = False,
    watch: Watch = without_progress,
) -> ImportResult:
    """Makes the workshops what the rows say; who is registered is owed a notice, as ever.

    `is_synthetic` marks them as a reconstruction. Raises Faulty when a row asks for what cannot be
    done to the workshop as it stands: then leave the transaction, nothing must be kept.
    """
    known = workshops.find_imported(session, [row.id for row in rows])
    loader = _Loader(session, now, is_synthetic)
    for row in watch(rows):
        loader.take(row, known.get(row.id))
    loader.add()
    if loader.faults:
        raise ImportRejected(loader.faults)
    return loader.loaded


@dataclass(frozen=True)
class Named:
    """What rows name: offices by their slug, kinds by their code."""

    offices: Mapping[str, Office]
    kinds: Mapping[str, Kind]

    @classmethod
    def of(cls, session: Session) -> "Named":
        return cls(
            {office.slug: office for office in offices.list_offices(session)},
            {kind.code: kind for kind in kinds.list_kinds(session)},
        )


def find_missing_fields(
    row: WorkshopImportRow, workshop: Workshop | None, named: Named
) -> Iterator[ImportFault]:
    """Why what the row says of the workshop, or of a new one, cannot be. Nothing is written to
    find out: no venue is made, and that there is one has been seen to when the row was read."""
    told = _told(row, workshop, named, workshop.venue if workshop is not None else None)
    told = workshop_service.normalize(told)
    try:
        workshop_service.check(told, is_draft=True)
        if workshop is not None:
            _check_sight(row, workshop, told)
    except Refused as error:
        yield _refused(row, "id", row.id, error)


def _check_sight(row: WorkshopImportRow, workshop: Workshop, told: WorkshopData) -> None:
    """Raises Refused for what cannot come into everybody's sight."""
    if workshop.status is WorkshopStatus.DRAFT:
        is_publishing = row.status is not WorkshopStatus.DRAFT
        if is_publishing and told.way in _WITH_PLACES and not told.capacity:
            raise Refused(ErrorCode.FIELDS_MISSING, fields=[RequiredField.CAPACITY])
        return
    there, place = workshop.venue, row.place
    if place is None or not told.kind.is_discreet or told.visibility is not Visibility.PUBLIC:
        return
    is_there = there is not None and there.office is told.office and is_same_venue(there, place)
    if not is_there or told.kind is not workshop.kind:
        raise Refused(ErrorCode.ADDRESS_EXPOSED)


def impossible(
    session: Session, row: WorkshopImportRow, workshop: Workshop, named: Named, *, now: datetime
) -> Iterator[ImportFault]:
    """What the row asks for that cannot be done to the workshop as it stands."""
    is_draft = workshop.status is WorkshopStatus.DRAFT
    _starts_at, ends_at = clock.span(row.day, row.starts, row.ends, row.zone)
    turn = (workshop.status, row.status)
    steps = _STEPS.get(turn, ())
    if turn in _IMPOSSIBLE:
        yield _refused(row, "status", row.status.value, Refused(_IMPOSSIBLE[turn]))
    elif workshop_service.cancel in steps and (ends_at if is_draft else workshop.ends_at) <= now:
        error = Refused(ErrorCode.CANCEL_AFTER_END)
        yield _refused(row, "status", row.status.value, error)
    if (
        steps
        and steps[0] is not workshop_service.cancel
        and tour_stops.is_stop_cancelled(session, workshop)
    ):
        error = Refused(ErrorCode.WORKSHOP_OF_CANCELLED_STOP)
        yield _refused(row, "status", row.status.value, error)
    if workshop_service.is_moved_to_past(workshop, ends_at, now=now):
        starts_at = f"{row.day}T{row.starts:%H:%M}"
        yield _refused(row, "starts_at", starts_at, Refused(ErrorCode.WORKSHOP_PAST))
    taken = workshop.capacity + workshop.overbooked - workshop.seats_left
    if row.way is not Way.SLOTS and row.capacity + workshop.overbooked < taken:
        error = Refused(ErrorCode.CAPACITY_BELOW_TAKEN, taken=taken)
        yield _refused(row, "capacity", str(row.capacity), error)
    if taken and row.way is not workshop.way:
        error = Refused(ImportErrorCode.ADMISSION_IN_USE, way=workshop.way.value)
        yield _refused(row, "way", row.way.value, error)
    yield from find_missing_fields(row, workshop, named)


class _Loader:
    """Does one row after another, and remembers what came of it."""

    def __init__(self, session: Session, now: datetime, is_synthetic: bool) -> None:
        self.loaded = ImportResult()
        self.faults: list[ImportFault] = []
        self._session, self._now, self._is_synthetic = session, now, is_synthetic
        self._named = Named.of(session)
        self._venues: dict[tuple[str, ImportedPlace], Venue] = {}
        self._prepared: list[Workshop] = []

    def add(self) -> None:
        """Writes the new ones there are by now, together."""
        if not self.faults:
            workshop_service.add(self._session, self._prepared)
        self._prepared.clear()

    def take(self, row: WorkshopImportRow, workshop: Workshop | None) -> None:
        if workshop is None:
            self._create(row)
            return
        found = list(impossible(self._session, row, workshop, self._named, now=self._now))
        if found:
            self.faults += found
            return
        left, has_changed = workshop.office.slug, self._mark(workshop)
        # Cancelled first and reinstated last, so that people hear of it once. Of a draft nobody
        # does, and it is published as it is to be.
        is_first = (
            row.status is WorkshopStatus.CANCELLED and workshop.status is not WorkshopStatus.DRAFT
        )
        if is_first:
            has_changed |= self._set_status(row, workshop)
        has_changed |= self._change(row, workshop)
        if not is_first:
            has_changed |= self._set_status(row, workshop)
        self.loaded.count(RowOutcome.CHANGED if has_changed else RowOutcome.SAME, row.office, left)

    def _create(self, row: WorkshopImportRow) -> None:
        try:
            self._prepared.append(
                workshop_service.prepare(
                    _told(row, None, self._named, self._venue(row, None)),
                    now=self._now,
                    status=row.status,
                    external_id=row.id,
                    is_synthetic=self._is_synthetic,
                )
            )
        except Refused as error:
            self.faults.append(_refused(row, "id", row.id, error))
        if len(self._prepared) >= _TOGETHER:
            self.add()
        self.loaded.count(RowOutcome.NEW, row.office)

    def _mark(self, workshop: Workshop) -> bool:
        if not self._is_synthetic or workshop.is_synthetic:
            return False
        workshop.is_synthetic = True
        return True

    def _change(self, row: WorkshopImportRow, workshop: Workshop) -> bool:
        told = _told(row, workshop, self._named, self._venue(row, workshop.venue))
        try:
            new = workshop_service.change(self._session, workshop, told, now=self._now)
        except Refused as error:
            self.faults.append(_refused(row, "id", row.id, error))
            return False
        if new & {"day", "retention_days"}:
            self.loaded.moved[workshop.id] = workshop.forget_on
        return bool(new)

    def _set_status(self, row: WorkshopImportRow, workshop: Workshop) -> bool:
        turn = (workshop.status, row.status)
        for step in _STEPS.get(turn, ()):
            try:
                step(self._session, workshop, now=self._now)
            except Refused as error:
                self.faults.append(_refused(row, "status", row.status.value, error))
        return turn in _STEPS

    def _venue(self, row: WorkshopImportRow, now_at: Venue | None) -> Venue | None:
        place, office = row.place, self._named.offices[row.office]
        if place is None:
            return None
        if now_at is not None and now_at.office is office and is_same_venue(now_at, place):
            return now_at
        key = (office.slug, place)
        if key not in self._venues:
            self._venues[key] = venues.find_or_create(
                self._session,
                office,
                place.name,
                address=place.address,
                city=place.city,
                region=place.region,
                area=place.area,
                zone=row.zone,
                now=self._now,
            )
        return self._venues[key]


def _refused(row: WorkshopImportRow, field: str, value: str, error: Refused) -> ImportFault:
    return ImportFault(row.line, field, value, error)


def _told(
    row: WorkshopImportRow, before: Workshop | None, named: Named, venue: Venue | None
) -> WorkshopData:
    """The plan of the workshop as it is, or of a new one of its kind, with what the row says."""
    kind, office, title = named.kinds[row.kind], named.offices[row.office], dict(row.title)
    plan = workshop_service.from_kind(kind, office, row.day, row.starts)
    if before is not None:
        there = workshop_service.get_data(before)
        plan = there if before.kind.code == row.kind else _as_its_kind(there, plan)
        if not row.has_french and "fr" in before.title:
            title["fr"] = before.title["fr"]
    told = replace(
        plan,
        office=office,
        kind=kind,
        venue=venue,
        mode=row.mode or (plan.mode if plan.mode.has_venue else DeliveryMode.IN_PERSON),
        zone=row.zone,
        day=row.day,
        starts=row.starts,
        ends=row.ends,
        title=title,
        capacity=row.capacity,
        way=row.way,
        languages=row.languages,
        has_childcare=row.has_childcare,
        phone=plan.phone if row.phone is None else row.phone,
    )
    return workshop_service.spread_over_slots(told)


def is_same_venue(venue: Venue, place: ImportedPlace) -> bool:
    # An address that someone gave the venue since is not lost to a file that has none.
    has_same_name = (venue.name, venue.city) == (place.name, place.city)
    return has_same_name and place.address in {"", venue.address}


def _as_its_kind(plan: WorkshopData, new: WorkshopData) -> WorkshopData:
    """A workshop that becomes one of another kind starts again from that kind's defaults."""
    return replace(
        plan,
        summary=new.summary,
        bring=new.bring,
        visibility=new.visibility,
        party_limit=new.party_limit,
        retention_days=new.retention_days,
        has_reminders=new.has_reminders,
    )
