"""The door's list on paper: nickname, code, people and a box; nothing that could hurt somebody."""

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
from tests.conftest import LONG_AGO, hold, seat
from tests.support import pdf_reader
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = pytest.mark.any_database

TITLE = "Hoja de asistencia"


def path(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}/lista.pdf"


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, "tomas@example.org", Role.DOOR))


def test_it_has_who_has_a_place_and_how_to_tell_them_apart(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, capacity=4, title={"es": "Conoce tus derechos"})
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
    seat(store, key_store, workshop, name="Espera", people=3)  # there is one chair
    with store.change() as session:
        checkin.mark_arrived(session, session.get_one(Registration, rosa.id), 1)
    answer = tomas.get(path(workshop))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'inline; filename="hoja-de-asistencia.pdf"'
    assert pdf_reader.faults(answer.data, lang="es-MX", title=TITLE) == []
    said = pdf_reader.words_of(answer.data)
    assert said.index("Álvaro") < said.index("Rosa")
    for party in (rosa, ana):
        code = party.door_code or ""
        assert f"{code[:3]} {code[3:]}" in said
    assert "1 de 2" in said
    assert "Con lugar: 2 registros, 3 personas." in said
    assert "Destruye esta hoja" in said
    for secret in ("Espera", "3125550142", "0142", "example.org", rosa.id):
        assert secret not in said
    with store.read() as session:
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.details) == ("door sheet printed", '{"parties":2}')


def test_a_discreet_list_is_never_printed(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, women)
    seat(store, key_store, workshop, name="Luz")
    red = signed_in_as(app, store, employ(store, "red@example.org", Role.ADMIN, "*"))
    assert red.get(path(workshop)).status_code == 404


def test_there_is_no_door_to_a_draft(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, status=WorkshopStatus.DRAFT)
    assert tomas.get(path(workshop)).status_code == 422


# How it is laid out


def lines(count: int, **changes: Any) -> list[SheetLine]:
    return [
        SheetLine(name=f"Persona {n:03d}", code=f"{n:03d} ABC", people=1 + n % 3, **changes)
        for n in range(1, count + 1)
    ]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights, day=date(2026, 11, 28), starts=time(17, 30))


@pytest.mark.any_database("how a page is set")
@pytest.mark.parametrize(("count", "pages"), [(0, 1), (34, 1), (35, 2), (40, 2), (74, 2), (200, 6)])
def test_there_are_forty_on_a_page_and_room_for_who_comes_without_a_place(
    workshop: Workshop, count: int, pages: int
) -> None:
    body = checkin_sheet.pdf(workshop, lines(count), brand="Talleres", made_at=LONG_AGO)
    assert pdf_reader.faults(body, lang="es-MX", title=TITLE, pages=pages) == []
    said = pdf_reader.words_of(body).replace("\u00a0", " ")
    assert said.count("Nombre o apodo") == pages
    assert said.count("sábado 28 de noviembre de 2026, 5:30 p. m.") == pages
    assert f"Página {pages} de {pages}" in said
    assert said.count("Personas que llegaron, en total:") == 1
    assert said.count(" ABC ") == count
    assert f" {pages * 40} " in said, "the last line has its number"
    assert "Sin registro" in said


@pytest.mark.any_database("how a page is set")
def test_those_with_an_hour_are_in_the_order_of_the_day(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, way=Way.SLOTS, slot_minutes=20)
    hours = {"Alma": "1:00 p.\u00a0m.", "Beto": "9:40\u00a0a.\u00a0m.", "Chelo": "12:20 p.\u00a0m."}
    rows = [
        SheetLine(name=name, code="4TD 8HK", people=1, hour=hour) for name, hour in hours.items()
    ]
    said = pdf_reader.words_of(checkin_sheet.pdf(workshop, rows, brand="", made_at=LONG_AGO))
    assert said.index("Beto") < said.index("Chelo") < said.index("Alma")
    assert "Hora" in said


@pytest.mark.any_database("how a page is set")
@pytest.mark.parametrize(
    "name",
    ["W" * 60, "ñandú " * 10, "🎉🎉", "שלום", "#panic() *b* $x$ \\ `c`", f"{'M' * 30} {'M' * 29}"],
)
def test_whatever_the_name_it_is_on_one_line(workshop: Workshop, name: str) -> None:
    rows = [SheetLine(name=name, code=f"{n:03d} ABC", people=1) for n in range(40)]
    body = checkin_sheet.pdf(workshop, rows, brand="Talleres", made_at=LONG_AGO)
    assert pdf_reader.faults(body, lang="es-MX", title=TITLE, pages=2) == []
    said = pdf_reader.words_of(body)
    assert said.count(" ABC") == 40
    if name.isascii():
        assert said.count(" ".join(name.split())) == 40


def test_a_line_shows_no_name_in_a_log() -> None:
    assert "Rosa" not in repr(SheetLine(name="Rosa", code="4TD 8HK", people=1))
