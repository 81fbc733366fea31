"""Undoes a load of an imported sheet: in one act, workshop by workshop as far as possible.

A draft that was made is deleted: nobody has seen it. A workshop that was changed is changed back
(`undo`). One that somebody has published, edited or registered for since is refused with the cause,
and never cancelled: the public would learn of it by that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.scheduling import (
    form_drafts,
    import_memory,
    undo,
    workshop_changes,
)
from outreach.domain.scheduling.undo import UndoOutcome
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal

_BATCH: Final = 500


@dataclass
class UndoneLoad:
    """The workshops of a load that were deleted, changed back, or refused."""

    deleted: int = 0
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
    """Undoes a load.

    `new` are the public ids of the workshops that it made, and `batch` names the changes of others.
    """
    result, made = UndoneLoad(), _lock_made(session, new)
    drafts: list[Workshop] = []
    used = _find_used(session, made)
    for workshop in made:
        try:
            _require_untouched(office, workshop, used, loaded_at=loaded_at)
            drafts.append(workshop)
        except Refusal as refusal:
            result.refused.append(UndoOutcome(workshop, refusal))
    _delete_drafts(session, drafts)
    result.deleted = len(drafts)
    changes = workshop_changes.list_batch(session, batch)
    for outcome in undo.undo_batch(session, changes, now=now):
        if outcome.refusal is None:
            result.changed_back.append(outcome.workshop)
        else:
            result.refused.append(outcome)
    import_memory.forget_rows(session, [each.id for each in result.changed_back])
    return result


def list_made(session: Session, public_ids: Sequence[str]) -> list[Workshop]:
    """Returns the workshops with these public ids that still exist, by day.

    Public ids name them, since the `id` of a deleted row may be used again.
    """
    found: list[Workshop] = []
    for start in range(0, len(public_ids), _BATCH):
        found += session.scalars(_select_made(public_ids[start : start + _BATCH]))
    return found


def _lock_made(session: Session, public_ids: Sequence[str]) -> list[Workshop]:
    """Locks the workshops that `list_made` finds until the transaction ends, and returns them.

    Nobody registers for them meanwhile.
    """
    session.flush()
    found: list[Workshop] = []
    for start in range(0, len(public_ids), _BATCH):
        query = _select_made(public_ids[start : start + _BATCH]).with_for_update(of=Workshop)
        found += session.scalars(query.execution_options(populate_existing=True))
    return found


def _select_made(public_ids: Sequence[str]) -> sa.Select[Workshop]:
    return (
        sa.select(Workshop)
        .where(Workshop.public_id.in_(public_ids))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
    )


def _find_used(session: Session, made: Sequence[Workshop]) -> set[int]:
    """Returns the ids of the workshops for which somebody has registered."""
    used: set[int] = set()
    for start in range(0, len(made), _BATCH):
        ids = [each.id for each in made[start : start + _BATCH]]
        used.update(
            session.scalars(
                sa.select(Registration.workshop_id)
                .where(Registration.workshop_id.in_(ids))
                .distinct()
            )
        )
    return used


def _require_untouched(
    office: Office, workshop: Workshop, used: Collection[int], *, loaded_at: datetime
) -> None:
    """Raises Refusal where somebody has registered for a workshop, published it, or changed it."""
    if workshop.id in used:
        raise Refusal(ErrorCode.DELETE_WITH_REGISTRATIONS)
    if workshop.status is not WorkshopStatus.DRAFT or workshop.published_at is not None:
        raise Refusal(ErrorCode.UNDO_PUBLISHED_SINCE)
    if workshop.changed_at > loaded_at or workshop.office_id != office.id:
        raise Refusal(ErrorCode.UNDO_EDITED_SINCE)


def _delete_drafts(session: Session, drafts: Sequence[Workshop]) -> None:
    """Deletes drafts in one flush; each statement after a deletion would flush by itself."""
    for workshop in drafts:
        form_drafts.forget(session, workshop.id)  # SQLite may reuse the id
    for workshop in drafts:
        session.delete(workshop)
    session.flush()
