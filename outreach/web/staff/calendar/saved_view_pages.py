"""Keeps the filters of the list under a name, for one staff member."""

from urllib.parse import parse_qs, urlsplit

from flask import redirect, request
from flask.typing import ResponseReturnValue

from outreach import clock
from outreach.domain.dashboard import saved_views
from outreach.domain.dashboard.saved_views import MAX_NAME
from outreach.domain.text import clean
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.calendar import blueprint
from outreach.web.staff.calendar.calendar_params import PATH, CalendarParams, read_params
from outreach.web.staff.common.guards import current_staff
from outreach.web.staff.common.permissions import Scope, requires


def read_query(query: str) -> CalendarParams:
    """The parameters of a query string; unknown ones are left out."""
    fields = {name: values[-1] for name, values in parse_qs(query).items()}
    return read_params(fields, today=clock.now().date())


@blueprint.post("/talleres/vistas")
@requires(Scope.SIGNED_IN)
def save_view() -> ResponseReturnValue:
    """Stores the query string of the list that the form is on, as this program writes it."""
    name = clean(request.form.get("nombre", ""))
    if not name or len(name) > MAX_NAME:
        raise PageRefused(_("Ponle a la vista un nombre de 40 letras o menos."))
    shown = read_query(request.form.get("busca", "")[:2000])
    # A view without days of its own always shows the month of today.
    address = shown.address(mes="", pagina="", elegir="")
    with store().change() as session:
        saved_views.save(session, current_staff().organizer_id, name, urlsplit(address).query)
    return redirect(address, 303)


@blueprint.post("/talleres/vistas/<int:view_id>/borrar")
@requires(Scope.SIGNED_IN)
def delete_view(view_id: int) -> ResponseReturnValue:
    with store().change() as session:
        saved_views.delete(session, current_staff().organizer_id, view_id)
    return redirect(f"{PATH}?vista=lista", 303)
