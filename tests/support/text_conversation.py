"""People who write from their phones: requests as gateways send them, and the texts that go out."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.answers import replies
from outreach.config import Config, TextAnswers, Texts, WhatsApp
from outreach.db.store import Store
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification, NotificationType, enqueue
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from tests.conftest import seat
from tests.support.gateway_server import Gateway

SECRET: Final = "a secret of the gateway".replace(" ", "-")
VERIFY_TOKEN: Final = "a-token-to-verify-with"
ROSA: Final = "+13125550142"
LUZ: Final = "+13125550143"
STRANGER: Final = "+13125550199"
TEXT_PATH: Final = "/respuestas/texto"
WHATSAPP_PATH: Final = "/respuestas/whatsapp"
_ids: Final = count()


def settings(gateway: Gateway, dialect: str = "plain") -> dict[str, Any]:
    """Settings of an installation whose texts and WhatsApp messages go to that gateway."""
    return {
        "texts": Texts(url=f"{gateway.url}/send", body="To={to}&Body={text}"),
        "answers": TextAnswers(dialect=dialect, secret=SECRET),
        "whatsapp": WhatsApp(
            secret=SECRET,
            verify_token=VERIFY_TOKEN,
            url=f"{gateway.url}/whatsapp",
            body="To={to}&Body={text}",
        ),
    }


def new_id() -> str:
    return f"message-{next(_ids)}"


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A request that a gateway sends."""

    path: str
    headers: Mapping[str, str]
    content_type: str
    body: bytes

    def send(self, client: FlaskClient) -> TestResponse:
        return client.post(
            self.path, data=self.body, headers=dict(self.headers), content_type=self.content_type
        )


def sha256(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def plain(
    number: str, words: str, *, identity: str = "", secret: str = SECRET, seconds_ago: int = 0
) -> SignedRequest:
    body = json.dumps({"from": number, "text": words, "id": identity or new_id()}).encode()
    sent_at = str(int(clock.now().timestamp()) - seconds_ago)
    signature = sha256(sent_at.encode() + b"." + body, secret)
    return SignedRequest(
        path=TEXT_PATH,
        headers={"X-Outreach-Time": sent_at, "X-Outreach-Signature": f"sha256={signature}"},
        content_type="application/json",
        body=body,
    )


def twilio(number: str, words: str, *, identity: str = "", secret: str = SECRET) -> SignedRequest:
    body = words.encode("utf-8", "replace").decode()  # a form has no half of a pair of code units
    fields = {
        "MessageSid": identity or new_id(), "From": number, "To": "+15550100", "Body": body,
        "NumMedia": "0",
    }  # fmt: skip
    url = f"http://localhost:8000{TEXT_PATH}"
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()
    return SignedRequest(
        path=TEXT_PATH,
        headers={"X-Twilio-Signature": base64.b64encode(digest).decode()},
        content_type="application/x-www-form-urlencoded",
        body=urlencode(fields).encode(),
    )


def vonage(
    number: str, words: str, *, identity: str = "", secret: str = SECRET, seconds_ago: int = 0
) -> SignedRequest:
    fields = {
        "msisdn": number.removeprefix("+"), "to": "15550100", "text": words, "type": "unicode",
        "messageId": identity or new_id(), "nonce": "n",
        "timestamp": str(int(clock.now().timestamp()) - seconds_ago),
    }  # fmt: skip
    signed = "".join(
        f"&{name}={fields[name].replace('&', '_').replace('=', '_')}" for name in sorted(fields)
    )
    fields["sig"] = sha256(signed.encode("utf-8", "replace"), secret).upper()
    return SignedRequest(
        path=TEXT_PATH,
        headers={},
        content_type="application/json",
        body=json.dumps(fields).encode(),
    )


def whatsapp(
    number: str, words: str, *, identity: str = "", secret: str = SECRET, seconds_ago: int = 0
) -> SignedRequest:
    message = {
        "from": number.removeprefix("+"), "id": identity or new_id(), "type": "text",
        "timestamp": str(int(clock.now().timestamp()) - seconds_ago), "text": {"body": words},
    }  # fmt: skip
    value = {"messaging_product": "whatsapp", "messages": [message]}
    content = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }
    body = json.dumps(content).encode()
    return SignedRequest(
        path=WHATSAPP_PATH,
        headers={"X-Hub-Signature-256": f"sha256={sha256(body, secret)}"},
        content_type="application/json",
        body=body,
    )


@dataclass(frozen=True, kw_only=True)
class Phones:
    """The people of a test and what their phones get."""

    app: Flask
    store: Store
    key_store: KeyStore
    gateway: Gateway
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client", self.app.test_client())

    @property
    def config(self) -> Config:
        found: Config = self.app.extensions["outreach_config"]
        return found

    def register(self, workshop: Workshop, number: str = ROSA, **changes: Any) -> Registration:
        """Registers a person who asked for texts, and sends the confirmation."""
        data: dict[str, Any] = {
            "contact": ContactMethod.PHONE, "address": number, "may_leave_message": True,
        } | changes  # fmt: skip
        registration = seat(self.store, self.key_store, workshop, **data)
        self.send_texts()
        return registration

    def ask(self, registration: Registration) -> None:
        """Asks «are you still coming?» by text."""
        with self.store.change() as session:
            row = session.get_one(Registration, registration.id)
            row.asked_at = clock.now()
            enqueue(session, row.id, NotificationType.RECONFIRM, now=clock.now())
        self.send_texts()

    def remind(self, registration: Registration) -> None:
        with self.store.change() as session:
            enqueue(session, registration.id, NotificationType.REMINDER, now=clock.now())
        self.send_texts()

    def write(self, number: str, words: str, **changes: Any) -> list[str]:
        """Sends an answer and returns the replies that its phone gets."""
        answer = plain(number, words, **changes).send(self.client)
        assert answer.status_code == 204, answer.text
        sent = self.send_replies()
        assert {to for to, _words in sent} <= {number}
        return [words for _to, words in sent]

    def send_texts(self) -> list[tuple[str, str]]:
        """What the outbox sends now: numbers and words."""
        before = len(self.gateway.asked)
        transport = delivery.text_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            deliver(
                delivery.text_outlets(self.store, self.key_store, self.config, transport),
                now=clock.now(),
            )
        return self._since(before)

    def send_replies(self) -> list[tuple[str, str]]:
        before = len(self.gateway.asked)
        with self.app.app_context():
            deliver(replies.text_outlets(self.store, self.key_store, self.config), now=clock.now())
        return self._since(before)

    def _since(self, before: int) -> list[tuple[str, str]]:
        return [self.gateway.read_text(each) for each in self.gateway.asked[before:]]

    def read(self, registration: Registration) -> Registration:
        with self.store.read() as session:
            return session.get_one(Registration, registration.id)

    def is_registered(self, registration: Registration) -> bool:
        row = self.read(registration)
        return row.key_id is not None and row.status is not RegistrationStatus.CANCELLED

    def list_rows(self) -> Sequence[tuple[Any, ...]]:
        """All that the main database has of registrations and notifications."""
        tables = (Registration.__table__, Notification.__table__)
        with self.store.read() as session:
            return [
                (each.name, *row)
                for each in tables
                if isinstance(each, sa.Table)
                for row in session.execute(sa.select(each).order_by(each.c.id))
            ]


def read_digits(reply: str) -> str:
    """The digits in a reply."""
    [digits] = [word.strip(".,") for word in reply.split() if word.strip(".,").isdigit()
                and len(word.strip(".,")) == 6]  # fmt: skip
    return digits
