"""Certificates of attendance. The typed names are printed, and stored or logged nowhere."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import Form, TextAreaField, ValidationError

from outreach import clock
from outreach.domain.checkin import checkin
from outreach.domain.network.staff import Permission
from outreach.domain.text import clean_lines, looks_like_an_id
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
MAX_NAMES: Final = 60
MAX_NAME_LENGTH: Final = 60
_HOURS: Final = re.compile(r"[0-9]{1,3}([.,][05])?")


class CertificateForm(Form):
    """The form of certificates, with a name in each line. A discreet workshop has one certificate
    at a time: a file with all who came would be a list of them."""

    name = TextAreaField(
        filters=[lambda typed: clean_lines(typed or "")],
        validators=[required(lazy("Escribe el nombre."))],
    )
    hours = line(5, required(lazy("Escribe cuántas horas duró.")))
    language = Choice(default="es")

    def __init__(
        self, workshop: Workshop, typed: MultiDict[str, str] | None = None, **values: Any
    ) -> None:
        super().__init__(typed, data=values)
        self.language.choices = list(NAMES.items())
        self.takes_several = not workshop.is_discreet

    @property
    def names(self) -> list[str]:
        return [name for name in (self.name.data or "").split("\n") if name]

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
        if len(self.names) > 1 and not self.takes_several:
            raise ValidationError(_("Este taller es discreto: haz una constancia a la vez."))
        if len(self.names) > MAX_NAMES:
            raise ValidationError(_("Son más de %(num)d nombres. Haz otro archivo.", num=MAX_NAMES))
        for name in self.names or [""]:
            _require_name(name)

    def validate_hours(self, field: Any) -> None:
        typed = field.data
        if not _HOURS.fullmatch(typed) or not 0 < float(typed.replace(",", ".")) <= MAX_HOURS:
            raise ValidationError(_("Escribe las horas con números, como 2 o 1.5."))

    @property
    def hours_text(self) -> str:
        """The hours as «2» or «1.5». To be read only after `validate()`."""
        return f"{float((self.hours.data or '').replace(',', '.')):g}"


def _require_name(name: str) -> None:
    """Raises ValidationError for a name that is too long, has no letters, or looks like the number
    of a document."""
    if len(name) > MAX_NAME_LENGTH:
        raise ValidationError(_("Es demasiado largo. Escribe menos."))
    if not any(unicodedata.category(letter)[0] == "L" for letter in name):
        raise ValidationError(_("Escribe el nombre con letras."))
    if looks_like_an_id(unicodedata.normalize("NFKC", name)):
        raise ValidationError(_("Escribe solo el nombre. No pongas números de documentos."))


@blueprint.get("/talleres/<public_id>/constancia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def certificate_form(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(workshop, CertificateForm(workshop, hours=_length(workshop)), now=clock.now())


@blueprint.post("/talleres/<public_id>/constancia")
@requires(Scope.WORKSHOP, Permission.EDIT)
def create_certificate(public_id: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    form = CertificateForm(workshop, request.form)
    if not form.validate():
        return _page(workshop, form, now=now, status=422)
    lang, names = form.language.data, form.names
    details: dict[str, Any] = {"language": lang, "hours": form.hours_text}
    if len(names) > 1:
        details["people"] = len(names)
    try:
        with store().change() as session:
            current = find_workshop(session, public_id)
            checkin.require_over(current, now=now)
            log_workshop_action(session, current, "certificate made", details)
    except Refusal:
        return _page(workshop, form, now=now, status=422)
    body = paper.pdf(
        workshop,
        names,
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
