"""Gives each reminder that is due one of the two wordings of the trial that runs."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.models import GETS_TEXTS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.trials import trials
from outreach.domain.trials.trials import EndReason, Trial, TrialArm, TrialWorkshop, Wording
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore

MAX_ROUND: Final = 5_000  # reminders; the worker takes the others in its next round

_EARLIER: Final = Notification.__table__.alias()
# Reminders that are due and not being sent, at workshops where check-in says who came. Discreet
# workshops are in no trial. A party that is reminded again, of another day, counts once.
_DUE: Final = (
    sa.select(Notification.id, Registration.id, Registration.workshop_id)
    .join(Registration, Registration.id == Notification.registration_id)
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .join(Kind, Kind.id == Workshop.kind_id)
    .where(
        Notification.cause == NotificationType.REMINDER,
        Notification.done_at.is_(None),
        Notification.leased_until.is_(None),
        ~sa.exists().where(
            _EARLIER.c.registration_id == Notification.registration_id,
            _EARLIER.c.trial_arm_id.is_not(None),
        ),
        Notification.due_at <= sa.bindparam("now", type_=Notification.due_at.type),
        Registration.key_id.is_not(None),
        Registration.status == RegistrationStatus.CONFIRMED,
        sa.or_(Registration.contact == ContactMethod.EMAIL, GETS_TEXTS),
        Workshop.starts_at > sa.bindparam("now", type_=Notification.due_at.type),
        Workshop.status != WorkshopStatus.CANCELLED,
        Workshop.way.in_([Way.PLACE, Way.UNLISTED]),
        Workshop.is_discreet.is_(False),
        Kind.is_discreet.is_(False),
    )
    .order_by(Notification.id)
    .limit(MAX_ROUND)
)


def assign(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Gives due reminders their wording and ends a trial that is over; returns how many got one.

    The worker calls it before it delivers; a reminder that is due after that has the usual
    wording and is counted nowhere.
    """
    with store.read() as session:
        if session.scalar(sa.select(Trial.id).where(Trial.ended_at.is_(None))) is None:
            return 0
    with store.change() as session:
        trial = trials.find_running(session)
        if trial is None:
            return 0
        if reason := _find_end(trial, now):
            trials.end(session, trial, reason, now=now)
            return 0
        due = session.execute(_DUE, {"now": now}).all()
        chosen: dict[bool, list[int]] = {False: [], True: []}
        by_workshop: dict[tuple[bool, int], int] = {}
        for notification_id, registration_id, workshop_id in due:
            is_new = gets_new(key_store, trial.id, registration_id)
            chosen[is_new].append(notification_id)
            key = is_new, workshop_id
            by_workshop[key] = by_workshop.get(key, 0) + 1
        for arm in trial.arms:
            _store(session, arm, chosen[arm.is_new])
            for (is_new, workshop_id), number in by_workshop.items():
                if is_new is arm.is_new:
                    _add(session, arm, workshop_id, number)
    return len(due)


def _find_end(trial: Trial, now: datetime) -> EndReason | None:
    if all(arm.assigned >= trial.reminders for arm in trial.arms):
        return EndReason.ENOUGH
    return EndReason.LAST_DAY if now.date() > trial.last_day else None


def gets_new(key_store: KeyStore, trial_id: int, registration_id: str) -> bool:
    """Tells whether a registration gets the new wording.

    A keyed digest decides, so that nobody can tell or choose in advance, and an interrupted round
    decides alike when it is repeated.
    """
    return key_store.trial_digest(trial_id, registration_id)[0] % 2 == 1


def get_wording(session: Session, notification: Notification) -> Wording | None:
    """Returns the new wording, if the reminder has it; None where it has the usual one."""
    if notification.trial_arm_id is None:
        return None
    return session.scalar(
        sa.select(Trial.wording)
        .join(TrialArm, TrialArm.trial_id == Trial.id)
        .where(TrialArm.id == notification.trial_arm_id, TrialArm.is_new)
    )


def _store(session: Session, arm: TrialArm, notification_ids: list[int]) -> None:
    arm.assigned += len(notification_ids)
    session.execute(
        sa.update(Notification)
        .where(Notification.id.in_(notification_ids))
        .values(trial_arm_id=arm.id)
        .execution_options(synchronize_session=False)
    )


def _add(session: Session, arm: TrialArm, workshop_id: int, number: int) -> None:
    row = session.get(TrialWorkshop, (arm.id, workshop_id))
    if row is None:
        session.add(TrialWorkshop(arm_id=arm.id, workshop_id=workshop_id, reminders=number))
    else:
        row.reminders += number
