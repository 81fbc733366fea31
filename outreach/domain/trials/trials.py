"""A trial compares two wordings of the reminder: the usual one, and one with a sentence more.

It ends after a number of reminders that was set at its start, at its last day, when headquarters
ends it, or when the new wording does harm. Its counts are shown only then: who looks at them again
and again, and stops when they please, finds by chance a difference that is not there.

No row says anything of a person but which wording a reminder had, and that goes with the reminder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.audit import audit_log
from outreach.domain.trials import intervals
from outreach.domain.trials.intervals import Difference, Proportion
from outreach.errors import Conflict


class Wording(StrEnum):
    """The sentence that the new wording adds; `mail/wordings.txt` has its words."""

    WELCOME = "welcome"  # we look forward to it
    EMPTY_CHAIR = "empty-chair"  # who does not come leaves a chair empty


class EndReason(StrEnum):
    ENOUGH = "trial enough"  # as many reminders as were planned
    LAST_DAY = "trial last day"
    HARM = "trial harm"  # the new wording left more chairs empty
    STOPPED = "trial stopped"  # by headquarters


class Trial(Base):
    __tablename__ = "trial"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    wording: Mapped[Wording]
    reminders: Mapped[int]  # for each wording; then the trial ends
    last_day: Mapped[date]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    end_reason: Mapped[EndReason | None] = mapped_column(default=None)
    arms: Mapped[list["TrialArm"]] = relationship(
        init=False, default_factory=list, order_by="TrialArm.is_new"
    )


class TrialArm(Base):
    """A wording of a trial, with the counts of the workshops whose check-in was complete."""

    __tablename__ = "trial_arm"
    __table_args__ = (sa.UniqueConstraint("trial_id", "is_new"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    trial_id: Mapped[int] = mapped_column(sa.ForeignKey("trial.id", ondelete="CASCADE"), init=False)
    is_new: Mapped[bool]
    assigned: Mapped[int] = mapped_column(default=0)  # reminders, of all workshops
    reminded: Mapped[int] = mapped_column(default=0)  # assigned parties whose outcome is counted
    came: Mapped[int] = mapped_column(default=0)
    absent: Mapped[int] = mapped_column(default=0)  # the others gave their place back in time


class TrialWorkshop(Base):
    """The number of reminders of a workshop with one wording, kept until its outcomes are counted.

    Parties that gave their place back are erased, and with them which wording they read.
    """

    __tablename__ = "trial_workshop"

    arm_id: Mapped[int] = mapped_column(
        sa.ForeignKey("trial_arm.id", ondelete="CASCADE"), primary_key=True
    )
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    reminders: Mapped[int]


@dataclass(frozen=True)
class TrialResult:
    """The result of a trial that has ended.

    For each wording it has the parties that were reminded and those that were absent.
    """

    usual: Proportion
    new: Proportion
    difference: Difference  # share of empty chairs, new minus usual


def start(
    session: Session, wording: Wording, *, reminders: int, last_day: date, now: datetime
) -> Trial:
    """Starts a trial. Raises Conflict while another one runs."""
    if find_running(session) is not None:
        raise Conflict("a trial")
    trial = Trial(wording=wording, reminders=reminders, last_day=last_day, started_at=now)
    trial.arms = [TrialArm(is_new=False), TrialArm(is_new=True)]
    session.add(trial)
    session.flush()
    details = {"trial": trial.id, "wording": wording.value, "reminders": reminders}
    audit_log.record(session, None, "trial.start", now=now, details=details)
    return trial


def end(session: Session, trial: Trial, reason: EndReason, *, now: datetime) -> None:
    """Ends a trial: reminders that are due from now on have the usual wording."""
    trial.ended_at, trial.end_reason = now, reason
    details = {"trial": trial.id, "reason": reason.value}
    audit_log.record(session, None, "trial.end", now=now, details=details)


def find_running(session: Session) -> Trial | None:
    """Returns the trial that has not ended, locked; there is one at most."""
    return session.scalars(
        sa.select(Trial).where(Trial.ended_at.is_(None)).with_for_update()
    ).one_or_none()


def list_trials(session: Session) -> Sequence[Trial]:
    """All trials, the last one first."""
    return session.scalars(sa.select(Trial).order_by(Trial.id.desc())).all()


def count_pending(session: Session, trial: Trial) -> int:
    """Counts the reminders of a trial that wait for the outcome of their workshop."""
    total = (
        sa.select(sa.func.coalesce(sa.func.sum(TrialWorkshop.reminders), 0))
        .join(TrialArm, TrialArm.id == TrialWorkshop.arm_id)
        .where(TrialArm.trial_id == trial.id)
    )
    return session.scalar(total) or 0


def get_result(session: Session, trial: Trial) -> TrialResult | None:
    """Returns the result of a trial; None until it has ended and all its outcomes are counted."""
    if trial.ended_at is None or count_pending(session, trial):
        return None
    usual, new = (Proportion(arm.absent, arm.reminded) for arm in trial.arms)
    return TrialResult(usual, new, intervals.compare(new, usual))
