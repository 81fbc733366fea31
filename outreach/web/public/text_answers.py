"""Where gateways bring what people answer by text or write by WhatsApp (S41, decision 0050).

Programs read the answers: an empty one, or one English sentence. It is the same whatever the text
did, so that the operator of a gateway does not learn who has a place. What it does is decided in
`outreach/answers/conversation.py`; replies are sent by the worker.
"""

from collections.abc import Callable, Sequence
from typing import Final

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from outreach import clock
from outreach.answers import adapters
from outreach.answers.adapters import Forged, InboundRequest, InboundText, Malformed
from outreach.answers.conversation import Conversation
from outreach.keystore import text_exchange
from outreach.web.context import config, key_store, store
from outreach.web.middleware import error_pages, rate_limits, request_retry
from outreach.web.middleware.response_headers import keep_private

pages = Blueprint("text_answers", __name__, url_prefix="/respuestas")
pages.register_error_handler(HTTPException, error_pages.refuse_as_text)
pages.register_error_handler(Exception, error_pages.fail_as_text)

MAX_BYTES: Final = 64 * 1024  # in one request
Reader = Callable[[InboundRequest, str], Sequence[InboundText]]


@pages.post("/texto")
@request_retry.harmless
def take_text() -> Response:
    """Takes a text, in the dialect of the installation's gateway."""
    keep_private()
    answers = config().answers
    if not answers.is_on:
        abort(404)
    is_twilio = answers.dialect == "twilio"
    return _take(
        adapters.DIALECTS[answers.dialect],
        answers.secret,
        # Twilio reads it as an instruction: reply nothing by this way.
        Response("<Response/>", mimetype="text/xml") if is_twilio else Response(status=204),
    )


@pages.post("/whatsapp")
@request_retry.harmless
def take_whatsapp() -> Response:
    keep_private()
    if not config().whatsapp.is_on:
        abort(404)
    return _take(adapters.read_whatsapp, config().whatsapp.secret, Response(status=200))


@pages.get("/whatsapp")
def verify_address() -> Response:
    """Echoes the challenge when the address is set up at WhatsApp."""
    keep_private()
    asked = request.args
    if not config().whatsapp.is_on:
        abort(404)
    if asked.get("hub.mode") != "subscribe" or not adapters.is_equal(
        asked.get("hub.verify_token", ""), config().whatsapp.verify_token
    ):
        abort(404)
    challenge = asked.get("hub.challenge", "")
    if not (challenge.isascii() and challenge.isalnum() and len(challenge) <= 100):
        abort(404)
    return Response(challenge, mimetype="text/plain")


def _take(read: Reader, secret: str, accepted: Response) -> Response:
    now = clock.now()
    try:
        request.max_content_length = MAX_BYTES
        texts = read(
            InboundRequest(
                url=config().public_url + request.full_path.rstrip("?"),
                headers=dict(request.headers),
                content_type=request.content_type or "",
                body=request.get_data(),  # kept: the same request may be retried
                now=now,
                countries=config().texts.countries,
            ),
            secret,
        )
    except Forged:
        rate_limits.count_post(is_well_formed=False)
        return _plain("The signature or the secret is wrong, or too old.", 403)
    except Malformed:
        return _plain("The request lacks the fields of its dialect.", 400)
    except RequestEntityTooLarge:
        return _plain("The request is too large.", 413)
    conversation = Conversation(store=store(), key_store=key_store(), config=config())
    for inbound in texts:
        _take_once(conversation, inbound)
    return accepted


def _take_once(conversation: Conversation, inbound: InboundText) -> None:
    """Takes a text, unless the gateway has brought it before. A failure takes the record of it
    back: gateways try again after an error, and the same request is retried here after some."""
    is_new = text_exchange.record_received(key_store(), inbound.gateway_id)
    if not is_new:
        return
    try:
        conversation.take(inbound, now=clock.now())
    except Exception:
        text_exchange.delete_received(key_store(), inbound.gateway_id)
        raise


def _plain(sentence: str, status: int) -> Response:
    return Response(sentence + "\n", status, mimetype="text/plain")
