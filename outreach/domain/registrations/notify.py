"""Queues the notifications that follow from a change of a registration or of its workshop."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import capacity, notifications
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    FOLLOW_UPS,
    REMINDERS,
    SCHEDULES,
    WITH_SEAT,
    MessageDeclaration,
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
from outreach.domain.workshops.models import COUNTED_STATUSES

# So long a worker that was away queues what follows a workshop.
FOLLOW_UP_WINDOW: Final = timedelta(days=2)


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
        if due_at is not None and now < due_at:
            notifications.enqueue(session, registration_id, cause, now=now, due_at=due_at)


def set_reminders(
    session: Session, registration: Registration, *, is_wanted: bool, now: datetime
) -> None:
    """Stores whether a party with a contact is reminded, and queues or deletes its reminders."""
    workshop = capacity.lock_workshop_of(session, registration)
    if registration.contact is ContactMethod.NONE:
        return
    registration.wants_reminder = is_wanted
    notifications.cancel_pending(session, registration.id, *REMINDERS)
    if is_wanted and registration.apparent_status in WITH_SEAT:
        enqueue_scheduled(
            session, registration.id, workshop, registration.contact, wants_reminder=True, now=now
        )
    session.flush()


def follow_reminders(session: Session, workshop: Workshop, *, now: datetime) -> None:
    """Moves the scheduled messages of a workshop to its new day, and queues those that are
    missing."""
    active = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES)
        )
    ).all()
    for cause, schedule in SCHEDULES.items():
        due_at = schedule.compute_due(workshop)
        if due_at is not None:
            notifications.reschedule(session, cause, active, due_at)
            _queue_missing(session, workshop, cause, schedule, due_at, now=now)


def _queue_missing(
    session: Session,
    workshop: Workshop,
    cause: NotificationType,
    schedule: Schedule,
    due_at: datetime,
    *,
    now: datetime,
) -> None:
    """Queues scheduled messages of the new day for those who have none pending."""
    declared = DECLARATIONS[cause]
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


def list_workshops_to_follow_up(
    session: Session, follow_ups: Sequence[MessageDeclaration] = FOLLOW_UPS, *, now: datetime
) -> Sequence[int]:
    """Returns the ids of the ended workshops after which a message is due."""
    ended = [_has_ended_before(each, now) for each in follow_ups]
    if not ended:
        return ()
    return session.scalars(
        sa.select(Workshop.id)
        .where(sa.or_(*ended), Workshop.status.in_(COUNTED_STATUSES))
        .order_by(Workshop.id)
    ).all()


def enqueue_follow_ups(
    session: Session,
    workshop: Workshop,
    follow_ups: Sequence[MessageDeclaration] = FOLLOW_UPS,
    *,
    now: datetime,
) -> int:
    """Queues the messages that follow a workshop, for each party of which one is true and that has
    not got it; returns how many."""
    count = 0
    for declared in follow_ups:
        if declared.is_over(workshop, now) or not declared.is_sent_about(workshop):
            continue
        for party in _list_without(session, workshop, declared, now):
            if declared.is_true(party, None, now):
                notifications.enqueue(session, party.id, declared.notification_type, now=now)
                count += 1
    session.flush()
    return count


def _list_without(
    session: Session, workshop: Workshop, declared: MessageDeclaration, now: datetime
) -> Sequence[Registration]:
    """Returns the parties for which a message after the workshop still has to be queued.

    There is none unless the message is due.
    """
    has_one = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == declared.notification_type,
    )
    wanted = [Registration.wants_reminder.is_(True)] if _is_on_request(declared) else []
    return session.scalars(
        sa.select(Registration)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.workshop_id == workshop.id,
            _has_ended_before(declared, now),
            Registration.key_id.is_not(None),
            Registration.contact != ContactMethod.NONE,
            Registration.status.in_(ACTIVE_STATUSES),
            *wanted,
            sa.not_(has_one),
        )
        .order_by(Registration.id)
    ).all()


def _is_on_request(declared: MessageDeclaration) -> bool:
    return declared.follow_up is not None and declared.follow_up.is_on_request


def _has_ended_before(declared: MessageDeclaration, now: datetime) -> sa.ColumnElement[bool]:
    """Returns the condition for workshops that ended long enough ago for the message to be due,
    and not longer than `FOLLOW_UP_WINDOW` before that.
    """
    assert declared.follow_up is not None
    latest = now - declared.follow_up.wait
    return sa.and_(Workshop.ends_at <= latest, Workshop.ends_at > latest - FOLLOW_UP_WINDOW)
