"""Tours of the mobile consulate: list, detail, and the actions on a tour and its stops."""

import secrets
from functools import partial
from typing import Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import offices
from outreach.domain.network.staff import Permission, get_office_slugs
from outreach.domain.registrations.change_notifications import LATER
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import Tour
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.tour_stops import TourStop
from outreach.errors import Conflict, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy, ngettext
from outreach.web import error_messages
from outreach.web.context import config, key_store, store
from outreach.web.error_messages import PageRefused
from outreach.web.middleware import request_retry
from outreach.web.presentation import formatting, place_words
from outreach.web.staff.common import (
    acts,
    disclosure,
    notify_sheet,
    publish_warnings,
    undo_notice,
    workshop_labels,
)
from outreach.web.staff.common.acts import act
from outreach.web.staff.common.form_fields import read_number
from outreach.web.staff.common.guards import (
    current_staff,
    has_permission,
    log_office_action,
    log_workshop_action,
    offices_with,
    page,
    require_permission,
)
from outreach.web.staff.common.permissions import PermissionMissing, Scope, requires
from outreach.web.staff.common.publish_warnings import (
    NOTHING_ASKED,
    AskedWorkshops,
)
from outreach.web.staff.network.form_reading import conflict_message
from outreach.web.staff.tours import blueprint, stop_form
from outreach.web.staff.tours.stop_form import StopForm
from outreach.web.staff.workshops import cancel_workshop

_DONE: Final = {
    "parada": lazy("Parada agregada. Sus talleres son borradores hasta que la publiques."),
    "cambiada": lazy("Parada cambiada. Solo avisamos a quienes apartaron lugar en ella."),
    "cancelada": lazy("Parada cancelada. Solo avisamos a quienes apartaron lugar en ella."),
    "reactivada": lazy("Parada reactivada. Sus personas conservan su lugar."),
}
_TOUR: Final = "/giras/<slug>/<int(max=2147483647):tour_id>"
_STOP: Final = f"{_TOUR}/parada/<int(max=2147483647):stop_id>"


# Tours


@blueprint.get("/giras")
@requires(Scope.SIGNED_IN)
def list_tours() -> ResponseReturnValue:
    slugs = get_office_slugs(current_staff().grants)
    with store().read() as session:
        visible = tours.list_tours(session, slugs)
        stops = tours.list_stops(session, [each.id for each in visible])
        may_make = bool(offices_with(session, Permission.EDIT))
    return page("tours/tours", tours=visible, stops=stops, may_make=may_make, words=workshop_labels)


@blueprint.get("/giras/nueva")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def new() -> ResponseReturnValue:
    return _new_page(secrets.token_urlsafe(16))


@blueprint.post("/giras/nueva")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
@request_retry.repeatable
def create() -> ResponseReturnValue:
    slug, name = clean(request.form.get("office", "")), clean(request.form.get("name", ""))
    nonce = clean(request.form.get("nonce", ""))[:40] or secrets.token_urlsafe(16)
    now = clock.now()
    require_permission(Permission.EDIT, slug)
    if not name or len(name) > 120:
        return _new_page(nonce, _("Escribe el nombre de la gira, en una línea."), 422)
    with store().change() as session:
        office = offices.find(session, slug)
        tour = tours.add(session, office, name, nonce, now=now)
        require_permission(Permission.EDIT, tour.office.slug)
        if tour.created_at == now:  # else the same form was sent again
            log_office_action(session, slug, "tour created", {"tour": tour.id})
        number = tour.id
    return redirect(f"/org/giras/{slug}/{number}", 303)


@blueprint.get(_TOUR)
@requires(Scope.OFFICE, Permission.SEE)
def detail(slug: str, tour_id: int) -> ResponseReturnValue:
    return _tour_page(slug, tour_id)


