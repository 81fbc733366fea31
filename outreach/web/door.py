"""The square shown at the door. Whoever opens it sees one and the same page, whatever the token;
only staff who may stand at that door see who it is, and mark that they came."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from outreach import languages
from outreach.web.desk import attending
from outreach.web.headers import keep_private

pages = Blueprint("door", __name__)


@pages.get("/q/<token>")
def square(token: str) -> ResponseReturnValue:
    return attending.person_page(token) or _everybodys()


@pages.post("/q/<token>")
def mark(token: str) -> ResponseReturnValue:
    return attending.mark_person(token) or _everybodys()


def _everybodys() -> ResponseReturnValue:
    keep_private()
    g.lang = languages.accepted()
    g.other_languages_at = "/"
    return render_template("mine/square.html")
