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
from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters

MIN_INTERVAL: Final = timedelta(minutes=10)  # between two such letters about one registration


class RecentLinks:
    """The registrations whose link was queued within MIN_INTERVAL. Counted in the key store: the
    main database has no such moments (S33)."""

    def __init__(self, key_store: KeyStore) -> None:
        self._key_store = key_store
        self._counters = RateCounters(key_store.store)

    def leave_out(self, key_ids: Sequence[bytes]) -> list[bytes]:
        return [each for each in key_ids if not self._counters.get(self._name(each))]

    def remember(self, key_ids: Sequence[bytes]) -> None:
        for each in key_ids:
            self._counters.incr(self._name(each), int(MIN_INTERVAL.total_seconds()))

    def _name(self, key_id: bytes) -> str:
        return self._key_store.digest_of_today(f"link of {key_id.hex()}").hex()


def enqueue_links(session: Session, key_ids: Sequence[bytes], *, now: datetime) -> int:
    """Queues a letter with the link of each active registration under these keys that has an
    e-mail, unless one is queued; returns how many. `RecentLinks` leaves out those that just got
    one."""
    if not key_ids:
        return 0
    is_queued = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.LINK_RECOVERY,
        Notification.done_at.is_(None),
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
            sa.not_(is_queued),
        )
    ).all()
    for registration_id in registration_ids:
        notifications.enqueue(session, registration_id, NotificationType.LINK_RECOVERY, now=now)
    return len(registration_ids)
