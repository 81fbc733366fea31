"""What the people of a workshop are owed to be told of, when something happens to their place."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import notifications
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop


def notify_confirmed(
    session: Session, registration: Registration, cause: NotificationType, *, now: datetime
) -> None:
    """That they have a place and, when they asked for it, the day before again."""
    if registration.contact is ContactMethod.NONE:
        return
    notifications.enqueue(session, registration.id, cause, now=now)
    remind_at = registration.workshop.remind_at
    if registration.wants_reminder and now < remind_at:
        notifications.enqueue(
            session, registration.id, NotificationType.REMINDER, now=now, due_at=remind_at
        )


def notify_all(
    session: Session, workshop: Workshop, cause: NotificationType, *, now: datetime
) -> int:
    """Owe a notice to each who has a place or a turn and left a way to be told; says how many."""
    reachable = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            Registration.status.in_(ACTIVE_STATUSES),
            Registration.contact != ContactMethod.NONE,
        )
    ).all()
    for registration_id in reachable:
        notifications.enqueue(session, registration_id, cause, now=now)
    if cause is NotificationType.CHANGED:
        notifications.reschedule_reminders(session, reachable, workshop.remind_at)
        _remind_again(session, workshop, now)
    return len(reachable)


def _remind_again(session: Session, workshop: Workshop, now: datetime) -> None:
    """Who has been reminded of the old day, or came too late for it, is reminded of the new one."""
    if now >= workshop.remind_at:
        return
    is_owed = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.REMINDER,
        Notification.done_at.is_(None),
    )
    for registration_id in session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            Registration.status == RegistrationStatus.CONFIRMED,
            Registration.contact != ContactMethod.NONE,
            Registration.wants_reminder.is_(True),
            sa.not_(is_owed),
        )
    ).all():
        notifications.enqueue(
            session, registration_id, NotificationType.REMINDER, now=now, due_at=workshop.remind_at
        )
