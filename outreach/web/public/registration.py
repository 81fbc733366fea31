"""Saving a place: the form, and what happens when it is sent.

Whatever goes wrong, the person gets their form back as they filled it, with the nonce it had, and
sends it again: two posts with one nonce are one registration.
"""

from datetime import datetime
from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, TooManyRequests

from outreach import clock, i18n
from outreach.db import error_classes
from outreach.domain import registrations, workshops
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, Full, OutreachError, RegistrationClosed, TooMany
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.context import key_store, store
from outreach.web.forms import availability, form_token, registration_service
from outreach.web.forms.registration_form import RegistrationForm
from outreach.web.middleware import error_pages, rate_limits, reference_cache, request_retry
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation import alternatives, workshop_cards
from outreach.web.public import my_registration

pages = Blueprint("registration", __name__, url_prefix="/<lang:lang>/t/<public_id>/lugar")

FEW: Final = 10  # so many places left, or fewer, are said in a number


@pages.get("")
def form(public_id: str) -> ResponseReturnValue:
    keep_private()
    now = clock.now()
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        offered = availability.of_workshop(session, workshop, now=now)
    if not workshop.takes_places or not workshop.has_opened(now):
        return _closed(workshop, 200)  # nothing is wrong: one comes another way, or another day
    if not workshop.is_open(now) or (workshop.is_full and not workshop.has_waiting_list):
        return _closed(workshop, 409)
    empty = RegistrationForm(workshop)
    empty.choices = offered
    return _page(empty, 200)


@pages.post("")
@request_retry.repeatable
def save(public_id: str) -> ResponseReturnValue:
    keep_private()
    error_pages.keep_form()
    now = clock.now()
    with store().read() as session:
        workshop = _wanted(session, public_id)
        before = registrations.find_duplicate(session, request.form.get("nonce", ""))
        filled = RegistrationForm(workshop, request.form)
        if filled.series.data == "yes":
            filled.choices = availability.of_workshop(session, workshop, now=now)
    try:
        rate_limits.count_post()
        return _save(filled, before, now)
    except TooManyRequests as wait:
        answer = make_response(_page(_anew(filled), 429))
        answer.headers["Retry-After"] = str(wait.retry_after)
        return answer
    except (OutreachError, HTTPException):
        raise
    except Exception as error:  # most likely the database: the person need not type it all again
        if error_classes.classify(error) is not None:
            raise  # it is tried again, or told by who can tell it without the database
        return _page(filled, 500, incident=error_pages.log_error(error))


def _wanted(session: Session, public_id: str) -> Workshop:
    """The workshop as it was a moment ago; as it is now where more hangs on it: whether any hour is
    free, and whether a series is still saved as one."""
    workshop = reference_cache.workshop(session, public_id)
    if workshop.has_slots or request.form.get("series") == "yes":
        return workshops.find_public(session, public_id)
    return workshop


def _save(
    filled: RegistrationForm, before: Registration | None, now: datetime
) -> ResponseReturnValue:
    workshop = filled.workshop
    if before is not None:
        return _lead_to(registrations.get_key(key_store(), before))
    if not workshop.is_open(now):
        return _closed(workshop, 409)
    if not filled.validate():
        return _page(_anew(filled), 422)
    fault = _fault(filled, now)
    if fault:
        return _page(_anew(filled), 422, notice=fault)
    try:
        key = registration_service.save(
            filled.wanted, filled.registration_data(), filled.nonce.data or "", now=now
        )
        return _lead_to(key)
    except TooMany:
        return my_registration.answer_for(filled.address)
    except RegistrationClosed:
        return _closed(workshop, 409)
    except Full:
        return _full(filled)
    except Conflict as gone:
        return _page(_anew(filled), 409, notice=_taken(filled, str(gone)))


def _anew(filled: RegistrationForm) -> RegistrationForm:
    """The same form, to be shown with what is left by now."""
    with store().read() as session:
        workshop = workshops.find_public(session, filled.workshop.public_id)
        filled.workshop = workshop
        filled.choices = availability.of_workshop(session, workshop, now=clock.now())
    return filled


