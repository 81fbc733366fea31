"""Sends texts through a gateway: one HTTP request each, built from the settings OUTREACH_TEXTS_….

No proxy is used and no redirect followed: phone number and text go to the configured host only.
"""

import http.client
import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from outreach import phone_numbers
from outreach.config import Texts
from outreach.mail.delivery_errors import DeliveryRefused, DeliveryUncertain, ServerUnavailable
from outreach.mail.socket_deadline import SocketDeadline

_PLACEHOLDER: Final = re.compile(r"\{(to|text)\}")
TEMPORARY_STATUSES: Final = frozenset({408, 425, 429})  # among the 4xx
AUTHENTICATION_STATUSES: Final = frozenset({401, 407})


@dataclass(frozen=True, kw_only=True, repr=False)
class SmsMessage:
    """A text to one phone number in E.164 format (+13125550142)."""

    to: str
    words: str


@contextmanager
def connect(texts: Texts) -> Iterator["SmsGateway"]:
    yield SmsGateway(texts)


class SmsGateway:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __call__(self, text: SmsMessage) -> None:
        """Sends a text. Raises ServerUnavailable, DeliveryRefused or DeliveryUncertain."""
        if not phone_numbers.is_reachable(text.to, self._texts.countries):
            raise DeliveryRefused(is_final=True)  # saved before this was a rule (S31)
        connection = self._connect()
        try:
            status = self._request(connection, text)
        finally:
            connection.close()
        if status in AUTHENTICATION_STATUSES:
            raise ServerUnavailable("the gateway of texts refuses us: OUTREACH_TEXTS_HEADERS")
        if not 200 <= status < 300:
            is_final = 400 <= status < 500 and status not in TEMPORARY_STATUSES
            raise DeliveryRefused(is_final=is_final, ends_round=not is_final and status >= 429)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._texts.url)
        host, port, seconds = parts.hostname or "", parts.port, self._texts.seconds
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=seconds, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=seconds)
        try:
            connection.connect()
        except OSError as error:
            words = f"the gateway of texts cannot be reached ({type(error).__name__})"
            raise ServerUnavailable(words) from None
        return connection

    def _request(self, connection: http.client.HTTPConnection, text: SmsMessage) -> int:
        target, headers, body = request(self._texts, text)
        # The timeout of a socket is for each byte; the whole answer is limited too.
        expires_at = monotonic() + self._texts.seconds
        with SocketDeadline(connection.sock, expires_at):
            try:
                connection.request(self._texts.method, target, body or None, headers)
                return connection.getresponse().status
            except (OSError, http.client.HTTPException):
                raise DeliveryUncertain from None  # it may have the text


def request(texts: Texts, text: SmsMessage) -> tuple[str, dict[str, str], bytes]:
    """Returns path, headers and body of the request to the gateway. Values are escaped for the
    place they stand in."""
    parts = urlsplit(texts.url)
    target = _fill(parts.path or "/", text, _in_path)
    if parts.query:
        target += "?" + _fill(parts.query, text, quote_plus)
    kind = "application/json" if texts.is_json else "application/x-www-form-urlencoded"
    headers = dict(texts.headers)
    if texts.body and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = f"{kind}; charset=utf-8"
    body = _fill(texts.body, text, _in_json if texts.is_json else quote_plus)
    return target, headers, body.encode()


def _fill(template: str, text: SmsMessage, escape: Callable[[str], str]) -> str:
    values = {"to": escape(text.to), "text": escape(text.words)}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _in_path(value: str) -> str:
    return quote(value, safe="")
