"""Attendee list of a workshop by role, and its check-in page."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.dashboard import agenda
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, tomorrow
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """A staff member with the door role."""
    return signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))


@pytest.fixture
def evening(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=tomorrow(chicago))


def test_contacts_are_hidden_until_shown_one_by_one(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    seat(store, key_store, evening, name="Luz", contact=ContactMethod.PHONE, address="+13125550142")
    seat(store, key_store, evening, name="Iván")
    address = f"/org/talleres/{evening.public_id}"
    page = words(ana.get(address))
    assert "Rosa" in page
    assert "Por correo Ver" in page
    assert "Por teléfono Ver" in page
    assert "No avisar" in page
    for piece in ("@ejemplo.com", "0142"):
        assert piece not in page, "the list says how people are reached, and nothing of where"
    page_text = words(ana.post(f"{address}/contacto", registration=rosa.id))
    assert "rosa@ejemplo.com" in page_text
    assert "5550142" not in page_text
    assert _audit_entries(store) == [("contact seen", "{}")]


def test_contact_of_another_workshop_is_404(
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    evening: Workshop,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        other_workshop = make_workshop(session, chicago, rights)
    rosa = seat(
        store, key_store, other_workshop, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com"
    )
    answer = ana.post(f"/org/talleres/{evening.public_id}/contacto", registration=rosa.id)
    assert answer.status_code == 404
    assert _audit_entries(store) == []


def test_door_role_sees_names_but_no_contacts(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    seat(store, key_store, evening, contact=ContactMethod.EMAIL, address="rosa@ejemplo.com")
    for path in ("", "/entrada"):
        page = words(tomas.get(f"/org/talleres/{evening.public_id}{path}"))
        assert "Rosa" in page
        assert "ejemplo.com" not in page


def test_reader_sees_numbers_and_no_names(
    app: Flask, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    seat(store, key_store, evening, people=3)
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.READER))
    page = words(elena.get(f"/org/talleres/{evening.public_id}"))
    assert "3 de 20 lugares apartados" in page
    assert "Rosa" not in page


def test_reading_a_discreet_attendee_list_is_logged(
    ana: StaffClient,
    tomas: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, day=tomorrow(chicago))
    luz = seat(store, key_store, workshop, name="Luz")
    ana.get(f"/org/talleres/{workshop.public_id}")
    tomas.get(f"/org/talleres/{workshop.public_id}/entrada")
    tomas.get(f"/q/{registrations.derive_entry_token(registrations.get_key(key_store, luz))}")
    assert _audit_entries(store) == [("list seen", "{}")] * 3


def test_reading_an_ordinary_attendee_list_is_not_logged(
    ana: StaffClient, store: Store, evening: Workshop
) -> None:
    ana.get(f"/org/talleres/{evening.public_id}")
    assert _audit_entries(store) == []


def test_erased_person_is_a_row_without_a_name(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening)
    assert rosa.key_id is not None
    key_store.destroy(rosa.key_id)
    page = words(ana.get(f"/org/talleres/{evening.public_id}"))
    assert "Rosa" not in page
    assert "Sin nombre: ya se borró" in page


def test_list_of_the_door_opens_the_day_before(
    tomas: StaffClient,
    ana: StaffClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> None:
    today = clock.now().astimezone(chicago.zone).date()
    for kind in (rights, women):
        with store.change() as session:
            early = make_workshop(session, chicago, kind, day=today + timedelta(days=2))
        rosa = seat(store, key_store, early, name="Xochiquetzal")
        opens = f"{(today + timedelta(days=1)).day} de "
        asked = [
            tomas.get(f"/org/talleres/{early.public_id}/entrada"),
            _at_door(tomas, early, do="arrived", registration=rosa.id),
            _at_door(tomas, early, do="find", q="xoch"),
            _at_door(tomas, early, do="more"),
        ]
        if kind is rights:
            asked.append(tomas.get(f"/org/talleres/{early.public_id}/lista.pdf"))
        asked.append(ana.get(f"/org/talleres/{early.public_id}/entrada"))
        for answer in asked:
            assert answer.status_code == 409
            assert "La lista de la entrada todavía no se abre" in words(answer)
            assert opens in words(answer)
            assert "Xochiquetzal" not in answer.text
        assert _arrived(store, rosa) == 0
        page = tomas.get(f"/org/talleres/{early.public_id}")
        assert "Xochiquetzal" not in page.text
        assert "Los nombres se ven desde el" in words(page)
        assert opens in words(page)
    assert ("list seen", "{}") not in _audit_entries(store)


def test_check_in_is_recorded_and_can_be_undone(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening, people=3)
    _at_door(tomas, evening, do="arrived", registration=rosa.id, people="2")
    assert _arrived(store, rosa) == 2
    page = words(tomas.get(f"/org/talleres/{evening.public_id}/entrada?ver=todos"))
    assert "2 de 3 ya llegaron" in page
    _at_door(tomas, evening, do="undo", registration=rosa.id)
    assert _arrived(store, rosa) == 0


def test_party_checked_in_twice_counts_once(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening, people=3)
    for people in ("", "3", "99", "0", "-1", "muchos"):
        _at_door(tomas, evening, do="arrived", registration=rosa.id, people=people)
    assert _arrived(store, rosa) == 3


def test_attendee_is_found_by_name_without_accents_or_by_code(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    ines = seat(store, key_store, evening, name="Inés M.")
    seat(store, key_store, evening, name="Beto")
    for typed in ("ines", "INÉS", ines.door_code.lower(), f"{ines.door_code[:3]} "):
        page = words(_at_door(tomas, evening, do="find", q=typed))
        assert "Inés M." in page
    assert "Beto" not in words(_at_door(tomas, evening, do="find", q="ines"))
    none = words(_at_door(tomas, evening, do="find", q="zz"))
    assert "No está en la lista. ¿Llegó sin registro? Sumar 1" in none


def test_walk_ins_are_counted_and_never_negative(
    tomas: StaffClient, store: Store, evening: Workshop
) -> None:
    for step in ("less", "more", "more", "less", "less", "less", "more"):
        _at_door(tomas, evening, do=step)
    with store.read() as session:
        assert session.get_one(Workshop, evening.id).walk_ins == 1


def test_cancelled_workshop_has_no_check_in_page(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        cancelled = make_workshop(session, chicago, rights, status=WorkshopStatus.CANCELLED)
    assert tomas.get(f"/org/talleres/{cancelled.public_id}/entrada").status_code == 422
    assert _at_door(tomas, cancelled, do="more").status_code == 422


def test_head_count_is_prefilled_from_check_ins(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _create_past_workshop(store, chicago, rights)
    rosa = seat(store, key_store, workshop, people=3, now=workshop.starts_at - timedelta(days=1))
    _at_door(ana, workshop, do="arrived", registration=rosa.id, people="2")
    _at_door(ana, workshop, do="more")
    address = f"/org/talleres/{workshop.public_id}/asistencia"
    assert 'name="people" type="text" inputmode="numeric" class="narrow" value="3"' in ana.get(
        address
    ).get_data(as_text=True)
    assert ana.post(address, held="yes", people="4").status_code == 303
    with store.read() as session:
        reported = session.get_one(Workshop, workshop.id)
        assert (reported.status, reported.head_count) == (WorkshopStatus.HELD, 4)
    ana.post(address, held="no", people="4")
    with store.read() as session:
        reported = session.get_one(Workshop, workshop.id)
        assert (reported.status, reported.head_count) == (WorkshopStatus.NOT_HELD, None)


@pytest.mark.parametrize("people", ["", "-1", "muchas", "9999999", "1.5", "²"])
def test_head_count_must_be_a_number(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, people: str
) -> None:
    workshop = _create_past_workshop(store, chicago, rights)
    answer = ana.post(f"/org/talleres/{workshop.public_id}/asistencia", held="yes", people=people)
    assert answer.status_code == 422
    assert "Escribe cuántas personas llegaron" in words(answer)


def test_attendance_cannot_be_reported_before_the_start(
    ana: StaffClient, evening: Workshop
) -> None:
    answer = ana.post(f"/org/talleres/{evening.public_id}/asistencia", held="yes", people="3")
    assert answer.status_code == 422
    assert "todavía no empieza" in words(answer)


def test_qr_code_shows_staff_the_person_and_checks_them_in(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening, people=2)
    token = registrations.derive_entry_token(registrations.get_key(key_store, rosa))
    page = tomas.get(f"/q/{token}")
    assert "Rosa" in words(page)
    assert page.headers["Cache-Control"] == "no-store"
    answer = tomas.post(f"/q/{token}", do="arrived", people="2")
    assert answer.status_code == 303
    assert _arrived(store, rosa) == 2
    assert "Ya llegó" in words(tomas.get(f"/q/{token}"))


def test_qr_code_shows_the_same_page_to_everybody_else(
    app: Flask, store: Store, key_store: KeyStore, evening: Workshop, calgary: Office
) -> None:
    rosa = seat(store, key_store, evening)
    token = registrations.derive_entry_token(registrations.get_key(key_store, rosa))
    public = app.test_client()
    staff_of_calgary = signed_in_as(
        app, store, employ(store, "ivan@example.org", Role.DOOR, "calgary")
    )
    reader = signed_in_as(app, store, employ(store, "elena@example.org", Role.READER))
    pages = {
        public.get(f"/q/{token}").data,
        public.get(f"/q/{'x' * 22}").data,
        public.post(f"/q/{token}").data,
        reader.get(f"/q/{token}").data,
        reader.post(f"/q/{token}", do="arrived").data,
    }
    assert len(pages) == 1
    answers = [
        staff_of_calgary.get(f"/q/{token}"),
        staff_of_calgary.get(f"/q/{'x' * 22}"),
        staff_of_calgary.post(f"/q/{token}", do="arrived"),
    ]
    assert len({each.data for each in answers}) == 1
    assert {each.status_code for each in answers} == {404}
    assert "Este código no está en tus listas." in words(answers[0])
    assert _arrived(store, rosa) == 0


def test_qr_check_in_needs_the_form_token(
    tomas: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    rosa = seat(store, key_store, evening)
    token = registrations.derive_entry_token(registrations.get_key(key_store, rosa))
    assert tomas.post(f"/q/{token}", do="arrived", token="another").status_code == 403
    assert _arrived(store, rosa) == 0


def test_check_in_list_redirects_to_the_only_workshop_of_today(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    assert "Hoy no hay talleres" in words(tomas.get("/org/entrada"))
    today = clock.now().astimezone(chicago.zone).date()
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, day=today)
    answer = tomas.get("/org/entrada")
    assert answer.headers["Location"] == f"/org/talleres/{workshop.public_id}/entrada"


def test_dashboard_month_counts_arrived_and_expected(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _create_past_workshop(store, chicago, rights)
    rosa = seat(store, key_store, workshop, people=4, now=workshop.starts_at - timedelta(days=1))
    _at_door(ana, workshop, do="arrived", registration=rosa.id, people="3")
    ana.post(f"/org/talleres/{workshop.public_id}/asistencia", held="yes", people="5")
    month = clock.Month.from_day(workshop.day)
    with store.read() as session:
        so_far = agenda.count_month_to_date(session, frozenset(["chicago"]), month, now=clock.now())
    assert so_far == agenda.MonthToDate(held=1, ahead=0, people=5, expected=4, came=3)


def _create_past_workshop(store: Store, office: Office, kind: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, day=clock.now().date() - timedelta(days=2))


def _at_door(staff_client: StaffClient, workshop: Workshop, **fields: str) -> Any:
    return staff_client.post(f"/org/talleres/{workshop.public_id}/entrada", **fields)


def _arrived(store: Store, registration: Registration) -> int:
    with store.read() as session:
        return session.get_one(Registration, registration.id).arrived_count


def _audit_entries(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        ).all()
        return [(row[0], row[1]) for row in rows]
