"""The notice that a change of a workshop can be undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy.orm import Session

from outreach.domain.network.staff import Permission
from outreach.domain.registrations import change_notifications
from outreach.domain.registrations.change_notifications import NO_REACH, Reach
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.roster import undecided_changes
from outreach.domain.scheduling import place_changes, workshop_changes
from outreach.domain.workshops import Workshop
from outreach.web.context import config
from outreach.web.staff.common.guards import has_permission


@dataclass(frozen=True)
class Undoable:
    """The last change of a workshop, for the notice that offers to undo it."""

    batch: str
    seconds: int  # until the undo window ends; 0: it has ended, and people wait for a decision
    is_telling: bool  # people are told when the undo window ends
    reach: Reach = NO_REACH  # who is told of the change then
    is_undecided: bool = False

    @property
    def minutes(self) -> int:
        return ceil(self.seconds / 60)

    @property
    def undo_seconds(self) -> int:
        return int(UNDO_WINDOW.total_seconds())


def find_undoable(session: Session, workshop: Workshop, *, now: datetime) -> Undoable | None:
    """Returns the last change of a workshop if the staff member may undo it: within the undo
    window, or as long as nobody was told of it."""
    latest = workshop_changes.find_latest(session, workshop, now=now)
    if latest is None or not has_permission(Permission.EDIT, workshop.office.slug):
        return None
    seconds = _count_seconds(latest.made_at, now)
    is_undecided = undecided_changes.is_undecided(session, workshop, now=now)
    if not seconds and not is_undecided:
        return None
    return _describe(session, latest.batch, [workshop], seconds, is_undecided=is_undecided)


def find_undoable_batch(session: Session, batch: str, *, now: datetime) -> Undoable | None:
    """Returns the changes of several workshops, or of a place, if the staff member may undo them
    together within the undo window."""
    if not batch:
        return None
    changes = workshop_changes.list_batch(session, batch)
    place = place_changes.find(session, batch)
    made_at = [each.made_at for each in changes] + ([place.made_at] if place else [])
    offices = {each.workshop.office.slug for each in changes} | ({place.office} if place else set())
    if not made_at or not all(has_permission(Permission.EDIT, each) for each in offices):
        return None
    seconds = _count_seconds(made_at[0], now)
    if not seconds:
        return None
    return _describe(session, batch, [each.workshop for each in changes], seconds)


def _count_seconds(made_at: datetime, now: datetime) -> int:
    """Returns the seconds until the undo window of a change ends, at least 0."""
    return max(0, ceil((made_at + UNDO_WINDOW - now).total_seconds()))


def _describe(
    session: Session,
    batch: str,
    workshops: Iterable[Workshop],
    seconds: int,
    *,
    is_undecided: bool = False,
) -> Undoable:
    found = list(workshops)
    reach = change_notifications.count_pending(
        session, [each.id for each in found], has_texts=bool(config().texts.url)
    )
    is_telling = bool(seconds and (reach.total or any(each.undo_until for each in found)))
    return Undoable(batch, seconds, is_telling, reach, is_undecided)
