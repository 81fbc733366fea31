"""Creates and changes workshops from the rows of a file, by the service that staff use."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import workshops
from outreach.domain.locations import venue_matching, venues
from outreach.domain.locations.venue_matching import MatchKind, VenueIndex
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import (
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    tour_stops,
)
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refusal
from outreach.imports.import_errors import ImportErrorCode, ImportFault, ImportRejected
from outreach.imports.import_result import ImportResult, RowOutcome, Watch, without_progress
from outreach.imports.workshops.read import ImportedPlace, WorkshopImportRow

_WITH_REGISTRATION: Final = frozenset({Way.PLACE, Way.SLOTS, Way.UNLISTED})
_BATCH_SIZE: Final = 250  # new workshops that are inserted together
Transition = tuple[WorkshopStatus, WorkshopStatus]  # from the stored status to that of the file
_publish: Final = partial(workshop_service.publish, is_in_file=True)
_IMPOSSIBLE: Final[Mapping[Transition, ImportErrorCode]] = MappingProxyType(
    {
        (WorkshopStatus.PUBLISHED, WorkshopStatus.DRAFT): ImportErrorCode.PUBLISHED_TO_DRAFT,
        (WorkshopStatus.CANCELLED, WorkshopStatus.DRAFT): ImportErrorCode.PUBLISHED_TO_DRAFT,
        (WorkshopStatus.HELD, WorkshopStatus.DRAFT): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.HELD, WorkshopStatus.CANCELLED): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.NOT_HELD, WorkshopStatus.DRAFT): ImportErrorCode.REPORTED_ALREADY,
        (WorkshopStatus.NOT_HELD, WorkshopStatus.CANCELLED): ImportErrorCode.REPORTED_ALREADY,
    }
)
_STEPS: Final[Mapping[Transition, tuple[Callable[..., object], ...]]] = MappingProxyType(
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
    decision: NotifyDecision = AT_ONCE,
) -> ImportResult:
    """Creates and changes workshops as the rows say; people registered are notified as `decision`
    says.

    `is_synthetic` marks the workshops as a reconstruction. Raises ImportRejected if a row asks for
    an impossible change: then the transaction must be rolled back.
    """
    known = workshops.find_imported(session, [row.id for row in rows])
    loader = WorkshopLoader(session, now, is_synthetic, decision)
    for row in watch(rows):
        loader.load_row(row, known.get(row.id))
    loader.add()
    if loader.faults:
        raise ImportRejected(loader.faults)
    return loader.result


@dataclass(frozen=True)
class NamedRows:
    """The offices by slug and kinds by code that rows may name."""

    offices: Mapping[str, Office]
    kinds: Mapping[str, Kind]

    @classmethod
    def read(cls, session: Session) -> "NamedRows":
        return cls(
            {office.slug: office for office in offices.list_offices(session)},
            {kind.code: kind for kind in kinds.list_kinds(session)},
        )


def find_faults(
    row: WorkshopImportRow, workshop: Workshop | None, named: NamedRows
) -> Iterator[ImportFault]:
    """Returns what is wrong with the data of a row for a workshop, or for a new one. Writes
    nothing."""
    venue = workshop.venue if workshop is not None else None
    data = workshop_data.normalize(_workshop_data(row, workshop, named, venue))
    try:
        workshop_data.check(data, is_draft=True)
        if workshop is not None:
            _check_publishable(row, workshop, data)
    except Refusal as error:
        yield _refused(row, "id", row.id, error)


def compute_capacity(row: WorkshopImportRow, workshop: Workshop | None, named: NamedRows) -> int:
    """The places that loading the row stores: with time slots they are the sum of the slots."""
    if row.way is not Way.SLOTS:
        return row.capacity
    venue = workshop.venue if workshop is not None else None
    return workshop_data.normalize(_workshop_data(row, workshop, named, venue)).capacity


def _check_publishable(row: WorkshopImportRow, workshop: Workshop, data: WorkshopData) -> None:
    """Raises Refusal if the workshop could not be shown to the public as the row says."""
    if workshop.status is WorkshopStatus.DRAFT:
        is_publishing = row.status is not WorkshopStatus.DRAFT
        if is_publishing and data.way in _WITH_REGISTRATION and not data.capacity:
            raise Refusal(ErrorCode.FIELDS_MISSING, fields=[RequiredField.CAPACITY])
        return
    venue, place = workshop.venue, row.place
    is_discreet = workshop.is_discreet if data.kind is workshop.kind else data.kind.is_discreet
    if place is None or not is_discreet or data.visibility is not Visibility.PUBLIC:
        return
    is_kept = venue is not None and venue.office is data.office and is_same_venue(venue, place)
    if not is_kept or data.kind is not workshop.kind:
        raise Refusal(ErrorCode.ADDRESS_EXPOSED)


def find_impossible_changes(
    session: Session, row: WorkshopImportRow, workshop: Workshop, named: NamedRows, *, now: datetime
) -> Iterator[ImportFault]:
    """Returns what the row asks for that cannot be done to the workshop in its current state."""
    is_draft = workshop.status is WorkshopStatus.DRAFT
    _starts_at, ends_at = clock.span(
        row.day, row.starts, row.ends, row.zone, is_second=row.is_second_hour
    )
    transition = (workshop.status, row.status)
    steps = _STEPS.get(transition, ())
    if transition in _IMPOSSIBLE:
        yield _refused(row, "status", row.status.value, Refusal(_IMPOSSIBLE[transition]))
    elif workshop_service.cancel in steps and (ends_at if is_draft else workshop.ends_at) <= now:
        error = Refusal(ErrorCode.CANCEL_AFTER_END)
        yield _refused(row, "status", row.status.value, error)
    if (
        steps
        and steps[0] is not workshop_service.cancel
        and tour_stops.is_stop_cancelled(session, workshop)
    ):
        error = Refusal(ErrorCode.WORKSHOP_OF_CANCELLED_STOP)
        yield _refused(row, "status", row.status.value, error)
    if workshop_service.is_moved_to_past(workshop, ends_at, now=now):
        starts_at = f"{row.day}T{row.starts:%H:%M}"
        yield _refused(row, "starts_at", starts_at, Refusal(ErrorCode.WORKSHOP_PAST))
    taken = workshop.taken_seats
    if row.way is not Way.SLOTS and row.capacity + workshop.overbooked < taken:
        error = Refusal(ErrorCode.CAPACITY_BELOW_TAKEN, taken=taken)
        yield _refused(row, "capacity", str(row.capacity), error)
    if taken and row.way is not workshop.way:
        error = Refusal(ImportErrorCode.ADMISSION_IN_USE, way=workshop.way.value)
        yield _refused(row, "way", row.way.value, error)
    try:
        data = _workshop_data(row, workshop, named, workshop.venue)
        workshop_service.require_not_looser(session, workshop, data)
    except Refusal as error:
        yield _refused(row, "kind", row.kind, error)
    yield from find_faults(row, workshop, named)


class WorkshopLoader:
    """Loads one row after another and collects result and faults."""

    def __init__(
        self,
        session: Session,
        now: datetime,
        is_synthetic: bool,
        decision: NotifyDecision = AT_ONCE,
    ) -> None:
        self.result = ImportResult()
        self.faults: list[ImportFault] = []
        self._session, self._now, self._is_synthetic = session, now, is_synthetic
        self._decision = decision
        self._named = NamedRows.read(session)
        self._venues: dict[tuple[str, ImportedPlace], Venue] = {}
        self._indexes: dict[str, VenueIndex[Venue]] = {}
        self._prepared: list[Workshop] = []

    def add(self) -> None:
        """Inserts the prepared new workshops."""
        if not self.faults:
            workshop_service.add(self._session, self._prepared)
        self._prepared.clear()

    def load_row(self, row: WorkshopImportRow, workshop: Workshop | None) -> Workshop | None:
        """The workshop that was changed, or that `add` will store; None for a row with faults."""
        if workshop is None:
            return self._create(row)
        faults = list(
            find_impossible_changes(self._session, row, workshop, self._named, now=self._now)
        )
        if faults:
            self.faults += faults
            return None
        previous_office, has_changed = workshop.office.slug, self._mark_synthetic(workshop)
        # Cancel before and reinstate after other changes, so that people get one notification. A
        # draft has nobody registered, and is published after its changes.
        is_first = (
            row.status is WorkshopStatus.CANCELLED and workshop.status is not WorkshopStatus.DRAFT
        )
        if is_first:
            has_changed |= self._set_status(row, workshop)
        has_changed |= self._change(row, workshop)
        if not is_first:
            has_changed |= self._set_status(row, workshop)
        if has_changed:
            self.result.changed_workshops.append(workshop)
        self.result.count(
            RowOutcome.CHANGED if has_changed else RowOutcome.SAME, row.office, previous_office
        )
        return workshop

    def _create(self, row: WorkshopImportRow) -> Workshop | None:
        workshop = None
        try:
            workshop = workshop_service.prepare(
                _workshop_data(row, None, self._named, self._venue(row, None)),
                now=self._now,
                status=row.status,
                external_id=row.id or None,
                is_synthetic=self._is_synthetic,
            )
            self._prepared.append(workshop)
        except Refusal as error:
            self.faults.append(_refused(row, "id", row.id, error))
        if len(self._prepared) >= _BATCH_SIZE:
            self.add()
        self.result.count(RowOutcome.NEW, row.office)
        return workshop

    def _mark_synthetic(self, workshop: Workshop) -> bool:
        if not self._is_synthetic or workshop.is_synthetic:
            return False
        workshop.is_synthetic = True
        return True

    def _change(self, row: WorkshopImportRow, workshop: Workshop) -> bool:
        data = _workshop_data(row, workshop, self._named, self._venue(row, workshop.venue))
        try:
            changed = workshop_service.change(
                self._session, workshop, data, now=self._now, decision=self._decision
            )
        except Refusal as error:
            self.faults.append(_refused(row, "id", row.id, error))
            return False
        if changed & {"day", "retention_days"}:
            self.result.moved[workshop.id] = workshop.forget_on
        return bool(changed)

    def _set_status(self, row: WorkshopImportRow, workshop: Workshop) -> bool:
        transition = (workshop.status, row.status)
        for step in _STEPS.get(transition, ()):
            try:
                options = {} if step is _publish else {"decision": self._decision}
                step(self._session, workshop, now=self._now, **options)
            except Refusal as error:
                self.faults.append(_refused(row, "status", row.status.value, error))
        return transition in _STEPS

    def _venue(self, row: WorkshopImportRow, current: Venue | None) -> Venue | None:
        place, office = row.place, self._named.offices[row.office]
        if place is None:
            return None
        if current is not None and current.office is office and is_same_venue(current, place):
            return current
        key = (office.slug, place)
        if key not in self._venues:
            self._venues[key] = self._known_venue(row, place, office) or venues.find_or_create(
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
            self._index(office).add(
                self._venues[key], place.name, address=place.address, city=place.city
            )
        return self._venues[key]

    def _known_venue(
        self, row: WorkshopImportRow, place: ImportedPlace, office: Office
    ) -> Venue | None:
        """Finds the venue that the office has under another spelling. A venue that is only similar
        to one of the office is created, as the file says, and the result names both."""
        found = self._index(office).match(place.name, address=place.address, city=place.city)
        if found.kind is MatchKind.NEAR and not any(
            (each.name, each.address, each.city) == (place.name, place.address, place.city)
            for each in found.candidates
        ):
            self.result.like.append((row.line, place.name, found.candidates[0].name))
        if found.place is not None:
            venues.add_area(found.place, place.area, now=self._now)
        return found.place

    def _index(self, office: Office) -> VenueIndex[Venue]:
        if office.slug not in self._indexes:
            self._indexes[office.slug] = venue_matching.load(self._session, office)
        return self._indexes[office.slug]


def _refused(row: WorkshopImportRow, field: str, value: str, error: Refusal) -> ImportFault:
    return ImportFault(row.line, field, value, error)


def _workshop_data(
    row: WorkshopImportRow, before: Workshop | None, named: NamedRows, venue: Venue | None
) -> WorkshopData:
    """The data of the workshop, or the defaults of its kind for a new one, updated by the row."""
    kind, office, title = named.kinds[row.kind], named.offices[row.office], dict(row.title)
    data = workshop_data.from_kind(kind, office, row.day, row.starts)
    if before is not None:
        current = workshop_service.get_data(before)
        data = current if before.kind.code == row.kind else _with_defaults(current, data)
        if not row.has_french and "fr" in before.title:
            title["fr"] = before.title["fr"]
    data = replace(
        data,
        office=office,
        kind=kind,
        venue=venue,
        mode=row.mode or (data.mode if data.mode.has_venue else DeliveryMode.IN_PERSON),
        zone=row.zone,
        day=row.day,
        starts=row.starts,
        ends=row.ends,
        is_second_hour=row.is_second_hour,
        title=title,
        capacity=row.capacity,
        way=row.way,
        languages=row.languages,
        has_childcare=row.has_childcare,
        phone=data.phone if row.phone is None else row.phone,
        live_url=data.live_url if row.live_url is None else row.live_url,
    )
    if before is None or before.venue is not venue:
        data = workshop_data.fit_visibility(data)
    return workshop_data.spread_over_slots(data)


def is_same_venue(venue: Venue, place: ImportedPlace) -> bool:
    """Whether the venue is the one of the file, however that spells it; a file without address does
    not remove one."""
    has_same_name = (venue.name, venue.city) == (place.name, place.city)
    if has_same_name and place.address in {"", venue.address}:
        return True
    index = VenueIndex[Venue]()
    index.add(venue, venue.name, address=venue.address, city=venue.city)
    return index.match(place.name, address=place.address, city=place.city).place is not None


def _with_defaults(data: WorkshopData, new: WorkshopData) -> WorkshopData:
    """The data of a workshop that changes its kind: texts and rules are the defaults of the new
    kind."""
    return replace(
        data,
        summary=new.summary,
        bring=new.bring,
        visibility=new.visibility,
        party_limit=new.party_limit,
        retention_days=new.retention_days,
        has_reminders=new.has_reminders,
    )
