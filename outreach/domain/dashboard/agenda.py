"""The agenda of the staff: what their offices hold, and when."""

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
from outreach.domain.registrations import ACTIVE_STATUSES, ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import COUNTED_STATUSES, Workshop, WorkshopStatus

Offices = frozenset[str] | None  # slugs; None for all of them
Hour = tuple[str, str, date, time]  # an office, a kind, and when it gives one


class AgendaFilter(StrEnum):
    """Which of a month's workshops a list shows, by how they stand."""

    DRAFT = "borrador"
    AHEAD = "publicado"
    UNREPORTED = "por-reportar"
    HELD = "hecho"
    NOT_HELD = "no-se-hizo"
    CANCELLED = "cancelado"


def list_workshops(
    session: Session, offices: Offices, since: date, until: date, *, limit: int
) -> Sequence[Workshop]:
    """Workshops of the days from `since` to before `until`, drafts too, in order of time."""
    return session.scalars(
        sa.select(Workshop)
        .where(Workshop.day >= since, Workshop.day < until, *_of(offices))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    ).all()


class AgendaLine(NamedTuple):
    """What is known of a workshop before it is read in full."""

    id: int
    day: date
    ends_at: datetime
    zone: ZoneInfo
    waiting: int  # people
    version: tuple[object, ...]  # another one as soon as anything of it changes, its places too


def list_lines(
    session: Session, offices: Offices, since: date, until: date, *, limit: int
) -> list[AgendaLine]:
    """As `between`, for who may have all of them already."""
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.day,
            Workshop.ends_at,
            Workshop.zone,
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
        .where(Workshop.day >= since, Workshop.day < until, *_of(offices))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    )
    return [AgendaLine(row[0], row[1], row[2], row[3], row[4], tuple(row[4:])) for row in rows]


_WAITING: Final = (
    sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0))
    .where(Registration.workshop_id == Workshop.id, Registration.status == Place.WAITLISTED)
    .scalar_subquery()
)


def list_hours(
    session: Session, offices: Offices, since: date, until: date
) -> Iterable[tuple[str, Hour]]:
    """Of each workshop of these days that is not cancelled, the public id, and when it is."""
    rows = session.execute(
        sa.select(Workshop.public_id, Office.slug, Kind.code, Workshop.day, Workshop.starts)
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .where(Workshop.day >= since, Workshop.day <= until, *_of(offices))
        .where(Workshop.status != WorkshopStatus.CANCELLED)
    )
    return [(row[0], (row[1], row[2], row[3], row[4])) for row in rows]


def count_reachable(session: Session, ids: Sequence[int]) -> Mapping[int, int]:
    """How many parties with a place or a turn can be told of something, by workshop."""
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
    """The month's workshops that stand so, in order of time, those after a (day, hour, id)."""
    wanted = sa.select(Workshop).where(Workshop.month == month.number, *_of(offices))
    if show is not None:
        wanted = wanted.where(_SHOWN[show](now))
    if after is not None:
        key = sa.tuple_(Workshop.day, Workshop.starts, Workshop.id)
        day, starts, number = after
        wanted = wanted.where(
            key > sa.tuple_(sa.literal(day), sa.literal(starts), sa.literal(number))
        )
    ordered = wanted.order_by(Workshop.day, Workshop.starts, Workshop.id)
    return session.scalars(ordered.limit(limit)).all()


def count_by_status(
    session: Session, offices: Offices, month: Month, *, now: datetime
) -> Mapping[AgendaFilter, int]:
    """How many of the month's workshops stand so."""
    row = session.execute(
        sa.select(*(_count_if(condition(now)) for condition in _SHOWN.values())).where(
            Workshop.month == month.number, *_of(offices)
        )
    ).one()
    return dict(zip(_SHOWN, row, strict=True))


def count_waiting(session: Session, workshops: Iterable[Workshop]) -> Mapping[int, int]:
    """People on the waiting list of each workshop that has any, by the workshop's id."""
    ids = [workshop.id for workshop in workshops]
    rows = session.execute(
        sa.select(Registration.workshop_id, sa.func.sum(Registration.people))
        .where(Registration.workshop_id.in_(ids), Registration.status == Place.WAITLISTED)
        .group_by(Registration.workshop_id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class MonthToDate:
    """A month of one's offices until now."""

    held: int  # and not said otherwise
    ahead: int
    people: int  # of those whose head count is known
    expected: int  # people with a place in workshops that have ended
    came: int  # of those


def count_month_to_date(
    session: Session, offices: Offices, month: Month, *, now: datetime
) -> MonthToDate:
    of_the_month = [Workshop.month == month.number, *_of(offices)]
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
    expected, came = session.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(Registration.people), 0),
            sa.func.coalesce(sa.func.sum(Registration.arrived), 0),
        )
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            *of_the_month,
            has_ended,
            Workshop.status.in_(COUNTED_STATUSES),
            Registration.status == Place.CONFIRMED,
        )
    ).one()
    return MonthToDate(held, ahead, people, expected, came)


def find_next(session: Session, offices: Offices, *, now: datetime) -> Workshop | None:
    """The next that begins, of those that are public."""
    return session.scalar(
        sa.select(Workshop)
        .where(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.starts_at > now, *_of(offices))
        .order_by(Workshop.starts_at, Workshop.id)
        .limit(1)
    )


def _of(offices: Offices) -> list[sa.ColumnElement[bool]]:
    if offices is None:
        return []
    return [Workshop.office_id.in_(sa.select(Office.id).where(Office.slug.in_(offices)))]


def _unreported(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at <= now)


def _count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))


_SHOWN: Final[Mapping[AgendaFilter, Callable[[datetime], sa.ColumnElement[bool]]]] = {
    AgendaFilter.DRAFT: lambda now: Workshop.status == WorkshopStatus.DRAFT,
    AgendaFilter.AHEAD: lambda now: sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED, Workshop.ends_at > now
    ),
    AgendaFilter.UNREPORTED: _unreported,
    AgendaFilter.HELD: lambda now: Workshop.status == WorkshopStatus.HELD,
    AgendaFilter.NOT_HELD: lambda now: Workshop.status == WorkshopStatus.NOT_HELD,
    AgendaFilter.CANCELLED: lambda now: Workshop.status == WorkshopStatus.CANCELLED,
}
