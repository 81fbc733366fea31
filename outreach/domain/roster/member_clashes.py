"""What keeps a member from a workshop: another one at the same time, days away, other hours.

`find_clashes` is about one member; `find_in_team` and `find_in_teams` about those assigned.
For people these are said and decided by staff. A mobile unit stands in one place: it is refused a
workshop while it is at another one elsewhere.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.roster.models import ACTIVE_STATES, RosterAssignment, RosterMember
from outreach.domain.workshops import Workshop, WorkshopStatus

_PLANNED: Final = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)
_INSTANT: Final = timedelta(microseconds=1)
_IDS_IN_QUERY: Final = 500


class ClashType(StrEnum):
    OVERLAP = "overlap"
    AWAY = "away"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True)
class MemberClash:
    clash_type: ClashType
    workshop: Workshop | None = None  # the other one


@dataclass(frozen=True)
class TeamClash:
    """A clash of a member, and the workshop at which it occurs."""

    workshop: Workshop
    member: RosterMember
    clash: MemberClash


def find_clashes(
    member: RosterMember, workshop: Workshop, overlapping: Iterable[Workshop]
) -> list[MemberClash]:
    """Returns the reasons why this member cannot be at this workshop.

    `overlapping` are the workshops of `list_overlapping`; for a mobile unit, those at the
    same venue are no clash.
    """
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
    """Tells whether one of the others is not at the venue of this workshop, which need not be
    stored.
    """
    here = workshop.venue.id if workshop.venue is not None else None
    return any(each.venue_id is None or each.venue_id != here for each in others)


def _is_within_hours(member: RosterMember, workshop: Workshop) -> bool:
    """Tells whether the workshop is within the member's hours of the day on which it begins.

    A member who has given no hours has time at any.
    """
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


def find_in_team(
    session: Session, workshop: Workshop, assigned: Iterable[RosterAssignment]
) -> list[TeamClash]:
    """Returns the clashes of the members assigned to a stored workshop.

    Times and venue are those of the object, which may differ from the stored ones.
    """
    team = [each.member for each in assigned]
    overlapping = list_overlapping(session, [each.id for each in team], workshop)
    return [
        TeamClash(workshop, member, clash)
        for member in team
        for clash in find_clashes(member, workshop, overlapping[member.id])
    ]


def find_in_teams(
    session: Session, workshops: Iterable[Workshop], *, now: datetime
) -> list[TeamClash]:
    """Returns the clashes of the teams of these workshops, in order of time.

    Only drafts and published workshops that are not over are looked at. Two of these
    workshops at the same time are one clash, of the later one.
    """
    planned = {
        each.id: each for each in workshops if each.status in _PLANNED and each.ends_at > now
    }
    assigned = _list_assigned(session, list(planned))
    others = _list_others(session, {each.member_id for each in assigned}, planned.values())
    found = []
    for each in assigned:
        workshop = planned[each.workshop_id]
        overlapping = [
            other for other in others[each.member_id] if _is_at_same_time(workshop, other)
        ]
        found += [
            TeamClash(workshop, each.member, clash)
            for clash in find_clashes(each.member, workshop, overlapping)
            if clash.workshop is None
            or clash.workshop.id not in planned
            or _place_in_time(clash.workshop) < _place_in_time(workshop)
        ]
    return sorted(found, key=lambda each: (*_place_in_time(each.workshop), each.member.id))


def _is_at_same_time(workshop: Workshop, other: Workshop) -> bool:
    is_overlapping = other.starts_at < workshop.ends_at and other.ends_at > workshop.starts_at
    return is_overlapping and other.id != workshop.id


def _place_in_time(workshop: Workshop) -> tuple[datetime, int]:
    return workshop.starts_at, workshop.id


def _list_assigned(session: Session, workshop_ids: Sequence[int]) -> list[RosterAssignment]:
    """The active assignments of these workshops."""
    found: list[RosterAssignment] = []
    for start in range(0, len(workshop_ids), _IDS_IN_QUERY):
        found += session.scalars(
            sa.select(RosterAssignment)
            .where(
                RosterAssignment.workshop_id.in_(workshop_ids[start : start + _IDS_IN_QUERY]),
                RosterAssignment.state.in_(ACTIVE_STATES),
            )
            .order_by(RosterAssignment.id)
        ).all()
    return found


def _list_others(
    session: Session, member_ids: Collection[int], workshops: Iterable[Workshop]
) -> Mapping[int, Sequence[Workshop]]:
    """Returns the planned workshops of each of these members in the time of these workshops, by
    start.
    """
    found: dict[int, list[Workshop]] = defaultdict(list)
    listed, ids = list(workshops), sorted(member_ids)
    for start in range(0, len(ids), _IDS_IN_QUERY):
        rows = session.execute(
            _select_planned(ids[start : start + _IDS_IN_QUERY]).where(
                Workshop.starts_at < max(each.ends_at for each in listed),
                Workshop.ends_at > min(each.starts_at for each in listed),
            )
        ).unique()
        for member_id, other in rows:
            found[member_id].append(other)
    return found


def _select_planned(member_ids: Collection[int]) -> sa.Select[int, Workshop]:
    """Returns the query for the planned workshops to which each of these members is assigned,
    by start.
    """
    return (
        sa.select(RosterAssignment.member_id, Workshop)
        .join(Workshop, Workshop.id == RosterAssignment.workshop_id)
        .where(
            RosterAssignment.member_id.in_(member_ids),
            RosterAssignment.state.in_(ACTIVE_STATES),
            Workshop.status.in_(_PLANNED),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    )


def list_overlapping(
    session: Session, member_ids: Collection[int], workshop: Workshop
) -> dict[int, Sequence[Workshop]]:
    """Returns, for each of these members, the other workshops at the same time, by start.

    They are those to which the member is assigned; the list is empty where there is none.
    """
    found: dict[int, list[Workshop]] = {each: [] for each in member_ids}
    if not found:
        return {}
    rows = session.execute(
        _select_planned(found).where(
            RosterAssignment.workshop_id != workshop.id,
            Workshop.starts_at < workshop.ends_at,
            Workshop.ends_at > workshop.starts_at,
        )
    ).unique()
    for member_id, other in rows:
        found[member_id].append(other)
    return dict(found)
