"""Certificates of attendance. The typed name is printed, and stored or logged nowhere."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Form, ValidationError

from outreach import clock
from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.text import looks_like_an_id
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import NAMES, lazy
from outreach.i18n import gettext as _
from outreach.pdf import certificate as paper
from outreach.web import error_messages
from outreach.web.context import config, store
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.form_fields import Choice, line, required
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires

MAX_HOURS: Final = 100
_HOURS: Final = re.compile(r"[0-9]{1,3}([.,][05])?")


class CertificateForm(Form):
    name = line(60, required(lazy("Escribe el nombre.")))
    hours = line(5, required(lazy("Escribe cuántas horas duró.")))
    language = Choice(default="es")

    def __init__(self, typed: MultiDict[str, str] | None = None, **values: Any) -> None:
        super().__init__(typed, data=values)
        self.language.choices = list(NAMES.items())

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The errors: id of the field on the page, and message."""
        first = {"language": "language-es"}
        return [
            (first.get(field.name, field.name), str(fault))
            for field in self
            for fault in field.errors[:1]
        ]

    def validate_name(self, field: Any) -> None:
        if not any(unicodedata.category(letter)[0] == "L" for letter in field.data):
            raise ValidationError(_("Escribe el nombre con letras."))
        if looks_like_an_id(unicodedata.normalize("NFKC", field.data)):
            raise ValidationError(_("Escribe solo el nombre. No pongas números de documentos."))

    def validate_hours(self, field: Any) -> None:
        typed = field.data
        if not _HOURS.fullmatch(typed) or not 0 < float(typed.replace(",", ".")) <= MAX_HOURS:
            raise ValidationError(_("Escribe las horas con números, como 2 o 1.5."))

    @property
    def hours_text(self) -> str:
        """«2», «1.5»: the hours, after `validate()`."""
        return f"{float((self.hours.data or '').replace(',', '.')):g}"


@blueprint.get("/talleres/<public_id>/constancia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def certificate_form(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(workshop, CertificateForm(hours=_length(workshop)), now=clock.now())


@blueprint.post("/talleres/<public_id>/constancia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def create_certificate(public_id: str) -> ResponseReturnValue:
    form, now = CertificateForm(request.form), clock.now()
    is_valid = form.validate()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    if not is_valid:
        return _page(workshop, form, now=now, status=422)
    lang = form.language.data
    try:
        with store().change() as session:
            current = find_workshop(session, public_id)
            checkin.require_over(current, now=now)
            log_workshop_action(
                session, current, "certificate made", {"language": lang, "hours": form.hours_text}
            )
    except Refusal:
        return _page(workshop, form, now=now, status=422)
    body = paper.pdf(
        workshop,
        form.name.data or "",
        form.hours_text,
        lang,
        brand=config().brand,
        today=now.astimezone(workshop.zone).date(),
        now=now,
    )
    answer = Response(body, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="constancia.pdf"'
    return answer


def _page(
    workshop: Workshop, form: CertificateForm, *, now: datetime, status: int = 200
) -> Response:
    fault = ""
    try:
        checkin.require_over(workshop, now=now)
    except Refusal as refusal:
        fault = error_messages.say(refusal)
    return page(
        "attendees/certificate",
        status,
        workshop=workshop,
        form=form,
        fault=fault,
        words=workshop_labels,
    )


def _length(workshop: Workshop) -> str:
    """The length of the workshop in hours, rounded to half hours: «1.5»."""
    halves = max(1, round((workshop.ends_at - workshop.starts_at) / timedelta(minutes=30)))
    return f"{halves / 2:g}"
