"""Reminds the offices that have not reported a month: a sheet first, then letters on hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock, formats, i18n
from outreach.clock import Month
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import staff
from outreach.domain.network.staff import Permission
from outreach.domain.newsletter import report_reminders
from outreach.domain.newsletter.report_reminders import NoReach, OfficeReach
from outreach.domain.registrations.change_notifications import NotifyMode
from outreach.errors import Refusal
from outreach.i18n import current, ngettext
from outreach.i18n import gettext as _
from outreach.mail import preview
from outreach.reports import coverage
from outreach.reports.coverage import CoverageRow
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.presentation import formatting
from outreach.web.staff.common import mailing_sheet
from outreach.web.staff.common.guards import log_office_action
from outreach.web.staff.common.mailing_sheet import MailingSheet, OfficeLine, UnreachedOffices
from outreach.web.staff.common.notify_sheet import MODE_FIELD
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels
from outreach.web.staff.months.report_matrix import show_matrix

MAX_NAMED: Final = 3  # accounts of an office


@blueprint.post("/mes/<month>/recordar")
@requires(Scope.NETWORK, Permission.NETWORK)
def remind(month: str) -> ResponseReturnValue:
    """Shows who of the offices that are late would get a reminder and who cannot; then queues it
    for the offices that the form names."""
    wanted, now = month_access.month_of(month), clock.now()
    is_decided = request.form.get(MODE_FIELD) == NotifyMode.NOTIFY
    chosen = frozenset(request.form.getlist("office"))
    with store().change() as session:
        late = {row.slug: row for row in coverage.matrix(session, wanted, None, now=now).late}
        reach = report_reminders.find_reach(session, late, wanted, now=now)
        reached = [each for each in reach if each.account_ids]
        names = staff.list_names(
            session, {each for office in reached for each in office.account_ids}
        )
        sent_to = [each for each in reached if each.slug in chosen]
        if is_decided and sent_to:
            letters = report_reminders.remind(session, sent_to, wanted, now=now)
            details: Details = {"month": str(wanted), "letters": letters}
            log_office_action(session, "", "month.remind", details)
    if is_decided and sent_to:
        return redirect(f"/org/mes/{wanted}", 303)
    sheet = _describe(wanted, late, reach, names)
    if is_decided:
        fault = _("Elige al menos una oficina.") if reached else _("Ya no falta avisar.")
        sheet = replace(sheet, fault=fault)
    return mailing_sheet.show(sheet, back=f"/org/mes/{wanted}")


@blueprint.post("/mes/<month>/recordar/deshacer")
@requires(Scope.NETWORK, Permission.NETWORK)
def undo_reminders(month: str) -> ResponseReturnValue:
    """Deletes the reminders of a month that are not sent yet."""
    wanted, now = month_access.month_of(month), clock.now()
    try:
        with store().change() as session:
            letters = report_reminders.undo(session, wanted, now=now)
            details: Details = {"month": str(wanted), "letters": letters}
            log_office_action(session, "", "month.remind undone", details)
    except Refusal as refusal:
        return show_matrix(wanted, fault=error_messages.say(refusal))
    return redirect(f"/org/mes/{wanted}?hecho=detenido", 303)


def _describe(
    month: Month,
    late: Mapping[str, CoverageRow],
    reach: list[OfficeReach],
    names: Mapping[int, str],
) -> MailingSheet:
    """The sheet. The offices are in the order of the page; `names` are those of accounts, by id."""
    reached = [each for each in reach if each.account_ids]
    people = len({account_id for each in reached for account_id in each.account_ids})
    letter = preview.of_reminder(month, current(), config(), now=clock.now())
    return MailingSheet(
        title=ngettext("Recordar a %(num)d oficina", "Recordar a %(num)d oficinas", len(late)),
        lead=_lead(month, late),
        recipients=_people_words(people, len(reached)) if people else _("Nadie recibe aviso."),
        offices=[_line(late[each.slug], each, names) for each in reached],
        unreached=_group_unreached(late, reach),
        unreached_count=len(reach) - len(reached),
        letters=[(current(), i18n.NAMES[current()], letter)] if people else (),
        button=_("Enviar los recordatorios"),
        telling=ngettext("Enviar a %(num)d persona", "Enviar a %(num)d personas", people)
        if people
        else "",
        no_button=_("No enviar") if people else _("Volver"),
        can_decide=False,
        here="month",
    )


def _lead(month: Month, late: Mapping[str, CoverageRow]) -> str:
    """Returns what is missing: «Lo que falta de noviembre de 2026: 31 reportes»."""
    what: str = _("Lo que falta de %(month)s", month=formatting.month_and_year(month.first))
    pending = sum(row.pending for row in late.values())
    if not pending:
        return what
    reports = ngettext("%(num)d reporte", "%(num)d reportes", pending)
    return f"{what}: {reports}"


def _people_words(people: int, number: int) -> str:
    who = ngettext("Le llega a %(num)d persona", "Les llega a %(num)d personas", people)
    where = ngettext("de %(num)d oficina", "de %(num)d oficinas", number)
    return f"{who} {where}"


def _line(row: CoverageRow, reach: OfficeReach, names: Mapping[int, str]) -> OfficeLine:
    """Returns the line of an office: «Rubén Garza y Ana Cruz · le faltan 5 reportes · se le recordó
    el 3 nov»."""
    parts = [_name_people(reach.account_ids, names), _pending_words(row)]
    if row.reminded_at is not None:
        parts.append(_("se le recordó el %(day)s", day=month_labels.slim_date(row.reminded_at)))
    if reach.undelivered_count:
        parts.append(
            ngettext(
                "a %(num)d no le llegó la última carta",
                "a %(num)d no les llegó la última carta",
                reach.undelivered_count,
            )
        )
    return OfficeLine(row.slug, row.city, " · ".join(parts))


def _name_people(account_ids: Sequence[int], names: Mapping[int, str]) -> str:
    """Returns the first names, and how many more there are; empty for nobody. The page has no
    address."""
    known = sorted(names[each] for each in account_ids if each in names)[:MAX_NAMED]
    more = len(account_ids) - len(known)
    if known and more:
        known.append(ngettext("%(num)d persona más", "%(num)d personas más", more))
    elif more:
        known.append(ngettext("%(num)d persona", "%(num)d personas", more))
    return formats.join_words(known, current()) if known else ""


def _pending_words(row: CoverageRow) -> str:
    if not row.pending:
        return _("no ha dicho nada")
    return ngettext("le falta %(num)d reporte", "le faltan %(num)d reportes", row.pending)


def _group_unreached(
    late: Mapping[str, CoverageRow], reach: Sequence[OfficeReach]
) -> list[UnreachedOffices]:
    """The offices that nothing is sent to, by cause. Those that have held workshops without a
    report say how many."""
    groups = []
    for cause in NoReach:
        rows = [late[each.slug] for each in reach if each.cause is cause]
        if not rows:
            continue
        names = [f"{row.city} ({_pending_words(row)})" if row.pending else row.city for row in rows]
        groups.append(UnreachedOffices(_cause(cause), names, *_remedy(cause)))
    return groups


def _cause(cause: NoReach) -> str:
    words: dict[NoReach, str] = {
        NoReach.NO_ACCOUNT: _("Nadie tiene cuenta"),
        NoReach.DISABLED: _("Sus cuentas están suspendidas"),
        NoReach.UNCONFIRMED: _("Nadie ha usado su invitación: no sabemos si su correo es suyo"),
        NoReach.REMINDED: _("Ya se les recordó en las últimas 24 horas"),
    }
    return words[cause]


def _remedy(cause: NoReach) -> tuple[str, str]:
    """Returns the page where something can be done about a cause, and what; empty where one can
    only wait."""
    if cause is NoReach.NO_ACCOUNT:
        return "/org/personal/invitar", _("Invitar")
    return ("", "") if cause is NoReach.REMINDED else ("/org/personal", _("Ver las cuentas"))
