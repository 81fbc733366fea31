"""People who follow workshops: the forms they send, and the worker that writes to them."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config, Texts
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.extensions.follow import (
    follows,
    matching,
    messages,
    push_delivery,
    push_subscriptions,
)
from outreach.extensions.follow.push_delivery import PushSender
from outreach.extensions.follow.tables import Follow, FollowMessage
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.web.forms import form_token
from tests.conftest import make_workshop
from tests.extensions.follow.push_service import LOOPBACK_PUSH
from tests.support.gateway_server import Gateway
from tests.support.smtp_server import Postman

FORM = "/es/avisame"
LINK = re.compile(r"/(?:es|en|fr)/avisame/s/[\w-]{22}")


def make_texts(gateway: Gateway) -> Texts:
    return Texts(url=f"{gateway.url}/sms", body='{"to": "{to}", "text": "{text}"}')


@dataclass
class FollowScene:
    """An application with a mail server, a gateway of texts and a push service."""

    app: Flask
    store: Store
    key_store: KeyStore
    config: Config
    postman: Postman
    gateway: Gateway
    later: timedelta = timedelta(0)  # than the clock
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.app.extensions[push_subscriptions.RULE] = LOOPBACK_PUSH
        self.client = self.app.test_client(use_cookies=True)
        self.config = replace(
            self.config,
            smtp_url=f"smtp://127.0.0.1:{self.postman.port}",
            smtp_seconds=5,
            texts=make_texts(self.gateway),
        )

    @property
    def now(self) -> datetime:
        return clock.now() + self.later

    def post(self, *, lang: str = "es", **typed: Any) -> TestResponse:
        """Sends the form, opened a minute ago; by default it follows all near Chicago by letter."""
        with self.app.app_context():
            token = form_token.make("avisame", now=clock.now() - timedelta(minutes=1))
        fields: dict[str, Any] = {
            "donde": "60608",
            "miles": "50",
            "online": "yes",
            "contact": "email",
            "email": "rosa@ejemplo.com",
            "stamp": token,
            "website": "",
        }
        return self.client.post(f"/{lang}/avisame", data=fields | typed)

    def follow(self, **typed: Any) -> str:
        """Sends the form and confirms by the link of the message; returns the link."""
        answer = self.post(**typed)
        assert answer.status_code == 303, answer.text
        if typed.get("contact") == "push":
            return str(answer.location)
        self.deliver()
        link = self.last_text_link() if typed.get("contact") == "text" else self.last_link()
        assert self.client.post(link).status_code == 303
        return link

    def last_link(self) -> str:
        found = LINK.search(self.postman.letters[-1].get_content())
        assert found
        return found[0]

    def last_text_link(self) -> str:
        found = LINK.search(self.gateway.asked[-1][3])
        assert found
        return found[0]

    def notify(self, *, after: timedelta = timedelta(0)) -> int:
        """What the worker does for those who follow, that much later; returns how many messages
        were queued."""
        self.later += after
        now = self.now
        count = matching.enqueue_single(self.store, self.key_store, now=now)
        count += matching.enqueue_news(self.store, self.key_store, now=now)
        count += matching.enqueue_endings(self.key_store, now=now)
        self.deliver()
        return count

    def deliver(self) -> int:
        """Sends what is due within a day: texts and pushes wait for the day."""
        now = self.now + timedelta(days=1)
        letters = delivery.letter_transport(self.config)
        texts = delivery.text_transport(self.config)
        assert letters is not None
        assert texts is not None
        sender = PushSender(
            self.key_store, LOOPBACK_PUSH, push_delivery.make_signer(self.key_store, self.config)
        )
        with self.app.app_context():
            sent = deliver(
                messages.letter_outlets(self.store, self.key_store, self.config, letters),
                now=now,
            ) + deliver(
                messages.text_outlets(self.store, self.key_store, self.config, texts),
                now=now,
            )
        sent += push_delivery.deliver(self.store, self.key_store, sender, now=now)
        follows.purge(self.key_store, now=now)
        return sent

    def letters(self) -> list[EmailMessage]:
        """The letters about workshops, without those that ask for confirmation."""
        return [each for each in self.postman.letters if each["Subject"] != "Confirma tus avisos"]

    def rows(self) -> list[Follow]:
        with self.key_store.store.read() as session:
            return list(session.scalars(sa.select(Follow)))

    def messages(self) -> list[FollowMessage]:
        with self.key_store.store.read() as session:
            return list(session.scalars(sa.select(FollowMessage)))


def add_kind(store: Store, like: Kind, code: str, **changes: Any) -> Kind:
    """Another kind, with a name of its own."""
    columns = {
        each.key: getattr(like, each.key)
        for each in sa.inspect(Kind).column_attrs
        if each.key not in {"id", "neutral_code"}
    }
    name = {"es": f"Tema {code}"}
    columns |= {"code": code, "public_code": code, "name": name, "short_name": name} | changes
    with store.change() as session:
        session.add(kind := Kind(**columns))
        session.flush()
    return kind


def publish(store: Store, office: Office, kind: Kind, *, later: timedelta, **more: Any) -> Workshop:
    """A workshop in two weeks, published that much later than now."""
    day = clock.now().date() + timedelta(days=14)
    with store.change() as session:
        return make_workshop(session, office, kind, now=clock.now() + later, **{"day": day} | more)


def change_kind(store: Store, kind: Kind, **values: Any) -> None:
    with store.change() as session:
        found = session.get_one(Kind, kind.id)
        for name, value in values.items():
            setattr(found, name, value)
        # Pages read kinds again when one has changed.
        found.changed_at = clock.now() + timedelta(hours=1)
