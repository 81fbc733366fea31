"""Summaries: one message in place of several that anybody could have caused to one recipient (S30).

A notification beyond the limit of its recipient (`mail.recipient_limits`) becomes a summary that
waits. The first summary that is delivered lists all registrations of the recipient; later ones, due
at the same time, then have nothing to add and are discarded.

A text is about ordinary registrations or about discreet ones, never both: whoever holds a phone can
register its number several times, and would see by a neutral summary that somebody else did.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    CountedAs,
    NotificationType,
)
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

MAX_LISTED: Final = 20  # registrations in one letter
HOUR: Final = timedelta(hours=1)
YOUNG: Final = timedelta(hours=1)  # for so long, also a notification of its own accord is limited


def is_limited(notification: Notification, key_store: KeyStore, now: datetime) -> bool:
    """Tells whether the notification counts in the limit of its recipient.

    Offers, reminders and what staff cause are never delayed by it once a registration is an
    hour old.
    """
    counted_as = DECLARATIONS[notification.cause].counted_as
    if counted_as is CountedAs.OF_YOUNG:
        return _is_young(notification.registration, key_store, now)
    return counted_as is CountedAs.OF_ANYBODY


def _is_young(registration: Registration, key_store: KeyStore, now: datetime) -> bool:
    if now - registration.registered_at >= YOUNG + HOUR:  # the row has the hour only
        return False
    made_at = key_store.made_at(registration.key_id or b"")
    return made_at is not None and now - made_at < YOUNG


def has_been_sent(session: Session, key_ids: Sequence[bytes], summary: Notification) -> bool:
    """Tells whether another summary was delivered to the recipient since this one was made.

    `key_ids` are those of the recipient's registrations.
    """
    found = session.scalar(
        sa.select(Notification.id)
        .join(Registration, Registration.id == Notification.registration_id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *_is_alike(summary),
            Registration.key_id.in_(key_ids),
            Notification.cause == NotificationType.SUMMARY,
            # Both are hours: one of the same hour may have come before.
            Notification.done_at > summary.made_at,
            Notification.is_dead.is_(False),
            Notification.id != summary.id,
        )
        .limit(1)
    )
    return found is not None


def list_registrations(
    session: Session, key_ids: Sequence[bytes], summary: Notification, *, now: datetime
) -> Sequence[Registration]:
    """Returns the recipient's registrations for workshops that are not over, by start, at most
    MAX_LISTED.
    """
    return session.scalars(
        _select(key_ids, summary, now)
        .order_by(Workshop.starts_at, Registration.id)
        .limit(MAX_LISTED)
        .options(sa.orm.contains_eager(Registration.workshop))
    ).all()


def count_registrations(
    session: Session, key_ids: Sequence[bytes], summary: Notification, *, now: datetime
) -> int:
    """Counts the registrations of `list_registrations`, those beyond MAX_LISTED too."""
    found = _select(key_ids, summary, now).with_only_columns(Registration.id).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(found)) or 0


def _select(
    key_ids: Sequence[bytes], summary: Notification, now: datetime
) -> sa.Select[Registration]:
    contact = summary.registration.contact
    conditions = [
        Registration.key_id.in_(key_ids),
        Registration.contact == contact,
        Registration.status.in_((*ACTIVE_STATUSES, RegistrationStatus.EXPIRED)),
        Workshop.ends_at > now,
    ]
    if contact is ContactMethod.PHONE:
        conditions.append(Registration.may_leave_message.is_(True))
    conditions += _is_alike(summary)
    return sa.select(Registration).join(Registration.workshop).where(*conditions)


def _is_alike(summary: Notification) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions for the workshops that a summary may tell of.

    A text tells only of workshops that are as discreet as that of the summary.
    """
    if summary.registration.contact is not ContactMethod.PHONE:
        return []
    return [Workshop.is_discreet.is_(summary.registration.workshop.is_discreet)]
