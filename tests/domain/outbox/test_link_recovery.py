"""Links by text: to whom «find my link» sends one, and what a discreet workshop shows of itself."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
import time_machine
from flask import Flask

from outreach import clock
from outreach.config import Texts
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance.worker import Worker
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW
from tests.support.gateway_server import Gateway, serve_gateway
from tests.support.registration_forms import ask_for_link_by_text, link_of, unstamped
from tests.support.worker_steps import find_step

PHONE: Final = "+13125550142"
BY_TEXT: Final[dict[str, Any]] = {
    "contact": ContactMethod.PHONE,
    "address": PHONE,
    "may_leave_message": True,
}


@pytest.fixture(autouse=True)
def clock_of_test() -> Iterator[time_machine.Traveller]:
    """In the hours of texts."""
    with time_machine.travel(FIXED_NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with serve_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(make_app: Callable[..., Flask], gateway: Gateway) -> Flask:
    return make_app(texts=Texts(url=f"{gateway.url}/send", body="To={to}&Body={text}"))


@pytest.fixture
def ordinary(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def discreet(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women)


def send_texts(app: Flask, gateway: Gateway) -> list[str]:
    """The words of the texts of one run of the worker. It leads no step by a clock that is not the
    database's: the step that queues links is run beside it."""
    before, worker = len(gateway.asked), Worker(app)
    worker.run_step(find_step("links"), clock.now())
    worker.once()
    return [gateway.read_text(each)[1] for each in gateway.asked[before:]]


def test_who_asked_for_texts_gets_the_link_by_text(
    app: Flask, gateway: Gateway, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    rosa = seat(store, key_store, ordinary, **BY_TEXT)
    send_texts(app, gateway)
    known = ask_for_link_by_text(app.test_client(), "(312) 555-0142")
    unknown = ask_for_link_by_text(app.test_client(), "312 555 0199")
    assert (known.status_code, unstamped(known)) == (unknown.status_code, unstamped(unknown))
    assert "Revisa tus mensajes" in known.text
    assert "0142" not in known.text
    [words] = send_texts(app, gateway)
    assert words == f"Tu enlace: http://localhost:8000{link_of(key_store, rosa)}"


def test_nothing_is_sent_to_who_said_meanwhile_that_others_read_the_phone(
    app: Flask, gateway: Gateway, store: Store, key_store: KeyStore, discreet: Workshop
) -> None:
    luz = seat(store, key_store, discreet, **BY_TEXT, is_only_reader=True)
    send_texts(app, gateway)
    ask_for_link_by_text(app.test_client(), PHONE)
    Worker(app).run_step(find_step("links"), clock.now())
    typed = {"name": "Luz", "people": "1", "contact": "phone", "phone": PHONE, "by": "text"}
    changed = app.test_client().post(f"{link_of(key_store, luz)}/cambiar", data=typed)
    assert changed.status_code == 303
    assert send_texts(app, gateway) == []


def test_who_wants_calls_gets_no_link_by_text(
    app: Flask, gateway: Gateway, store: Store, key_store: KeyStore, ordinary: Workshop
) -> None:
    seat(store, key_store, ordinary, **BY_TEXT | {"may_leave_message": False})
    assert ask_for_link_by_text(app.test_client(), PHONE).status_code == 200
    assert send_texts(app, gateway) == []


@pytest.mark.parametrize("is_only_reader", [False, True])
def test_discreet_workshop_gets_a_link_only_where_nobody_else_reads_that_phone(
    app: Flask, gateway: Gateway, store: Store, key_store: KeyStore, discreet: Workshop,
    is_only_reader: bool,
) -> None:  # fmt: skip
    luz = seat(store, key_store, discreet, is_only_reader=is_only_reader, **BY_TEXT)
    [confirmation] = send_texts(app, gateway)
    assert "http" not in confirmation
    ask_for_link_by_text(app.test_client(), PHONE)
    links = [f"Tu enlace: http://localhost:8000{link_of(key_store, luz)}"]
    assert send_texts(app, gateway) == (links if is_only_reader else [])


def test_number_that_is_not_written_to_shows_an_error(app: Flask) -> None:
    client = app.test_client()
    for phone in ("", "12", "+44 20 7946 0958", "900 555 0100", "x" * 300):
        answer = ask_for_link_by_text(client, phone)
        assert answer.status_code == 422, phone
        assert '<a href="#phone">' in answer.text, phone


def test_without_a_gateway_the_page_offers_no_text(make_app: Callable[..., Flask]) -> None:
    page = make_app().test_client().get("/es/mi-registro").text
    assert 'name="phone"' not in page


def test_texts_of_ordinary_places_do_not_show_that_there_is_a_discreet_one(
    app: Flask, gateway: Gateway, store: Store, key_store: KeyStore, chicago: Office,
    rights: Kind, discreet: Workshop, clock_of_test: time_machine.Traveller,
) -> None:  # fmt: skip
    """Whoever holds her phone registers its number until a summary comes."""
    with store.change() as session:
        workshops = [make_workshop(session, chicago, rights) for _ in range(5)]
    seat(store, key_store, discreet, **BY_TEXT)
    [neutral] = send_texts(app, gateway)
    clock_of_test.shift(timedelta(hours=3))
    for workshop in workshops:
        seat(store, key_store, workshop, **BY_TEXT)
    send_texts(app, gateway)
    clock_of_test.shift(timedelta(hours=1, minutes=1))
    [summary] = send_texts(app, gateway)
    assert summary.startswith("Tienes 5 citas.")
    assert neutral not in summary


@pytest.mark.any_database("the words of a text")
def test_only_reader_is_kept_sealed_and_changes_with_the_form(
    app: Flask, store: Store, key_store: KeyStore, discreet: Workshop
) -> None:
    luz = seat(store, key_store, discreet, is_only_reader=True, **BY_TEXT)
    client, link = app.test_client(), link_of(key_store, luz)
    assert 'name="only_me" value="yes" checked' in client.get(f"{link}/cambiar").text
    typed = {"name": "Luz", "people": "1", "contact": "same"}

    def is_only_reader() -> bool:
        with store.read() as session:
            return session.get_one(Registration, luz.id).details.is_only_reader

    client.post(f"{link}/cambiar", data={"people": "1"})
    assert is_only_reader()
    client.post(f"{link}/cambiar", data=typed | {"by": "text"})
    assert not is_only_reader()
    client.post(f"{link}/cambiar", data=typed | {"by": "text", "only_me": "yes"})
    assert is_only_reader()
    client.post(f"{link}/cambiar", data=typed | {"by": "call", "only_me": "yes"})
    assert not is_only_reader()
