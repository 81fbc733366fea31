"""The reports of a month by office, and the gaps of the days ahead."""

from datetime import timedelta
from math import ceil

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network import offices
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.newsletter import report_reminders
from outreach.domain.reporting import months
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.reports import coverage
from outreach.reports.coverage import CoverageMatrix, CoverageRow
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common import early_access
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    log_office_action,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import blueprint, month_access, month_labels


@blueprint.get("/mes")
@requires(Scope.SIGNED_IN)
def latest() -> ResponseReturnValue:
    """Redirects to the previous month, which is the one to report."""
    return redirect(f"/org/mes/{Month.from_day(clock.network_day(clock.now())).plus(-1)}", 303)


@blueprint.get("/mes/<month>")
@requires(Scope.SIGNED_IN)
def detail(month: str) -> ResponseReturnValue:
    return _matrix_page(month_access.month_of(month))


@blueprint.post("/mes/<month>/completo")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def mark_complete(month: str) -> ResponseReturnValue:
    """Marks the month of an office as complete; `do=undo` takes it back."""
    wanted, now = month_access.month_of(month), clock.now()
    slug, what = request.form.get("office", ""), request.form.get("do", "")
    is_undone = what == "undo"
    require_permission(Permission.EDIT, slug)
    try:
        if what not in {"", "undo"}:
            raise PageRefused(_("Elige qué hacer con los botones de esta página."))
        with store().change() as session:
            office = offices.find(session, slug)
            if not is_undone:
                _require_all_reported(session, wanted, slug)
            months.set_complete(
                session,
                office.id,
                wanted,
                organizer_id=current_staff().organizer_id,
                now=None if is_undone else now,
            )
            action = "month.incomplete" if is_undone else "month.complete"
            log_office_action(session, slug, action, {"month": str(wanted)})
    except Refusal as refusal:
        return _matrix_page(wanted, fault=error_messages.say(refusal))
    return redirect(f"/org/mes/{wanted}?hecho={'incompleto' if is_undone else 'completo'}", 303)


def has_ended(month: Month) -> bool:
    """Whether its last day is over in all time zones of the network."""
    return (clock.now() - timedelta(hours=10)).date() > month.last


def _require_all_reported(session: Session, month: Month, slug: str) -> None:
    if not has_ended(month):
        raise PageRefused(_("Este mes no ha terminado. Dilo cuando pase su último día."))
    rows = coverage.matrix(session, month, frozenset([slug]), now=clock.now()).rows
    pending = sum(row.pending for row in rows)
    if pending:
        raise PageRefused(
            ngettext(
                "Falta decir cómo salió %(num)d taller. Repórtalo primero.",
                "Falta decir cómo salieron %(num)d talleres. Repórtalos primero.",
                pending,
            )
        )


def _matrix_page(month: Month, fault: str = "") -> Response:
    now, visible, own = (
        clock.now(),
        get_office_slugs(current_staff().grants),
        month_access.own_offices(),
    )
    if visible is None:
        early_access.record([month])
    with store().read() as session:
        matrix = coverage.matrix(session, month, visible, now=now)
        latest = months.find_latest_revision(session, month)
        people = coverage.people(session, month, own) if own else []
        gaps = coverage.gaps(session, visible, now=now)
        held = report_reminders.find_held(session, month, now=now)
    return page(
        "months/report_matrix",
        422 if fault else 200,
        month=month,
        found=matrix,
        latest=latest,
        own=_markable_rows(matrix, own),
        people=people,
        gaps=gaps,
        is_admin=month_access.is_network_admin(),
        has_ended=has_ended(month),
        done_message=_done_message(),
        held=held,
        held_minutes=ceil((held.due_at - now).total_seconds() / 60) if held else 0,
        fault=fault,
        now=now,
        words=month_labels,
    )


def _markable_rows(matrix: CoverageMatrix, own: list[str]) -> list[CoverageRow]:
    """The rows of the offices whose month the staff member may mark as complete."""
    return [
        row for row in matrix.rows if row.slug in own and has_permission(Permission.EDIT, row.slug)
    ]


def show_matrix(month: Month, *, fault: str) -> Response:
    """Shows the page with a fault, for the other forms on it."""
    return _matrix_page(month, fault)


def _done_message() -> str:
    messages = {
        "completo": _("Listo. Tu mes quedó completo."),
        "incompleto": _("Tu mes vuelve a estar abierto."),
        "detenido": _("Se deshizo. No salió ningún recordatorio."),
    }
    return messages.get(request.args.get("hecho", ""), "")
