"""The notice that a change of a workshop can be undone."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from outreach.domain.network.staff import Permission
from outreach.domain.registrations import change_notifications
from outreach.domain.registrations.change_notifications import HOLD
from outreach.domain.scheduling import workshop_changes
from outreach.domain.workshops import Workshop
from outreach.web.staff.common.guards import has_permission


@dataclass(frozen=True)
class Undoable:
    """The last change of a workshop, for the notice that offers to undo it."""

    batch: str
    minutes: int  # until people are told; 0: they are not, or nobody has to be
    is_undecided: bool


def find_undoable(session: Session, workshop: Workshop, *, now: datetime) -> Undoable | None:
    """The change that can be undone: within the hold, or as long as nobody was told of it."""
    latest = workshop_changes.find_latest(session, workshop, now=now)
    if latest is None or not has_permission(Permission.EDIT, workshop.office.slug):
        return None
    left = latest.made_at + HOLD - now
    is_undecided = change_notifications.is_undecided(session, workshop, now=now)
    if left.total_seconds() <= 0 and not is_undecided:
        return None
    has_pending = change_notifications.has_pending(session, workshop) or workshop.hold_until
    minutes = max(1, ceil(left.total_seconds() / 60)) if has_pending else 0
    return Undoable(latest.batch, minutes, is_undecided)


def find_undoable_batch(session: Session, batch: str, *, now: datetime) -> Undoable | None:
    """The changes of several workshops that can be undone together, within the hold."""
    changes = workshop_changes.list_batch(session, batch) if batch else []
    if not changes or not all(
        has_permission(Permission.EDIT, each.workshop.office.slug) for each in changes
    ):
        return None
    left = changes[0].made_at + HOLD - now
    minutes = ceil(left.total_seconds() / 60)
    return Undoable(batch, minutes, is_undecided=False) if minutes > 0 else None
