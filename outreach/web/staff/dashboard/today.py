"""The first page: workshops of today, alerts, the next seven days, the month to date."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.dashboard import agenda, alerts
from outreach.domain.dashboard.alerts import Alert
from outreach.domain.dashboard.pending_items import AlertType, WorkSort
from outreach.domain.network import advocate_review, fraud_reports, help_lines
from outreach.domain.network.fraud_reports import FraudSign
from outreach.domain.network.staff import ALL_OFFICES, Permission, get_office_slugs
from outreach.domain.newsletter import bulletins
from outreach.domain.scheduling import calendar_links, import_drafts
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.i18n import gettext as _
from outreach.keystore import bursts
from outreach.mail.text_budget import TextBudget, Usage
from outreach.web.context import config, key_store, store
from outreach.web.presentation import fraud_labels
from outreach.web.staff.common import pending_work, queue_labels, workshop_labels
from outreach.web.staff.common.guards import current_staff, has_permission, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.dashboard import (
    alert_rows,
    blueprint,
    first_day,
    network_month,
    unfinished_drafts,
)

# For so long after its end a workshop of yesterday stays at the door: the last people are counted.
AFTER_END: Final = timedelta(hours=3)
WEEK: Final = timedelta(days=7)
MAX_SHEETS: Final = 3  # half imported, or calendars that differ; the page of imports has all
MAX_ROWS: Final = 40  # in each list; the workshop list has them all


@blueprint.get("/")
@requires(Scope.SIGNED_IN)
def today() -> ResponseReturnValue:
    now, own = clock.now(), get_office_slugs(current_staff().grants)
    with store().read() as session:
        steps = first_day.list_steps(session)
        near = agenda.list_workshops(session, own, *_around(now), limit=1000)
        open_alerts = _alerts(session, now)
        offices = (
            [] if ALL_OFFICES in current_staff().grants else offices_with(session, Permission.SEE)
        )
        local_day = now.astimezone(offices[0].zone).date() if offices else clock.network_day(now)
        month = Month.from_day(local_day)
        so_far = agenda.count_month_to_date(session, own, month, now=now)
        following = agenda.find_next(session, own, now=now)
        own_offices = pending_work.own_offices(current_staff().grants)
        waiting = _list_waiting(session, own_offices, now)
        frauds = _recent_frauds(session, now)
        drafts = unfinished_drafts.list_rows(session, now=now)
        is_admin = has_permission(Permission.NETWORK, ALL_OFFICES)
        is_review_due = is_admin and advocate_review.is_due(session, today=clock.network_day(now))
        editable = [each.slug for each in offices if has_permission(Permission.EDIT, each.slug)]
        sheets = import_drafts.list_pending(session, editable, now=now)
        calendars = calendar_links.list_differing(session, editable)
        are_lines_due = is_admin and help_lines.is_due(session, today=clock.network_day(now))
        editions = bulletins.list_undecided(session) if is_admin else ()
        closing = network_month.load(session, now=now) if is_admin and not steps else None
    ahead = [each for each in near if not _is_on(each, now) and _is_ahead(each, now)]
    return page(
        "dashboard/today",
        date=local_day,
        today=[each for each in near if _is_on(each, now)][:MAX_ROWS],
        ahead=ahead[:MAX_ROWS],
        is_cut=len(ahead) > MAX_ROWS,
        waiting=waiting,
        own_offices=sorted(own_offices),
        wanted=alert_rows.build(open_alerts, now=now),
        following=following,
        drafts=drafts,
        steps=steps,
        done_message=_done_message(),
        so_far=so_far,
        month=month,
        rate=round(100 * so_far.came / so_far.expected) if so_far.expected else None,
        now=now,
        words=workshop_labels,
        may=has_permission,
        texts=_high_text_usage(),
        frauds=frauds,
        sign_words=fraud_labels.sign_words,
        is_review_due=is_review_due,
        are_lines_due=are_lines_due,
        bulletin_months=[Month.from_number(each.month) for each in editions],
        sheets=sheets[:MAX_SHEETS],
        calendars=calendars[:MAX_SHEETS],
        closing=closing,
    )


def _done_message() -> str:
    done: dict[str, str] = {"borrado": _("Se borró lo que estaba sin terminar.")}
    return done.get(request.args.get("hecho", ""), "")


def _list_waiting(
    session: Session, slugs: Collection[str], now: datetime
) -> list[tuple[WorkSort, str, int]]:
    """Returns what waits in the queue of these offices: sort, its name, how many."""
    lines = pending_work.load(session, slugs, now=now)
    return [
        (sort, str(queue_labels.LABELS[sort].name), number)
        for sort, number in pending_work.sum_by_sort(lines).items()
    ]


def _recent_frauds(session: Session, now: datetime) -> dict[FraudSign, int]:
    """Returns what people told of fraud within a week, for those who answer for the whole
    network."""
    if not has_permission(Permission.NETWORK, ALL_OFFICES):
        return {}
    return fraud_reports.sum_since(session, clock.network_day(now - WEEK))


def _high_text_usage() -> Usage | None:
    """Returns how many texts of the day are sent, once it is half of them."""
    if not config().texts.url:
        return None
    usage = TextBudget(config(), key_store()).usage()
    return usage if usage.is_high else None


def _alerts(session: Session, now: datetime) -> list[Alert]:
    """The alerts of the offices where the staff member may act on them, without what the queue of
    their own offices has. A full workshop is a matter of its office."""
    grants = current_staff().grants
    found = alerts.list_alerts(
        session,
        edit=[office.slug for office in offices_with(session, Permission.EDIT)],
        call=[office.slug for office in offices_with(session, Permission.CONTACTS)],
        queued=pending_work.own_offices(grants),
        now=now,
        has_texts=bool(config().texts.url),
        bursts=bursts.list_bursts(key_store().store, key_store().today()),
    )
    if ALL_OFFICES not in grants:
        return found
    return [
        each
        for each in found
        if each.alert_type is not AlertType.FULL or each.workshop.office.slug in grants
    ]


@blueprint.get("/entrada")
@requires(Scope.SIGNED_IN)
def checkins() -> ResponseReturnValue:
    """Shows the workshops of today with a check-in, and one that has just ended past midnight; a
    single one is opened at once."""
    now, own = clock.now(), get_office_slugs(current_staff().grants)
    with store().read() as session:
        near = agenda.list_workshops(session, own, *_around(now), limit=1000)
        following = agenda.find_next(session, own, now=now)
    open_checkins = [
        each
        for each in near
        if (_is_on(each, now) or each.ends_at <= now < each.ends_at + AFTER_END)
        and _has_checkin(each)
        and has_permission(Permission.DOOR, each.office.slug)
    ]
    if len(open_checkins) == 1 and request.args.get("ver") != "todos":
        return redirect(f"/org/talleres/{open_checkins[0].public_id}/entrada", 303)
    return page(
        "checkin/choose_workshop",
        there=open_checkins,
        following=following,
        words=workshop_labels,
        now=now,
        may=has_permission,
    )


def _around(now: datetime) -> tuple[date, date]:
    # Including the day before and after: the date differs between offices.
    return now.date() - timedelta(days=1), now.date() + WEEK + timedelta(days=2)


def _is_on(workshop: Workshop, now: datetime) -> bool:
    """Whether a workshop takes place today, or started yesterday and has not ended."""
    is_today = workshop.day == now.astimezone(workshop.zone).date()
    return is_today or workshop.starts_at <= now < workshop.ends_at


def _is_ahead(workshop: Workshop, now: datetime) -> bool:
    local_day = now.astimezone(workshop.zone).date()
    return (
        local_day < workshop.day <= local_day + WEEK
        and workshop.status is not WorkshopStatus.CANCELLED
    )


def _has_checkin(workshop: Workshop) -> bool:
    return workshop.status in {WorkshopStatus.PUBLISHED, WorkshopStatus.HELD}
