"""What a person chooses or leaves by the way of taking part: a phone for a call, coming or joining
on line, text or call, another day; and what the ticket gives in return."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach.config import Texts
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Channel, DeliveryMode, Workshop
from outreach.keystore import KeyStore
from tests.conftest import a_saturday, make_workshop, seat, venue
from tests.support.registration_forms import answers, everyone, filled, link_of, send

pytestmark = pytest.mark.any_database

CALLED: Final[dict[str, Any]] = {
    "mode": DeliveryMode.PHONE_BANK, "way": Way.SLOTS, "venue": None, "slot_minutes": 20,
    "starts": time(9), "ends": time(12),
}  # fmt: skip
HYBRID: Final[dict[str, Any]] = {
    "mode": DeliveryMode.HYBRID,
    "online_url": "https://sala.example/1",
}
STREAM: Final = "https://vivo.example/1"
LIVE: Final[dict[str, Any]] = {
    "mode": DeliveryMode.LIVE_STREAM, "way": Way.OPEN, "venue": None, "live_url": STREAM,
}  # fmt: skip
GATEWAY: Final = Texts(url="https://textos.example/send", body='{{"to":"{to}","text":"{text}"}}')


@pytest.fixture
def consultation(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, **CALLED)


@pytest.fixture
def hybrid(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, **HYBRID)


def _change(store: Store, workshop: Workshop, **changes: Any) -> None:
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        if "venue" in changes:
            changes["venue"] = session.get_one(Venue, changes["venue"].id)
        data = replace(workshop_service.get_data(row), **changes)
        workshop_service.change(session, row, data, now=row.starts_at - timedelta(days=5))


@pytest.mark.parametrize("contact", ["none", "email"])
def test_telephone_consultation_requires_a_phone(
    app: Flask, client: FlaskClient, store: Store, consultation: Workshop, contact: str
) -> None:
    typed = answers(app, consultation, slot="09:20", contact=contact, email="rosa@ejemplo.com")
    answer = send(client, consultation, typed)
    assert answer.status_code == 422
    assert "Escribe tu teléfono: te llamamos a esa hora." in answer.text
    assert filled(answer)["name"] == ["Rosa"]
    assert everyone(store) == []


def test_phone_of_a_consultation_is_what_the_ticket_says_is_called(
    app: Flask, client: FlaskClient, store: Store, consultation: Workshop
) -> None:
    form = client.get(f"/es/t/{consultation.public_id}/lugar")
    assert "¿A qué teléfono te llamamos?" in form.text
    assert filled(form)["contact"] == ["phone"]
    typed = answers(app, consultation, slot="09:20", contact="phone", phone="312 555 0199")
    ticket = client.get(send(client, consultation, typed).location).text
    assert "Te llamamos a las 9:20" in ticket
    assert "•••• 0199" in ticket
    assert "la entrada" not in ticket


def test_consultation_cannot_lose_its_phone(
    client: FlaskClient, store: Store, key_store: KeyStore, consultation: Workshop
) -> None:
    by_phone: dict[str, Any] = {"contact": ContactMethod.PHONE, "address": "+13125550199"}
    rosa = seat(store, key_store, consultation, slot="09:20", **by_phone)
    path = f"{link_of(key_store, rosa)}/cambiar"
    typed = {name: each[0] for name, each in filled(client.get(path)).items()}
    assert client.post(path, data=typed | {"contact": "none"}).status_code == 422
    assert everyone(store)[0].contact is ContactMethod.PHONE
    assert client.post(path, data=typed | {"name": "Rosita"}).status_code == 303


def test_person_chooses_to_come_or_to_join_on_line(
    app: Flask, client: FlaskClient, store: Store, hybrid: Workshop
) -> None:
    assert filled(client.get(f"/es/t/{hybrid.public_id}/lugar"))["channel"] == ["venue"]
    online = send(client, hybrid, answers(app, hybrid, channel="online")).location
    there = send(client, hybrid, answers(app, hybrid, name="Ana", channel="venue")).location
    earlier = send(client, hybrid, answers(app, hybrid, name="Luz")).location
    assert "https://sala.example/1" in client.get(online).text
    assert "la entrada" not in client.get(online).text
    assert "https://sala.example/1" not in client.get(there).text
    assert "https://sala.example/1" in client.get(earlier).text, "who did not choose may do both"
    for each in (there, earlier):
        assert "código QR" in client.get(each).text
    typed = {name: each[0] for name, each in filled(client.get(f"{online}/cambiar")).items()}
    assert typed["channel"] == "online"
    assert client.post(f"{online}/cambiar", data=typed | {"channel": "venue"}).status_code == 303
    assert everyone(store)[0].channel is Channel.VENUE
    wrong = send(client, hybrid, answers(app, hybrid, name="Eva", channel="moon"))
    assert "Elige si vienes o entras en línea." in wrong.text


def test_text_or_call_is_asked_where_texts_can_be_sent(
    make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    page = make_app().test_client().get(f"/es/t/{workshop.public_id}/lugar").text
    assert 'name="by"' not in page
    app = make_app(texts=GATEWAY)
    client = app.test_client()
    page = client.get(f"/es/t/{workshop.public_id}/lugar").text
    assert "Mensaje de texto" in page
    for by, is_texted in (("text", True), ("call", False)):
        typed: dict[str, Any] = {"contact": "phone", "phone": "312 555 0142", "by": by}
        assert send(client, workshop, answers(app, workshop, **typed)).status_code == 303
        assert everyone(store)[-1].may_leave_message is is_texted
    wrong = send(client, workshop, answers(app, workshop, contact="none", by="pigeon"))
    assert wrong.status_code == 422


def test_day_chip_keeps_what_was_typed_and_names_another_venue(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    slots: dict[str, Any] = {"way": Way.SLOTS, "slot_minutes": 20}
    with store.change() as session:
        here = venue(session, chicago, "Biblioteca de Pilsen")
        there = venue(session, chicago, "Escuela Juárez")
        first = make_workshop(session, chicago, rights, venue=here, day=a_saturday(), **slots)
        day = a_saturday() + timedelta(days=7)
        same = make_workshop(session, chicago, rights, venue=here, day=day, **slots)
        other = make_workshop(
            session, chicago, rights, venue=there, day=day + timedelta(days=7), **slots
        )
    page = client.get(f"/es/t/{first.public_id}/lugar").text
    chips = page[page.index("pills-scroll") : page.index('<form id="apartar"')]
    before, after = chips.split(f'formaction="/es/t/{other.public_id}/lugar"')
    assert f'formaction="/es/t/{same.public_id}/lugar"' in before
    assert "Escuela Juárez" not in before
    assert "Escuela Juárez" in after
    typed = answers(app, first, name="Rosa M.", contact="email", email="rosa@ejemplo.com")
    typed |= {"slot": "18:20", "needs": ["step_free", "none of these"], "refill": "yes"}
    moved = client.post(f"/es/t/{other.public_id}/lugar", data=typed)
    assert moved.status_code == 200
    assert "Escuela Juárez" in moved.text
    values = filled(moved)
    kept = {"name": ["Rosa M."], "contact": ["email"], "email": ["rosa@ejemplo.com"]}
    assert {name: values[name] for name in kept} == kept
    assert values["slot"] == ["18:20"]
    assert values["needs"] == ["step_free"]
    assert everyone(store) == [], "nothing is saved"
    assert values["nonce"] != [typed["nonce"]]


def test_open_stream_has_its_link_on_the_page_and_in_the_open_data(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        live = make_workshop(session, chicago, rights, **LIVE)
        quiet = make_workshop(session, chicago, women, **LIVE)
        hidden = make_workshop(
            session, chicago, rights, **(LIVE | {"visibility": Visibility.APPROVED})
        )
    page = client.get(f"/es/t/{live.public_id}").text
    assert f'href="{STREAM}"' in page
    assert "Ver en vivo" in page
    assert STREAM in client.get(f"/es/t/{live.public_id}/lugar").text
    assert STREAM in client.get(f"/es/t/{live.public_id}.ics").text.replace("\r\n ", "")
    assert json.loads(client.get(f"/api/v1/workshops/{live.public_id}").data)["live_url"] == STREAM
    for each in (quiet, hidden):
        for path in (f"/es/t/{each.public_id}", f"/es/t/{each.public_id}/lugar"):
            assert STREAM not in client.get(path).text
    assert json.loads(client.get(f"/api/v1/workshops/{hidden.public_id}").data)["live_url"] is None


def test_ticket_is_saved_as_a_picture_unless_discreet(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    hybrid: Workshop,
) -> None:
    with store.change() as session:
        ordinary, quiet = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, women),
        )
    shown = link_of(key_store, seat(store, key_store, ordinary))
    answer = client.get(f"{shown}/boleto.png")
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'href="{shown}/boleto.png"' in client.get(shown).text
    online: dict[str, Any] = {"channel": "online"}
    for workshop, chosen in ((quiet, {}), (hybrid, online)):
        path = link_of(key_store, seat(store, key_store, workshop, **chosen))
        assert client.get(f"{path}/boleto.png").location == path
        assert "boleto.png" not in client.get(path).text


def test_calendar_file_of_high_sensitivity_says_appointment_and_city(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.merge(rights, load=False).sensitivity = "high"
        session.flush()
        session.get_one(Kind, rights.id).sensitivity = "high"
        workshop = make_workshop(session, chicago, session.get_one(Kind, rights.id))
    address = f"/es/t/{workshop.public_id}.ics"
    neutral = client.get(address).text.replace("\r\n ", "")
    assert "SUMMARY:Cita\r\n" in neutral
    assert "LOCATION:Chicago\\, IL\r\n" in neutral
    for name in ("DESCRIPTION:", "URL:", "CATEGORIES:", "GEO:"):
        assert name not in neutral
    assert "SUMMARY:Conoce tus derechos" in client.get(f"{address}?titulo=completo").text
    own = link_of(key_store, seat(store, key_store, workshop))
    assert "SUMMARY:Cita\r\n" in client.post(f"{own}/cita.ics").text
    assert "LOCATION:Chicago\\, IL\r\n" in client.post(f"{own}/cita.ics").text
    titled = client.post(f"{own}/cita.ics", data={"title": "Dentista"}).text
    assert "SUMMARY:Dentista\r\n" in titled


def test_moved_workshop_says_when_it_was_and_hides_that_a_hidden_place_moved(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        quiet = make_workshop(session, chicago, women)
        nearby = venue(session, chicago, "Otra casa")
    path = f"/es/t/{quiet.public_id}"
    before = client.get(path).text
    _change(store, quiet, venue=nearby)
    assert client.get(path).text == before
    _change(store, quiet, starts=time(17))
    moved = client.get(path).text
    assert "Cambió la fecha o la hora" in moved
    assert "6:00" in moved
    with store.change() as session:
        home = venue(session, chicago, "Otra casa más")
    _change(store, quiet, venue=home)
    assert client.get(path).text == moved
