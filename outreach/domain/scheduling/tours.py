"""Tours: the mobile consulate, from stop to stop. At each stop an office holds a workshop of each
of its kinds; whatever is done to a stop is done to those workshops, and to no others.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.types import Codes
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import bulk, workshop_service
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, publish_checks
from outreach.domain.workshops.tour_stops import TourStop as TourStop
from outreach.domain.workshops.tour_stops import lock as lock_stop
from outreach.errors import ErrorCode, NotFound, Refused

MAX_STOPS: Final = 60
MAX_KINDS: Final = 6


class Tour(Base):
    __tablename__ = "tour"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), init=False, index=True)
    office: Mapped[Office] = relationship(lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(sa.String(120))  # the public never sees it
    nonce: Mapped[str] = mapped_column(sa.String(40), unique=True)  # of the form that made it
    created_at: Mapped[datetime]


@dataclass(frozen=True, kw_only=True)
class TourStopData:
    """All that an organizer says of a stop. Where there is a venue, it says city and zone."""

    day: date
    starts: time
    ends: time
    city: str
    region: str
    venue: Venue | None
    kinds: Codes
    capacity: int | None = None


def find(session: Session, office: Office, tour_id: int) -> Tour:
    """One of an office's. Raises NotFound."""
    tour = session.get(Tour, tour_id)
    if tour is None or tour.office_id != office.id:
        raise NotFound("tour")
    return tour


def find_stop(session: Session, tour: Tour, stop_id: int) -> TourStop:
    """Raises NotFound."""
    stop = session.get(TourStop, stop_id)
    if stop is None or stop.tour_id != tour.id:
        raise NotFound("stop")
    return stop


def list_tours(session: Session, offices: frozenset[str] | None) -> Sequence[Tour]:
    """The tours of the offices with these slugs, or of all; the newest first."""
    asked = sa.select(Tour).join(Tour.office).order_by(Tour.id.desc())
    if offices is not None:
        asked = asked.where(Office.slug.in_(offices))
    return session.scalars(asked).all()


def list_stops(session: Session, tour_ids: Sequence[int]) -> dict[int, list[TourStop]]:
    """The stops of some tours, by the id of the tour, in the order of the days."""
    found: dict[int, list[TourStop]] = defaultdict(list)
    asked = sa.select(TourStop).where(TourStop.tour_id.in_(tour_ids))
    for stop in session.scalars(asked.order_by(TourStop.day, TourStop.starts, TourStop.id)):
        found[stop.tour_id].append(stop)
    return found


def list_workshops(session: Session, stop_ids: Sequence[int]) -> dict[int, list[Workshop]]:
    """What is held at some stops, by the id of the stop, in the order they were made."""
    found: dict[int, list[Workshop]] = defaultdict(list)
    asked = sa.select(Workshop).where(Workshop.stop_id.in_(stop_ids)).order_by(Workshop.id)
    for workshop in session.scalars(asked):
        assert workshop.stop_id is not None
        found[workshop.stop_id].append(workshop)
    return found


def add(session: Session, office: Office, name: str, nonce: str, *, now: datetime) -> Tour:
    """A new tour; the same one when the same form comes again."""
    found = session.scalar(sa.select(Tour).where(Tour.nonce == nonce))
    if found is not None:
        return found
    tour = Tour(office=office, name=name, nonce=nonce, created_at=now)
    try:
        with session.begin_nested():
            session.add(tour)
    except sa.exc.IntegrityError:  # the same form, sent twice at the same moment
        return session.scalars(sa.select(Tour).where(Tour.nonce == nonce)).one()
    return tour


def lock(session: Session, tour: Tour, stop: TourStop | None = None) -> None:
    """Nobody else adds a stop to the tour, or changes this one, until the transaction ends; and
    what others have just changed of it is seen."""
    # No stronger than a change of its row is: a new stop points at it.
    mine = sa.select(Tour.id).where(Tour.id == tour.id)
    session.scalars(mine.with_for_update(key_share=True)).one()
    if stop is not None:
        lock_stop(session, stop)


