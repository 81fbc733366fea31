"""Recurrence: the dates that a rule means, what conflicts with each, and their workshops.

Each date becomes a workshop of its own; nothing ties it to the rule afterwards.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from dateutil import rrule
from sqlalchemy.orm import Session

from outreach import clock, network_profile
from outreach.domain.locations import holidays
from outreach.domain.locations.holidays import Holiday
from outreach.domain.scheduling import workshop_data, workshop_service
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus, partners, publish_checks
from outreach.domain.workshops import series as all_series
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import ErrorCode, Refusal

MAX_DATES: Final = 60  # dates at once
MAX_AHEAD: Final = timedelta(days=3 * 366)
_DAYS_OF_WEEK: Final = 7
_OCCUPYING_STATUSES: Final = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED, WorkshopStatus.HELD)


class RecurrenceUnit(StrEnum):
    WEEK = "semana"
    TWO_WEEKS = "dos-semanas"
    MONTH = "mes"  # the second Saturday
    LAST = "ultimo"  # the last Saturday


@dataclass(frozen=True)
class RecurrenceRule:
    """How often a workshop is repeated: until a day, or for a number of dates.

    By weeks, it is repeated on these weekdays (Monday is 0).
    """

    every: RecurrenceUnit
    weekdays: frozenset[int] = frozenset()
    until: date | None = None
    count: int | None = None


def week_of_month(day: date) -> int:
    """Returns which occurrence of its weekday in the month a day is: 1 to 5."""
    return (day.day - 1) // _DAYS_OF_WEEK + 1


def is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=_DAYS_OF_WEEK)).month != day.month


def list_days(rule: RecurrenceRule, first: date, *, today: date) -> list[date]:
    """Returns the days of the rule after `first`, from today on.

    Raises Refusal where there is none or are too many, or the rule is incomplete.
    """
    if rule.until is None and rule.count is None:
        raise Refusal(ErrorCode.RECURRENCE_WITHOUT_END)
    if rule.every in {RecurrenceUnit.WEEK, RecurrenceUnit.TWO_WEEKS} and not rule.weekdays:
        raise Refusal(ErrorCode.RECURRENCE_WITHOUT_WEEKDAY)
    if rule.count is not None and not 1 <= rule.count <= MAX_DATES:
        raise Refusal(ErrorCode.RECURRENCE_COUNT_OUT_OF_RANGE, most=MAX_DATES)
    if rule.until is not None and rule.until > today + MAX_AHEAD:
        raise Refusal(ErrorCode.RECURRENCE_TOO_FAR)
    most = rule.count or MAX_DATES + 1
    found = list(islice(_iterate_days(rule, first, today), most))
    if len(found) > MAX_DATES:
        raise Refusal(ErrorCode.RECURRENCE_TOO_MANY_DATES, most=MAX_DATES)
    if not found:
        raise Refusal(ErrorCode.RECURRENCE_WITHOUT_DATES)
    return found


def _iterate_days(rule: RecurrenceRule, first: date, today: date) -> Iterator[date]:
    start = datetime.combine(first, datetime.min.time())
    until = rule.until or today + MAX_AHEAD
    if rule.every is RecurrenceUnit.MONTH:
        byday = rrule.weekday(first.weekday(), week_of_month(first))
        found = rrule.rrule(rrule.MONTHLY, dtstart=start, byweekday=byday)
    elif rule.every is RecurrenceUnit.LAST:
        byday = rrule.weekday(first.weekday(), -1)
        found = rrule.rrule(rrule.MONTHLY, dtstart=start, byweekday=byday)
    else:
        found = rrule.rrule(
            rrule.WEEKLY,
            dtstart=start,
            interval=2 if rule.every is RecurrenceUnit.TWO_WEEKS else 1,
            byweekday=sorted(rule.weekdays),
            wkst=rrule.SU,  # weeks begin on Sunday, as in the pages of the staff
        )
    for moment in found:
        day = moment.date()
        if day > until:
            return
        if day > first and day >= today:
            yield day


@dataclass(frozen=True)
class DateProposal:
    """A workshop that could be created, and what conflicts with it."""

    data: WorkshopData
    holidays: tuple[Holiday, ...] = ()
    busy: str = ""  # title of a workshop in the venue at that time
    busy_until: datetime | None = None
    is_twin: bool = False  # the office has one of that kind at that day and hour
    has_sibling: bool = False  # it has one of that kind on that day
    is_skipped: bool = False
    is_doubled: bool = False
    is_day_of_change: bool = False  # the clock goes forward or back

    @property
    def is_possible(self) -> bool:
        return not self.is_skipped

    @property
    def is_recommended(self) -> bool:
        """Whether the page ticks this date from the start."""
        return self.is_possible and not self.holidays and not self.is_twin

    @property
    def needs_attention(self) -> bool:
        """Whether the page asks before this date is used."""
        return not self.is_recommended or bool(self.busy_until) or self.is_doubled


def propose(
    session: Session, all_data: Sequence[WorkshopData], *, ignoring: Collection[int] = ()
) -> list[DateProposal]:
    """Returns the proposals for these workshops, with their conflicts.

    Each is compared with stored workshops, except those with the ids in `ignoring`, and with
    the ones before it in the list.
    """
    if not all_data:
        return []
    occupied = [
        _Occupied.from_workshop(each)
        for each in _list_nearby(session, all_data)
        if each.id not in ignoring
    ]
    found = []
    for data in all_data:
        found.append(_compare(data, occupied))
        occupied.append(_Occupied.from_data(data))
    return found


@dataclass(frozen=True)
class _Occupied:
    data: WorkshopData
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def from_data(cls, data: WorkshopData) -> "_Occupied":
        return cls(data, *workshop_data.compute_span(data))

    @classmethod
    def from_workshop(cls, workshop: Workshop) -> "_Occupied":
        return cls(workshop_service.get_data(workshop), workshop.starts_at, workshop.ends_at)

    def overlaps(self, other: "_Occupied") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def _compare(data: WorkshopData, occupied: Sequence[_Occupied]) -> DateProposal:
    ours = _Occupied.from_data(data)
    conflicts = [
        each
        for each in occupied
        if data.venue is not None and each.data.venue is data.venue and each.overlaps(ours)
    ]
    alike = [
        each
        for each in occupied
        if each.data.kind is data.kind
        and each.data.office is data.office
        and each.data.day == data.day
    ]
    venue = data.venue
    region, country = (venue.region if venue else data.office.region), data.office.country
    main = network_profile.current().main_language
    return DateProposal(
        data=data,
        holidays=tuple(holidays.list_holidays(data.day, country, region)),
        busy=conflicts[0].data.title.get(main, "") if conflicts else "",
        busy_until=conflicts[0].ends_at if conflicts else None,
        is_twin=any(each.data.starts == data.starts for each in alike),
        has_sibling=bool(alike),
        is_skipped=clock.is_skipped(data.day, data.starts, data.zone),
        is_doubled=clock.is_doubled(data.day, data.starts, data.zone),
        is_day_of_change=_is_clock_change(data.day, data.zone),
    )


def _is_clock_change(day: date, zone: ZoneInfo) -> bool:
    midnight = datetime.min.time()
    following = clock.instant(day + timedelta(days=1), midnight, zone)
    return following - clock.instant(day, midnight, zone) != timedelta(days=1)


def list_clock_changes(since: date, until: date, zone: ZoneInfo) -> list[date]:
    """The days from `since` to `until` on which the clocks of the zone change."""
    every = (since + timedelta(days=number) for number in range((until - since).days + 1))
    return [day for day in every if _is_clock_change(day, zone)]


def _list_nearby(session: Session, all_data: Sequence[WorkshopData]) -> Sequence[Workshop]:
    """Returns stored workshops near those days at the same venues, or of the same offices and
    kinds.
    """
    every = [data.day for data in all_data]
    venues = {data.venue.id for data in all_data if data.venue is not None}
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.day >= min(every) - timedelta(days=1),
            Workshop.day <= max(every) + timedelta(days=1),
            Workshop.status.in_(_OCCUPYING_STATUSES),
            sa.or_(
                Workshop.venue_id.in_(venues),
                sa.and_(
                    Workshop.office_id.in_({data.office.id for data in all_data}),
                    Workshop.kind_id.in_({data.kind.id for data in all_data}),
                ),
            ),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()


def create_workshops(
    session: Session,
    all_data: Sequence[WorkshopData],
    *,
    nonce: str,
    now: datetime,
    is_public: bool = False,
    phone: str = "",
    source: Workshop | None = None,
) -> list[Workshop]:
    """Creates these workshops, all or none. Raises Refusal, which names the day.

    The address of a discreet one is shown to no more people than by default at its venue.
    A nonce is used once: the second time nothing is created and nothing returned. Partners and
    speakers are copied from `source`. `phone` is that of the network, as in `publish_checks`."""
    if has_created(session, nonce):
        return []
    made = []
    for number, data in enumerate(all_data, 1):
        try:
            workshop = workshop_service.create(
                session,
                workshop_data.fit_visibility(data),
                now=now,
                external_id=f"desk {nonce} {number}",
            )
            if source is not None:
                partners.copy(session, source, workshop)
            if is_public:
                publish_checks.require_safe(session, workshop, now=now)
                workshop_service.publish(session, workshop, now=now, phone=phone)
        except Refusal as refusal:
            raise Refusal(ErrorCode.DATE_FAILED, day=data.day, cause=refusal) from None
        made.append(workshop)
    return made


def has_created(session: Session, nonce: str) -> bool:
    """Tells whether the form with this nonce has created its workshops already."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    Workshop.external_id.in_([f"desk {nonce}", f"desk {nonce} 1"]),
                )
            )
        )
    )


def find_or_create_series(
    session: Session, workshop: Workshop, name: str, *, now: datetime
) -> WorkshopSeries:
    """Returns the series of the workshop; if it has none, creates one of that name (or with a
    number).
    """
    if workshop.series is not None:
        return workshop.series
    there = {each.name for each in all_series.list_series(session, workshop.office)}
    names = (name, *(f"{name} ({number})" for number in range(2, len(there) + 3)))
    free = next(each for each in names if each not in there)
    series = all_series.find_or_create(session, workshop.office, free, is_joint=False)
    workshop_service.change(
        session, workshop, replace(workshop_service.get_data(workshop), series=series), now=now
    )
    return series
