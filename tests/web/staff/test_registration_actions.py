"""Staff actions on one registration (grant a seat, approve the address, check in), and the numbers
of a workshop."""

import csv
import io
from datetime import datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration, notifications
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat, tomorrow
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PHONE = "+13125550142"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """A staff member with the door role."""
    return signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))


# Waitlist


def test_waitlisted_offered_and_expired_registrations_are_distinguished(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, capacity=2)
    seat(store, key_store, workshop, people=2)
    luz = seat(store, key_store, workshop, name="Luz")
    ivan = seat(store, key_store, workshop, name="Iván")
    seat(store, key_store, workshop, name="Beto")
    deadline = datetime(2026, 11, 28, 0, 0, tzinfo=clock.now().tzinfo)
    _update(store, luz, status=Place.OFFERED, offered_until=deadline)
    _update(store, ivan, status=Place.EXPIRED, lapses=2)
    page = words(ana.get(f"{_address(workshop)}?ver=espera"))
    assert "En espera 1 · 1 con lugar ofrecido" in page
    assert (
        "Luz 1 persona · le ofrecimos un lugar hasta el vie 27 nov, 6:00 p. m."
        in _without_no_break_spaces(page)
    )
    assert "Iván 1 persona · no contestó y perdió su turno" in page
    assert "Beto 1 persona · espera" in page
    assert page.index("Luz") < page.index("Beto") < page.index("Iván")


