"""Rows of workshops to workshops, as an organizer would make and change them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from outreach.domain import kinds, offices, planning, venues, workshops
from outreach.domain.offices import Office
from outreach.domain.planning import Plan
from outreach.domain.venues import Venue
from outreach.domain.workshops import Mode, Standing, Workshop
from outreach.errors import Refused
from outreach.intake.changes import Loaded, Watch, unwatched
from outreach.intake.faults import Fault, Faulty
from outreach.intake.workshops.read import Place, Row

Turn = tuple[Standing, Standing]  # from how it stands to what the file says
_publish: Final = partial(planning.publish, is_in_file=True)
_PUBLISHED_ONCE: Final = "it has been published and cannot be a draft again; write cancelled"
_OVER: Final = "somebody has said how it went; write published"
_IMPOSSIBLE: Final[Mapping[Turn, str]] = MappingProxyType(
    {
        (Standing.PUBLISHED, Standing.DRAFT): _PUBLISHED_ONCE,
        (Standing.CANCELLED, Standing.DRAFT): _PUBLISHED_ONCE,
        (Standing.HELD, Standing.DRAFT): _OVER,
        (Standing.HELD, Standing.CANCELLED): _OVER,
        (Standing.NOT_HELD, Standing.DRAFT): _OVER,
        (Standing.NOT_HELD, Standing.CANCELLED): _OVER,
    }
)
_STEPS: Final[Mapping[Turn, tuple[Callable[..., object], ...]]] = MappingProxyType(
    {
        (Standing.DRAFT, Standing.PUBLISHED): (_publish,),
        (Standing.DRAFT, Standing.CANCELLED): (_publish, planning.cancel),
        (Standing.PUBLISHED, Standing.CANCELLED): (planning.cancel,),
        (Standing.CANCELLED, Standing.PUBLISHED): (planning.reinstate,),
    }
)


def load(
    session: Session,
    rows: Sequence[Row],
    *,
    now: datetime,
    is_synthetic: bool = False,
    watch: Watch = unwatched,
) -> Loaded:
    """Makes the workshops what the rows say; who is registered is owed a notice, as ever.

    `is_synthetic` marks them as a reconstruction. Raises Faulty when a row asks for what cannot be
    done to the workshop as it stands: then leave the transaction, nothing must be kept.
    """
    known = workshops.loaded_from(session, [row.id for row in rows])
    loader = _Loader(session, now, is_synthetic)
    for row in watch(rows):
        loader.take(row, known.get(row.id))
    if loader.faults:
        raise Faulty(loader.faults)
    return loader.loaded


class _Loader:
    """Does one row after another, and remembers what came of it."""

    def __init__(self, session: Session, now: datetime, is_synthetic: bool) -> None:
        self.loaded = Loaded()
        self.faults: list[Fault] = []
        self._session, self._now, self._is_synthetic = session, now, is_synthetic
        self._offices = {office.slug: office for office in offices.all_of_them(session)}
        self._kinds = {kind.code: kind for kind in kinds.all_of_them(session)}
        self._venues: dict[tuple[str, Place], Venue] = {}

    def take(self, row: Row, workshop: Workshop | None) -> None:
        if workshop is None:
            self._create(row)
            return
        has_changed = self._mark(workshop)
        # Cancelled first and reinstated last, so that people hear of it once.
        if row.standing is Standing.CANCELLED:
            has_changed |= self._set_standing(row, workshop)
        has_changed |= self._change(row, workshop)
        if row.standing is not Standing.CANCELLED:
            has_changed |= self._set_standing(row, workshop)
        if has_changed:
            self.loaded.changed += 1
        else:
            self.loaded.same += 1

    def _create(self, row: Row) -> None:
        kind, office = self._kinds[row.kind], self._offices[row.office]
        plan = planning.from_kind(kind, office, row.day, row.starts)
        planning.create(
            self._session,
            self._told(plan, row, None),
            now=self._now,
            standing=row.standing,
            external_id=row.id,
            is_synthetic=self._is_synthetic,
        )
        self.loaded.new += 1

    def _mark(self, workshop: Workshop) -> bool:
        if not self._is_synthetic or workshop.is_synthetic:
            return False
        workshop.is_synthetic = True
        return True

    def _change(self, row: Row, workshop: Workshop) -> bool:
        taken = workshop.capacity - workshop.seats_left
        if row.capacity < taken:
            reason = f"{taken} places have been saved already; write {taken} or more"
            self._fault(row, "capacity", str(row.capacity), reason)
            return False
        plan = planning.plan_of(workshop)
        if workshop.kind.code != row.kind:
            plan = _as_its_kind(
                plan,
                planning.from_kind(
                    self._kinds[row.kind], self._offices[row.office], row.day, row.starts
                ),
            )
        told = self._told(plan, row, workshop)
        new = planning.change(self._session, workshop, told, now=self._now)
        if new & {"day", "retention_days"}:
            self.loaded.moved[workshop.id] = workshop.forget_on
        return bool(new)

    def _set_standing(self, row: Row, workshop: Workshop) -> bool:
        turn = (workshop.standing, row.standing)
        if turn in _IMPOSSIBLE:
            self._fault(row, "status", row.standing.value, _IMPOSSIBLE[turn])
        for step in _STEPS.get(turn, ()):
            try:
                step(self._session, workshop, now=self._now)
            except Refused as error:
                self._fault(row, "status", row.standing.value, str(error))
        return turn in _STEPS

    def _fault(self, row: Row, field: str, value: str, reason: str) -> None:
        self.faults.append(Fault(row.line, field, value, reason))

    def _told(self, plan: Plan, row: Row, before: Workshop | None) -> Plan:
        """The plan with what the row says in it."""
        office = self._offices[row.office]
        title = dict(row.title)
        if before is not None and not row.has_french and "fr" in before.title:
            title["fr"] = before.title["fr"]
        told = replace(
            plan,
            office=office,
            kind=self._kinds[row.kind],
            venue=self._venue(row, office, before.venue if before else None),
            mode=row.mode or (plan.mode if plan.mode.has_venue else Mode.IN_PERSON),
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
        return planning.spread(told)

    def _venue(self, row: Row, office: Office, now_at: Venue | None) -> Venue | None:
        place = row.place
        if place is None:
            return None
        if now_at is not None and now_at.office is office and _is_same(now_at, place):
            return now_at
        key = (office.slug, place)
        if key not in self._venues:
            self._venues[key] = venues.find_or_make(
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


def _is_same(venue: Venue, place: Place) -> bool:
    # An address that someone gave the venue since is not lost to a file that has none.
    has_same_name = (venue.name, venue.city) == (place.name, place.city)
    return has_same_name and place.address in {"", venue.address}


def _as_its_kind(plan: Plan, new: Plan) -> Plan:
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
