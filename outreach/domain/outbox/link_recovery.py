"""Link recovery: sends people the links of the registrations made with their e-mail or phone.

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
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    AtDiscreet,
    NotificationType,
)
from outreach.domain.registrations.models import GETS_TEXTS
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.keystore.rate_counters import RateCounters

MIN_INTERVAL: Final = timedelta(minutes=10)  # between two such letters about one registration


class RecentLinks:
    """Remembers the registrations whose link was queued within MIN_INTERVAL.

    They are counted in the key store: the main database has no such moments (S33).
    """

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


def enqueue_links(
    session: Session, key_ids: Sequence[bytes], *, now: datetime, has_texts: bool = False
) -> int:
    """Queues a message with the link of each active registration under these keys; returns how
    many.

    None is queued where one waits, nor where one was just queued (`RecentLinks`). Several
    registrations that are not discreet are one text: a request causes as few as it can
    (S31).

    Texts go, with `has_texts`, to who asked for texts; about a discreet workshop only where nobody
    else reads that phone: anybody who holds it can ask for its links.
    """
    if not key_ids:
        return 0
    is_queued = sa.exists().where(
        Notification.registration_id == Registration.id,
        Notification.cause == NotificationType.LINK_RECOVERY,
        Notification.done_at.is_(None),
    )
    gets_letters = Registration.contact == ContactMethod.EMAIL
    found = session.scalars(
        sa.select(Registration)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.in_(key_ids),
            sa.or_(gets_letters, GETS_TEXTS) if has_texts else gets_letters,
            # An expired registration can join the waitlist again.
            Registration.status.in_((*ACTIVE_STATUSES, RegistrationStatus.EXPIRED)),
            Workshop.ends_at > now,
            sa.not_(is_queued),
        )
    ).all()
    wanted = [each for each in found if each.contact is ContactMethod.EMAIL or may_text_link(each)]
    in_one_text = [each for each in wanted if each.gets_texts and not each.workshop.is_discreet]
    if len(in_one_text) > 1:
        wanted = [each for each in wanted if each not in in_one_text]
        notifications.enqueue(session, in_one_text[-1].id, NotificationType.SUMMARY, now=now)
    for each in wanted:
        notifications.enqueue(session, each.id, NotificationType.LINK_RECOVERY, now=now)
    return len(wanted) + (len(in_one_text) > 1)


def is_allowed(notification: Notification) -> bool:
    """Tells whether a notification may still be sent, if it is a text that may have the link.

    A text waits until the morning, and meanwhile the person may have said that others read
    that phone too. Then they are not even told that there is news.
    """
    registration = notification.registration
    is_text = registration.contact is ContactMethod.PHONE
    at_discreet = DECLARATIONS[notification.cause].at_discreet
    needs_only_reader = is_text and at_discreet is AtDiscreet.HAS_LINK
    return not needs_only_reader or may_text_link(registration)


def may_text_link(registration: Registration) -> bool:
    """Tells whether a text may have the link.

    At a discreet workshop it may only where the person said that nobody else reads that phone.
    """
    return not registration.workshop.is_discreet or registration.details.is_only_reader
