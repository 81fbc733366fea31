"""Time zone update: recomputes what depends on the rules of time zones after they have changed.

Day and hours on the wall clock stay, so people are not notified. Calendars get a new LAST-MODIFIED
and SEQUENCE, since those that store UTC would be an hour off; where only the zone in which they
show the event is another, a new LAST-MODIFIED. Time slots, the opening of registration and
reconfirmation are computed from the wall clock and follow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.registrations import Registration
from outreach.domain.registrations.message_types import SCHEDULES
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.zone_rules import choose_calendar_zone

_ROWS_PER_FETCH: Final = 2000


@dataclass(frozen=True)
class StaleTime:
    """A workshop whose stored instants, or zone of calendars, differ from today's rules."""

    id: int
    zone: str
    day: date


def find_stale(session: Session, *, since: date | None = None) -> Iterator[StaleTime]:
    """Yields the stale workshops of all days, or of the days from `since` on, by id."""
    query = sa.select(
        Workshop.id,
        Workshop.zone,
        Workshop.day,
        Workshop.starts,
        Workshop.ends,
        Workshop.starts_at,
        Workshop.ends_at,
        Workshop.is_second_hour,
        Workshop.calendar_zone,
    ).order_by(Workshop.id)
    if since is not None:
        query = query.where(Workshop.day >= since)
    for row in session.execute(query.execution_options(yield_per=_ROWS_PER_FETCH)):
        expected = clock.span(row.day, row.starts, row.ends, row.zone, is_second=row.is_second_hour)
        written_in = choose_calendar_zone(row.zone, *expected)
        if (*expected, written_in) != (row.starts_at, row.ends_at, row.calendar_zone):
            yield StaleTime(row.id, row.zone.key, row.day)


def update(session: Session, ids: Sequence[int], *, now: datetime) -> list[StaleTime]:
    """Recomputes these workshops and returns those that were still stale."""
    there = session.scalars(
        sa.select(Workshop)
        .where(Workshop.id.in_(ids))
        .order_by(Workshop.id)
        .with_for_update(of=Workshop, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    updated = []
    for workshop in there:
        before, written_in = (workshop.starts_at, workshop.ends_at), workshop.calendar_zone
        workshop.retime()
        has_moved = (workshop.starts_at, workshop.ends_at) != before
        if has_moved or workshop.calendar_zone != written_in:
            workshop_service.mark_changed(workshop, now, is_new_version=has_moved)
            updated.append(StaleTime(workshop.id, workshop.zone.key, workshop.day))
    session.flush()
    return updated


def find_wrong_reminders(session: Session, *, now: datetime) -> dict[int, datetime]:
    """Returns the pending messages that are not due at the hour of their schedule.

    The result has, by id, when each should be due.
    """
    rows = session.execute(
        sa.select(Notification.id, Notification.cause, Notification.due_at, Workshop)
        .select_from(Notification)
        .join(Registration, Registration.id == Notification.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Notification.cause.in_(SCHEDULES),
            Notification.done_at.is_(None),
            # Attempts and manual retries have a due time of their own.
            Notification.tries == 0,
            Notification.due_at > Notification.made_at,
            Workshop.starts_at > now,
        )
        .order_by(Notification.id)
    )
    wrong = {}
    for number, cause, due_at, workshop in rows:
        planned_at = SCHEDULES[cause].compute_due(workshop)
        if planned_at is not None and due_at != planned_at:
            wrong[number] = planned_at
    return wrong


def reschedule_reminders(session: Session, due: dict[int, datetime]) -> None:
    """Sets when reminders are due, except those that a worker has claimed meanwhile."""
    for number, at in due.items():
        session.execute(
            sa.update(Notification)
            .where(
                Notification.id == number, Notification.done_at.is_(None), Notification.tries == 0
            )
            .values(due_at=at)
            .execution_options(synchronize_session=False)
        )
