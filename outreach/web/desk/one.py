"""One workshop: how it stands, its numbers, who registered, and what may be done to it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import door, partners, planning
from outreach.domain.organizers import Action
from outreach.domain.registrations import HOLDING, Need, Registration
from outreach.domain.registrations import Standing as Place
from outreach.domain.workshops import Workshop
from outreach.errors import Refused
from outreach.languages import gettext as _
from outreach.web import cards
from outreach.web.context import config, store
from outreach.web.desk import checks, people, words
from outreach.web.desk.checks import Unsure
from outreach.web.desk.staff import desk, find_mine, may, note, page


@desk.get("/talleres/<public_id>")
def workshop(public_id: str) -> ResponseReturnValue:
    return show(public_id)


@desk.post("/talleres/<public_id>/publicar")
def publish(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            checks.publish(session, find_mine(session, public_id))
    except Refused as refusal:
        return show(public_id, fault=str(refusal))
    except Unsure:
        return show(public_id, fault=_("No se publicó. Mira primero esto."))
    return redirect(f"/org/talleres/{public_id}?hecho=publicado", 303)


@desk.post("/talleres/<public_id>/reactivar")
def reinstate(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            found = find_mine(session, public_id)
            planning.reinstate(session, found, now=clock.now())
            note(session, found, "workshop reinstated")
    except Refused as refusal:
        return show(public_id, fault=str(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=reactivado", 303)


def show(public_id: str, *, shown: str = "", fault: str = "") -> Response:
    """The page of one workshop; `shown` is the party whose contact was asked for."""
    now = clock.now()
    with store().read() as session:
        found = find_mine(session, public_id, Action.SEE)
        there = people.of(session, found, now=now)
        came = door.head_count(session, found)
        checked = checks.of(session, found)
        giving = partners.all_of(session, found)
    return page(
        "workshop",
        422 if fault else 200,
        workshop=found,
        now=now,
        fault=fault,
        done=_done(request.args.get("hecho", "")),
        is_doubled=clock.is_doubled(found.day, found.starts, found.zone),
        came=came,
        checked=checked,
        giving=giving,
        site=config().public_url,
        words=words,
        spoken=cards.spoken,
        may=lambda action: may(action, found.office.slug),
        unsent=len(there.unsent),
        **_numbers(found, there.everyone),
        **people.listed(found, there, shown),
    )


def _numbers(workshop: Workshop, everyone: Sequence[Registration]) -> dict[str, Any]:
    seated = [each for each in everyone if each.standing is Place.SEATED]
    offered = [each for each in everyone if each.standing is Place.OFFERED]
    waiting = [each for each in everyone if each.standing is Place.WAITING]
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
    asked = Counter(need for each in everyone if each.standing in HOLDING for need in each.needs)
    known = [*Need, *sorted(asked.keys() | workshop.support.keys())]
    return [
        (words.need_words(need), asked[need], workshop.support.get(need, -1))
        for need in dict.fromkeys(map(str, known))
        if asked[need] or need in workshop.support
    ]


def _done(what: str) -> str:
    said: dict[str, str] = {
        "publicado": _("Publicado. Ya se puede ver en el sitio y en los calendarios."),
        "borrador": _("Guardado como borrador. Nadie lo ve todavía."),
        "textos": _("Textos guardados."),
        "cambiado": _("Cambios guardados."),
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
        "pendiente": _("Deshecho: sigue por llamar."),
    }
    return said.get(what, "")
