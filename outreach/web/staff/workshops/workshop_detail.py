"""The page of one workshop: status, numbers, registrations, and the actions on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.activitypub import pushed_events
from outreach.domain.audit.audit_log import Details
from outreach.domain.checkin import checkin
from outreach.domain.disclosure import who_sees
from outreach.domain.disclosure.who_sees import Moment, SeenField
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import (
    STATUSES_WITH_SEATS,
    AccessNeed,
    Registration,
    address_approval,
)
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.change_notifications import NO_REACH
from outreach.domain.roster import assignments, undecided_changes
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop, WorkshopStatus, partners
from outreach.errors import Refusal
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.error_messages import PageRefused
from outreach.web.presentation import formatting, workshop_cards
from outreach.web.staff.audit import audit_rows
from outreach.web.staff.common import (
    disclosure,
    notify_sheet,
    publish_warnings,
    team_names,
    undo_notice,
    workshop_labels,
)
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
    doubtful_seats,
    series_dates,
    series_edit,
    workshop_actions,
)
from outreach.web.staff.workshops.workshop_actions import ActionContext

MAX_SEATS: Final = 100_000


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
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    except NeedsConfirmation:
        return show(public_id, fault=_("No se publicó. Mira primero esto."))
    return redirect(f"/org/talleres/{public_id}?hecho=publicado", 303)


@blueprint.post("/talleres/<public_id>/lugares")
@requires(Scope.WORKSHOP, Permission.EDIT)
def open_seats(public_id: str) -> ResponseReturnValue:
    """Changes the number of seats; new seats are offered to the waitlist after a hold."""
    typed = clean(request.form.get("capacity", ""))
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 7
    if not (is_number and int(typed) <= MAX_SEATS):
        return show(public_id, fault=_("Escribe cuántos lugares hay en total, con números."))
    seats = int(typed)
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
def reinstate(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            workshop = find_workshop(session, public_id)
            decision = notify_sheet.read_decision()
            workshop_service.reinstate(session, workshop, now=clock.now(), decision=decision)
            notify_sheet.require_decision(session, [workshop], decision)
            log_workshop_action(session, workshop, "workshop reinstated")
    except Refusal as refusal:
        return show(public_id, fault=error_messages.say(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=reactivado", 303)


def show(public_id: str, *, shown: str = "", fault: str = "", beyond: int = 0) -> Response:
    """The page of one workshop. `shown` is the registration whose contact is revealed; `beyond` is
    a number of seats above the capacity of the venue, to be confirmed."""
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id, Permission.SEE)
        attendees = attendee_list.load(session, workshop, now=now)
        came = checkin.count_heads(session, workshop)
        checked = publish_warnings.check(session, workshop)
        giving = partners.list_names(session, workshop)
        seats = doubtful_seats.load(session, workshop, now=now)
        undo = undo_notice.find_undoable_batch(session, request.args.get("lote", ""), now=now)
        undo = undo or undo_notice.find_undoable(session, workshop, now=now)
        is_undecided = undecided_changes.is_undecided(session, workshop, now=now)
        is_waiting = is_undecided or (undo is not None and undo.is_telling)
        untold = NO_REACH if is_waiting else notify_sheet.count_untold(session, workshop, now=now)
        held = address_approval.list_held(session, workshop)
        may_edit = has_permission(Permission.EDIT, workshop.office.slug)
        if may_edit:
            giving += team_names.name_speakers(assignments.list_active(session, workshop))
        history = audit_rows.list_history(session, workshop) if may_edit else ()
        is_cancelled = workshop.status is WorkshopStatus.CANCELLED
        cancellation = audit_rows.find_cancellation(session, workshop) if is_cancelled else None
        dates = series_dates.load(session, workshop, now=now)
        is_pushed = pushed_events.was_pushed(session, workshop.id)
    numbers = _numbers(workshop, attendees.everyone)
    return page(
        "workshops/detail",
        422 if fault or beyond else 200,
        workshop=workshop,
        beyond=beyond,
        actions=workshop_actions.list_actions(
            workshop,
            ActionContext(
                now=now,
                has_permission=lambda action: has_permission(action, workshop.office.slug),
                sees_names=disclosure.sees(SeenField.NAMES, workshop),
                can_register=workshop.is_open(now)
                and (workshop.has_waiting_list or not workshop.is_full),
                has_attendees=bool(numbers["parties"]),
                has_warnings=bool(checked.warnings and not checked.missing),
            ),
        ),
        history=history,
        cancellation=cancellation,
        dates=dates,
        now=now,
        fault=fault,
        offer=series_edit.offered_address(public_id) if workshop.series else "",
        done=_done_message(request.args.get("hecho", ""), workshop),
        is_change_done=request.args.get("hecho") in _UNDOABLE,
        is_hour_doubled=workshop.is_hour_doubled,
        came=came,
        checked=checked,
        giving=giving,
        site=config().public_url,
        words=workshop_labels,
        spoken=workshop_cards.spoken,
        may=lambda action: has_permission(action, workshop.office.slug),
        undo=undo,
        held={each.id for each in held},
        held_minutes=_count_minutes(held[0].approval_hold_until, now) if held else 0,
        is_undecided=is_undecided,
        untold=untold,
        needs_door=notify_sheet.needs_door(workshop, untold, now=now),
        is_pushed=is_pushed,
        unsent=len(attendees.unsent),
        doubtful_seats=seats if may_edit else None,
        doubtful=seats.registration_ids,
        names_note=_names_note(workshop, now),
        approval_is_overdue=workshop.starts_at - now <= address_approval.DECIDED_BEFORE,
        **numbers,
        **attendee_list.context(workshop, attendees, shown),
    )


def _count_minutes(until: datetime | None, now: datetime) -> int:
    """Whole minutes until then, at least one."""
    return 1 if until is None else max(1, ceil((until - now) / timedelta(minutes=1)))


def _numbers(workshop: Workshop, everyone: Sequence[Registration]) -> dict[str, Any]:
    seated = [each for each in everyone if each.status is Place.CONFIRMED]
    offered = [each for each in everyone if each.status is Place.OFFERED]
    waiting = [each for each in everyone if each.status is Place.WAITLISTED]
    is_by_approval = workshop.visibility is Visibility.APPROVED
    sees_needs = disclosure.sees(SeenField.NEEDS, workshop)
    asked = [each for each in seated if each.asked_at is not None]
    return {
        "parties": len(seated),
        "offered": len(offered),
        "offered_people": sum(each.people for each in offered),
        "in_line": len(offered) + len(waiting),
        "for_review": sum(1 for each in waiting if each.is_beyond_share and not each.is_released),
        "for_approval": sum(1 for each in seated if each.is_undecided) if is_by_approval else 0,
        "waiting": len(waiting),
        "waiting_people": sum(each.people for each in waiting),
        "asked": len(asked),
        "sure": sum(1 for each in asked if each.confirmed_at is not None),
        "needs": _needs(workshop, everyone) if sees_needs else [],
    }


def _names_note(workshop: Workshop, now: datetime) -> str:
    """Why the reader sees no names, and from when they do."""
    if not has_permission(Permission.PEOPLE, workshop.office.slug):
        return str(_("Tu papel ve los números, no los nombres."))
    if who_sees.find_moment(workshop, now=now) is Moment.AFTER:
        return str(_("La lista de la entrada ya se cerró: los nombres no se ven más."))
    day = formatting.day(checkin.get_list_day(workshop))
    return _("Los nombres se ven desde el %(day)s, un día antes del taller.", day=day)


def _needs(workshop: Workshop, everyone: Sequence[Registration]) -> list[tuple[str, int, int]]:
    """The access needs of the confirmed registrations: label, number of registrations, and the
    limit (-1 without one)."""
    counts = Counter(
        need for each in everyone if each.status in STATUSES_WITH_SEATS for need in each.needs
    )
    known = [*AccessNeed, *sorted(counts.keys() | workshop.support.keys())]
    return [
        (workshop_labels.need_words(need), counts[need], workshop.support.get(need, -1))
        for need in dict.fromkeys(map(str, known))
        if counts[need] or need in workshop.support
    ]


def _published_message(workshop: Workshop) -> str:
    """Where it is seen: calendars have neither discreet workshops nor those with a link only."""
    if workshop.way is Way.UNLISTED:
        words: str = _("Publicado. Lo ve quien tiene el enlace; no sale en los calendarios.")
    elif workshop.is_discreet:
        words = _("Publicado. Ya se puede ver en el sitio; no sale en los calendarios.")
    else:
        words = _("Publicado. Ya se puede ver en el sitio y en los calendarios.")
    return words


# What was done is the change that can be undone: one notice says both.
_UNDOABLE: Final = frozenset(
    {"cambiado", "traducir", "serie", "cancelado", "reactivado", "mas-lugares"}
)


def _done_message(what: str, workshop: Workshop) -> str:
    messages: dict[str, str] = {
        "publicado": _published_message(workshop),
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
        "reabierto": _("La entrada está abierta otra vez. Todas las personas conservan su lugar."),
        "reportado": _("Asistencia guardada."),
        "con-lugar": _("Listo: ya tiene lugar."),
        "aprobada": _("Aprobado. Ve la dirección en 5 minutos; hasta ahí puedes deshacerlo."),
        "aprobadas": _("Aprobado. Ven la dirección en 5 minutos; hasta ahí puedes deshacerlo."),
        "aprobada-ya": _("Aprobado: ya puede ver la dirección."),
        "aprobadas-ya": _("Aprobado: ya pueden ver la dirección."),
        "por-aprobar": _("Deshecho: espera tu decisión, y nadie recibe aviso."),
        "no-aprobadas": _("Anotado: no ven la dirección. Su página dirá que se da por teléfono."),
        "sin-aprobar": _("Deshecho: ya no ve la dirección."),
        "correos": _("Los correos van a salir otra vez."),
        "si": _("Anotado: dijo que sí."),
        "no": _("Anotado: ya no viene. Borramos sus datos."),
        "apartado": _("Apartado. Dile su código: está en la lista, junto a su nombre."),
        "en-espera": _("Está en la lista de espera. Dile que le avisamos si hay lugar."),
        "mas-lugares": _("Listo: hay más lugares."),
        "deshecho": _("Deshecho. El taller quedó como estaba, y nadie recibe aviso."),
        "decidido": _("Anotado."),
        "pendiente": _("Deshecho: sigue por llamar."),
    }
    return messages.get(what, "")
