"""The link is lost: it is sent again to the e-mail it was made with.

The same is done and said whether or not somebody is known by it: one row in the keyring, which the
worker reads later. Neither the page nor the time it takes tells that somebody comes.
"""

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach.languages import gettext as _
from outreach.web.context import ring
from outreach.web.fields import LONGEST, meant_by, read_email
from outreach.web.mine.place import pages


@pages.get("/mi-registro")
def lost() -> ResponseReturnValue:
    return _page()


@pages.post("/mi-registro")
def find_again() -> ResponseReturnValue:
    sent = request.form.getlist("email")
    typed = sent[0] if sent else ""
    try:
        if len(sent) > 1:
            raise ValidationError(_("Este dato llegó dos veces. Escríbelo una sola vez."))
        if len(typed) > LONGEST:
            raise ValidationError(_("Es demasiado largo. Escribe menos letras."))
        contact = read_email(typed)
        suggestion = meant_by(contact)
        if suggestion and request.form.get("email_asked") != typed:
            raise ValidationError(_("¿Quisiste decir %(suggestion)s?", suggestion=suggestion))
    except ValidationError as fault:
        return make_response(_page(typed=typed, fault=str(fault)), 422)
    return answer_for(contact)


def answer_for(contact: str) -> ResponseReturnValue:
    """What is done and said of an e-mail or a phone, known here or not."""
    ring().ask_for(contact)
    g.other_languages_at = "/mi-registro"
    return _page(is_answer=True)


def _page(*, typed: str = "", fault: str = "", is_answer: bool = False) -> str:
    return render_template("mine/lost.html", typed=typed, fault=fault, is_answer=is_answer)
