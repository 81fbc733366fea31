"""Parties beyond the share of their network: saved without a seat, for staff to look at (S29).

One address, or a few networks at unusual speed, must not take all seats of a workshop. Such a party
is waitlisted and keeps its turn, but gets no offer until staff approve it, or until a day before
the workshop if nobody did. At a discreet workshop it is shown a seat like everybody else, so that
nobody learns from a page who else registered from the same connection.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import capacity, waitlist
from outreach.domain.registrations.models import Registration, RegistrationStatus
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore.seat_shares import Share

BATCH: Final = 500  # ids in one statement
ENDS_BEFORE: Final = timedelta(hours=24)  # then a party saved earlier waits like any other

IS_FOR_REVIEW: Final = sa.and_(
    Registration.status == RegistrationStatus.WAITLISTED,
    Registration.needs_review.is_(True),
    Registration.is_released.is_(False),  # staff have looked at it
)


def compute_share(workshop: Workshop) -> Share:
    """How many seats of this workshop one network may take."""
    seats = workshop.capacity + workshop.overbooked
    return Share(
        address=max(2, seats // 4),
        network=max(4, seats * 2 // 5),
        first_party=max(4, seats // 3),
        seats=seats,
    )


def count_by_workshop(session: Session, workshops: Sequence[Workshop]) -> dict[int, int]:
    """How many parties nobody has looked at, by id of workshop."""
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.count())
        .where(Registration.workshop_id.in_([each.id for each in workshops]), IS_FOR_REVIEW)
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


def approve(
    session: Session, workshop: Workshop, registration_ids: Sequence[str], *, now: datetime
) -> int:
    """Ends the review of these parties, which then get free seats in their turn; returns of how
    many."""
    batches = (
        Registration.id.in_(registration_ids[start : start + BATCH])
        for start in range(0, len(registration_ids), BATCH)
    )
    return _end(session, workshop, batches, now)


def list_workshops_to_end(session: Session, now: datetime) -> Sequence[int]:
    """The ids of published workshops with parties that nobody looked at in time."""
    rows = session.execute(
        sa.select(Workshop.id, Workshop.starts_at, sa.func.min(Registration.registered_at))
        .join(Registration, Registration.workshop_id == Workshop.id)
        .where(
            IS_FOR_REVIEW,
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
            Workshop.starts_at <= now + ENDS_BEFORE,
        )
        .group_by(Workshop.id, Workshop.starts_at)
    )
    return [row[0] for row in rows if row[2] <= row[1] - ENDS_BEFORE]


def end_overdue(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Ends the review of the parties that nobody looked at in time; returns of how many."""
    if workshop.starts_at > now + ENDS_BEFORE:
        return 0
    is_old = Registration.registered_at <= workshop.starts_at - ENDS_BEFORE
    return _end(session, workshop, [is_old], now)


def _end(
    session: Session,
    workshop: Workshop,
    conditions: Iterable[sa.ColumnElement[bool]],
    now: datetime,
) -> int:
    capacity.lock(session, workshop)
    count = 0
    for which in conditions:
        ended = session.execute(
            sa.update(Registration)
            .where(Registration.workshop_id == workshop.id, IS_FOR_REVIEW, which)
            .values(needs_review=False)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(ended, sa.CursorResult)
        count += ended.rowcount
    if count:
        waitlist.offer_free_seats(session, workshop, now=now)
    return count
