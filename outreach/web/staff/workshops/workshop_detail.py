"""One workshop: how it stands, its numbers, who registered, and what may be done to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import SEAT_HOLDING_STATUSES, AccessNeed, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, partners
from outreach.errors import Refused
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation import workshop_cards
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import (
    find_workshop,
    has_permission,
    log_workshop_action,
    page,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshops import attendee_list, blueprint, publish_warnings, series_edit
from outreach.web.staff.workshops.publish_warnings import NeedsConfirmation

MOST_PLACES: Final = 100_000


@blueprint.get("/talleres/<public_id>")
@requires(Scope.WORKSHOP, Permission.SEE)
def detail(public_id: str) -> ResponseReturnValue:
    return show(public_id)


@blueprint.post("/talleres/<public_id>/publicar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def publish(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            publish_warnings.publish(session, find_workshop(session, public_id))
    except Refused as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    except NeedsConfirmation:
        return show(public_id, fault=_("No se publicó. Mira primero esto."))
    return redirect(f"/org/talleres/{public_id}?hecho=publicado", 303)


@blueprint.post("/talleres/<public_id>/lugares")
@requires(Scope.WORKSHOP, Permission.EDIT)
def open_seats(public_id: str) -> ResponseReturnValue:
    """More places: whoever waits and fits is offered one at once."""
    typed = clean(request.form.get("capacity", ""))
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 7
    if not (is_number and int(typed) <= MOST_PLACES):
        return show(public_id, fault=_("Escribe cuántos lugares hay en total, con números."))
    wanted = int(typed)
    try:
        with store().change() as session:
            found = find_workshop(session, public_id)
            if found.has_slots:
                raise PageRefused(_("Aquí los lugares salen de las horas. Cámbialos en «Editar»."))
            before = found.capacity
            is_asked = _is_too_many(found, wanted) and request.form.get("sure") != "yes"
            if wanted != before and not is_asked:
                plan = replace(workshop_service.get_data(found), capacity=wanted)
                workshop_service.change(session, found, plan, now=clock.now())
                log_workshop_action(session, found, "places changed", f"{before} to {wanted}")
    except Refused as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    if is_asked:
        return show(public_id, beyond=wanted)
    what = "mas-lugares" if wanted > before else "cambiado" if wanted < before else "igual"
    return redirect(f"/org/talleres/{public_id}?hecho={what}", 303)


def _is_too_many(workshop: Workshop, places: int) -> bool:
    """More than its venue holds, as far as is known."""
    venue = workshop.venue
    return venue is not None and venue.capacity is not None and places > venue.capacity


@blueprint.post("/talleres/<public_id>/reactivar")
@requires(Scope.WORKSHOP, Permission.EDIT)
def reinstate(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            found = find_workshop(session, public_id)
            workshop_service.reinstate(session, found, now=clock.now())
            log_workshop_action(session, found, "workshop reinstated")
    except Refused as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=reactivado", 303)


def show(public_id: str, *, shown: str = "", fault: str = "", beyond: int = 0) -> Response:
    """The page of one workshop; `shown` is the party whose contact was asked for, `beyond` so many
    places as its venue does not hold: asked about once."""
    now = clock.now()
    with store().read() as session:
        found = find_workshop(session, public_id, Permission.SEE)
        there = attendee_list.of(session, found, now=now)
        came = checkin.count_heads(session, found)
        checked = publish_warnings.of(session, found)
        giving = partners.list_names(session, found)
    return page(
        "workshops/detail",
        422 if fault or beyond else 200,
        workshop=found,
        beyond=beyond,
        may_save=found.is_open(now) and (found.has_waiting_list or not found.is_full),
        now=now,
        fault=fault,
        offer=series_edit.offered_address(public_id) if found.series else "",
        done=_done(request.args.get("hecho", "")),
        is_doubled=clock.is_doubled(found.day, found.starts, found.zone),
        came=came,
        checked=checked,
        giving=giving,
        site=config().public_url,
        words=workshop_labels,
        spoken=workshop_cards.spoken,
        has_permission=lambda action: has_permission(action, found.office.slug),
        unsent=len(there.unsent),
        **_numbers(found, there.everyone),
        **attendee_list.listed(found, there, shown),
    )


def _numbers(workshop: Workshop, everyone: Sequence[Registration]) -> dict[str, Any]:
    seated = [each for each in everyone if each.status is Place.CONFIRMED]
    offered = [each for each in everyone if each.status is Place.OFFERED]
    waiting = [each for each in everyone if each.status is Place.WAITLISTED]
    asked = [each for each in seated if each.asked_at is not None]
    return {
        "parties": len(seated),
        "offered": len(offered),
        "in_line": len(offered) + len(waiting),
        "waiting_people": sum(each.people for each in waiting),
        "asked": len(asked),
        "sure": sum(1 for each in asked if each.confirmed_at is not None),
        "needs": _needs(workshop, everyone),
    }


def _needs(workshop: Workshop, everyone: Sequence[Registration]) -> list[tuple[str, int, int]]:
    """What those with a place need: in words, of how many parties, and for how many there is room;
    -1 where there is no limit."""
    asked = Counter(
        need for each in everyone if each.status in SEAT_HOLDING_STATUSES for need in each.needs
    )
    known = [*AccessNeed, *sorted(asked.keys() | workshop.support.keys())]
    return [
        (workshop_labels.need_words(need), asked[need], workshop.support.get(need, -1))
        for need in dict.fromkeys(map(str, known))
        if asked[need] or need in workshop.support
    ]


def _done(what: str) -> str:
    said: dict[str, str] = {
        "publicado": _("Publicado. Ya se puede ver en el sitio y en los calendarios."),
        "borrador": _("Guardado como borrador. Nadie lo ve todavía."),
        "textos": _("Textos guardados."),
        "cambiado": _("Cambios guardados."),
        "traducir": _(
            "Cambios guardados. El inglés y el francés siguen como estaban: "
            "revísalos en «Textos en tres idiomas»."
        ),
        "serie": _("Cambiamos también las otras fechas de la serie."),
        "igual": _("No había nada que cambiar."),
        "cancelado": _("Cancelado. Sigue a la vista, marcado como cancelado."),
        "reactivado": _("Reactivado. Todas las personas conservan su lugar."),
        "reportado": _("Asistencia guardada."),
        "con-lugar": _("Listo: ya tiene lugar."),
        "aprobada": _("Aprobado: ya puede ver la dirección."),
        "sin-aprobar": _("Deshecho: ya no ve la dirección."),
        "correos": _("Los correos van a salir otra vez."),
        "si": _("Anotado: dijo que sí."),
        "no": _("Anotado: ya no viene. Borramos sus datos."),
        "apartado": _("Apartado. Dile su código: está en la lista, junto a su nombre."),
        "en-espera": _("Está en la lista de espera. Dile que le avisamos si hay lugar."),
        "mas-lugares": _("Listo: hay más lugares. A quien espera y cabe ya se le ofrecieron."),
        "pendiente": _("Deshecho: sigue por llamar."),
    }
    return said.get(what, "")
