"""Letters through a real mail server: content, recipients, and what a refusal leads to."""

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.mail import delivery, delivery_round
from outreach.maintenance.worker import Worker
from outreach.privacy import erasure
from tests.conftest import make_workshop, seat

pytestmark = pytest.mark.core

FORBIDDEN_WORDS = ("taller", "mujer", "derecho", "daca", "consul", "migra", "chicago")


class Postman:
    """A mail server that keeps the letters, or refuses every recipient with `refusal`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.letters: list[EmailMessage] = []
        self.refusal = ""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.refusal or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def postman() -> Iterator[Postman]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    postman = Postman(port)
    controller = Controller(postman, hostname="127.0.0.1", port=port)
    controller.start()
    yield postman
    controller.stop()


def deliver(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman, now: datetime
) -> int:
    by_mail = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}")
    transport = delivery.letter_transport(by_mail)
    assert transport is not None
    with app.app_context():
        return delivery_round.deliver(
            delivery.letter_outlets(store, key_store, by_mail, transport), now=now
        )


def test_confirmation_letter_is_sent_once_and_its_link_works(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    now = clock.now()
    assert deliver(app, store, key_store, config, postman, now) == 1
    assert deliver(app, store, key_store, config, postman, now) == 0
    (letter,) = postman.letters
    assert letter["To"] == "rosa@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    body = letter.get_content()
    assert "Hola:" in body
    assert "Rosa" not in body
    link = next(line for line in body.splitlines() if "/es/r/" in line)
    assert app.test_client().get(link.removeprefix(config.public_url)).status_code == 200


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
def test_no_subject_names_kind_office_or_consulate(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    women: Kind, rights: Kind, lang: str,
) -> None:  # fmt: skip
    with store.change() as session:
        workshops = [make_workshop(session, chicago, kind, capacity=1) for kind in (women, rights)]
    for workshop in workshops:
        for number in range(2):  # the first is confirmed, the second waitlisted
            address = f"rosa{number}@example.org"
            seat(
                store, key_store, workshop, contact=ContactMethod.EMAIL, address=address,
                language=lang,
                wants_reminder=True,
            )  # fmt: skip
    now = clock.now()
    assert deliver(app, store, key_store, config, postman, now) == 4
    for action in (workshop_service.cancel, workshop_service.reinstate):
        with store.change() as session:
            for workshop in workshops:
                action(session, session.get_one(Workshop, workshop.id), now=now)
        assert deliver(app, store, key_store, config, postman, now) == 4
    ordinary = workshops[1]
    assert ordinary.remind_early_at is not None
    assert deliver(app, store, key_store, config, postman, ordinary.remind_early_at) == 1
    assert deliver(app, store, key_store, config, postman, ordinary.remind_at) == 2
    for letter in postman.letters:
        subject = str(letter["Subject"]).casefold()
        assert not [word for word in FORBIDDEN_WORDS if word in subject], subject
    neutral = [each for each in postman.letters if "Biblioteca" not in each.get_content()]
    assert all("1805 S. Ejemplo" not in each.get_content() for each in neutral)
    assert len(neutral) >= 6


@pytest.mark.parametrize(
    ("visibility", "recipients"),
    [
        (Visibility.PUBLIC, {"saved@example.org", "waiting@example.org"}),
        (Visibility.REGISTERED, {"saved@example.org"}),
        (Visibility.APPROVED, set()),
        (Visibility.PHONE_ONLY, set()),
    ],
)
def test_hidden_address_is_in_no_letter_before_approval(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    rights: Kind, visibility: Visibility, recipients: set[str],
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=1, visibility=visibility)
    for address in ("saved@example.org", "waiting@example.org"):
        seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address=address)
    assert deliver(app, store, key_store, config, postman, clock.now()) == 2
    bodies = {each["To"]: each.get_content() for each in postman.letters}
    assert {name for name, body in bodies.items() if "1805 S. Ejemplo" in body} == recipients


def test_temporary_refusal_is_retried_and_final_one_given_up(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    now = clock.now()
    postman.refusal = "451 busy"
    assert deliver(app, store, key_store, config, postman, now) == 0
    assert deliver(app, store, key_store, config, postman, now) == 0  # the retry is not due yet
    postman.refusal = ""
    assert deliver(app, store, key_store, config, postman, now + timedelta(minutes=10)) == 1
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="nobody@example.org")
    postman.refusal = "550 no such person"
    assert deliver(app, store, key_store, config, postman, now + timedelta(minutes=11)) == 0
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Notification.is_dead.is_(True))) == 1


def test_no_letter_without_an_email_address(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.PHONE, address="+13125550142")
    seat(store, key_store, workshop)
    assert deliver(app, store, key_store, config, postman, clock.now()) == 0
    assert postman.letters == []


def test_worker_writes_due_letters_into_the_demo_folder(
    make_app: Any, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    worker = Worker(make_app(mail_folder=config.data / "letters"))
    assert worker.round() == 1
    assert worker.round() == 0
    assert len(list((config.data / "letters").glob("*.eml"))) == 1


def test_message_id_leads_to_no_registration_without_the_key_store(
    make_app: Any, store: Store, key_store: KeyStore, config: Config, chicago: Office, rights: Kind
) -> None:
    """The letters of an erased person are still found by it."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    emailed: dict[str, Any] = {"contact": ContactMethod.EMAIL, "address": "rosa@example.org"}
    rosa, luz = (seat(store, key_store, workshop, **emailed) for _ in range(2))
    folder = config.data / "letters"
    app = make_app(mail_folder=folder)
    Worker(app).once()
    letters = {
        each: message_from_bytes(each.read_bytes(), policy=default) for each in folder.glob("*.eml")
    }
    ids = [str(each["Message-ID"]) for each in letters.values()]
    assert len(set(ids)) == 2
    for each in ids:
        assert re.fullmatch(r"<[0-9a-f]{20}\.[0-9a-f]{20}@[^@>]+>", each)
        assert rosa.id.lower() not in each.lower()
        assert luz.id.lower() not in each.lower()
    config = replace(config, mail_folder=folder)
    assert erasure.erase(store, key_store, config, [rosa.id], now=clock.now())
    kept = [each for each in letters if each.exists()]
    assert len(kept) == 1
    link = registrations.derive_manage_token(registrations.get_key(key_store, luz))
    assert link in letters[kept[0]].get_content()


def test_obsolete_notifications_are_not_sent(
    app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman,
    chicago: Office,
    rights: Kind,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    for action in (workshop_service.cancel, workshop_service.reinstate, workshop_service.cancel):
        with store.change() as session:
            action(session, session.get_one(Workshop, workshop.id), now=clock.now())
    now = clock.now()
    for at in (now, now + timedelta(minutes=6)):  # the confirmation waits until they are notified
        deliver(app, store, key_store, config, postman, at)
    subjects = [str(letter["Subject"]).partition(":")[0] for letter in postman.letters]
    assert subjects == ["Se canceló"]  # the obsolete letters are dropped
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Notification.done_at.is_(None))) == 0
