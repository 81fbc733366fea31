"""The catalogue of venues, and what a change of one means for the workshops that are held there."""

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
from tests.conftest import hold, seat, venue
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def said(**changes: Any) -> dict[str, Any]:
    """The form of a venue, as Ana fills it."""
    plain = {
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
    return plain | changes


def changed(ana: StaffClient, venue_id: int, **changes: Any) -> TestResponse:
    """The answer to the form of a venue, opened and then filled as Ana fills it."""
    path = f"/org/sedes/chicago/{venue_id}"
    return ana.post(path, **fields(ana.get(path).text, path) | said(**changes))


def test_a_venue_is_kept_with_all_that_is_said_of_it_and_offered_in_the_form(
    ana: StaffClient, store: Store
) -> None:
    assert ana.post("/org/sedes/chicago/nueva", **said()).status_code == 303
    made = _only(store)
    assert (made.latitude, made.longitude, made.capacity) == (41.857, -87.669, 40)
    assert made.is_step_free
    assert made.access == {"es": "Entra por la calle 18.", "en": "Enter on 18th Street."}
    form = words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert "Biblioteca de Pilsen (caben 40)" in form
    again = ana.get(f"/org/sedes/chicago/{made.id}").text
    assert 'value="41.857, -87.669"' in again
    assert _journal(store) == [("venue created", f'{{"venue":{made.id}}}')]


@pytest.mark.parametrize(
    ("wrong", "told"),
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
def test_what_cannot_be_of_a_venue_is_said_beside_its_field(
    ana: StaffClient, store: Store, wrong: dict[str, Any], told: str
) -> None:
    answer = ana.post("/org/sedes/chicago/nueva", **said(**wrong))
    assert answer.status_code == 422
    assert words(answer).count(told) >= 2, "at the top and beside it"
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Venue)) == 0


@pytest.mark.any_database("it asks no database")
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
def test_a_point_is_read_as_maps_copy_it(text: str, point: tuple[float, float] | None) -> None:
    assert point_of(text) == point


