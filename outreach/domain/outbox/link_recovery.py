"""Find my link: who typed their e-mail gets the links of what is saved under it, by letter.

The page says the same to everybody at once; this happens afterwards, in the worker's round.
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
    notifications,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop

NOT_AGAIN_FOR: Final = timedelta(minutes=10)  # nobody's mailbox is filled by asking and asking


def enqueue_links(session: Session, key_ids: Sequence[bytes], *, now: datetime) -> int:
    """Owes the link of each of these registrations that is live and was made with an e-mail,
    unless it is on its way or went out a moment ago; says how many."""
    if not key_ids:
        return 0
    told = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.LINK_RECOVERY,
        sa.or_(Notification.done_at.is_(None), Notification.made_at > now - NOT_AGAIN_FOR),
    )
    wanting = session.scalars(
        sa.select(Registration.id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.in_(key_ids),
            Registration.contact == ContactMethod.EMAIL,
            Registration.status.in_(
                (*ACTIVE_STATUSES, RegistrationStatus.EXPIRED)
            ),  # who lapsed may wait again
            Workshop.ends_at > now,
            sa.not_(told),
        )
    ).all()
    for registration_id in wanting:
        notifications.enqueue(session, registration_id, NotificationType.LINK_RECOVERY, now=now)
    return len(wanting)
