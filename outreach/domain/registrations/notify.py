"""Queues the notifications that follow from a change of a registration or of its workshop."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import notifications
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    APPARENTLY_CONFIRMED,
    ContactMethod,
    Registration,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop


def notify_confirmed(
    session: Session, registration: Registration, cause: NotificationType, *, now: datetime
) -> None:
    """Queues the confirmation of a seat and, when wanted, the reminder of the day before."""
    if registration.contact is ContactMethod.NONE:
        return
    notifications.enqueue(session, registration.id, cause, now=now)
    remind_at = registration.workshop.remind_at
    if registration.wants_reminder and now < remind_at:
        notifications.enqueue(
            session, registration.id, NotificationType.REMINDER, now=now, due_at=remind_at
        )


def follow_reminders(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Moves the reminders of a workshop to its new day, and queues those that are missing."""
    active = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES)
        )
    ).all()
    notifications.reschedule_reminders(session, active, workshop.remind_at)
    _queue_missing_reminders(session, workshop, now)


def _queue_missing_reminders(session: Session, workshop: Workshop, now: datetime) -> None:
    """Queues reminders of the new day for those who have none pending."""
    if now >= workshop.remind_at:
        return
    has_pending = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.REMINDER,
        Notification.done_at.is_(None),
    )
    for registration_id in session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            APPARENTLY_CONFIRMED,
            Registration.contact != ContactMethod.NONE,
            Registration.wants_reminder.is_(True),
            sa.not_(has_pending),
        )
    ).all():
        notifications.enqueue(
            session, registration_id, NotificationType.REMINDER, now=now, due_at=workshop.remind_at
        )
