"""Tours of the mobile consulate. At each stop an office holds one workshop of each chosen kind;
what staff do to a stop is done to its workshops.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.types import Codes
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.scheduling import (
    bulk,
    place_changes,
    workshop_changes,
    workshop_data,
    workshop_service,
)
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus, publish_checks
from outreach.domain.workshops.tour_stops import TourStop
from outreach.domain.workshops.tour_stops import lock as lock_stop
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_STOPS: Final = 60
MAX_KINDS: Final = 6


class Tour(Base):
    __tablename__ = "tour"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), init=False, index=True)
    office: Mapped[Office] = relationship(lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(sa.String(120))  # the public never sees it
    nonce: Mapped[str] = mapped_column(sa.String(40), unique=True)  # in the form that made it
    created_at: Mapped[datetime]


@dataclass(frozen=True, kw_only=True)
class TourStopData:
    """All fields of a stop that staff set. A venue determines city and zone."""

    day: date
    starts: time
    ends: time
    city: str
    region: str
    venue: Venue | None
    kinds: Codes
    capacity: int | None = None


def find(session: Session, office: Office, tour_id: int) -> Tour:
    """Finds a tour of this office. Raises NotFound."""
    tour = session.get(Tour, tour_id)
    if tour is None or tour.office_id != office.id:
        raise NotFound("tour")
    return tour


def find_stop(session: Session, tour: Tour, stop_id: int) -> TourStop:
    """Finds a stop of this tour. Raises NotFound."""
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
    """Returns the stops of these tours by id of tour, in the order of the days."""
    found: dict[int, list[TourStop]] = defaultdict(list)
    asked = sa.select(TourStop).where(TourStop.tour_id.in_(tour_ids))
    for stop in session.scalars(asked.order_by(TourStop.day, TourStop.starts, TourStop.id)):
        found[stop.tour_id].append(stop)
    return found


def list_workshops(session: Session, stop_ids: Sequence[int]) -> dict[int, list[Workshop]]:
    """Returns the workshops held at these stops by id of stop, in the order they were made."""
    found: dict[int, list[Workshop]] = defaultdict(list)
    asked = sa.select(Workshop).where(Workshop.stop_id.in_(stop_ids)).order_by(Workshop.id)
    for workshop in session.scalars(asked):
        assert workshop.stop_id is not None
        found[workshop.stop_id].append(workshop)
    return found


def add(session: Session, office: Office, name: str, nonce: str, *, now: datetime) -> Tour:
    """Adds a tour and returns it; returns the one that a form with this nonce has made already."""
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
    """Locks the tour, and a stop of it, until the transaction ends, and refreshes the stop."""
    # FOR NO KEY UPDATE: new stops refer to the tour's row by a foreign key.
    query = sa.select(Tour.id).where(Tour.id == tour.id)
    session.scalars(query.with_for_update(key_share=True)).one()
    if stop is not None:
        lock_stop(session, stop)


def add_stop(session: Session, tour: Tour, data: TourStopData, *, now: datetime) -> TourStop:
    """Adds a stop, with a draft workshop of each kind where it has a venue. Raises Refusal."""
    lock(session, tour)
    data = _at_held_venue(session, data)
    _check(session, tour, data)
    workshops = list_stops(session, [tour.id])[tour.id]
    if any(_is_same(each, data) for each in workshops):
        raise Refusal(ErrorCode.TOUR_STOP_EXISTS)
    if len(workshops) >= MAX_STOPS:
        raise Refusal(ErrorCode.TOUR_WITH_TOO_MANY_STOPS, most=MAX_STOPS)
    stop = TourStop(tour_id=tour.id, zone=_zone(tour, data), **vars(data))
    session.add(stop)
    session.flush()
    _create_missing(session, tour, stop, now)
    return stop


def change_stop(
    session: Session,
    tour: Tour,
    stop: TourStop,
    data: TourStopData,
    *,
    now: datetime,
    decision: NotifyDecision = AT_ONCE,
) -> list[Workshop]:
    """Changes a stop and its upcoming workshops, and returns the workshops that changed.

    Their people are notified. A workshop with a day or hours of its own is moved by the same
    amount; one at another venue, or online, keeps its place. Raises Refusal as
    `workshop_service.change` does; the caller rolls back.
    """
    lock(session, tour, stop)
    data = _at_held_venue(session, data)
    _check(session, tour, data)
    if stop.cancelled_at is not None:
        raise Refusal(ErrorCode.TOUR_STOP_EDIT_CANCELLED)
    workshops = _lock_workshops(session, stop)
    if data.venue is None and workshops:
        raise Refusal(ErrorCode.TOUR_STOP_NEEDS_VENUE)
    if {workshop.kind.code for workshop in workshops} - set(data.kinds):
        raise Refusal(ErrorCode.TOUR_STOP_KIND_IN_USE)
    later, _longer = bulk.compute_shift(
        (stop.day, stop.starts, stop.ends), (data.day, data.starts, data.ends)
    )
    changed = []
    for workshop in workshops:
        if workshop.ends_at <= now or workshop.status not in _TO_COME:
            continue
        assert data.venue is not None
        is_at_stop = workshop.venue_id == stop.venue_id
        has_own_hours = (workshop.starts, workshop.ends) != (stop.starts, stop.ends)
        moved = bulk.shift(workshop_service.get_data(workshop), later)
        wanted = replace(
            moved,
            ends=moved.ends if has_own_hours else data.ends,
            venue=data.venue if is_at_stop else workshop.venue,
            zone=data.venue.zone if is_at_stop else workshop.zone,
            capacity=data.capacity
            if data.capacity is not None and data.capacity != stop.capacity
            else workshop.capacity,
        )
        if wanted.venue is not workshop.venue:
            wanted = workshop_data.fit_visibility(wanted)
        if workshop_service.change(session, workshop, wanted, now=now, decision=decision):
            changed.append(workshop)
    before = place_changes.read(stop, STOP_FIELDS)
    for name, value in vars(data).items():
        setattr(stop, name, value)
    stop.zone = _zone(tour, data)
    session.flush()
    drafts = _create_missing(session, tour, stop, now)
    if decision.batch:
        place_changes.record(
            session,
            stop,
            batch=decision.batch,
            office=tour.office.slug,
            before=before,
            drafts=[each.id for each in drafts],
            now=now,
        )
    return changed


def _at_held_venue(session: Session, data: TourStopData) -> TourStopData:
    """Returns the data with their venue kept from being merged until the transaction ends.

    Where the venue has just been merged into another one, they get that one.
    """
    if data.venue is None:
        return data
    return replace(data, venue=venues.keep_from_merging(session, data.venue))


def publish_stop(
    session: Session, stop: TourStop, *, now: datetime, phone: str = ""
) -> list[Workshop]:
    """Publishes the drafts of a stop and returns them. Raises Refusal.

    `phone` is that of the network, as in `publish_checks`.
    """
    workshops = _lock_workshops(session, stop)
    if stop.cancelled_at is not None:
        raise Refusal(ErrorCode.TOUR_STOP_PUBLISH_CANCELLED)
    if stop.venue is None:
        raise Refusal(ErrorCode.TOUR_STOP_WITHOUT_VENUE, city=stop.city)
    drafts = [
        workshop
        for workshop in workshops
        if workshop.status is WorkshopStatus.DRAFT and workshop.ends_at > now
    ]
    for workshop in drafts:
        publish_checks.require_safe(session, workshop, now=now)
        workshop_service.publish(session, workshop, now=now, phone=phone)
    return drafts


def cancel_stop(
    session: Session, stop: TourStop, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> tuple[list[Workshop], int]:
    """Cancels a stop and its upcoming published workshops.

    Its drafts cannot be published any more. Returns the cancelled workshops and how many
    parties are notified.
    """
    workshops = _lock_workshops(session, stop)
    if stop.cancelled_at is not None:
        raise Refusal(ErrorCode.TOUR_STOP_CANCELLED_ALREADY)
    stop.cancelled_at = now
    cancelled, notified = [], 0
    for workshop in workshops:
        if workshop.status is WorkshopStatus.PUBLISHED and workshop.ends_at > now:
            notified += workshop_service.cancel(session, workshop, now=now, decision=decision)
            cancelled.append(workshop)
    _record_status(session, stop, decision, now)
    return cancelled, notified


def reinstate_stop(
    session: Session, stop: TourStop, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> list[Workshop]:
    """Reinstates a stop and the workshops that were cancelled with it, which are returned."""
    workshops = _lock_workshops(session, stop)
    if stop.cancelled_at is None:
        raise Refusal(ErrorCode.TOUR_STOP_NOT_CANCELLED)
    reinstated = [
        workshop
        for workshop in workshops
        if workshop.status is WorkshopStatus.CANCELLED
        and workshop.cancelled_at is not None
        and workshop.cancelled_at >= stop.cancelled_at
        and workshop.ends_at > now
        and not workshop.is_closed_for_danger
    ]
    stop.cancelled_at = None
    for workshop in reinstated:
        workshop_service.reinstate(session, workshop, now=now, decision=decision)
    _record_status(session, stop, decision, now)
    return reinstated


def _record_status(
    session: Session, stop: TourStop, decision: NotifyDecision, now: datetime
) -> None:
    """Stores that a stop was cancelled or reinstated, so that it can be undone."""
    if not decision.batch:
        return
    office = session.get_one(Tour, stop.tour_id).office.slug
    was_cancelled = {place_changes.CANCELLED: stop.cancelled_at is None}
    place_changes.record(
        session, stop, batch=decision.batch, office=office, before=was_cancelled, now=now
    )


def restore_stop(
    session: Session, stop: TourStop, values: Mapping[str, Any], *, now: datetime
) -> None:
    """Sets fields of a stop as `place_changes.read` gave them. Its workshops are not changed."""
    for name, value in values.items():
        if name == place_changes.CANCELLED:
            stop.cancelled_at = now if value else None
        else:
            restored = workshop_changes.decode(session, name, value, getattr(stop, name))
            setattr(stop, name, restored)
    session.flush()


STOP_FIELDS: Final = frozenset(
    {"day", "starts", "ends", "city", "region", "zone", "venue", "kinds", "capacity"}
)


_TO_COME: Final = frozenset({WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED})


def _lock_workshops(session: Session, stop: TourStop) -> list[Workshop]:
    """Locks a stop and its workshops until the transaction ends; returns the workshops."""
    lock_stop(session, stop)
    workshops = list_workshops(session, [stop.id])[stop.id]
    for workshop in workshops:
        workshop_service.lock(session, workshop)
    return workshops


def _check(session: Session, tour: Tour, data: TourStopData) -> None:
    if not data.kinds:
        raise Refusal(ErrorCode.TOUR_STOP_WITHOUT_KIND)
    if len(data.kinds) > MAX_KINDS:
        raise Refusal(ErrorCode.TOUR_STOP_WITH_TOO_MANY_KINDS, most=MAX_KINDS)
    if data.venue is not None and data.venue.office_id != tour.office_id:
        raise NotFound("venue")
    for code in data.kinds:
        # Checked as if online, so that a missing venue does not hide other faults.
        workshop_data.check(
            _build_data(session, tour, data, kinds.find(session, code), is_online=True)
        )


def _create_missing(session: Session, tour: Tour, stop: TourStop, now: datetime) -> list[Workshop]:
    """Creates a draft for each kind that has no workshop at the stop, where it has a venue."""
    drafts: list[Workshop] = []
    if stop.venue is None:
        return drafts
    workshops = {workshop.kind.code for workshop in list_workshops(session, [stop.id])[stop.id]}
    data = TourStopData(**{name: getattr(stop, name) for name in TourStopData.__annotations__})
    for code in stop.kinds:
        if code not in workshops:
            kind = kinds.find(session, code)
            made = workshop_service.create(session, _build_data(session, tour, data, kind), now=now)
            made.stop_id = stop.id
            drafts.append(made)
    session.flush()
    return drafts


def _build_data(
    session: Session, tour: Tour, data: TourStopData, kind: Kind, *, is_online: bool = False
) -> WorkshopData:
    """Returns the data of a workshop of this kind at a stop; with `is_online`, in a mode
    without a venue.
    """
    office = session.get_one(Office, tour.office_id)
    base = workshop_data.from_kind(kind, office, data.day, data.starts)
    mode = DeliveryMode.PHONE_BANK if is_online else base.mode
    wanted = replace(
        base,
        ends=data.ends,
        venue=data.venue,
        zone=_zone(tour, data),
        mode=mode,
        capacity=base.capacity if data.capacity is None else data.capacity,
    )
    wanted = workshop_data.fit_visibility(workshop_data.spread_over_slots(wanted))
    return workshop_data.normalize(wanted)


def _zone(tour: Tour, data: TourStopData) -> ZoneInfo:
    return data.venue.zone if data.venue is not None else tour.office.zone


def _is_same(stop: TourStop, data: TourStopData) -> bool:
    venue_id = data.venue.id if data.venue is not None else None
    place = (stop.venue_id, stop.city) == (venue_id, data.city)
    return place and (stop.day, stop.starts) == (data.day, data.starts)
