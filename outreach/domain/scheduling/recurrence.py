"""One workshop on many days: which days a rule means, what is in the way of each, and making them.

What is made are workshops of their own, each with its places, its link and its own way from there.
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

from outreach import clock
from outreach.domain.locations import holidays
from outreach.domain.locations.holidays import Holiday
from outreach.domain.scheduling import workshop_service
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import Workshop, WorkshopStatus, partners, publish_checks
from outreach.domain.workshops import series as all_series
from outreach.domain.workshops.series import WorkshopSeries
from outreach.errors import ErrorCode, Refused

MAX_DATES: Final = 60  # dates at once
MAX_AHEAD: Final = timedelta(days=3 * 366)
_IN_A_MONTH: Final = 7
_THERE: Final = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED, WorkshopStatus.HELD)


class RecurrenceUnit(StrEnum):
    WEEK = "semana"
    TWO_WEEKS = "dos-semanas"
    MONTH = "mes"  # the second Saturday
    LAST = "ultimo"  # the last Saturday


@dataclass(frozen=True)
class RecurrenceRule:
    """Until a day, or so many times; of weeks, on these days of them (Monday is 0)."""

    every: RecurrenceUnit
    weekdays: frozenset[int] = frozenset()
    until: date | None = None
    count: int | None = None


def week_of_month(day: date) -> int:
    """Which of its month's Saturdays a Saturday is: 1 to 5."""
    return (day.day - 1) // _IN_A_MONTH + 1


def is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=_IN_A_MONTH)).month != day.month


def list_days(rule: RecurrenceRule, first: date, *, today: date) -> list[date]:
    """The days the rule means after `first`, from today on. Raises Refused, for too many too."""
    if rule.until is None and rule.count is None:
        raise Refused(ErrorCode.RECURRENCE_WITHOUT_END)
    if rule.every in {RecurrenceUnit.WEEK, RecurrenceUnit.TWO_WEEKS} and not rule.weekdays:
        raise Refused(ErrorCode.RECURRENCE_WITHOUT_WEEKDAY)
    if rule.count is not None and not 1 <= rule.count <= MAX_DATES:
        raise Refused(ErrorCode.RECURRENCE_COUNT_OUT_OF_RANGE, most=MAX_DATES)
    if rule.until is not None and rule.until > today + MAX_AHEAD:
        raise Refused(ErrorCode.RECURRENCE_TOO_FAR)
    most = rule.count or MAX_DATES + 1
    found = list(islice(_after(rule, first, today), most))
    if len(found) > MAX_DATES:
        raise Refused(ErrorCode.RECURRENCE_TOO_MANY_DATES, most=MAX_DATES)
    if not found:
        raise Refused(ErrorCode.RECURRENCE_WITHOUT_DATES)
    return found


def _after(rule: RecurrenceRule, first: date, today: date) -> Iterator[date]:
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
            wkst=rrule.SU,  # as the calendars of the staff
        )
    for moment in found:
        day = moment.date()
        if day > until:
            return
        if day > first and day >= today:
            yield day


@dataclass(frozen=True)
class DateProposal:
    """A workshop that could be made, and what one wants to know before."""

    plan: WorkshopData
    holidays: tuple[Holiday, ...] = ()
    busy: str = ""  # what holds the venue at that hour: a title
    busy_until: datetime | None = None
    is_twin: bool = False  # the office has one of that kind on that day, at that hour
    has_sibling: bool = False  # it has one of that kind on that day
    is_skipped: bool = False
    is_doubled: bool = False
    is_day_of_change: bool = False  # the clock goes forward or back

    @property
    def can_be(self) -> bool:
        return not self.is_skipped

    @property
    def is_advised(self) -> bool:
        """Whether one would make it without thinking twice."""
        return self.can_be and not self.holidays and not self.is_twin

    @property
    def wants_a_look(self) -> bool:
        """Whether one would rather have been told."""
        return not self.is_advised or bool(self.busy_until) or self.is_doubled


def propose(
    session: Session, plans: Sequence[WorkshopData], *, ignoring: Collection[int] = ()
) -> list[DateProposal]:
    """What is in the way of each: of what there is, but for the workshops with these ids, and of
    the plans before it in the list."""
    if not plans:
        return []
    taken = [_Taken.by(each) for each in _around(session, plans) if each.id not in ignoring]
    found = []
    for plan in plans:
        found.append(_look(plan, taken))
        taken.append(_Taken.of(plan))
    return found


