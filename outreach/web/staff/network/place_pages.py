"""The names of places that an office adds: what its people say, for the public search."""

from flask import redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Form

from outreach import clock
from outreach.domain.locations import office_places
from outreach.domain.network import offices
from outreach.domain.network.staff import Permission
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.presentation import place_words
from outreach.web.staff.common.form_fields import line, required
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint


class PlaceNameForm(Form):
    name = line(80, required(lazy("Escribe el nombre que usa la gente.")))
    meaning = line(80, required(lazy("Escribe qué lugar es.")))


@blueprint.get("/lugares/<slug>")
@requires(Scope.OFFICE, Permission.EDIT)
def place_names(slug: str) -> ResponseReturnValue:
    return _page(slug, PlaceNameForm(None))


@blueprint.post("/lugares/<slug>")
@requires(Scope.OFFICE, Permission.EDIT)
def update_place_names(slug: str) -> ResponseReturnValue:
    """Adds the name of the form; with `remove`, the number of a name, removes that one instead."""
    number = request.form.get("remove", "")
    if number.isascii() and number.isdigit() and len(number) < 10:
        with store().change() as session:
            office_places.remove(session, offices.find(session, slug), int(number))
            log_office_action(session, slug, "place name removed")
        return redirect(f"/org/lugares/{slug}?hecho=quitado", 303)
    form = PlaceNameForm(request.form)
    if not form.validate():
        return _page(slug, form, 422)
    try:
        with store().change() as session:
            office = offices.find(session, slug)
            name, meaning = form.name.data or "", form.meaning.data or ""
            office_places.add(session, office, name, meaning, now=clock.now())
            log_office_action(session, slug, "place name added")
    except Refusal as refusal:
        field = form.meaning if refusal.code is ErrorCode.PLACE_NOT_CLEAR else form.name
        field.errors = [error_messages.say(refusal)]
        return _page(slug, form, 422)
    return redirect(f"/org/lugares/{slug}?hecho=agregado", 303)


def _page(slug: str, form: PlaceNameForm, status: int = 200) -> ResponseReturnValue:
    with store().read() as session:
        office = offices.find(session, slug)
        rows = office_places.list_names(session, office)
    done = {"agregado": _("Listo: ya se encuentra en el sitio."), "quitado": _("Listo: quitado.")}
    return page(
        "network/place_names",
        status,
        office=office,
        rows=[(row, place_words.full_name(row.place)) for row in rows],
        form=form,
        faults=[(field.name, str(each)) for field in form for each in field.errors[:1]],
        done=done.get(request.args.get("hecho", ""), ""),
    )
