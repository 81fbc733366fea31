"""«Hecho hoy» at the foot of the queue: who did what and when, and of discreet workshops nobody."""

from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import erasure
from tests.conftest import seat
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.conftest import workshop_of
from tests.web.staff.test_queue import QUEUE, open_line, record, to_call

pytestmark = [pytest.mark.any_database, fixed_clock]

TITLE: Final = "Hecho hoy"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """With the display name that her colleagues read."""
    account_id = employ(store)
    with store.change() as session:
        staff.get(session, account_id).name = "Ana Robles"
    return signed_in_as(app, store, account_id)


def done(staff_client: StaffClient, query: str = "") -> str:
    """The words of the list; empty without one."""
    page = words(staff_client.get(f"{QUEUE}{query}"))
    return page.partition(TITLE)[2]


def approve(ana: StaffClient, circle: Workshop, party: Registration) -> Any:
    path = f"/org/talleres/{circle.public_id}/por-aprobar"
    return ana.post(path, do="approve", registration=party.id, desde="por-atender")


def test_calls_and_reports_say_who_and_when(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop, rights: Kind
) -> None:
    assert TITLE not in words(ana.get(QUEUE))
    luz = to_call(store, key_store, open_workshop)
    record(ana, open_workshop, luz, "no answer")
    past = workshop_of(store, open_workshop.office, rights, day=FIXED_NOW.date())
    with store.change() as session:
        session.execute(
            sa.update(Workshop)
            .where(Workshop.id == past.id)
            .values(starts_at=FIXED_NOW, ends_at=FIXED_NOW)
        )
    ana.post(f"{QUEUE}/reportar/{past.public_id}", people="26", held="yes", sure="26")
    text = done(ana)
    assert text.startswith(" 2 ")
    assert "Luz: no contestó" in text
    assert "12:00 p. m. a 1:00 p. m." in text
    assert "Asistencia: 26 personas" in text
    assert text.count("Ana Robles") == 2
    for secret in ("0142", "ana@example.org"):
        assert secret not in text, secret
    again = record(ana, open_workshop, luz, "answered", 2)
    assert again.status_code == 303
    assert "Luz: contestó, 2.ª vez" in done(ana)


def test_discreet_workshop_says_nothing_of_anybody(
    ana: StaffClient, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    luz = to_call(store, key_store, circle)
    open_line(ana, circle, luz)
    record(ana, circle, luz, "answered")
    approve(ana, circle, luz)
    text = done(ana)
    assert "1 llamada privada Taller privado" in text
    assert "Aprobado: 1 registro Taller privado" in text
    for secret in ("Luz", "Círculo", "0142", "contestó", luz.id):
        assert secret not in text, secret
    opened = open_line(ana, circle, luz).partition(TITLE)[2]
    assert "Luz" not in opened, "nor where her line is open"


def test_nothing_of_who_is_forgotten(
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    config: Config,
    open_workshop: Workshop,
    circle: Workshop,
) -> None:
    luz = to_call(store, key_store, open_workshop)
    record(ana, open_workshop, luz, "answered")
    eva = seat(
        store, key_store, circle, name="Eva", contact=ContactMethod.EMAIL, address="e@example.com"
    )
    approve(ana, circle, eva)
    assert "Luz" in done(ana)
    erasure.erase(store, key_store, config, [luz.id, eva.id], now=clock.now())
    assert TITLE not in words(ana.get(QUEUE))


def test_key_that_is_gone_shows_no_line(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    luz = to_call(store, key_store, open_workshop)
    record(ana, open_workshop, luz, "answered")
    assert luz.key_id is not None
    key_store.destroy(luz.key_id)
    assert TITLE not in words(ana.get(QUEUE))


def test_other_offices_and_roles_read_nothing_of_it(
    app: Flask,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    open_workshop: Workshop,
    calgary: Office,
) -> None:
    luz = to_call(store, key_store, open_workshop)
    record(ana, open_workshop, luz, "answered")
    assert "Luz" in done(signed_in_as(app, store, employ(store, "bea@example.org")))
    stranger = employ(store, "otra@example.org", Role.LEAD, "calgary")
    assert TITLE not in words(signed_in_as(app, store, stranger).get(QUEUE))
    for role in (Role.DOOR, Role.READER):
        other = signed_in_as(app, store, employ(store, f"{role.value}@example.org", role))
        page = other.get(QUEUE)
        assert page.status_code == 403
        assert "Luz" not in words(page)
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    assert TITLE not in words(elena.get(QUEUE)), "none of the offices is hers"
    assert "Luz: contestó" in done(elena, "?oficina=chicago")


def test_decision_to_notify_later_is_done(
    ana: StaffClient, store: Store, key_store: KeyStore, open_workshop: Workshop
) -> None:
    seat(store, key_store, open_workshop, contact=ContactMethod.EMAIL, address="r@example.org")
    path = f"/org/talleres/{open_workshop.public_id}"
    later = {"dia": "2026-12-06", "hora": "10:00", "hasta": "12:00", "aviso": "luego"}
    assert ana.post(f"{path}/mover", **later).status_code == 303
    assert TITLE not in words(ana.get(QUEUE))
    assert ana.post(f"{path}/avisar", aviso="avisar").status_code == 303
    text = done(ana)
    assert "Avisado Conoce tus derechos" in text
    assert "Ana Robles" in text
