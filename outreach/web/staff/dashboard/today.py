"""Today: what is on, what wants attention, the next seven days, the month so far."""

from datetime import date, datetime, timedelta
from typing import Final

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda, alerts
from outreach.domain.dashboard.alerts import Alert
from outreach.domain.network.staff import ALL_OFFICES, Permission, get_office_slugs
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.web.context import config, store
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import current_staff, has_permission, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import blueprint

WEEK: Final = timedelta(days=7)
AT_MOST: Final = 40  # a member of headquarters has hundreds a week: the list has them all


@blueprint.get("/")
@requires(Scope.SIGNED_IN)
def today() -> ResponseReturnValue:
    now, mine = clock.now(), get_office_slugs(current_staff().grants)
    with store().read() as session:
        near = agenda.list_workshops(session, mine, *_around(now), limit=1000)
        wanted = _wanted(session, now)
        offices = (
            [] if ALL_OFFICES in current_staff().grants else offices_with(session, Permission.SEE)
        )
        here = now.astimezone(offices[0].zone).date() if offices else now.date()
        month = Month.of(here)
        so_far = agenda.count_month_to_date(session, mine, month, now=now)
        following = agenda.find_next(session, mine, now=now)
    ahead = [each for each in near if not _is_on(each, now) and _is_ahead(each, now)]
    return page(
        "dashboard/today",
        date=here,
        today=[each for each in near if _is_on(each, now)][:AT_MOST],
        ahead=ahead[:AT_MOST],
        is_cut=len(ahead) > AT_MOST,
        wanted=wanted,
        following=following,
        so_far=so_far,
        month=month,
        rate=round(100 * so_far.came / so_far.expected) if so_far.expected else None,
        now=now,
        words=workshop_labels,
        may=has_permission,
    )


def _wanted(session: Session, now: datetime) -> list[Alert]:
    """Of the offices where one may do something about it."""
    return alerts.list_alerts(
        session,
        edit=[office.slug for office in offices_with(session, Permission.EDIT)],
        call=[office.slug for office in offices_with(session, Permission.CONTACTS)],
        now=now,
        has_texts=bool(config().texts.url),
    )


@blueprint.get("/entrada")
@requires(Scope.SIGNED_IN)
def checkins() -> ResponseReturnValue:
    """The doors one may stand at today; straight to it when there is one."""
    now, mine = clock.now(), get_office_slugs(current_staff().grants)
    with store().read() as session:
        near = agenda.list_workshops(session, mine, *_around(now), limit=1000)
    there = [
        each
        for each in near
        if _is_on(each, now)
        and _has_door(each)
        and has_permission(Permission.DOOR, each.office.slug)
    ]
    if len(there) == 1:
        return redirect(f"/org/talleres/{there[0].public_id}/entrada", 303)
    return page(
        "checkin/choose_workshop", there=there, words=workshop_labels, now=now, may=has_permission
    )


def _around(now: datetime) -> tuple[date, date]:
    # The day before and after too: it is not the same day at every office.
    return now.date() - timedelta(days=1), now.date() + WEEK + timedelta(days=2)


def _is_on(workshop: Workshop, now: datetime) -> bool:
    """Whether it is held today, or still going on from last night."""
    is_today = workshop.day == now.astimezone(workshop.zone).date()
    return is_today or workshop.starts_at <= now < workshop.ends_at


def _is_ahead(workshop: Workshop, now: datetime) -> bool:
    here = now.astimezone(workshop.zone).date()
    return here < workshop.day <= here + WEEK and workshop.status is not WorkshopStatus.CANCELLED


def _has_door(workshop: Workshop) -> bool:
    return workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}
