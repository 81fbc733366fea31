"""The agenda of the staff: the workshops of their offices by day, month and status."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
    totals,
)
from outreach.domain.workshops import COUNTED_STATUSES, Workshop, WorkshopStatus

Offices = frozenset[str] | None  # slugs; None for all of them
Hour = tuple[str, str, date, time]  # office, kind, day and start


class AgendaFilter(StrEnum):
    """The filter of a month's list, by status."""

    DRAFT = "borrador"
    AHEAD = "publicado"
    MISSING_REPORT = "por-reportar"
    HELD = "hecho"
    NOT_HELD = "no-se-hizo"
    CANCELLED = "cancelado"


def list_workshops(
    session: Session, offices: Offices, since: date, until: date, *, limit: int
) -> Sequence[Workshop]:
    """Workshops of the days from `since` to before `until`, drafts too, in order of time."""
    return session.scalars(
        sa.select(Workshop)
        .where(Workshop.day >= since, Workshop.day < until, *_is_of_offices(offices))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    ).all()


class AgendaLine(NamedTuple):
    """The columns by which a cached workshop is checked."""

    id: int
    day: date
    ends_at: datetime
    calendar_zone: ZoneInfo
    waiting: int  # people
    version: tuple[object, ...]  # differs after any change, also of seats


def list_lines(
    session: Session, offices: Offices, since: date, until: date, *, limit: int
) -> list[AgendaLine]:
    """Like `list_workshops`, but only what tells whether a cached workshop is current."""
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.day,
            Workshop.ends_at,
            Workshop.calendar_zone,
            _WAITING,
            Workshop.changed_at,
            Workshop.status,
            Workshop.capacity,
            Workshop.overbooked,
            Workshop.seats_left,
            Office.changed_at,
            Kind.changed_at,
            Venue.changed_at,
        )
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .outerjoin(Workshop.venue)
        .where(Workshop.day >= since, Workshop.day < until, *_is_of_offices(offices))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    )
    return [AgendaLine(row[0], row[1], row[2], row[3], row[4], tuple(row[4:])) for row in rows]


_WAITING: Final = (
    sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0))
    .where(
        Registration.workshop_id == Workshop.id,
        Registration.status == RegistrationStatus.WAITLISTED,
    )
    .scalar_subquery()
)


def list_hours(
    session: Session, offices: Offices, since: date, until: date
) -> Iterable[tuple[str, Hour]]:
    """Public id and hour of each workshop from `since` to `until` that is not cancelled."""
    rows = session.execute(
        sa.select(Workshop.public_id, Office.slug, Kind.code, Workshop.day, Workshop.starts)
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .where(Workshop.day >= since, Workshop.day <= until, *_is_of_offices(offices))
        .where(Workshop.status != WorkshopStatus.CANCELLED)
    )
    return [(row[0], (row[1], row[2], row[3], row[4])) for row in rows]


def count_reachable(session: Session, ids: Sequence[int]) -> Mapping[int, int]:
    """How many active registrations can be notified, by id of workshop."""
    found: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        rows = session.execute(
            sa.select(Registration.workshop_id, sa.func.count())
            .where(
                Registration.workshop_id.in_(ids[start : start + 500]),
                Registration.status.in_(ACTIVE_STATUSES),
                Registration.contact != ContactMethod.NONE,
            )
            .group_by(Registration.workshop_id)
        )
        found |= {row[0]: row[1] for row in rows}
    return found


def list_month(
    session: Session,
    offices: Offices,
    month: Month,
    *,
    show: AgendaFilter | None,
    now: datetime,
    after: tuple[date, time, int] | None = None,
    limit: int,
) -> Sequence[Workshop]:
    """The workshops of a month with this filter by day and hour, after the key (day, start, id)."""
    query = sa.select(Workshop).where(Workshop.month == month.number, *_is_of_offices(offices))
    if show is not None:
        query = query.where(_CONDITIONS[show](now))
    if after is not None:
        key = sa.tuple_(Workshop.day, Workshop.starts, Workshop.id)
        day, starts, number = after
        query = query.where(
            key > sa.tuple_(sa.literal(day), sa.literal(starts), sa.literal(number))
        )
    ordered = query.order_by(Workshop.day, Workshop.starts, Workshop.id)
    return session.scalars(ordered.limit(limit)).all()