def _tour_page(
    slug: str,
    tour_id: int,
    stop_id: int | None = None,
    *,
    fault: str = "",
    asked: AskedWorkshops = NOTHING_ASKED,
) -> Response:
    """Shows the page of a tour; after an act on one of its stops too, which is named by
    `stop_id`."""
    now = clock.now()
    with store().read() as session:
        tour = _find(session, slug, tour_id)
        stops = tours.list_stops(session, [tour.id])[tour.id]
        workshops = tours.list_workshops(session, [stop.id for stop in stops])
        undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
        used = {stop.venue_id for stop in stops if stop.venue_id is not None}
        hidden_venues = disclosure.list_hidden_venues(session, used)
    active = [stop for stop in stops if stop.cancelled_at is None]
    shown = [each for stop in active for each in workshops[stop.id] if each.takes_places]
    return page(
        "tours/tour",
        422 if fault or asked.warnings else 200,
        tour=tour,
        stops=stops,
        held=workshops,
        hidden_venues=hidden_venues,
        days=(active[-1].day - active[0].day).days + 1 if active else 0,
        on=len(active),
        without_venue=sum(1 for stop in active if stop.venue is None),
        zones=len({stop.zone.key for stop in active}),
        taken=sum(workshop_labels.count_reserved_seats(each) for each in shown),
        places=sum(each.capacity for each in shown),
        may_edit=has_permission(Permission.EDIT, slug),
        drafts=any(
            each.status is WorkshopStatus.DRAFT and not each.has_ended(now)
            for stop in active
            for each in workshops[stop.id]
        ),
        fault=fault,
        asked=asked,
        action=request.path,
        done=_done_words(),
        undo=undo,
        now=now,
        words=workshop_labels,
    )


@blueprint.post(f"{_TOUR}/publicar")
@requires(Scope.OFFICE, Permission.EDIT)
@act(refused=_tour_page)
def publish(session: Session, slug: str, tour_id: int) -> str:
    """Publishes all stops that have a venue, or none where something is asked first."""
    tour = _find(session, slug, tour_id)
    made: list[Workshop] = []
    for stop in tours.list_stops(session, [tour.id])[tour.id]:
        if stop.venue is not None and stop.cancelled_at is None:
            made += _publish_stop(session, stop)
    return f"/org/giras/{slug}/{tour_id}?publicados={_log_published(session, made)}"


# Stops


@blueprint.get(f"{_TOUR}/parada")
@requires(Scope.OFFICE, Permission.EDIT)
def new_stop(slug: str, tour_id: int) -> ResponseReturnValue:
    with store().read() as session:
        tour = _find(session, slug, tour_id)
        stops = tours.list_stops(session, [tour.id])[tour.id]
        form = stop_form.of_new(session, tour, stops[-1] if stops else None)
        return _stop_page(tour, form)


@blueprint.post(f"{_TOUR}/parada")
@requires(Scope.OFFICE, Permission.EDIT)
def create_stop(slug: str, tour_id: int) -> ResponseReturnValue:
    with store().read() as session:
        tour = _find(session, slug, tour_id)
        form = stop_form.form_of(session, tour.office, request.form)
        if not form.validate():
            return _stop_page(tour, form, status=422)

    def create(session: Session) -> str:
        saved_tour = _find(session, slug, tour_id)
        data = form.stop_data(session, saved_tour.office)
        stop = tours.add_stop(session, saved_tour, data, now=clock.now())
        for workshop in tours.list_workshops(session, [stop.id])[stop.id]:
            log_workshop_action(
                session, workshop, "workshop created", {"tour": saved_tour.id, "stop": stop.id}
            )
        log_office_action(session, slug, "stop added", {"tour": saved_tour.id, "stop": stop.id})
        return f"/org/giras/{slug}/{tour_id}?hecho=parada"

    return acts.carry_out(create, partial(_stop_page, tour, form, status=422))


@blueprint.get(_STOP)
@requires(Scope.OFFICE, Permission.EDIT)
def edit_stop(slug: str, tour_id: int, stop_id: int) -> ResponseReturnValue:
    with store().read() as session:
        tour = _find(session, slug, tour_id)
        stop = tours.find_stop(session, tour, stop_id)
        return _stop_page(tour, stop_form.of_stop(session, tour, stop), stop)


