"""Reads what gateways send: each dialect checks that a request is the gateway's, then reads it.

Every reader is pure: it gets a request and the secret, and returns texts. `Forged` and `Malformed`
say why a request is refused. The dialects are described for operators on the page *settings*.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from outreach import phone_numbers

MAX_AGE: Final = timedelta(minutes=5)  # a signature that has a time counts that long
MAX_DELAY: Final = timedelta(hours=24)  # an answer to an older text would surprise
MAX_ID_LENGTH: Final = 400
MAX_WORDS_LENGTH: Final = 2000  # characters that are looked at
MAX_TEXTS: Final = 50  # one request may bring that many
MAX_FIELDS: Final = 100
# WhatsApp writes Mexican numbers with the 1 that they had until 2019.
_OLD_MEXICAN: Final = re.compile(r"\+521[0-9]{10}")
WHATSAPP: Final = "whatsapp"
SMS: Final = "sms"


class Forged(Exception):
    """The request is not the gateway's, or is too old."""


class Malformed(Exception):
    """The request is the gateway's and has not what its dialect promises."""


@dataclass(frozen=True, kw_only=True, repr=False)
class InboundText:
    number: str  # E.164; empty where it is none that we would write to
    words: str
    gateway_id: str
    channel: str = SMS


@dataclass(frozen=True, kw_only=True, repr=False)
class InboundRequest:
    """A request of a gateway, as the dialects read it."""

    url: str  # as the gateway knows it
    headers: Mapping[str, str]
    content_type: str
    body: bytes
    now: datetime
    countries: Sequence[str]  # that we write to; numbers without + are of the first


def read_plain(request: InboundRequest, secret: str) -> list[InboundText]:
    """Reads JSON or a form with `from`, `text` and `id`. The gateway is known by a signature of
    time and body (`X-Outreach-Time`, `X-Outreach-Signature`), or by the secret as a bearer
    token."""
    signature = request.headers.get("X-Outreach-Signature", "")
    if signature:
        sent_at = request.headers.get("X-Outreach-Time", "")
        signed = _encode(sent_at) + b"." + request.body
        _require_equal(signature.removeprefix("sha256="), _sha256(secret, signed).hex())
        _require_recent(sent_at, request.now)
    else:
        _require_equal(request.headers.get("Authorization", ""), f"Bearer {secret}")
    fields = _read_fields(request)
    return [_make(request, fields, "from", "text", "id")]


def read_twilio(request: InboundRequest, secret: str) -> list[InboundText]:
    """Reads a form with `From`, `Body` and `MessageSid`, signed by HMAC-SHA1 over address and
    fields."""
    pairs = _read_pairs(request)
    values: dict[str, set[str]] = {}
    for name, value in pairs:
        values.setdefault(name, set()).add(value)
    signed = request.url + "".join(
        name + value for name in sorted(values) for value in sorted(values[name])
    )
    digest = hmac.new(secret.encode(), _encode(signed), hashlib.sha1).digest()
    _require_equal(request.headers.get("X-Twilio-Signature", ""), base64.b64encode(digest).decode())
    return [_make(request, dict(pairs), "From", "Body", "MessageSid")]


def read_vonage(request: InboundRequest, secret: str) -> list[InboundText]:
    """Reads JSON or a form with `msisdn`, `text`, `messageId`, `timestamp` and `sig`: HMAC-SHA256
    over the sorted fields."""
    fields = _read_fields(request)
    signed = "".join(
        f"&{name}={_plain_value(fields[name])}" for name in sorted(fields) if name != "sig"
    )
    _require_equal(str(fields.get("sig", "")).lower(), _sha256(secret, _encode(signed)).hex())
    _require_recent(str(fields.get("timestamp", "")), request.now)
    return [_make(request, fields, "msisdn", "text", "messageId")]


def read_whatsapp(request: InboundRequest, secret: str) -> list[InboundText]:
    """Reads the texts in the JSON of the WhatsApp Business Platform, signed by HMAC-SHA256 over the
    body; receipts, pictures and sounds are left out."""
    signature = request.headers.get("X-Hub-Signature-256", "")
    _require_equal(signature, f"sha256={_sha256(secret, request.body).hex()}")
    texts = []
    for entry in _list(_read_json(request), "entry"):
        for change in _list(entry, "changes"):
            for message in _list(change.get("value"), "messages"):
                texts += _read_whatsapp_message(request, message)
    return texts[:MAX_TEXTS]


