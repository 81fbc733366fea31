"""Link recovery: sends people the links of the registrations made with their e-mail address.

The page answers everybody alike and at once; the worker queues the letters afterwards.
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

MIN_INTERVAL: Final = timedelta(minutes=10)  # between two such letters about one registration


def enqueue_links(session: Session, key_ids: Sequence[bytes], *, now: datetime) -> int:
    """Queues a letter with the link of each active registration under these keys that has an
    e-mail, unless one is queued or was made within MIN_INTERVAL; returns how many."""
    if not key_ids:
        return 0
    is_recent = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.LINK_RECOVERY,
        sa.or_(Notification.done_at.is_(None), Notification.made_at > now - MIN_INTERVAL),
    )
    registration_ids = session.scalars(
        sa.select(Registration.id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.in_(key_ids),
            Registration.contact == ContactMethod.EMAIL,
            # An expired registration can join the waitlist again.
            Registration.status.in_((*ACTIVE_STATUSES, RegistrationStatus.EXPIRED)),
            Workshop.ends_at > now,
            sa.not_(is_recent),
        )
    ).all()
    for registration_id in registration_ids:
        notifications.enqueue(session, registration_id, NotificationType.LINK_RECOVERY, now=now)
    return len(registration_ids)