@fixed_clock  # the hour in which a workshop begins may come twice, or not at all
def test_free_seat_can_be_granted_in_the_last_three_hours(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    start = (clock.now() + timedelta(hours=1)).astimezone(chicago.zone)
    with store.change() as session:
        workshop = make_workshop(
            session,
            chicago,
            rights,
            capacity=1,
            day=start.date(),
            starts=start.time().replace(microsecond=0),
            ends=(start + timedelta(hours=1)).time().replace(microsecond=0),
        )
    rosa = seat(store, key_store, workshop)
    luz = seat(
        store,
        key_store,
        workshop,
        name="Luz",
        contact=ContactMethod.EMAIL,
        address="luz@example.com",
    )
    full = _decide(ana, workshop, luz, "grant")
    assert full.status_code == 422
    assert "No hay lugar libre" in words(full)
    _release(store, key_store, rosa)
    assert _status(store, luz) is Place.WAITLISTED, (
        "offers are not automatic in the last three hours"
    )
    assert "Dar lugar a Luz" in words(ana.get(f"{_address(workshop)}?ver=espera"))
    assert _decide(ana, workshop, luz, "grant").status_code == 303
    assert _status(store, luz) is Place.CONFIRMED
    assert NotificationType.SEAT_GRANTED in _notification_types(store, luz)
    repeated = _decide(ana, workshop, luz, "grant")
    assert "ya no espera" in words(repeated)
    assert _audit_actions(store) == ["place given by hand"]


def test_hidden_address_is_approved_by_registration_and_revoked(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    workshop = _upcoming(store, chicago, women, visibility=Visibility.APPROVED)
    luz = seat(
        store,
        key_store,
        workshop,
        name="Luz",
        contact=ContactMethod.EMAIL,
        address="luz@example.com",
    )
    assert "Aprobar a Luz" in words(ana.get(_address(workshop)))
    _decide(ana, workshop, luz, "approve")
    assert NotificationType.APPROVED not in _notification_types(store, luz), "it is on hold"
    scheduled_jobs.end_approval_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    assert NotificationType.APPROVED in _notification_types(store, luz)
    assert "Quitar aprobación a Luz" in words(ana.get(_address(workshop)))
    _decide(ana, workshop, luz, "unapprove")
    assert NotificationType.APPROVED not in _notification_types(store, luz)
    assert "Aprobar a Luz" in words(ana.get(_address(workshop)))
    assert [each for each in _audit_actions(store) if each != "list seen"] == [
        "address approved",
        "approval taken back",
    ]


def test_door_role_cannot_grant_seats_approve_addresses_or_record_calls(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    workshop = _upcoming(store, chicago, women, visibility=Visibility.APPROVED, capacity=1)
    luz = seat(store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    seat(store, key_store, workshop, name="Flor")
    _enqueue(store, luz, NotificationType.CHANGED)
    for tab in ("lugar", "espera", "llamadas"):
        page = words(tomas.get(f"{_address(workshop)}?ver={tab}"))
        for button in ("Aprobar", "Dar lugar", "Ya llamé", "Por llamar", "0142"):
            assert button not in page
    assert _decide(tomas, workshop, luz, "approve").status_code == 403


# Numbers


def test_access_needs_are_shown_with_their_limits(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(
        store,
        chicago,
        rights,
        has_childcare=True,
        interpretation=("nah",),
        support={"childcare": 6, "interpreter-nah": 2},
    )
    seat(store, key_store, workshop, needs=("childcare", "step_free"))
    seat(store, key_store, workshop, name="Luz", needs=("childcare",))
    page = words(ana.get(_address(workshop)))
    assert "Cuidado de niños: 2 de 6" in page
    assert "Intérprete: Náhuatl: 0 de 2" in page
    assert "Entrada sin escalones: 1" in page


def test_attendees_are_listed_by_time_slot_with_empty_slots(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(
        store,
        chicago,
        rights,
        way=Way.SLOTS,
        slot_minutes=30,
        slot_places=2,
        starts=time(9, 0),
        ends=time(10, 30),
        party_limit=1,
    )
    seat(store, key_store, workshop, name="Luz", slot="10:00")
    seat(store, key_store, workshop, name="Rosa", slot="09:00")
    page = _without_no_break_spaces(words(ana.get(_address(workshop))))
    hours = ["9:00 a. m. 1 de 2", "Rosa", "9:30 a. m. 0 de 2"]
    hours += ["10:00 a. m. 1 de 2", "Luz"]
    assert [page.index(each) for each in hours] == sorted(page.index(each) for each in hours)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_file_of_registrations_with_time_slots_can_be_downloaded(
    app: Flask,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    ending: str,
) -> None:
    elena = signed_in_as(app, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    workshop = _upcoming(
        store,
        chicago,
        rights,
        way=Way.SLOTS,
        slot_minutes=30,
        slot_places=2,
        starts=time(9, 0),
        ends=time(10, 30),
        party_limit=1,
    )
    seat(store, key_store, workshop, name="Luz", slot="10:00")
    seat(store, key_store, workshop, name="Rosa", slot="09:00")
    answer = elena.get(f"{_address(workshop)}/lista.{ending}")
    assert answer.status_code == 200
    if ending == "csv":
        rows = list(csv.DictReader(answer.text.removeprefix("\ufeff").splitlines()))
        assert [(row["Nombre"], row["Hora"]) for row in rows] == [
            ("Luz", "10:00"),
            ("Rosa", "09:00"),
        ]
    else:
        cells = [
            cell
            for sheet in openpyxl.load_workbook(io.BytesIO(answer.data))
            for row in sheet.iter_rows(values_only=True)
            for cell in row
        ]
        assert {"Luz", "10:00", "Rosa", "09:00"} <= set(cells)


def test_overbooked_seats_are_counted_and_shown(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, capacity=3, overbooked=1)
    seat(store, key_store, workshop, people=4)
    assert "4 de 3 lugares apartados. Das 1 de más." in words(ana.get(_address(workshop)))


# Check-in


def test_waitlist_is_admitted_in_order_at_the_start_while_seats_are_free(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _create_started_workshop(store, chicago, rights, capacity=2)
    before = workshop.starts_at - timedelta(days=1)
    rosa = seat(store, key_store, workshop, people=2, now=before)
    luz = seat(store, key_store, workshop, name="Luz", now=before)
    ivan = seat(store, key_store, workshop, name="Iván", now=before + timedelta(minutes=1))
    _at_door(tomas, workshop, do="arrived", registration=rosa.id, people="1")
    page = words(_at_door(tomas, workshop))
    assert "Hay 1 silla libre. Deja pasar a quien espera, en este orden." in page
    assert page.index("Dejar pasar a Luz") < page.index("Dejar pasar a Iván")
    assert _at_door(tomas, workshop, do="admit", registration=luz.id).status_code == 303
    full = _at_door(tomas, workshop, do="admit", registration=ivan.id)
    assert full.status_code == 422
    assert "Ya no hay sillas libres" in words(full)
    page = words(_at_door(tomas, workshop))
    assert "Dejar pasar" not in page
    _at_door(tomas, workshop, do="more")  # walk-ins are always accepted
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).walk_ins == 1


def test_waitlist_is_not_admitted_before_the_start(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _upcoming(store, chicago, rights, capacity=1, day=tomorrow(chicago))
    seat(store, key_store, workshop)
    luz = seat(store, key_store, workshop, name="Luz")
    page = words(_at_door(tomas, workshop))
    assert "Luz" in page
    assert "Dejar pasar" not in page
    assert "Llegó Luz" not in page
    early = _at_door(tomas, workshop, do="admit", registration=luz.id)
    assert early.status_code == 422
    assert "cuando empiece" in words(early)


def test_qr_code_of_a_waitlisted_person_admits_them_if_a_seat_is_free(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = _create_started_workshop(store, chicago, rights, capacity=1)
    before = workshop.starts_at - timedelta(days=1)
    rosa = seat(store, key_store, workshop, now=before)
    luz = seat(store, key_store, workshop, name="Luz", now=before)
    token = registrations.derive_entry_token(registrations.get_key(key_store, luz))
    assert "Dejar pasar" in words(tomas.get(f"/q/{token}"))
    _at_door(tomas, workshop, do="arrived", registration=rosa.id)
    assert "Ya no hay sillas libres" in words(tomas.get(f"/q/{token}"))
    assert tomas.post(f"/q/{token}", do="admit").status_code == 422
    _at_door(tomas, workshop, do="undo", registration=rosa.id)
    assert tomas.post(f"/q/{token}", do="admit").status_code == 303
    assert "Ya llegó" in words(tomas.get(f"/q/{token}"))


def _upcoming(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    with store.change() as session:
        return make_workshop(session, office, kind, **changes)


def _create_started_workshop(store: Store, office: Office, kind: Kind, **changes: Any) -> Workshop:
    yesterday = clock.now().date() - timedelta(days=1)
    return _upcoming(store, office, kind, day=yesterday, **changes)


def _address(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}"


def _decide(
    staff_client: StaffClient, workshop: Workshop, registration: Registration, what: str
) -> Any:
    return staff_client.post(f"{_address(workshop)}/persona", registration=registration.id, do=what)


def _at_door(staff_client: StaffClient, workshop: Workshop, **fields: str) -> Any:
    if not fields:
        return staff_client.get(f"{_address(workshop)}/entrada")
    return staff_client.post(f"{_address(workshop)}/entrada", **fields)


def _update(store: Store, registration: Registration, **values: Any) -> None:
    with store.change() as session:
        session.execute(
            sa.update(Registration).where(Registration.id == registration.id).values(**values)
        )


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


def _without_no_break_spaces(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")
