"""Manual calls and undelivered letters."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration, notifications, reconfirmation
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PHONE = "+13125550142"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def test_phone_contacts_are_listed_for_calls_with_instructions(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    _enqueue(store, luz, NotificationType.CHANGED)
    address = f"{_address(workshop)}?ver=llamadas"
    page = ana.get(address)
    page_text = words(page)
    assert "Por llamar 1" in page_text
    assert "Luz Cambió la hora o el lugar" in page_text
    assert "No dejes mensaje" in page_text
    assert "Me equivoqué de número" in page_text
    assert "5550142" not in page.text
    shown = ana.post(
        f"{_address(workshop)}/contacto", registration=luz.id, tab="llamadas"
    ).get_data(as_text=True)
    assert f"tel:{PHONE}" in shown
    assert _audit_actions(store) == ["contact seen"]


def test_call_of_a_discreet_workshop_is_private_until_it_is_opened(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    """Nothing of the person or the kind in the queue; opening a call is in the audit log."""
    workshop = _upcoming(store, chicago, women, title={"es": "Círculo de mujeres"})
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    flor = seat(store, key_store, workshop, name="Flor", contact=ContactMethod.PHONE, address=PHONE)
    notice = _enqueue(store, luz, NotificationType.CHANGED)
    _enqueue(store, flor, NotificationType.CHANGED)
    strip = ana.get("/org/").text.partition('class="waiting"')[2].partition("</nav>")[0]
    assert "<b>2</b><span>Por llamar</span>" in strip
    elena = signed_in_as(
        ana.client.application, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    )
    tasks = elena.get("/org/").text.partition('class="tasks"')[2].partition("</ul>")[0]
    assert "2 llamadas privadas" in tasks
    for page in (strip, tasks):
        assert "Círculo" not in page
    queue = ana.get(f"{_address(workshop)}?ver=llamadas").text
    people = queue.partition('<ul class="people">')[2].partition("</ul>")[0]
    assert people.count("1 llamada privada") == 2
    for secret in ("Luz", "Flor", "0142", "••", "Cambió", "mensaje"):
        assert secret not in people, secret
    assert "contact seen" not in _audit_actions(store)
    opened = ana.post(f"{_address(workshop)}/contacto", registration=luz.id, tab="llamadas").text
    people = opened.partition('<ul class="people">')[2].partition("</ul>")[0]
    assert f"tel:{PHONE}" in people
    assert "Luz" in people
    assert people.count("1 llamada privada") == 1
    assert "Flor" not in people
    assert _audit_actions(store).count("contact seen") == 1
    done = ana.get(_call(ana, workshop, notice, "called").headers["Location"]).text
    people = done.partition('<ul class="people">')[2].partition("</ul>")[0]
    assert "Llamada hecha" in people
    assert "Luz" not in people


def test_call_is_recorded_and_can_be_undone(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    notice = _enqueue(store, luz, NotificationType.CHANGED)
    answer = _call(ana, workshop, notice, "called")
    page = words(ana.get(answer.headers["Location"]))
    assert "Deshacer Luz" in page
    assert "Por llamar 0" in page
    assert "Por llamar" not in words(ana.get(_address(workshop)))
    _call(ana, workshop, notice, "undo")
    assert "Por llamar 1" in words(ana.get(_address(workshop)))
    assert _audit_actions(store) == ["call made"]


def test_offer_is_accepted_by_phone(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, capacity=1)
    rosa = seat(store, key_store, workshop)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    _release(store, key_store, rosa)
    page = words(ana.get(f"{_address(workshop)}?ver=llamadas"))
    assert re.search(r"Hay un lugar para esta persona. ¿Lo quiere\? Hasta el \w{3} \d+ ", page)
    _call(ana, workshop, _notification_id(store, luz, NotificationType.OFFER), "yes")
    assert _status(store, luz) is Place.CONFIRMED


def test_cancellation_by_phone_erases_the_person_and_frees_the_seat(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, capacity=1, confirm_days=3)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    ivan = seat(store, key_store, workshop, name="Iván")
    notice = _enqueue(store, luz, NotificationType.RECONFIRM)
    assert _call(ana, workshop, notice, "no").status_code == 303
    assert _status(store, luz) is Place.CANCELLED
    assert _status(store, ivan) is Place.OFFERED
    with store.read() as session, pytest.raises(NotFound):
        registrations.get_key(key_store, session.get_one(Registration, luz.id))
    assert luz.key_id is not None
    assert luz.key_id not in key_store.get_all([luz.key_id])


def test_reconfirmation_by_phone_counts(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, confirm_days=14)
    long_ago = clock.now() - timedelta(days=30)
    luz = seat(
        store,
        key_store,
        workshop,
        name="Luz",
        contact=ContactMethod.PHONE,
        address=PHONE,
        now=long_ago,
    )
    seat(
        store,
        key_store,
        workshop,
        contact=ContactMethod.EMAIL,
        address="rosa@example.com",
        now=long_ago,
    )
    with store.change() as session:
        reconfirmation.request_reconfirmation(
            session, session.get_one(Workshop, workshop.id), now=clock.now()
        )
    assert "0 de 2 dijeron que sí vienen" in words(ana.get(_address(workshop)))
    _call(ana, workshop, _notification_id(store, luz, NotificationType.RECONFIRM), "yes")
    assert "1 de 2 dijeron que sí vienen" in words(ana.get(_address(workshop)))


@pytest.mark.parametrize("what", ["yes", "no", "", "x"])
def test_answer_to_a_notification_without_a_question_is_refused(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, what: str
) -> None:
    workshop = _upcoming(store, chicago, rights)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    notice = _enqueue(store, luz, NotificationType.CHANGED)
    assert _call(ana, workshop, notice, what).status_code == 422
    assert luz.key_id is not None
    assert luz.key_id in key_store.get_all([luz.key_id])
    assert _status(store, luz) is Place.CONFIRMED


def test_call_of_another_workshop_is_404(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop, other = _upcoming(store, chicago, rights), _upcoming(store, chicago, rights)
    luz = seat(store, key_store, other, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    notice = _enqueue(store, luz, NotificationType.RECONFIRM)
    for what in ("called", "no"):
        assert _call(ana, workshop, notice, what).status_code == 404
    assert _status(store, luz) is Place.CONFIRMED


# Undelivered letters


def test_undelivered_letters_are_shown_and_retried(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights)
    for name in ("Rosa", "Luz", "Iván"):
        registration = seat(
            store,
            key_store,
            workshop,
            name=name,
            contact=ContactMethod.EMAIL,
            address=f"{name}@example.com",
        )
        _give_up(store, registration)
    page = words(ana.get(_address(workshop)))
    assert "3 correos no llegaron" in page
    assert page.count("No le llegó el correo") == 3
    assert "3 Correos devueltos" in words(ana.get("/org/"))
    assert ana.post(f"{_address(workshop)}/correos").status_code == 303
    assert "no llegaron" not in words(ana.get(_address(workshop)))
    with store.read() as session:
        assert session.scalars(sa.select(Notification.is_dead)).all() == [False, False, False]
        assert session.scalars(sa.select(Notification.done_at)).all() == [None, None, None]
        assert session.scalar(sa.select(AuditEntry.details)) == '{"letters":3}'


def test_dashboard_counts_pending_calls(
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    calgary: Office,
    rights: Kind,
) -> None:
    for office in (chicago, calgary):
        workshop = _upcoming(store, office, rights, title={"es": f"En {office.city}"})
        luz = seat(store, key_store, workshop, contact=ContactMethod.PHONE, address=PHONE)
        with store.change() as session:
            workshop_service.cancel(
                session, session.get_one(Workshop, workshop.id), now=clock.now()
            )
        assert NotificationType.CANCELLED in _notification_types(store, luz)
    page = words(ana.get("/org/"))
    assert "1 Por llamar" in page
    queue = words(ana.get("/org/por-atender"))
    assert "En Chicago" in queue
    assert "En Calgary" not in page + queue


def _upcoming(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, **changes)


def _address(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}"


def _call(staff_client: StaffClient, workshop: Workshop, notice: int, what: str) -> Any:
    return staff_client.post(f"{_address(workshop)}/llamada", notice=str(notice), do=what)


def _release(store: Store, key_store: KeyStore, registration: Registration) -> None:
    assert registration.key_id is not None
    key_store.destroy(registration.key_id)
    with store.change() as session:
        registrations.cancel(
            session, session.get_one(Registration, registration.id), now=clock.now()
        )


def _enqueue(store: Store, registration: Registration, cause: NotificationType) -> int:
    with store.change() as session:
        notifications.enqueue(session, registration.id, cause, now=clock.now())
    return _notification_id(store, registration, cause)


def _notification_id(store: Store, registration: Registration, cause: NotificationType) -> int:
    statement = sa.select(Notification.id).where(
        Notification.registration_id == registration.id, Notification.cause == cause
    )
    with store.read() as session:
        return session.scalars(statement).one()


def _give_up(store: Store, registration: Registration) -> None:
    with store.change() as session:
        session.execute(
            sa.update(Notification)
            .where(Notification.registration_id == registration.id)
            .values(is_dead=True, done_at=clock.now(), tries=9)
        )


def _status(store: Store, registration: Registration) -> Place:
    with store.read() as session:
        return session.get_one(Registration, registration.id).status


def _notification_types(store: Store, registration: Registration) -> list[NotificationType]:
    statement = (
        sa.select(Notification.cause)
        .where(Notification.registration_id == registration.id)
        .order_by(Notification.id)
    )
    with store.read() as session:
        return list(session.scalars(statement))


def _audit_actions(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
