"""Link recovery: sends the links of a person's registrations to their e-mail.

A known and an unknown address are handled alike: one row in the key store, which the worker reads
later. Neither the page nor its response time reveals whether somebody is registered.
"""

from typing import Final

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach.web.context import key_store
from outreach.web.forms import email_form
from outreach.web.middleware import rate_limits
from outreach.web.public.my_registration.registration_page import pages

ABOUT: Final = "mi-registro"  # purpose of the form token


@pages.get("/mi-registro")
def show_form() -> ResponseReturnValue:
    return _page()


@pages.post("/mi-registro")
def request_link() -> ResponseReturnValue:
    typed = request.form.get("email", "")
    try:
        contact = email_form.read_address()
    except ValidationError as fault:
        rate_limits.count_post(is_well_formed=False)
        return make_response(_page(typed=typed, fault=str(fault)), 422)
    if notice := email_form.notice(ABOUT):
        rate_limits.count_post(is_well_formed=False)
        return make_response(_page(typed=typed, notice=notice), 422)
    rate_limits.count_post()
    key_store().request_link(contact)
    return make_response(_page(is_answer=True))


def _page(*, typed: str = "", fault: str = "", notice: str = "", is_answer: bool = False) -> str:
    return render_template(
        "my_registration/recover_link.html",
        typed=typed,
        fault=fault,
        notice=notice,
        is_answer=is_answer,
        form_token=email_form.get_token(ABOUT),
    )
