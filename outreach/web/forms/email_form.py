"""A form that asks for an e-mail and nothing else: the link that was lost, the bulletin.

It answers the same for every address, known or not. A program that fills it, or sends it without
reading, is told from a person as where a place is saved (S26).
"""

from flask import request
from wtforms import ValidationError

from outreach import clock
from outreach.i18n import gettext as _
from outreach.web.forms import form_token
from outreach.web.forms.contact_fields import LONGEST, meant_by, read_email
from outreach.web.forms.registration_form import TRAP


def address() -> str:
    """The address that was typed, as it is kept. Raises ValidationError."""
    sent = request.form.getlist("email")
    typed = sent[0] if sent else ""
    if len(sent) > 1:
        raise ValidationError(_("Este dato llegó dos veces. Escríbelo una sola vez."))
    if len(typed) > LONGEST:
        raise ValidationError(_("Es demasiado largo. Escribe menos letras."))
    read = read_email(typed)
    suggestion = meant_by(read)
    if suggestion and request.form.get("email_asked") != typed:
        raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
    return read


def notice(about: str) -> str:
    """What is wrong with the post, rather than with what was typed; `about` is what the stamp of
    the form is for."""
    age = form_token.age(request.form.get("stamp", ""), about, now=clock.now())
    if request.form.get(TRAP):
        return _("Algo llenó un dato que no se ve. Vuelve a enviar: lo que escribiste sigue aquí.")
    if age is form_token.TokenAge.TOO_YOUNG:
        return _("Espera un momento y vuelve a intentar.")
    if age is not form_token.TokenAge.GOOD:
        return _("Esta página estuvo abierta mucho tiempo. Vuelve a enviar: tus datos siguen aquí.")
    return ""


def stamp_for(about: str) -> str:
    """For the page that is shown now. One that is young is kept, or it would never come of age."""
    sent = request.form.get("stamp", "")
    is_young = form_token.age(sent, about, now=clock.now()) is not form_token.TokenAge.TOO_OLD
    return sent if is_young else form_token.make(about)
