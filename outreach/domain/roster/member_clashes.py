"""What keeps a member from a workshop: another one at the same time, days away, other hours.

For people these are said and decided by staff. A mobile unit stands in one place: it is refused a
workshop while it is at another one elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.roster.models import ACTIVE_STATES, RosterAssignment, RosterMember
from outreach.domain.workshops import Workshop, WorkshopStatus

_PLANNED: Final = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)
_INSTANT: Final = timedelta(microseconds=1)


class ClashType(StrEnum):
    OVERLAP = "overlap"
    AWAY = "away"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True)
class MemberClash:
    clash_type: ClashType
    workshop: Workshop | None = None  # the other one


def find_clashes(
    member: RosterMember, workshop: Workshop, overlapping: Iterable[Workshop]
) -> list[MemberClash]:
    """What speaks against this member at this workshop. `overlapping` are the workshops of
    `list_overlapping`; of a mobile unit those at the same venue are no clash."""
    found = [
        MemberClash(ClashType.OVERLAP, each)
        for each in overlapping
        if not member.is_unit or is_elsewhere(workshop, [each])
    ]
    starts = workshop.starts_at.astimezone(member.zone)
    ends = (workshop.ends_at - _INSTANT).astimezone(member.zone)
    if any(
        each.first_day <= ends.date() and starts.date() <= each.last_day for each in member.absences
    ):
        found.append(MemberClash(ClashType.AWAY))
    elif not _is_within_hours(member, workshop):
        found.append(MemberClash(ClashType.OUTSIDE_HOURS))
    return found


def is_elsewhere(workshop: Workshop, others: Iterable[Workshop]) -> bool:
    """Whether one of the others is not at the venue of this workshop."""
    return any(each.venue_id is None or each.venue_id != workshop.venue_id for each in others)


def _is_within_hours(member: RosterMember, workshop: Workshop) -> bool:
    """Whether the workshop begins and ends within the member's hours of the day on which it begins.
    Whoever has given no hours has time at any."""
    if not member.hours:
        return True
    starts = workshop.starts_at.astimezone(member.zone)
    ends = workshop.ends_at.astimezone(member.zone)
    return any(
        each.weekday == starts.weekday()
        and ends.date() == starts.date()
        and each.starts <= starts.time()
        and ends.time() <= each.ends
        for each in member.hours
    )


def list_overlapping(
    session: Session, member_ids: Collection[int], workshop: Workshop
) -> dict[int, Sequence[Workshop]]:
    """The other workshops at the same time to which each of these members is assigned, by start;
    an empty list for a member who has none."""
    found: dict[int, list[Workshop]] = {each: [] for each in member_ids}
    rows = session.execute(
        sa.select(RosterAssignment.member_id, Workshop)
        .join(Workshop, Workshop.id == RosterAssignment.workshop_id)
        .where(
            RosterAssignment.member_id.in_(found),
            RosterAssignment.workshop_id != workshop.id,
            RosterAssignment.state.in_(ACTIVE_STATES),
            Workshop.status.in_(_PLANNED),
            Workshop.starts_at < workshop.ends_at,
            Workshop.ends_at > workshop.starts_at,
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).unique()
    for member_id, other in rows:
        found[member_id].append(other)
    return dict(found)
