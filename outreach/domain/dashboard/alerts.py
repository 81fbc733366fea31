"""Alerts: what wants action by the staff, the most serious first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain import outbox
from outreach.domain.dashboard import agenda
from outreach.domain.dashboard.pending_items import QUEUED_ALERTS, AlertType
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    address_approval,
    doubtful,
)
from outreach.domain.registrations.doubtful import DoubtfulSeats
from outreach.domain.reporting import missing_reports as late
from outreach.domain.roster import undecided_changes
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.keystore.bursts import BurstKeys

MANY_WAIT: Final = 5
ALMOST_FULL: Final = 90  # percent of the seats
IS_SOON: Final = timedelta(days=14)
REPORT_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Alert:
    alert_type: AlertType
    workshop: Workshop
    count: int = 0  # how many calls, parties, people, doubtful seats or letters
    parties: int = 0  # how many have the doubtful seats
    since: datetime | None = None  # the hour in which they began


def list_alerts(
    session: Session,
    *,
    edit: Collection[str],
    call: Collection[str],
    now: datetime,
    queued: Collection[str] = (),
    has_texts: bool = False,
    bursts: Sequence[BurstKeys] = (),
    limit: int = 50,
) -> list[Alert]:
    """Returns the alerts by type and day.

    `edit` and `call` are the slugs of the offices where the staff member may edit workshops or call
    people; `bursts` those that the key store has. For the offices `queued`, whose queue the staff
    member works off, what is in the queue (QUEUED_ALERTS) is left out.
    """
    not_queued = [slug for slug in edit if slug not in queued]
    found: dict[AlertType, list[Alert]] = {each: [] for each in AlertType}
    for each in _list_undelivered(
        session, [slug for slug in call if slug not in queued], now, has_texts
    ):
        found[each.alert_type].append(each)
    found[AlertType.DOUBTFUL] = _list_doubtful(session, bursts, not_queued, now, limit)
    seen: dict[AlertType, set[int]] = {}
    for rule in _RULES:
        alert_type = rule.alert_type
        slugs = not_queued if alert_type in QUEUED_ALERTS else edit
        rows = _rows(session, rule.condition(now), slugs, limit) if slugs else []
        superseded = {workshop_id for other in rule.superseded_by for workshop_id in seen[other]}
        seen[alert_type] = {row.id for row in rows}
        people = rule.count(session, rows) if rule.count is not None else {}
        found[alert_type] = [
            Alert(alert_type, row, people.get(row.id, 0))
            for row in rows
            if row.id not in superseded
        ]
    return [each for alert_type in AlertType for each in found[alert_type]][:limit]


def _rows(
    session: Session, condition: sa.ColumnElement[bool], offices: Collection[str], limit: int
) -> Sequence[Workshop]:
    is_of_offices = Workshop.office_id.in_(sa.select(Office.id).where(Office.slug.in_(offices)))
    return session.scalars(
        sa.select(Workshop)
        .outerjoin(Venue, Venue.id == Workshop.venue_id)
        .where(condition, is_of_offices)
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .limit(limit)
    ).all()


def _list_undelivered(
    session: Session, offices: Collection[str], now: datetime, has_texts: bool
) -> list[Alert]:
    """Returns alerts for calls and undelivered letters of workshops that are not over,
    cancelled first.
    """
    ids = session.scalars(sa.select(Office.id).where(Office.slug.in_(offices))).all()
    if not ids:
        return []
    todo = [
        each
        for each in outbox.to_do(session, ids, now=now, has_texts=has_texts)
        if not each.workshop.has_ended(now)
    ]
    todo.sort(key=lambda each: not each.workshop.is_cancelled)
    calls = [Alert(AlertType.CALLS, each.workshop, each.calls) for each in todo if each.calls]
    dead = [Alert(AlertType.LETTERS, each.workshop, each.dead) for each in todo if each.dead]
    return [*calls, *dead]


def _list_doubtful(
    session: Session,
    bursts: Sequence[BurstKeys],
    offices: Collection[str],
    now: datetime,
    limit: int,
) -> list[Alert]:
    """Returns one alert for each workshop and day with undecided bursts."""
    undecided = [each for each in bursts if each.decision is None]
    is_theirs = Workshop.id.in_({each.workshop for each in undecided})
    upcoming = sa.and_(
        is_theirs, Workshop.status == WorkshopStatus.PUBLISHED, Workshop.starts_at > now
    )
    workshops = {each.id: each for each in _rows(session, upcoming, offices, limit)}
    by_day: dict[tuple[int, date], list[DoubtfulSeats]] = {}
    shown = [each for each in undecided if each.workshop in workshops]
    for seats in doubtful.count_seats(session, shown):
        zone = workshops[seats.burst.workshop].zone
        day = seats.burst.began_at.astimezone(zone).date()
        by_day.setdefault((seats.burst.workshop, day), []).append(seats)
    return [
        Alert(
            AlertType.DOUBTFUL,
            workshops[workshop_id],
            sum(each.people for each in several),
            sum(each.parties for each in several),
            min(each.burst.began_at for each in several),
        )
        for (workshop_id, _day), several in by_day.items()
    ]


# The rules: conditions of a query that has an outer join of the venue.


def _is_missing_report(now: datetime) -> sa.ColumnElement[bool]:
    """Returns the condition for workshops that are over for more than a day and not reported."""
    return sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.ends_at <= now - REPORT_AFTER,
        Workshop.ends_at > now - late.WITHIN,
    )


def _awaits_approval(now: datetime) -> sa.ColumnElement[bool]:
    decided_by = now + address_approval.DECIDED_BEFORE
    return sa.and_(address_approval.has_awaiting(now), Workshop.starts_at > decided_by)


def _exposed(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Workshop.ends_at > now,
        Workshop.status.in_([WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED]),
        Workshop.visibility == Visibility.PUBLIC,
        Workshop.venue_id.is_not(None),
        Workshop.is_discreet.is_(True),
    )


def _without_venue(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Workshop.ends_at > now,
        Workshop.starts_at <= now + IS_SOON,
        Workshop.status.in_([WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED]),
        Workshop.mode.in_([mode for mode in DeliveryMode if mode.has_venue]),
        Workshop.venue_id.is_(None),
    )


def _is_waitlist_long(now: datetime) -> sa.ColumnElement[bool]:
    """Returns the condition for workshops where many people wait, and the venue has room for
    more.
    """
    # A subquery for each upcoming workshop; a join would sum up those of all years.
    queue = (
        sa.select(sa.func.sum(Registration.people))
        .where(
            Registration.workshop_id == Workshop.id,
            Registration.status == RegistrationStatus.WAITLISTED,
            Registration.is_released.is_(False),
        )
        .scalar_subquery()
    )
    has_room = sa.or_(Venue.capacity.is_(None), Venue.capacity > Workshop.capacity)
    is_on = sa.and_(Workshop.status == WorkshopStatus.PUBLISHED, Workshop.starts_at > now)
    return sa.and_(is_on, has_room, queue >= MANY_WAIT)


def _unpublished(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        Workshop.status == WorkshopStatus.DRAFT,
        Workshop.ends_at > now,
        Workshop.starts_at <= now + IS_SOON,
    )


def _full(now: datetime) -> sa.ColumnElement[bool]:
    taken = Workshop.capacity + Workshop.overbooked - Workshop.seats_left - Workshop.held_seats
    return sa.and_(
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.starts_at > now,
        Workshop.way.in_([Way.PLACE, Way.SLOTS, Way.UNLISTED]),
        Workshop.capacity > 0,
        taken * 100 >= Workshop.capacity * ALMOST_FULL,
    )


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """The condition under which a workshop causes an alert."""

    alert_type: AlertType
    condition: Callable[[datetime], sa.ColumnElement[bool]]
    """The condition is added to a query that has an outer join of the venue."""
    count: Callable[[Session, Sequence[Workshop]], Mapping[int, int]] | None = None
    """Counts the people whom the alert is about, by id of workshop."""
    superseded_by: tuple[AlertType, ...] = ()
    """Alerts of earlier rules that are more serious and say the same; a workshop with one of them
    does not get this one."""


# Calls, letters and doubtful seats have no condition: they are read from other tables.
_RULES: Final[tuple[AlertRule, ...]] = (
    AlertRule(alert_type=AlertType.MISSING_REPORT, condition=_is_missing_report),
    AlertRule(
        alert_type=AlertType.APPROVAL_OVERDUE,
        condition=address_approval.is_overdue,
        count=address_approval.count_by_workshop,
    ),
    AlertRule(alert_type=AlertType.UNDECIDED, condition=undecided_changes.awaits_decision),
    AlertRule(
        alert_type=AlertType.APPROVAL,
        condition=_awaits_approval,
        count=address_approval.count_by_workshop,
    ),
    AlertRule(alert_type=AlertType.EXPOSED, condition=_exposed),
    AlertRule(alert_type=AlertType.NO_VENUE, condition=_without_venue),
    AlertRule(
        alert_type=AlertType.WAITING, condition=_is_waitlist_long, count=agenda.count_waiting
    ),
    AlertRule(
        alert_type=AlertType.UNPUBLISHED,
        condition=_unpublished,
        superseded_by=(AlertType.NO_VENUE,),
    ),
    AlertRule(alert_type=AlertType.FULL, condition=_full, superseded_by=(AlertType.WAITING,)),
)
