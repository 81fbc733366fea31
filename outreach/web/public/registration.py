"""Registration for a workshop: the form and its submission.

After any error the person gets the form back as they filled it, with its token, and posts it
again: two posts with one token make one registration.
"""

from datetime import datetime
from typing import Final

from flask import Blueprint, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, TooManyRequests

from outreach import clock, i18n, reader_zone
from outreach.domain import registrations, workshops
from outreach.domain.registrations import Registration, assisted, ticket_sharing
from outreach.domain.workshops import Workshop
from outreach.errors import Conflict, FormUsed, Full, OutreachError, RegistrationClosed
from outreach.i18n import gettext as _
from outreach.i18n import ngettext
from outreach.web.context import key_store, store
from outreach.web.forms import (
    availability,
    form_token,
    language_switch,
    registration_channels,
    registration_service,
)
from outreach.web.forms.form_token import FormToken, TokenAge
from outreach.web.forms.registration_form import RegistrationForm
from outreach.web.middleware import (
    error_pages,
    failures,
    rate_limits,
    reader_place,
    request_retry,
)
from outreach.web.middleware.reference_cache import reference
from outreach.web.middleware.response_headers import keep_private
from outreach.web.presentation import alternatives, workshop_cards
from outreach.web.public.search_params import SearchParams

pages = Blueprint("registration", __name__, url_prefix="/<lang:lang>/t/<public_id>/lugar")

REFILL: Final = "refill"  # `yes`: nothing is saved, the form is shown with what was typed
FEW: Final = 10  # up to so many places left are shown as a number


@pages.get("")
def form(public_id: str) -> ResponseReturnValue:
    keep_private()
    now = clock.now()
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        offered = availability.of_workshop(session, workshop, now=now)
        link = assisted.find(session, request.args.get("a", ""), now=now)
    if not workshop.takes_places or not workshop.has_opened(now):
        return _answer_closed(
            workshop, 200
        )  # not an error: no registration needed, or not yet open
    if not workshop.is_open(now) or (workshop.appears_full and not workshop.has_waiting_list):
        return _answer_closed(workshop, 409)
    reader_place.use_search(workshop)
    empty = RegistrationForm(workshop)
    empty.choices = offered
    if link is not None and link.workshop_id == workshop.id:
        empty.assisted.data = link.code
        empty.is_assisted = True
    empty.ticket.data = _read_pass(workshop, request.args.get("de", ""), now)
    return _page(empty, 200)


@pages.post("")
@request_retry.repeatable
def save(public_id: str) -> ResponseReturnValue:
    keep_private()
    error_pages.keep_form()
    now = clock.now()
    if language_switch.is_pressed():
        return _show_in_language(public_id, now)
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        filled = RegistrationForm(workshop, request.form)
        reader_place.use_zone(reader_zone.parse(filled.zone.data))
        token = filled.read_token(now=now)
        form_id = key_store().form_id(token.nonce)
        existing = registrations.find_duplicate(session, form_id) if token.nonce else None
        if filled.assisted.data:
            link = assisted.find(session, filled.assisted.data, now=now)
            filled.is_assisted = link is not None and link.workshop_id == workshop.id
        if filled.series.data == "yes":
            filled.choices = availability.of_workshop(session, workshop, now=now)
    if request.form.get(REFILL) == "yes":
        return _show_with_typed(filled, now)
    try:
        return _save(filled, token, existing, now)
    except TooManyRequests as limit:
        answer = make_response(_page(_refresh(filled), 429))
        answer.headers["Retry-After"] = str(limit.retry_after)
        return answer
    except (OutreachError, HTTPException):
        raise
    except Exception as error:  # unexpected: return the filled form
        if failures.find_reason(error) is not None:
            raise  # retried, or answered by the handler of database errors
        return _page(filled, 500, incident=failures.note(error).incident)


def _read_pass(workshop: Workshop, text: str, now: datetime) -> str:
    """Returns the pass of a ticket of this workshop that may register another person, or
    nothing."""
    registration_id = form_token.read_pass(text) if text else ""
    if not registration_id:
        return ""
    with store().read() as session:
        giver = session.get(Registration, registration_id)
        is_good = giver is not None and giver.workshop_id == workshop.id
        return text if is_good and giver and ticket_sharing.is_offered(giver, now) else ""


