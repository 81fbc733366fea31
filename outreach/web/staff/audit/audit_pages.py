"""The pages of the audit log: for one workshop, an office or the whole network."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditLine, AuditQuery
from outreach.domain.network import offices, staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.i18n import gettext as _
from outreach.privacy import audit_verification
from outreach.web.context import key_store, store
from outreach.web.presentation.formatting import day as day_words
from outreach.web.presentation.formatting import first_capital, month_and_year
from outreach.web.staff.audit import audit_labels, audit_rows, blueprint
from outreach.web.staff.audit.audit_labels import AuditSubject
from outreach.web.staff.audit.audit_rows import AuditRow
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import find_workshop, has_permission, offices_with, page
from outreach.web.staff.common.permissions import Scope, requires

PAGE_SIZE: Final = 100


@dataclass(frozen=True)
class AuditParams:
    """The parsed query string; an unreadable value counts as absent."""

    month: Month | None
    about: AuditSubject | None
    who: int | None
    before: int | None

    def query(self, **changes: object) -> str:
        values = {"mes": self.month, "que": self.about, "quien": self.who} | changes
        return "?" + "&".join(f"{key}={value}" for key, value in values.items() if value)


@blueprint.get("/bitacora")
@requires(Scope.NETWORK, Permission.NETWORK)
def network_log() -> ResponseReturnValue:
    """Shows all entries; with `revisar`, also the result of verifying the hash chain."""
    broken = (
        audit_verification.find_errors(store(), key_store()) if "revisar" in request.args else None
    )
    with store().read() as session:
        return _log_page(session, None, broken=broken)


@blueprint.get("/bitacora/<slug>")
@requires(Scope.OFFICE, Permission.EDIT)
def office_log(slug: str) -> ResponseReturnValue:
    with store().read() as session:
        return _log_page(session, offices.find(session, slug))


@blueprint.get("/talleres/<public_id>/bitacora")
@requires(Scope.WORKSHOP, Permission.EDIT)
def workshop_log(public_id: str) -> ResponseReturnValue:
    params = _read_params()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        query = AuditQuery(workshop_id=workshop.id, before=params.before)
        entries = audit_log.lines(session, query, limit=PAGE_SIZE + 1)
        days = _days(session, entries[:PAGE_SIZE], workshop.zone, is_of_one=True)
    return page(
        "audit/workshop_log",
        workshop=workshop,
        days=days,
        more=_older_query(params, entries),
        words=workshop_labels,
    )


def _log_page(
    session: Session, office: Office | None, broken: list[str] | None = None
) -> ResponseReturnValue:
    params, slug = _read_params(), office.slug if office else None
    zone = office.zone if office else clock.headquarters_zone()
    query = AuditQuery(
        office=slug,
        organizer_id=params.who,
        actions=audit_labels.actions_about(params.about),
        since=clock.instant(params.month.first, time(0), zone) if params.month else None,
        until=clock.instant(params.month.following.first, time(0), zone) if params.month else None,
        before=params.before,
    )
    entries = audit_log.lines(session, query, limit=PAGE_SIZE + 1)
    is_admin = has_permission(Permission.NETWORK, ALL_OFFICES)
    return page(
        "audit/log",
        asked=params,
        office=office,
        offices=offices_with(session, Permission.EDIT),
        is_admin=is_admin,
        months=_months(audit_log.first_at(session, slug), zone),
        writers=audit_log.writers(session, slug),
        abouts=[(each.value, audit_labels.about_words(each)) for each in AuditSubject],
        days=_days(session, entries[:PAGE_SIZE], zone, is_of_one=False),
        more=_older_query(params, entries),
        zone=zone,
        broken=broken,
        count=audit_verification.count(store()) if broken is not None else 0,
        words=workshop_labels,
    )


def _days(
    session: Session, lines: Sequence[AuditLine], zone: ZoneInfo, *, is_of_one: bool
) -> list[tuple[str, list[AuditRow]]]:
    """The entries by the local day on which they were written, the newest first."""
    cities = {each.slug: each.city for each in offices.list_offices(session)}
    accounts = {each.id: each.label for each in staff.list_staff(session)}
    today = clock.now().astimezone(zone).date()
    by_day: dict[date, list[AuditRow]] = defaultdict(list)
    for line in lines:
        row = audit_rows.describe(line, zone, cities, accounts, is_of_one=is_of_one)
        by_day[row.at.date()].append(row)
    return [(_day_words(day, today), rows) for day, rows in by_day.items()]


def _day_words(day: date, today: date) -> str:
    words: str = day_words(day)
    if day.year != today.year:
        words = _("%(day)s de %(year)d", day=words, year=day.year)
    return _("Hoy, %(day)s", day=words) if day == today else first_capital(words)


def _months(first: datetime | None, zone: ZoneInfo) -> list[tuple[str, str]]:
    """The months that have entries, the newest first; at most 14."""
    current = Month.from_day(clock.now().astimezone(zone).date())
    oldest = Month.from_day(first.astimezone(zone).date()) if first else current
    options: list[tuple[str, str]] = []
    month = current
    while month >= oldest and len(options) < 14:
        options.append((str(month), first_capital(month_and_year(month.first))))
        month = month.plus(-1)
    return options


def _older_query(params: AuditParams, entries: Sequence[AuditLine]) -> str:
    """The query of the page with older entries; empty when there are none."""
    return params.query(antes=entries[PAGE_SIZE - 1].id) if len(entries) > PAGE_SIZE else ""


def _read_params() -> AuditParams:
    query: Any = request.args
    about = query.get("que", "")
    return AuditParams(
        month=_month(query.get("mes", "")),
        about=AuditSubject(about) if about in set(AuditSubject) else None,
        who=_number(query.get("quien", "")),
        before=_number(query.get("antes", "")),
    )


def _month(text: str) -> Month | None:
    try:
        month = Month.parse(text)
    except ValueError:
        return None
    return month if Month(2015, 1) <= month < Month(2100, 1) else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
