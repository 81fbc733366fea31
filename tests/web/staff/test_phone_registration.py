"""Registration, reconfirmation and cancellation by phone, added seats, and the export of the
attendee list by a coordinator."""

import csv
import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Channel, DeliveryMode, Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import make_workshop, seat
from tests.support.public_urls import Page
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

PHONE = "+13125550142"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def beto(app: Flask, store: Store, chicago: Office) -> StaffClient:
    """A coordinator of Chicago."""
    return signed_in_as(app, store, employ(store, "beto@example.org", Role.ADMIN))


@pytest.fixture
def evening(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=4)


def address_of(workshop: Workshop) -> str:
    return f"/org/talleres/{workshop.public_id}"


def filled_form(ana: StaffClient, workshop: Workshop, **changes: str) -> dict[str, str]:
    """The form with a name and a phone number only, and these changes."""
    page = Page(ana.get(f"{address_of(workshop)}/apartar").text)
    nonce = next(has["value"] or "" for _tag, has in page.tags if has.get("name") == "nonce")
    fields = {
        "name": "Doña Chelo", "contact": "phone", "phone": "312 555 0142", "message_ok": "no",
        "people": "2", "language": "es", "nonce": nonce,
    }  # fmt: skip
    return fields | changes


def test_phone_registration_is_saved_and_logged_without_a_name(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    form = filled_form(ana, evening, needs="step_free")
    first = ana.post(f"{address_of(evening)}/apartar", **form)
    second = ana.post(f"{address_of(evening)}/apartar", **form)
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    (party,) = all_registrations(store)
    assert (party.people, party.contact, party.status) == (
        2,
        ContactMethod.PHONE,
        Place.CONFIRMED,
    )
    person = registrations.decrypt_person(party, registrations.get_key(key_store, party))
    assert (person.name, person.address) == ("Doña Chelo", PHONE)
    page = words(ana.get(first.headers["Location"].partition("#")[0]))
    assert "Apartado. Dile su código" in page
    assert f"{party.door_code[:3]} {party.door_code[3:]}" in page
    assert audit_entries(store) == [("place saved by phone", '{"people":2}')]


def test_phone_registration_for_a_full_workshop_is_waitlisted(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    seat(store, key_store, evening, people=4)
    assert "Ya no hay lugares: entra a la lista de espera." in words(
        ana.get(f"{address_of(evening)}/apartar")
    )
    answer = ana.post(f"{address_of(evening)}/apartar", **filled_form(ana, evening))
    assert "ver=espera" in answer.headers["Location"]
    assert [each.status for each in all_registrations(store)] == [Place.CONFIRMED, Place.WAITLISTED]


def test_caller_chooses_to_come_or_to_take_part_online(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, evening: Workshop
) -> None:
    with store.change() as session:
        hybrid = make_workshop(
            session, chicago, rights, mode=DeliveryMode.HYBRID, online_url="https://sala.example/1"
        )
    address = f"{address_of(hybrid)}/apartar"
    assert "¿Viene o entra en línea?" in words(ana.get(address))
    assert "¿Viene o entra en línea?" not in words(ana.get(f"{address_of(evening)}/apartar"))
    wrong = ana.post(address, **filled_form(ana, hybrid, channel="moon"))
    assert wrong.status_code == 422
    assert words(wrong).count("Elige si viene o entra en línea.") == 2
    for channel in Channel.ONLINE, Channel.VENUE:
        answer = ana.post(address, **filled_form(ana, hybrid, channel=channel))
        assert answer.status_code == 303
    with store.read() as session:
        channels = [each.channel for each in session.scalars(sa.select(Registration))]
    assert set(channels) == {Channel.ONLINE, Channel.VENUE}


@pytest.mark.any_database("the text of a form")
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, "Escribe su nombre o apodo."),
        ({"name": "A123456789"}, "Escribe solo su nombre."),
        ({"phone": "12"}, "Escribe los 10 números de su teléfono."),
        ({"people": "9"}, "Elige cuántas personas vienen, de 1 a 4."),
        ({"contact": ""}, "Elige cómo se le avisa."),
        ({"contact": "email", "email": "rosa"}, "Revisa su correo: le falta la @"),
    ],
)
def test_missing_fields_are_shown_in_the_form(
    ana: StaffClient, store: Store, evening: Workshop, changes: dict[str, str], fault: str
) -> None:
    answer = ana.post(f"{address_of(evening)}/apartar", **filled_form(ana, evening, **changes))
    assert answer.status_code == 422
    page = words(answer)
    assert page.count(fault) == 2, "in the summary and at the field"
    assert 'value="Doña Chelo"' in answer.text or "name" in changes
    assert all_registrations(store) == []
    assert audit_entries(store) == []


