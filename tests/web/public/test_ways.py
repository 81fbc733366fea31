"""Ways to take part: registration, time slot, phone, walk-in, unlisted link, not open yet. The page
of a workshop explains its way."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import series
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support import page_text
from tests.support.fixed_clock import fixed_clock
from tests.support.registration_forms import answers, everyone, send

pytestmark = pytest.mark.any_database

CALL = 'href="tel:+13125550142"'


@pytest.mark.parametrize(
    ("way", "text", "form"),
    [
        (Way.PLACE, "También puedes llegar sin apartar.", "Aparta tu lugar"),
        (Way.UNLISTED, "Solo lo ve quien tiene este enlace.", "Aparta tu lugar"),
        (Way.SLOTS, "Eliges tu hora y hablas a solas 20 minutos.", "Elige tu hora"),
        (Way.OPEN, "No hace falta apartar lugar.", "No hace falta apartar lugar"),
        (Way.PHONE, "Aquí se aparta por teléfono.", "Aquí se aparta por teléfono"),
    ],
)
def test_page_explains_how_to_take_part(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, way: Way, text: str, form: str
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, way=way)
    page = client.get(f"/es/t/{workshop.public_id}").text
    assert "Cómo venir" in page
    assert text in page
    assert CALL in page
    answer = client.get(f"/es/t/{workshop.public_id}/lugar")
    assert answer.status_code == 200
    assert form in answer.text
    if way is Way.PHONE:
        assert CALL in answer.text
        assert page.count(CALL) >= 3, "in the text, in the phone's bar, in the wide-screen column"
        assert "También puedes llegar sin cita" in page


def test_hidden_address_does_not_invite_to_walk_in(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(session, chicago, women, visibility=Visibility.APPROVED)
    page = client.get(f"/es/t/{circle.public_id}").text
    assert "puedes llegar sin" not in page
    assert "Te damos la dirección por teléfono" in page


def test_list_states_how_to_take_part(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    ways: dict[str, Any] = {
        "Eliges tu hora": {"way": Way.SLOTS},
        "Llega sin cita": {"way": Way.OPEN},
        "Aparta por teléfono": {"way": Way.PHONE},
    }
    with store.change() as session:
        for changes in ways.values():
            make_workshop(session, chicago, rights, **changes)
    page = client.get("/es/").text
    for words in ways:
        assert words in page


@fixed_clock
def test_page_states_when_registration_opens(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        later = make_workshop(session, chicago, rights, day=date(2027, 1, 11), opens_days=5)
    page = client.get(f"/es/t/{later.public_id}/lugar")
    assert page.status_code == 200
    assert "Puedes apartar desde el miércoles 6 de enero." in page.text
    answer = send(client, later, answers(app, later))
    assert answer.status_code == 409
    assert "Puedes apartar desde el miércoles 6 de enero" in answer.text
    assert everyone(store) == []
    assert "Puedes apartar desde" in client.get(f"/es/t/{later.public_id}").text
    assert "Aparta desde el 6 de enero" in client.get("/es/?desde=2027-01-11&hasta=2027-01-11").text


@pytest.mark.any_database("the words of the templates")
def test_registration_pages_are_easy_to_read(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        course = series.find_or_create(
            session, session.merge(chicago, load=False), "Los sábados", is_joint=True
        )
        pages = [
            make_workshop(session, chicago, rights, way=Way.SLOTS),
            make_workshop(session, chicago, rights, day=date(2027, 1, 11), opens_days=2),
            make_workshop(session, chicago, rights, has_childcare=True, support={"childcare": 1}),
            make_workshop(session, chicago, rights, series=course),
            make_workshop(session, chicago, rights, series=course, way=Way.PLACE),
            make_workshop(session, chicago, rights, way=Way.PHONE),
            make_workshop(session, chicago, rights, way=Way.OPEN),
        ]
    seat(store, key_store, pages[2], needs=Codes(["childcare"]))
    for each in pages:
        for path in (f"/es/t/{each.public_id}", f"/es/t/{each.public_id}/lugar"):
            readability = page_text.readability(page_text.seen(client.get(path).text))
            assert readability.score >= 65, f"{path} {readability}"
