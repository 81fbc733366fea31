"""Nobody is bombarded: what anybody can cause to one recipient is 3 messages in an hour (S30)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Config, Texts
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox.summaries import MAX_LISTED
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import doctor
from outreach.maintenance.worker import Worker
from outreach.web.forms import form_token
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import serve_gateway
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, link_of, send, status_of
from tests.support.smtp_server import Postman
from tests.support.staff_client import employ, signed_in_as

pytestmark = pytest.mark.any_database("counts of the key store")

VICTIM: Final = "rosa@example.org"
PHONE: Final = "+13125550142"
BY_MAIL: Final[dict[str, Any]] = {"contact": "email", "email": VICTIM}
BY_TEXT: Final[dict[str, Any]] = {"contact": "phone", "phone": PHONE, "message_ok": "yes"}


@pytest.fixture(autouse=True)
def clock_of_test() -> Iterator[time_machine.Traveller]:
    """Counts end with their hour and with the day."""
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def app(make_app: Callable[..., Flask], postman: Postman) -> Flask:
    return make_app(limits=UNLIMITED, smtp_url=f"smtp://127.0.0.1:{postman.port}")


@pytest.fixture
def store_workshop(
    store: Store, chicago: Office, rights: Kind, women: Kind
) -> Callable[..., Workshop]:
    def make(*, is_discreet: bool = False, **changes: Any) -> Workshop:
        with store.change() as session:
            return make_workshop(session, chicago, women if is_discreet else rights, **changes)

    return make


def register(client: FlaskClient, workshop: Workshop, **typed: Any) -> str:
    """Returns the path of the registration's page."""
    if workshop.is_discreet:
        typed["consent"] = "yes"
    answer = send(client, workshop, answers(client.application, workshop, **typed))
    assert answer.status_code == 303
    return answer.location


def make_older(store: Store, registration: Registration) -> None:
    """Registered two hours ago."""
    with store.change() as session:
        session.get_one(Registration, registration.id).registered_at = FIXED_NOW - timedelta(
            hours=2
        )


def texts_of(postman: Postman) -> list[str]:
    return [letter.get_content() for letter in postman.letters]


