"""The notice that a change of a workshop can be undone."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from outreach.domain.network.staff import Permission
from outreach.domain.registrations import change_notifications
from outreach.domain.registrations.change_notifications import HOLD
from outreach.domain.scheduling import place_changes, workshop_changes
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
    """The changes of several workshops, or of a place, that can be undone together, within the
    hold."""
    if not batch:
        return None
    changes = workshop_changes.list_batch(session, batch)
    place = place_changes.find(session, batch)
    made_at = [each.made_at for each in changes] + ([place.made_at] if place else [])
    offices = {each.workshop.office.slug for each in changes} | ({place.office} if place else set())
    if not made_at or not all(has_permission(Permission.EDIT, each) for each in offices):
        return None
    left = made_at[0] + HOLD - now
    minutes = ceil(left.total_seconds() / 60)
    return Undoable(batch, minutes, is_undecided=False) if minutes > 0 else None
