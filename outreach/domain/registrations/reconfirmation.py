"""Reconfirmation: some days before a workshop, people are asked whether they are still coming.

A «no» cancels the registration. Without an answer the seat is kept or released, as staff chose
(`frees_silence`). Nobody loses a seat without having been reached: with no contact, a letter that
was not delivered or a call that was not made, the seat is kept.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import changes_one_row
from outreach.domain.registrations import (
    capacity,
    change_notifications,
    notifications,
    waitlist,
)
from outreach.domain.registrations.models import (
    APPARENTLY_CONFIRMED,
    ContactMethod,
    Registration,
    RegistrationStatus,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import RegistrationClosed

MAX_DAYS: Final = 14  # before the workshop; with fewer than 2 there is no time to answer
MIN_DAYS: Final = 2
# From 11:00 to the evening of the next day. A deadline is by day, also where the question was late.
ANSWER_WITHIN: Final = timedelta(hours=36)
ANSWERS_FROM, ANSWERS_UNTIL = time(9), time(20)  # by the clock of the venue
HOUR: Final = timedelta(hours=1)
REACHED_FOR: Final = timedelta(hours=24)  # time to answer after a late delivery


def get_answer_deadline(registration: Registration) -> datetime | None:
    """Returns when the seat of a person who was asked is released; None where it is kept in any
    case.
    """
    asked_at, workshop = registration.asked_at, registration.workshop
    if asked_at is None or not workshop.frees_silence:
        return None
    deadline = compute_deadline(workshop, asked_at)
    return deadline if deadline <= workshop.starts_at - waitlist.NO_OFFER_BEFORE else None


def compute_deadline(workshop: Workshop, asked_at: datetime) -> datetime:
    """Returns until when a question asked at that moment can be answered: 36 hours later, in the
    daytime.
    """
    local = (asked_at + ANSWER_WITHIN).astimezone(workshop.zone)
    hour = min(max(local.time(), ANSWERS_FROM), ANSWERS_UNTIL)
    return (
        local.astimezone(UTC)
        if hour == local.time()
        else clock.instant(local.date(), hour, workshop.zone)
    )


def is_asked(registration: Registration, now: datetime) -> bool:
    """Whether the person was asked, has not answered and the workshop has not started."""
    return (
        registration.apparent_status is RegistrationStatus.CONFIRMED
        and registration.asked_at is not None
        and registration.confirmed_at is None
        and now < registration.workshop.starts_at
    )


def list_workshops_to_ask(session: Session, now: datetime) -> Sequence[Workshop]:
    """The published workshops for which reconfirmation has begun."""
    soon = session.scalars(
        sa.select(Workshop).where(
            Workshop.confirm_days.is_not(None),
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
            Workshop.starts_at < now + timedelta(days=MAX_DAYS + 2),
        )
    ).all()
    return [each for each in soon if each.confirm_at is not None and each.confirm_at <= now]


def has_work_to_do(session: Session, workshop: Workshop, now: datetime) -> bool:
    """Tells whether somebody has to be asked, or has not answered in time."""
    to_ask = _select_to_ask(workshop, now)
    if to_ask is not None:
        first = session.scalar(to_ask.with_only_columns(Registration.id).limit(1))
        if first is not None:
            return True
    query = _select_unanswered(workshop, now)
    if query is None:
        return False
    asked = session.scalars(query.with_only_columns(Registration.asked_at))
    return any(_is_over(workshop, each, now) for each in asked)


def _is_over(workshop: Workshop, asked_at: datetime | None, now: datetime) -> bool:
    return asked_at is not None and compute_deadline(workshop, asked_at) <= now


def _select_to_ask(workshop: Workshop, now: datetime) -> sa.Select[Registration] | None:
    is_published = workshop.status is WorkshopStatus.PUBLISHED
    if workshop.confirm_at is None or not is_published or now > workshop.starts_at - REACHED_FOR:
        return None
    return sa.select(Registration).where(
        Registration.workshop_id == workshop.id,
        APPARENTLY_CONFIRMED,
        Registration.contact != ContactMethod.NONE,
        Registration.registered_at < workshop.confirm_at,
        Registration.asked_at.is_(None),
        Registration.confirmed_at.is_(None),
    )


def _select_unanswered(workshop: Workshop, now: datetime) -> sa.Select[Registration] | None:
    is_published = workshop.status is WorkshopStatus.PUBLISHED
    if not workshop.frees_silence or not is_published or waitlist.is_closed(workshop, now):
        return None
    return sa.select(Registration).where(
        Registration.workshop_id == workshop.id,
        APPARENTLY_CONFIRMED,
        Registration.contact != ContactMethod.NONE,
        Registration.asked_at <= now - REACHED_FOR,  # `_is_over` says whether it was long enough
        Registration.confirmed_at.is_(None),
        sa.exists().where(
            Notification.registration_id == Registration.id,
            Notification.cause == NotificationType.RECONFIRM,
            Notification.is_dead.is_(False),
            Notification.made_at >= Registration.asked_at,
            Notification.done_at <= now - REACHED_FOR - HOUR,  # it is stored as its hour
        ),
    )


def request_reconfirmation(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Queues the question to parties that registered before reconfirmation began; returns how
    many."""
    capacity.lock(session, workshop)
    query = _select_to_ask(workshop, now)
    if query is None:
        return 0
    parties = session.scalars(query.execution_options(populate_existing=True)).all()
    # The question says day and hour: not before a change of them can no longer be undone.
    held_until = change_notifications.find_pending_ends(session, workshop, now=now)
    for party in parties:
        notifications.enqueue(
            session,
            party.id,
            NotificationType.RECONFIRM,
            now=now,
            due_at=held_until.get(party.id),
        )
        party.asked_at = now
    session.flush()
    return len(parties)


