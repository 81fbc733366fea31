"""The printed check-in sheet: its rows and layout, and no contact details."""

from datetime import date, time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.pdf import checkin_sheet
from outreach.pdf.checkin_sheet import SheetLine
from tests.conftest import LONG_AGO, make_workshop, seat, tomorrow
from tests.support import pdf_reader
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database

TITLE = "Hoja de asistencia"


def path(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/lista.pdf"


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))


def test_sheet_lists_confirmed_registrations_without_contact_details(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, capacity=4, day=tomorrow(chicago),
            title={"es": "Conoce tus derechos"},
        )  # fmt: skip
    rosa = seat(
        store,
        key_store,
        workshop,
        name="Rosa",
        people=2,
        contact=ContactMethod.PHONE,
        address="+13125550142",
    )
    ana = seat(
        store,
        key_store,
        workshop,
        name="Álvaro",
        contact=ContactMethod.EMAIL,
        address="al@example.org",
    )
    seat(store, key_store, workshop, name="Espera", people=3)  # waitlisted: one seat is left
    with store.change() as session:
        checkin.mark_arrived(session, session.get_one(Registration, rosa.id), 1)
    answer = tomas.get(path(workshop))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'inline; filename="hoja-de-asistencia.pdf"'
    assert pdf_reader.faults(answer.data, lang="es-MX", title=TITLE) == []
    text = pdf_reader.words_of(answer.data)
    assert text.index("Álvaro") < text.index("Rosa")
    for registration in (rosa, ana):
        code = registration.door_code
        assert f"{code[:3]} {code[3:]}" in text
    assert "1 de 2" in text
    assert "Con lugar: 2 registros, 3 personas." in text
    assert "Destruye esta hoja" in text
    for secret in ("Espera", "3125550142", "0142", "example.org", rosa.id):
        assert secret not in text
    with store.read() as session:
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.details) == ("door sheet printed", '{"parties":2}')


def test_sheet_of_a_consultation_says_the_hour_of_each_person(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, chicago, rights, day=tomorrow(chicago), way=Way.SLOTS,
            slot_minutes=30, slot_places=2, starts=time(9, 0), ends=time(12, 0), party_limit=1,
        )  # fmt: skip
    seat(store, key_store, workshop, name="Luz", slot="10:00")
    seat(store, key_store, workshop, name="Rosa", slot="09:30")
    answer = tomas.get(path(workshop))
    assert answer.status_code == 200
    text = pdf_reader.words_of(answer.data)
    for each in ("Luz", "10:00", "Rosa", "9:30"):
        assert each in text


def test_sheet_of_a_discreet_workshop_is_refused(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women)
    seat(store, key_store, workshop, name="Luz")
    red = signed_in_as(app, store, employ(store, "red@example.org", Role.ADMIN, "*"))
    assert red.get(path(workshop)).status_code == 404


def test_sheet_of_a_draft_is_refused(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
    assert tomas.get(path(workshop)).status_code == 422


# Layout


def lines(count: int, **changes: Any) -> list[SheetLine]:
    return [
        SheetLine(name=f"Persona {n:03d}", code=f"{n:03d} ABC", people=1 + n % 3, **changes)
        for n in range(1, count + 1)
    ]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, day=date(2026, 11, 28), starts=time(17, 30))


@pytest.mark.any_database("how a page is set")
@pytest.mark.parametrize(("count", "pages"), [(0, 1), (34, 1), (35, 2), (40, 2), (74, 2), (200, 6)])
def test_page_has_forty_rows_and_the_last_one_blank_rows(
    workshop: Workshop, count: int, pages: int
) -> None:
    body = checkin_sheet.pdf(workshop, lines(count), brand="Talleres", made_at=LONG_AGO)
    assert pdf_reader.faults(body, lang="es-MX", title=TITLE, pages=pages) == []
    text = pdf_reader.words_of(body).replace("\u00a0", " ")
    assert text.count("Nombre o apodo") == pages
    assert text.count("sábado 28 de noviembre de 2026, 5:30 p. m.") == pages
    assert f"Página {pages} de {pages}" in text
    assert text.count("Personas que llegaron, en total:") == 1
    assert text.count(" ABC ") == count
    assert f" {pages * 40} " in text, "the last line has its number"
    assert "Sin registro" in text


@pytest.mark.any_database("how a page is set")
def test_time_slots_are_sorted_by_time_of_day(store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, way=Way.SLOTS, slot_minutes=20)
    hours = {"Alma": "1:00 p.\u00a0m.", "Beto": "9:40\u00a0a.\u00a0m.", "Chelo": "12:20 p.\u00a0m."}
    rows = [
        SheetLine(name=name, code="4TD 8HK", people=1, hour=hour) for name, hour in hours.items()
    ]
    text = pdf_reader.words_of(checkin_sheet.pdf(workshop, rows, brand="", made_at=LONG_AGO))
    assert text.index("Beto") < text.index("Chelo") < text.index("Alma")
    assert "Hora" in text


@pytest.mark.any_database("how a page is set")
@pytest.mark.parametrize(
    "name",
    ["W" * 60, "ñandú " * 10, "🎉🎉", "שלום", "#panic() *b* $x$ \\ `c`", f"{'M' * 30} {'M' * 29}"],
)
def test_every_name_is_on_one_line(workshop: Workshop, name: str) -> None:
    rows = [SheetLine(name=name, code=f"{n:03d} ABC", people=1) for n in range(40)]
    body = checkin_sheet.pdf(workshop, rows, brand="Talleres", made_at=LONG_AGO)
    assert pdf_reader.faults(body, lang="es-MX", title=TITLE, pages=2) == []
    text = pdf_reader.words_of(body)
    assert text.count(" ABC") == 40
    if name.isascii():
        assert text.count(" ".join(name.split())) == 40


def test_repr_of_a_line_has_no_name() -> None:
    assert "Rosa" not in repr(SheetLine(name="Rosa", code="4TD 8HK", people=1))
