"""Staff messages to the people of a workshop: preview, sending once by language, manual calls and
erasure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.mail import delivery, delivery_round
from outreach.privacy import erasure, retention
from tests.conftest import make_workshop, seat
from tests.support.ports import free_port
from tests.support.public_urls import Page
from tests.support.smtp_server import Postman, serve_mail
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PHONE = "+13125550142"
BACK_DOOR = "La entrada es por la puerta de atrás."


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def evening(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=4)


@pytest.fixture
def recipients(store: Store, key_store: KeyStore, evening: Workshop) -> dict[str, Registration]:
    """Four confirmed registrations and one on the waitlist: two with e-mail, two with a phone, one
    without contact."""
    return {
        "rosa": seat(store, key_store, evening, contact=ContactMethod.EMAIL,
        address="rosa@example.com"),
        "marie": seat(
            store, key_store, evening, name="Marie", contact=ContactMethod.EMAIL,
            address="marie@example.com", language="fr",
        ),
        "luz": seat(store, key_store, evening, name="Luz", contact=ContactMethod.PHONE,
        address=PHONE),
        "ivan": seat(store, key_store, evening, name="Iván"),
        "tomas": seat(
            store, key_store, evening, name="Tomás", contact=ContactMethod.PHONE,
            address="+13125550143"
        ),
    }  # fmt: skip


@pytest.fixture
def postman() -> Iterator[Postman]:
    with serve_mail(Postman(free_port())) as postman:
        yield postman


def address_of(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/mensaje"


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form."""
    return {
        has["name"] or "": has.get("value") or ""
        for tag, has in Page(page).tags
        if tag == "input" and has.get("type") == "hidden" and has.get("name") in {"nonce", "seen"}
    }


def write(ana: StaffClient, workshop: Workshop, **changes: str) -> Any:
    """Previews a message and sends it. Returns the last response."""
    changes = {"template": "place", "audience": "seated"} | changes
    preview = ana.post(address_of(workshop), do="see", **changes)
    if preview.status_code != 200:
        return preview
    return ana.post(address_of(workshop), do="send", **changes, **fields(preview.text))


def test_message_is_previewed_in_three_languages(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration]
) -> None:
    form = {"template": "place", "audience": "seated", "more_es": BACK_DOOR}
    at_once = ana.post(address_of(evening), do="send", nonce="x" * 22, **form)
    assert at_once.status_code == 200, "a text without a preview is previewed, not sent"
    page = words(at_once)
    assert "Así lo van a leer. Si está bien, envíalo." in page
    assert "Cambio de lugar:" in page
    assert "New place:" in page
    assert "Nouveau lieu" in page
    assert page.count(BACK_DOOR) >= 4  # the form and the Spanish fallback of each language
    assert "[su enlace]" in page
    assert "/r/" not in at_once.text
    assert "Enviar a 2 correos" in page
    assert "Después te toca llamar a 1." in page
    # A text that differs from its preview is previewed again.
    changed = form | {"more_es": "Otra cosa."}
    repeated = ana.post(address_of(evening), do="send", **changed, **fields(at_once.text))
    assert repeated.status_code == 200
    assert count(store, Message) == 0


def test_message_is_mailed_in_the_language_of_each_registration(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, config: Config,
    evening: Workshop,
    recipients: dict[str, Registration], postman: Postman,
) -> None:  # fmt: skip
    answer = write(ana, evening, more_es=BACK_DOOR, more_fr="Entrez par la porte arrière.")
    assert answer.status_code == 303
    assert (
        deliver(app, store, key_store, config, postman) == 4
    )  # two confirmations and two messages
    by_name = {
        str(letter["To"]).partition("@")[0]: letter
        for letter in postman.letters
        if "Cambio" in letter["Subject"] or "Nouveau" in letter["Subject"]
    }
    assert sorted(by_name) == ["marie", "rosa"]
    rosa, marie = by_name["rosa"].get_content(), by_name["marie"].get_content()
    assert "Cambió el lugar. Ahora es así:" in rosa
    assert BACK_DOOR in rosa
    assert "1805 S. Ejemplo St." in rosa
    assert "Entrez par la porte arrière." in marie
    assert BACK_DOOR not in marie
    for letter in by_name.values():
        assert "derechos" not in letter["Subject"].casefold()
        assert "droits" not in letter["Subject"].casefold()
    assert deliver(app, store, key_store, config, postman) == 0
    assert audit_entries(store) == [
        ("message sent", '{"audience":"seated","by_email":2,"by_phone":1,"template":"place"}')
    ]