def confirm(session: Session, registration: Registration, *, now: datetime) -> None:
    """Records that the party is still coming. Raises RegistrationClosed where its seat has been
    released."""
    # Against a concurrent `release_unanswered`.
    workshop = capacity.lock_workshop_of(session, registration)
    if now >= workshop.starts_at:
        raise RegistrationClosed("registration")
    is_confirmed = changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, APPARENTLY_CONFIRMED)
        .values(confirmed_at=now),
    )
    if not is_confirmed:
        raise RegistrationClosed("registration")
    notifications.cancel_pending(session, registration.id, NotificationType.RECONFIRM)


def release_unanswered(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Releases the seats of parties that were reached and did not answer; returns how many."""
    capacity.lock(session, workshop)
    query = _select_unanswered(workshop, now)
    if query is None:
        return 0
    asked = session.scalars(query.execution_options(populate_existing=True)).all()
    parties = [each for each in asked if _is_over(workshop, each.asked_at, now)]
    for party in parties:
        if party.status is RegistrationStatus.CONFIRMED:
            capacity.release(session, workshop, capacity.get_hold(party))
        transition(session, party.id, party.status, StatusEvent.NO_ANSWER, slot_id=None)
        notifications.cancel_pending(session, party.id)
        notifications.enqueue(session, party.id, NotificationType.OFFER_EXPIRED, now=now)
    if parties:
        waitlist.offer_free_seats(session, workshop, now=now)
    return len(parties)


def reset_reconfirmation(session: Session, workshop: Workshop) -> None:
    """Forgets questions and answers of a workshop that moved to another day."""
    of_workshop = Registration.workshop_id == workshop.id
    session.execute(
        sa.update(Registration)
        .where(of_workshop)
        .values(asked_at=None, confirmed_at=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.delete(Notification)
        .where(
            Notification.registration_id.in_(sa.select(Registration.id).where(of_workshop)),
            Notification.cause == NotificationType.RECONFIRM,
            Notification.done_at.is_(None),
        )
        .execution_options(synchronize_session=False)
    )
