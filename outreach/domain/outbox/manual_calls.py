"""Notifications that staff handle: calls to those who left a phone, and undelivered letters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from outreach.db.store import changes_one_row
from outreach.domain.outbox.delivery_queue import is_obsolete
from outreach.domain.outbox.outbox_table import GIVE_UP_AFTER
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    call_attempts,
    change_notifications,
)
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
# A call about these notes an answer.
QUESTIONS: Final = (NotificationType.OFFER, NotificationType.RECONFIRM)


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
    was given up or is three days overdue. Calls that ended, or come back later, are left out."""
    due = _due_calls(session, _DUE_OF_WORKSHOP, {"workshop": workshop.id}, now, has_texts)
    return _leave_out_hidden(session, due, now)


def list_calls_of_offices(
    session: Session, office_ids: Sequence[int], *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The same for all workshops of these offices."""
    due = _due_calls(session, _DUE_OF_OFFICES, {"offices": office_ids}, now, has_texts)
    return _leave_out_hidden(session, due, now)


def list_calls_to(
    session: Session, registration: Registration, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The same for one person, also where the call ended or comes back later."""
    whose = {"registration": registration.id}
    return _due_calls(session, _DUE_OF_PERSON, whose, now, has_texts)


def _leave_out_hidden(
    session: Session, due: Sequence[Notification], now: datetime
) -> Sequence[Notification]:
    people = {each.registration_id: each.registration for each in due}
    histories = call_attempts.read_histories(session, list(people.values()))
    hidden = {
        registration_id
        for registration_id, history in histories.items()
        if call_attempts.is_hidden(history, people[registration_id].workshop, now=now)
    }
    return [each for each in due if each.registration_id not in hidden]


def _due_calls(
    session: Session,
    statement: sa.Select[Notification],
    whose: Mapping[str, object],
    now: datetime,
    has_texts: bool,
) -> Sequence[Notification]:
    """The calls of a statement that `_select_due` made; `whose` has its further parameters."""
    times = {"now": now, "texts_since": now - GIVE_UP_AFTER, "has_texts": has_texts}
    notifications = session.scalars(statement, {**whose, **times})
    return [notification for notification in notifications if not is_obsolete(notification, now)]


def list_calls_of_message(
    session: Session, message_id: int, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The notifications of one message that need a call or had one. Those who allowed texts get a
    text where a gateway is configured; whose calls ended are left out."""
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
            sa.not_(call_attempts.has_ended()),
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


def _select_due(whose: sa.ColumnElement[bool]) -> sa.Select[Notification]:
    """The notifications that need a call `now`; who allowed texts gets one (`has_texts`) if it is
    due since `texts_since`."""
    is_text = sa.and_(
        Registration.may_leave_message.is_(True),
        Notification.due_at >= sa.bindparam("texts_since"),
        sa.bindparam("has_texts", type_=sa.Boolean),
    )
    return _SELECT.where(
        whose,
        Registration.contact == ContactMethod.PHONE,
        Notification.cause.not_in(NOT_CALLED),
        Notification.due_at <= sa.bindparam("now"),
        sa.or_(
            sa.and_(Notification.done_at.is_(None), sa.not_(is_text)),
            Notification.is_dead.is_(True),
        ),
    )


_IS_OF_OFFICES: Final = Registration.workshop_id.in_(
    sa.select(Workshop.id).where(
        Workshop.office_id.in_(sa.bindparam("offices", expanding=True)),
        Workshop.ends_at > sa.bindparam("now"),
    )
)
_DUE_OF_WORKSHOP: Final = _select_due(Registration.workshop_id == sa.bindparam("workshop"))
_DUE_OF_OFFICES: Final = _select_due(_IS_OF_OFFICES)
_DUE_OF_PERSON: Final = _select_due(Registration.id == sa.bindparam("registration"))
_UNSENT_OF_OFFICES: Final = _SELECT.where(
    _IS_OF_OFFICES,
    Notification.is_dead.is_(True),
    Registration.contact == ContactMethod.EMAIL,
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
        facts=change_notifications.SAID_FACTS,
    )
    change_notifications.record_informed(session.connection(), notification_id)


def undo_called(session: Session, notification_id: int) -> None:
    """Undoes `mark_called`."""
    _update_phone_notification(
        session, notification_id, done_at=None, is_dead=False, leased_until=None
    )
    change_notifications.record_unknown(session, notification_id)


def mark_all_called(
    session: Session, registration: Registration, *, now: datetime, has_texts: bool = False
) -> list[int]:
    """Records that one call told a person everything that waits for a call, but for questions that
    have an answer of their own (QUESTIONS). Returns the ids of the notifications."""
    done = [
        each.id
        for each in list_calls_to(session, registration, now=now, has_texts=has_texts)
        if each.cause not in QUESTIONS
    ]
    for notification_id in done:
        mark_called(session, notification_id, now=now)
    return done


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


def list_unsent_letters_of_offices(
    session: Session, office_ids: Sequence[int], *, now: datetime
) -> list[Notification]:
    """The same for all workshops of these offices."""
    notifications = session.scalars(_UNSENT_OF_OFFICES, {"offices": office_ids, "now": now})
    return [each for each in notifications if not is_obsolete(each, now)]


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
    calls = Counter(
        notification.registration.workshop
        for notification in list_calls_of_offices(session, office_ids, now=now, has_texts=has_texts)
    )
    dead = Counter(
        notification.registration.workshop
        for notification in list_unsent_letters_of_offices(session, office_ids, now=now)
    )
    workshops = sorted(calls.keys() | dead.keys(), key=lambda workshop: workshop.starts_at)
    return [ToDo(workshop, calls[workshop], dead[workshop]) for workshop in workshops]