def count_by_status(
    session: Session, offices: Offices, month: Month, *, now: datetime
) -> Mapping[AgendaFilter, int]:
    """How many workshops of a month each filter shows."""
    row = session.execute(
        sa.select(*(_count_if(condition(now)) for condition in _CONDITIONS.values())).where(
            Workshop.month == month.number, *_is_of_offices(offices)
        )
    ).one()
    return dict(zip(_CONDITIONS, row, strict=True))


def count_waiting(session: Session, workshops: Iterable[Workshop]) -> Mapping[int, int]:
    """How many people are waitlisted, by id of workshop; without those that have none."""
    ids = [workshop.id for workshop in workshops]
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .where(
            Registration.workshop_id.in_(ids),
            Registration.status == RegistrationStatus.WAITLISTED,
            Registration.is_released.is_(False),
        )
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class MonthToDate:
    """The counts of a month until now."""

    held: int  # reported as held, or over and not reported
    ahead: int
    people: int  # of those whose head count is known
    expected: int  # people with a seat in workshops that have ended
    came: int  # of the expected


def count_month_to_date(
    session: Session, offices: Offices, month: Month, *, now: datetime
) -> MonthToDate:
    of_the_month = [Workshop.month == month.number, *_is_of_offices(offices)]
    has_ended = Workshop.ends_at <= now
    held, ahead, people = session.execute(
        sa.select(
            _count_if(sa.and_(Workshop.status.in_(COUNTED_STATUSES), has_ended)),
            _count_if(sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at > now)),
            sa.func.coalesce(
                sa.func.sum(sa.case((Workshop.status == WorkshopStatus.HELD, Workshop.head_count))),
                0,
            ),
        ).where(*of_the_month)
    ).one()
    expected = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *of_the_month,
            has_ended,
            Workshop.status.in_(COUNTED_STATUSES),
            Registration.status == RegistrationStatus.CONFIRMED,
        )
        .group_by(Registration.workshop_id)
    ).all()
    came = totals.read_all(session, [row[0] for row in expected])
    return MonthToDate(
        held,
        ahead,
        people,
        expected=sum(row[1] for row in expected),
        came=sum(counted[totals.SEATED] for counted in came.values()),
    )


def find_next(session: Session, offices: Offices, *, now: datetime) -> Workshop | None:
    """The published workshop that starts next."""
    return session.scalar(
        sa.select(Workshop)
        .where(
            Workshop.status == WorkshopStatus.PUBLISHED,
            Workshop.starts_at > now,
            *_is_of_offices(offices),
        )
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(1)
    )


def _is_of_offices(offices: Offices) -> list[sa.ColumnElement[bool]]:
    if offices is None:
        return []
    return [Workshop.office_id.in_(sa.select(Office.id).where(Office.slug.in_(offices)))]


def _is_missing_report(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at <= now)


def _count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))


_CONDITIONS: Final[Mapping[AgendaFilter, Callable[[datetime], sa.ColumnElement[bool]]]] = {
    AgendaFilter.DRAFT: lambda now: Workshop.status == WorkshopStatus.DRAFT,
    AgendaFilter.AHEAD: lambda now: sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at > now
    ),
    AgendaFilter.MISSING_REPORT: _is_missing_report,
    AgendaFilter.HELD: lambda now: Workshop.status == WorkshopStatus.HELD,
    AgendaFilter.NOT_HELD: lambda now: Workshop.status == WorkshopStatus.NOT_HELD,
    AgendaFilter.CANCELLED: lambda now: Workshop.status == WorkshopStatus.CANCELLED,
}
