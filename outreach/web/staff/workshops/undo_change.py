"""Undoes a change of one or many workshops, and decides about people who were not told of one."""

from flask import redirect
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.locations.venues import Venue
from outreach.domain.network.staff import Permission
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyMode
from outreach.domain.scheduling import (
    place_changes,
    undo,
    workshop_changes,
    workshop_service,
)
from outreach.domain.scheduling.undo import UndoneBatch
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import NotFound, Refusal
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.staff.common import notify_sheet, workshop_labels
from outreach.web.staff.common.guards import (
    find_workshop,
    log_office_action,
    log_workshop_action,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import blueprint
from outreach.web.staff.workshops.workshop_detail import show


@blueprint.post("/deshacer/<batch>")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def undo_batch(batch: str) -> ResponseReturnValue:
    """Undoes what one form changed: a workshop, many, a stop of a tour or a venue."""
    now = clock.now()
    with store().change() as session:
        changes = workshop_changes.list_batch(session, batch)
        place = place_changes.find(session, batch)
        if not changes and place is None:  # undone before, or too old
            raise NotFound("change to undo")
        offices = {each.workshop.office.slug for each in changes}
        for slug in offices | ({place.office} if place else set()):
            require_permission(Permission.EDIT, slug)
        office = place.office if place else ""
        undone = undo.undo_all(session, batch, now=now)
        outcomes = undone.workshops
        for each in outcomes:
            if each.refusal is None:
                log_workshop_action(session, each.workshop, "change undone")
        if undone.place is not None and undone.refusal is None:
            _log_place(session, office, undone.place)
        moved = {each.workshop.id: each.workshop.forget_on for each in outcomes if not each.refusal}
    for number, forget_on in moved.items():
        key_store().move(number, forget_on)
    return _answer(undone)


def _log_place(session: Session, office: str, place: Venue | TourStop) -> None:
    if isinstance(place, Venue):
        log_office_action(session, office, "venue change undone", {"venue": place.id})
    else:
        details: Details = {"tour": place.tour_id, "stop": place.id}
        log_office_action(session, office, "stop change undone", details)


def _name_place(place: Venue | TourStop | None) -> str:
    if place is None:
        return ""
    return place.name if isinstance(place, Venue) else place.city


def _answer(undone: UndoneBatch) -> ResponseReturnValue:
    outcomes = undone.workshops
    if len(outcomes) == 1 and undone.place is None:
        first = outcomes[0]
        if first.refusal is not None:
            return show(first.workshop.public_id, fault=error_messages.say(first.refusal))
        return redirect(f"/org/talleres/{first.workshop.public_id}?hecho=deshecho", 303)
    return page(
        "workshops/undone",
        outcomes=outcomes,
        place=_name_place(undone.place),
        refusal=undone.refusal,
        words=workshop_labels,
        done=sum(1 for each in outcomes if each.refusal is None),
    )


@blueprint.post("/talleres/<public_id>/avisar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def decide(public_id: str) -> ResponseReturnValue:
    """Tells the people of a workshop what they have not been told, or decides not to."""
    now = clock.now()
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            workshop_service.lock(session, workshop)
            decision = notify_sheet.read_decision()
            notify_sheet.require_decision(session, [workshop], decision)
            if not notify_sheet.is_decided():  # nobody is left to be told: seats are free at once
                decision = AT_ONCE
            elif decision.mode is NotifyMode.NOTIFY:
                details: Details = {"decision": decision.mode.value}
                log_workshop_action(session, workshop, "notification decided", details)
            workshop_service.notify(session, workshop, decision, now=now)
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=decidido", 303)
