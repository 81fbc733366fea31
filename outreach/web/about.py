"""Notices: privacy, safety, accessibility; and the quick exit."""

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from outreach import languages
from outreach.web.context import config
from outreach.web.headers import keep_for, keep_private

pages = Blueprint("about", __name__, url_prefix="/<any(es,en,fr):lang>")

WEATHER = {"es": "clima", "en": "weather", "fr": "météo"}


@pages.get("/privacidad")
def privacy() -> ResponseReturnValue:
    keep_for(3600)
    return render_template("about/privacy.html")


@pages.get("/accesibilidad")
def accessibility() -> ResponseReturnValue:
    keep_for(3600)
    return render_template("about/accessibility.html")


@pages.get("/seguridad")
def safety() -> ResponseReturnValue:
    keep_private()
    return render_template("about/safety.html")


@pages.get("/salir")
def leave() -> Response:
    """Away at once, and nothing of ours left in the browser. The target is a setting, and nothing
    in the request can change it (safety.md S20)."""
    keep_private()
    word = WEATHER[languages.current()]
    target = config().quick_exit_url or f"https://www.google.com/search?q={word}"
    answer = redirect(target, 303)
    assert isinstance(answer, Response)
    answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return answer
