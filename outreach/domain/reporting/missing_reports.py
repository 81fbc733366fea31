"""Missing reports: workshops that are over and have none, and when their staff are reminded.

Reminders are sent in the morning of the day after, and once more on the third of the next month,
two days before that month closes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import (
    ALL_OFFICES,
    PERMISSIONS,
    Permission,
    Role,
    RoleAssignment,
    StaffMember,
)
from outreach.domain.workshops import Workshop, WorkshopStatus

REMINDER_HOUR: Final = time(10)  # local time of the office
SECOND_REMINDER_DAY: Final = 3  # day of the month after
LATE_BY: Final = timedelta(days=2)  # a worker that was down longer waits for the next one
WITHIN: Final = timedelta(days=60)  # older ones were closed with their month

Moment = datetime | sa.ColumnElement[datetime]
_REPORTERS: Final = [role for role in Role if Permission.EDIT in PERMISSIONS[role]]


def list_missing_reports(
    session: Session, organizer_id: int, *, now: datetime
) -> Sequence[Workshop]:
    """Returns the workshops without a report at the offices of a staff member, by day.

    Roles for the whole network are left out: they have the page of the month.
    """
    own_offices = sa.select(Office.id).join(RoleAssignment, RoleAssignment.office == Office.slug)
    return session.scalars(
        _open(now)
        .where(
            Workshop.office_id.in_(
                own_offices.where(
                    RoleAssignment.organizer_id == organizer_id, RoleAssignment.role.in_(_REPORTERS)
                )
            )
        )
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
    ).all()


def list_due(session: Session, *, now: datetime) -> dict[int, datetime]:
    """Returns the staff members to remind now, by id, with the time since which the reminder is
    due.
    """
    occasions: dict[str, datetime] = {}
    for workshop in session.scalars(_open(now)):
        last = max((each for each in compute_reminder_times(workshop) if each <= now), default=None)
        if last is not None and now - last < LATE_BY:
            slug = workshop.office.slug
            occasions[slug] = max(last, occasions.get(slug, last))
    return _reporters(session, occasions)


def compute_reminder_times(workshop: Workshop) -> tuple[datetime, datetime]:
    """Returns the two instants at which the office is reminded of the workshop."""
    zone = workshop.office.zone
    next_day = workshop.ends_at.astimezone(zone).date() + timedelta(days=1)
    after = Month.from_number(workshop.month).following
    return (
        clock.instant(next_day, REMINDER_HOUR, zone),
        clock.instant(date(after.year, after.month, SECOND_REMINDER_DAY), REMINDER_HOUR, zone),
    )


def _reporters(session: Session, occasions: Mapping[str, datetime]) -> dict[int, datetime]:
    if not occasions:
        return {}
    found: dict[int, datetime] = {}
    for organizer_id, slug in list_reporters(session, occasions):
        since = occasions[slug]
        found[organizer_id] = max(since, found.get(organizer_id, since))
    return found


def list_reporters(session: Session, slugs: Iterable[str]) -> list[tuple[int, str]]:
    """Returns the staff members who report for these offices: pairs of their id and the slug."""
    rows = session.execute(
        sa.select(RoleAssignment.organizer_id, RoleAssignment.office)
        .join(StaffMember, StaffMember.id == RoleAssignment.organizer_id)
        .where(
            RoleAssignment.office.in_([each for each in slugs if each != ALL_OFFICES]),
            RoleAssignment.role.in_(_REPORTERS),
            StaffMember.disabled_at.is_(None),
        )
    )
    return [(row[0], row[1]) for row in rows]


def list_accounts(session: Session, slugs: Iterable[str]) -> list[tuple[StaffMember, str]]:
    """Returns the accounts that report for these offices, each with the slug; by slug and address.

    Disabled accounts are among them.
    """
    rows = session.execute(
        sa.select(StaffMember, RoleAssignment.office)
        .join(RoleAssignment, StaffMember.id == RoleAssignment.organizer_id)
        .where(
            RoleAssignment.office.in_([each for each in slugs if each != ALL_OFFICES]),
            RoleAssignment.role.in_(_REPORTERS),
        )
        .order_by(RoleAssignment.office, StaffMember.email)
    )
    return [(row[0], row[1]) for row in rows]


def get_own_slugs(staff_member: StaffMember) -> frozenset[str]:
    """Returns the slugs of the offices for which an account reports; roles for all are left out."""
    return frozenset(
        grant.office
        for grant in staff_member.grants
        if grant.role in _REPORTERS and grant.office != ALL_OFFICES
    )


def is_missing(now: Moment, since: Moment) -> sa.ColumnElement[bool]:
    """Returns the condition of a query for workshops that are over and have no report.

    `since` is WITHIN before `now`.
    """
    return sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.ends_at <= now,
        Workshop.ends_at > since,
    )


def _open(now: datetime) -> sa.Select[Workshop]:
    return sa.select(Workshop).where(is_missing(now, now - WITHIN))
