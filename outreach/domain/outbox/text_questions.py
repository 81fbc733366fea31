"""What a phone was asked by text, and about which of its places (S41).

Only what was sent counts, and only ordinary places: a discreet one is never named, changed or
counted in an answer, so that who writes from its phone gets what an unknown number gets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    Registration,
    RegistrationStatus,
    call_attempts,
    reconfirmation,
)
from outreach.domain.registrations.message_types import (
    DECLARATIONS,
    NotificationType,
    TextQuestion,
)
from outreach.domain.registrations.models import GETS_TEXTS
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop, WorkshopStatus


@dataclass(frozen=True, kw_only=True, repr=False)
class TextedPlace:
    """A registration about which a text was sent, and what the text asked."""

    registration: Registration
    question: TextQuestion

    @property
    def is_confirmable(self) -> bool:
        """Whether «yes» says that the party comes."""
        is_confirmed = self.registration.status is RegistrationStatus.CONFIRMED
        return is_confirmed and self.question is not TextQuestion.NONE


def list_texted(session: Session, key_ids: Sequence[bytes], *, now: datetime) -> list[TextedPlace]:
    """Returns the registrations under these keys that an answer can be about, by start."""
    if not key_ids:
        return []
    rows = session.execute(
        sa.select(Registration, Notification.cause)
        .join(Registration.workshop)
        .join(Notification, Notification.registration_id == Registration.id)
        .where(
            Registration.key_id.in_(key_ids),
            GETS_TEXTS,
            sa.not_(call_attempts.has_ended()),
            Registration.status.in_(ACTIVE_STATUSES),
            Workshop.is_discreet.is_(False),
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
            Notification.done_at.is_not(None),
            Notification.is_dead.is_(False),
        )
        .order_by(Workshop.starts_at, Registration.id)
        .options(contains_eager(Registration.workshop))
    ).all()
    causes: dict[str, tuple[Registration, set[NotificationType]]] = {}
    for registration, cause in rows:
        causes.setdefault(registration.id, (registration, set()))[1].add(cause)
    return [
        TextedPlace(registration=each, question=_find_question(each, sent, now))
        for each, sent in causes.values()
    ]


def _find_question(
    registration: Registration, sent: set[NotificationType], now: datetime
) -> TextQuestion:
    is_offered = registration.status is RegistrationStatus.OFFERED
    if is_offered:
        return TextQuestion.OFFER if NotificationType.OFFER in sent else TextQuestion.NONE
    if NotificationType.RECONFIRM in sent and reconfirmation.is_asked(registration, now):
        return TextQuestion.RECONFIRM
    # After which «no» means «I do not come».
    asked = {DECLARATIONS[each].question for each in sent}
    has_reminder = not asked.isdisjoint({TextQuestion.REMINDER, TextQuestion.RECONFIRM})
    return TextQuestion.REMINDER if has_reminder else TextQuestion.NONE


def choose_asked(places: Sequence[TextedPlace]) -> Sequence[TextedPlace]:
    """Returns the registrations that an answer is about; one, where it is clear.

    They are those with an open question; if there is none, those with a reminder; else all.
    """
    for pressing in (
        [each for each in places if each.question.is_open],
        [each for each in places if each.question is TextQuestion.REMINDER],
    ):
        if pressing:
            return pressing
    return places
