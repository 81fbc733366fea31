"""Retiming: after a law moves the clocks of a place, what is stored in UTC is worked out again.

The day and the hours on the wall are the truth, and stay. So nobody who has a place is told: they
come at the hour they know. Calendars are told, by a new LAST-MODIFIED and SEQUENCE: those that keep
UTC would be an hour off. Slots are minutes after the start and follow by themselves; so do
the days on which places open and people are asked whether they come, which are not stored.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop

_READ_AT_ONCE: Final = 2000


@dataclass(frozen=True)
class StaleTime:
    """A workshop whose stored instants are not what its wall clock means today."""

    id: int
    zone: str
    day: date


def find_stale(session: Session, *, since: date | None = None) -> Iterator[StaleTime]:
    """Those of all times, or of the days from `since` on. Reads no more than their hours."""
    asked = sa.select(
        Workshop.id,
        Workshop.zone,
        Workshop.day,
        Workshop.starts,
        Workshop.ends,
        Workshop.starts_at,
        Workshop.ends_at,
    ).order_by(Workshop.id)
    if since is not None:
        asked = asked.where(Workshop.day >= since)
    for row in session.execute(asked.execution_options(yield_per=_READ_AT_ONCE)):
        meant = clock.span(row.day, row.starts, row.ends, row.zone)
        if meant != (row.starts_at, row.ends_at):
            yield StaleTime(row.id, row.zone.key, row.day)


def update(session: Session, ids: Sequence[int], *, now: datetime) -> list[StaleTime]:
    """Puts these right and says which of them were still wrong: another may have been faster."""
    there = session.scalars(
        sa.select(Workshop)
        .where(Workshop.id.in_(ids))
        .order_by(Workshop.id)
        .with_for_update(of=Workshop, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    moved = []
    for workshop in there:
        before = workshop.starts_at, workshop.ends_at
        workshop.retime()
        if (workshop.starts_at, workshop.ends_at) != before:
            workshop_service.mark_changed(workshop, now, is_new_version=True)
            moved.append(StaleTime(workshop.id, workshop.zone.key, workshop.day))
    session.flush()
    return moved


def find_wrong_reminders(session: Session, *, now: datetime) -> dict[int, datetime]:
    """Reminders to come that are not due at 11 in the morning there; and when they should be."""
    rows = session.execute(
        sa.select(Notification.id, Notification.due_at, Workshop)
        .select_from(Notification)
        .join(Registration, Registration.id == Notification.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Notification.cause == NotificationType.REMINDER,
            Notification.done_at.is_(None),
            # One that was tried, or sent again by hand, is due when that was decided.
            Notification.tries == 0,
            Notification.due_at > Notification.made_at,
            Workshop.starts_at > now,
        )
        .order_by(Notification.id)
    )
    return {number: each.remind_at for number, due_at, each in rows if due_at != each.remind_at}


def reschedule_reminders(session: Session, due: dict[int, datetime]) -> None:
    """Makes these reminders due then, unless the worker has taken one up meanwhile."""
    for number, at in due.items():
        session.execute(
            sa.update(Notification)
            .where(
                Notification.id == number, Notification.done_at.is_(None), Notification.tries == 0
            )
            .values(due_at=at)
            .execution_options(synchronize_session=False)
        )
