"""New discreet workshops show their address to who has a seat in the office's own rooms, and to
approved people anywhere else (S13); moving one never loosens it (S32)."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import bulk, recurrence, tours, workshop_data
from outreach.domain.scheduling.tours import TourStopData
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, office, seat, venue
from tests.support.html_forms import fields
from tests.support.import_files import bring, csv_of, load, row, seen
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_venues import change_venue, venue_form

pytestmark = pytest.mark.any_database("rules of the domain")

OWN, FOREIGN = Visibility.REGISTERED, Visibility.APPROVED
ROOM: Final = "Sala del consulado"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, women: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture(params=[True, False], ids=["own room", "elsewhere"])
def place(request: pytest.FixtureRequest, store: Store, chicago: Office) -> Venue:
    with store.change() as session:
        return venue(session, chicago, name=ROOM, is_own_room=request.param)


def expected(place: Venue) -> Visibility:
    return OWN if place.is_own_room else FOREIGN


def only_new(store: Store, *known: Workshop) -> Workshop:
    with store.read() as session:
        ids = [each.id for each in known]
        return session.scalars(sa.select(Workshop).where(Workshop.id.not_in(ids))).one()


def test_form_of_a_new_workshop_follows_the_venue_and_says_why(
    ana: StaffClient, store: Store, place: Venue
) -> None:
    path = "/org/talleres/nuevo"
    page = ana.get(f"{path}?tipo=K7QX&oficina=chicago")
    assert "en cualquier otra solo quien tú apruebes, porque" in words(page)
    sent = fields(page.text, path)
    sent |= {
        "venue": str(place.id), "day": (clock.now().date() + timedelta(days=9)).isoformat(),
        "starts": "10:00", "action": "draft",
    }  # fmt: skip
    assert ana.post(path, **sent).status_code == 303
    made = only_new(store)
    assert made.visibility is expected(place)
    edit = ana.get(f"/org/talleres/{made.public_id}/editar")
    is_own = "Esta sala es de la oficina" in words(edit)
    is_foreign = "no es en una sala de la oficina" in words(edit)
    assert (is_own, is_foreign) == (place.is_own_room, not place.is_own_room)
    assert fields(edit.text, f"/org/talleres/{made.public_id}/editar")["visibility"] == "by_venue"


def test_organizer_may_choose_otherwise(ana: StaffClient, store: Store, place: Venue) -> None:
    path = "/org/talleres/nuevo"
    sent = fields(ana.get(f"{path}?tipo=K7QX&oficina=chicago").text, path)
    sent |= {
        "venue": str(place.id), "day": (clock.now().date() + timedelta(days=9)).isoformat(),
        "starts": "10:00", "action": "draft", "visibility": "phone_only",
    }  # fmt: skip
    assert ana.post(path, **sent).status_code == 303
    assert only_new(store).visibility is Visibility.PHONE_ONLY


def test_copies_follow_the_venue(
    ana: StaffClient, store: Store, chicago: Office, women: Kind, place: Venue
) -> None:
    with store.change() as session:
        first = make_workshop(session, chicago, women, venue=session.merge(place))
    path = f"/org/talleres/{first.public_id}/clonar"
    sent = fields(ana.get(path).text, path)
    sent |= {"day": (first.day + timedelta(days=7)).isoformat(), "action": "draft"}
    answer = ana.post(path, **sent)
    if answer.status_code == 409:  # a holiday is asked about once
        answer = ana.post(path, **fields(answer.text, path) | {"action": "draft"})
    assert answer.status_code == 303
    assert only_new(store, first).visibility is expected(place)
    assert first.visibility is OWN, "workshops that are made already keep theirs"


def test_planned_dates_follow_the_venue(
    store: Store, chicago: Office, women: Kind, place: Venue
) -> None:
    """As the month planner and the repetition of a workshop make them."""
    with store.change() as session:
        base = default_data(session, chicago, women)
        data = replace(base, venue=session.merge(place))
        [made] = recurrence.create_workshops(session, [data], nonce="n" * 22, now=clock.now())
        assert made.visibility is expected(place)


def default_data(session: Session, office: Office, kind: Kind) -> workshop_data.WorkshopData:
    office, kind = session.merge(office, load=False), session.merge(kind, load=False)
    day = clock.now().date() + timedelta(days=9)
    return workshop_data.from_kind(kind, office, day, time(10))


def test_stop_of_a_tour_follows_the_venue(
    store: Store, chicago: Office, women: Kind, place: Venue
) -> None:
    with store.change() as session:
        office = session.merge(chicago, load=False)
        tour = tours.add(session, office, "Gira", "n" * 22, now=clock.now())
        stop = TourStopData(
            day=clock.now().date() + timedelta(days=9), starts=time(10), ends=time(12),
            city="Chicago", region="IL", venue=session.merge(place), kinds=Codes(["mujeres"]),
        )  # fmt: skip
        tours.add_stop(session, tour, stop, now=clock.now())
        session.flush()
        assert session.scalars(sa.select(Workshop)).one().visibility is expected(place)


@pytest.mark.parametrize("is_own_room", [True, False])
def test_loaded_workshops_follow_the_address(
    ana: StaffClient, store: Store, is_own_room: bool
) -> None:
    with store.change() as session:
        session.execute(sa.update(Office).values(address="204 S. Ejemplo Ave., Chicago, IL 60607"))
    address = "204 S. Éjemplo Ave" if is_own_room else "9 S. Ejemplo Ave."
    sheet = csv_of(row(id="W-9", kind="mujeres", venue="Sala B", address=address))
    answer = load(ana, seen(ana, bring(ana, sheet)))
    assert answer.status_code == 303, words(answer)
    assert only_new(store).visibility is (OWN if is_own_room else FOREIGN)


def test_moving_never_loosens(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        own = venue(session, chicago, name=ROOM, is_own_room=True)
        shelter = venue(session, chicago, name="Refugio")
        workshop = make_workshop(session, chicago, women, venue=own)
    seat(store, key_store, workshop)
    with store.change() as session:
        found = session.get_one(Workshop, workshop.id)
        bulk.Reschedule(venue=session.get_one(Venue, shelter.id))(session, found, clock.now())
        assert (found.venue_id, found.visibility) == (shelter.id, FOREIGN)
        bulk.Reschedule(venue=session.get_one(Venue, own.id))(session, found, clock.now())
        assert (found.venue_id, found.visibility) == (own.id, FOREIGN)
    # «By venue» in the form of a published workshop: at least what its people were promised.
    path = f"/org/talleres/{workshop.public_id}/editar"
    sent = fields(ana.get(path).text, path) | {"visibility": "by_venue", "action": "save"}
    assert ana.post(path, **sent).status_code == 303
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).visibility is FOREIGN


def test_tick_of_a_venue_changes_no_workshop(
    ana: StaffClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        shelter = venue(session, chicago)
        workshop = make_workshop(session, chicago, women, venue=shelter, visibility=FOREIGN)
    assert change_venue(ana, shelter.id, is_own_room="yes").status_code == 303
    with store.read() as session:
        assert session.get_one(Venue, shelter.id).is_own_room
        assert session.get_one(Workshop, workshop.id).visibility is FOREIGN


@pytest.mark.any_database("no query")
@pytest.mark.parametrize(
    ("address", "city", "is_own"),
    [
        ("204 S. Ejemplo Ave.", "Chicago", True),
        ("204 s ejemplo ave", "CHICAGO", True),
        ("204 S. Ejemplo Ave., Chicago", "Chicago", True),
        ("204 S. Ejemplo", "Chicago", False),
        ("204 S. Ejemplo Ave.", "Cicero", False),
        ("2204 S. Ejemplo Ave.", "Chicago", False),
        ("", "Chicago", False),
    ],
)
def test_own_room_has_the_address_of_the_office(address: str, city: str, is_own: bool) -> None:
    own = office("chicago", "Chicago", "IL", "America/Chicago")
    own.address = "204 S. Ejemplo Ave., Chicago, IL 60607"
    assert venues.is_at_office(own, address, city) is is_own


def test_new_venue_at_the_office_is_an_own_room(ana: StaffClient, store: Store) -> None:
    with store.change() as session:
        session.execute(sa.update(Office).values(address="1805 S. Ejemplo St."))
    assert ana.post("/org/sedes/chicago/nueva", **venue_form()).status_code == 303
    other = venue_form(name="Otra", address="9 S. Ejemplo St.")
    assert ana.post("/org/sedes/chicago/nueva", **other).status_code == 303
    with store.read() as session:
        found = {each.name: each.is_own_room for each in session.scalars(sa.select(Venue))}
    assert found == {"Biblioteca de Pilsen": True, "Otra": False}


@pytest.mark.parametrize(
    "secret",
    [
        "En la biblioteca de Pilsen",
        "Por el 1805 de la Ejemplo",
        "1805 S. Ejemplo St., atrás",
    ],
)
def test_meeting_point_that_tells_the_address_is_refused(
    ana: StaffClient, store: Store, secret: str
) -> None:
    answer = ana.post("/org/sedes/chicago/nueva", **venue_form(meeting_point_es=secret))
    assert answer.status_code == 422
    assert "no escribas ahí el nombre ni la calle" in words(answer)
    assert secret in words(answer)
    with store.read() as session:
        assert session.scalars(sa.select(Venue)).all() == []


@pytest.mark.parametrize("visibility", list(Visibility))
def test_meeting_point_is_public_where_the_address_is_hidden(
    app: Flask, store: Store, chicago: Office, women: Kind, visibility: Visibility
) -> None:
    point = {"es": "Frente a la fuente", "en": "By the fountain"}
    with store.change() as session:
        place = venue(session, chicago, meeting_point=point)
        workshop = make_workshop(session, chicago, women, venue=place, visibility=visibility)
    client = app.test_client()
    is_shown = visibility in {Visibility.REGISTERED, Visibility.APPROVED}
    for lang, text in (("es", "Frente a la fuente"), ("en", "By the fountain")):
        page = client.get(f"/{lang}/t/{workshop.public_id}").text
        assert (text in page) is is_shown, lang
        assert ("1805" in page) is (visibility is Visibility.PUBLIC)