def test_twenty_registrations_cause_three_letters_and_a_summary(
    app: Flask, postman: Postman, store_workshop: Callable[..., Workshop],
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    client = app.test_client()
    links = [register(client, store_workshop(), **BY_MAIL) for _ in range(20)]
    Worker(app).once()
    assert postman.to == [VICTIM] * 3
    clock_of_test.shift(timedelta(minutes=59))
    Worker(app).once()
    assert len(postman.letters) == 3
    clock_of_test.shift(timedelta(minutes=2))
    Worker(app).once()
    assert len(postman.letters) == 4
    listed = re.findall(r"https?://[^/]+(/es/r/\S+)", texts_of(postman)[3])
    assert sorted(listed) == sorted(links)
    clock_of_test.shift(timedelta(hours=2))
    Worker(app).once()
    assert len(postman.letters) == 4


def test_confirmation_of_the_bulletin_counts_with_all_others(
    app: Flask, postman: Postman, store_workshop: Callable[..., Workshop],
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    client = app.test_client()
    for _ in range(3):
        register(client, store_workshop(), **BY_MAIL)
    Worker(app).once()
    with app.app_context():
        stamp = form_token.make("boletin", now=clock.now() - timedelta(minutes=1))
    asked = client.post("/es/boletin/suscribirse", data={"email": VICTIM, "stamp": stamp})
    assert asked.status_code == 303
    Worker(app).once()
    assert len(postman.letters) == 3
    clock_of_test.shift(timedelta(minutes=61))
    Worker(app).once()
    assert len(postman.letters) == 4
    assert "/es/boletin/s/" in texts_of(postman)[3]


def test_summary_says_how_many_registrations_it_does_not_list(
    app: Flask, postman: Postman, store_workshop: Callable[..., Workshop],
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    client = app.test_client()
    for _ in range(MAX_LISTED + 3):
        register(client, store_workshop(), **BY_MAIL)
    Worker(app).once()
    assert "más" not in texts_of(postman)[0]
    clock_of_test.shift(timedelta(minutes=61))
    Worker(app).once()
    [letter] = texts_of(postman)[3:]
    assert len(re.findall(r"https?://[^/]+/es/r/\S+", letter)) == MAX_LISTED
    assert "Y 3 citas más." in letter.splitlines()
    assert "Aquí están todas" not in letter


def test_summary_names_no_kind_and_no_sender(
    app: Flask, postman: Postman, store_workshop: Callable[..., Workshop],
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    client = app.test_client()
    for number in range(5):
        register(client, store_workshop(is_discreet=number == 2), **BY_MAIL)
    Worker(app).once()
    clock_of_test.shift(timedelta(minutes=61))
    Worker(app).once()
    letter = postman.letters[3]
    assert letter["Subject"] == "Tus citas"
    assert str(letter["From"]).startswith("Avisos ")
    assert letter["Reply-To"] is None
    for word in ("taller", "Conoce tus derechos", "mujer", "Ejemplo St", "Rosa"):
        assert word not in letter.get_content()


def test_offers_reminders_and_cancellations_are_not_delayed(
    app: Flask, store: Store, key_store: KeyStore, postman: Postman,
    store_workshop: Callable[..., Workshop], clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    """While somebody registers her address twenty times."""
    theirs: dict[str, Any] = {"contact": ContactMethod.EMAIL, "address": VICTIM}
    small, tomorrow, off = store_workshop(capacity=1), store_workshop(), store_workshop()
    other = seat(store, key_store, small)
    waiting = seat(store, key_store, small, **theirs)
    reminded = seat(store, key_store, tomorrow, wants_reminder=True, **theirs)
    cancelled = seat(store, key_store, off, **theirs)
    Worker(app).once()
    for each in (waiting, reminded, cancelled):
        make_older(store, each)
    client = app.test_client()
    for _ in range(20):
        register(client, store_workshop(), **BY_MAIL)
    Worker(app).once()
    assert len(postman.letters) == 3, "the three of her own places"
    client.post(f"{link_of(key_store, other)}/cancelar")
    with store.change() as session:
        workshop = session.get_one(Workshop, off.id)
        workshop_service.cancel(session, workshop, now=clock.now())
    Worker(app).once()
    assert status_of(store, waiting) is RegistrationStatus.OFFERED
    subjects = [str(letter["Subject"]) for letter in postman.letters[3:]]
    assert len(subjects) == 2, subjects
    clock_of_test.move_to(tomorrow.remind_at + timedelta(minutes=1))
    before = len(postman.letters)
    Worker(app).once()
    subjects = [str(letter["Subject"]) for letter in postman.letters[before:]]
    assert any(each.startswith(("Hoy", "Mañana")) for each in subjects), subjects


def test_twelve_new_contacts_cause_three_letters(
    app: Flask, store: Store, postman: Postman, store_workshop: Callable[..., Workshop]
) -> None:
    client = app.test_client()
    link = register(client, store_workshop(), **BY_MAIL)
    Worker(app).once()
    statuses = []
    for number in range(12):
        typed = {"name": "Rosa", "people": "1", "contact": "email"}
        typed["email"] = f"rosa{number}@example.org"
        answer = client.post(f"{link}/cambiar", data=typed)
        statuses.append(answer.status_code)
        Worker(app).once()
    assert statuses == [303, 303] + [429] * 10
    assert "Hoy ya cambiaste tu contacto dos veces." in answer.text
    assert "rosa11@example.org" in answer.text
    assert postman.to == [VICTIM, "rosa0@example.org", "rosa1@example.org"]


def test_thirty_texts_to_one_phone_are_three(
    make_app: Callable[..., Flask], config: Config, store_workshop: Callable[..., Workshop]
) -> None:
    with serve_gateway() as gateway:
        texts = replace(Texts(), url=f"{gateway.url}/send", body='{"to": "{to}", "body": "{text}"}')
        app = make_app(limits=UNLIMITED, texts=texts)
        client = app.test_client()
        for _ in range(30):
            register(client, store_workshop(), **BY_TEXT)
        Worker(app).once()
        assert len(gateway.asked) == 3


def test_retried_letter_counts_once(
    app: Flask, store: Store, postman: Postman, store_workshop: Callable[..., Workshop],
    clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    register(app.test_client(), store_workshop(), **BY_MAIL)
    postman.always["RCPT"] = "451 busy"
    for _ in range(5):
        Worker(app).once()
        clock_of_test.shift(timedelta(minutes=10))
    postman.always.clear()
    clock_of_test.shift(timedelta(hours=3))
    Worker(app).once()
    assert [str(letter["Subject"]).partition(":")[0] for letter in postman.letters] == ["Tu lugar"]


@pytest.mark.parametrize(
    "number",
    [
        "+1 900 555 0142",  # premium
        "+1 809 555 0142",  # another country under the same prefix
        "+44 909 879 0142",
        "+979 1 2345 6789",  # international premium
        "+1 800 555 0142",  # toll-free
        "+502 5123 4567",
    ],
)
def test_phones_of_other_countries_and_costs_are_refused(
    app: Flask, store_workshop: Callable[..., Workshop], number: str
) -> None:
    workshop = store_workshop()
    typed = answers(app, workshop, **BY_TEXT | {"phone": number})
    answer = send(app.test_client(), workshop, typed)
    assert answer.status_code == 422
    assert re.search("Escribe (un teléfono fijo o celular|los 10 números)", answer.text)
    assert number.split()[-1] in answer.text, "nothing typed is lost"


@pytest.mark.parametrize("number", ["312 555 0142", "+52 55 5123 4567", "+1 416 555 0142"])
def test_phones_of_our_countries_are_accepted(
    app: Flask, store_workshop: Callable[..., Workshop], number: str
) -> None:
    register(app.test_client(), store_workshop(), **BY_TEXT | {"phone": number})


def test_texts_beyond_the_budget_wait(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore, config: Config,
    store_workshop: Callable[..., Workshop], clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    with serve_gateway() as gateway:
        texts = Texts(url=f"{gateway.url}/send", body='{"to": "{to}", "body": "{text}"}', a_day=4)
        app = make_app(limits=UNLIMITED, texts=texts)
        client, workshop = app.test_client(), store_workshop()
        for number in range(6):
            register(client, workshop, **BY_TEXT | {"phone": f"+1312555014{number}"})
        Worker(app).once()
        assert len(gateway.asked) == 2, "the other half is for what strangers do not cause"
        page = signed_in_as(app, store, employ(store)).get("/org/").text
        assert "Mensajes de texto de hoy: 2 de 4." in page
        assert "Los de registros y enlaces nuevos salen mañana." in page
        with store.change() as session:
            row = session.get_one(Workshop, workshop.id)
            workshop_service.cancel(session, row, now=FIXED_NOW)
        Worker(app).once()
        assert len(gateway.asked) == 4
        page = signed_in_as(app, store, employ(store, "bea@example.org")).get("/org/").text
        assert "Mensajes de texto de hoy: 4 de 4." in page
        [finding] = [
            each for each in doctor.examine(replace(config, texts=texts)) if each.about == "texts"
        ]
        assert (finding.is_well, finding.words[:6]) == (False, "4 of 4")
        clock_of_test.shift(timedelta(hours=24, minutes=1))
        Worker(app).once()
        assert len(gateway.asked) == 8, "six know, and two confirmations say nothing any more"


def test_budget_of_nought_sends_no_text(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore,
    store_workshop: Callable[..., Workshop],
) -> None:  # fmt: skip
    with serve_gateway() as gateway:
        texts = Texts(url=f"{gateway.url}/send", body='{"to": "{to}", "body": "{text}"}', a_day=0)
        app = make_app(texts=texts)
        register(app.test_client(), store_workshop(), **BY_TEXT)
        Worker(app).once()
        assert gateway.asked == []


def test_stored_phone_that_is_not_ours_gets_no_text(
    make_app: Callable[..., Flask], store: Store, key_store: KeyStore,
    store_workshop: Callable[..., Workshop],
) -> None:  # fmt: skip
    with serve_gateway() as gateway:
        texts = Texts(url=f"{gateway.url}/send", body='{"to": "{to}", "body": "{text}"}')
        seat(
            store, key_store, store_workshop(),
            contact=ContactMethod.PHONE, address="+19005550142", may_leave_message=True,
        )  # fmt: skip
        Worker(make_app(texts=texts)).once()
        assert gateway.asked == []