@blueprint.post(_STOP)
@requires(Scope.OFFICE, Permission.EDIT)
def update_stop(slug: str, tour_id: int, stop_id: int) -> ResponseReturnValue:
    """Changes the stop and its workshops together; only their attendees are notified."""
    with store().read() as session:
        tour = _find(session, slug, tour_id)
        stop = tours.find_stop(session, tour, stop_id)
        form = stop_form.form_of(session, tour.office, request.form, stop)
        if not form.validate():
            return _stop_page(tour, form, stop, status=422)
    try:
        with store().change() as session:
            saved_tour = _find(session, slug, tour_id)
            current = tours.find_stop(session, saved_tour, stop_id)
            tours.lock(session, saved_tour, current)
            if form.seen.data != stop_form.fingerprint(current):
                raise Conflict(f"stop {stop_id}")
            data = form.stop_data(session, saved_tour.office)
            decision = notify_sheet.read_decision()
            changed = tours.change_stop(
                session, saved_tour, current, data, now=clock.now(), decision=decision
            )
            notify_sheet.require_decision(session, changed, decision)
            for workshop in changed:
                log_workshop_action(
                    session,
                    workshop,
                    "workshop changed",
                    {"tour": saved_tour.id, "stop": current.id},
                )
            details: Details = {
                "tour": saved_tour.id,
                "stop": current.id,
                "workshops": len(changed),
            }
            log_office_action(session, slug, "stop changed", details)
            moved = [(each.id, each.forget_on) for each in changed]
    except Conflict:
        with store().read() as session:
            stop = tours.find_stop(session, _find(session, slug, tour_id), stop_id)
        form.seen.data = stop_form.fingerprint(stop)
        return _stop_page(tour, form, stop, status=409, fault=conflict_message())
    except Refusal as refusal:
        return _stop_page(tour, form, stop, status=422, fault=error_messages.say(refusal))
    for workshop_id, forget_on in moved:
        # The key of each registration is destroyed as many days after the new day.
        key_store().move(workshop_id, forget_on)
    return redirect(f"/org/giras/{slug}/{tour_id}?hecho=cambiada&lote={decision.batch}", 303)


@blueprint.post(f"{_STOP}/publicar")
@requires(Scope.OFFICE, Permission.EDIT)
@act(refused=_tour_page)
def publish_stop(session: Session, slug: str, tour_id: int, stop_id: int) -> str:
    stop = tours.find_stop(session, _find(session, slug, tour_id), stop_id)
    made = tours.publish_stop(session, stop, now=clock.now(), phone=config().phone)
    return f"/org/giras/{slug}/{tour_id}?publicados={_log_published(session, made)}"


@blueprint.get(f"{_STOP}/cancelar")
@requires(Scope.OFFICE, Permission.EDIT)
def cancel_stop_form(slug: str, tour_id: int, stop_id: int) -> ResponseReturnValue:
    return _ask_to_cancel(slug, tour_id, stop_id)


