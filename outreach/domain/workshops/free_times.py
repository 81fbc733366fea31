"""Free hours of a venue that is taken, and other venues that are free at an hour."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.locations import holidays
from outreach.domain.locations.venues import Venue
from outreach.domain.workshops.models import Workshop, WorkshopStatus

MAX_FREE_TIMES: Final = 3
DAYS_AHEAD: Final = 14
STEP_MINUTES: Final = 30
LATEST_END: Final = time(21)
_PLANNED_STATUSES: Final = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)


@dataclass(frozen=True)
class FreeTime:
    """A time on the wall clock of a venue at which the venue is free."""

    day: date
    starts: time
    ends: time


def find_overlapping(session: Session, workshop: Workshop) -> Workshop | None:
    """Returns another workshop that is in the same venue at the same time and not cancelled, or
    None.

    Workshops of one stop of a tour are meant to share the venue, and do not count.
    `workshop` need not be stored, nor its venue.
    """
    if workshop.venue is None or workshop.venue.id is None:
        return None
    others = _values_of_others(workshop, workshop.starts_at, workshop.ends_at)
    return session.scalars(_FIRST_IN_VENUE, others | {"venue": workshop.venue.id}).first()


def list_free_times(session: Session, workshop: Workshop, *, now: datetime) -> list[FreeTime]:
    """Returns at most MAX_FREE_TIMES times at which the venue of the workshop is free for as long.

    The first is the next one of its day that ends by LATEST_END; then comes its hour on
    later days that are no holidays.
    """
    venue = workshop.venue
    if venue is None or venue.id is None:
        return []
    begins = clock.instant(workshop.day, time(0), workshop.zone)
    until = begins + timedelta(days=DAYS_AHEAD + 2)
    others = _values_of_others(workshop, begins, until)
    taken = session.execute(_TIMES_IN_VENUE, others | {"venue": venue.id}).all()
    found: list[FreeTime] = []
    for each in _list_candidates(workshop):
        if any(each.day == other.day for other in found):
            continue
        starts_at, ends_at = clock.span(each.day, each.starts, each.ends, workshop.zone)
        is_possible = not clock.is_skipped(each.day, each.starts, workshop.zone)
        is_free = not any(since < ends_at and starts_at < end for since, end in taken)
        if is_possible and is_free and starts_at > now:
            found.append(each)
        if len(found) == MAX_FREE_TIMES:
            break
    return found


def list_free_venues(
    session: Session, workshop: Workshop, offered: Iterable[Venue]
) -> Sequence[Venue]:
    """Returns those of the venues that are free at the time of the workshop and fit it.

    They hold its seats and are in the same zone; the venue of the workshop is none of them.
    """
    seats = workshop.capacity + workshop.overbooked
    fitting = [
        each
        for each in offered
        if each is not workshop.venue
        and each.retired_at is None
        and each.zone.key == workshop.zone.key
        and (each.capacity is None or each.capacity >= seats)
    ]
    if not fitting:
        return []
    others = _values_of_others(workshop, workshop.starts_at, workshop.ends_at)
    venue_ids = [each.id for each in fitting]
    taken = set(session.scalars(_TAKEN_VENUES, others | {"venues": venue_ids}))
    return [each for each in fitting if each.id not in taken]


def _list_candidates(workshop: Workshop) -> Iterator[FreeTime]:
    starts = datetime.combine(workshop.day, workshop.starts)
    ends = datetime.combine(workshop.day, workshop.ends)
    length = ends - starts if ends > starts else ends + timedelta(days=1) - starts
    step = timedelta(minutes=STEP_MINUTES)
    latest = datetime.combine(workshop.day, LATEST_END)
    later = starts.replace(minute=0) + step
    while later + length <= latest:
        if later > starts:
            yield FreeTime(workshop.day, later.time(), (later + length).time())
        later += step
    place = workshop.venue or workshop.office
    for days in range(1, DAYS_AHEAD + 1):
        day = workshop.day + timedelta(days=days)
        if not holidays.list_holidays(day, workshop.office.country, place.region):
            yield FreeTime(day, workshop.starts, workshop.ends)


# The conditions for other workshops that are not cancelled and overlap with a time.
_IS_ANOTHER: Final = (
    Workshop.status.in_(_PLANNED_STATUSES),
    Workshop.starts_at < sa.bindparam("until"),
    Workshop.ends_at > sa.bindparam("since"),
    Workshop.id != sa.bindparam("workshop"),
    sa.or_(Workshop.stop_id.is_(None), Workshop.stop_id != sa.bindparam("stop")),
)
_IS_IN_VENUE: Final = Workshop.venue_id == sa.bindparam("venue")
_FIRST_IN_VENUE: Final = (
    sa.select(Workshop)
    .where(*_IS_ANOTHER, _IS_IN_VENUE)
    .order_by(Workshop.starts_at, Workshop.id)
    .limit(1)
)
_TIMES_IN_VENUE: Final = sa.select(Workshop.starts_at, Workshop.ends_at).where(
    *_IS_ANOTHER, _IS_IN_VENUE
)
_TAKEN_VENUES: Final = sa.select(Workshop.venue_id).where(
    *_IS_ANOTHER, Workshop.venue_id.in_(sa.bindparam("venues", expanding=True))
)


def _values_of_others(workshop: Workshop, since: datetime, until: datetime) -> dict[str, Any]:
    """Returns the parameters of `_IS_ANOTHER`; the id 0 stands for none."""
    return {
        "since": since,
        "until": until,
        "workshop": workshop.id or 0,
        "stop": workshop.stop_id or 0,
    }
