"""The confirmation round: some days before, those who can be reached are asked whether they still
come. A «no» frees the place at once; silence keeps it or frees it, as the organizer chose.

Nobody loses a place who was not reached: no contact, a letter that did not arrive, a call that was
not made, and the place stays.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.registrations import capacity, notifications, waitlist
from outreach.domain.registrations.models import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.status import StatusEvent, transition
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import Closed

MAX_DAYS: Final = 14  # before the workshop; fewer than 2 would leave no time to answer
MIN_DAYS: Final = 2
ANSWER_WITHIN: Final = timedelta(hours=36)  # asked at 11 in the morning: until 11 the next night
REACHED_FOR: Final = timedelta(hours=24)  # a letter that came late gives a day all the same


def get_answer_deadline(registration: Registration) -> datetime | None:
    """Until when someone who was asked has time to say; None when silence costs nothing."""
    asked, workshop = registration.asked_at, registration.workshop
    if asked is None or not workshop.frees_silence:
        return None
    ends = asked + ANSWER_WITHIN
    return ends if ends <= workshop.starts_at - waitlist.NO_OFFER_BEFORE else None


def is_asked(registration: Registration, now: datetime) -> bool:
    """Whether the question stands: asked, not answered, and the workshop still ahead."""
    return (
        registration.status is RegistrationStatus.CONFIRMED
        and registration.asked_at is not None
        and registration.confirmed_at is None
        and now < registration.workshop.starts_at
    )


def list_workshops_to_ask(session: Session, now: datetime) -> Sequence[Workshop]:
    """Workshops whose people are to be asked, or have been and may be silent."""
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
    """Whether somebody is to be asked, or has been silent for long enough."""
    wanted = (_to_ask(workshop, now), _silent(workshop, now))
    return any(
        session.scalar(each.with_only_columns(Registration.id).limit(1)) is not None
        for each in wanted
        if each is not None
    )


def _to_ask(workshop: Workshop, now: datetime) -> sa.Select[Registration] | None:
    is_on = workshop.status is WorkshopStatus.PUBLISHED
    if workshop.confirm_at is None or not is_on or now > workshop.starts_at - REACHED_FOR:
        return None
    return sa.select(Registration).where(
        Registration.workshop_id == workshop.id,
        Registration.status == RegistrationStatus.CONFIRMED,
        Registration.contact != ContactMethod.NONE,
        Registration.registered_at < workshop.confirm_at,
        Registration.asked_at.is_(None),
        Registration.confirmed_at.is_(None),
    )


def _silent(workshop: Workshop, now: datetime) -> sa.Select[Registration] | None:
    is_on = workshop.status is WorkshopStatus.PUBLISHED
    if not workshop.frees_silence or not is_on or waitlist.is_closed(workshop, now):
        return None
    return sa.select(Registration).where(
        Registration.workshop_id == workshop.id,
        Registration.status == RegistrationStatus.CONFIRMED,
        Registration.contact != ContactMethod.NONE,
        Registration.asked_at <= now - ANSWER_WITHIN,
        Registration.confirmed_at.is_(None),
        sa.exists().where(
            Notification.registration_id == Registration.id,
            Notification.cause == NotificationType.RECONFIRM,
            Notification.is_dead.is_(False),
            Notification.made_at >= Registration.asked_at,
            Notification.done_at <= now - REACHED_FOR,
        ),
    )


def request_reconfirmation(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Asks who was registered before the round began; says how many parties."""
    capacity.lock(session, workshop)
    wanted = _to_ask(workshop, now)
    if wanted is None:
        return 0
    asked = session.scalars(wanted.execution_options(populate_existing=True)).all()
    for party in asked:
        notifications.enqueue(session, party.id, NotificationType.RECONFIRM, now=now)
        party.asked_at = now
    session.flush()
    return len(asked)


def confirm(session: Session, registration: Registration, *, now: datetime) -> None:
    """«Yes, I still come.» Raises Closed when the place has gone meanwhile."""
    capacity.lock(session, registration.workshop)  # or silence might be heard at the same moment
    if now >= registration.workshop.starts_at:
        raise Closed("registration")
    kept = changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.status == RegistrationStatus.CONFIRMED,
        )
        .values(confirmed_at=now),
    )
    if not kept:
        raise Closed("registration")
    notifications.cancel_pending(session, registration.id, NotificationType.RECONFIRM)


def release_unanswered(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Passes on the places of who was reached and did not say; says how many parties."""
    capacity.lock(session, workshop)
    wanted = _silent(workshop, now)
    if wanted is None:
        return 0
    silent = session.scalars(wanted.execution_options(populate_existing=True)).all()
    for party in silent:
        capacity.release(session, workshop, capacity.get_hold(party))
        transition(
            session, party.id, RegistrationStatus.CONFIRMED, StatusEvent.NO_ANSWER, slot_id=None
        )
        notifications.cancel_pending(session, party.id)
        notifications.enqueue(session, party.id, NotificationType.OFFER_EXPIRED, now=now)
    if silent:
        waitlist.offer_free_seats(session, workshop, now=now)
    return len(silent)


def reset_reconfirmation(session: Session, workshop: Workshop) -> None:
    """The workshop moved: an answer for the old day says nothing of the new one, and a question
    about the old day need not be put any more."""
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
