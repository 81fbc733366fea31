"""Stops: where and when the mobile consulate halts on a tour (`tours.py`)."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.types import Codes
from outreach.domain.venues import Venue
from outreach.domain.workshops import Workshop
from outreach.errors import Refused


class Stop(Base):
    __tablename__ = "stop"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    tour_id: Mapped[int] = mapped_column(sa.ForeignKey("tour.id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    starts: Mapped[time]
    ends: Mapped[time]  # not after `starts`: the next day
    city: Mapped[str] = mapped_column(sa.String(80))
    region: Mapped[str] = mapped_column(sa.String(3))
    zone: Mapped[ZoneInfo]
    venue_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("venue.id"), init=False, nullable=True
    )
    venue: Mapped[Venue | None] = relationship(lazy="joined")  # None: not found yet
    kinds: Mapped[Codes]  # by code; one workshop each, as soon as there is a venue
    capacity: Mapped[int | None]  # of each; None: as its kind has it
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)


def require_on(session: Session, workshop: Workshop) -> None:
    """Raises Refused for a workshop whose stop is cancelled."""
    stop = session.get(Stop, workshop.stop_id) if workshop.stop_id is not None else None
    if stop is not None and stop.cancelled_at is not None:
        raise Refused("Su parada de la gira está cancelada. Reactívala antes de publicarlo.")
