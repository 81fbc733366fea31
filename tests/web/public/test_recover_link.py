"""Link recovery: its page does not disclose whether an address is registered."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.keystore.models import LinkRequest
from tests.conftest import make_workshop, seat
from tests.support.registration_forms import (
    ask_for_link,
    filled,
    link_of,
    unstamped,
)

pytestmark = pytest.mark.any_database


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def count_link_requests(key_store: KeyStore) -> int:
    with key_store.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(LinkRequest)) or 0


def test_link_recovery_answers_known_and_unknown_addresses_identically(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    before = client.get("/es/mi-registro")
    known = ask_for_link(client, " Rosa@ejemplo.com ")
    unknown = ask_for_link(client, "nadie@ejemplo.com")
    assert (known.status_code, unstamped(known)) == (unknown.status_code, unstamped(unknown))
    assert "Revisa tu correo" in known.text
    assert "ejemplo.com" not in known.text
    assert "data-quick-exit" in before.text
    assert before.headers["Cache-Control"] == "no-store"
    assert count_link_requests(key_store) == 2, "both cause the same work"
    found = [each.key_ids for each in key_store.link_requests()]
    assert sorted(len(each) for each in found) == [0, 1]


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "Escribe tu correo"),
        ("rosa", "Revisa tu correo: le falta la @"),
        ("rosa@", "Revisa tu correo. Se escribe como rosa@ejemplo.com"),
        ("<b>@ejemplo.com", "Revisa tu correo. Se escribe como rosa@ejemplo.com"),
        ("x" * 300 + "@ejemplo.com", "Es demasiado largo. Escribe menos letras."),
    ],
)
def test_invalid_email_shows_an_error(
    client: FlaskClient, key_store: KeyStore, email: str, words: str
) -> None:
    answer = ask_for_link(client, email)
    assert answer.status_code == 422
    assert "<title>Error: Mi lugar</title>" in answer.text
    assert f'<a href="#email">{words}' in answer.text
    assert filled(answer)["email"] == [email]
    assert count_link_requests(key_store) == 0


def test_unlikely_mail_domain_is_questioned_once(client: FlaskClient, key_store: KeyStore) -> None:
    questioned = ask_for_link(client, "rosa@gmial.com")
    assert questioned.status_code == 422
    assert "¿Quisiste decir rosa@gmail.com?" in questioned.text
    second = {name: each[0] for name, each in filled(questioned).items()}
    assert second["stamp"]
    assert client.post("/es/mi-registro", data=second).status_code == 200
    assert count_link_requests(key_store) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"website": "https://x.example"}, "Algo llenó un dato que no se ve."),
        ({"stamp": "x"}, "Esta página estuvo abierta mucho tiempo."),
        ({"minutes": 13 * 60}, "Esta página estuvo abierta mucho tiempo."),
        ({"minutes": 0}, "Espera un momento y vuelve a intentar."),
    ],
)
def test_link_request_of_a_bot_returns_the_form_and_sends_no_letter(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    changes: dict[str, Any],
    words: str,
) -> None:
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    answer = ask_for_link(client, "rosa@ejemplo.com", **changes)
    assert answer.status_code == 422
    assert words in answer.text
    assert "<title>Error: Mi lugar</title>" in answer.text
    assert filled(answer)["email"] == ["rosa@ejemplo.com"]
    assert filled(answer)["website"] == [""]
    assert count_link_requests(key_store) == 0


def test_form_posted_too_fast_can_be_posted_unchanged_later(
    client: FlaskClient, key_store: KeyStore
) -> None:
    fast = {name: each[0] for name, each in filled(client.get("/es/mi-registro")).items()}
    page = client.post("/es/mi-registro", data=fast | {"email": "rosa@ejemplo.com"})
    assert filled(page)["stamp"] == [fast["stamp"]], "a new token would be too young again"
    late = ask_for_link(client, "rosa@ejemplo.com", minutes=13 * 60)
    assert filled(late)["stamp"][0] != fast["stamp"]


def test_form_with_two_email_fields_is_refused(client: FlaskClient, key_store: KeyStore) -> None:
    answer = ask_for_link(client, email=["a@ejemplo.com", "b@ejemplo.com"])
    assert answer.status_code == 422
    assert count_link_requests(key_store) == 0


def test_email_may_be_changed_to_that_of_any_number_of_registrations(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    for _place in range(4):
        seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    luz = seat(store, key_store, workshop, name="Luz")
    typed = {"name": "Luz", "people": "1", "contact": "email", "email": "rosa@ejemplo.com"}
    answer = client.post(f"{link_of(key_store, luz)}/cambiar", data=typed)
    assert (answer.status_code, answer.location) == (303, link_of(key_store, luz))
    assert len(key_store.find("rosa@ejemplo.com")) == 5