@dataclass(frozen=True)
class _Taken:
    plan: WorkshopData
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, plan: WorkshopData) -> "_Taken":
        return cls(plan, *clock.span(plan.day, plan.starts, plan.ends, plan.zone))

    @classmethod
    def by(cls, workshop: Workshop) -> "_Taken":
        return cls(workshop_service.get_data(workshop), workshop.starts_at, workshop.ends_at)

    def overlaps(self, other: "_Taken") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def _look(plan: WorkshopData, taken: Sequence[_Taken]) -> DateProposal:
    ours = _Taken.of(plan)
    in_the_way = [
        each
        for each in taken
        if plan.venue is not None and each.plan.venue is plan.venue and each.overlaps(ours)
    ]
    alike = [
        each
        for each in taken
        if each.plan.kind is plan.kind
        and each.plan.office is plan.office
        and each.plan.day == plan.day
    ]
    venue = plan.venue
    region, country = (venue.region if venue else plan.office.region), plan.office.country
    return DateProposal(
        plan=plan,
        holidays=tuple(holidays.list_holidays(plan.day, country, region)),
        busy=in_the_way[0].plan.title.get("es", "") if in_the_way else "",
        busy_until=in_the_way[0].ends_at if in_the_way else None,
        is_twin=any(each.plan.starts == plan.starts for each in alike),
        has_sibling=bool(alike),
        is_skipped=clock.is_skipped(plan.day, plan.starts, plan.zone),
        is_doubled=clock.is_doubled(plan.day, plan.starts, plan.zone),
        is_day_of_change=_is_day_of_change(plan.day, plan.zone),
    )


def _is_day_of_change(day: date, zone: ZoneInfo) -> bool:
    midnight = datetime.min.time()
    following = clock.instant(day + timedelta(days=1), midnight, zone)
    return following - clock.instant(day, midnight, zone) != timedelta(days=1)


def list_clock_changes(since: date, until: date, zone: ZoneInfo) -> list[date]:
    """The days, from one to the other, on which the clock there goes forward or back."""
    every = (since + timedelta(days=number) for number in range((until - since).days + 1))
    return [day for day in every if _is_day_of_change(day, zone)]


def _around(session: Session, plans: Sequence[WorkshopData]) -> Sequence[Workshop]:
    """What there is on those days, or the one before or after, of these venues and offices."""
    every = [plan.day for plan in plans]
    venues = {plan.venue.id for plan in plans if plan.venue is not None}
    return session.scalars(
        sa.select(Workshop)
        .where(
            Workshop.day >= min(every) - timedelta(days=1),
            Workshop.day <= max(every) + timedelta(days=1),
            Workshop.status.in_(_THERE),
            sa.or_(
                Workshop.venue_id.in_(venues),
                sa.and_(
                    Workshop.office_id.in_({plan.office.id for plan in plans}),
                    Workshop.kind_id.in_({plan.kind.id for plan in plans}),
                ),
            ),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    ).all()


def create_workshops(
    session: Session,
    plans: Sequence[WorkshopData],
    *,
    nonce: str,
    now: datetime,
    is_public: bool = False,
    phone: str = "",
    source: Workshop | None = None,
) -> list[Workshop]:
    """All of them, or none: raises Refused, with the day it is about. One nonce makes one set:
    where it has made one before, nothing is made and nothing returned. Who gives `source` gives
    them too; `phone` is the network's, as in `publish_checks`."""
    if has_created(session, nonce):
        return []
    made = []
    for number, plan in enumerate(plans, 1):
        try:
            workshop = workshop_service.create(
                session, plan, now=now, external_id=f"desk {nonce} {number}"
            )
            if source is not None:
                partners.copy(session, source, workshop)
            if is_public:
                publish_checks.require_safe(session, workshop, now=now)
                workshop_service.publish(session, workshop, now=now, phone=phone)
        except Refused as refusal:
            raise Refused(ErrorCode.DATE_FAILED, day=plan.day, cause=refusal) from None
        made.append(workshop)
    return made


def has_created(session: Session, nonce: str) -> bool:
    """Whether the form with this number has made its workshops already."""
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
    """The series the workshop is in; a new one of that name, or nearly, with it in it."""
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
