"""Fixtures for tests of broken mail: registrations with pending letters, and rounds of delivery."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery
from outreach.mail.delivery_round import deliver
from tests.conftest import make_workshop, seat
from tests.support.daytime import zone_in_the_morning
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail


class Outbox:
    """Registrations with pending notifications, and their state after delivery."""

    def __init__(self, app: Flask, store: Store, key_store: KeyStore, config: Config) -> None:
        self.app, self.store, self.key_store, self.config = app, store, key_store, config
        self.workshop: Workshop

    def enqueue(self, *names: str, **changes: Any) -> list[Registration]:
        """Registers each name with a pending confirmation letter to NAME@example.org."""
        plain: dict[str, Any] = {"contact": ContactMethod.EMAIL} | changes
        return [
            seat(
                self.store, self.key_store, self.workshop,
                **({"address": f"{name}@example.org"} | plain | {"name": name}),
            )
            for name in names
        ]  # fmt: skip

    def round(
        self,
        port: int,
        now: datetime | None = None,
        *,
        meanwhile: Callable[[], object] = lambda: None,
        **settings: Any,
    ) -> int:
        """Runs one delivery round with the mail server at that port; returns the number of letters
        sent.

        `meanwhile` is called before each letter is claimed."""
        plain: dict[str, Any] = {"smtp_url": f"smtp://127.0.0.1:{port}", "smtp_seconds": 1}
        config = replace(self.config, **(plain | settings))
        transport = delivery.letter_transport(config)
        assert transport is not None
        with self.app.app_context():
            return deliver(
                delivery.letter_outlets(self.store, self.key_store, config, transport),
                now=now or clock.now(),
                should_stop=lambda: meanwhile() is True,
            )

    def notices(self) -> list[Notification]:
        with self.store.read() as session:
            return list(session.scalars(sa.select(Notification).order_by(Notification.id)))

    @property
    def dead(self) -> int:
        return sum(notice.is_dead for notice in self.notices())

    @property
    def pending(self) -> int:
        return sum(notice.done_at is None for notice in self.notices())

    @property
    def tries(self) -> list[int]:
        return [notice.tries for notice in self.notices()]


@pytest.fixture
def outbox(
    app: Flask, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> Outbox:
    made = Outbox(app, store, key_store, config)
    with store.change() as session:
        made.workshop = make_workshop(
            session, chicago, rights, capacity=1000, zone=zone_in_the_morning(clock.now())
        )
    return made


@pytest.fixture
def postman() -> Iterator[Postman]:
    with serve_mail(Postman(free_port())) as postman:
        yield postman
