"""Checks a form with one e-mail field: link recovery and the newsletter. Link recovery may have a
phone instead.

The answer is the same for every address, known or not. Programs are detected with the same hidden
field and form token as in the registration form (S26).
"""

from flask import request
from wtforms import ValidationError

from outreach import clock
from outreach.i18n import gettext as _
from outreach.web.context import config
from outreach.web.forms import form_token
from outreach.web.forms.contact_fields import MAX_LENGTH, read_email, read_phone, suggest_email
from outreach.web.forms.registration_form import TRAP


def read_address() -> str:
    """Returns the normalized address of the post. Raises ValidationError."""
    text = _read_once("email")
    email = read_email(text)
    suggestion = suggest_email(email)
    if suggestion and request.form.get("email_asked") != text:
        raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
    return email


def read_number() -> str:
    """Returns the phone of the post in E.164 form. Raises ValidationError."""
    return read_phone(_read_once("phone").strip(), config().texts.countries[0])


def _read_once(name: str) -> str:
    values = request.form.getlist(name)
    text = values[0] if values else ""
    if len(values) > 1:
        raise ValidationError(_("Este dato llegó dos veces. Escríbelo una sola vez."))
    if len(text) > MAX_LENGTH:
        raise ValidationError(_("Es demasiado largo. Escribe menos letras."))
    return text


def notice(purpose: str) -> str:
    """Returns what is wrong with the post itself, not with its address; empty if nothing is.

    `purpose` is what the form token was made for.
    """
    age = form_token.read(request.form.get("stamp", ""), purpose, now=clock.now()).age
    if request.form.get(TRAP):
        return _("Algo llenó un dato que no se ve. Vuelve a enviar: lo que escribiste sigue aquí.")
    if age is form_token.TokenAge.TOO_YOUNG:
        return _("Espera un momento y vuelve a intentar.")
    if age is not form_token.TokenAge.GOOD:
        return _("Esta página estuvo abierta mucho tiempo. Vuelve a enviar: tus datos siguen aquí.")
    return ""


def get_token(purpose: str) -> str:
    """Returns the form token for the page.

    A token that is too young is kept: a new one would restart its minimum age.
    """
    token = request.form.get("stamp", "")
    age = form_token.read(token, purpose, now=clock.now()).age
    return form_token.make(purpose) if age is form_token.TokenAge.TOO_OLD else token