@blueprint.post(f"{_STOP}/cancelar")
@requires(Scope.OFFICE, Permission.EDIT)
def cancel_stop(slug: str, tour_id: int, stop_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    if reason not in cancel_workshop.reasons():
        return _ask_to_cancel(slug, tour_id, stop_id, fault=_("Elige por qué se cancela."))

    def cancel(session: Session) -> str:
        stop = tours.find_stop(session, _find(session, slug, tour_id), stop_id)
        decision = notify_sheet.read_decision()
        cancelled, notified = tours.cancel_stop(session, stop, now=clock.now(), decision=decision)
        notify_sheet.require_decision(session, cancelled, decision)
        for workshop in cancelled:
            log_workshop_action(
                session, workshop, "workshop cancelled", {"stop": stop.id, "reason": reason}
            )
        details: Details = {
            "tour": tour_id,
            "stop": stop.id,
            "workshops": len(cancelled),
            "notified": notified,
            "reason": reason,
        }
        log_office_action(session, slug, "stop cancelled", details)
        return f"/org/giras/{slug}/{tour_id}?hecho=cancelada&lote={decision.batch}"

    return acts.carry_out(cancel, partial(_tour_page, slug, tour_id))


@blueprint.post(f"{_STOP}/reactivar")
@requires(Scope.OFFICE, Permission.EDIT)
@act(refused=_tour_page)
def reinstate_stop(session: Session, slug: str, tour_id: int, stop_id: int) -> str:
    stop = tours.find_stop(session, _find(session, slug, tour_id), stop_id)
    decision = notify_sheet.read_decision()
    reinstated = tours.reinstate_stop(session, stop, now=clock.now(), decision=decision)
    notify_sheet.require_decision(session, reinstated, decision)
    for workshop in reinstated:
        log_workshop_action(session, workshop, "workshop reinstated", {"stop": stop.id})
    log_office_action(session, slug, "stop reinstated", {"tour": tour_id, "stop": stop.id})
    return f"/org/giras/{slug}/{tour_id}?hecho=reactivada&lote={decision.batch}"


def _ask_to_cancel(slug: str, tour_id: int, stop_id: int, fault: str = "") -> ResponseReturnValue:
    """Shows the sheet of a cancelled workshop, for all of the stop. The cancellation is tried and
    rolled back, so that the sheet says what it would do."""
    with store().change() as session:
        tour = _find(session, slug, tour_id)
        stop = tours.find_stop(session, tour, stop_id)
        lead = f"{place_words.city_name(stop)}, {formatting.long_day(stop.day)}"
        try:
            cancelled, _count = tours.cancel_stop(session, stop, now=clock.now(), decision=LATER)
            sheet = notify_sheet.describe(session, cancelled)
        except Refusal as refusal:
            sheet, fault = None, fault or error_messages.say(refusal)
        session.expunge_all()
        session.rollback()
    return page(
        "cancel_sheet",
        422 if fault else 200,
        title=_("Cancelar la parada"),
        question=_("¿Cancelar esta parada?"),
        lead=lead,
        note=_("Las demás paradas siguen como están."),
        back=(f"/org/giras/{slug}/{tour_id}", tour.name),
        action=request.path,
        here="more",
        look="kind-mobile",
        sheet=sheet,
        reasons=cancel_workshop.reasons(),
        button=_("Sí, cancelar la parada"),
        no_button=_("No, conservarla"),
        fault=fault,
    )


def _find(session: Session, slug: str, tour_id: int) -> Tour:
    return tours.find(session, offices.find(session, slug), tour_id)


def _publish_stop(session: Session, stop: TourStop) -> list[Workshop]:
    """Publishes a stop; returns the workshops. Raises Refusal, naming the stop."""
    try:
        return tours.publish_stop(session, stop, now=clock.now(), phone=config().phone)
    except Refusal as refusal:
        raise PageRefused(
            f"{stop.city}, {workshop_labels.short_day(stop.day)}: {error_messages.say(refusal)}"
        ) from None


def _log_published(session: Session, workshops: list[Workshop]) -> int:
    """Logs each published workshop, and returns how many there are. Raises NeedsConfirmations for
    warnings that the page has not shown yet: everything is rolled back."""
    publish_warnings.require_confirmed(session, workshops)
    for workshop in workshops:
        log_workshop_action(session, workshop, "workshop published", {"stop": workshop.stop_id})
    return len(workshops)


def _new_page(nonce: str, fault: str = "", status: int = 200) -> Response:
    with store().read() as session:
        own_offices = offices_with(session, Permission.EDIT)
    if not own_offices:
        raise PermissionMissing(Permission.EDIT)
    return page(
        "tours/tour_new", status, offices=own_offices, nonce=nonce, fault=fault, typed=request.form
    )


def _stop_page(
    tour: Tour, form: StopForm, stop: TourStop | None = None, *, status: int = 200, fault: str = ""
) -> Response:
    return page(
        "tours/stop",
        status,
        tour=tour,
        form=form,
        stop=stop,
        faults=acts.list_faults(form, fault),
        words=workshop_labels,
    )


def _done_words() -> str:
    number = read_number(request.args.get("publicados", ""), max_digits=3)
    if number is not None:
        return ngettext("Se publicó %(num)d taller.", "Se publicaron %(num)d talleres.", number)
    return acts.done_words(_DONE)
