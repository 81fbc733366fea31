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
    due = _list_due(session, _DUE_OF_WORKSHOP, {"workshop": workshop.id}, now, has_texts)
    return _leave_out_hidden(session, due, now)


def list_calls_and_letters(
    session: Session, office_ids: Sequence[int], *, now: datetime, has_texts: bool = False
) -> tuple[Sequence[Notification], Sequence[Notification]]:
    """The calls of `list_calls` and the letters of `list_unsent_letters`, about all workshops of
    these offices that are not over."""
    due = _list_due(session, _OPEN_OF_OFFICES, {"offices": office_ids}, now, has_texts)
    calls = [each for each in due if each.registration.contact is ContactMethod.PHONE]
    letters = [each for each in due if each.registration.contact is ContactMethod.EMAIL]
    return _leave_out_hidden(session, calls, now), letters


def list_calls_to(
    session: Session, registration: Registration, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """The same for one person, also where the call ended or comes back later."""
    whose = {"registration": registration.id}
    return _list_due(session, _DUE_OF_PERSON, whose, now, has_texts)


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


def _list_due(
    session: Session,
    statement: sa.Select[Notification],
    whose: Mapping[str, object],
    now: datetime,
    has_texts: bool,
) -> Sequence[Notification]:
    """The notifications of a statement with `_NEEDS_CALL` that are still true; `whose` has its
    further parameters."""
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


_IS_TEXT: Final = sa.and_(
    Registration.may_leave_message.is_(True),
    Notification.due_at >= sa.bindparam("texts_since"),
    sa.bindparam("has_texts", type_=sa.Boolean),
)
# A notification that needs a call `now`; who allowed texts gets one (`has_texts`) if it is due
# since `texts_since`.
_NEEDS_CALL: Final = sa.and_(
    Registration.contact == ContactMethod.PHONE,
    Notification.cause.not_in(NOT_CALLED),
    Notification.due_at <= sa.bindparam("now"),
    sa.or_(
        sa.and_(Notification.done_at.is_(None), sa.not_(_IS_TEXT)), Notification.is_dead.is_(True)
    ),
)
_DUE_OF_WORKSHOP: Final = _SELECT.where(
    Registration.workshop_id == sa.bindparam("workshop"), _NEEDS_CALL
)
_DUE_OF_PERSON: Final = _SELECT.where(Registration.id == sa.bindparam("registration"), _NEEDS_CALL)
_OPEN_OF_OFFICES: Final = _SELECT.where(
    Registration.workshop_id.in_(
        sa.select(Workshop.id).where(
            Workshop.office_id.in_(sa.bindparam("offices", expanding=True)),
            Workshop.ends_at > sa.bindparam("now"),
        )
    ),
    sa.or_(
        _NEEDS_CALL,
        sa.and_(Notification.is_dead.is_(True), Registration.contact == ContactMethod.EMAIL),
    ),
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
    due, unsent = list_calls_and_letters(session, office_ids, now=now, has_texts=has_texts)
    calls = Counter(each.registration.workshop for each in due)
    dead = Counter(each.registration.workshop for each in unsent)
    workshops = sorted(calls.keys() | dead.keys(), key=lambda workshop: workshop.starts_at)
    return [ToDo(workshop, calls[workshop], dead[workshop]) for workshop in workshops]
