"""Merges two venues of an office that are one place, and undoes it for a day.

The row of the merged venue stays, with `merged_into_id`: its former name finds the venue that it
became, and so do its address at the desk, forms that were open, and files. All its workshops go to
the venue that is kept, past ones too. Calendars see a new version, and people are notified, only
where what they can read of the place has changed. Whoever is to be told of another change, or knows
a workshop at a place that it has left, knows the address under the venue that it is now.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock
from outreach.db.base import Base
from outreach.domain.calendar import change_counters, feed_query, public_changes
from outreach.domain.locations import venue_matching, venues
from outreach.domain.locations.venues import Venue, VenueData
from outreach.domain.network.kinds import Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, change_notifications, reconfirmation
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision
from outreach.domain.roster import assignments
from outreach.domain.scheduling import kept_queue, venue_change, workshop_service
from outreach.domain.text import fold
from outreach.domain.workshops import Workshop, WorkshopStatus, facts, tour_stops
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import Conflict, ErrorCode, NotFound, Refusal

UNDONE_WITHIN: Final = timedelta(days=1)
_NAME_FIELDS: Final = ("name", "address", "city")  # unique within an office
_BUSY: Final = frozenset({WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED})


class VenueMerge(Base):
    """A merge of two venues, with all that is needed to undo it."""

    __tablename__ = "venue_merge"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kept_id: Mapped[int] = mapped_column(sa.ForeignKey("venue.id"), index=True)
    merged_id: Mapped[int] = mapped_column(sa.ForeignKey("venue.id"))
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    kept_before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    merged_before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    kept_after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    workshops: Mapped[list[int]] = mapped_column(sa.JSON)  # ids of those that followed
    stops: Mapped[list[int]] = mapped_column(sa.JSON)


@dataclass(frozen=True)
class MergeEffect:
    """How many workshops and parties a merge concerns, and the days on which workshops clash by
    it.
    """

    workshops: int  # that follow, past ones too
    notified: int  # parties
    clash_days: tuple[date, ...] = ()  # two workshops are now in one venue at one time


@dataclass(frozen=True)
class _Stay:
    """An upcoming workshop at one of the two venues, with its place as it was shown before."""

    workshop: Workshop
    place: VenueData
    facts: bytes  # what people knew

    def is_shown_otherwise(self, place: VenueData) -> bool:
        """Tells whether its calendar entry would show another place."""
        is_public = self.workshop.status is not WorkshopStatus.DRAFT
        return is_public and self._published(self.place) != self._published(place)

    def is_elsewhere(self, place: VenueData) -> bool:
        """Tells whether people with a seat must be told: another spelling of an address is no
        other place.
        """
        return self.workshop.status is WorkshopStatus.PUBLISHED and _differs(self.place, place)

    def _published(self, place: VenueData) -> tuple[object, ...]:
        """Returns what calendars say of the place, as `feeds.vevent` writes it."""
        workshop = self.workshop
        if not workshop.mode.has_venue:
            return ()
        is_open = workshop.visibility is Visibility.PUBLIC and not workshop.is_discreet
        address = (place.name, place.address, place.latitude, place.longitude) if is_open else ()
        return (*address, place.city, place.region)


def get_data(venue: Venue) -> VenueData:
    """Returns the data of a venue, to be changed with `dataclasses.replace`."""
    return VenueData(**{name: getattr(venue, name) for name in venues.DETAIL_FIELDS})


def choose(kept: Venue, merged: Venue, from_merged: Collection[str]) -> VenueData:
    """Returns the data of the kept venue, with the fields named in `from_merged` taken of the
    merged one.
    """
    return replace(get_data(kept), **{name: getattr(merged, name) for name in from_merged})


def count_workshops(session: Session, of: Iterable[Venue]) -> dict[int, int]:
    """Counts the workshops of each venue, past ones and drafts too, by id of venue."""
    ids = [venue.id for venue in of]
    rows = session.execute(
        sa.select(Workshop.venue_id, sa.func.count())
        .where(Workshop.venue_id.in_(ids))
        .group_by(Workshop.venue_id)
    )
    return dict.fromkeys(ids, 0) | {row[0]: row[1] for row in rows if row[0] is not None}


def foresee(
    session: Session, kept: Venue, merged: Venue, data: VenueData, *, now: datetime
) -> MergeEffect:
    """Returns what `merge` would do, and writes nothing. Raises Refusal as it does, but for
    `data`.
    """
    _require_alike(kept, merged)
    stays = _list_stays(session, (kept, merged), now=now)
    elsewhere = [stay.workshop for stay in stays if stay.is_elsewhere(data)]
    reachable = [workshop_service.count_reachable(session, each) for each in elsewhere]
    notified = sum(each[ContactMethod.EMAIL] + each[ContactMethod.PHONE] for each in reachable)
    at_merged = sa.select(sa.func.count()).where(Workshop.venue_id == merged.id)
    days = _find_clashes([stay.workshop for stay in stays], merged)
    return MergeEffect(session.scalar(at_merged) or 0, notified, days)


def merge(
    session: Session,
    kept: Venue,
    merged: Venue,
    data: VenueData,
    *,
    now: datetime,
    decision: NotifyDecision = AT_ONCE,
) -> MergeEffect:
    """Makes two venues one, with these data; who has to go elsewhere is told as `decision` says.

    Raises Refusal where they are in different time zones, where a third venue has that name
    and address, where the meeting point tells the address, and where a discreet workshop
    would show another address to everybody (S13).
    """
    _require_alike(kept, merged)
    lock(session, kept, merged)
    if kept.merged_into_id is not None or merged.merged_into_id is not None:
        raise Conflict("venue merge")  # somebody merged one of them at this moment
    _require_alike(kept, merged)
    venues.require_public_meeting_point(data)
    _require_free(session, kept.office, _name(data), (kept, merged), ErrorCode.VENUE_EXISTS)
    kept_before, merged_before = _snapshot(kept), _snapshot(merged)
    stays = _list_stays(session, (kept, merged), now=now)
    places = _read_places(kept, merged)
    days = _find_clashes([stay.workshop for stay in stays], merged)
    followers = _list_ids(session, Workshop.id, Workshop.venue_id == merged.id)
    stops = _list_ids(session, TourStop.id, TourStop.venue_id == merged.id)
    is_in_use = kept.retired_at is None or merged.retired_at is None
    # The names stay two: where the kept venue takes that of the other, the other takes its.
    former = get_data(kept) if _name(data) == _name(get_data(merged)) else get_data(merged)
    stamp = _stamp(session, kept, merged, now)
    if _differs(get_data(kept), data) or kept.name != data.name:
        kept.affirmed_on = None  # what was affirmed was said of another place
    is_changed = get_data(kept) != data
    _set_names(session, kept, data, merged, former)
    _fill(kept, data, stamp if is_changed else kept.changed_at)
    kept.retired_at = None if is_in_use else kept.retired_at
    kept.is_unverified = kept.is_unverified and merged.is_unverified
    merged.merged_into_id = kept.id
    session.flush()
    row = VenueMerge(
        kept_id=kept.id,
        merged_id=merged.id,
        made_at=now,
        kept_before=kept_before,
        merged_before=merged_before,
        kept_after=_snapshot(kept),
        workshops=followers,
        stops=stops,
    )
    session.add(row)
    for workshop in _list_uninformed(session, kept.office, now=now):
        _rename_places(session, workshop, places, kept)
    notified = _move(session, row, merged, kept, stays, decision, stamp=stamp, now=now)
    return MergeEffect(len(followers), notified, days)


def find_undoable(session: Session, venue: Venue, *, now: datetime) -> Sequence[VenueMerge]:
    """Returns the merges into a venue that may be undone, the newest first."""
    return session.scalars(
        sa.select(VenueMerge)
        .where(
            VenueMerge.kept_id == venue.id,
            VenueMerge.undone_at.is_(None),
            VenueMerge.made_at > now - UNDONE_WITHIN,
        )
        .order_by(VenueMerge.made_at.desc(), VenueMerge.id.desc())
    ).all()


def find(session: Session, office: Office, merge_id: int) -> VenueMerge:
    """Finds a merge at this office. Raises NotFound."""
    found = session.get(VenueMerge, merge_id)
    if found is None or session.get_one(Venue, found.kept_id).office_id != office.id:
        raise NotFound("venue merge")
    return found


def undo(
    session: Session, done: VenueMerge, *, now: datetime, decision: NotifyDecision = AT_ONCE
) -> MergeEffect:
    """Makes the two venues two again, as they were.

    The workshops that followed go back, except those that have another venue by now. A
    workshop made after the merge stays at the kept one. Raises Refusal where a day has
    passed, where the kept venue was changed or merged since, and where another venue has one
    of the names by now.
    """
    kept = session.get_one(Venue, done.kept_id)
    merged = session.get_one(Venue, done.merged_id)
    lock(session, kept, merged)
    session.refresh(done)
    if done.undone_at is not None:
        raise Conflict("venue merge")
    if now - done.made_at >= UNDONE_WITHIN:
        raise Refusal(ErrorCode.VENUE_MERGE_TOO_LATE)
    if kept.merged_into_id is not None:
        raise Refusal(ErrorCode.VENUE_MERGE_MERGED, name=kept.name)
    if _snapshot(kept)["data"] != done.kept_after["data"]:
        raise Refusal(ErrorCode.VENUE_MERGE_CHANGED, name=kept.name)
    before, former = _read(done.kept_before), _read(done.merged_before)
    for place in (before, former):
        _require_free(
            session, kept.office, _name(place), (kept, merged), ErrorCode.VENUE_MERGE_NAME
        )
    stays = _list_stays(session, (kept, merged), now=now)
    places = _read_places(kept)
    stamp = _stamp(session, kept, merged, now)
    _set_names(session, kept, before, merged, former)
    _fill(kept, before, stamp)
    _fill(merged, former, stamp)
    for venue, saved in ((kept, done.kept_before), (merged, done.merged_before)):
        venue.affirmed_on = _day(saved["affirmed_on"])
        venue.retired_at = _instant(saved["retired_at"])
        venue.is_unverified = saved["is_unverified"]
    merged.merged_into_id = None
    done.undone_at = now
    session.flush()
    for workshop in _list_uninformed(session, kept.office, now=now):
        goes_back = workshop.venue_id == kept.id and workshop.id in done.workshops
        _rename_places(session, workshop, places, merged if goes_back else kept)
    notified = _move(session, done, kept, merged, stays, decision, stamp=stamp, now=now)
    return MergeEffect(len(done.workshops), notified)


def _require_alike(kept: Venue, merged: Venue) -> None:
    if kept.id == merged.id:
        raise Refusal(ErrorCode.VENUE_MERGE_SELF)
    if kept.zone != merged.zone:
        raise Refusal(ErrorCode.VENUE_MERGE_ZONES)


def _require_free(
    session: Session,
    office: Office,
    name: tuple[str, str, str],
    own: Collection[Venue],
    code: ErrorCode,
) -> None:
    """Raises Refusal where a venue other than `own` has this name and address."""
    there = venues.find_by_name(session, office, *name)
    if there is not None and there not in own:
        raise Refusal(code)


def lock(session: Session, kept: Venue, merged: Venue) -> None:
    """Locks the two venues and their workshops until the transaction ends.

    Nobody changes them meanwhile, or gives a workshop to the merged venue. The order is that
    in which a change of a venue locks them. The lock that keeps new workshops out comes
    last: those that are being made have to end first.
    """
    both = sorted((kept, merged), key=lambda venue: venue.id)
    for venue in both:
        venues.lock(session, venue)
    ids = [venue.id for venue in both]
    is_known_otherwise = sa.and_(
        Workshop.office_id == kept.office_id, change_notifications.HAS_UNINFORMED
    )
    for table, condition in (
        (TourStop, TourStop.venue_id.in_(ids)),
        (Workshop, sa.or_(Workshop.venue_id.in_(ids), is_known_otherwise)),
    ):
        session.execute(
            sa.select(table.id)
            .where(condition)
            .order_by(table.id)
            .with_for_update(of=table, key_share=True)
        ).all()
    session.execute(sa.select(Venue.id).where(Venue.id.in_(ids)).with_for_update(of=Venue)).all()


def _list_stays(session: Session, both: Iterable[Venue], *, now: datetime) -> list[_Stay]:
    stays = []
    for venue in both:
        place = get_data(venue)
        upcoming = venue_change.list_upcoming(session, venue, now=now)
        stays += [_Stay(each, place, facts.compute_facts(each)) for each in upcoming]
    return stays


def _list_uninformed(session: Session, office: Office, *, now: datetime) -> Sequence[Workshop]:
    """Returns the workshops of an office that have not ended and whose people know other facts."""
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.office_id == office.id,
            Workshop.ends_at > now,
            change_notifications.HAS_UNINFORMED,
        )
        .order_by(Workshop.id)
    ).all()


def _read_places(*of: Venue) -> dict[bytes, VenueData]:
    """Returns the data of venues before a merge or its undoing, by `facts.compute_place`."""
    return {facts.compute_place(venue): get_data(venue) for venue in of}


def _rename_places(
    session: Session, workshop: Workshop, before: Mapping[bytes, VenueData], venue: Venue
) -> None:
    """Replaces each place of `before` by `venue` in the facts that people know of the workshop.

    A place that is elsewhere stays: those people have to be told.
    """
    new, place = facts.compute_place(venue), get_data(venue)
    alike = [key for key, former in before.items() if not _differs(former, place)]
    change_notifications.rename_places(session, workshop, dict.fromkeys(alike, new))
    assignments.rename_places(session, workshop, dict.fromkeys(alike, new))
    kept_queue.rename_places(session, workshop, dict.fromkeys(alike, new))


def _list_ids(session: Session, column: Mapped[int], where: sa.ColumnElement[bool]) -> list[int]:
    return list(session.scalars(sa.select(column).where(where).order_by(column)))


def _find_clashes(workshops: Iterable[Workshop], merged: Venue) -> tuple[date, ...]:
    """Returns the days on which workshops of the two venues overlap."""
    busy = [each for each in workshops if each.status in _BUSY]
    followers = [each for each in busy if each.venue_id == merged.id]
    others = [each for each in busy if each.venue_id != merged.id]
    return tuple(
        sorted(
            {
                one.day
                for one in followers
                for other in others
                if one.starts_at < other.ends_at and other.starts_at < one.ends_at
            }
        )
    )


def _stamp(session: Session, kept: Venue, merged: Venue, now: datetime) -> datetime:
    """Returns an instant later than all that calendars have of the workshops of both venues."""
    here = Workshop.venue_id.in_((kept.id, merged.id))
    seen = feed_query.second_after(session, here, now=now)
    return clock.second_after(max(kept.changed_at, merged.changed_at), seen)


def _set_names(
    session: Session, kept: Venue, data: VenueData, merged: Venue, former: VenueData
) -> None:
    """Sets the names and addresses of both venues, which are unique within an office.

    It sets one after the other, since the two may swap them.
    """
    for venue, name in (
        (merged, (f"{merged.id} {merged.merged_into_id}", "", merged.city)),
        (kept, _name(data)),
        (merged, _name(former)),
    ):
        for field, value in zip(_NAME_FIELDS, name, strict=True):
            setattr(venue, field, value)
        venues.flush_unique(session)


def _fill(venue: Venue, data: VenueData, stamp: datetime) -> None:
    """Sets all data of a venue, after its names."""
    for name in venues.DETAIL_FIELDS:
        setattr(venue, name, getattr(data, name))
    venues.update_location(venue)
    venue.changed_at = stamp


def _move(
    session: Session,
    done: VenueMerge,
    source: Venue,
    target: Venue,
    stays: Iterable[_Stay],
    decision: NotifyDecision,
    *,
    stamp: datetime,
    now: datetime,
) -> int:
    """Moves the followers to the target venue; returns how many parties are notified.

    People are told where the place is new to them.
    """
    followers = set(done.workshops)
    for ids in _batches(done.workshops):
        session.execute(
            sa.update(Workshop)
            .where(Workshop.id.in_(ids), Workshop.venue_id == source.id, Workshop.ends_at <= now)
            .values(venue_id=target.id, changed_at=stamp)
        )
        public_changes.touch(session, Workshop.id.in_(ids))
    for ids in _batches(done.stops):
        session.execute(
            sa.update(TourStop)
            .where(TourStop.id.in_(ids), TourStop.venue_id == source.id)
            .values(venue_id=target.id)
        )
    change_counters.increment(session, target.office_id)
    for venue in (source, target):
        tour_stops.follow_venue(session, venue)
    notified = 0
    for stay in stays:
        workshop = stay.workshop
        is_follower = workshop.venue_id == source.id and workshop.id in followers
        if is_follower:
            workshop.venue = target
        place = get_data(workshop.venue or target)
        notified += _update(session, stay, place, is_follower, decision, stamp=stamp, now=now)
    session.flush()
    return notified


def _update(
    session: Session,
    stay: _Stay,
    place: VenueData,
    is_follower: bool,
    decision: NotifyDecision,
    *,
    stamp: datetime,
    now: datetime,
) -> int:
    workshop, is_elsewhere = stay.workshop, stay.is_elsewhere(place)
    is_open = workshop_service.has_open_address(workshop_service.get_data(workshop))
    if is_elsewhere and workshop.is_discreet and is_open:
        raise Refusal(ErrorCode.ADDRESS_EXPOSED)
    is_new_version = stay.is_shown_otherwise(place)
    if is_follower or is_new_version:
        workshop_service.mark_changed(workshop, stamp, is_new_version=is_new_version)
    session.flush()
    if not is_elsewhere:
        is_draft = workshop.status is WorkshopStatus.DRAFT
        if is_draft and facts.compute_facts(workshop) != stay.facts:
            workshop_service.follow_draft(session, workshop, decision, now=now)
        return 0
    reconfirmation.reset_reconfirmation(session, workshop)
    change_notifications.record_change(session, workshop, stay.facts)
    return workshop_service.notify(session, workshop, decision, now=now)


def _differs(before: VenueData, after: VenueData) -> bool:
    """Tells whether people would go elsewhere, or to a place that they don't recognize."""
    if (before.zone, before.region) != (after.zone, after.region):
        return True
    if fold(before.city) != fold(after.city):
        return True
    if before.address and after.address:
        return not venue_matching.has_same_address(before.address, after.address)
    if before.address or after.address:
        return True
    return not venue_matching.has_same_name(before.name, after.name)


def _name(place: VenueData) -> tuple[str, str, str]:
    return place.name, place.address, place.city


def _snapshot(venue: Venue) -> dict[str, Any]:
    data = {name: getattr(venue, name) for name in venues.DETAIL_FIELDS}
    return {
        "data": data | {"zone": venue.zone.key},
        "affirmed_on": venue.affirmed_on.isoformat() if venue.affirmed_on else None,
        "retired_at": venue.retired_at.isoformat() if venue.retired_at else None,
        "is_unverified": venue.is_unverified,
    }


def _read(snapshot: Mapping[str, Any]) -> VenueData:
    data = snapshot["data"]
    return VenueData(**{**data, "zone": ZoneInfo(data["zone"])})


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _batches(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    size = feed_query.BATCH_SIZE
    return (ids[start : start + size] for start in range(0, len(ids), size))