def add_stop(session: Session, tour: Tour, plan: TourStopData, *, now: datetime) -> TourStop:
    """A stop more, with a draft for each kind if it has a venue. Raises Refused."""
    lock(session, tour)
    _check(session, tour, plan)
    there = list_stops(session, [tour.id])[tour.id]
    if any(_is_same(each, plan) for each in there):
        raise Refused(ErrorCode.TOUR_STOP_EXISTS)
    if len(there) >= MAX_STOPS:
        raise Refused(ErrorCode.TOUR_WITH_TOO_MANY_STOPS, most=MAX_STOPS)
    stop = TourStop(tour_id=tour.id, zone=_zone(tour, plan), **vars(plan))
    session.add(stop)
    session.flush()
    _fill(session, tour, stop, now)
    return stop


def change_stop(
    session: Session, tour: Tour, stop: TourStop, plan: TourStopData, *, now: datetime
) -> list[Workshop]:
    """Makes a stop what the plan says, and with it the workshops there that are still to come;
    the people of those are owed a notice, nobody else is. A workshop that has a day or an hour of
    its own moves by as much; one that is held in another place, or online, stays there. The
    workshops that changed.

    Raises Refused as `planning.change` does, and then nothing is changed."""
    lock(session, tour, stop)
    _check(session, tour, plan)
    if stop.cancelled_at is not None:
        raise Refused(ErrorCode.TOUR_STOP_EDIT_CANCELLED)
    there = _locked(session, stop)
    if plan.venue is None and there:
        raise Refused(ErrorCode.TOUR_STOP_NEEDS_VENUE)
    if {workshop.kind.code for workshop in there} - set(plan.kinds):
        raise Refused(ErrorCode.TOUR_STOP_KIND_IN_USE)
    later, _longer = bulk.compute_shift(
        (stop.day, stop.starts, stop.ends), (plan.day, plan.starts, plan.ends)
    )
    changed = []
    for workshop in there:
        if workshop.ends_at <= now or workshop.status not in _TO_COME:
            continue
        assert plan.venue is not None
        is_here = workshop.venue_id == stop.venue_id
        own = (workshop.starts, workshop.ends) != (stop.starts, stop.ends)
        moved = bulk.shift(workshop_service.get_data(workshop), later)
        wanted = replace(
            moved,
            ends=moved.ends if own else plan.ends,
            venue=plan.venue if is_here else workshop.venue,
            zone=plan.venue.zone if is_here else workshop.zone,
            capacity=plan.capacity
            if plan.capacity is not None and plan.capacity != stop.capacity
            else workshop.capacity,
        )
        if workshop_service.change(session, workshop, wanted, now=now):
            changed.append(workshop)
    for name, value in vars(plan).items():
        setattr(stop, name, value)
    stop.zone = _zone(tour, plan)
    session.flush()
    _fill(session, tour, stop, now)
    return changed


def publish_stop(
    session: Session, stop: TourStop, *, now: datetime, phone: str = ""
) -> list[Workshop]:
    """Publishes the drafts of a stop. Raises Refused with what is missing; `phone` is the
    network's, as in `publish_checks`."""
    there = _locked(session, stop)
    if stop.cancelled_at is not None:
        raise Refused(ErrorCode.TOUR_STOP_PUBLISH_CANCELLED)
    if stop.venue is None:
        raise Refused(ErrorCode.TOUR_STOP_WITHOUT_VENUE, city=stop.city)
    drafts = [
        workshop
        for workshop in there
        if workshop.status is WorkshopStatus.DRAFT and workshop.ends_at > now
    ]
    for workshop in drafts:
        publish_checks.require_safe(session, workshop, now=now)
        workshop_service.publish(session, workshop, now=now, phone=phone)
    return drafts


