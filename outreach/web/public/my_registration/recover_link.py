"""«Mi lugar»: how people come back to their registration without its link.

With the code and the name, from any phone: a wrong name, an unknown code and too many tries get the
same page after the same work. Or by e-mail or text: a known and an unknown address or number are
handled alike, one row in the key store, which the worker reads later. Neither the page nor its
response time reveals whether somebody is registered.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach import clock, i18n
from outreach.domain import registrations
from outreach.domain.call_centre import call_holds
from outreach.domain.registrations.code_lookup import CODE_LENGTH
from outreach.domain.text import clean, read_code
from outreach.i18n import gettext as _
from outreach.web.context import config, key_store, store
from outreach.web.forms import email_form
from outreach.web.middleware import rate_limits
from outreach.web.public.my_registration import detail
from outreach.web.public.my_registration.registration_page import pages

ABOUT: Final = "mi-registro"  # purpose of the form token
MAX_NAME_LENGTH: Final = 60  # as in the registration form
BY_EMAIL: Final = "email"
BY_TEXT: Final = "text"
BY_CODE: Final = "code"


@pages.get("/mi-registro")
def show_form() -> ResponseReturnValue:
    return _page()


@pages.post("/mi-registro")
def come_back() -> ResponseReturnValue:
    """Does what the pressed button says. After «enter», which presses the first button, what was
    typed decides."""
    way = _choose_way()
    return _open_by_code() if way == BY_CODE else _request_link(way)


def _choose_way() -> str:
    way, typed = request.form.get("way"), request.form
    if way in {BY_EMAIL, BY_TEXT}:
        return way
    if typed.get("code") or typed.get("name"):
        return BY_CODE
    if typed.get("phone") and not typed.get("email"):
        return BY_TEXT
    return BY_CODE if way == BY_CODE and not typed.get("email") else BY_EMAIL


def _request_link(way: str) -> ResponseReturnValue:
    """Asks for the link by letter, or by text: it goes to the stored contact only."""
    try:
        contact = email_form.read_number() if way == BY_TEXT else email_form.read_address()
    except ValidationError as fault:
        field = "phone" if way == BY_TEXT else "email"
        return make_response(_page(faults=[(field, str(fault))]), 422)
    if notice := email_form.notice(ABOUT):
        rate_limits.count_post(is_well_formed=False)
        return make_response(_page(notice=notice), 422)
    rate_limits.count_post()
    if way == BY_TEXT and config().texts.url and not rate_limits.count_text():
        # A known and an unknown number get the same answer.
        notice = _(
            "Desde tu conexión ya se pidieron muchos mensajes hoy. Entra con tu código y tu "
            "nombre, o llama."
        )
        return make_response(_page(notice=notice), 429)
    key_store().request_link(contact)
    return make_response(_page(answered=way))


def _open_by_code() -> ResponseReturnValue:
    """Opens the registration page by code and name. A discreet page is the answer itself, so that
    the history of a borrowed phone keeps no link to it."""
    code = read_code(request.form.get("code", ""))
    name = clean(request.form.get("name", ""))
    faults, notice = _find_faults(code, name), email_form.notice(ABOUT)
    if faults or notice:
        if notice:
            rate_limits.count_post(is_well_formed=False)
        return make_response(_page(faults=faults, notice=notice), 422)
    rate_limits.count_post()
    now, is_within_tries = clock.now(), rate_limits.count_code_try(code)
    with store().read() as session:
        found = registrations.find_by_code_and_name(session, key_store(), code, name, now=now)
    if found is None or not is_within_tries:
        notice = _(
            "No encontramos ese lugar. Revisa tu código y escribe tu nombre como al apartar. Si ya "
            "probaste varias veces, espera una hora o llama."
        )
        return make_response(_page(notice=notice), 422)
    rate_limits.take_back_code_try(code)
    registration, key = found
    _confirm_hold(registration.id, now)
    token = registrations.derive_manage_token(key)
    if registration.workshop.is_discreet:
        return detail.show_registration(token, now, languages_at="/mi-registro")
    return redirect(f"/{i18n.current()}/r/{token}", 303)


def _confirm_hold(registration_id: str, now: datetime) -> None:
    """Keeps a place whose telephone call broke off (SEAT08): whoever has the code has heard it."""
    with store().read() as session:
        is_ending = call_holds.is_ending(session, registration_id, now=now)
    if is_ending:
        with store().change() as session:
            call_holds.confirm(session, [registration_id], now=now)


def _find_faults(code: str, name: str) -> list[tuple[str, str]]:
    """Returns what is missing or malformed: the id of the field, and the message."""
    faults = []
    if len(code) != CODE_LENGTH or not code.isascii():
        faults.append(("code", _("Escribe las 6 letras y números de tu código.")))
    if not name:
        faults.append(("name", _("Escribe tu nombre o apodo.")))
    elif len(name) > MAX_NAME_LENGTH:
        faults.append(("name", _("Es demasiado largo. Escribe menos letras.")))
    return faults


def _page(*, faults: Sequence[tuple[str, str]] = (), notice: str = "", answered: str = "") -> str:
    """Renders the page. `answered` is the way by which a link has been asked for; empty before."""
    typed = {} if answered else request.form
    return render_template(
        "my_registration/recover_link.html",
        typed=typed.get("email", ""),
        phone_typed=typed.get("phone", ""),
        has_texts=bool(config().texts.url),
        code=typed.get("code", ""),
        name=typed.get("name", ""),
        errors=dict(faults),
        notice=notice,
        answered=answered,
        form_token=email_form.get_token(ABOUT),
    )
