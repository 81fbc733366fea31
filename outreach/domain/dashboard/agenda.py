"""The agenda of the staff: the workshops of their offices by day, month and status."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ACTIVE_STATUSES,
    ContactMethod,
    Registration,
    RegistrationStatus,
    totals,
)
from outreach.domain.text import fold
from outreach.domain.workshops import COUNTED_STATUSES, Workshop, WorkshopStatus

MAX_WORKSHOPS: Final = 5000  # on a page, of one day or one month
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
    """Returns the workshops of the days from `since` to before `until`, drafts too, in order of
    time.
    """
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
    """Returns, for the workshops of `list_workshops`, only what tells whether a cached one is
    current.
    """
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
    """Returns public id and hour of each workshop from `since` to `until` that is not cancelled."""
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
    """Counts the active registrations that can be notified, by id of workshop."""
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


@dataclass(frozen=True)
class AgendaQuery:
    """The conditions for the staff's workshops on a page; an empty field does not filter."""

    offices: Offices
    since: date
    until: date  # the day after the last one
    show: AgendaFilter | None = None
    kind: str = ""  # its code
    venue: int | None = None  # its id; 0 for those without a venue
    text: str = ""  # words of the title, the venue, the city or the code in the address
    addresses: Offices = None  # whose hidden venues the reader may find, sort and read

    @property
    def shows_venue(self) -> sa.ColumnElement[bool]:
        """Whether the reader may know the venue of a workshop."""
        if self.addresses is None:
            return sa.true()
        return sa.or_(Workshop.visibility == Visibility.PUBLIC, *_is_of_offices(self.addresses))

    def conditions(self, now: datetime) -> list[sa.ColumnElement[bool]]:
        found = [
            Workshop.day >= self.since,
            Workshop.day < self.until,
            *_is_of_offices(self.offices),
        ]
        if self.show is not None:
            found.append(_CONDITIONS[self.show](now))
        if self.kind:
            found.append(Workshop.kind_id.in_(sa.select(Kind.id).where(Kind.code == self.kind)))
        if self.venue is not None:
            is_there = (
                Workshop.venue_id == self.venue if self.venue else Workshop.venue_id.is_(None)
            )
            found += [is_there, self.shows_venue]
        return found


class AgendaKey(NamedTuple):
    """The columns by which a list is searched and sorted."""

    id: int
    public_id: str
    day: date
    starts: time
    title: Mapping[str, str]
    venue: str  # empty for a workshop without one
    city: str  # the office's
    taken: int
    status: WorkshopStatus

    def has_words(self, text: str) -> bool:
        """Tells whether each word of `text` begins a word of the title, the venue, the city or
        the code in the address.
        """
        texts = (*self.title.values(), self.venue, self.city, self.public_id)
        words = fold(" ".join(texts)).split()
        return all(any(word.startswith(part) for word in words) for part in fold(text).split())


def list_keys(session: Session, query: AgendaQuery, *, now: datetime) -> list[AgendaKey]:
    """Returns the keys of the workshops that `query` asks for, in order of time.

    At most MAX_WORKSHOPS are read.
    """
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.public_id,
            Workshop.day,
            Workshop.starts,
            Workshop.title,
            sa.case((query.shows_venue, sa.func.coalesce(Venue.name, "")), else_=""),
            Office.city,
            Workshop.capacity + Workshop.overbooked - Workshop.seats_left,
            Workshop.status,
        )
        .select_from(Workshop)
        .join(Workshop.office)
        .outerjoin(Workshop.venue)
        .where(*query.conditions(now))
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(MAX_WORKSHOPS)
    )
    keys = [AgendaKey(*row) for row in rows]
    return [key for key in keys if key.has_words(query.text)] if query.text else keys


def load(session: Session, ids: Sequence[int]) -> list[Workshop]:
    """Returns the workshops of these ids, at most some hundred, in this order."""
    found = {
        each.id: each for each in session.scalars(sa.select(Workshop).where(Workshop.id.in_(ids)))
    }
    return [found[each] for each in ids if each in found]


def count_by_status(
    session: Session, query: AgendaQuery, *, now: datetime
) -> Mapping[AgendaFilter, int]:
    """Counts the workshops that each filter by status would show.

    The filter by status and the text of `query` do not count.
    """
    conditions = replace(query, show=None).conditions(now)
    row = session.execute(
        sa.select(*(_count_if(condition(now)) for condition in _CONDITIONS.values())).where(
            *conditions
        )
    ).one()
    return dict(zip(_CONDITIONS, row, strict=True))


def count_waiting(session: Session, workshops: Iterable[Workshop]) -> Mapping[int, int]:
    """Counts the waitlisted people by id of workshop; workshops without any are absent."""
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
    people: int  # in workshops whose head count is known
    expected: int  # people with a seat in workshops that have ended
    came: int  # how many of `expected` came


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
    """Returns the published workshop that starts next; None if there is none."""
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
