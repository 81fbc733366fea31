"""Notifications that staff handle: calls to those who left a phone, and undelivered letters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from outreach.db.store import changes_one_row
from outreach.db.types import Instant
from outreach.domain.outbox.delivery_queue import is_obsolete
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    call_attempts,
    change_notifications,
    message_types,
)
from outreach.domain.registrations.message_types import (
    SCHEDULES,
    MessageChannel,
    NotificationType,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound

_NOT_CALLED: Final = message_types.select_types(
    lambda each: MessageChannel.CALL not in each.channels
)
# So long a text waits for its gateway or its budget before somebody is called.
MAX_WAIT: Final = timedelta(minutes=10)
# A call about these notes an answer.
QUESTIONS: Final = message_types.select_types(lambda each: each.question.is_open)


@dataclass(frozen=True)
class ToDo:
    """How many calls and undelivered letters staff have to take care of for one workshop."""

    workshop: Workshop
    calls: int
    dead: int  # undelivered letters; an undelivered text becomes a call


def list_calls(
    session: Session, workshop: Workshop, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """Returns the notifications about the workshop that need a call, the longest overdue first.

    `has_texts`: a gateway is configured, so those who allowed texts are called only where the text
    was given up, was refused, or waits (`_NEEDS_CALL`). Calls that ended, or come back later, are
    left out.
    """
    due = _list_due(session, _DUE_OF_WORKSHOP, {"workshop": workshop.id}, now, has_texts)
    return _leave_out_hidden(session, due, now)


def list_calls_and_letters(
    session: Session, office_ids: Sequence[int], *, now: datetime, has_texts: bool = False
) -> tuple[Sequence[Notification], Sequence[Notification]]:
    """Returns the calls of `list_calls`, and the letters that were given up or that warn and
    still wait.

    Both are about all workshops of these offices that are not over.
    """
    due = _list_due(session, _OPEN_OF_OFFICES, {"offices": office_ids}, now, has_texts)
    calls = [each for each in due if each.registration.contact is ContactMethod.PHONE]
    letters = [each for each in due if each.registration.contact is ContactMethod.EMAIL]
    return _leave_out_hidden(session, calls, now), letters


def list_calls_to(
    session: Session, registration: Registration, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """Returns the notifications to one person that need a call, as `list_calls` does for a
    workshop.

    Calls that ended or come back later are in it too.
    """
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
    """Returns the notifications of a statement with `_NEEDS_CALL` that are still true.

    `whose` has its further parameters.
    """
    values = {**whose, **_at(now), "has_texts": has_texts}
    notifications = session.scalars(statement, values)
    return [notification for notification in notifications if not is_obsolete(notification, now)]


def list_calls_of_message(
    session: Session, message_id: int, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """Returns the notifications of one message that need a call or had one.

    Those who allowed texts get a text where a gateway is configured, and are called where it
    was given up or waits; whose calls ended are left out.
    """
    values = {"message": message_id, **_at(now), "has_texts": has_texts}
    notifications = session.scalars(_OF_MESSAGE, values)
    return [notification for notification in notifications if not is_obsolete(notification, now)]


def _at(now: datetime) -> dict[str, datetime]:
    warning = change_notifications.WARNING_INSTANTS
    near = {name: now + distance for name, distance in warning.items()}
    ahead = {_name_ahead(cause): now + each.call_ahead for cause, each in SCHEDULES.items()}
    return {"now": now, "waiting_since": now - MAX_WAIT, **near, **ahead}


def _name_ahead(cause: NotificationType) -> str:
    """Returns the parameter of `_IS_CALLED_AHEAD` for the calls of a scheduled message."""
    return f"ahead_{cause.value}"


_SELECT: Final = (
    sa.select(Notification)
    .join(Notification.registration)
    .join(Registration.workshop)
    .where(Registration.key_id.is_not(None))
    .options(
        contains_eager(Notification.registration).contains_eager(Registration.workshop),
        joinedload(Notification.message),
    )
    .order_by(Notification.due_at, Notification.id)
)


_NOW: Final = sa.bindparam("now", type_=Instant)
_IS_LATE: Final = Notification.due_at < sa.bindparam("waiting_since", type_=Instant)
# Tried, and nobody is trying now: it was refused, or nobody knows what became of it.
_HAS_FAILED: Final = sa.and_(
    Notification.tries > 0,
    sa.or_(Notification.leased_until.is_(None), Notification.leased_until <= _NOW),
)
# A text that was not handed over needs a call where it warns of something, was refused, or has
# waited for a gateway or a budget. A summary waits because its recipient had too many.
_WAITS_IN_VAIN: Final = sa.and_(
    Notification.cause != NotificationType.SUMMARY,
    sa.or_(change_notifications.IS_WARNING, _IS_LATE, _HAS_FAILED),
)
_GETS_TEXTS: Final = sa.and_(
    Registration.may_leave_message.is_(True), sa.bindparam("has_texts", type_=sa.Boolean)
)
_MAY_BE_CALLED: Final = sa.and_(
    Registration.contact == ContactMethod.PHONE, call_attempts.MAY_BE_CALLED
)
# A scheduled message that staff may say before a text or letter would be due.
_IS_CALLED_AHEAD: Final = sa.or_(
    *(
        sa.and_(
            Notification.cause == cause,
            Notification.due_at <= sa.bindparam(_name_ahead(cause), type_=Instant),
            sa.not_(_GETS_TEXTS),
        )
        for cause in SCHEDULES
    )
)
# A notification that needs a call `now`. It is due, or was and is tried again later. Where a
# gateway is configured (`has_texts`), who allowed texts is called only about one that waits in
# vain, or was given up.
_NEEDS_CALL: Final = sa.and_(
    _MAY_BE_CALLED,
    Notification.cause.not_in(_NOT_CALLED),
    sa.or_(Notification.due_at <= _NOW, Notification.tries > 0, _IS_CALLED_AHEAD),
    sa.or_(
        sa.and_(Notification.done_at.is_(None), sa.or_(sa.not_(_GETS_TEXTS), _WAITS_IN_VAIN)),
        Notification.is_dead.is_(True),
    ),
)
# A letter that was given up, or warns of something and has not been handed over.
_LETTER_FAILED: Final = sa.and_(
    Registration.contact == ContactMethod.EMAIL,
    sa.or_(
        Notification.is_dead.is_(True),
        sa.and_(
            change_notifications.IS_WARNING,
            Notification.done_at.is_(None),
            sa.or_(_IS_LATE, _HAS_FAILED),
        ),
    ),
)
_OF_MESSAGE: Final = _SELECT.where(
    Notification.message_id == sa.bindparam("message"),
    _MAY_BE_CALLED,
    sa.or_(
        sa.not_(_GETS_TEXTS),
        Notification.is_dead.is_(True),
        sa.and_(Notification.done_at.is_(None), _WAITS_IN_VAIN),
    ),
    sa.not_(call_attempts.has_ended()),
)
_DUE_OF_WORKSHOP: Final = _SELECT.where(
    Registration.workshop_id == sa.bindparam("workshop"), _NEEDS_CALL
)
_DUE_OF_PERSON: Final = _SELECT.where(Registration.id == sa.bindparam("registration"), _NEEDS_CALL)
_OPEN: Final = sa.orm.aliased(Workshop)
_OPEN_OF_OFFICES: Final = _SELECT.where(
    Registration.workshop_id.in_(
        sa.select(_OPEN.id).where(
            _OPEN.office_id.in_(sa.bindparam("offices", expanding=True)), _OPEN.ends_at > _NOW
        )
    ),
    sa.or_(_NEEDS_CALL, _LETTER_FAILED),
)


def find(session: Session, workshop: Workshop, notification_id: int) -> Notification:
    """Finds the notification about that workshop. Raises NotFound."""
    notification = session.scalar(
        _SELECT.where(Notification.id == notification_id, Registration.workshop_id == workshop.id)
    )
    if notification is None:
        raise NotFound("notice")
    return notification


def mark_called(session: Session, notification_id: int, *, now: datetime) -> None:
    """Records that staff have called, so that no text is sent either."""
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
    """Records that one call told a person everything that waits for a call.

    Questions that have an answer of their own (QUESTIONS) are left. Returns the ids of the
    notifications.
    """
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
    """Returns the letters about the workshop that were given up and are still true."""
    return [
        notification
        for notification in list_undelivered(session, workshop)
        if notification.registration.contact is ContactMethod.EMAIL
        and not is_obsolete(notification, now)
    ]


def list_undelivered(session: Session, workshop: Workshop) -> Sequence[Notification]:
    """Returns the letters and texts about the workshop that were given up."""
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
    """Returns the workshops of these offices with calls or undelivered letters, by start."""
    due, unsent = list_calls_and_letters(session, office_ids, now=now, has_texts=has_texts)
    calls = Counter(each.registration.workshop for each in due)
    dead = Counter(each.registration.workshop for each in unsent)
    workshops = sorted(calls.keys() | dead.keys(), key=lambda workshop: workshop.starts_at)
    return [ToDo(workshop, calls[workshop], dead[workshop]) for workshop in workshops]