def cancel_stop(session: Session, stop: TourStop, *, now: datetime) -> tuple[list[Workshop], int]:
    """Cancels what is published at a stop and still to come, and keeps its drafts from coming out.
    The workshops, and how many people are owed a notice."""
    there = _locked(session, stop)
    if stop.cancelled_at is not None:
        raise Refused(ErrorCode.TOUR_STOP_CANCELLED_ALREADY)
    stop.cancelled_at = now
    cancelled, told = [], 0
    for workshop in there:
        if workshop.status is WorkshopStatus.PUBLISHED and workshop.ends_at > now:
            told += workshop_service.cancel(session, workshop, now=now)
            cancelled.append(workshop)
    return cancelled, told


def reinstate_stop(session: Session, stop: TourStop, *, now: datetime) -> list[Workshop]:
    """Undoes that: what was cancelled with the stop is on again, whatever was cancelled before
    stays so. The workshops."""
    there = _locked(session, stop)
    if stop.cancelled_at is None:
        raise Refused(ErrorCode.TOUR_STOP_NOT_CANCELLED)
    back = [
        workshop
        for workshop in there
        if workshop.status is WorkshopStatus.CANCELLED
        and workshop.cancelled_at is not None
        and workshop.cancelled_at >= stop.cancelled_at
        and workshop.ends_at > now
    ]
    stop.cancelled_at = None
    for workshop in back:
        workshop_service.reinstate(session, workshop, now=now)
    return back


_TO_COME: Final = frozenset({WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED})


def _locked(session: Session, stop: TourStop) -> list[Workshop]:
    """Its workshops; nobody else changes any of them, or the stop, until the transaction ends."""
    lock_stop(session, stop)
    there = list_workshops(session, [stop.id])[stop.id]
    for workshop in there:
        workshop_service.lock(session, workshop)
    return there


def _check(session: Session, tour: Tour, plan: TourStopData) -> None:
    if not plan.kinds:
        raise Refused(ErrorCode.TOUR_STOP_WITHOUT_KIND)
    if len(plan.kinds) > MAX_KINDS:
        raise Refused(ErrorCode.TOUR_STOP_WITH_TOO_MANY_KINDS, most=MAX_KINDS)
    if plan.venue is not None and plan.venue.office_id != tour.office_id:
        raise NotFound("venue")
    for code in plan.kinds:
        # Where there is no venue yet, what else is wrong is said already.
        workshop_service.check(
            _plan(session, tour, plan, kinds.find(session, code), is_online=True)
        )


def _fill(session: Session, tour: Tour, stop: TourStop, now: datetime) -> None:
    """A draft for each kind of the stop that has no workshop there, once it has a venue."""
    if stop.venue is None:
        return
    there = {workshop.kind.code for workshop in list_workshops(session, [stop.id])[stop.id]}
    plan = TourStopData(**{name: getattr(stop, name) for name in TourStopData.__annotations__})
    for code in stop.kinds:
        if code not in there:
            kind = kinds.find(session, code)
            made = workshop_service.create(session, _plan(session, tour, plan, kind), now=now)
            made.stop_id = stop.id
    session.flush()


def _plan(
    session: Session, tour: Tour, plan: TourStopData, kind: Kind, *, is_online: bool = False
) -> WorkshopData:
    """A workshop of this kind at a stop. `is_online`: as if it needed no venue."""
    office = session.get_one(Office, tour.office_id)
    base = workshop_service.from_kind(kind, office, plan.day, plan.starts)
    mode = DeliveryMode.PHONE_BANK if is_online else base.mode
    wanted = replace(
        base,
        ends=plan.ends,
        venue=plan.venue,
        zone=_zone(tour, plan),
        mode=mode,
        capacity=base.capacity if plan.capacity is None else plan.capacity,
    )
    return workshop_service.normalize(workshop_service.spread_over_slots(wanted))


def _zone(tour: Tour, plan: TourStopData) -> ZoneInfo:
    return plan.venue.zone if plan.venue is not None else tour.office.zone


def _is_same(stop: TourStop, plan: TourStopData) -> bool:
    venue_id = plan.venue.id if plan.venue is not None else None
    place = (stop.venue_id, stop.city) == (venue_id, plan.city)
    return place and (stop.day, stop.starts) == (plan.day, plan.starts)
