"""The worker's steps that write to staff, with a mail server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

import sqlalchemy as sa
from flask import Flask

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.staff import Role, StaffMember
from outreach.domain.newsletter.mailings import Mailing
from outreach.keystore import KeyStore
from outreach.mail import delivery, mailings
from outreach.mail.delivery_round import deliver
from outreach.maintenance import scheduled_jobs
from tests.conftest import LONG_AGO
from tests.support.login import server_key
from tests.support.ports import free_port
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import employ


class StaffMail:
    def __init__(
        self, app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman
    ) -> None:
        self.app, self.store, self.key_store, self.postman = app, store, key_store, postman
        self.config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)

    def make_digests(self, now: datetime) -> int:
        return scheduled_jobs.send_digests(self.store, self.key_store, has_texts=False, now=now)

    def make_alerts(self, now: datetime) -> int:
        return scheduled_jobs.send_alerts(self.store, self.key_store, now=now)

    def deliver(self, now: datetime) -> list[str]:
        """Sends what is due; returns the recipients."""
        before = len(self.postman.letters)
        transport = delivery.letter_transport(self.config)
        assert transport is not None
        with self.app.app_context():
            deliver(
                mailings.letter_outlets(
                    self.store,
                    self.key_store,
                    self.config,
                    transport,
                    server_key=server_key(self.app),
                ),
                now=now,
            )
        return sorted(self.postman.to[before:])

    def digests(self, now: datetime) -> list[str]:
        """Makes and sends the digests of this moment; returns the recipients."""
        self.make_digests(now)
        return self.deliver(now)

    def alerts(self, now: datetime) -> list[str]:
        self.make_alerts(now)
        return self.deliver(now)

    @property
    def last(self) -> EmailMessage:
        return self.postman.letters[-1]

    @property
    def text(self) -> str:
        """The plain text of the last letter."""
        return text_of(self.last)

    def count_queued(self) -> int:
        with self.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Mailing)) or 0


def text_of(letter: EmailMessage) -> str:
    """The plain text, with ordinary spaces and ends of lines."""
    return _content(letter, "plain")


def html_of(letter: EmailMessage) -> str:
    return _content(letter, "html")


def _content(letter: EmailMessage, subtype: str) -> str:
    part = letter.get_body((subtype,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n").replace("\xa0", " ")


def engage(
    store: Store, email: str = "ana@example.org", role: Role = Role.ORGANIZER, *offices: str
) -> int:
    """Adds an account that has signed in, by default at Chicago. Returns its id."""
    organizer_id = employ(store, email, role, *offices)
    with store.change() as session:
        session.get_one(StaffMember, organizer_id).signed_in_at = LONG_AGO
    return organizer_id


@contextmanager
def serve_staff_mail(
    app: Flask, store: Store, key_store: KeyStore, config: Config
) -> Iterator[StaffMail]:
    with serve_mail(Postman(free_port())) as postman:
        yield StaffMail(app, store, key_store, config, postman)