def _show_in_language(public_id: str, now: datetime) -> ResponseReturnValue:
    """Returns the form as it was filled in, in the language of this address. Nothing is stored."""
    with store().read() as session:
        workshop = workshops.find_public(session, public_id)
        filled = RegistrationForm(workshop, request.form)
        reader_place.use_zone(reader_zone.parse(filled.zone.data))
        filled.choices = availability.of_workshop(session, workshop, now=now)
        if filled.assisted.data:
            link = assisted.find(session, filled.assisted.data, now=now)
            filled.is_assisted = link is not None and link.workshop_id == workshop.id
    if not workshop.is_open(now):
        return _answer_closed(workshop, 409)
    filled.language.data = i18n.current()  # letters are in this language too
    return _page(filled, 200)


def _show_with_typed(filled: RegistrationForm, now: datetime) -> ResponseReturnValue:
    """Answers a change of date with the form of this workshop, which has what was typed for the
    other one. Nothing is saved."""
    workshop = _refresh(filled).workshop
    if not workshop.is_open(now) or (workshop.appears_full and not workshop.has_waiting_list):
        return _answer_closed(workshop, 200)
    filled.keep_what_fits()
    return _page(filled, 200)


def _save(
    filled: RegistrationForm, token: FormToken, existing: Registration | None, now: datetime
) -> ResponseReturnValue:
    workshop = filled.workshop
    is_open = existing is not None or workshop.is_open(now)
    is_valid = is_open and filled.validate()
    post_error = "" if existing is not None or not is_valid else _check_post(filled, token)
    # What was filled in wrong costs nobody behind this address anything.
    if existing is not None or (is_valid and not post_error):
        rate_limits.count_post()
    elif filled.is_trapped or not token.nonce:
        rate_limits.count_post(is_well_formed=False)
    if existing is not None:
        return _answer_repeated(filled, existing, now)
    if not is_open:
        return _answer_closed(workshop, 409)
    if not is_valid or post_error:
        return _page(_refresh(filled), 422, notice=post_error)
    try:
        key = registration_service.save(
            filled.workshops,
            filled.registration_data(),
            key_store().form_id(token.nonce),
            registration_channels.from_form(
                assisted_code=filled.assisted.data or "", ticket=filled.ticket.data or ""
            ),
            now=now,
        )
        return _redirect_to_registration(key, filled.assisted.data or "")
    except FormUsed:
        return _answer_used(filled)
    except RegistrationClosed:
        return _answer_closed(workshop, 409)
    except Full:
        return _answer_full(filled)
    except Conflict as gone:
        return _answer_conflict(filled, str(gone))


def _refresh(filled: RegistrationForm) -> RegistrationForm:
    """Returns the form with the current workshop and choices."""
    with store().read() as session:
        workshop = workshops.find_public(session, filled.workshop.public_id)
        filled.workshop = workshop
        filled.choices = availability.of_workshop(session, workshop, now=clock.now())
    return filled


def _check_post(filled: RegistrationForm, token: FormToken) -> str:
    """Returns what is wrong with the post itself, not with a field; empty if nothing is."""
    words = ""
    if filled.is_trapped:
        filled.website.data = ""
        words = _("Algo llenó un dato que no se ve. Vuelve a enviar: lo que escribiste sigue aquí.")
    elif token.age is TokenAge.TOO_YOUNG and token.nonce:
        words = _("Espera un momento y vuelve a intentar.")
    elif token.age is not TokenAge.GOOD or not token.nonce:
        filled.renew(token.nonce)
        words = _(
            "Esta página estuvo abierta mucho tiempo. Vuelve a enviar: tus datos siguen aquí."
        )
    return words


def _answer_repeated(
    filled: RegistrationForm, existing: Registration, now: datetime
) -> ResponseReturnValue:
    """Answers the repeated post, already validated, of a form that has made a registration."""
    try:
        if filled.errors:
            registrations.get_key(key_store(), existing)  # NotFound where it has been erased
            return _answer_used(filled)
        key = registration_service.get_key_of_repeated(
            existing, filled.registration_data(), now=now
        )
    except FormUsed:
        return _answer_used(filled)
    return _redirect_to_registration(key)


