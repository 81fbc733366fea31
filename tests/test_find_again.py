"""A lost link, and the fourth registration of one contact: what is said tells nobody anything."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.registrations import Contact
from outreach.domain.workshops import Workshop
from outreach.keyring import Keyring
from outreach.keyring.rows import Asked
from tests.conftest import hold, seat
from tests.filling import answers, everyone, filled, link_of, send


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


def asked(ring: Keyring) -> int:
    with ring.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Asked)) or 0


def test_a_lost_link_is_answered_the_same_whoever_asks(
    client: FlaskClient, store: Store, ring: Keyring, workshop: Workshop
) -> None:
    seat(store, ring, workshop, contact=Contact.EMAIL, address="rosa@ejemplo.com")
    before = client.get("/es/mi-registro")
    hers = client.post("/es/mi-registro", data={"email": " Rosa@ejemplo.com "})
    nobodys = client.post("/es/mi-registro", data={"email": "nadie@ejemplo.com"})
    assert (hers.status_code, hers.data) == (nobodys.status_code, nobodys.data)
    assert "Revisa tu correo" in hers.text
    assert "ejemplo.com" not in hers.text
    assert "data-salir" in before.text
    assert before.headers["Cache-Control"] == "no-store"
    assert asked(ring) == 2, "the same work for both"
    found = [each.key_ids for each in ring.asked_for()]
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
def test_what_is_no_email_gets_a_plain_sentence(
    client: FlaskClient, ring: Keyring, email: str, words: str
) -> None:
    answer = client.post("/es/mi-registro", data={"email": email})
    assert answer.status_code == 422
    assert "<title>Error: Mi lugar</title>" in answer.text
    assert f'<a href="#email">{words}' in answer.text
    assert filled(answer)["email"] == [email]
    assert asked(ring) == 0


def test_an_unlikely_mail_domain_is_asked_about_once(client: FlaskClient, ring: Keyring) -> None:
    asked_about = client.post("/es/mi-registro", data={"email": "rosa@gmial.com"})
    assert asked_about.status_code == 422
    assert "¿Quisiste decir rosa@gmail.com?" in asked_about.text
    again = {name: each[0] for name, each in filled(asked_about).items()}
    assert client.post("/es/mi-registro", data=again).status_code == 200
    assert asked(ring) == 1


def test_an_email_typed_twice_is_asked_for_once(client: FlaskClient, ring: Keyring) -> None:
    answer = client.post("/es/mi-registro", data={"email": ["a@ejemplo.com", "b@ejemplo.com"]})
    assert answer.status_code == 422
    assert asked(ring) == 0


def test_the_fourth_place_of_one_contact_is_answered_as_a_lost_link(
    app: Flask, client: FlaskClient, store: Store, ring: Keyring, workshop: Workshop
) -> None:
    for _place in range(3):
        seat(store, ring, workshop, contact=Contact.EMAIL, address="rosa@ejemplo.com")
    fourth = send(
        client,
        workshop,
        answers(app, workshop, contact="email", email="rosa@ejemplo.com"),
    )
    link = client.post("/es/mi-registro", data={"email": "nadie@ejemplo.com"})
    assert (fourth.status_code, fourth.data) == (link.status_code, link.data)
    assert len(everyone(store)) == 3
    assert asked(ring) == 2


def test_nobody_comes_by_the_change_to_a_fourth_place(
    client: FlaskClient, store: Store, ring: Keyring, workshop: Workshop
) -> None:
    for _place in range(3):
        seat(store, ring, workshop, contact=Contact.EMAIL, address="rosa@ejemplo.com")
    luz = seat(store, ring, workshop, name="Luz")
    typed = {"name": "Luz", "people": "1", "contact": "email", "email": "rosa@ejemplo.com"}
    answer = client.post(f"{link_of(ring, luz)}/cambiar", data=typed)
    link = client.post("/es/mi-registro", data={"email": "nadie@ejemplo.com"})
    assert (answer.status_code, answer.data) == (link.status_code, link.data)
    assert len(ring.find("rosa@ejemplo.com")) == 3
