"""Cancels a workshop, after a page that asks for the reason and says who is told."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock, i18n
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.scheduling import workshop_service
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation import icons
from outreach.web.staff.common import notify_sheet, workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint


@blueprint.get("/talleres/<public_id>/cancelar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def cancel_form(public_id: str) -> ResponseReturnValue:
    return _ask(public_id)


@blueprint.post("/talleres/<public_id>/cancelar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def cancel(public_id: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    if reason not in reasons():
        return _ask(public_id, fault=_("Elige por qué se cancela."))
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            workshop_service.lock(session, workshop)
            if request.form.get("visto", str(workshop.sequence)) != str(workshop.sequence):
                raise PageRefused(
                    _(
                        "Alguien más cambió este taller mientras lo mirabas. "
                        "Su hora de ahora está arriba."
                    )
                )
            decision = notify_sheet.read_decision()
            workshop_service.cancel(session, workshop, now=clock.now(), decision=decision)
            notify_sheet.require_decision(session, [workshop], decision)
            log_workshop_action(session, workshop, "workshop cancelled", {"reason": reason})
    except Refusal as refusal:
        return _ask(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=cancelado", 303)


def _ask(public_id: str, fault: str = "") -> ResponseReturnValue:
    """Shows the sheet with the reasons. The cancellation is tried and rolled back, so that the
    sheet says what it would do."""
    now = clock.now()
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        seen = workshop.sequence
        try:
            workshop_service.cancel(session, workshop, now=now, decision=LATER)
            sheet = notify_sheet.describe(session, [workshop])
        except Refusal as refusal:
            sheet, fault = None, fault or error_messages.say(refusal)
        session.expunge_all()
        session.rollback()
    name = i18n.say(workshop.title, i18n.current())
    return page(
        "cancel_sheet",
        422 if fault else 200,
        title=_("Cancelar el taller"),
        question=_("¿Cancelar este taller?"),
        lead=f"{name}, {workshop_labels.when(workshop)}",
        back=(f"/org/talleres/{public_id}", name),
        seen=seen,
        pushed=workshop_labels.pushed_words() if workshop.was_pushed else (),
        action=request.path,
        here="workshops",
        look=icons.sign_class(workshop.kind.sign),
        sheet=sheet,
        reasons=reasons(),
        button=_("Sí, cancelar el taller"),
        no_button=_("No, conservarlo"),
        fault=fault,
    )


def reasons() -> dict[str, str]:
    """The reasons to cancel, in words, by the code that is logged."""
    return {
        "facilitator": _("Quien lo daba no puede"),
        "venue": _("La sede no está disponible"),
        "weather": _("Clima o emergencia"),
        "few": _("Hay muy pocas personas"),
        "moved": _("Se hará en otra fecha"),
        "other": _("Otra razón"),
    }