def _read_whatsapp_message(
    request: InboundRequest, message: Mapping[str, Any]
) -> list[InboundText]:
    text, sent_at = message.get("text"), _read_time(str(message.get("timestamp", "")))
    if message.get("type") != "text" or not isinstance(text, dict):
        return []
    if sent_at is None or not -MAX_AGE < request.now - sent_at < MAX_DELAY:
        return []
    fields = {**message, "body": text.get("body")}
    return [_make(request, fields, "from", "body", "id", channel=WHATSAPP)]


DIALECTS: Final[Mapping[str, Callable[[InboundRequest, str], list[InboundText]]]] = {
    "plain": read_plain,
    "twilio": read_twilio,
    "vonage": read_vonage,
}


def _make(
    request: InboundRequest,
    fields: Mapping[str, Any],
    number: str,
    words: str,
    gateway_id: str,
    *,
    channel: str = SMS,
) -> InboundText:
    """Returns the text with the number, words and id in these fields. Raises Malformed."""
    values = [fields.get(name) for name in (number, words, gateway_id)]
    if not all(isinstance(each, str | int) for each in values):
        raise Malformed
    sender, text, identity = (str(each) for each in values)
    # Half of a pair of code units cannot be encoded; it is not printable.
    if not identity or len(identity) > MAX_ID_LENGTH or not identity.isprintable():
        raise Malformed
    return InboundText(
        number=_normalize(sender, request.countries),
        words=text[:MAX_WORDS_LENGTH],
        gateway_id=f"{channel} {identity}",
        channel=channel,
    )


def _normalize(sender: str, countries: Sequence[str]) -> str:
    """Returns the number in E.164 form; empty for a sender that we would not write to, as one that
    is a word."""
    digits = sender.strip()
    if not digits.removeprefix("+").isascii() or len(digits) > 20:
        return ""
    international = digits if digits.startswith("+") else f"+{digits}"
    if _OLD_MEXICAN.fullmatch(international):
        international = f"+52{international[4:]}"
    for typed in (international, digits):
        number = phone_numbers.normalize(typed, countries[0])
        if number and phone_numbers.is_reachable(number, countries):
            return number
    return ""


def _read_fields(request: InboundRequest) -> Mapping[str, Any]:
    if "json" not in request.content_type:
        return dict(_read_pairs(request))
    return _read_json(request)


def _read_json(request: InboundRequest) -> Mapping[str, Any]:
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Malformed from None
    if not isinstance(found, dict):
        raise Malformed
    return found


def _read_pairs(request: InboundRequest) -> list[tuple[str, str]]:
    try:
        return parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Malformed from None


def _list(found: object, name: str) -> list[dict[str, Any]]:
    items = found.get(name) if isinstance(found, dict) else None
    items = items[:MAX_TEXTS] if isinstance(items, list) else []
    return [each for each in items if isinstance(each, dict)]


def _plain_value(value: object) -> str:
    return str(value).replace("&", "_").replace("=", "_")


def _sha256(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).digest()


def _require_equal(shown: str, right: str) -> None:
    """Raises Forged unless what a request shows is right."""
    if not is_equal(shown, right):
        raise Forged


def is_equal(shown: str, right: str) -> bool:
    """Compares what a request shows with a secret, in the same time whatever it is."""
    return hmac.compare_digest(_encode(shown), right.encode())


def _encode(text: str) -> bytes:
    """Encodes a text, also one that JSON may hold and UTF-8 may not: half of a pair of code
    units."""
    return text.encode("utf-8", "replace")


def _require_recent(sent_at: str, now: datetime) -> None:
    """Raises Forged for a request that was sent too long ago, or in the future."""
    at = _read_time(sent_at)
    if at is None or not -MAX_AGE < now - at < MAX_AGE:
        raise Forged


def _read_time(text: str) -> datetime | None:
    """Reads an instant in seconds since 1970; None for any other text."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 11):
        return None
    return datetime.fromtimestamp(int(text), UTC)
