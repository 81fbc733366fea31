"""Tour stops: where and when the mobile consulate halts on a tour (`scheduling.tours`)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.types import Codes, RegionCode
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Way
from outreach.domain.workshops.models import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal


class TourStop(Base):
    __tablename__ = "tour_stop"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    tour_id: Mapped[int] = mapped_column(sa.ForeignKey("tour.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    starts: Mapped[time]
    ends: Mapped[time]  # not after `starts`: the next day
    city: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(RegionCode)
    zone: Mapped[ZoneInfo]
    venue_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("venue.id"), init=False, nullable=True
    )
    venue: Mapped[Venue | None] = relationship(lazy="joined")  # None: not found yet
    kinds: Mapped[Codes]  # codes; one workshop of each once there is a venue
    capacity: Mapped[int | None]  # for each workshop; None: the default of its kind
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True)
class PublicStop:
    """A stop as the public sees it, with one or more workshops that are listed and not discreet."""

    stop: TourStop
    workshops: list[Workshop] = field(default_factory=list)

    @property
    def ends_at(self) -> datetime:
        return max(each.ends_at for each in self.workshops)

    @property
    def is_cancelled(self) -> bool:
        return all(each.is_cancelled for each in self.workshops)


SHOWN_AFTER: Final = timedelta(days=7)
_PUBLIC_STATUSES: Final = (
    WorkshopStatus.PUBLISHED,
    WorkshopStatus.HELD,
    WorkshopStatus.CANCELLED,
)


def list_public(session: Session, *, now: datetime) -> Sequence[PublicStop]:
    """Returns the stops of all tours that have public workshops, by day and hour.

    Workshops that ended a week ago or before are left out.
    """
    rows = session.execute(
        sa.select(TourStop, Workshop)
        .join(Workshop, Workshop.stop_id == TourStop.id)
        .where(
            Workshop.status.in_(_PUBLIC_STATUSES),
            Workshop.way != Way.UNLISTED,
            Workshop.is_discreet.is_(False),
            Workshop.ends_at > now - SHOWN_AFTER,
        )
        .order_by(TourStop.day, TourStop.starts, TourStop.id, Workshop.starts, Workshop.id)
    )
    found: dict[int, PublicStop] = {}
    for stop, workshop in rows:
        found.setdefault(stop.id, PublicStop(stop)).workshops.append(workshop)
    return list(found.values())


def lock(session: Session, stop: TourStop) -> None:
    """Locks a stop until the transaction ends and refreshes it. Called before its workshops are
    locked, so that two transactions cannot deadlock."""
    session.flush()  # a refresh discards pending changes
    # FOR NO KEY UPDATE: new workshops refer to the row by a foreign key.
    # Before it is read with its venue, which may change while this waits; see `workshop_service`.
    row = sa.select(TourStop.id).where(TourStop.id == stop.id)
    session.execute(row.with_for_update(key_share=True))
    session.refresh(stop)


def find_stop(session: Session, workshop: Workshop) -> TourStop | None:
    return session.get(TourStop, workshop.stop_id) if workshop.stop_id is not None else None


def is_stop_cancelled(session: Session, workshop: Workshop) -> bool:
    """Whether the workshop's stop is cancelled."""
    stop = find_stop(session, workshop)
    return stop is not None and stop.cancelled_at is not None


def require_stop_active(session: Session, workshop: Workshop) -> None:
    """Raises Refusal where the workshop's stop is cancelled."""
    if is_stop_cancelled(session, workshop):
        raise Refusal(ErrorCode.WORKSHOP_OF_CANCELLED_STOP)


def follow_venue(session: Session, venue: Venue) -> None:
    """Copies city, region and zone of a venue to its stops."""
    session.execute(
        sa.update(TourStop)
        .where(TourStop.venue_id == venue.id)
        .values(city=venue.city, region=venue.region, zone=venue.zone)
    )
