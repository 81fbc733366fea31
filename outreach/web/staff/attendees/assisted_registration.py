"""Assisted registration: a link and a square for a waiting room, or for who goes door to door."""

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import assisted
from outreach.domain.text import clean
from outreach.i18n import get_default_language
from outreach.i18n import gettext as _
from outreach.web.context import config, store
from outreach.web.presentation import formatting
from outreach.web.presentation.icons import qr
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires

USUAL_PARTIES: Final = 30


@blueprint.get("/talleres/<public_id>/asistido")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def assisted_form(public_id: str) -> ResponseReturnValue:
    return _page(public_id, str(USUAL_PARTIES))


@blueprint.post("/talleres/<public_id>/asistido")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def make_assisted_link(public_id: str) -> ResponseReturnValue:
    """Makes a new link and shows it, once."""
    typed, now = clean(request.form.get("parties", "")), clock.now()
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 4
    if not (is_number and 1 <= int(typed) <= assisted.MAX_PARTIES):
        most = assisted.MAX_PARTIES
        fault = _("Escribe para cuántos registros, de 1 a %(most)d.", most=most)
        return _page(public_id, typed, fault=fault)
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        is_open = workshop.is_open(now)
        if is_open:
            link = assisted.make(session, workshop, int(typed), now=now)
            log_workshop_action(session, workshop, "assisted link made", {"parties": int(typed)})
    if not is_open:
        return _page(public_id, typed, fault=_("Este taller no aparta lugares ahora."))
    return _page(public_id, typed, link=link)


def _page(
    public_id: str,
    parties: str,
    *,
    fault: str = "",
    link: assisted.AssistedLink | None = None,
) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    address = (
        f"{config().public_url}/{get_default_language()}/t/{public_id}/lugar?a={link.code}"
        if link
        else ""
    )
    ends = link.ends_at.astimezone(workshop.zone).time() if link else None
    return page(
        "attendees/assisted_registration",
        422 if fault else 200,
        workshop=workshop,
        parties=parties,
        fault=fault,
        link=address,
        square=qr(address) if address else "",
        ends=formatting.hour(ends) if ends else "",
        words=workshop_labels,
    )
