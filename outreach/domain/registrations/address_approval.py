"""Address approval: staff allow one confirmed person at a time to read a hidden address.

A decision is on hold for some minutes, in which it can be undone: the page of the person does not
change, and no letter is made, before `end_hold`.

Who left no contact looks at their page again, from the instant that the page names, or calls.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import changes_one_row
from outreach.domain.locations import holidays
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import capacity, notifications
from outreach.domain.registrations.models import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.registrations.undo_window import NO_UNDO_BEFORE, UNDO_WINDOW
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal

DECIDED_BEFORE: Final = timedelta(hours=48)  # the start; undecided later, it is urgent
DECIDED_AT: Final = time(10)  # on a working day, local time of the office
_SATURDAY: Final = 5
# Confirmed people nobody has decided on; see `Registration.is_undecided`.
IS_AWAITING: Final = sa.and_(
    Registration.status == RegistrationStatus.CONFIRMED,
    Registration.key_id.is_not(None),
    Registration.approved_at.is_(None),
    Registration.is_declined.is_(False),
)


def has_awaiting(now: datetime | sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """Returns the condition of a query for workshops ahead where somebody awaits approval."""
    return sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.visibility == Visibility.APPROVED,
        Workshop.starts_at > now,
        sa.exists().where(Registration.workshop_id == Workshop.id, IS_AWAITING),
    )


def is_overdue(now: datetime) -> sa.ColumnElement[bool]:
    """Returns the condition for workshops that start within DECIDED_BEFORE and where somebody
    awaits approval.
    """
    latest = now + DECIDED_BEFORE
    return sa.and_(
        # The index is on the local day, which differs from the UTC day by at most one.
        Workshop.day >= now.date() - timedelta(days=1),
        Workshop.day <= latest.date() + timedelta(days=1),
        has_awaiting(now),
        Workshop.starts_at <= latest,
    )


def list_overdue(session: Session, *, now: datetime) -> Sequence[Workshop]:
    """Returns the workshops, by start, where staff have to decide on an approval at once."""
    return session.scalars(
        sa.select(Workshop).where(is_overdue(now)).order_by(Workshop.starts_at, Workshop.id)
    ).all()


def count_by_workshop(session: Session, workshops: Sequence[Workshop]) -> dict[int, int]:
    """Counts the parties that await approval, by id of workshop."""
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.count())
        .where(Registration.workshop_id.in_([each.id for each in workshops]), IS_AWAITING)
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


def list_awaiting(
    session: Session, workshop: Workshop, registration_ids: Sequence[str]
) -> Sequence[Registration]:
    """Returns which of these registrations of the workshop await approval."""
    if workshop.visibility is not Visibility.APPROVED:
        return []
    return session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id,
            Registration.id.in_(registration_ids),
            IS_AWAITING,
        )
        .order_by(Registration.queue_number, Registration.id)
    ).all()


def compute_next_look(registration: Registration, *, now: datetime) -> datetime | None:
    """Returns from when on the person can see the decision on the address.

    That is 10:00 of the office's next working day after the registration, or after `now` where
    that has passed, and at the latest DECIDED_BEFORE the start. None: it is too late to wait
    for it, or nobody is to decide. Like the page, it follows the apparent status (S29).
    """
    workshop = registration.workshop
    has_seat = registration.apparent_status is RegistrationStatus.CONFIRMED
    is_by_approval = workshop.visibility is Visibility.APPROVED
    is_decided = registration.is_approved or registration.appears_declined
    is_open = workshop.status is WorkshopStatus.PUBLISHED and not is_decided
    if not (has_seat and is_by_approval and is_open):
        return None
    latest = workshop.starts_at - DECIDED_BEFORE
    for since in (registration.registered_at, now):
        at = min(_next_working_morning(workshop, since), latest)
        if at > now:
            return at
    return None


def _next_working_morning(workshop: Workshop, since: datetime) -> datetime:
    office = workshop.office
    day = since.astimezone(office.zone).date() + timedelta(days=1)
    while _is_day_off(day, workshop):
        day += timedelta(days=1)
    return clock.instant(day, DECIDED_AT, office.zone)


def _is_day_off(day: date, workshop: Workshop) -> bool:
    office = workshop.office
    is_weekend = day.weekday() >= _SATURDAY
    return is_weekend or bool(holidays.list_holidays(day, office.country, office.region))


def compute_undo_end(
    workshop: Workshop, *, now: datetime, undo_window: timedelta = UNDO_WINDOW
) -> datetime | None:
    """Returns until when a decision can be undone; None near the start, where it holds at once."""
    return now + undo_window if undo_window and workshop.starts_at - now > NO_UNDO_BEFORE else None


def approve(
    session: Session,
    registration: Registration,
    *,
    now: datetime,
    undo_window: timedelta = UNDO_WINDOW,
) -> bool:
    """Lets the person read the address, and notifies them, when the undo window is over.

    Returns False where they were approved already. Raises Refusal where the workshop or the
    registration needs no approval.
    """
    if registration.workshop.visibility is not Visibility.APPROVED:
        raise Refusal(ErrorCode.ADDRESS_NOT_BY_APPROVAL)
    if registration.status is not RegistrationStatus.CONFIRMED:
        raise Refusal(ErrorCode.APPROVAL_NEEDS_SEAT)
    until = compute_undo_end(registration.workshop, now=now, undo_window=undo_window)
    is_new = changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            # Its person may just have moved it: the decision was on this workshop.
            Registration.workshop_id == registration.workshop_id,
            Registration.status == RegistrationStatus.CONFIRMED,
            Registration.key_id.is_not(None),
            Registration.approved_at.is_(None),
        )
        .values(approved_at=now, is_declined=False, approval_undo_until=until),
    )
    if is_new and until is None:
        _notify(session, registration, now)
    return is_new


def _notify(session: Session, registration: Registration, now: datetime) -> None:
    if registration.contact is not ContactMethod.NONE:
        notifications.enqueue(session, registration.id, NotificationType.APPROVED, now=now)


def decline_approval(
    session: Session,
    registration: Registration,
    *,
    now: datetime,
    undo_window: timedelta = UNDO_WINDOW,
) -> bool:
    """Takes the person out of the queue: the address is said to them by phone, or not.

    Nothing is sent, and once the undo window is over their page reads like that of a workshop whose
    address is said by phone. Returns False where they are not in the queue.
    """
    return changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.workshop_id == registration.workshop_id,
            IS_AWAITING,
        )
        .values(
            is_declined=True,
            approval_undo_until=compute_undo_end(
                registration.workshop, now=now, undo_window=undo_window
            ),
        ),
    )


def undo_decision(session: Session, registration: Registration) -> bool:
    """Puts the person back in the queue. Returns False where the undo window of the decision is
    over.
    """
    return changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.workshop_id == registration.workshop_id,
            Registration.approval_undo_until.is_not(None),
        )
        .values(approved_at=None, is_declined=False, approval_undo_until=None),
    )


def revoke_approval(session: Session, registration: Registration) -> bool:
    """Hides the address from the person again. Returns False where it was not approved."""
    was_approved = changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.approved_at.is_not(None))
        .values(approved_at=None, approval_undo_until=None),
    )
    if was_approved:
        notifications.cancel_pending(session, registration.id, NotificationType.APPROVED)
    return was_approved


def list_held(session: Session, workshop: Workshop) -> Sequence[Registration]:
    """Returns the registrations whose decision can still be undone, the earliest deadline first."""
    return session.scalars(
        sa.select(Registration)
        .where(
            Registration.workshop_id == workshop.id, Registration.approval_undo_until.is_not(None)
        )
        .order_by(Registration.approval_undo_until, Registration.id)
        .execution_options(populate_existing=True)
    ).all()


def list_workshops_to_end_hold(session: Session, now: datetime) -> Sequence[int]:
    """Returns the ids of the workshops with a decision whose undo window is over."""
    return session.scalars(
        sa.select(Registration.workshop_id)
        .where(Registration.approval_undo_until <= now)
        .distinct()
    ).all()


def end_hold(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Makes the decisions whose undo window is over final; returns how many.

    Those who may read the address now are notified.
    """
    capacity.lock(session, workshop)
    over = [
        each
        for each in list_held(session, workshop)
        if each.approval_undo_until is not None and each.approval_undo_until <= now
    ]
    ended = [each for each in over if _end_hold_of(session, each)]
    for registration in ended:
        if registration.approved_at is not None:
            _notify(session, registration, now)
    return len(ended)


def _end_hold_of(session: Session, registration: Registration) -> bool:
    """Ends the undo window of a decision; False where it was undone at this moment."""
    return changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.workshop_id == registration.workshop_id,
            Registration.approval_undo_until.is_not(None),
        )
        .values(approval_undo_until=None),
    )
