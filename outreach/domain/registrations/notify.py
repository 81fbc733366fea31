"""Queues the notifications that follow from a change of a registration or of its workshop."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import notifications
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    SCHEDULES,
    NotificationType,
    Schedule,
)
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    APPARENTLY_CONFIRMED,
    ContactMethod,
    Registration,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop


def notify_confirmed(
    session: Session, registration: Registration, cause: NotificationType, *, now: datetime
) -> None:
    """Queues the confirmation of a seat, and what is due by the clock of its workshop."""
    if registration.contact is ContactMethod.NONE:
        return
    notifications.enqueue(session, registration.id, cause, now=now)
    enqueue_scheduled(
        session,
        registration.id,
        registration.workshop,
        registration.contact,
        wants_reminder=registration.wants_reminder,
        now=now,
    )


def enqueue_scheduled(
    session: Session,
    registration_id: str,
    workshop: Workshop,
    contact: ContactMethod,
    *,
    wants_reminder: bool,
    now: datetime,
) -> None:
    """Queues the messages of somebody with a seat that have a `Schedule`, unless they would be due
    by now. `wants_reminder`: the party asked for those on request."""
    for cause, schedule in SCHEDULES.items():
        declared = DECLARATIONS[cause]
        is_wanted = wants_reminder or not schedule.is_on_request
        if not (is_wanted and declared.reaches(contact) and declared.is_sent_about(workshop)):
            continue
        due_at = schedule.compute_due(workshop)
        if now < due_at:
            notifications.enqueue(session, registration_id, cause, now=now, due_at=due_at)


def follow_reminders(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Moves the scheduled messages of a workshop to its new day, and queues those that are
    missing."""
    active = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES)
        )
    ).all()
    for cause, schedule in SCHEDULES.items():
        notifications.reschedule(session, cause, active, schedule.compute_due(workshop))
        _queue_missing(session, workshop, cause, schedule, now)


def _queue_missing(
    session: Session, workshop: Workshop, cause: NotificationType, schedule: Schedule, now: datetime
) -> None:
    """Queues scheduled messages of the new day for those who have none pending."""
    due_at, declared = schedule.compute_due(workshop), DECLARATIONS[cause]
    if now >= due_at or not declared.is_sent_about(workshop):
        return
    has_pending = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == cause,
        Notification.done_at.is_(None),
    )
    contacts = (ContactMethod.EMAIL, ContactMethod.PHONE)
    asked = (Registration.wants_reminder.is_(True),) if schedule.is_on_request else ()
    for registration_id in session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            APPARENTLY_CONFIRMED,
            Registration.contact.in_([each for each in contacts if declared.reaches(each)]),
            *asked,
            sa.not_(has_pending),
        )
    ).all():
        notifications.enqueue(session, registration_id, cause, now=now, due_at=due_at)
