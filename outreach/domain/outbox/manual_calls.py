"""Notifications that staff handle: calls to those who left a phone, and undelivered letters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from outreach.db.store import changes_one_row
from outreach.domain.outbox.delivery_queue import is_obsolete
from outreach.domain.outbox.outbox_table import GIVE_UP_AFTER
from outreach.domain.registrations import ContactMethod, Registration, change_notifications
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound

# People with a phone number have read these on the page.
NOT_CALLED: Final = (
    NotificationType.REGISTERED,
    NotificationType.WAITLISTED,
    NotificationType.MOVED,
    NotificationType.LINK_RECOVERY,
)


@dataclass(frozen=True)
class ToDo:
    """What staff have to do for one workshop."""

    workshop: Workshop
    calls: int
    dead: int  # undelivered letters; an undelivered text becomes a call


def list_calls(
    session: Session, workshop: Workshop, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The notifications about the workshop that need a call, the longest overdue first.

    `has_texts`: a gateway is configured, so those who allowed texts are called only when the text
    was given up or is three days overdue."""
    return _calls(session, now, has_texts, Registration.workshop_id == workshop.id)


def _calls(
    session: Session, now: datetime, has_texts: bool, where: sa.ColumnElement[bool]
) -> Sequence[Notification]:
    is_text = sa.and_(
        Registration.may_leave_message.is_(True),
        Notification.due_at >= now - GIVE_UP_AFTER,
        sa.literal(has_texts),
    )
    notifications = session.scalars(
        _SELECT.where(
            where,
            Registration.contact == ContactMethod.PHONE,
            Notification.cause.not_in(NOT_CALLED),
            Notification.due_at <= now,
            sa.or_(
                sa.and_(Notification.done_at.is_(None), sa.not_(is_text)),
                Notification.is_dead.is_(True),
            ),
        )
    )
    return [notification for notification in notifications if not is_obsolete(notification, now)]


def list_calls_of_message(
    session: Session, message_id: int, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The notifications of one message that need a call or had one. Those who allowed texts get a
    text where a gateway is configured."""
    is_call = sa.or_(
        sa.not_(sa.literal(has_texts)),
        Registration.may_leave_message.is_(False),
        Notification.is_dead.is_(True),
    )
    notifications = session.scalars(
        _SELECT.where(
            Notification.message_id == message_id,
            Registration.contact == ContactMethod.PHONE,
            is_call,
        )
    )
    return [notification for notification in notifications if not is_obsolete(notification, now)]


_SELECT: Final = (
    sa.select(Notification)
    .join(Notification.registration)
    .where(Registration.key_id.is_not(None))
    .options(
        contains_eager(Notification.registration).joinedload(Registration.workshop, innerjoin=True),
        joinedload(Notification.message),
    )
    .order_by(Notification.due_at, Notification.id)
)


def find(session: Session, workshop: Workshop, notification_id: int) -> Notification:
    """The notification about that workshop. Raises NotFound."""
    notification = session.scalar(
        _SELECT.where(Notification.id == notification_id, Registration.workshop_id == workshop.id)
    )
    if notification is None:
        raise NotFound("notice")
    return notification


def mark_called(session: Session, notification_id: int, *, now: datetime) -> None:
    """Records that staff have called: no text is sent either."""
    _update_phone_notification(
        session,
        notification_id,
        done_at=now,
        due_at=Notification.made_at,
        is_dead=False,
        leased_until=None,
    )
    change_notifications.record_informed(session.connection(), notification_id)


def undo_called(session: Session, notification_id: int) -> None:
    """Undoes `mark_called`."""
    _update_phone_notification(
        session, notification_id, done_at=None, is_dead=False, leased_until=None
    )
    change_notifications.record_unknown(session, notification_id)


def list_unsent_letters(
    session: Session, workshop: Workshop, *, now: datetime
) -> list[Notification]:
    """Letters about the workshop that were given up and are still true."""
    return [
        notification
        for notification in list_undelivered(session, workshop)
        if notification.registration.contact is ContactMethod.EMAIL
        and not is_obsolete(notification, now)
    ]


def list_undelivered(session: Session, workshop: Workshop) -> Sequence[Notification]:
    """Letters and texts about the workshop that were given up."""
    return session.scalars(
        _SELECT.where(Registration.workshop_id == workshop.id, Notification.is_dead.is_(True))
    ).all()


def retry_delivery(session: Session, notification_id: int, *, now: datetime) -> None:
    """Queues a letter or text that was given up again, with three days of retries."""
    changes_one_row(
        session,
        sa.update(Notification)
        .where(Notification.id == notification_id, Notification.is_dead.is_(True))
        .values(done_at=None, is_dead=False, leased_until=None, tries=0, due_at=now, made_at=now),
    )


def _update_phone_notification(session: Session, notification_id: int, **values: object) -> None:
    phone_registrations = sa.select(Registration.id).where(
        Registration.contact == ContactMethod.PHONE
    )
    changes_one_row(
        session,
        sa.update(Notification)
        .where(
            Notification.id == notification_id,
            Notification.registration_id.in_(phone_registrations),
        )
        .values(**values),
    )


def to_do(
    session: Session, office_ids: Sequence[int], *, now: datetime, has_texts: bool = False
) -> list[ToDo]:
    """The workshops of these offices with calls or undelivered letters, by start."""
    workshop_ids = sa.select(Workshop.id).where(Workshop.office_id.in_(office_ids))
    is_of_offices = Registration.workshop_id.in_(workshop_ids)
    calls = Counter(
        notification.registration.workshop
        for notification in _calls(session, now, has_texts, is_of_offices)
    )
    dead = Counter(
        notification.registration.workshop
        for notification in session.scalars(
            _SELECT.where(
                is_of_offices,
                Notification.is_dead.is_(True),
                Registration.contact == ContactMethod.EMAIL,
            )
        )
        if not is_obsolete(notification, now)
    )
    workshops = sorted(calls.keys() | dead.keys(), key=lambda workshop: workshop.starts_at)
    return [ToDo(workshop, calls[workshop], dead[workshop]) for workshop in workshops]
