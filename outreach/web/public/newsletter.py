"""The bulletin by e-mail: asking for it, saying yes from one's own mailbox, and stopping it.

The form answers the same for every address, known or not. What a link of a letter leads to only
shows and asks; only a post acts, since programs that look at mail open every link there is.
"""

from typing import Final

from flask import Blueprint, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import ValidationError

from outreach import clock, i18n
from outreach.domain.newsletter import mailings, subscribers
from outreach.errors import NotFound
from outreach.privacy import subscriber_erasure
from outreach.web.context import config, key_store, store
from outreach.web.forms import email_form
from outreach.web.middleware import error_pages, rate_limits
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint("newsletter", __name__, url_prefix="/<lang:lang>/boletin")

ABOUT: Final = "boletin"  # what the stamp of the form is for
FORM: Final = "/boletin/suscribirse"


@pages.get("/suscribirse")
def form() -> ResponseReturnValue:
    return _form()


@pages.post("/suscribirse")
def ask() -> ResponseReturnValue:
    error_pages.keep_form()
    rate_limits.count_post()
    typed = request.form.get("email", "")
    try:
        address = email_form.address()
    except ValidationError as fault:
        return make_response(_form(typed=typed, fault=str(fault)), 422)
    if notice := email_form.notice(ABOUT):
        return make_response(_form(typed=typed, notice=notice), 422)
    now = clock.now()
    ticket = subscribers.prepare(key_store(), address, i18n.current())
    with store().change() as session:
        subscriber = subscribers.keep(session, ticket, now=now)
        mailings.ask_to_confirm(session, subscriber, now=now)
    return redirect(f"/{i18n.current()}{FORM}/listo", 303)


@pages.get("/suscribirse/listo")
def check_mailbox() -> ResponseReturnValue:
    keep_private()
    return render_template("newsletter/check_mailbox.html")


@pages.get("/s/<token>")
def look(token: str) -> ResponseReturnValue:
    keep_private()
    with store().read() as session:
        subscriber = subscribers.find(session, token)
    return render_template("newsletter/confirm.html", path=_path(token), subscriber=subscriber)


@pages.post("/s/<token>")
def confirm(token: str) -> ResponseReturnValue:
    keep_private()
    with store().read() as session:
        subscriber = subscribers.find(session, token)
    # The key first: a crash in between leaves somebody who has not said yes, as before.
    if not key_store().keep(subscriber.key_id, subscribers.ALWAYS):
        raise NotFound("subscriber")
    with store().change() as session:
        subscribers.confirm(session, subscriber.id, now=clock.now())
    return redirect(_path(token), 303)


@pages.get("/s/<token>/baja")
def ask_to_leave(token: str) -> ResponseReturnValue:
    keep_private()
    try:
        with store().read() as session:
            subscribers.find(session, token)
    except NotFound:  # the link of an older letter: what they want is so already
        return _gone()
    return render_template("newsletter/unsubscribe.html", path=_path(token))


@pages.post("/s/<token>/baja")
def leave(token: str) -> ResponseReturnValue:
    """From our page, or from a mail program with one click (`same_origin`)."""
    keep_private()
    try:
        with store().read() as session:
            subscriber = subscribers.find(session, token)
    except NotFound:
        return _gone()
    subscriber_erasure.erase(store(), key_store(), config(), subscriber.id, subscriber.key_id)
    return _gone()


def _gone() -> str:
    g.other_languages_at = FORM
    return render_template("newsletter/unsubscribed.html")


def _path(token: str) -> str:
    return f"/{i18n.current()}/boletin/s/{token}"


def _form(*, typed: str = "", fault: str = "", notice: str = "") -> str:
    return render_template(
        "newsletter/subscribe.html",
        typed=typed,
        fault=fault,
        notice=notice,
        form_token=email_form.stamp_for(ABOUT),
    )
