"""«Mi lugar»: back to one's registration with code and name, from any phone."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, address_approval
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import erasure
from tests.conftest import make_workshop, seat
from tests.security.test_safety import recorded_statements
from tests.support.fixed_clock import fixed_clock
from tests.support.public_urls import manage_token
from tests.support.registration_forms import ask_for_link, filled, unstamped

pytestmark = pytest.mark.any_database

NAME: Final = "Rosa María"
UNKNOWN: Final = "ZZZ999"


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, visibility=Visibility.APPROVED)


def code_of(registration: Registration) -> str:
    assert registration.door_code is not None
    return registration.door_code


def come_back(client: FlaskClient, code: str, name: str, **changes: Any) -> TestResponse:
    return ask_for_link(client, "", way="code", code=code, name=name, **changes)


def read_like(answer: TestResponse, code: str, name: str) -> tuple[int, str]:
    """Status and page of an answer, without its form token and what was typed."""
    page = unstamped(answer)
    for typed, id_ in ((code, "code"), (name, "name")):
        page = re.sub(rf'(name="{id_}"[^>]*?value=)"{re.escape(typed)}"', r"\1", page)
    return answer.status_code, page


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        (lambda code: code, NAME),
        (lambda code: f" {code[:3].lower()}-{code[3:].lower()} ", "  rosa   MARIA "),
    ],
)
def test_code_and_name_open_the_registration(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop,
    spelled: Any, name: str,
) -> None:  # fmt: skip
    rosa = seat(store, key_store, workshop, name=NAME)
    answer = come_back(client, spelled(code_of(rosa)), name)
    assert answer.status_code == 303
    assert answer.location == f"/es/r/{manage_token(key_store, rosa)}"
    assert 'data-standing="seated"' in client.get(answer.location).text


def test_unknown_code_and_wrong_name_get_the_same_answer(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop, circle: Workshop
) -> None:
    codes = [code_of(seat(store, key_store, each, name=NAME)) for each in (workshop, circle)]
    gone = seat(store, key_store, workshop, name=NAME)
    erased_code = code_of(gone)
    erasure_of(app, store, key_store, gone)
    tries = [(UNKNOWN, NAME), (codes[0], "Otra"), (codes[1], "Otra"), (erased_code, NAME)]
    answers = {
        read_like(come_back(app.test_client(), code, name), code, name) for code, name in tries
    }
    [(status, page)] = answers
    assert status == 422
    assert "No encontramos ese lugar. Revisa tu código" in page


def test_unknown_code_wrong_name_and_a_try_too_many_run_the_same_statements(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    """Equal statements stand for equal time."""
    rosa = seat(store, key_store, workshop, name=NAME)
    come_back(app.test_client(), UNKNOWN, NAME)  # the first request of an app reads more
    found = []
    for code, name in ((UNKNOWN, NAME), (code_of(rosa), "Otra"), (code_of(rosa), "Otra")):
        with recorded_statements(app) as statements:
            assert come_back(from_address(app, 1), code, name).status_code == 422
        found.append(statements)
    for number in range(2, 7):
        come_back(from_address(app, number), code_of(rosa), "Otra")
    with recorded_statements(app) as statements:
        assert come_back(from_address(app, 8), code_of(rosa), NAME).status_code == 422
    found.append(statements)
    assert found[0]
    assert [each == found[0] for each in found] == [True] * 4


def erasure_of(app: Flask, store: Store, key_store: KeyStore, registration: Registration) -> None:
    config = app.extensions["outreach_config"]
    erasure.erase(store, key_store, config, [registration.id], now=clock.now())


def test_name_without_letters_is_compared_as_it_is(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    star = seat(store, key_store, workshop, name="★")
    assert come_back(client, code_of(star), "☆").status_code == 422
    assert come_back(client, code_of(star), "★").status_code == 303


@fixed_clock  # a new hour begins new counts
def test_five_tries_an_hour_for_each_code_from_any_address(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, name=NAME)
    wrong = [
        come_back(from_address(app, number), code_of(rosa), f"Nombre {number}")
        for number in range(5)
    ]
    # Nobody is secret: the right name gets the same answer as a wrong one.
    right = come_back(from_address(app, 9), code_of(rosa), NAME)
    shown = {
        read_like(each, code_of(rosa), f"Nombre {number}") for number, each in enumerate(wrong)
    }
    assert shown == {read_like(right, code_of(rosa), NAME)}


def test_wrong_codes_of_a_stranger_do_not_close_it_for_the_neighbours(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, name=NAME)
    for number in range(10):
        come_back(from_address(app, 1), f"ZZZZZ{number}", NAME)
        come_back(from_address(app, 1), "ZZZZZZ", NAME)
    assert come_back(from_address(app, 1), code_of(rosa), NAME).status_code == 303


@fixed_clock  # a new hour begins new counts
def test_sixty_tries_an_hour_for_each_address_whatever_the_code(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, name=NAME)
    for number in range(59):
        come_back(from_address(app, 1), f"ZZZZ{number:02}", NAME)
    assert come_back(from_address(app, 1), code_of(rosa), NAME).status_code == 303, "taken back"
    come_back(from_address(app, 1), "ZZZZ59", NAME)
    shown = [
        read_like(come_back(from_address(app, 1), code, NAME), code, NAME)
        for code in (code_of(rosa), "ZZZZ60")
    ]
    assert shown[0] == shown[1]
    assert shown[0][0] == 422
    assert come_back(from_address(app, 2), code_of(rosa), NAME).status_code == 303


def test_opening_one_own_place_uses_up_nothing(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    """A library and a phone carrier share one address among many people."""
    for number in range(8):
        each = seat(store, key_store, workshop, name=f"Persona {number}")
        answer = come_back(from_address(app, 1), code_of(each), f"Persona {number}")
        assert answer.status_code == 303, number


def from_address(app: Flask, number: int) -> FlaskClient:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = f"127.0.5.{number + 1}"
    return client


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("", NAME, "Escribe las 6 letras y números de tu código."),
        ("ABC", NAME, "Escribe las 6 letras y números de tu código."),
        (UNKNOWN, " ", "Escribe tu nombre o apodo."),
        (UNKNOWN, "x" * 61, "Es demasiado largo. Escribe menos letras."),
    ],
)
def test_malformed_code_or_name_is_reported_and_kept(
    client: FlaskClient, code: str, name: str, words: str
) -> None:
    answer = come_back(client, code, name)
    assert answer.status_code == 422
    assert answer.text.count(words) == 2
    assert filled(answer)["code"] == [code]
    assert filled(answer)["name"] == [name]


def test_discreet_place_shows_neither_kind_nor_address_before_the_tap(
    app: Flask, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    luz = seat(store, key_store, circle, name="Luz")
    with store.change() as session:
        party = session.get_one(Registration, luz.id)
        address_approval.approve(session, party, now=clock.now(), undo_window=timedelta(0))
    answer = come_back(app.test_client(), code_of(luz), "luz")
    # The page is the answer: the history of a borrowed phone has no link to it.
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'href="/en/mi-registro"' in answer.text
    assert "<title>Cita" in answer.text
    for secret in ("mujeres", "Mujeres", circle.title["es"]):
        assert secret not in answer.text, secret
    folded = re.sub(r"<details.*?</details>", "", answer.text, flags=re.DOTALL)
    assert "1805 S. Ejemplo" in answer.text
    assert "1805 S. Ejemplo" not in folded
    assert "data-quick-exit" in answer.text


def test_person_without_contact_reads_from_when_and_how_to_look_again(
    app: Flask, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    luz = seat(store, key_store, circle, name="Luz")
    client = app.test_client()
    page = come_back(client, code_of(luz), "Luz").text
    assert "Vuelve a mirar desde:" in page
    assert "Entra a «Mi lugar» desde cualquier teléfono, con tu código" in page
    assert "1805" not in page
    with store.change() as session:
        party = session.get_one(Registration, luz.id)
        address_approval.approve(session, party, now=clock.now(), undo_window=timedelta(0))
    page = come_back(client, code_of(luz), "Luz").text
    assert "Vuelve a mirar" not in page
    assert "1805 S. Ejemplo" in page


def test_declined_person_reads_what_a_place_by_phone_says(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    pages = []
    for visibility in (Visibility.APPROVED, Visibility.PHONE_ONLY):
        with store.change() as session:
            workshop = make_workshop(session, chicago, women, visibility=visibility)
        luz = seat(store, key_store, workshop, name="Luz")
        with store.change() as session:
            address_approval.decline_approval(
                session,
                session.get_one(Registration, luz.id),
                now=clock.now(),
                undo_window=timedelta(0),
            )
        page = app.test_client().get(f"/es/r/{manage_token(key_store, luz)}").text
        found = re.search(r'<div class="ticket-top.*?</section>', page, re.DOTALL)
        assert found is not None
        shown = re.sub(r"<svg.*?</svg>|<p class=\"code\">.*?</p>", "", found[0], flags=re.DOTALL)
        pages.append(shown)
    assert pages[0] == pages[1]
    assert "Te damos la dirección por teléfono" in pages[0]


def test_past_places_are_found_for_a_month(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, name=NAME)
    with store.change() as session:
        long_ago = clock.now() - timedelta(days=31)
        session.execute(sa.update(Workshop).values(ends_at=long_ago))
    assert come_back(client, code_of(rosa), NAME).status_code == 422
