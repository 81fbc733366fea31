"""Counts the outcomes of a trial, before the people are forgotten.

A workshop is counted a week after its day, when its check-in has been typed in, or the day before
its people are erased; only if check-in is complete: otherwise nobody knows whose chair was empty.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import no_show_rate
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification
from outreach.domain.trials import intervals, trials
from outreach.domain.trials.intervals import HARM_CONFIDENCE, Proportion
from outreach.domain.trials.trials import EndReason, Trial, TrialArm, TrialWorkshop
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

MAX_WAIT_DAYS: Final = 7


def count(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Adds the outcomes of the workshops that are ready to the counts of their wordings.

    Ends a trial whose new wording does harm. Returns the number of workshops.
    """
    with store.read() as session:
        waiting = session.scalars(sa.select(TrialWorkshop.workshop_id).distinct()).all()
        workshops = (session.get_one(Workshop, workshop_id) for workshop_id in waiting)
        ready = [
            each.id
            for each in workshops
            if each.ends_at <= now and _count_day(each) <= key_store.today()
        ]
    for workshop_id in ready:
        with store.change() as session:
            _count_workshop(session, key_store, workshop_id)
    if ready:
        with store.change() as session:
            _end_if_harmful(session, now=now)
    return len(ready)


def _count_day(workshop: Workshop) -> date:
    return workshop.day + timedelta(days=min(MAX_WAIT_DAYS, workshop.retention_days - 1))


def _count_workshop(session: Session, key_store: KeyStore, workshop_id: int) -> None:
    reminders = {
        row.arm_id: row.reminders
        for row in session.scalars(
            sa.select(TrialWorkshop)
            .where(TrialWorkshop.workshop_id == workshop_id)
            .with_for_update()
        )
    }
    notifications = session.scalars(
        sa.select(Notification)
        .join(Registration, Registration.id == Notification.registration_id)
        .where(Registration.workshop_id == workshop_id, Notification.trial_arm_id.in_(reminders))
    ).all()
    people = [each.registration for each in notifications]
    registrations.open_details(key_store, people)
    is_complete = bool(no_show_rate.list_attendance(session, Workshop.id == workshop_id))
    if is_complete and all(each.is_readable for each in people):
        _add(session, reminders, _outcomes(notifications))
    for notification in notifications:
        notification.trial_arm_id = None
    session.execute(sa.delete(TrialWorkshop).where(TrialWorkshop.workshop_id == workshop_id))


def _outcomes(notifications: Iterable[Notification]) -> Counter[tuple[int | None, bool]]:
    """Counts the parties with a seat that came (True) and that were absent (False), by arm."""
    return Counter(
        (each.trial_arm_id, each.registration.details.arrived > 0)
        for each in notifications
        if each.registration.status is RegistrationStatus.CONFIRMED
    )


def _add(
    session: Session, reminders: dict[int, int], outcomes: Counter[tuple[int | None, bool]]
) -> None:
    for arm in session.scalars(
        sa.select(TrialArm).where(TrialArm.id.in_(reminders)).with_for_update()
    ):
        arm.reminded += reminders[arm.id]
        arm.came += outcomes[arm.id, True]
        arm.absent += outcomes[arm.id, False]


def _end_if_harmful(session: Session, *, now: datetime) -> None:
    trial = trials.find_running(session)
    if trial is not None and is_harmful(trial):
        trials.end(session, trial, EndReason.HARM, now=now)


def is_harmful(trial: Trial) -> bool:
    """Tells whether the new wording leaves more chairs empty than chance explains.

    Chance explains it once in a thousand: so rarely that a look at each day's counts does
    not spoil the result.
    """
    usual, new = (Proportion(arm.absent, arm.reminded) for arm in trial.arms)
    return intervals.compare(new, usual, HARM_CONFIDENCE).is_more
