"""Somebody from outside proposes a workshop, and staff answer."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.extensions.proposals import letters
from outreach.extensions.proposals.tables import Proposal, ProposalLetter
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from outreach.web.forms import form_token
from tests.support.smtp_server import Postman

FORM = "/es/proponer"
LINK = re.compile(r"/(?:es|en|fr)/proponer/s/[\w-]{22}")
DAY = timedelta(days=1)


@dataclass
class ProposalScene:
    """An application with a mail server."""

    app: Flask
    store: Store
    key_store: KeyStore
    config: Config
    postman: Postman
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client(use_cookies=True)
        self.config = replace(
            self.config, smtp_url=f"smtp://127.0.0.1:{self.postman.port}", smtp_seconds=5
        )

    def typed(self, **changes: Any) -> dict[str, Any]:
        """The filled form, opened a minute ago."""
        with self.app.app_context():
            token = form_token.make("proponer", now=clock.now() - timedelta(minutes=1))
        day = clock.network_day(clock.now()) + 14 * DAY
        return {
            "office": "chicago",
            "kind": "derechos",
            "organization": "Parroquia San Pío",
            "place": "Salón San Pío",
            "address": "1919 S. Ejemplo Ave.",
            "city": "Chicago",
            "region": "IL",
            "people": "60",
            "day1": day.isoformat(),
            "part1": "evening",
            "day2": "",
            "part2": "evening",
            "day3": "",
            "part3": "evening",
            "name": "Hermana Luz",
            "phone": "312 555 0142",
            "email": "luz@example.org",
            "stamp": token,
            "website": "",
        } | changes

    def post(self, *, lang: str = "es", **changes: Any) -> TestResponse:
        return self.client.post(f"/{lang}/proponer", data=self.typed(**changes))

    def propose(self, **changes: Any) -> str:
        """Proposes, and returns the path of the proposal's page."""
        answer = self.post(**changes)
        assert answer.status_code == 303, answer.text
        assert LINK.fullmatch(answer.location)
        return answer.location

    def rows(self) -> list[Proposal]:
        with self.key_store.store.read() as session:
            return list(session.scalars(sa.select(Proposal)))

    def count_letters(self) -> int:
        with self.key_store.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(ProposalLetter)) or 0

    def deliver(self) -> int:
        """A round of the worker's letters."""
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            outlets = letters.letter_outlets(self.store, self.key_store, self.config, transport)
            return deliver(outlets, now=clock.now())