def _answer_used(filled: RegistrationForm) -> ResponseReturnValue:
    filled.renew()
    notice = _("Con esta página ya se apartó un lugar. Para apartar otro, vuelve a enviar.")
    return _page(_refresh(filled), 409, notice=notice)


def _redirect_to_registration(key: bytes, assisted_code: str = "") -> ResponseReturnValue:
    token = registrations.derive_manage_token(key)
    query = f"?a={assisted_code}" if assisted_code.isalnum() else ""
    return redirect(f"/{i18n.current()}/r/{token}{query}", 303)


def _answer_full(filled: RegistrationForm) -> ResponseReturnValue:
    """Shows the form again to a party that is larger than the places left, without a waitlist."""
    filled = _refresh(filled)
    workshop = filled.workshop
    if not workshop.is_open(clock.now()) or workshop.appears_full:
        return _answer_closed(workshop, 409)
    if len(filled.workshops) > 1:
        notice = _("En una de las fechas no quedan tantos lugares. Aparta fecha por fecha.")
    elif workshop.hides_seats:
        notice = _("No quedan tantos lugares. Baja el número de personas.")
    else:
        notice = ngettext(
            "Solo queda %(num)d lugar. Baja el número de personas.",
            "Solo quedan %(num)d lugares. Baja el número de personas.",
            workshop.seats_left,
        )
    return _page(filled, 409, notice=notice)


def _answer_conflict(filled: RegistrationForm, need: str) -> ResponseReturnValue:
    """Shows the form again where another person just took the slot, or the support for a need."""
    filled, notice = _refresh(filled), _conflict_notice(filled, need)
    if filled.workshop.hides_seats:  # what it shows is late; what was just learned is left out
        hour = "" if need else filled.slot.data or ""
        filled.choices = availability.remove_choice(filled.choices, hour=hour, need=need)
        if filled.workshop.has_slots and not filled.choices.free:
            filled.slot.data = ""
            notice = _("Esa hora se acaba de ocupar. Vuelve a enviar para cualquier hora libre.")
    return _page(filled, 409, notice=notice)


def _conflict_notice(filled: RegistrationForm, need: str) -> str:
    """Returns the notice that another person just took the slot or the support, and what to do."""
    if not need:
        return _("Esa hora se acaba de ocupar. Elige otra: lo que escribiste sigue aquí.")
    gone = availability.used_up_words(need)
    if filled.series.data == "yes":
        return _("%(gone)s en una de las fechas. Aparta sin eso, o fecha por fecha.", gone=gone)
    filled.needs.data = [each for each in filled.needs.data or () if each != need]
    return _("%(gone)s. Puedes apartar sin eso, o llamarnos.", gone=gone)


def _page(
    filled: RegistrationForm,
    status: int,
    *,
    notice: str = "",
    incident: str = "",
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
        left=_seats_left_words(filled),
        days=alternatives.other_days(workshop) if workshop.has_slots and status != 500 else [],
        phone=alternatives.phone_of(workshop),
        # Back to the same search; never beside a discreet workshop.
        search_query="" if workshop.is_discreet else SearchParams.read().carry(reference().kinds),
    )
    return page, status


def _seats_left_words(filled: RegistrationForm) -> str:
    """Returns how many places are left, if few.

    Inexact for a kind of high sensitivity: a watcher must not see a single registration (S28).
    """
    workshop, words = filled.workshop, ""
    left = workshop.seats_left
    if workshop.appears_full and workshop.has_slots:
        words = _("Todas las horas están ocupadas. Te guardamos un turno para cualquier hora.")
    elif workshop.appears_full:
        words = _("Ya no hay lugares. Si alguien cancela, avanzas en la lista de espera.")
    elif workshop.hides_seats:
        words = (
            _("Quedan pocos lugares.")
            if workshop.public_seats_left <= workshop_cards.FEW_DISCREET
            else ""
        )
    elif workshop.has_slots:
        words = ""  # the slots show it
    elif left < workshop.party_limit or left <= FEW:
        words = ngettext("Queda %(num)d lugar.", "Quedan %(num)d lugares.", left)
    return words


def _answer_closed(workshop: Workshop, status: int) -> ResponseReturnValue:
    """Answers with the page that says why registration is closed, and with alternatives."""
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
