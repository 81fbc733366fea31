"""What the staff do about notices: call who left a phone, and see what was given up."""

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
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound

# Who saved a place by phone read on the page what these would say.
NOT_CALLED: Final = (
    NotificationType.REGISTERED,
    NotificationType.WAITLISTED,
    NotificationType.LINK_RECOVERY,
)


@dataclass(frozen=True)
class ToDo:
    """What one workshop asks of its organizers."""

    workshop: Workshop
    calls: int
    dead: int  # letters that were given up; a text that was is a call


def to_call(
    session: Session, workshop: Workshop, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """Whom somebody has to call about the workshop, the longest overdue first.

    `has_texts`: a gateway is set, so who said that texts are safe is called only when the text
    could not be sent, or did not go for three days."""
    return _calls(session, now, has_texts, Registration.workshop_id == workshop.id)


def _calls(
    session: Session, now: datetime, has_texts: bool, where: sa.ColumnElement[bool]
) -> Sequence[Notification]:
    is_text = sa.and_(
        Registration.may_leave_message.is_(True),
        Notification.due_at >= now - GIVE_UP_AFTER,
        sa.literal(has_texts),
    )
    found = session.scalars(
        _OF_SOMEBODY.where(
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
    return [notice for notice in found if not is_obsolete(notice, now)]


def calls_of(
    session: Session, message_id: int, *, now: datetime, has_texts: bool = False
) -> Sequence[Notification]:
    """Whom somebody has to call about a message, and whom they have called, in one order. Who said
    that texts are safe is sent one where a gateway is set."""
    by_voice = sa.or_(
        sa.not_(sa.literal(has_texts)),
        Registration.may_leave_message.is_(False),
        Notification.is_dead.is_(True),
    )
    found = session.scalars(
        _OF_SOMEBODY.where(
            Notification.message_id == message_id,
            Registration.contact == ContactMethod.PHONE,
            by_voice,
        )
    )
    return [notice for notice in found if not is_obsolete(notice, now)]


_OF_SOMEBODY: Final = (
    sa.select(Notification)
    .join(Notification.registration)
    .where(Registration.key_id.is_not(None))
    .options(
        contains_eager(Notification.registration).joinedload(Registration.workshop, innerjoin=True),
        joinedload(Notification.message),
    )
    .order_by(Notification.due_at, Notification.id)
)


def find(session: Session, workshop: Workshop, notice_id: int) -> Notification:
    """A notice about that workshop. Raises NotFound."""
    notice = session.scalar(
        _OF_SOMEBODY.where(Notification.id == notice_id, Registration.workshop_id == workshop.id)
    )
    if notice is None:
        raise NotFound("notice")
    return notice


def mark_called(session: Session, notice_id: int, *, now: datetime) -> None:
    """They know: no text goes out any more either."""
    _by_hand(session, notice_id, done_at=now, is_dead=False, leased_until=None)


def undo_called(session: Session, notice_id: int) -> None:
    """It was not so: back on the list."""
    _by_hand(session, notice_id, done_at=None, is_dead=False, leased_until=None)


def unsent(session: Session, workshop: Workshop, *, now: datetime) -> list[Notification]:
    """Letters about it that were given up and would still be true. A text that was is a call."""
    return [
        notice
        for notice in dead_of(session, workshop)
        if notice.registration.contact is ContactMethod.EMAIL and not is_obsolete(notice, now)
    ]


def dead_of(session: Session, workshop: Workshop) -> Sequence[Notification]:
    """Letters and texts about the workshop that were given up."""
    return session.scalars(
        _OF_SOMEBODY.where(Registration.workshop_id == workshop.id, Notification.is_dead.is_(True))
    ).all()


def try_again(session: Session, notice_id: int, *, now: datetime) -> None:
    """A letter or text that was given up goes out once more, with three days ahead of it."""
    changes_one_row(
        session,
        sa.update(Notification)
        .where(Notification.id == notice_id, Notification.is_dead.is_(True))
        .values(done_at=None, is_dead=False, leased_until=None, tries=0, due_at=now, made_at=now),
    )


def _by_hand(session: Session, notice_id: int, **values: object) -> None:
    of_phones = sa.select(Registration.id).where(Registration.contact == ContactMethod.PHONE)
    changes_one_row(
        session,
        sa.update(Notification)
        .where(Notification.id == notice_id, Notification.registration_id.in_(of_phones))
        .values(**values),
    )


def to_do(
    session: Session, office_ids: Sequence[int], *, now: datetime, has_texts: bool = False
) -> list[ToDo]:
    """The workshops of these offices with calls to make or letters given up, the next day first."""
    of_offices = sa.select(Workshop.id).where(Workshop.office_id.in_(office_ids))
    mine = Registration.workshop_id.in_(of_offices)
    calls = Counter(
        notice.registration.workshop for notice in _calls(session, now, has_texts, mine)
    )
    dead = Counter(
        notice.registration.workshop
        for notice in session.scalars(
            _OF_SOMEBODY.where(
                mine, Notification.is_dead.is_(True), Registration.contact == ContactMethod.EMAIL
            )
        )
        if not is_obsolete(notice, now)
    )
    ahead = sorted(calls.keys() | dead.keys(), key=lambda workshop: workshop.starts_at)
    return [ToDo(workshop, calls[workshop], dead[workshop]) for workshop in ahead]
