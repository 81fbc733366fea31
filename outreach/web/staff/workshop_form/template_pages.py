"""Templates of an office: what the form of a new workshop can start from."""

from collections.abc import Mapping
from typing import Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain.network import offices
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Permission
from outreach.domain.scheduling import workshop_templates
from outreach.domain.scheduling.workshop_templates import WorkshopTemplate
from outreach.domain.text import clean
from outreach.errors import NotFound
from outreach.i18n import gettext as _
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.staff.common.form_fields import read_number
from outreach.web.staff.common.guards import log_office_action, require_permission
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.workshop_form import blueprint
from outreach.web.staff.workshop_form.form_options import NEW
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm

# The date and what belongs to it, what only one workshop has, and fields of the session. A link for
# those with a place is not reused: who had it before would come in. `facilitator` names a person.
_NOT_KEPT: Final = frozenset(
    {
        "token", "action", "sure", "office", "nonce", "workshop", "seen", "day", "which_hour",
        "venue_same", "online_url", "live_url", "facilitator", "series", "series_name",
        "series_joint", "template_name", "preview_language",
    }
)  # fmt: skip


@blueprint.post("/talleres/plantillas/borrar")
@requires(Scope.CHOSEN_OFFICE, Permission.EDIT)
def delete_template() -> ResponseReturnValue:
    slug = clean(request.form.get("office", ""))
    require_permission(Permission.EDIT, slug)
    with store().change() as session:
        office = offices.find(session, slug)
        template = find(session, office, request.form.get("template", ""))
        log_office_action(session, slug, "workshop template deleted", {"template": template.id})
        session.delete(template)
    return redirect(f"/org/talleres/nuevo?oficina={slug}", 303)


def save(form: WorkshopForm, typed: MultiDict[str, str]) -> str:
    """Keeps the fields of the form, but for its date, and returns the name of the template. Raises
    Refusal where it has no name or is too long, or the office has too many."""
    name = form.template_name.data or form.title_es.data or ""
    if not name or len(name) > workshop_templates.MAX_NAME:
        most = workshop_templates.MAX_NAME
        raise PageRefused(_("Ponle a la plantilla un nombre de %(num)d letras o menos.", num=most))
    is_venue_new = typed.get("venue") == NEW
    kept = [
        (field, value)
        for field, value in typed.items(multi=True)
        if field not in _NOT_KEPT and not (is_venue_new and field.startswith("venue"))
    ]
    with store().change() as session:
        office = offices.find(session, form.office.slug)
        template = workshop_templates.save(session, office, name, kept, now=clock.now())
        log_office_action(
            session, office.slug, "workshop template saved", {"template": template.id}
        )
    return name


def fields_of(
    session: Session, office: Office, template_id: str, given: Mapping[str, str]
) -> MultiDict[str, str]:
    """Returns the fields that the form of a template sent; those in `given` replace its own. Raises
    NotFound."""
    fields = MultiDict(find(session, office, template_id).sent_fields)
    if "starts" in given:
        fields.poplist("ends")
    for name, value in given.items():
        fields[name] = value
    return fields


def find(session: Session, office: Office, template_id: str) -> WorkshopTemplate:
    """The template with the id that a page sent. Raises NotFound."""
    number = read_number(template_id)
    if number is None:
        raise NotFound("workshop template")
    return workshop_templates.find(session, office, number)
