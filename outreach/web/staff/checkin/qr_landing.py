"""The square shown at the door. Whoever opens it sees one and the same page, whatever the token;
only staff who may stand at that door see who it is, and mark that they came."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from outreach import i18n
from outreach.web.middleware.response_headers import keep_private
from outreach.web.staff.checkin import checkin_pages

pages = Blueprint("qr_landing", __name__)


@pages.get("/q/<token>")
def square(token: str) -> ResponseReturnValue:
    return checkin_pages.person_page(token) or _everybodys()


@pages.post("/q/<token>")
def mark(token: str) -> ResponseReturnValue:
    return checkin_pages.mark_person(token) or _everybodys()


def _everybodys() -> ResponseReturnValue:
    keep_private()
    g.lang = i18n.accepted()
    g.other_languages_at = "/"
    return render_template("my_registration/qr_landing.html")
