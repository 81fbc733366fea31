"""Undoes changes of workshops, with the notifications of them that have not been sent.

Undoing is a new change: calendars get a higher SEQUENCE. It is refused where something depends on
the change: a seat, an offer, an approval, or a later edit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import ACTIVE_STATUSES, Registration
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.scheduling import workshop_changes, workshop_service
from outreach.domain.scheduling.workshop_changes import ChangeAction, WorkshopChange, encode
from outreach.domain.workshops import Workshop
from outreach.errors import ErrorCode, Refusal


@dataclass(frozen=True)
class UndoOutcome:
    """A workshop whose change was undone, or why it was not."""

    workshop: Workshop
    refusal: Refusal | None = None


def undo_batch(
    session: Session, changes: Sequence[WorkshopChange], *, now: datetime
) -> list[UndoOutcome]:
    """Undoes each change; one that is refused does not keep the others from being undone."""
    found = []
    for change in reversed(changes):
        workshop = change.workshop
        attempt = session.begin_nested()
        try:
            undo(session, change, now=now)
            attempt.commit()
            found.append(UndoOutcome(workshop))
        except Refusal as refusal:
            attempt.rollback()
            found.append(UndoOutcome(workshop, refusal))
    return found[::-1]


def undo(session: Session, change: WorkshopChange, *, now: datetime) -> None:
    """Undoes one change. Raises Refusal with the cause where something depends on it."""
    workshop = change.workshop
    workshop_service.lock(session, workshop)
    _require_independent(session, change, workshop, now=now)
    if change.action is ChangeAction.CANCELLED:
        workshop_service.reinstate(session, workshop, now=now, decision=LATER)
    elif change.action is ChangeAction.REINSTATED:
        workshop_service.cancel(session, workshop, now=now, decision=LATER)
    else:
        data = workshop_service.get_data(workshop)
        given = {
            name: workshop_changes.decode(session, name, value, getattr(data, name))
            for name, value in change.before.items()
        }
        workshop_service.change(session, workshop, replace(data, **given), now=now, decision=LATER)
    workshop_changes.restore_answers(session, change)
    session.delete(change)
    session.flush()


def _require_independent(
    session: Session, change: WorkshopChange, workshop: Workshop, *, now: datetime
) -> None:
    if now - change.made_at > workshop_changes.KEPT_FOR or workshop.has_ended(now):
        raise Refusal(ErrorCode.UNDO_TOO_LATE)
    if any(encode(getattr(workshop, name)) != value for name, value in change.after.items()):
        raise Refusal(ErrorCode.UNDO_EDITED_SINCE)
    if change.approved_count != workshop_changes.count_approved(session, workshop):
        raise Refusal(ErrorCode.UNDO_APPROVED_SINCE)
    is_active = sa.and_(
        Registration.workshop_id == workshop.id, Registration.status.in_(ACTIVE_STATUSES)
    )
    if change.changes_facts:
        if _exists(session, is_active, Registration.known_facts == workshop.facts):
            raise Refusal(ErrorCode.UNDO_NOTIFIED_SINCE)
        if _exists(session, is_active, Registration.known_facts.is_(None)):
            raise Refusal(ErrorCode.UNDO_REGISTERED_SINCE)


def _exists(session: Session, *conditions: sa.ColumnElement[bool]) -> bool:
    return bool(session.scalar(sa.select(sa.exists().where(*conditions))))
