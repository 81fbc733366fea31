"""Reminders: one message a day to a recipient, and no flood to who never answered (S30).

The first reminder of a day that is delivered lists all registrations that its recipient is reminded
of on that day; those that are due later count as said with it. As with summaries, a message is
about ordinary registrations or about discreet ones, never both.

Anybody can register the number or the address of another person. Until somebody has confirmed one
of these registrations, or has come to one, a recipient is reminded of `MAX_UNANSWERED`.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from outreach import clock
from outreach.domain.outbox.summaries import MAX_LISTED
from outreach.domain.registrations import Registration
from outreach.domain.registrations.message_types import DECLARATIONS, REMINDERS
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop

MAX_UNANSWERED: Final = 2


def is_repeated_today(
    session: Session, key_ids: Sequence[bytes], reminder: Notification, *, now: datetime
) -> bool:
    """Tells whether another reminder of this day went to the recipient, so that this one has
    nothing to add.

    `key_ids` are those of the recipient's registrations. It adds something to who has not been told
    of a change.
    """
    registration = reminder.registration
    if registration.known_facts not in {None, registration.workshop.facts}:
        return False
    since, _until = _get_day(registration.workshop, now)
    sent = (
        sa.select(Notification.id)
        .join(Registration, Registration.id == Notification.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *_is_alike(key_ids, registration),
            Notification.done_at >= since,
            Notification.is_dead.is_(False),
        )
    )
    return session.scalar(sent.limit(1)) is not None


def is_being_sent(
    session: Session, key_ids: Sequence[bytes], reminder: Notification, *, now: datetime
) -> bool:
    """Tells whether another worker is sending a reminder to the same recipient just now.

    Of two that are claimed at once, the first one is sent.
    """
    claimed = (
        sa.select(Notification.id)
        .join(Registration, Registration.id == Notification.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *_is_alike(key_ids, reminder.registration),
            Notification.done_at.is_(None),
            Notification.leased_until > now,
            Notification.id < reminder.id,
        )
    )
    return session.scalar(claimed.limit(1)) is not None


def list_of_day(
    session: Session, key_ids: Sequence[bytes], reminder: Notification, *, now: datetime
) -> list[Registration]:
    """Returns the registrations that a reminder tells of, by start: its own, and those that the
    same recipient is reminded of later on that day.

    Empty where the recipient never answered and got as many reminders as it may.
    """
    own = reminder.registration
    listed: dict[str, Registration] = {}
    unanswered = _list_unanswered(session, key_ids)

    def add(registration: Registration) -> None:
        """Adds a registration to the message; those saved together count as one."""
        if unanswered is not None:
            party = registration.joint_id or registration.id
            if party not in unanswered and len(unanswered) >= MAX_UNANSWERED:
                return
            unanswered.add(party)
        listed[registration.id] = registration

    add(own)
    if not listed:
        return []
    _since, until = _get_day(own.workshop, now)
    waiting = session.scalars(
        sa.select(Notification)
        .join(Notification.registration)
        .join(Registration.workshop)
        .where(
            *_is_alike(key_ids, own),
            Notification.done_at.is_(None),
            Notification.due_at < until,
            Registration.id != own.id,
            # Who has not been told of a change is reminded when it can no longer be undone.
            sa.or_(Registration.known_facts.is_(None), Registration.known_facts == Workshop.facts),
        )
        .options(contains_eager(Notification.registration).contains_eager(Registration.workshop))
        .order_by(Workshop.starts_at, Registration.id)
    ).all()
    for each in waiting:
        declared, workshop = DECLARATIONS[each.cause], each.registration.workshop
        is_wanted = declared.is_true(each.registration, None, now)
        if is_wanted and not declared.is_over(workshop, now) and len(listed) < MAX_LISTED:
            add(each.registration)
    return sorted(listed.values(), key=lambda each: (each.day, each.starts, each.id))


def _list_unanswered(session: Session, key_ids: Sequence[bytes]) -> set[str] | None:
    """Returns of which registrations a recipient has been reminded that never answered; None where
    it did. Registrations that were saved together are one."""
    theirs = session.scalars(sa.select(Registration).where(Registration.key_id.in_(key_ids))).all()
    if any(each.confirmed_at is not None or each.arrived_count for each in theirs):
        return None
    party: sa.ColumnElement[str] = sa.func.coalesce(Registration.joint_id, Registration.id)
    reminded = (
        sa.select(party)
        .select_from(Notification)
        .join(Registration, Registration.id == Notification.registration_id)
        .where(
            Registration.key_id.in_(key_ids),
            Notification.cause.in_(REMINDERS),
            Notification.done_at.is_not(None),
            Notification.is_dead.is_(False),
        )
    )
    return set(session.scalars(reminded))


def _get_day(workshop: Workshop, now: datetime) -> tuple[datetime, datetime]:
    """Returns the midnights between which the day lies by the clock of the venue."""
    today = now.astimezone(workshop.zone).date()
    days = (today, today + timedelta(days=1))
    since, until = (clock.instant(each, time(0), workshop.zone) for each in days)
    return since, until


def _is_alike(key_ids: Sequence[bytes], own: Registration) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions for reminders by the same way to the same recipient, of workshops that
    are as discreet as that of its registration."""
    return [
        Registration.key_id.in_(key_ids),
        Registration.contact == own.contact,
        Registration.may_leave_message == own.may_leave_message,
        Notification.cause.in_(REMINDERS),
        Workshop.is_discreet.is_(own.workshop.is_discreet),
    ]
