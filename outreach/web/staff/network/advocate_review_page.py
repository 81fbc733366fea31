"""Records which local organization reviewed the discreet kinds, and when."""

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Field, Form, ValidationError
from wtforms.validators import InputRequired

from outreach import clock
from outreach.domain.network import advocate_review
from outreach.domain.network.advocate_review import MAX_AGE, MAX_NAME_LENGTH, AdvocateReview
from outreach.domain.network.staff import Permission
from outreach.i18n import gettext as _
from outreach.i18n import lazy
from outreach.web.context import store
from outreach.web.staff.common.form_fields import DayField, line, required
from outreach.web.staff.common.guards import log_office_action, page
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.network import blueprint
from outreach.web.staff.network.form_reading import faults_of


class AdvocateReviewForm(Form):
    organization = line(MAX_NAME_LENGTH, required(lazy("Escribe el nombre de la organización.")))
    day = DayField(validators=[InputRequired(lazy("Escribe qué día lo revisó."))])

    def validate_day(self, field: Field) -> None:
        today = clock.now().date()
        if field.data and not today - MAX_AGE <= field.data <= today:
            raise ValidationError(_("Escribe un día de este último año."))


@blueprint.get("/ajustes/revision")
@requires(Scope.NETWORK, Permission.NETWORK)
def show_advocate_review() -> ResponseReturnValue:
    return _page(AdvocateReviewForm())


@blueprint.post("/ajustes/revision")
@requires(Scope.NETWORK, Permission.NETWORK)
def record_advocate_review() -> ResponseReturnValue:
    form = AdvocateReviewForm(request.form)
    if not form.validate():
        return _page(form, 422)
    assert form.day.data is not None  # it is required
    review = AdvocateReview(form.organization.data or "", form.day.data)
    with store().change() as session:
        advocate_review.record(session, review)
        log_office_action(session, "", "advocate review recorded", {"text": str(review.day)})
    return redirect("/org/ajustes/revision?hecho=1", 303)


def _page(form: AdvocateReviewForm, status: int = 200) -> Response:
    with store().read() as session:
        last = advocate_review.find(session)
    return page(
        "network/advocate_review",
        status,
        form=form,
        last=last,
        is_current=last is not None and last.is_current(clock.now().date()),
        faults=faults_of(form),
        is_done=request.args.get("hecho") == "1",
    )
