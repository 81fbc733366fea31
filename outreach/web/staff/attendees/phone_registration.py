"""Saving a place for somebody who calls: the form of the public, asked over the phone."""

from collections.abc import Mapping
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
from outreach.errors import Closed, Full, Refused, Taken, TooMany
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web import error_messages
from outreach.web.context import store
from outreach.web.error_messages import PageRefused
from outreach.web.forms import availability, registration_service
from outreach.web.forms.registration_form import RegistrationForm
from outreach.web.middleware import request_retry
from outreach.web.staff.attendees import blueprint
from outreach.web.staff.common import workshop_labels
from outreach.web.staff.common.guards import find_workshop, log_workshop_action, page
from outreach.web.staff.common.permissions import Scope, requires

# What is said to whoever comes, as it is said to who writes it down for them.
_SAID_TO_STAFF: Final[Mapping[str, str]] = {
    "Escribe tu nombre o apodo": "Escribe su nombre o apodo.",
    "Escribe solo tu nombre. No pongas números de documentos.": (
        "Escribe solo su nombre. No pongas números de documentos."
    ),
    "Elige cómo te avisamos": "Elige cómo se le avisa.",
    "Escribe tu correo": "Escribe su correo.",
    "Revisa tu correo: le falta la @": "Revisa su correo: le falta la @",
    "Revisa tu correo. Se escribe como rosa@ejemplo.com": (
        "Revisa su correo. Se escribe como rosa@ejemplo.com"
    ),
    "Escribe los 10 números de tu teléfono": "Escribe los 10 números de su teléfono.",
    "Elige si podemos dejar mensaje.": "Di si se puede dejar mensaje.",
    "Marca que aceptas que guardemos tu lugar. Sin eso no podemos apartarlo.": (
        "Pregúntale si acepta que guardemos su lugar, y márcalo. Sin eso no se aparta."
    ),
}


class CallerForm(RegistrationForm):
    """What the caller answers. They are on the phone, so that is how they are told, unless they
    say otherwise."""

    def __init__(self, workshop: Workshop, typed: MultiDict[str, str] | None = None) -> None:
        super().__init__(workshop, typed)
        if typed is None and not workshop.is_discreet:
            self.contact.data = ContactMethod.PHONE.value
        if not self.has_nonce:
            self.stamp_again()

    def validate(self, *given: Any, **more: Any) -> bool:
        is_well: bool = super().validate(*given, **more)
        for field in self:
            field.errors = [_SAID_TO_STAFF.get(str(fault), str(fault)) for fault in field.errors]
        return is_well


@blueprint.get("/talleres/<public_id>/apartar")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
def new(public_id: str) -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, public_id)
    return _page(CallerForm(workshop), 200, fault=_closed(workshop, clock.now()))


@blueprint.post("/talleres/<public_id>/apartar")
@requires(Scope.WORKSHOP, Permission.CONTACTS)
@request_retry.repeatable
def create(public_id: str) -> ResponseReturnValue:
    now = clock.now()
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        filled = CallerForm(workshop, request.form)
        nonce = filled.nonce.data or ""
        before = registrations.find_duplicate(session, nonce)
    if before is None:
        fault = _closed(workshop, now)
        if fault or not filled.validate():
            return _page(filled, 422, fault=fault)
        try:
            _save(filled, nonce, now)
        except Refused as refusal:
            return _page(filled, 422, fault=error_messages.say(refusal))
    with store().read() as session:
        party = registrations.find_duplicate(session, nonce)
    assert party is not None
    has_place = party.status is Place.CONFIRMED
    there = "hecho=apartado" if has_place else "ver=espera&hecho=en-espera"
    return redirect(f"/org/talleres/{public_id}?{there}#r-{party.id}", 303)


def _save(filled: CallerForm, nonce: str, now: datetime) -> None:
    """Raises Refused, in a sentence for who holds the phone."""
    workshop, applicant = filled.workshop, filled.applicant()

    def write_down(session: Session) -> None:
        log_workshop_action(session, workshop, "place saved by phone", {"people": applicant.people})

    try:
        registration_service.save([workshop], applicant, nonce, now=now, also=write_down)
    except TooMany:
        raise PageRefused(
            _(
                "Ese correo o teléfono ya tiene %(num)d registros en este taller.",
                num=registrations.MAX_ACTIVE_PER_CONTACT,
            )
        ) from None
    except Closed:
        raise PageRefused(_("Este taller ya no aparta lugares.")) from None
    except Full:
        raise PageRefused(_("No quedan tantos lugares, y aquí no hay lista de espera.")) from None
    except Taken as gone:
        if not str(gone):
            raise PageRefused(_("Esa hora se acaba de ocupar. Elige otra.")) from None
        raise PageRefused(
            _("%(gone)s. Aparta sin eso.", gone=availability.used_up_words(str(gone)))
        ) from None


def _closed(workshop: Workshop, now: datetime) -> str:
    """Why no place is saved here now; empty where one is."""
    if not workshop.takes_places:
        return str(_("En este taller no se apartan lugares."))
    if not workshop.has_opened(now):
        return str(_("Los lugares de este taller todavía no se abren."))
    if not workshop.is_open(now):
        return str(_("Este taller ya no aparta lugares."))
    if workshop.is_full and not workshop.has_waiting_list:
        return str(_("Ya no hay lugares, y aquí no hay lista de espera."))
    return ""


def _page(filled: CallerForm, status: int, *, fault: str = "") -> ResponseReturnValue:
    with store().read() as session:
        workshop = find_workshop(session, filled.workshop.public_id)
        filled.choices = availability.of_workshop(session, workshop, now=clock.now())
    return page(
        "attendees/phone_registration",
        status,
        workshop=workshop,
        form=filled,
        fault=fault,
        faults=filled.faults if status == 422 else [],
        is_closed=bool(_closed(workshop, clock.now())),
        left=_left(workshop),
        need_words=workshop_labels.need_words,
        words=workshop_labels,
    )


def _left(workshop: Workshop) -> str:
    if workshop.is_full:
        return str(_("Ya no hay lugares: entra a la lista de espera."))
    said: str = ngettext("Queda %(num)d lugar.", "Quedan %(num)d lugares.", workshop.seats_left)
    return said
