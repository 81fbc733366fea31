"""Undoes a load of an imported sheet: in one act, workshop by workshop as far as possible.

A draft that was made is deleted. A workshop that was made and published is cancelled, since
calendars may have it. A workshop that was changed is changed back (`undo`). One that somebody has
edited or registered for since is refused with the cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.scheduling import bulk, import_memory, undo, workshop_changes, workshop_service
from outreach.domain.scheduling.undo import UndoOutcome
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal


@dataclass
class UndoneLoad:
    """What became of the workshops of a load."""

    deleted: int = 0
    cancelled: int = 0
    changed_back: list[Workshop] = field(default_factory=list)
    refused: list[UndoOutcome] = field(default_factory=list)


def undo_load(
    session: Session,
    office: Office,
    *,
    new: Sequence[str],
    batch: str,
    loaded_at: datetime,
    now: datetime,
) -> UndoneLoad:
    """Undoes a load. `new` are the public ids of the workshops that it made, and `batch` names the
    changes of others."""
    result = UndoneLoad()
    for workshop in list_made(session, new):
        attempt = session.begin_nested()
        try:
            is_deleted = _take_back(session, office, workshop, loaded_at=loaded_at, now=now)
            attempt.commit()
            result.deleted += is_deleted
            result.cancelled += not is_deleted
        except Refusal as refusal:
            attempt.rollback()
            result.refused.append(UndoOutcome(workshop, refusal))
    changes = workshop_changes.list_batch(session, batch)
    for outcome in undo.undo_batch(session, changes, now=now):
        if outcome.refusal is None:
            result.changed_back.append(outcome.workshop)
        else:
            result.refused.append(outcome)
    import_memory.forget_rows(session, [each.id for each in result.changed_back])
    return result


def list_made(session: Session, public_ids: Sequence[str]) -> list[Workshop]:
    """The workshops that are still there, of those with these public ids: ids may be used again."""
    found: list[Workshop] = []
    for start in range(0, len(public_ids), 500):
        found += session.scalars(
            sa.select(Workshop)
            .where(Workshop.public_id.in_(public_ids[start : start + 500]))
            .order_by(Workshop.day, Workshop.starts, Workshop.id)
        )
    return found


def _take_back(
    session: Session, office: Office, workshop: Workshop, *, loaded_at: datetime, now: datetime
) -> bool:
    """Deletes or cancels a workshop that was made; whether it was deleted. Raises Refusal."""
    workshop_service.lock(session, workshop)
    is_used = sa.exists().where(Registration.workshop_id == workshop.id)
    if session.scalar(sa.select(is_used)):
        raise Refusal(ErrorCode.DELETE_WITH_REGISTRATIONS)
    if workshop.changed_at > loaded_at or workshop.office is not office:
        raise Refusal(ErrorCode.UNDO_EDITED_SINCE)
    if workshop.status is WorkshopStatus.DRAFT:
        bulk.delete_draft(session, workshop, now)
        session.flush()
        return True
    if workshop.status is not WorkshopStatus.CANCELLED:
        workshop_service.cancel(session, workshop, now=now, decision=LATER)
    import_memory.forget_rows(session, [workshop.id])
    return False
