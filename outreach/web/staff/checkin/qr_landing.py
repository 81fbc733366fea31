"""The address in the QR code of a registration.

Everybody sees the same page, whatever the token; staff who may check in at that office see the
person and mark the arrival.
"""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from outreach.web.middleware import request_language
from outreach.web.middleware.response_headers import keep_private
from outreach.web.staff.checkin import checkin_pages

pages = Blueprint("qr_landing", __name__)


@pages.get("/q/<token>")
def show(token: str) -> ResponseReturnValue:
    return checkin_pages.person_page(token) or _public_page()


@pages.post("/q/<token>")
def mark(token: str) -> ResponseReturnValue:
    return checkin_pages.mark_person(token) or _public_page()


def _public_page() -> ResponseReturnValue:
    keep_private()
    g.lang = request_language.get_accepted()
    g.other_languages_at = "/"
    return render_template("my_registration/qr_landing.html")
