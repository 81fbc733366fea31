"""Mobilizon and gancio can read the actor, the outbox and the events (S42)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from flask import Flask

from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from tests.conftest import make_workshop
from tests.extensions.activitypub import gancio_reader, mobilizon_reader
from tests.extensions.activitypub.fediverse_server import HOST, FediverseScene
from tests.support.fixed_clock import FIXED_NOW, fixed_clock

pytestmark = [fixed_clock, pytest.mark.any_database("what other servers read")]

BASE = f"http://{HOST}"
STREET = "1805 S. Ejemplo St."


def read_outbox(scene: FediverseScene) -> list[dict[str, object]]:
    collection = scene.get(f"{scene.actor()}/outbox")
    return mobilizon_reader.read_outbox(collection, scene.get(collection["first"]))


def test_webfinger_leads_both_to_the_actor(scene: FediverseScene) -> None:
    found = scene.get(f"{BASE}/.well-known/webfinger?resource=acct:chicago@{HOST}")
    assert mobilizon_reader.read_webfinger(found) == scene.actor()
    answer = scene.client.get(f"/.well-known/webfinger?resource=acct:Chicago@{HOST.upper()}")
    assert answer.mimetype == "application/jrd+json"


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("", 400),
        (f"acct:nada@{HOST}", 404),
        ("acct:chicago@other.example", 404),
        ("chicago", 404),
        (f"acct:@{HOST}", 404),
        (f"{BASE}/ap/o/chicago", 200),
        (f"acct:chi\0@{HOST}", 404),
    ],
)
def test_webfinger_of_what_there_is_not(scene: FediverseScene, resource: str, status: int) -> None:
    answer = scene.client.get("/.well-known/webfinger", query_string={"resource": resource})
    assert answer.status_code == status


def test_actor_is_read_by_both(scene: FediverseScene) -> None:
    answer = scene.client.get("/ap/o/chicago")
    assert answer.content_type == "application/activity+json; charset=utf-8"
    actor = scene.get(scene.actor())
    found = mobilizon_reader.read_actor(actor)
    assert (found["type"], found["preferred_username"]) == ("Group", "chicago")
    assert found["name"] == "Consulado en Chicago"
    assert gancio_reader.read_actor(actor)["inbox"] == f"{BASE}/ap/inbox"
    assert scene.client.get(actor["url"].removeprefix(BASE)).status_code == 200
    assert scene.get(actor["followers"])["totalItems"] == 0


def test_nodeinfo_is_read_by_both(scene: FediverseScene) -> None:
    answer = scene.client.get("/.well-known/nodeinfo")
    assert answer.json is not None
    address = mobilizon_reader.read_nodeinfo(answer.json, answer.content_type)
    found = scene.get(address)
    assert gancio_reader.read_nodeinfo(found) == "Talleres"
    assert found["version"] == "2.1"
    assert found["protocols"] == ["activitypub"]


def test_event_is_read_by_both_with_zone_city_and_picture(
    scene: FediverseScene, workshop: Workshop
) -> None:
    scene.run()
    (event,) = read_outbox(scene)
    assert event["title"] == "Conoce tus derechos"
    assert event["begins_on"] == datetime(2026, 12, 6, 0, 0, tzinfo=UTC)
    assert event["ends_on"] == datetime(2026, 12, 6, 2, 0, tzinfo=UTC)
    assert event["timezone"] == "America/Chicago"
    assert event["status"] == "confirmed"
    assert event["join_options"] == "external"
    assert event["external_participation_url"] == f"{BASE}/es/t/{workshop.public_id}"
    assert event["online_address"] == f"{BASE}/es/t/{workshop.public_id}"
    assert event["visibility"] == "public"
    assert event["address"] == {
        "description": "Chicago, IL",
        "geom": None,
        "addressCountry": "US",
        "addressRegion": "IL",
        "addressLocality": "Chicago",
        "streetAddress": None,
        "postalCode": None,
    }
    single = scene.get(f"{BASE}/ap/e/{workshop.uid}")
    assert single["startTime"] == "2026-12-05T18:00:00-06:00"
    assert single["contentMap"]["en"] != single["contentMap"]["fr"]
    assert single["mediaType"] == "text/html"
    read = gancio_reader.read_event(single)
    assert read["place"] == "Chicago, IL (Chicago, IL, US)"
    assert read["start"] == datetime(2026, 12, 6, tzinfo=UTC).timestamp()
    picture = scene.client.get(str(read["picture"]).removeprefix(BASE))
    assert picture.mimetype == "image/png"
    assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_online_event_has_no_place_on_this_earth(
    scene: FediverseScene, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        made = make_workshop(
            session, chicago, rights, day=date(2026, 12, 5),
            mode=DeliveryMode.VIDEO_CALL, venue=None, online_url="https://meet.example.org/x",
        )  # fmt: skip
    scene.run()
    single = scene.get(f"{BASE}/ap/e/{made.uid}")
    assert "meet.example.org" not in str(single)
    page = f"{BASE}/es/t/{made.public_id}"
    assert gancio_reader.read_event(single)["online"] == [page]
    read = mobilizon_reader.read_event(single)
    assert read["is_online"] is True
    assert read["address"]["addressLocality"] is None


def test_event_says_no_street_no_venue_and_no_free_text(
    scene: FediverseScene, store: Store, workshop: Workshop
) -> None:
    with store.change() as session:
        found = workshops.find(session, workshop.public_id)
        venue = found.venue
        assert venue is not None
        name = venue.name
        data = replace(
            workshop_service.get_data(found),
            title={"es": f"Derechos en {name.upper()}"},
            summary={"es": f"En {STREET}, segundo piso"},
            bring={"es": "La llave de la sala"},
        )
        workshop_service.change(session, found, data, now=FIXED_NOW)
    scene.run()
    text = scene.client.get(f"/ap/e/{workshop.uid}").text
    text += scene.client.get("/ap/o/chicago/outbox?page=1").text
    for word in (STREET, name, name.upper(), "segundo piso", "llave", "0142"):
        assert word not in text, word
    assert "Tus derechos" in text


def test_outbox_has_pages_the_latest_first(
    scene: FediverseScene, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for minute in range(23):
            make_workshop(session, chicago, rights, day=date(2026, 12, 5), starts=time(17, minute))
    scene.run()
    collection = scene.get(f"{scene.actor()}/outbox")
    assert collection["totalItems"] == 23
    first = scene.get(collection["first"])
    second = scene.get(first["next"])
    sizes = [len(each["orderedItems"]) for each in (first, second)]
    assert sizes == [20, 3]
    assert "next" not in second
    ids = {each["object"]["id"] for page in (first, second) for each in page["orderedItems"]}
    assert len(ids) == 23
    for number in ("-1", "20000"):
        assert scene.client.get(f"/ap/o/chicago/outbox?page={number}").status_code == 404


def test_off_none_of_its_addresses_is_there(
    make_app: Callable[..., Flask], chicago: Office, workshop: Workshop
) -> None:
    client = make_app(extensions=()).test_client()
    paths = (
        f"/.well-known/webfinger?resource=acct:chicago@{HOST}",
        "/.well-known/nodeinfo",
        "/ap/nodeinfo/2.1",
        "/ap/o/chicago",
        "/ap/o/chicago/outbox",
        "/ap/o/chicago/followers",
        f"/ap/e/{workshop.uid}",
        f"/ap/e/{workshop.uid}/imagen-0.png",
    )
    assert {client.get(path).status_code for path in paths} == {404}
    assert client.post("/ap/inbox").status_code == 404
    assert client.post("/ap/o/chicago/inbox").status_code == 404


def test_picture_names_no_venue(scene: FediverseScene, store: Store, workshop: Workshop) -> None:
    """Its address is a hash of what it shows: another venue is no other picture."""

    def find_picture() -> str:
        return str(scene.get(f"{BASE}/ap/e/{workshop.uid}")["attachment"][0]["url"])

    scene.run()
    before = find_picture()
    with store.change() as session:
        place = session.get_one(Workshop, workshop.id).venue
        assert place is not None
        place.name, place.address = "Casa de María", "9 Otra Calle"
    assert find_picture() == before
    with store.change() as session:
        session.get_one(Workshop, workshop.id).title = {"es": "Otro título"}
    assert find_picture() != before
