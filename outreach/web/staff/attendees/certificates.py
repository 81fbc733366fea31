"""The certificate that somebody was there. The name is typed, printed and gone: no row, no file and
no line of a log ever has it."""

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
from outreach.errors import Refused
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

MOST_HOURS: Final = 100
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
        """What has to be mended: the id of the field on the page, and the sentence."""
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
        if not _HOURS.fullmatch(typed) or not 0 < float(typed.replace(",", ".")) <= MOST_HOURS:
            raise ValidationError(_("Escribe las horas con números, como 2 o 1.5."))

    @property
    def said_hours(self) -> str:
        """2, 1.5: only after `validate()`."""
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
    is_good = form.validate()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    if not is_good:
        return _page(workshop, form, now=now, status=422)
    lang = form.language.data
    try:
        with store().change() as session:
            found = find_workshop(session, public_id)
            checkin.require_over(found, now=now)
            log_workshop_action(
                session, found, "certificate made", {"language": lang, "hours": form.said_hours}
            )
    except Refused:
        return _page(workshop, form, now=now, status=422)
    body = paper.pdf(
        workshop,
        form.name.data or "",
        form.said_hours,
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
    except Refused as refusal:
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
    """How long it took, to the half hour: 1.5."""
    halves = max(1, round((workshop.ends_at - workshop.starts_at) / timedelta(minutes=30)))
    return f"{halves / 2:g}"
