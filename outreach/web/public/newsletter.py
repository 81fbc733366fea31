"""Newsletter subscription: subscribe, confirm by e-mail, unsubscribe.

The form answers the same for every address, known or not. Links in e-mails only show a page; only
POST acts, because mail scanners open links (S06).
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

ABOUT: Final = "boletin"  # purpose of the form token
FORM: Final = "/boletin/suscribirse"


@pages.get("/suscribirse")
def form() -> ResponseReturnValue:
    return _form()


@pages.post("/suscribirse")
def ask() -> ResponseReturnValue:
    error_pages.keep_form()
    typed = request.form.get("email", "")
    try:
        address = email_form.read_address()
    except ValidationError as fault:
        return make_response(_form(typed=typed, fault=str(fault)), 422)
    if notice := email_form.notice(ABOUT):
        rate_limits.count_post(is_well_formed=False)
        return make_response(_form(typed=typed, notice=notice), 422)
    rate_limits.count_post()
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
    # The key first: after a crash in between the subscription is unconfirmed, as before.
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
    except NotFound:  # an older link: already unsubscribed
        return _unsubscribed_page()
    return render_template("newsletter/unsubscribe.html", path=_path(token))


@pages.post("/s/<token>/baja")
def leave(token: str) -> ResponseReturnValue:
    """Unsubscribes, from the page or with one click in a mail program (RFC 8058; `same_origin`)."""
    keep_private()
    try:
        with store().read() as session:
            subscriber = subscribers.find(session, token)
    except NotFound:
        return _unsubscribed_page()
    subscriber_erasure.erase(store(), key_store(), config(), subscriber.id, subscriber.key_id)
    return _unsubscribed_page()


def _unsubscribed_page() -> str:
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
        form_token=email_form.get_token(ABOUT),
    )