def test_message_to_phone_contacts_is_on_the_call_list(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration]
) -> None:
    message_url = write(ana, evening, audience="all", more_es=BACK_DOOR).headers["Location"]
    page = ana.get(message_url)
    page_text = words(page)
    assert "Salen 2 correos" in page_text
    assert "2 registros dejaron teléfono." in page_text
    assert "1 eligió «No me avisen»" in page_text
    assert "Llamadas (0 de 2 hechas)" in page_text
    assert f"Cambió el lugar. {BACK_DOOR}" in page_text
    assert "•••• 0142" in page_text
    assert "5550142" not in page_text
    number = message_url.partition("=")[2]
    contact = ana.post(
        f"/org/talleres/{evening.public_id}/contacto",
        registration=recipients["luz"].id, message=number,
    )  # fmt: skip
    assert PHONE in words(contact)
    call = {"notice": str(notification_id_of(store, recipients["luz"])), "message": number}
    done = ana.post(f"/org/talleres/{evening.public_id}/llamada", do="called", **call)
    assert done.headers["Location"].partition("#")[0] == message_url
    assert "Llamadas (1 de 2 hechas)" in words(ana.get(message_url))
    ana.post(f"/org/talleres/{evening.public_id}/llamada", do="undo", **call)
    assert "Llamadas (0 de 2 hechas)" in words(ana.get(message_url))
    assert audit_entries(store)[1:] == [
        ("contact seen", "{}"),
        ("call made", '{"outcome":"answered"}'),
    ]


@pytest.mark.parametrize(
    ("audience", "expected"),
    [("all", {"rosa", "marie", "luz", "tomas"}), ("seated", {"rosa", "marie", "luz"}),
     ("waiting", {"tomas"})],
)  # fmt: skip
def test_audience_of_a_message_is_all_confirmed_or_waitlisted(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration],
    audience: str, expected: set[str],
) -> None:  # fmt: skip
    assert write(ana, evening, template="reminder", audience=audience).status_code == 303
    with store.read() as session:
        notified = set(
            session.scalars(
                sa.select(Notification.registration_id).where(
                    Notification.cause == NotificationType.MESSAGE
                )
            )
        )
    assert {name for name, each in recipients.items() if each.id in notified} == expected


def test_message_form_submitted_twice_sends_one_message(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration]
) -> None:
    form = {"template": "hour", "audience": "seated"}
    preview = ana.post(address_of(evening), do="see", **form)
    first = ana.post(address_of(evening), do="send", **form, **fields(preview.text))
    second = ana.post(address_of(evening), do="send", **form, **fields(preview.text))
    assert first.headers["Location"] == second.headers["Location"]
    assert count(store, Message) == 1
    assert len(audit_entries(store)) == 1
    repeated = write(ana, evening, **form)  # another form with the same text
    assert repeated.status_code == 422
    assert "Ese mismo mensaje se envió hace unos minutos." in words(repeated)
    with store.change() as session:
        session.execute(sa.update(Message).values(made_at=clock.now() - timedelta(minutes=11)))
    assert write(ana, evening, **form).status_code == 303


@pytest.mark.any_database("the text of a form")
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"more_es": "Mira https://example.org"}, "Quita los enlaces"),
        ({"more_es": "Mira bit.ly/x"}, "Quita los enlaces"),
        ({"more_es": "Escribe a ana@example.org"}, "Quita los enlaces"),
        ({"more_es": "a" * 501}, "Es demasiado largo. Escribe 500 letras o menos."),
        ({"more_en": "Only in English"}, "Escríbelo también en español"),
        ({"template": "cancelled"}, "Elige qué pasó"),
        ({"template": "xyz"}, "Elige qué pasó"),
        ({"audience": ""}, "Elige a quién"),
    ],
)
def test_invalid_message_is_reported_and_typed_text_is_kept(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration],
    changes: dict[str, str], fault: str,
) -> None:  # fmt: skip
    answer = write(ana, evening, **changes)
    assert answer.status_code == 422
    assert fault in words(answer)
    for name, text in changes.items():
        if name.startswith("more"):
            assert text in words(answer)
    assert count(store, Message) == 0


def test_discreet_workshop_sends_template_text_only(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, config: Config,
    chicago: Office,
    women: Kind, postman: Postman,
) -> None:  # fmt: skip
    with store.change() as session:
        discreet_workshop = make_workshop(session, chicago, women)
    seat(
        store,
        key_store,
        discreet_workshop,
        name="Flor",
        contact=ContactMethod.EMAIL,
        address="flor@example.com",
    )
    seat(
        store, key_store, discreet_workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE
    )
    page = ana.get(address_of(discreet_workshop)).text
    assert "<textarea" not in page
    assert "Qué traer" not in page
    refused = write(ana, discreet_workshop, more_es="Trae a tu hija.")
    assert refused.status_code == 422
    assert "Aquí solo se mandan los textos ya escritos" in words(refused)
    message_url = write(ana, discreet_workshop).headers["Location"]
    ana.get(message_url)
    assert ("list seen", "{}") in audit_entries(store)
    deliver(app, store, key_store, config, postman)
    (letter,) = [each for each in postman.letters if "Cambio" in each["Subject"]]
    assert str(letter["From"]).startswith("Avisos")
    for secret in ("mujeres", "Ejemplo", "Biblioteca", "Flor", "taller"):
        assert secret not in letter.get_content()