def _fault(filled: RegistrationForm, now: datetime) -> str:
    """What is wrong with the post, rather than with an answer in it."""
    words = ""
    age = form_token.age(filled.stamp.data or "", filled.workshop.public_id, now=now)
    if filled.is_trapped:
        filled.website.data = ""
        words = _("Algo llenó un dato que no se ve. Vuelve a enviar: lo que escribiste sigue aquí.")
    elif age is form_token.TokenAge.TOO_YOUNG and filled.has_nonce:
        words = _("Espera un momento y vuelve a intentar.")
    elif age is not form_token.TokenAge.GOOD or not filled.has_nonce:
        filled.renew_form_token()
        words = _(
            "Esta página estuvo abierta mucho tiempo. Vuelve a enviar: tus datos siguen aquí."
        )
    return words


def _lead_to(key: bytes) -> ResponseReturnValue:
    token = registrations.derive_manage_token(key)
    return redirect(f"/{i18n.current()}/r/{token}", 303)


def _full(filled: RegistrationForm) -> ResponseReturnValue:
    """No waiting list, and fewer places than people."""
    filled = _anew(filled)
    workshop = filled.workshop
    if not workshop.is_open(clock.now()) or workshop.is_full:
        return _closed(workshop, 409)
    if len(filled.wanted) > 1:
        notice = _("En una de las fechas no quedan tantos lugares. Aparta fecha por fecha.")
    elif workshop.is_discreet:
        notice = _("No quedan tantos lugares. Baja el número de personas.")
    else:
        notice = ngettext(
            "Solo queda %(num)d lugar. Baja el número de personas.",
            "Solo quedan %(num)d lugares. Baja el número de personas.",
            workshop.seats_left,
        )
    return _page(filled, 409, notice=notice)


def _taken(filled: RegistrationForm, need: str) -> str:
    """What somebody else has just taken, and what to do instead."""
    if not need:
        return _("Esa hora se acaba de ocupar. Elige otra: lo que escribiste sigue aquí.")
    gone = availability.used_up_words(need)
    if filled.series.data == "yes":
        return _("%(gone)s en una de las fechas. Aparta sin eso, o fecha por fecha.", gone=gone)
    filled.needs.data = [each for each in filled.needs.data or () if each != need]
    return _("%(gone)s. Puedes apartar sin eso, o llamarnos.", gone=gone)


def _page(
    filled: RegistrationForm, status: int, *, notice: str = "", incident: str = ""
) -> ResponseReturnValue:
    workshop = filled.workshop
    page = render_template(
        "registration/form.html",
        form=filled,
        workshop=workshop,
        status=status,
        notice=notice,
        incident=incident,
        faults=filled.faults if status == 422 else [],
        left=_left(filled),
        days=alternatives.other_days(workshop) if workshop.has_slots and status != 500 else [],
        phone=alternatives.phone_of(workshop),
    )
    return page, status


def _left(filled: RegistrationForm) -> str:
    """What is said of the places before one asks for some: when it matters, and not so exactly
    that somebody could watch one person sign up (S28)."""
    workshop, words = filled.workshop, ""
    if workshop.is_full and workshop.has_slots:
        words = _("Todas las horas están ocupadas. Te guardamos un turno para cualquier hora.")
    elif workshop.is_full:
        words = _("Ya no hay lugares. Si alguien cancela, avanzas en la lista de espera.")
    elif workshop.is_discreet:
        words = (
            _("Quedan pocos lugares.") if workshop.seats_left <= workshop_cards.FEW_DISCREET else ""
        )
    elif workshop.has_slots:
        words = ""  # the hours themselves show it
    elif workshop.seats_left < workshop.party_limit or workshop.seats_left <= FEW:
        words = ngettext("Queda %(num)d lugar.", "Quedan %(num)d lugares.", workshop.seats_left)
    return words


def _closed(workshop: Workshop, status: int) -> ResponseReturnValue:
    """Why no place is saved here, and what to do instead."""
    now = clock.now()
    with store().read() as session:
        others = alternatives.alternatives(session, workshop, now=now)
    page = render_template(
        "registration/closed.html",
        workshop=workshop,
        phone=alternatives.phone_of(workshop),
        others=others,
        is_over=workshop.starts_at <= now,
        opens=workshop_cards.opening(workshop, now=now),
    )
    return page, status
