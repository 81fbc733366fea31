"""Changes of a venue or of a stop of a tour that staff can undo: what it was before, for a day.

Its workshops have rows of their own with the same batch (`workshop_changes`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.locations.venues import Venue
from outreach.domain.scheduling import workshop_changes
from outreach.domain.workshops.tour_stops import TourStop

CANCELLED: Final = "cancelled"  # whether a stop is cancelled


class PlaceChange(Base):
    __tablename__ = "place_change"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    batch: Mapped[str] = mapped_column(sa.String(26), unique=True)
    office: Mapped[str] = mapped_column(sa.String(40))  # slug
    venue_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("venue.id", ondelete="CASCADE"), default=None
    )
    stop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("tour_stop.id", ondelete="CASCADE"), default=None
    )
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # only the fields that changed
    after: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    drafts: Mapped[list[int]] = mapped_column(sa.JSON)  # ids of workshops that it made at a stop
    made_at: Mapped[datetime] = mapped_column(index=True)


def read(place: Venue | TourStop, names: Mapping[str, Any] | frozenset[str]) -> dict[str, Any]:
    """Returns these fields of a place, as JSON."""
    return {
        name: place.cancelled_at is not None
        if name == CANCELLED and isinstance(place, TourStop)
        else workshop_changes.encode(getattr(place, name))
        for name in sorted(names)
    }


def record(
    session: Session,
    place: Venue | TourStop,
    *,
    batch: str,
    office: str,
    before: Mapping[str, Any],
    now: datetime,
    drafts: list[int] | None = None,
) -> None:
    """Stores a change that was just made; `before` has the fields that changed, as `read` gives
    them."""
    session.add(
        PlaceChange(
            batch=batch,
            office=office,
            venue_id=place.id if isinstance(place, Venue) else None,
            stop_id=place.id if isinstance(place, TourStop) else None,
            before=dict(before),
            after=read(place, before),
            drafts=drafts or [],
            made_at=now,
        )
    )
    session.flush()


def find(session: Session, batch: str) -> PlaceChange | None:
    return session.scalar(sa.select(PlaceChange).where(PlaceChange.batch == batch))


def delete_old(session: Session, *, now: datetime) -> None:
    old = PlaceChange.made_at <= now - workshop_changes.KEPT_FOR
    session.execute(sa.delete(PlaceChange).where(old))
