"""The link is lost: it is sent again to the e-mail it was made with.

The same is done and said whether or not somebody is known by it: one row in the keyring, which the
worker reads later. Neither the page nor the time it takes tells that somebody comes.
"""

from typing import Final

from flask import g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach.web.context import key_store
from outreach.web.forms import email_form
from outreach.web.public.my_registration.registration_page import pages

ABOUT: Final = "mi-registro"  # what the stamp of the form is for


@pages.get("/mi-registro")
def show_form() -> ResponseReturnValue:
    return _page()


@pages.post("/mi-registro")
def find_again() -> ResponseReturnValue:
    typed = request.form.get("email", "")
    try:
        contact = email_form.address()
    except ValidationError as fault:
        return make_response(_page(typed=typed, fault=str(fault)), 422)
    if notice := email_form.notice(ABOUT):
        return make_response(_page(typed=typed, notice=notice), 422)
    return answer_for(contact)


def answer_for(contact: str) -> ResponseReturnValue:
    """What is done and said of an e-mail or a phone, known here or not."""
    key_store().request_link(contact)
    g.other_languages_at = "/mi-registro"
    return _page(is_answer=True)


def _page(*, typed: str = "", fault: str = "", notice: str = "", is_answer: bool = False) -> str:
    return render_template(
        "my_registration/recover_link.html",
        typed=typed,
        fault=fault,
        notice=notice,
        is_answer=is_answer,
        form_token=email_form.stamp_for(ABOUT),
    )
