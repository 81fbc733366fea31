"""Cancels a workshop, after a page that asks for the reason and says how many are notified."""

from collections.abc import Mapping

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import workshop_service
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.common import workshop_labels
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
    # Without the tick box (close to the day) everybody is notified.
    notifies = "notify" in request.form or "may_be_quiet" not in request.form
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            workshop_service.cancel(session, workshop, now=clock.now(), tells=notifies)
            silence: Details = {} if notifies else {"notified": False}
            log_workshop_action(
                session, workshop, "workshop cancelled", {"reason": reason, **silence}
            )
    except Refusal as refusal:
        return _ask(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=cancelado&ver=llamadas", 303)


def _ask(public_id: str, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        reach = workshop_service.count_reachable(session, workshop)
    return page(
        "workshops/cancel",
        422 if fault else 200,
        workshop=workshop,
        reach=_counts(reach),
        must_tell=workshop_service.must_notify(workshop, now=clock.now()),
        is_quiet="may_be_quiet" in request.form and "notify" not in request.form,
        reasons=reasons(),
        fault=fault,
        words=workshop_labels,
    )


def _counts(reach: Mapping[ContactMethod, int]) -> dict[str, int]:
    return {
        "email": reach[ContactMethod.EMAIL],
        "phone": reach[ContactMethod.PHONE],
        "none": reach[ContactMethod.NONE],
    }


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