def test_a_new_address_is_a_new_version_and_who_has_a_place_is_told(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        place = venue(session, chicago)
        ahead = hold(session, chicago, rights, venue=place)
        past = hold(session, chicago, rights, venue=place, day=date(2026, 1, 10))
        other = hold(session, chicago, rights)
    seat(store, key_store, ahead, contact=ContactMethod.EMAIL, address="rosa@example.com")
    seat(store, key_store, other, contact=ContactMethod.EMAIL, address="luz@example.com")
    before = _counted(store)
    answer = changed(ana, place.id, address="2000 W. Otra Ave.")
    assert answer.status_code == 303
    assert _counted(store) == before + 1, "feeds know"
    assert _causes(store, ahead) == [NotificationType.REGISTERED, NotificationType.CHANGED]
    assert _causes(store, other) == [NotificationType.REGISTERED]
    with store.read() as session:
        now = {each: session.get_one(Workshop, each.id) for each in (ahead, past, other)}
        assert now[ahead].sequence == ahead.sequence + 1
        assert now[ahead].changed_at > ahead.changed_at
        assert now[past].sequence == past.sequence
        assert now[other].sequence == other.sequence
    action, details = _journal(store)[-1]
    assert action == "venue changed"
    assert '"notified":1' in details
    assert '"workshops":1' in details


@pytest.mark.parametrize(
    ("change", "is_new_version"),
    [({"name": "Biblioteca Rudy"}, True), ({"position": "41.86, -87.67"}, True),
     ({"area": "Cerca del parque"}, False), ({"capacity": "50"}, False)],
)  # fmt: skip
def test_nobody_is_told_of_what_sends_nobody_to_the_wrong_door(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    change: dict[str, str], is_new_version: bool,
) -> None:  # fmt: skip
    ana.post("/org/sedes/chicago/nueva", **said())
    with store.change() as session:
        place = session.scalars(sa.select(Venue)).one()
        ahead = hold(session, chicago, rights, venue=place)
    seat(store, key_store, ahead, contact=ContactMethod.EMAIL, address="rosa@example.com")
    changed(ana, place.id, **change)
    assert _causes(store, ahead) == [NotificationType.REGISTERED]
    with store.read() as session:
        assert session.get_one(Workshop, ahead.id).sequence == ahead.sequence + is_new_version


def test_a_new_zone_keeps_the_hour_on_the_wall_and_moves_the_instant(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.merge(chicago).extra_zones = Codes(["America/Denver"])
    with store.change() as session:
        chicago = offices.find(session, "chicago")
        place = venue(session, chicago)
        ahead = hold(session, chicago, rights, venue=place)
        draft = hold(session, chicago, rights, venue=place, status=WorkshopStatus.DRAFT)
    seat(store, key_store, ahead, contact=ContactMethod.PHONE, address="+13125550142")
    changed(ana, place.id, zone="America/Denver")
    with store.read() as session:
        moved = session.get_one(Workshop, ahead.id)
        assert moved.starts == ahead.starts
        assert moved.starts_at - ahead.starts_at == timedelta(hours=1)
        assert session.get_one(Workshop, draft.id).zone.key == "America/Denver"
    assert _causes(store, ahead)[-1] is NotificationType.CHANGED


def test_two_venues_of_one_name_and_address_are_one_too_many(
    ana: StaffClient, store: Store
) -> None:
    ana.post("/org/sedes/chicago/nueva", **said())
    answer = ana.post("/org/sedes/chicago/nueva", **said())
    assert answer.status_code == 422
    assert "Ya hay una sede con ese nombre y esa dirección." in words(answer)
    ana.post("/org/sedes/chicago/nueva", **said(name="Otra"))
    with store.read() as session:
        other = session.scalars(sa.select(Venue.id).where(Venue.name == "Otra")).one()
    assert changed(ana, other).status_code == 422


@pytest.mark.parametrize("theirs", [{"capacity": "50"}, {"access_es": "Por el patio."}])
def test_an_older_page_of_a_venue_does_not_undo_what_somebody_else_changed(
    ana: StaffClient, store: Store, theirs: dict[str, str]
) -> None:
    ana.post("/org/sedes/chicago/nueva", **said())
    path = f"/org/sedes/chicago/{_only(store).id}"
    old = fields(ana.get(path).text, path)
    assert ana.post(path, **old | theirs).status_code == 303
    wrong = ana.post(path, **old | {"name": ""})
    assert wrong.status_code == 422
    late = ana.post(path, **fields(wrong.text, path) | {"name": "Biblioteca Rudy"})
    assert late.status_code == 409, "mending it made it no younger"
    assert "Alguien más lo cambió" in words(late)
    assert 'value="Biblioteca Rudy"' in late.text
    assert _only(store).name == "Biblioteca de Pilsen"
    assert ana.post(path, **fields(late.text, path)).status_code == 303
    assert _only(store).name == "Biblioteca Rudy"


@pytest.mark.races
def test_of_two_who_change_a_venue_at_once_one_is_told(
    app: Flask, ana: StaffClient, store: Store
) -> None:
    ana.post("/org/sedes/chicago/nueva", **said())
    path = f"/org/sedes/chicago/{_only(store).id}"
    form, start = fields(ana.get(path).text, path), threading.Barrier(2)

    def change(field: str) -> int:
        staff_client = StaffClient(app.test_client(use_cookies=False), ana.cookie, ana.form_token)
        start.wait()
        return staff_client.post(path, **form | {field: "60"}).status_code

    with ThreadPoolExecutor(2) as two:
        answers = sorted(two.map(change, ("capacity", "area")))
    assert answers == [303, 409]


def test_a_retired_venue_is_offered_no_more_but_stays_where_it_was_used(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        place = venue(session, chicago)
        ahead = hold(session, chicago, rights, venue=place)
    assert "1 taller por venir" in words(ana.get("/org/sedes"))
    ana.post(f"/org/sedes/chicago/{place.id}", do="retire")
    assert "Biblioteca de Pilsen" not in words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert "Biblioteca de Pilsen" in words(ana.get(f"/org/talleres/{ahead.public_id}/editar"))
    assert "1 retirada" in words(ana.get("/org/sedes"))
    answer = ana.post("/org/talleres/nuevo", **typed(venue=str(place.id)))
    assert answer.status_code == 422
    ana.post(f"/org/sedes/chicago/{place.id}", do="offer")
    assert "Biblioteca de Pilsen" in words(ana.get("/org/talleres/nuevo?tipo=derechos"))
    assert [each[0] for each in _journal(store)] == ["venue retired", "venue offered"]


def test_how_to_get_in_is_read_by_who_may_know_where_it_is(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    note = {"es": "Canario: entra por la calle 18."}
    with store.change() as session:
        place = venue(session, chicago, access=note)
        shown = hold(session, chicago, rights, venue=place)
        hidden = hold(
            session, chicago, rights, venue=place, visibility=Visibility.REGISTERED, starts=time(9)
        )
    assert "Canario" in ana.client.get(f"/es/t/{shown.public_id}").text
    for path in (f"/es/t/{hidden.public_id}", "/es/", f"/api/v1/workshops/{hidden.public_id}"):
        assert "Canario" not in ana.client.get(path).text


def test_each_sees_the_venues_of_their_own_offices(
    app: Flask, store: Store, chicago: Office, calgary: Office
) -> None:
    with store.change() as session:
        theirs = venue(session, calgary, "Refugio del norte")
        venue(session, chicago)
    ana = signed_in_as(app, store, employ(store))
    assert "Refugio" not in words(ana.get("/org/sedes"))
    assert ana.get(f"/org/sedes/chicago/{theirs.id}").status_code == 404
    assert ana.post(f"/org/sedes/chicago/{theirs.id}", **said()).status_code == 404
    elena = signed_in_as(app, store, employ(store, "e@example.org", Role.ADMIN, ALL_OFFICES))
    both = words(elena.get("/org/sedes"))
    assert "Refugio del norte" in both
    assert "Biblioteca de Pilsen" in both


def _only(store: Store) -> Venue:
    with store.read() as session:
        return session.scalars(sa.select(Venue)).one()


def _counted(store: Store) -> int:
    with store.read() as session:
        return change_counters.read(session, "chicago")[0]


def _causes(store: Store, workshop: Workshop) -> list[NotificationType]:
    with store.read() as session:
        return list(
            session.scalars(
                sa.select(Notification.cause)
                .join(Registration, Registration.id == Notification.registration_id)
                .where(Registration.workshop_id == workshop.id)
                .order_by(Notification.id)
            )
        )


def _journal(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)
        )
        return [(row[0], row[1]) for row in rows]
