"""Registration of a person who calls: the public form, form by staff."""

from datetime import datetime
from typing import Any, Final

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.domain import registrations
from outreach.domain.network.staff import Permission
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import Workshop
from outreach.errors import Refusal
from outreach.i18n import N_, ngettext
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.context import key_store, store
from outreach.web.forms import availability, form_token
from outreach.web.forms.registration_form import RegistrationForm
from outreach.web.middleware import request_retry
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common import staff_booking, workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires

# Messages of the public form, which address the person, and how they read for staff on the phone.
_STAFF_MESSAGES: Final = (
    (N_("Escribe tu nombre o apodo"), N_("Escribe su nombre o apodo.")),
    (
        N_("Escribe solo tu nombre. No pongas números de documentos."),
        N_("Escribe solo su nombre. No pongas números de documentos."),
    ),
    (
        N_("Escribe solo tu nombre o apodo, sin páginas ni correos."),
        N_("Escribe solo su nombre o apodo, sin páginas ni correos."),
    ),
    (N_("Elige cómo te avisamos"), N_("Elige cómo se le avisa.")),
    (N_("Escribe tu correo"), N_("Escribe su correo.")),
    (N_("Revisa tu correo: le falta la @"), N_("Revisa su correo: le falta la @")),
    (
        N_("Revisa tu correo. Se escribe como rosa@ejemplo.com"),
        N_("Revisa su correo. Se escribe como rosa@ejemplo.com"),
    ),
    (
        N_("Escribe los 10 números de tu teléfono"),
        N_("Escribe los 10 números de su teléfono."),
    ),
    (
        N_("Escribe tu número de teléfono completo"),
        N_("Escribe su número de teléfono completo."),
    ),
    (N_("Elige si vienes o entras en línea."), N_("Elige si viene o entra en línea.")),
    (N_("Elige si podemos dejar mensaje."), N_("Di si se puede dejar mensaje.")),
    (
        N_("Marca que aceptas que guardemos tu lugar. Sin eso no podemos apartarlo."),
        N_("Pregúntale si acepta que guardemos su lugar, y márcalo. Sin eso no se aparta."),
    ),
)


class CallerForm(RegistrationForm):
    """The public registration form, with phone as the default contact and messages for staff."""

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None = None) -> None:
        super().__init__(workshop, typed)
        if typed is None and not workshop.is_discreet:
            self.contact.data = ContactMethod.PHONE.value
        if not request_retry.NONCE.fullmatch(self.nonce.data or ""):
            self.nonce.data = form_token.nonce()

    @property
    def appears_full(self) -> bool:
        return self.workshop.is_full

    def validate(self, *given: Any, **more: Any) -> bool:
        is_valid: bool = super().validate(*given, **more)
        messages = {_(public): _(for_staff) for public, for_staff in _STAFF_MESSAGES}
        for field in self:
            field.errors = [messages.get(str(fault), str(fault)) for fault in field.errors]
        return is_valid


@blueprint.get("/talleres/<public_id>/apartar")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def new(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(CallerForm(workshop), 200, fault=_closed_message(workshop, clock.now()))


@blueprint.post("/talleres/<public_id>/apartar")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
@request_retry.repeatable
def create(public_id: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        form = CallerForm(workshop, request.form)
        form_id = key_store().form_id(form.nonce.data or "")
        before = registrations.find_duplicate(session, form_id)
    if before is None:
        fault = _closed_message(workshop, now)
        if fault or not form.validate():
            return _page(form, 422, fault=fault)
        try:
            _save(form, form_id, now)
        except Refusal as refusal:
            return _page(form, 422, fault=error_messages.say(refusal))
    with store().read() as session:
        party = registrations.find_duplicate(session, form_id)
    assert party is not None
    is_confirmed = party.status is Place.CONFIRMED
    query = "hecho=apartado" if is_confirmed else "ver=espera&hecho=en-espera"
    return redirect(f"/org/talleres/{public_id}?{query}#r-{party.id}", 303)


def _save(form: CallerForm, form_id: str, now: datetime) -> None:
    """Saves the registration. Raises Refusal with a message for staff."""
    workshop, registration_data = form.workshop, form.registration_data()

    def log_action(session: Session) -> None:
        log_workshop_action(
            session, workshop, "place saved by phone", {"people": registration_data.people}
        )

    staff_booking.save(
        staff_booking.BY_HAND, workshop, registration_data, form_id, record=log_action, now=now
    )


def _closed_message(workshop: Workshop, now: datetime) -> str:
    """Returns why the workshop takes no registrations now; empty when it does."""
    if not workshop.takes_places:
        return str(_("En este taller no se apartan lugares."))
    if not workshop.has_opened(now):
        return str(_("Los lugares de este taller todavía no se abren."))
    if not workshop.is_open(now):
        return str(_("Este taller ya no aparta lugares."))
    if workshop.is_full and not workshop.has_waiting_list:
        return str(_("Ya no hay lugares, y aquí no hay lista de espera."))
    return ""


def _page(form: CallerForm, status: int, *, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, form.workshop.public_id)
        form.choices = availability.of_workshop(session, workshop, now=clock.now(), is_staff=True)
    return page(
        "attendees/phone_registration",
        status,
        workshop=workshop,
        form=form,
        fault=fault,
        faults=form.faults if status == 422 else [],
        is_closed=bool(_closed_message(workshop, clock.now())),
        left=_seats_left_words(workshop),
        need_words=workshop_labels.need_words,
        words=workshop_labels,
    )


def _seats_left_words(workshop: Workshop) -> str:
    if workshop.is_full:
        return str(_("Ya no hay lugares: entra a la lista de espera."))
    words: str = ngettext("Queda %(num)d lugar.", "Quedan %(num)d lugares.", workshop.seats_left)
    return words
