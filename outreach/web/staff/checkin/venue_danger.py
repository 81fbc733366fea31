"""Danger at the venue: closes the entry in one press, tells people after a second factor, reopens.

Closing sends nothing, so whoever stands at the door may do it at once. Its page is then the sheet
that tells people: past the undo window and at night, by the contact that each chose. Afterwards it
says who has not been told: a message that waits or was refused has told nobody.
"""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import NotifyDecision, NotifyMode
from outreach.domain.roster import undecided_changes
from outreach.domain.scheduling import workshop_service
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.checkin import blueprint
from outreach.web.staff.common import notify_sheet, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    find_workshop,
    has_permission,
    log_workshop_action,
    page,
    require_fresh_factor,
)
from outreach.web.staff.common.permissions import Scope, requires


@blueprint.get("/talleres/<public_id>/peligro")
@requires(Scope.WORKSHOP, Permission.DOOR)
def danger_form(public_id: str) -> ResponseReturnValue:
    return _danger_page(public_id)


@blueprint.post("/talleres/<public_id>/peligro")
@requires(Scope.WORKSHOP, Permission.DOOR)
def act_on_danger(public_id: str) -> ResponseReturnValue:
    """Closes the workshop or, with a fresh factor, tells its people or reopens it. The field `do`
    is close, tell or reopen."""
    what, address = request.form.get("do", ""), f"/org/talleres/{public_id}/peligro"
    if what in {"tell", "reopen"} and not current_staff().is_fresh(clock.now()):
        return require_fresh_factor(back=address)
    try:
        match what:
            case "close":
                _close(public_id)
            case "tell":
                _tell(public_id)
            case "reopen":
                _reopen(public_id)
                return redirect(f"/org/talleres/{public_id}?hecho=reabierto", 303)
            case _:
                raise PageRefused(_("Elige qué hacer con los botones de esta página."))
    except Refusal as refusal:
        return _danger_page(public_id, fault=error_messages.say(refusal))
    return redirect(address, 303)


def _close(public_id: str) -> None:
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        if workshop_service.close_for_danger(session, workshop, now=clock.now()):
            log_workshop_action(session, workshop, "closed for danger")


def _tell(public_id: str) -> None:
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        workshop_service.lock(session, workshop)
        workshop_service.require_closed_for_danger(workshop)
        is_undecided = undecided_changes.is_undecided(session, workshop, now=clock.now())
        count = workshop_service.notify(
            session, workshop, NotifyDecision(NotifyMode.URGENT), now=clock.now()
        )
        if is_undecided:
            log_workshop_action(session, workshop, "told of danger", {"parties": count})


def _reopen(public_id: str) -> None:
    if request.form.get("sure") != "yes":
        raise PageRefused(_("Marca que ya no hay peligro."))
    with store().change() as session:
        workshop = find_workshop(session, public_id)
        decision = notify_sheet.read_decision()
        workshop_service.reopen_after_danger(session, workshop, now=clock.now(), decision=decision)
        notify_sheet.require_decision(session, [workshop], decision)
        log_workshop_action(session, workshop, "reopened after danger")


def _danger_page(public_id: str, *, fault: str = "") -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        is_closed = workshop.is_closed_for_danger
        sheet = notify_sheet.describe(session, [workshop]) if is_closed else None
        is_undecided = undecided_changes.is_undecided(session, workshop, now=now)
        untold = notify_sheet.count_untold(session, workshop, now=now)
        others = [
            each
            for each in workshop_service.list_endangered(session, workshop, now=now)
            if has_permission(Permission.DOOR, each.office.slug)
        ]
    return page(
        "checkin/venue_danger",
        422 if fault else 200,
        workshop=workshop,
        is_open_to_danger=workshop_service.is_open_to_danger(workshop, now=now),
        closed_at=workshop.danger_at and workshop.danger_at.astimezone(workshop.zone),
        sheet=sheet,
        is_undecided=is_undecided,
        untold=untold,
        needs_door=notify_sheet.needs_door(workshop, untold, now=now),
        others=others,
        has_ended=workshop.has_ended(now),
        fault=fault,
        words=workshop_labels,
    )
