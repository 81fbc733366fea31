"""The address at which programs subscribe to feeds (WebSub, 5.1; S45).

It only checks and queues: the worker asks the callback whether it wants what is asked in its name.
Answers are plain English sentences, for who writes such a program.
"""

from datetime import timedelta
from typing import Final

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup
from werkzeug.exceptions import TooManyRequests

from outreach import clock
from outreach.extensions.websub import hub, pushed_feed, subscriptions
from outreach.extensions.websub.pushed_feed import UnknownTopic
from outreach.extensions.websub.subscriptions import (
    HubMode,
    TooManySubscriptions,
    WantedSubscription,
)
from outreach.i18n import gettext as _
from outreach.outbound import guarded_client
from outreach.outbound.guarded_client import FetchRule
from outreach.web.context import config, store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint("websub", __name__)

MAX_SECRET_BYTES: Final = 200
MAX_LEASE_DIGITS: Final = 12
MAX_REQUESTS: Final = 120  # in ten minutes by one address
MAX_OF_DOMAIN: Final = 60  # that name one registered domain, which is asked for each
_MODES: Final = {each.value: each for each in (HubMode.SUBSCRIBE, HubMode.UNSUBSCRIBE)}


class BadSubscription(Exception):
    """The request cannot be accepted; the text says why, for the answer."""


@pages.record
def _set_up(state: BlueprintSetupState) -> None:
    config = state.app.extensions["outreach_config"]
    state.app.extensions[hub.RULE] = guarded_client.of_config(config)


@pages.post(pushed_feed.HUB.path)
def subscribe() -> Response:
    """Queues a subscription or its end. Answers 202 (WebSub, 5.2)."""
    keep_private()
    try:
        # The address is counted before the form is read, which costs a look at the database.
        rate_limits.count_request("hub", MAX_REQUESTS)
        wanted = _read_form()
        rate_limits.count_domain(wanted.domain, MAX_OF_DOMAIN)
        with store().change() as session:
            subscriptions.request(session, wanted, now=clock.now())
    except BadSubscription as fault:
        return _plain(str(fault), 400)
    except TooManySubscriptions:
        return _plain("The hub has too many subscriptions of this callback, or in all.", 403)
    except TooManyRequests as limit:
        answer = _plain("Too many requests. Try again later.", 429)
        answer.headers["Retry-After"] = str(limit.retry_after)
        return answer
    return _plain("Accepted. The callback is going to be asked.", 202)


def render_note(_given: object) -> Markup:
    """What the page of open data says of it."""
    return Markup("<li>{} <code>{}{}</code>. {}</li>").format(
        _("Los calendarios también avisan de sus cambios (WebSub):"),
        config().public_url,
        pushed_feed.HUB.path,
        _("Un taller sale en esos avisos un día después de publicarse, y sin la calle."),
    )


def _read_form() -> WantedSubscription:
    """Reads what the subscriber asks for. Raises BadSubscription."""
    mode = _MODES.get(request.form.get("hub.mode", ""))
    if mode is None:
        raise BadSubscription("hub.mode must be subscribe or unsubscribe.")
    callback = request.form.get("hub.callback", "")
    rule: FetchRule = current_app.extensions[hub.RULE]
    if not rule.is_valid(callback, own_host=config().host):
        raise BadSubscription(
            "hub.callback must be a public https address of at most "
            f"{guarded_client.MAX_ADDRESS_LENGTH} characters, on port 443."
        )
    topic = request.form.get("hub.topic", "")
    if mode is HubMode.SUBSCRIBE:
        _require_topic(topic)
    secret = request.form.get("hub.secret", "")
    if len(secret.encode("utf-8", "replace")) > MAX_SECRET_BYTES:
        raise BadSubscription(f"hub.secret must have at most {MAX_SECRET_BYTES} bytes.")
    key = subscriptions.get_key(topic, callback)
    return WantedSubscription(
        mode=mode,
        topic=topic,
        callback=callback,
        domain=guarded_client.get_domain(callback),
        sealed_secret=hub.of_app(current_app).seal(secret, key) if secret else None,
        lease=_read_lease(request.form.get("hub.lease_seconds", "")),
    )


def _require_topic(topic: str) -> None:
    with store().read() as session:
        try:
            pushed_feed.find_topic(session, config(), topic)
        except UnknownTopic:
            raise BadSubscription(
                'hub.topic must be the address of a feed of this site, as its rel="self" has it.'
            ) from None


def _read_lease(typed: str) -> timedelta:
    if not typed:
        return subscriptions.DEFAULT_LEASE
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= MAX_LEASE_DIGITS):
        raise BadSubscription("hub.lease_seconds must be a whole number of seconds.")
    return subscriptions.clamp_lease(timedelta(seconds=int(typed)))


def _plain(sentence: str, status: int) -> Response:
    return Response(sentence + "\n", status, mimetype="text/plain")
