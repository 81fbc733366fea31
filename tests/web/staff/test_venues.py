"""Pages of venues, and the effect of a venue change on its workshops."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.calendar import change_counters
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from outreach.web.staff.network.venue_pages import point_of
from tests.conftest import make_workshop, seat, venue
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def venue_form(**changes: Any) -> dict[str, Any]:
    """A valid form of a venue, with these changes."""
    valid_values = {
        "name": "Biblioteca de Pilsen",
        "address": "1805 S. Ejemplo St.",
        "city": "Chicago",
        "region": "IL",
        "zone": "America/Chicago",
        "area": "Zona de Pilsen",
        "position": "geo:41.857,-87.669;u=35",
        "capacity": "40",
        "is_step_free": "yes",
        "access_es": "Entra por la calle 18.",
        "access_en": "Enter on 18th Street.",
        "access_fr": "",
    }
    return valid_values | changes


def change_venue(ana: StaffClient, venue_id: int, **changes: Any) -> TestResponse:
    """Submits the form of an existing venue with these changes. Returns the response."""
    path = f"/org/sedes/chicago/{venue_id}"
    return ana.post(
        path, **{"aviso": "avisar"} | fields(ana.get(path).text, path) | venue_form(**changes)
    )


def test_venue_is_saved_with_all_fields_and_can_be_chosen(ana: StaffClient, store: Store) -> None:
    assert ana.post("/org/sedes/chicago/nueva", **venue_form()).status_code == 303
    created = _only(store)
    assert (created.latitude, created.longitude, created.capacity) == (41.857, -87.669, 40)
    assert created.is_step_free
    assert created.access == {"es": "Entra por la calle 18.", "en": "Enter on 18th Street."}
    form = words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert "Biblioteca de Pilsen (caben 40)" in form
    edit_page = ana.get(f"/org/sedes/chicago/{created.id}").text
    assert 'value="41.857, -87.669"' in edit_page
    assert _audit_entries(store) == [("venue created", f'{{"venue":{created.id}}}')]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": ""}, "Escribe el nombre de la sede."),
        ({"city": ""}, "Escribe la ciudad de la sede."),
        ({"region": "XX"}, "Elige una opción de la lista."),
        ({"position": "por la plaza"}, "Escribe latitud y longitud"),
        ({"position": "91.5, -87.6"}, "Escribe latitud y longitud"),
        ({"position": "-87.669, 41.857"}, "Primero va la latitud"),
        ({"capacity": "0"}, "Escribe cuántas personas caben"),
        ({"capacity": "muchas"}, "Escribe un número entero."),
        ({"access_es": "x" * 401}, "Es demasiado largo."),
    ],
)
def test_invalid_venue_is_reported_at_its_fields(
    ana: StaffClient, store: Store, wrong: dict[str, Any], message: str
) -> None:
    answer = ana.post("/org/sedes/chicago/nueva", **venue_form(**wrong))
    assert answer.status_code == 422
    assert words(answer).count(message) >= 2, "in the summary and at the field"
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Venue)) == 0


@pytest.mark.any_database("no query")
@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("41.8500, -87.6500", (41.85, -87.65)),
        ("  geo:41.85,-87.65  ", (41.85, -87.65)),
        ("geo:41.85,-87.65?z=15", (41.85, -87.65)),
        ("41.85 -87.65", (41.85, -87.65)),
        ("0, 0", None),
        ("41.85", None),
        ("41.85,-181", None),
        ("1e3,-87", None),
        ("41,8500; -87,6500", None),
        ("٤١.٨, -٨٧", None),
    ],
)
def test_coordinates_are_parsed_as_maps_copy_them(
    text: str, point: tuple[float, float] | None
) -> None:
    assert point_of(text) == point


def test_new_venue_address_increments_the_sequence_and_notifies(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        place = venue(session, chicago)
        upcoming_workshop = make_workshop(session, chicago, rights, venue=place)
        past_workshop = make_workshop(session, chicago, rights, venue=place, day=date(2026, 1, 10))
        other_workshop = make_workshop(session, chicago, rights)
    seat(
        store, key_store, upcoming_workshop, contact=ContactMethod.EMAIL, address="rosa@example.com"
    )
    seat(store, key_store, other_workshop, contact=ContactMethod.EMAIL, address="luz@example.com")
    before = _count(store)
    answer = change_venue(ana, place.id, address="2000 W. Otra Ave.")
    assert answer.status_code == 303
    assert _count(store) == before + 1, "feeds know"
    assert _notification_types(store, upcoming_workshop) == [
        NotificationType.REGISTERED,
        NotificationType.CHANGED,
    ]
    assert _notification_types(store, other_workshop) == [NotificationType.REGISTERED]
    with store.read() as session:
        now = {
            each: session.get_one(Workshop, each.id)
            for each in (upcoming_workshop, past_workshop, other_workshop)
        }
        assert now[upcoming_workshop].sequence == upcoming_workshop.sequence + 1
        assert now[upcoming_workshop].changed_at > upcoming_workshop.changed_at
        assert now[past_workshop].sequence == past_workshop.sequence
        assert now[other_workshop].sequence == other_workshop.sequence
    action, details = _audit_entries(store)[-1]
    assert action == "venue changed"
    assert '"notified":1' in details
    assert '"workshops":1' in details


@pytest.mark.parametrize(
    ("change", "is_new_version"),
    [({"name": "Biblioteca Rudy"}, True), ({"position": "41.86, -87.67"}, True),
     ({"area": "Cerca del parque"}, False), ({"capacity": "50"}, False)],
)  # fmt: skip
def test_venue_change_without_a_new_place_notifies_nobody(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    change: dict[str, str], is_new_version: bool,
) -> None:  # fmt: skip
    ana.post("/org/sedes/chicago/nueva", **venue_form())
    with store.change() as session:
        place = session.scalars(sa.select(Venue)).one()
        upcoming_workshop = make_workshop(session, chicago, rights, venue=place)
    seat(
        store, key_store, upcoming_workshop, contact=ContactMethod.EMAIL, address="rosa@example.com"
    )
    change_venue(ana, place.id, **change)
    assert _notification_types(store, upcoming_workshop) == [NotificationType.REGISTERED]
    with store.read() as session:
        assert (
            session.get_one(Workshop, upcoming_workshop.id).sequence
            == upcoming_workshop.sequence + is_new_version
        )


def test_new_time_zone_keeps_the_local_hour_and_moves_the_instant(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.merge(chicago).extra_zones = Codes(["America/Denver"])
    with store.change() as session:
        chicago = offices.find(session, "chicago")
        place = venue(session, chicago)
        upcoming_workshop = make_workshop(session, chicago, rights, venue=place)
        draft = make_workshop(session, chicago, rights, venue=place, status=WorkshopStatus.DRAFT)
    seat(store, key_store, upcoming_workshop, contact=ContactMethod.PHONE, address="+13125550142")
    change_venue(ana, place.id, zone="America/Denver")
    with store.read() as session:
        moved = session.get_one(Workshop, upcoming_workshop.id)
        assert moved.starts == upcoming_workshop.starts
        assert moved.starts_at - upcoming_workshop.starts_at == timedelta(hours=1)
        assert session.get_one(Workshop, draft.id).zone.key == "America/Denver"
    assert _notification_types(store, upcoming_workshop)[-1] is NotificationType.CHANGED


def test_duplicate_venue_is_refused(ana: StaffClient, store: Store) -> None:
    ana.post("/org/sedes/chicago/nueva", **venue_form())
    answer = ana.post("/org/sedes/chicago/nueva", **venue_form())
    assert answer.status_code == 422
    assert "Ya hay una sede con ese nombre y esa dirección." in words(answer)
    ana.post("/org/sedes/chicago/nueva", **venue_form(name="Otra", address="7 Otra"))
    with store.read() as session:
        other_workshop = session.scalars(sa.select(Venue.id).where(Venue.name == "Otra")).one()
    assert change_venue(ana, other_workshop).status_code == 422


@pytest.mark.parametrize("other_change", [{"capacity": "50"}, {"access_es": "Por el patio."}])
def test_outdated_venue_form_does_not_undo_other_changes(
    ana: StaffClient, store: Store, other_change: dict[str, str]
) -> None:
    ana.post("/org/sedes/chicago/nueva", **venue_form())
    path = f"/org/sedes/chicago/{_only(store).id}"
    old = fields(ana.get(path).text, path)
    assert ana.post(path, **old | other_change).status_code == 303
    wrong = ana.post(path, **old | {"name": ""})
    assert wrong.status_code == 422
    conflict = ana.post(path, **fields(wrong.text, path) | {"name": "Biblioteca Rudy"})
    assert conflict.status_code == 409, "the corrected form is still outdated"
    assert "Alguien más lo cambió" in words(conflict)
    assert 'value="Biblioteca Rudy"' in conflict.text
    assert _only(store).name == "Biblioteca de Pilsen"
    assert ana.post(path, **fields(conflict.text, path)).status_code == 303
    assert _only(store).name == "Biblioteca Rudy"


@pytest.mark.races
def test_concurrent_venue_change_is_refused_once(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    ana.post("/org/sedes/chicago/nueva", **venue_form())
    path = f"/org/sedes/chicago/{_only(store).id}"
    form, start = fields(ana.get(path).text, path), threading.Barrier(2)

    def change(field: str) -> int:
        staff_client = StaffClient(app.test_client(use_cookies=False), ana.cookie, ana.form_token)
        start.wait()
        return staff_client.post(path, **form | {field: "60"}).status_code

    with ThreadPoolExecutor(2) as two:
        answers = sorted(two.map(change, ("capacity", "area")))
    assert answers == [303, 409]


def test_retired_venue_cannot_be_chosen_but_stays_in_its_workshops(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        place = venue(session, chicago)
        upcoming_workshop = make_workshop(session, chicago, rights, venue=place)
    assert "1 taller por venir" in words(ana.get("/org/sedes"))
    ana.post(f"/org/sedes/chicago/{place.id}", do="retire")
    assert "Biblioteca de Pilsen" not in words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert "Biblioteca de Pilsen" in words(
        ana.get(f"/org/talleres/{upcoming_workshop.public_id}/editar")
    )
    assert "1 retirada" in words(ana.get("/org/sedes"))
    answer = ana.post("/org/talleres/nuevo", **typed(venue=str(place.id)))
    assert answer.status_code == 422
    ana.post(f"/org/sedes/chicago/{place.id}", do="offer")
    assert "Biblioteca de Pilsen" in words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert [each[0] for each in _audit_entries(store)] == ["venue retired", "venue offered"]


def test_access_instructions_are_shown_with_the_address_only(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    note = {"es": "Canario: entra por la calle 18."}
    with store.change() as session:
        place = venue(session, chicago, access=note)
        workshop = make_workshop(session, chicago, rights, venue=place)
        hidden = make_workshop(
            session, chicago, rights, venue=place, visibility=Visibility.REGISTERED, starts=time(9)
        )
    assert "Canario" in ana.client.get(f"/es/t/{workshop.public_id}").text
    for path in (f"/es/t/{hidden.public_id}", "/es/", f"/api/v1/workshops/{hidden.public_id}"):
        assert "Canario" not in ana.client.get(path).text


def test_venues_are_listed_for_own_offices_only(
    app: Flask, store: Store, chicago: Office, calgary: Office
) -> None:
    with store.change() as session:
        foreign_venue = venue(session, calgary, "Refugio del norte")
        venue(session, chicago)
    ana = signed_in_as(app, store, employ(store))
    assert "Refugio" not in words(ana.get("/org/sedes"))
    assert ana.get(f"/org/sedes/chicago/{foreign_venue.id}").status_code == 404
    assert ana.post(f"/org/sedes/chicago/{foreign_venue.id}", **venue_form()).status_code == 404
    elena = signed_in_as(app, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    page_text = words(elena.get("/org/sedes"))
    assert "Refugio del norte" in page_text
    assert "Biblioteca de Pilsen" in page_text


def _only(store: Store) -> Venue:
    with store.read() as session:
        return session.scalars(sa.select(Venue)).one()


def _count(store: Store) -> int:
    with store.read() as session:
        return change_counters.read(session, "chicago")[0]


def _notification_types(store: Store, workshop: Workshop) -> list[NotificationType]:
    with store.read() as session:
        return list(
            session.scalars(
                sa.select(Notification.cause)
                .join(Registration, Registration.id == Notification.registration_id)
                .where(Registration.workshop_id == workshop.id)
                .order_by(Notification.id)
            )
        )


def _audit_entries(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]