def test_available_templates_depend_on_the_workshop_status(
    ana: StaffClient, store: Store, evening: Workshop, recipients: dict[str, Registration]
) -> None:
    assert write(ana, evening, template="hour").status_code == 303
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, evening.id), now=clock.now())
    page = words(ana.get(address_of(evening)))
    assert "Se canceló" in page
    assert "Recordatorio" not in page
    assert write(ana, evening, template="cancelled", audience="all").status_code == 303
    with store.read() as session:
        calls = words(ana.get(f"/org/talleres/{evening.public_id}?ver=llamadas"))
        assert session.get_one(Workshop, evening.id).is_cancelled
    assert "Cambió la hora" not in calls, "no calls about the hour of a cancelled workshop"


def test_message_without_recipients_is_not_sent(
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    evening: Workshop,
    chicago: Office,
    rights: Kind,
) -> None:
    seat(store, key_store, evening, name="Iván")
    answer = write(ana, evening)
    assert answer.status_code == 422
    assert "Nadie de ellos dejó correo ni teléfono." in words(answer)
    with store.change() as session:
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        past_workshop = make_workshop(
            session, chicago, rights, day=clock.now().date() - timedelta(days=3)
        )
    for each in (draft, past_workshop):
        assert ana.get(address_of(each)).status_code in {409, 422}


def test_message_is_shown_on_the_registration_page(
    client: FlaskClient, ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop,
    recipients: dict[str, Registration],
) -> None:  # fmt: skip
    with store.read() as session:
        message_url = {
            name: registrations.derive_manage_token(
                registrations.get_key(key_store, session.get_one(Registration, each.id))
            )
            for name, each in recipients.items()
        }
    write(ana, evening, more_es=BACK_DOOR)
    for name in ("ivan", "rosa"):
        page = words(client.get(f"/es/r/{message_url[name]}"))
        assert "Cambió el lugar." in page
        assert BACK_DOOR in page
    assert BACK_DOOR not in words(client.get(f"/es/r/{message_url['tomas']}")), "he waits"
    assert "The place changed." in words(client.get(f"/en/r/{message_url['ivan']}"))
    with store.change() as session:
        session.get_one(Workshop, evening.id).bring = {"es": "Una pluma."}
    write(ana, evening, template="bring")
    assert "Qué traer: Una pluma." in words(client.get(f"/es/r/{message_url['ivan']}"))


def test_erasure_deletes_messages_with_their_last_recipient(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, config: Config,
    evening: Workshop,
    recipients: dict[str, Registration], postman: Postman,
) -> None:  # fmt: skip
    write(ana, evening, audience="all", more_es=BACK_DOOR)
    erasure.erase(store, key_store, config, [recipients["rosa"].id], now=clock.now())
    deliver(app, store, key_store, config, postman)
    assert "rosa@example.com" not in postman.to
    assert count(store, Message) == 1
    everybody = [each.id for each in recipients.values()]
    erasure.erase(store, key_store, config, everybody, now=clock.now())
    retention.purge(store, key_store, config, now=clock.now(), sure=True)
    assert count(store, Message) == 0


def test_undelivered_message_is_shown(
    app: Flask, ana: StaffClient, store: Store, key_store: KeyStore, config: Config,
    evening: Workshop,
    recipients: dict[str, Registration], postman: Postman,
) -> None:  # fmt: skip
    with store.change() as session:  # only the one of the message
        session.execute(sa.delete(Notification))
    write(ana, evening)
    postman.always["RCPT"] = "550 no such mailbox"
    assert deliver(app, store, key_store, config, postman) == 0
    assert "2 correos no llegaron" in words(ana.get(f"/org/talleres/{evening.public_id}"))


def deliver(app: Flask, store: Store, key_store: KeyStore, config: Config, postman: Postman) -> int:
    config = replace(config, smtp_url=f"smtp://127.0.0.1:{postman.port}", smtp_seconds=5)
    transport = delivery.letter_transport(config)
    assert transport is not None
    with app.app_context():
        return delivery_round.deliver(
            delivery.letter_outlets(store, key_store, config, transport), now=clock.now()
        )


def notification_id_of(store: Store, registration: Registration) -> int:
    statement = sa.select(Notification.id).where(
        Notification.registration_id == registration.id,
        Notification.cause == NotificationType.MESSAGE,
    )
    with store.read() as session:
        return session.scalars(statement).one()


def count(store: Store, table: type[Any]) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def audit_entries(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]
