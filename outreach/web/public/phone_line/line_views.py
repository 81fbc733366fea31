"""What the telephone gateway asks, below `/voz`.

A request is answered only with the gateway's signature, and once. Neither the caller's number nor
what was pressed is stored or logged; the number counts for the share of seats (S29) under the key
of the day, as a network address does.
"""

from typing import Final

from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from outreach import clock
from outreach.errors import OutreachError
from outreach.keystore.seat_shares import ClientNetwork, NetworkSize
from outreach.web.context import config
from outreach.web.middleware import error_pages, failures, rate_limits, request_retry
from outreach.web.middleware.response_headers import keep_private
from outreach.web.public.phone_line import (
    gateway_signature,
    line_state,
    line_steps,
    line_xml,
)
from outreach.web.public.phone_line.line_state import StateInvalid
from outreach.web.public.phone_line.line_steps import LineCall, LineReply
from outreach.web.public.phone_line.line_xml import LineAnswer

pages = Blueprint("phone_line", __name__)

MAX_FIELD: Final = 200  # characters of a field that is read
# What gateways send in place of a number that the caller withholds: a word, or the keys that spell
# it (Twilio: `+266696687`), which would be one phone for all of these callers.
_WITHHELD_WORDS: Final = (
    "anonymous", "restricted", "unknown", "unavailable", "private", "blocked", "withheld",
)  # fmt: skip
_KEYS: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
WITHHELD: Final = frozenset(
    {"", *_WITHHELD_WORDS, *(each.translate(_KEYS) for each in _WITHHELD_WORDS)}
)


@pages.post("/voz/inicio")
@request_retry.harmless
def start_call() -> ResponseReturnValue:
    """Answers the gateway when somebody calls: with the first question."""
    call = _read_call()
    rate_limits.count_once(f"start of {call.id}")
    return _respond(line_steps.begin(), call)


@pages.post("/voz/paso")
@request_retry.harmless
def next_step() -> ResponseReturnValue:
    """Answers the keys that a caller pressed (`Digits`) in the state that the address holds
    (`e`)."""
    call = _read_call()
    try:
        state = line_state.read(request.args.get("e", ""), call.id)
    except StateInvalid:
        abort(403)
    g.lang = state.lang
    rate_limits.count_once(f"step of {call.id} {state.nonce}")
    keys = request.form.get("Digits", "").rstrip("#")[:MAX_FIELD]
    if request.args.get("v") == "1":
        keys = ""
    return _respond(line_steps.answer(state, keys, call), call)


pages.register_error_handler(HTTPException, error_pages.refuse_as_text)


@pages.errorhandler(OutreachError)
@pages.errorhandler(Exception)
def _apologize(error: Exception) -> Response:
    """Says to the caller what to do, and hangs up. The status is 200: at any other a gateway
    says a sentence of its own, in English."""
    if not isinstance(error, OutreachError):
        failures.note(error)
    return _write(LineAnswer(line_steps.apologize().prompts))


def _read_call() -> LineCall:
    """The call of this request, which the gateway has signed."""
    keep_private()
    if not config().voice.secret:
        abort(404)
    query = request.query_string.decode("ascii", "replace")
    address = f"{config().public_url}{request.path}" + (f"?{query}" if query else "")
    names = (name for name in gateway_signature.HEADERS if name in request.headers)
    given = request.headers.get(next(names, ""), "")
    fields = request.form.to_dict()
    call_id = fields.get("CallSid", "")[:MAX_FIELD]
    is_ours = gateway_signature.is_valid(config().voice.secret, address, fields, given)
    if not (is_ours and call_id):
        rate_limits.count_post(is_well_formed=False)
        abort(403)
    number = _read_number(fields.get("From", ""))
    digest = line_state.identify(call_id)
    # Numbers can be invented, so all callers are limited together too.
    who = f"call {digest}" if number in WITHHELD else f"phone {number}"
    networks = (
        ClientNetwork(who, NetworkSize.ADDRESS),
        ClientNetwork("phone line", NetworkSize.PHONE_LINE),
    )
    return LineCall(id=digest, networks=networks, now=clock.now())


def _read_number(sent: str) -> str:
    """The letters and digits of a number, or of a name before a host (`sip:anonymous@…`)."""
    name = sent.lower().removeprefix("sip:").partition("@")[0]
    return "".join(each for each in name if each.isalnum())[:MAX_FIELD]


def _respond(reply: LineReply, call: LineCall) -> Response:
    if reply.state is None:
        answer = LineAnswer(reply.prompts)
    else:
        keyed = line_state.write(reply.state, call.id)
        silent = line_state.write(line_state.renew(reply.state), call.id)
        answer = LineAnswer(
            reply.prompts,
            reply.keys,
            f"/voz/paso?e={keyed}",
            f"/voz/paso?e={silent}&v=1",
            reply.seconds,
        )
    return _write(answer)


def _write(answer: LineAnswer) -> Response:
    return Response(line_xml.write(answer), mimetype="text/xml")
