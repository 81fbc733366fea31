"""Decides later about the letters of a published bulletin, and undoes such a decision."""

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.clock import Month
from outreach.domain.network.staff import Permission
from outreach.domain.newsletter import bulletins
from outreach.domain.newsletter.bulletins import BulletinEdition
from outreach.errors import Conflict, NotFound, Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.staff.bulletin import blueprint, bulletin_sheet
from outreach.web.staff.bulletin.bulletin_editor import show_editor
from outreach.web.staff.common import mailing_sheet
from outreach.web.staff.common.guards import (
    current_staff,
    require_fresh_factor,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.months import month_access


@blueprint.post("/boletin/<month>/correo")
@requires(Scope.NETWORK, Permission.NETWORK)
def decide_mail(month: str) -> ResponseReturnValue:
    """Queues the letters of the last published edition, or withholds them; first shows the
    sheet."""
    wanted, now = month_access.month_of(month), clock.now()
    back = f"/org/boletin/{wanted}"
    if not current_staff().is_fresh(now):
        return require_fresh_factor(back=back)
    try:
        with store().change() as session:
            edition = _find_published(session, wanted)
            decision = mailing_sheet.read_decision()
            if decision is None:
                sheet = bulletin_sheet.describe(session, edition, is_published=True)
            else:
                bulletins.decide_mail(session, edition, decision, now=now)
                mailing_sheet.log_decision(session, wanted, edition.number, decision)
    except (Conflict, NotFound):
        fault = _("Alguien más ya lo decidió, o publicó una corrección. Esto es lo que hay.")
        return show_editor(wanted, 409, fault=fault)
    except Refusal as refusal:
        return show_editor(wanted, 422, fault=error_messages.say(refusal))
    if decision is None:
        return mailing_sheet.show(sheet, back=back)
    return redirect(f"{back}?hecho=correo", 303)


@blueprint.post("/boletin/<month>/deshacer")
@requires(Scope.NETWORK, Permission.NETWORK)
def undo(month: str) -> ResponseReturnValue:
    """Undoes what was decided last about the letters of an edition, and its publication if that
    was one act."""
    wanted = month_access.month_of(month)
    try:
        with store().change() as session:
            edition = _find_published(session, wanted)
            is_withdrawn = bulletins.undo(
                session, edition, organizer_id=current_staff().organizer_id, now=clock.now()
            )
    except NotFound:
        fault = _("Alguien más ya lo deshizo. Esto es lo que hay.")
        return show_editor(wanted, 409, fault=fault)
    except Refusal as refusal:
        return show_editor(wanted, 422, fault=error_messages.say(refusal))
    done = "retirado" if is_withdrawn else "detenido"
    return redirect(f"/org/boletin/{wanted}?hecho={done}", 303)


def _find_published(session: Session, month: Month) -> BulletinEdition:
    """The published edition that the form names. Raises NotFound."""
    number = request.form.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 6):
        raise NotFound(f"edition of {month}")
    edition = bulletins.find(session, month, int(number))
    if edition.is_draft:
        raise NotFound(f"published edition of {month}")
    return edition
