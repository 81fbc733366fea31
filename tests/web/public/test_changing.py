"""The form that changes a registration, reached by the person's link."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, PersonalData, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.registration_forms import filled, link_of, now_of, seats_left

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, chicago, rights, capacity=4, has_childcare=True, support={"childcare": 1}
        )


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    return seat(
        store,
        key_store,
        workshop,
        people=2,
        contact=ContactMethod.EMAIL,
        address="rosa@ejemplo.com",
        wants_reminder=True,
        wants_entry=True,
        needs=Codes(["childcare"]),
    )


def person_of(store: Store, key_store: KeyStore, registration: Registration) -> PersonalData:
    row = now_of(store, registration)
    return registrations.decrypt_person(row, registrations.get_key(key_store, row))


def pending(store: Store, registration: Registration) -> list[NotificationType]:
    with store.read() as session:
        return list(
            session.scalars(
                sa.select(Notification.cause)
                .where(
                    Notification.registration_id == registration.id, Notification.done_at.is_(None)
                )
                .order_by(Notification.cause)
            )
        )


def change(client: FlaskClient, link: str, **changes: Any) -> Any:
    """Posts the form as it is shown, with these fields changed."""
    values: dict[str, Any] = dict(filled(client.get(f"{link}/cambiar")))
    return client.post(f"{link}/cambiar", data=values | changes)


def test_change_form_shows_current_answers_and_unchanged_post_changes_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    link = link_of(key_store, rosa)
    page = client.get(f"{link}/cambiar")
    values = filled(page)
    assert (values["people"], values["name"], values["contact"], values["needs"]) == (
        ["2"],
        ["Rosa"],
        ["same"],
        ["childcare"],
    )
    assert "r•••@ejemplo.com" in page.text
    assert "rosa@ejemplo.com" not in page.text
    before = pending(store, rosa)
    assert change(client, link).headers["Location"] == link
    row = now_of(store, rosa)
    assert (row.people, row.needs, row.contact) == (2, Codes(["childcare"]), ContactMethod.EMAIL)
    assert (row.wants_reminder, row.wants_entry) == (True, True)
    assert person_of(store, key_store, rosa).address == "rosa@ejemplo.com"
    assert pending(store, rosa) == before


def test_new_name_and_email_are_encrypted_with_the_same_key(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, rosa: Registration
) -> None:
    link = link_of(key_store, rosa)
    answer = change(client, link, name="Rosita", contact="email", email="otra@ejemplo.com")
    assert answer.headers["Location"] == link, "the link does not change"
    person = person_of(store, key_store, rosa)
    assert (person.name, person.address) == ("Rosita", "otra@ejemplo.com")
    assert key_store.find("rosa@ejemplo.com") == []
    assert key_store.find("otra@ejemplo.com", workshop.id) == [rosa.key_id]
    assert "Listo, Rosita" in client.get(link).text
    assert pending(store, rosa) == [
        NotificationType.EARLY_REMINDER,
        NotificationType.REGISTERED,
        NotificationType.REMINDER,
    ], "the new address gets a letter with the link"


def test_removing_the_contact_cancels_pending_messages(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    link = link_of(key_store, rosa)
    assert "Borramos tu correo ahora mismo" in client.get(f"{link}/cambiar").text
    assert change(client, link, contact="none").status_code == 303
    row = now_of(store, rosa)
    assert (row.contact, row.wants_reminder, row.wants_entry) == (ContactMethod.NONE, False, False)
    assert person_of(store, key_store, rosa).address == ""
    assert pending(store, rosa) == []
    assert key_store.find("rosa@ejemplo.com") == []


def test_email_can_be_replaced_by_a_phone(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    link = link_of(key_store, rosa)
    answer = change(client, link, contact="phone", phone="312 555 0142", message_ok="yes")
    assert answer.status_code == 303
    row = now_of(store, rosa)
    assert (row.contact, row.may_leave_message) == (ContactMethod.PHONE, True)
    assert person_of(store, key_store, rosa).address == "+13125550142"
    assert change(client, link, message_ok="no").status_code == 303
    row = now_of(store, rosa)
    assert (row.contact, row.may_leave_message) == (ContactMethod.PHONE, False)
    assert person_of(store, key_store, rosa).address == "+13125550142"


def test_changed_access_need_releases_its_accommodation(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, rosa: Registration
) -> None:
    luz = seat(store, key_store, workshop, name="Luz")
    luz_link = link_of(key_store, luz)
    assert 'value="childcare" disabled' in client.get(f"{luz_link}/cambiar").text
    refused = change(client, luz_link, needs=["childcare"], name="Lucha", people="2")
    assert refused.status_code == 409
    assert "Ya no queda cuidado de niños. Tu lugar sigue apartado" in refused.text
    assert (filled(refused)["name"], filled(refused)["people"]) == (["Lucha"], ["2"])
    assert change(client, link_of(key_store, rosa), needs=["step_free"]).status_code == 303
    assert now_of(store, rosa).needs == Codes(["step_free"])
    assert change(client, luz_link, needs=["childcare"]).status_code == 303
    assert now_of(store, luz).needs == Codes(["childcare"])


def test_refused_change_keeps_the_contact_details(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, rosa: Registration
) -> None:
    seat(store, key_store, workshop, name="Ana")
    refused = change(
        client, link_of(key_store, rosa), people="4", contact="email", email="otra@ejemplo.com"
    )
    assert refused.status_code == 409
    assert filled(refused)["email"] == ["otra@ejemplo.com"]
    assert key_store.find("otra@ejemplo.com") == []
    assert key_store.find("rosa@ejemplo.com") == [rosa.key_id]
    assert person_of(store, key_store, rosa).address == "rosa@ejemplo.com"


def test_posting_only_the_number_of_people_changes_nothing_else(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    assert (
        client.post(f"{link_of(key_store, rosa)}/cambiar", data={"people": "3"}).status_code == 303
    )
    row = now_of(store, rosa)
    assert (row.people, row.needs, row.contact) == (3, Codes(["childcare"]), ContactMethod.EMAIL)
    assert person_of(store, key_store, rosa).name == "Rosa"


@pytest.mark.parametrize(
    ("changes", "target", "words"),
    [
        ({"name": ""}, "name", "Escribe tu nombre o apodo"),
        ({"name": "A123456789"}, "name", "Escribe solo tu nombre. No pongas números"),
        ({"contact": "sms"}, "contact-same", "Elige cómo te avisamos"),
        ({"contact": "email", "email": "rosa"}, "email", "Revisa tu correo: le falta la @"),
        ({"contact": "phone", "phone": "555"}, "phone", "Escribe los 10 números"),
        ({"people": "7"}, "people-1", "Elige cuántas personas vienen, de 1 a 4."),
        ({"needs": ["money"]}, "need-step_free", "Elige solo de lo que hay en este taller."),
        ({"message_ok": "maybe"}, "message-no", "Elige si podemos dejar mensaje."),
        ({"slot": "10:00"}, "enviar", "Este taller no tiene horas para elegir."),
    ],
)
def test_invalid_change_shows_the_error_and_keeps_the_input(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    rosa: Registration,
    changes: dict[str, Any],
    target: str,
    words: str,
) -> None:
    answer = change(
        client, link_of(key_store, rosa), **({"name": "Rosita", "people": "3"} | changes)
    )
    assert answer.status_code == 422
    assert "<title>Error: Cambiar mi lugar</title>" in answer.text
    assert f'<a href="#{target}">{words}' in answer.text
    assert f'id="{target}"' in answer.text
    for name in changes.keys() & {"name", "email", "phone"} or {"name"}:
        assert filled(answer)[name] == [changes.get(name, "Rosita")]
    assert person_of(store, key_store, rosa).name == "Rosa"
    assert seats_left(store, workshop) == 2


def test_waitlisted_registration_keeps_its_position_after_a_change(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, rosa: Registration
) -> None:
    seat(store, key_store, workshop, name="Ana", people=2)
    luz = seat(store, key_store, workshop, name="Luz")
    link = link_of(key_store, luz)
    assert "Tu turno no cambia." in client.get(f"{link}/cambiar").text
    before = now_of(store, luz).queue_number
    answer = change(client, link, people="3", contact="email", email="luz@ejemplo.com")
    assert answer.status_code == 303
    row = now_of(store, luz)
    assert (row.people, row.queue_number) == (3, before)
    assert pending(store, luz) == [NotificationType.WAITLISTED]


def test_change_form_of_a_discreet_registration_is_neutral(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(
            session,
            chicago,
            women,
            title={"es": "Círculo de mujeres"},
            visibility=Visibility.APPROVED,
        )
    luz = seat(
        store, key_store, circle, name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    link = link_of(key_store, luz)
    page = client.get(f"{link}/cambiar").text
    assert "<title>Cambiar mi cita</title>" in page
    assert "¿Podemos dejar mensaje en ese teléfono?" in page
    assert "+13125550142" not in page
    assert "data-quick-exit" in page
    for word in ("mujer", "Círculo", "1805 S. Ejemplo"):
        assert word not in page
    assert "Te llamamos para darte la dirección" in client.get(link).text
    with store.change() as session:
        registration = session.get_one(Registration, luz.id)
        registration.approved_at = registration.registered_at
    assert "1805 S. Ejemplo" in client.get(link).text
