"""The page of one workshop: status, numbers, registrations, and the actions on it."""

from dataclasses import replace
from functools import partial
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation import workshop_cards
from outreach.web.staff.common import (
    disclosure,
    notify_sheet,
    publish_warnings,
    workshop_labels,
)
from outreach.web.staff.common.acts import act
from outreach.web.staff.common.form_fields import read_number
from outreach.web.staff.common.guards import (
    find_workshop,
    has_permission,
    log_workshop_action,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.common.publish_warnings import NeedsConfirmation
from outreach.web.staff.workshops import (
    attendee_list,
    blueprint,
    detail_sections,
    doubtful_seats,
    series_dates,
    workshop_actions,
)
from outreach.web.staff.workshops.workshop_actions import ActionContext

MAX_SEATS: Final = 100_000


def show(public_id: str, *, shown: str = "", fault: str = "", beyond: int = 0) -> Response:
    """Shows the page of one workshop. `shown` is the registration whose contact is revealed;
    `beyond` is a number of seats above the capacity of the venue, to be confirmed."""
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id, Permission.SEE)
        doubtful = doubtful_seats.load(session, workshop, now=now)
        attendees = attendee_list.load(session, workshop, doubtful.registration_ids, now=now)
        numbers = detail_sections.count(session, workshop, attendees)
        notices = detail_sections.load_notices(session, workshop, attendees, now=now)
        facts = detail_sections.load_facts(session, workshop)
        dates = series_dates.load(session, workshop, now=now)
    may = partial(has_permission, office=workshop.office.slug)
    return page(
        "workshops/detail",
        422 if fault or beyond else 200,
        workshop=workshop,
        now=now,
        fault=fault,
        beyond=beyond,
        actions=workshop_actions.list_actions(
            workshop,
            ActionContext(
                now=now,
                has_permission=may,
                sees_names=disclosure.sees(SeenField.NAMES, workshop),
                can_register=workshop.is_open(now)
                and (workshop.has_waiting_list or not workshop.is_full),
                has_attendees=bool(numbers.parties),
                has_warnings=bool(notices.checked.warnings and not notices.checked.missing),
            ),
        ),
        notices=notices,
        tasks=detail_sections.make_tasks(workshop, attendees, doubtful, now=now),
        numbers=numbers,
        dates=dates,
        attendees=attendee_list.make_tab(workshop, attendees, shown, now=now),
        facts=facts,
        site=config().public_url,
        may=may,
        words=workshop_labels,
        spoken=workshop_cards.spoken,
    )


@blueprint.get("/talleres/<public_id>")
@requires(Scope.WORKSHOP, Permission.SEE)
def detail(public_id: str) -> ResponseReturnValue:
    return show(public_id)


@blueprint.post("/talleres/<public_id>/publicar")
@requires(Scope.WORKSHOP, Permission.EDIT)
@act(refused=show)
def publish(session: Session, public_id: str) -> str:
    try:
        publish_warnings.publish(session, find_workshop(session, public_id))
    except NeedsConfirmation:
        raise PageRefused(_("No se publicó. Mira primero esto.")) from None
    return f"/org/talleres/{public_id}?hecho=publicado"


@blueprint.post("/talleres/<public_id>/lugares")
@requires(Scope.WORKSHOP, Permission.EDIT)
def open_seats(public_id: str) -> ResponseReturnValue:
    """Changes the number of seats; new seats are offered to the waitlist after a hold."""
    seats = read_number(clean(request.form.get("capacity", "")), max_digits=6)
    if seats is None or seats > MAX_SEATS:
        return show(public_id, fault=_("Escribe cuántos lugares hay en total, con números."))
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            if workshop.has_slots:
                raise PageRefused(_("Aquí los lugares salen de las horas. Cámbialos en «Editar»."))
            before = workshop.capacity
            needs_confirmation = (
                _exceeds_venue(workshop, seats) and request.form.get("sure") != "yes"
            )
            if seats != before and not needs_confirmation:
                data = replace(workshop_service.get_data(workshop), capacity=seats)
                decision = notify_sheet.read_decision()
                workshop_service.change(session, workshop, data, now=clock.now(), decision=decision)
                notify_sheet.require_decision(session, [workshop], decision)
                details: Details = {"before": before, "after": seats}
                log_workshop_action(session, workshop, "places changed", details)
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    if needs_confirmation:
        return show(public_id, beyond=seats)
    what = "mas-lugares" if seats > before else "cambiado" if seats < before else "igual"
    return redirect(f"/org/talleres/{public_id}?hecho={what}", 303)


def _exceeds_venue(workshop: Workshop, seats: int) -> bool:
    """Whether the venue is known to hold fewer people."""
    venue = workshop.venue
    return venue is not None and venue.capacity is not None and seats > venue.capacity


@blueprint.post("/talleres/<public_id>/reactivar")
@requires(Scope.WORKSHOP, Permission.EDIT)
@act(refused=show)
def reinstate(session: Session, public_id: str) -> str:
    workshop = find_workshop(session, public_id)
    decision = notify_sheet.read_decision()
    workshop_service.reinstate(session, workshop, now=clock.now(), decision=decision)
    notify_sheet.require_decision(session, [workshop], decision)
    log_workshop_action(session, workshop, "workshop reinstated")
    return f"/org/talleres/{public_id}?hecho=reactivado"
