"""The address of a hidden workshop is on no public page, in no file, and cannot be found by search
(S13)."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.limits import UNLIMITED
from tests.support.public_urls import FurnishedSite, in_every_status, manage_token

pytestmark = pytest.mark.any_database

MEETING_POINT: Final = "Frente a la fuente"
CANARY: Final = re.compile(r"canari|41[.,]1234|87[.,]1234", re.IGNORECASE)


@pytest.fixture
def unlimited_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(limits=UNLIMITED)


def create_hidden_workshops(
    store: Store, office: Office, kind: Kind, visibility: Visibility
) -> dict[str, Workshop]:
    """Returns workshops of every status at a hidden address."""
    found: dict[str, Workshop] = {}
    with store.change() as session:
        for status in WorkshopStatus:
            place = venue(
                session,
                office,
                name=f"Casa Canaria {status}",
                address="Calle Canario 99",
                latitude=41.123456,
                longitude=-87.123456,
                meeting_point={"es": MEETING_POINT},
            )
            is_past = status in {WorkshopStatus.HELD, WorkshopStatus.NOT_HELD}
            workshop = make_workshop(
                session,
                office,
                kind,
                venue=place,
                visibility=visibility,
                online_url="https://sala.example/canario",
                day=clock.now().date() + timedelta(days=-2 if is_past else 7),
            )
            workshop.status = status
            found[status] = workshop
        for name, way in (("open", Way.OPEN), ("phone", Way.PHONE), ("unlisted", Way.UNLISTED)):
            found[name] = make_workshop(
                session, office, kind, venue=place, visibility=visibility, way=way
            )
        found["full"] = make_workshop(
            session, office, kind, venue=place, visibility=visibility, capacity=0
        )
    return found


def crawl(site: FurnishedSite) -> Iterator[TestResponse]:
    """Yields the response of every public page."""
    client = site.app.test_client()
    for _, path in site.addresses():
        yield client.get(path)
    for _, path in site.addresses("POST"):
        yield client.post(path, data={"name": ""})
        yield site.post(client, path)


def text_of(answer: TestResponse) -> str:
    """Returns the text of a response; also of a spreadsheet."""
    if answer.data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as sheet:
            return " ".join(sheet.read(name).decode() for name in sheet.namelist())
    return answer.get_data().decode("utf-8", "replace")


@pytest.mark.thorough
@pytest.mark.any_database("the text of pages")
@pytest.mark.parametrize(
    ("visibility", "is_discreet"),
    [
        pytest.param(
            each,
            is_discreet,
            id=f"{each}, {'discreet' if is_discreet else 'plain'}",
            # The strictest case; the others only with --long.
            marks=[] if each is Visibility.APPROVED and is_discreet else pytest.mark.long,
        )
        for each in Visibility
        for is_discreet in (True, False)
    ],
)
def test_hidden_address_is_on_no_public_page(
    unlimited_app: Flask,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    visibility: Visibility,
    is_discreet: bool,
) -> None:
    kind = women if is_discreet else rights
    workshops = create_hidden_workshops(store, chicago, kind, visibility)
    links = in_every_status(store, key_store, workshops[WorkshopStatus.PUBLISHED])
    # With other visibilities a seat is enough to read the address.
    if visibility not in {Visibility.APPROVED, Visibility.PHONE_ONLY}:
        links = {
            way: each for way, each in links.items() if not way.startswith(("seated", "asked"))
        }
    links["full"] = manage_token(key_store, seat(store, key_store, workshops["full"]))
    site = FurnishedSite(unlimited_app, workshops, links, "x" * 22, ())
    revealing = {
        answer.request.path: found[0]
        for answer in crawl(site)
        if (found := CANARY.search(text_of(answer)))
    }
    if visibility is not Visibility.PUBLIC:
        assert revealing == {}
        return
    # Public addresses are shown, but never in a calendar of a discreet kind.
    assert revealing
    assert not [path for path in revealing if workshops[WorkshopStatus.DRAFT].public_id in path]
    if is_discreet:
        assert not [path for path in revealing if path.endswith((".ics", ".json", ".csv", ".xlsx"))]


@pytest.mark.parametrize("typed", ["Casa Canaria published", "Calle Canario 99", "Canaria"])
def test_hidden_address_cannot_be_found_by_search(
    unlimited_app: Flask, store: Store, chicago: Office, women: Kind, typed: str
) -> None:
    """A search by it finds what it finds once the venues have another name and address."""
    create_hidden_workshops(store, chicago, women, Visibility.REGISTERED)
    client, paths = unlimited_app.test_client(), ("/es/", "/en/calendario", "/fr/cal/red.ics")

    def list_results() -> list[str]:
        return [client.get(path, query_string={"donde": typed}).text for path in paths]

    by_its_address = list_results()
    with store.change() as session:
        for each in session.scalars(sa.select(Venue)):
            each.name, each.address = f"Otra casa {each.id}", f"Calle Que No Hay {each.id}"
    assert list_results() == by_its_address


def test_moving_a_venue_behind_its_meeting_point_changes_no_public_byte(
    unlimited_app: Flask, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    """Distance and order follow the area, never the venue or its meeting point."""
    with store.change() as session:
        point = {"es": MEETING_POINT}
        near, far = (
            venue(session, chicago, name=f"Casa {name}", address=f"{name} 1", meeting_point=point,
                  latitude=41.9 if name == "Cerca" else 41.1, longitude=-87.6)
            for name in ("Cerca", "Lejos")
        )  # fmt: skip
        found = [
            make_workshop(session, chicago, kind, venue=place, visibility=visibility)
            for kind, visibility in ((women, Visibility.APPROVED), (rights, Visibility.REGISTERED))
            for place in (near, far)
        ]
    paths = [
        "/es/", "/es/?donde=60608", "/es/?donde=Joliet", "/es/?tipo=K7QX", "/es/o/chicago",
        "/es/cal/red.ics", "/es/cal/red.ics?tipo=K7QX", "/es/cal/red.json", "/api/v1/workshops",
        *(f"/es/t/{each.public_id}" for each in found),
    ]  # fmt: skip

    def everything() -> list[str]:
        client = unlimited_app.test_client()
        return [client.get(path).text for path in paths]

    before = everything()
    for page in before[-len(found) :]:
        assert MEETING_POINT in page
    with store.change() as session:  # as it is stored, without the instant of the change
        values = {"name": "Otra casa", "address": "Calle 9", "latitude": 41.0, "longitude": -88.0}
        session.execute(sa.update(Venue).where(Venue.id == near.id).values(**values))
    assert everything() == before
