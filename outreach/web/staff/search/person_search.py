"""Searches a person by the whole door code, or by the whole contact; only at the own offices.

Both are posts, so that neither stands in an address; both are counted and written in the audit log,
also where nobody is found. The answer leads to the list of the workshop. It has no name of who
comes to a discreet workshop, and none by contact.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach import clock, network_profile, phone_numbers
from outreach.domain.audit.audit_log import Details
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission
from outreach.domain.registrations import Registration, RegistrationStatus, staff_lookup
from outreach.domain.registrations.code_lookup import CODE_LENGTH
from outreach.domain.text import clean, looks_like_an_address, looks_like_an_id
from outreach.i18n import gettext as _
from outreach.i18n import pgettext
from outreach.web.context import key_store, store
from outreach.web.forms import contact_fields
from outreach.web.middleware import rate_limits
from outreach.web.presentation.formatting import localize
from outreach.web.staff.common import contact_views, disclosure, workshop_labels
from outreach.web.staff.common.guards import (
    current_staff,
    log_office_action,
    log_workshop_action,
    offices_with,
    page,
    proof_page,
)
from outreach.web.staff.common.permissions import Scope, requires
from outreach.web.staff.search import blueprint, search_text

MIN_REASON: Final = 5  # characters
MAX_REASON: Final = 120
_MAX_CONTACT: Final = 254


@dataclass(frozen=True, repr=False)
class FoundParty:
    """A registration as the answer shows it."""

    address: str  # leads to the workshop's list
    title: str
    when: str
    status: str
    people: str
    name: str  # empty where it is not shown
    city: str


@blueprint.post("/buscar/codigo")
@requires(Scope.CHOSEN_OFFICE, Permission.PEOPLE)
def find_by_code() -> ResponseReturnValue:
    code = search_text.read_person_code(request.form.get("code", ""), length=CODE_LENGTH)
    if not code:
        fault = _("Escribe las 6 letras y números del código de entrada.")
        return _answer(_by_code_heading(), fault=fault)
    rate_limits.count_person_search(current_staff().organizer_id)
    with store().read() as session:
        own = offices_with(session, Permission.PEOPLE)
        ids = [each.id for each in own]
        found = staff_lookup.find_by_code(session, key_store(), code, ids, now=clock.now())
        plain = [each for each in found if not each.workshop.is_discreet]
        names = disclosure.read_people_of_many(plain)
        parties = [
            _describe(each, names[each.id].name if each.id in names else "") for each in found
        ]
    _log("person searched by code", found, own, {})
    return _answer(_by_code_heading(), typed=f"{code[:3]} {code[3:]}", found=parties)


@blueprint.post("/buscar/contacto")
@requires(Scope.CHOSEN_OFFICE, Permission.CONTACTS)
def find_by_contact() -> ResponseReturnValue:
    typed = clean(request.form.get("contact", ""))[:_MAX_CONTACT]
    reason = clean(request.form.get("reason", ""))
    with store().read() as session:
        own = offices_with(session, Permission.CONTACTS)
    country = own[0].country if own else network_profile.current().main_country
    contact = _read_contact(typed, country)
    if fault := _find_fault(contact, reason):
        return _answer(_by_contact_heading(), fault=fault, contact=typed, reason=reason)
    if not contact_views.count_view():
        # The contact is not kept with the form, as others are: it is typed again.
        return proof_page(401, back="/org/buscar")
    with store().read() as session:
        ids = [each.id for each in own]
        found = staff_lookup.find_by_contact(session, key_store(), contact, ids, now=clock.now())
        parties = [_describe(each, "") for each in found]
    _log("person searched by contact", found, own, {"reason": reason})
    return _answer(_by_contact_heading(), found=parties)


def _read_contact(typed: str, country: str) -> str:
    """The e-mail or phone as it is stored; empty for another text."""
    if "@" not in typed:
        return phone_numbers.normalize(typed, country)
    try:
        return contact_fields.read_email(typed)
    except ValidationError:
        return ""


def _find_fault(contact: str, reason: str) -> str:
    if not contact:
        return str(_("Escribe el correo o el teléfono completo."))
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        return str(_("Di en pocas palabras para qué lo buscas."))
    has_digits = re.search(r"[0-9]{4}", re.sub(r"[\s().-]", "", reason)) is not None
    if has_digits or looks_like_an_address(reason) or looks_like_an_id(reason):
        # The audit log keeps it for a year, and holds nothing about a registrant.
        return str(_("Di para qué lo buscas sin correos, números ni documentos."))
    return ""


def _log(
    action: str, found: Sequence[Registration], own: Sequence[Office], details: Details
) -> None:
    """Writes a search in the audit log, at each workshop where somebody was found. Where nobody
    was, it is written at the searcher's own offices, or at the network if they have all of them."""
    is_everywhere = ALL_OFFICES in current_staff().grants
    with store().change() as session:
        for each in found:
            log_workshop_action(session, each.workshop, action, details)
        if not found:
            for slug in [""] if is_everywhere else [each.slug for each in own]:
                log_office_action(session, slug, action, {**details, "parties": 0})


def _describe(party: Registration, name: str) -> FoundParty:
    workshop = party.workshop
    statuses: dict[RegistrationStatus, str] = {
        RegistrationStatus.CONFIRMED: _("con lugar"),
        RegistrationStatus.WAITLISTED: _("en espera"),
        RegistrationStatus.OFFERED: _("le toca un lugar"),
        RegistrationStatus.CANCELLED: pgettext("registration", "cancelado"),
        RegistrationStatus.EXPIRED: _("se le pasó el plazo"),
    }
    return FoundParty(
        address=f"/org/talleres/{workshop.public_id}",
        title=_("Taller privado") if workshop.is_discreet else localize(workshop.title),
        when=workshop_labels.when(workshop),
        status=statuses[party.status],
        people=workshop_labels.people_words(party.people),
        name=name,
        city=workshop.office.city,
    )


def _by_code_heading() -> str:
    return str(_("Por código de entrada"))


def _by_contact_heading() -> str:
    return str(_("Por contacto"))


def _answer(
    heading: str,
    *,
    typed: str = "",
    found: Sequence[FoundParty] = (),
    fault: str = "",
    contact: str = "",
    reason: str = "",
) -> ResponseReturnValue:
    """Renders the answer. `typed` is the code that was looked for; `contact` is given only with a
    fault, to be typed again."""
    return page(
        "search/person",
        422 if fault else 200,
        heading=heading,
        typed=typed,
        found=found,
        fault=fault,
        contact=contact,
        reason=reason,
        is_by_contact=heading == _by_contact_heading(),
    )