def test_discreet_workshop_needs_consent_and_no_default_answers(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        discreet_workshop = make_workshop(session, chicago, women)
    page = ana.get(f"{address_of(discreet_workshop)}/apartar").text
    assert 'value="none" checked' in page
    form = filled_form(ana, discreet_workshop, contact="none")
    assert ana.post(f"{address_of(discreet_workshop)}/apartar", **form).status_code == 422
    assert (
        ana.post(f"{address_of(discreet_workshop)}/apartar", **form, consent="yes").status_code
        == 303
    )


def test_time_slot_is_chosen_and_a_taken_slot_is_reported(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hours = make_workshop(
            session, chicago, rights, way=Way.SLOTS, slot_minutes=60, slot_places=1
        )
    assert "6:00" in words(ana.get(f"{address_of(hours)}/apartar"))
    form = filled_form(ana, hours, people="1", slot="18:00")
    seat(store, key_store, hours, slot="18:00")
    erased = ana.post(f"{address_of(hours)}/apartar", **form)
    assert erased.status_code == 422
    assert "Esa hora se acaba de ocupar. Elige otra." in words(erased)
    assert ana.post(f"{address_of(hours)}/apartar", **(form | {"slot": "19:00"})).status_code == 303


def test_form_says_why_registration_is_closed(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        held = {
            "En este taller no se apartan lugares.": make_workshop(
                session, chicago, rights, way=Way.OPEN
            ),
            "Los lugares de este taller todavía no se abren.": make_workshop(
                session, chicago, rights, opens_days=2
            ),
            "Este taller ya no aparta lugares.": make_workshop(
                session, chicago, rights, status=WorkshopStatus.DRAFT
            ),
        }
    for message, workshop in held.items():
        assert message in words(ana.get(f"{address_of(workshop)}/apartar"))
        refused = ana.post(f"{address_of(workshop)}/apartar", nonce="x" * 22, name="Luz")
        assert refused.status_code == 422
        assert message in words(refused)
    assert all_registrations(store) == []


def test_caller_can_reconfirm_before_the_reconfirmation_is_sent(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    luz = seat(store, key_store, evening, name="Luz", contact=ContactMethod.PHONE, address=PHONE)
    answer = ana.post(f"{address_of(evening)}/persona", do="confirm", registration=luz.id)
    assert answer.status_code == 303
    assert "Dijo que sí viene" in words(ana.get(address_of(evening)))
    (party,) = all_registrations(store)
    assert party.confirmed_at is not None
    assert audit_entries(store) == [("answer noted", "{}")]


def test_caller_who_cancels_is_erased_at_once(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    luz = seat(
        store, key_store, evening, name="Luz", people=4, contact=ContactMethod.PHONE, address=PHONE
    )
    rosa = seat(store, key_store, evening, people=2)
    for _ in range(2):  # the second time changes nothing
        answer = ana.post(f"{address_of(evening)}/persona", do="cancel", registration=luz.id)
    assert answer.status_code == 404, "the registration was erased"
    page = words(ana.get(f"{address_of(evening)}?hecho=no"))
    assert "Anotado: ya no viene. Borramos sus datos." in page
    assert "Luz" not in page
    with store.read() as session:
        erased = session.get_one(Registration, luz.id)
        assert (erased.key_id, erased.sealed, erased.status) == (None, None, Place.CANCELLED)
        assert session.get_one(Registration, rosa.id).status is Place.OFFERED
        assert session.scalars(
            sa.select(Notification).where(Notification.registration_id == luz.id)
        ).all() == []  # fmt: skip
    assert audit_entries(store) == [("place given up by phone", "{}")]


def test_opened_seats_are_offered_after_the_hold(
    ana: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    seat(store, key_store, evening, people=4)
    rosa = seat(store, key_store, evening, people=2)
    assert "Abrir más lugares" in words(ana.get(address_of(evening)))
    seats_path = f"{address_of(evening)}/lugares"
    assert "¿A quién le avisamos?" in words(ana.post(seats_path, capacity="6"))
    assert ana.post(seats_path, capacity="6", aviso="avisar").status_code == 303
    scheduled_jobs.end_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).status is Place.OFFERED
        assert session.get_one(Workshop, evening.id).capacity == 6
    fewer = ana.post(seats_path, capacity="5")
    assert fewer.status_code == 422
    assert "Ya hay 6 lugares apartados. Pon 6 o más." in words(fewer)
    for typed in ("", "muchos", "-1", "1.5", "9999999", "١٢"):
        assert ana.post(seats_path, capacity=typed).status_code == 422
    assert ana.post(seats_path, capacity="6").status_code == 303
    assert audit_entries(store) == [("places changed", '{"after":6,"before":4}')]


def test_more_seats_than_the_venue_holds_are_confirmed_once(
    ana: StaffClient, store: Store, evening: Workshop
) -> None:
    with store.change() as session:
        venue = session.get_one(Workshop, evening.id).venue
        assert venue is not None
        venue.capacity = 30
    confirmation_page = ana.post(f"{address_of(evening)}/lugares", capacity="35")
    assert confirmation_page.status_code == 422
    assert "En la sede caben 30." in words(confirmation_page)
    assert "Sí caben 35: lo revisé." in words(confirmation_page)
    assert 'value="35"' in confirmation_page.text
    assert capacity(store) == 4
    assert ana.post(f"{address_of(evening)}/lugares", capacity="35", sure="yes").status_code == 303
    assert capacity(store) == 35


def test_cancellation_always_notifies(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        workshop_in_five_days = make_workshop(
            session, chicago, rights, day=today + timedelta(days=5)
        )
        workshop_in_nine_days = make_workshop(
            session, chicago, rights, day=today + timedelta(days=9)
        )
    for each in (workshop_in_five_days, workshop_in_nine_days):
        seat(store, key_store, each, contact=ContactMethod.EMAIL, address="rosa@example.com")
    with store.change() as session:
        session.execute(sa.delete(Notification))
    for each in (workshop_in_five_days, workshop_in_nine_days):
        path = f"{address_of(each)}/cancelar"
        assert 'value="no"' not in ana.get(path).text
        refused = ana.post(path, reason="few", aviso="no", aviso_motivo="other")
        assert refused.status_code == 422
        assert "hay que avisar a quien apartó lugar" in words(refused)
        assert ana.post(path, reason="few", aviso="avisar").status_code == 303
    assert count_notifications(store) == 2


# Export of the attendee list

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(\"http://x\")")  # fmt: skip


def test_coordinator_exports_the_list_without_formulas(
    beto: StaffClient, store: Store, key_store: KeyStore, evening: Workshop
) -> None:
    for name in FORMULAS[:3]:
        seat(store, key_store, evening, name=name, contact=ContactMethod.PHONE, address=PHONE,
             needs=Codes(["step_free"]))  # fmt: skip
    erased = seat(store, key_store, evening, name="Ya no")
    assert erased.key_id is not None
    key_store.destroy(erased.key_id)
    answer = beto.get(f"{address_of(evening)}/lista.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "derechos" not in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Nombre", "Código", "Personas"]
    assert [row[0] for row in rows[1:]] == ["'=1+1", "'+1", "'-1"]
    assert {row[7] for row in rows[1:]} == {"Entrada sin escalones"}
    assert PHONE not in answer.text, "contacts are shown only one at a time"
    book = openpyxl.load_workbook(io.BytesIO(beto.get(f"{address_of(evening)}/lista.xlsx").data))
    cells = [cell for row in book["Registros"].iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert [row[0].value for row in book["Registros"].iter_rows(min_row=2)] == [
        "'=1+1", "'+1", "'-1",
    ]  # fmt: skip
    assert audit_entries(store) == [
        ("list exported", '{"file_type":"csv","parties":3}'),
        ("list exported", '{"file_type":"xlsx","parties":3}'),
    ]


def test_export_is_refused_to_organizers_and_for_discreet_workshops(
    ana: StaffClient, beto: StaffClient, store: Store, key_store: KeyStore, evening: Workshop,
    chicago: Office,
    women: Kind,
) -> None:  # fmt: skip
    seat(store, key_store, evening)
    with store.change() as session:
        discreet_workshop = make_workshop(session, chicago, women)
    seat(store, key_store, discreet_workshop, name="Flor")
    assert "lista.csv" in beto.get(address_of(evening)).text
    assert "lista.csv" not in ana.get(address_of(evening)).text
    assert "lista." not in beto.get(address_of(discreet_workshop)).text
    for ending in ("csv", "xlsx"):
        assert ana.get(f"{address_of(evening)}/lista.{ending}").status_code == 403
        assert beto.get(f"{address_of(discreet_workshop)}/lista.{ending}").status_code == 404
    assert ("list exported", '{"file_type":"csv","parties":1}') not in audit_entries(store)


def all_registrations(store: Store) -> list[Registration]:
    with store.read() as session:
        found = session.scalars(sa.select(Registration).order_by(Registration.queue_number))
        return list(found)


def capacity(store: Store) -> int:
    with store.read() as session:
        return session.scalars(sa.select(Workshop.capacity)).one()


def count_notifications(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Notification)) or 0


def audit_entries(store: Store) -> list[Any]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]
