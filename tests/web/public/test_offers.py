"""Offers of a free seat: accepted, declined, late, expired; and reconfirmation."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import (
    ContactMethod,
    Registration,
    RegistrationStatus,
    reconfirmation,
    waitlist,
)
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support import page_text
from tests.support.registration_forms import link_of, now_of, status_of

pytestmark = pytest.mark.core


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=2)


@pytest.fixture
def luz(client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop) -> Registration:
    """A waitlisted party of two that has an offer."""
    rosa = seat(store, key_store, workshop, people=2)
    luz = seat(
        store,
        key_store,
        workshop,
        name="Luz",
        people=2,
        contact=ContactMethod.EMAIL,
        address="luz@ejemplo.com",
    )
    assert client.post(f"{link_of(key_store, rosa)}/cancelar").status_code == 200
    return luz


def expire_offers(store: Store, workshop: Workshop, *, now: datetime) -> None:
    with store.change() as session:
        waitlist.expire_offers(session, session.get_one(Workshop, workshop.id), now=now)


def notification_types(store: Store, registration: Registration) -> set[NotificationType]:
    with store.read() as session:
        return set(
            session.scalars(
                sa.select(Notification.cause).where(Notification.registration_id == registration.id)
            )
        )


def test_offer_page_states_the_deadline_in_local_time(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    page = client.get(link_of(key_store, luz)).text
    assert 'data-standing="offered"' in page
    assert "<title>Tu lugar</title>" in page
    assert "Luz, guardamos 2 lugares para ti. ¿Los quieres?" in page
    until = now_of(store, luz).offered_until
    assert until
    local = until.astimezone(workshop.zone)
    assert f"{local.hour % 12 or 12}:{local.minute:02d}\u00a0" in page
    assert re.search(r"Te quedan 2[345] horas", page), "a day, until the next whole hour"
    assert "Sí, quiero mis 2 lugares" in page


def test_accepting_an_offer_confirms_the_registration(
    client: FlaskClient, store: Store, key_store: KeyStore, luz: Registration
) -> None:
    link = link_of(key_store, luz)
    assert client.get(f"{link}/oferta").status_code == 405
    for _twice in range(2):
        answer = client.post(f"{link}/oferta", data={"answer": "yes"})
        assert (answer.status_code, answer.headers["Location"]) == (303, link)
    assert 'data-standing="seated"' in client.get(link).text
    assert NotificationType.REGISTERED in notification_types(store, luz)


def test_declining_an_offer_erases_the_person_and_offers_the_seat_to_the_next(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    ana = seat(store, key_store, workshop, name="Ana")
    link = link_of(key_store, luz)
    last = client.post(f"{link}/oferta", data={"answer": "no"})
    assert last.status_code == 200
    assert "Otra persona toma el lugar. Borramos tus datos." in last.text
    assert client.get(link).status_code == 404
    assert status_of(store, ana) is RegistrationStatus.OFFERED
    assert key_store.find("luz@ejemplo.com") == []


def test_invalid_answer_to_an_offer_changes_nothing(
    client: FlaskClient, store: Store, key_store: KeyStore, luz: Registration
) -> None:
    answer = client.post(f"{link_of(key_store, luz)}/oferta", data={"answer": "quizá"})
    assert answer.status_code == 422
    assert "Elige sí o no. Tu lugar sigue guardado." in answer.text
    assert f'href="/en{link_of(key_store, luz)[3:]}"' in answer.text, (
        "the links to other languages are those of the registration page"
    )
    assert status_of(store, luz) is RegistrationStatus.OFFERED


def test_declining_on_an_old_page_does_not_cancel_an_accepted_offer(
    client: FlaskClient, store: Store, key_store: KeyStore, luz: Registration
) -> None:
    link = link_of(key_store, luz)
    client.post(f"{link}/oferta", data={"answer": "yes"})
    assert client.post(f"{link}/oferta", data={"answer": "no"}).headers["Location"] == link
    assert status_of(store, luz) is RegistrationStatus.CONFIRMED


def test_late_acceptance_is_refused_and_the_seats_offered_to_the_next(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    ana = seat(store, key_store, workshop, name="Ana", people=2)
    with store.change() as session:
        session.get_one(Registration, luz.id).offered_until = clock.now() - timedelta(minutes=1)
    link = link_of(key_store, luz)
    assert "Ya pasó esa hora." in client.get(link).text
    answer = client.post(f"{link}/oferta", data={"answer": "yes"})
    assert answer.status_code == 409
    assert "Ya pasó el tiempo para contestar." in answer.text
    assert 'data-standing="waiting"' in answer.text
    assert status_of(store, ana) is RegistrationStatus.OFFERED, "without waiting for the worker"


def test_registration_with_two_expired_offers_can_rejoin(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    now = clock.now()
    expire_offers(store, workshop, now=now + timedelta(hours=25))
    expire_offers(store, workshop, now=now + timedelta(hours=50))
    link = link_of(key_store, luz)
    page = client.get(link).text
    assert 'data-standing="lapsed"' in page
    assert "dos veces" in page
    assert client.get(f"{link}/cambiar").headers["Location"] == link
    assert client.get(f"{link}/volver").status_code == 405
    assert client.post(f"{link}/volver").headers["Location"] == link
    assert status_of(store, luz) is RegistrationStatus.OFFERED, "the seats are still free"


def test_person_with_an_expired_offer_can_be_erased(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    for hours in (25, 50):
        expire_offers(store, workshop, now=clock.now() + timedelta(hours=hours))
    link = link_of(key_store, luz)
    assert client.post(f"{link}/borrar").status_code == 200
    assert client.get(link).status_code == 404
    assert status_of(store, luz) is RegistrationStatus.CANCELLED


def test_cancelled_workshop_offers_no_way_to_rejoin(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    for hours in (25, 50):
        expire_offers(store, workshop, now=clock.now() + timedelta(hours=hours))
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
    link = link_of(key_store, luz)
    assert "Entrar otra vez a la lista" not in client.get(link).text
    assert client.post(f"{link}/volver").status_code == 409
    assert status_of(store, luz) is RegistrationStatus.EXPIRED


def test_offer_of_a_cancelled_workshop_cannot_be_accepted(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, luz: Registration
) -> None:
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
    link = link_of(key_store, luz)
    assert "Sí, quiero" not in client.get(link).text
    answer = client.post(f"{link}/oferta", data={"answer": "yes"})
    assert answer.status_code == 409
    assert "Este taller se canceló" in answer.text
    assert "Ya pasó el tiempo" not in answer.text


def test_offer_page_of_a_discreet_kind_shows_neither_name_nor_address(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(
            session, chicago, women, capacity=1, title={"es": "Círculo de mujeres"}
        )
    flor = seat(store, key_store, circle, name="Flor")
    luz = seat(store, key_store, circle, name="Luz")
    client.post(f"{link_of(key_store, flor)}/cancelar")
    page = client.get(link_of(key_store, luz)).text
    assert 'data-standing="offered"' in page
    assert "<title>Cita</title>" in page
    assert "data-quick-exit" in page
    for word in ("Luz", "mujer", "Círculo", "1805 S. Ejemplo"):
        assert word not in page


# Reconfirmation


@pytest.fixture
def rosa(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Registration:
    """A registration made 30 days ago that is asked to reconfirm today."""
    now = clock.now()
    with store.change() as session:
        soon = make_workshop(
            session, chicago, rights, capacity=2, confirm_days=14, frees_silence=True
        )
    rosa = seat(
        store,
        key_store,
        soon,
        people=2,
        contact=ContactMethod.EMAIL,
        address="rosa@ejemplo.com",
        now=now - timedelta(days=30),
    )
    with store.change() as session:
        reconfirmation.request_reconfirmation(session, session.get_one(Workshop, soon.id), now=now)
    return rosa


def test_reconfirmation_is_asked_on_the_registration_page_and_stored(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    link = link_of(key_store, rosa)
    assert "¿Sigues viniendo?" in client.get(link).text
    question = client.get(f"{link}/vengo").text
    assert "Contesta antes de:" in question
    assert "Borramos tu nombre y tu correo en ese momento." in question
    assert now_of(store, rosa).confirmed_at is None, "a GET does not confirm"
    assert client.post(f"{link}/vengo", data={"answer": "yes"}).headers["Location"] == link
    page = client.get(link).text
    assert "Ya nos dijiste que vienes." in page
    assert "¿Sigues viniendo?" not in page
    assert client.get(f"{link}/vengo").headers["Location"] == link


def test_declined_reconfirmation_frees_the_seats_at_once(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    workshop = now_of(store, rosa).workshop_id
    with store.read() as session:
        ana = seat(store, key_store, session.get_one(Workshop, workshop), name="Ana")
    link = link_of(key_store, rosa)
    assert client.post(f"{link}/vengo", data={"answer": ""}).status_code == 422
    last = client.post(f"{link}/vengo", data={"answer": "no"})
    assert "Cancelaste tu lugar. Borramos tus datos." in last.text
    assert client.get(link).status_code == 404
    assert status_of(store, ana) is RegistrationStatus.OFFERED


def test_cancelled_workshop_asks_for_no_reconfirmation(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    with store.change() as session:
        workshop_service.cancel(
            session, session.get_one(Workshop, rosa.workshop_id), now=clock.now()
        )
    link = link_of(key_store, rosa)
    assert "¿Sigues viniendo?" not in client.get(link).text
    assert client.get(f"{link}/vengo").headers["Location"] == link


def test_pages_of_a_registration_are_easy_to_read(
    client: FlaskClient, key_store: KeyStore, rosa: Registration
) -> None:
    for path in ("", "/vengo", "/cambiar", "/cancelar", "/borrar"):
        page = client.get(link_of(key_store, rosa) + path).text
        assert page_text.readability(page_text.seen(page)).score >= 65, path


def test_unanswered_reconfirmation_is_explained_on_the_page(
    client: FlaskClient, store: Store, key_store: KeyStore, rosa: Registration
) -> None:
    with store.change() as session:
        workshop = session.get_one(Workshop, rosa.workshop_id)
        asked_at = session.get_one(Registration, rosa.id).asked_at
        assert asked_at
        later = reconfirmation.compute_deadline(workshop, asked_at)
        session.execute(
            sa.update(Notification)
            .where(Notification.cause == NotificationType.RECONFIRM)
            .values(done_at=asked_at)
        )
        assert reconfirmation.release_unanswered(session, workshop, now=later) == 1
    link = link_of(key_store, rosa)
    page = client.get(link).text
    assert 'data-standing="lapsed"' in page
    assert "Preguntamos si vienes y no supimos de ti." in page
    assert client.post(f"{link}/vengo", data={"answer": "yes"}).status_code == 409
