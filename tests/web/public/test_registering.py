"""Registration by the public form."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.message_types import REMINDERS
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import Key, KeyStore
from tests.conftest import make_workshop, seat
from tests.support.registration_forms import answers, everyone, filled, send

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, title={"es": "Círculo de mujeres"})


def test_registration_needs_only_a_nickname(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    page = client.get(f"/es/t/{workshop.public_id}/lugar")
    assert page.status_code == 200
    assert "Aparta tu lugar" in page.text
    answer = send(client, workshop, answers(app, workshop, people="2"))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/es/r/")
    ticket = client.get(answer.headers["Location"])
    assert 'data-standing="seated"' in ticket.text
    assert "Listo, Rosa" in ticket.text
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).seats_left == 18


def test_form_posted_too_fast_keeps_its_token_and_nonce(
    app: Flask, client: FlaskClient, workshop: Workshop
) -> None:
    values = filled(client.get(f"/es/t/{workshop.public_id}/lugar"))
    assert values["people"] == ["1"]
    assert "contact" not in values, "no choice is preselected"
    typed = {name: each[0] for name, each in values.items()}
    answer = send(client, workshop, typed | {"name": "Rosa", "contact": "none"})
    assert answer.status_code == 422
    assert "Espera un momento y vuelve a intentar." in answer.text
    assert filled(answer)["stamp"] == values["stamp"]
    assert filled(answer)["nonce"] == values["nonce"]


def test_email_access_needs_and_language_are_stored(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, has_childcare=True, interpretation=Codes(["nah"])
        )
    typed = answers(
        app,
        workshop,
        contact="email",
        email=" Rosa@Ejemplo.com ",
        needs=["childcare", "interpreter"],
        remind="yes",
        language="fr",
    )
    assert send(client, workshop, typed).status_code == 303
    [saved] = everyone(store)
    assert (saved.contact, saved.needs) == (
        ContactMethod.EMAIL,
        Codes(["childcare", "interpreter-nah"]),
    )
    assert (saved.wants_reminder, saved.language) == (True, "fr")
    person = registrations.decrypt_person(saved, registrations.get_key(key_store, saved))
    assert person.address == "Rosa@ejemplo.com"
    with store.read() as session:
        notification_types = set(session.scalars(sa.select(Notification.cause)))
    assert notification_types == {NotificationType.REGISTERED, *REMINDERS}


def test_phone_is_stored_with_its_country_code(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    typed = answers(app, workshop, contact="phone", phone="(312) 555-0142")
    assert send(client, workshop, typed).status_code == 303
    [saved] = everyone(store)
    person = registrations.decrypt_person(saved, registrations.get_key(key_store, saved))
    assert person.address == "+13125550142"


@pytest.mark.parametrize(
    ("changes", "target", "words"),
    [
        ({"name": ""}, "name", "Escribe tu nombre o apodo"),
        ({"name": "x" * 61}, "name", "Escribe un nombre más corto"),
        ({"name": "A123456789"}, "name", "Escribe solo tu nombre. No pongas números"),
        ({"contact": ""}, "contact-email", "Elige cómo te avisamos"),
        ({"contact": "email", "email": ""}, "email", "Escribe tu correo"),
        ({"contact": "email", "email": "rosa"}, "email", "Revisa tu correo: le falta la @"),
        (
            {"contact": "email", "email": "rosa@gmial.com"},
            "email",
            "¿Quisiste decir rosa@gmail.com?",
        ),
        ({"contact": "phone", "phone": "555"}, "phone", "Escribe los 10 números de tu teléfono"),
        ({"people": "5"}, "people-1", "Elige cuántas personas vienen, de 1 a 4."),
        ({"needs": ["childcare"]}, "need-step_free", "Elige solo de lo que hay en este taller."),
    ],
)
def test_error_is_shown_at_the_top_and_at_its_field(
    app: Flask,
    client: FlaskClient,
    store: Store,
    workshop: Workshop,
    changes: dict[str, Any],
    target: str,
    words: str,
) -> None:
    typed = answers(app, workshop, **changes)
    answer = send(client, workshop, typed)
    assert answer.status_code == 422
    assert "<title>Error: Aparta tu lugar" in answer.text
    assert f'<a href="#{target}">{words}' in answer.text
    assert f'id="{target}"' in answer.text
    assert answer.text.count(words) == 2
    returned = filled(answer)
    assert (returned["nonce"], returned["stamp"]) == ([typed["nonce"]], [typed["stamp"]])
    assert everyone(store) == []


def test_unlikely_mail_domain_is_questioned_once(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    typed = answers(app, workshop, contact="email", email="rosa@gmial.com")
    second = {name: each[0] for name, each in filled(send(client, workshop, typed)).items()}
    assert send(client, workshop, second).status_code == 303
    assert len(everyone(store)) == 1


def test_party_larger_than_the_places_left_is_waitlisted_and_informed(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=2)
    page = client.get(f"/es/t/{small.public_id}/lugar")
    assert "Quedan 2 lugares." in page.text
    assert "entran juntas a la lista de espera" in page.text
    link = send(client, small, answers(app, small, people="3")).headers["Location"]
    assert 'data-standing="waiting"' in client.get(link).text
    assert (
        'data-standing="seated"'
        in client.get(send(client, small, answers(app, small, people="2")).headers["Location"]).text
    )


def test_full_workshop_offers_its_waitlist(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=1)
    seat(store, key_store, small)
    assert "Entrar a la lista de espera" in client.get(f"/es/t/{small.public_id}/lugar").text
    link = send(client, small, answers(app, small)).headers["Location"]
    page = client.get(link).text
    assert "Estás en la lista de espera" in page
    assert "Eres el siguiente turno." in page


def test_full_workshop_without_a_waitlist_lists_other_workshops(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=2, has_waiting_list=False)
        make_workshop(session, chicago, rights, title={"es": "Otra tarde"})
    seat(store, key_store, small)
    answer = send(client, small, answers(app, small, people="2"))
    assert answer.status_code == 409
    assert "Solo queda 1 lugar. Baja el número de personas." in answer.text
    assert filled(answer)["name"] == ["Rosa"]
    seat(store, key_store, small)
    for page in (
        client.get(f"/es/t/{small.public_id}/lugar"),
        send(client, small, answers(app, small)),
    ):
        assert page.status_code == 409
        assert "Ya no hay lugares" in page.text
        assert "312 555 0142" in page.text
        assert "Otra tarde" in page.text
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Key)) == 2


def test_form_asks_if_a_message_may_be_left_on_the_phone(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop
) -> None:
    page = client.get(f"/es/t/{workshop.public_id}/lugar")
    assert "¿Podemos dejar mensaje en ese teléfono?" in page.text
    assert filled(page)["message_ok"] == ["no"]
    for answer, expected in (("no", False), ("yes", True)):
        phone: dict[str, Any] = {"contact": "phone", "phone": "312 555 0142", "message_ok": answer}
        assert send(client, workshop, answers(app, workshop, **phone)).status_code == 303
        assert everyone(store)[-1].may_leave_message is expected


def test_calendar_entry_is_opt_in_and_never_offered_for_a_discreet_kind(
    app: Flask, client: FlaskClient, store: Store, workshop: Workshop, circle: Workshop
) -> None:
    assert 'name="calendar"' in client.get(f"/es/t/{workshop.public_id}/lugar").text
    assert 'name="calendar"' not in client.get(f"/es/t/{circle.public_id}/lugar").text
    by_email: dict[str, Any] = {"contact": "email", "email": "rosa@ejemplo.com", "calendar": "yes"}
    for chosen, changes, wants in (
        (workshop, by_email, True),
        (workshop, {"contact": "none", "calendar": "yes"}, False),
        (circle, by_email | {"consent": "yes"}, False),
    ):
        assert send(client, chosen, answers(app, chosen, **changes)).status_code == 303
        assert everyone(store)[-1].wants_entry is wants


@pytest.mark.parametrize("when", ["begun", "cancelled"])
def test_closed_workshop_shows_the_phone_number(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind, when: str
) -> None:
    with store.change() as session:
        closed = make_workshop(
            session,
            chicago,
            rights,
            day=clock.now().date() + timedelta(days=-2 if when == "begun" else 7),
        )
        if when == "cancelled":
            workshop_service.cancel(session, closed, now=clock.now())
    for page in (
        client.get(f"/es/t/{closed.public_id}/lugar"),
        send(client, closed, answers(app, closed)),
    ):
        assert page.status_code == 409
        assert "312 555 0142" in page.text
    assert everyone(store) == []


def test_form_of_a_draft_is_404(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    assert client.get(f"/es/t/{draft.public_id}/lugar").status_code == 404
    assert send(client, draft, answers(app, draft)).status_code == 404


@pytest.mark.parametrize(
    ("way", "words"),
    [(Way.OPEN, "No hace falta apartar lugar"), (Way.PHONE, "Aquí se aparta por teléfono")],
)
def test_workshop_without_online_registration_explains_how_to_come(
    app: Flask,
    client: FlaskClient,
    store: Store,
    chicago: Office,
    rights: Kind,
    way: Way,
    words: str,
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, way=way)
    page = client.get(f"/es/t/{workshop.public_id}/lugar")
    assert page.status_code == 200
    assert words in page.text
    assert send(client, workshop, answers(app, workshop)).status_code == 409


def test_discreet_registration_needs_consent_and_has_no_contact_by_default(
    app: Flask, client: FlaskClient, store: Store, circle: Workshop
) -> None:
    page = client.get(f"/es/t/{circle.public_id}/lugar")
    values = filled(page)
    assert (values["contact"], values["message_ok"]) == (["none"], ["no"])
    assert "Acepto que guarden estos datos hasta el" in page.text
    assert str(circle.forget_on.year) in page.text
    assert "data-quick-exit" in page.text
    answer = send(client, circle, answers(app, circle))
    assert answer.status_code == 422
    assert '<a href="#consent">Marca que aceptas' in answer.text
    assert send(client, circle, answers(app, circle, consent="yes")).status_code == 303
    [saved] = everyone(store)
    assert (saved.contact, saved.may_leave_message, saved.wants_reminder) == (
        ContactMethod.NONE,
        False,
        False,
    )


def test_form_of_a_discreet_kind_does_not_name_its_kind(
    client: FlaskClient, circle: Workshop
) -> None:
    page = client.get(f"/es/t/{circle.public_id}/lugar").text
    assert "<title>Taller · " in page
    assert "mujer" not in page.lower()


def test_form_says_if_the_address_is_given_by_phone(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        secret = make_workshop(session, chicago, women, visibility=Visibility.PHONE_ONLY)
    page = client.get(f"/es/t/{secret.public_id}/lugar").text
    assert "Te damos la dirección por teléfono" in page
    assert "1805 S. Ejemplo" not in page


def test_form_leads_back_to_the_search_and_a_discreet_one_to_none(
    client: FlaskClient, store: Store, chicago: Office, women: Kind, workshop: Workshop
) -> None:
    query = "?donde=Chicago&cuando=mes"
    shown = query.replace("&", "&amp;")
    address = f"/es/t/{workshop.public_id}"
    assert f'href="{address}/lugar{shown}"' in client.get(address + query).text
    assert f'href="{address}{shown}"' in client.get(f"{address}/lugar{query}").text
    with store.change() as session:
        discreet = f"/es/t/{make_workshop(session, chicago, women).public_id}"
    assert f'href="{discreet}/lugar"' in client.get(discreet + query).text
    assert f'href="{discreet}"' in client.get(f"{discreet}/lugar{query}").text


def test_closed_workshop_shows_others_and_no_promise(
    client: FlaskClient, store: Store, chicago: Office, workshop: Workshop
) -> None:
    with store.change() as session:
        other = make_workshop(session, chicago, session.get_one(Workshop, workshop.id).kind)
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
    page = client.get(f"/es/t/{workshop.public_id}").text
    assert f"/es/t/{other.public_id}" in page
    assert "Ver otros talleres" in page
    assert "con confianza" not in page
