"""One workshop: how it stands, its numbers, who registered, and what may be done to it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain import door, planning, registrations
from outreach.domain.organizers import Action
from outreach.domain.registrations import INTERPRETER, Contact, Need, Registration
from outreach.domain.registrations import Standing as Place
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.errors import Refused
from outreach.languages import gettext as _
from outreach.web import cards
from outreach.web.context import config, ring, store
from outreach.web.desk import words
from outreach.web.desk.staff import desk, find_mine, may, note, page

TABS: Final = ("lugar", "espera", "llamadas")


@desk.get("/talleres/<public_id>")
def workshop(public_id: str) -> ResponseReturnValue:
    return show(public_id)


@desk.post("/talleres/<public_id>/contacto")
def contact(public_id: str) -> ResponseReturnValue:
    """The whole e-mail or phone of one party. Who looked, and when, is written down."""
    wanted = clean(request.form.get("registration", ""))
    with store().change() as session:
        found = find_mine(session, public_id, Action.CONTACTS)
        door.find(session, found, wanted)
        note(session, found, "contact seen")
    return show(public_id, shown=wanted)


@desk.post("/talleres/<public_id>/publicar")
def publish(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            found = find_mine(session, public_id, Action.EDIT)
            planning.publish(session, found, now=clock.now())
            note(session, found, "workshop published")
    except Refused as refusal:
        return show(public_id, fault=str(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=publicado", 303)


@desk.post("/talleres/<public_id>/reactivar")
def reinstate(public_id: str) -> ResponseReturnValue:
    try:
        with store().change() as session:
            found = find_mine(session, public_id, Action.EDIT)
            planning.reinstate(session, found, now=clock.now())
            note(session, found, "workshop reinstated")
    except Refused as refusal:
        return show(public_id, fault=str(refusal))
    return redirect(f"/org/talleres/{public_id}?hecho=reactivado", 303)


def show(public_id: str, *, shown: str = "", fault: str = "") -> Response:
    """The page of one workshop; `shown` is the party whose contact was asked for."""
    with store().read() as session:
        found = find_mine(session, public_id, Action.SEE)
        everyone = registrations.of_workshop(session, found)
        came = door.head_count(session, found)
    return page(
        "workshop",
        422 if fault else 200,
        workshop=found,
        now=clock.now(),
        fault=fault,
        done=_done(request.args.get("hecho", "")),
        is_doubled=clock.is_doubled(found.day, found.starts, found.zone),
        came=came,
        site=config().public_url,
        words=words,
        spoken=cards.spoken,
        may=lambda action: may(action, found.office.slug),
        **_numbers(everyone),
        **_people(found, everyone, shown),
    )


def _numbers(everyone: Sequence[Registration]) -> dict[str, Any]:
    seated = [each for each in everyone if each.standing is not Place.WAITING]
    waiting = [each for each in everyone if each.standing is Place.WAITING]
    needs = Counter(need for each in seated for need in each.needs)
    return {
        "parties": len(seated),
        "waiting_parties": len(waiting),
        "waiting_people": sum(each.people for each in waiting),
        "childcare": needs[Need.CHILDCARE],
        "interpreter": sum(many for need, many in needs.items() if need.startswith(INTERPRETER)),
    }


def _people(workshop: Workshop, everyone: Sequence[Registration], shown: str) -> dict[str, Any]:
    """The list of one tab, with names where they may be seen."""
    if not may(Action.PEOPLE, workshop.office.slug):
        return {"tab": "", "rows": [], "to_call": 0}
    callable_ = [each for each in everyone if each.contact is Contact.PHONE]
    tab = request.args.get("ver", "")
    if shown:
        tab = _tab_of(everyone, shown, request.form.get("ver", ""))
    if tab not in TABS or (tab == "llamadas" and not workshop.is_cancelled):
        tab = "lugar"
    listed = {
        "lugar": [each for each in everyone if each.standing is not Place.WAITING],
        "espera": [each for each in everyone if each.standing is Place.WAITING],
        "llamadas": callable_,
    }[tab]
    if workshop.is_discreet:  # whoever reads such a list leaves a trace (safety.md S23)
        with store().change() as session:
            note(session, workshop, "list seen")
    people = registrations.people_of(ring(), listed)
    return {
        "tab": tab,
        "rows": words.rows(listed, people, shown=shown),
        "to_call": len(callable_) if workshop.is_cancelled else 0,
    }


def _tab_of(everyone: Sequence[Registration], shown: str, asked: str) -> str:
    if asked in TABS:
        return asked
    is_waiting = any(each.id == shown and each.standing is Place.WAITING for each in everyone)
    return "espera" if is_waiting else "lugar"


def _done(what: str) -> str:
    said: dict[str, str] = {
        "publicado": _("Publicado. Ya se puede ver en el sitio y en los calendarios."),
        "borrador": _("Guardado como borrador. Nadie lo ve todavía."),
        "cambiado": _("Cambios guardados."),
        "igual": _("No había nada que cambiar."),
        "cancelado": _("Cancelado. Sigue a la vista, marcado como cancelado."),
        "reactivado": _("Reactivado. Todas las personas conservan su lugar."),
        "reportado": _("Asistencia guardada."),
    }
    return said.get(what, "")
