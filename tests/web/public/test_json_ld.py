"""What a page says to programs of its workshops: no more than the page, and nothing discreet."""

import json
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from tests.conftest import hold, venue
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("what pages say to programs")

SITE = "http://localhost:8000"
SCHEMA = "https://schema.org/"


class Scripts(HTMLParser):
    """The data of a page, as a browser finds its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.data: list[str] = []
        self._is_within = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_within = tag == "script" and ("type", "application/ld+json") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._is_within = False

    def handle_data(self, data: str) -> None:
        if self._is_within:
            self.data.append(data)


def linked(client: FlaskClient, path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return [json.loads(each) for each in Scripts(answer.text).data]


def listed(client: FlaskClient, path: str) -> list[Any]:
    [found] = linked(client, path)
    assert found["@context"] == "https://schema.org"
    assert found["@type"] == "ItemList"
    items = found["itemListElement"]
    assert [each["position"] for each in items] == list(range(1, len(items) + 1))
    return [each["item"] for each in items]


@pytest.fixture
def talk(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        here = venue(session, chicago, latitude=41.85, longitude=-87.65)
        return hold(session, chicago, rights, venue=here, languages=Codes(["es", "nah"]))


def test_workshop_page_has_json_ld_of_the_event(client: FlaskClient, talk: Workshop) -> None:
    [event] = linked(client, f"/en/t/{talk.public_id}")
    url = f"{SITE}/en/t/{talk.public_id}"
    starts = talk.starts_at.astimezone(talk.zone)
    assert event == {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": "Know your rights",
        "description": "Qué decir, qué no firmar y a quién llamar.",
        "startDate": starts.isoformat(),
        "endDate": (starts + timedelta(hours=2)).isoformat(),
        "eventStatus": f"{SCHEMA}EventScheduled",
        "eventAttendanceMode": f"{SCHEMA}OfflineEventAttendanceMode",
        "location": {
            "@type": "Place",
            "name": "Biblioteca de Pilsen",
            "address": {
                "@type": "PostalAddress",
                "streetAddress": "1805 S. Ejemplo St.",
                "addressLocality": "Chicago",
                "addressRegion": "IL",
            },
            "geo": {"@type": "GeoCoordinates", "latitude": 41.85, "longitude": -87.65},
        },
        "inLanguage": ["es", "nah"],
        "isAccessibleForFree": True,
        "organizer": {
            "@type": "Organization",
            "name": "Consulate in Chicago",
            "url": f"{SITE}/en/o/chicago",
        },
        "offers": {"@type": "Offer", "price": 0, "priceCurrency": "USD", "url": url},
    }
    offset = datetime.fromisoformat(event["startDate"]).utcoffset()
    assert offset in {timedelta(hours=-6), timedelta(hours=-5)}


def test_list_and_office_pages_have_json_ld_of_their_workshops_in_order(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, talk: Workshop
) -> None:
    with store.change() as session:
        sooner = hold(session, chicago, rights, day=talk.day - timedelta(days=1))
        workshop_service.cancel(session, sooner, now=clock.now())
    for path in ("/es/", "/es/?donde=Chicago", "/es/o/chicago"):
        first, second = listed(client, path)
        assert first["url"] == f"{SITE}/es/t/{sooner.public_id}"
        assert first["eventStatus"] == f"{SCHEMA}EventCancelled"
        assert second == {
            "@type": "Event",
            "url": f"{SITE}/es/t/{talk.public_id}",
            "name": "Conoce tus derechos",
            "startDate": talk.starts_at.astimezone(talk.zone).isoformat(),
            "eventStatus": f"{SCHEMA}EventScheduled",
            "eventAttendanceMode": f"{SCHEMA}OfflineEventAttendanceMode",
            "location": {
                "@type": "Place",
                "name": "Biblioteca de Pilsen",
                "address": {
                    "@type": "PostalAddress",
                    "addressLocality": "Chicago",
                    "addressRegion": "IL",
                },
            },
        }


def test_json_ld_of_a_cached_list_changes_with_its_workshops(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    assert listed(client, "/es/")[0]["eventStatus"] == f"{SCHEMA}EventScheduled"
    with store.change() as session:
        workshop_service.cancel(session, workshops.find(session, talk.public_id), now=clock.now())
    assert listed(client, "/es/")[0]["eventStatus"] == f"{SCHEMA}EventCancelled"


def test_json_ld_of_an_online_workshop_has_no_meeting_link(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    online = {"online_url": "https://sala.example/canario"}
    with store.change() as session:
        room = hold(session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None, **online)
        both = hold(session, chicago, rights, mode=DeliveryMode.HYBRID, **online)
        phone = hold(session, chicago, rights, mode=DeliveryMode.PHONE_BANK, venue=None)
    found = {}
    for each in (room, both, phone):
        path = f"/es/t/{each.public_id}"
        assert "canario" not in client.get(path).text
        [event] = linked(client, path)
        found[each.public_id] = event
    url = f"{SITE}/es/t/{room.public_id}"
    assert found[room.public_id]["location"] == {
        "@type": "VirtualLocation",
        "name": "En línea",
        "url": url,
    }
    modes = [found[each.public_id]["eventAttendanceMode"] for each in (room, both, phone)]
    kinds = ("Online", "Mixed", "Online")
    assert modes == [f"{SCHEMA}{kind}EventAttendanceMode" for kind in kinds]
    place, there = found[both.public_id]["location"]
    assert (place["@type"], there["@type"]) == ("Place", "VirtualLocation")
    assert found[phone.public_id]["location"]["name"] == "Por teléfono"


def test_discreet_and_unlisted_workshops_have_no_json_ld(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind, talk: Workshop
) -> None:
    secret: dict[str, Any] = {
        "title": {"es": "Círculo canario"},
        "summary": {"es": "Con Canaria"},
        "facilitator": "Lic. Canario",
        "phone": "312 555 0177",
        "online_url": "https://sala.example/canario",
    }
    with store.change() as session:
        secret["venue"] = venue(session, chicago, "Casa Canaria", address="Calle Canario 99")
        hidden = [
            hold(session, chicago, women, **secret),
            hold(session, chicago, women, **secret, visibility=Visibility.PUBLIC),
            hold(session, chicago, rights, **secret, way=Way.UNLISTED),
        ]
    assert "Círculo canario" in client.get("/es/").text, "for who looks, it is on the list"
    for path in ("/es/", "/en/", "/es/?donde=Chicago", "/es/o/chicago", "/fr/o/chicago"):
        [item] = listed(client, path)
        assert item["url"].endswith(talk.public_id)
        assert "canari" not in json.dumps(item).lower()
    for each in hidden:
        assert linked(client, f"/es/t/{each.public_id}") == []
    for asked in ("tipo=K7QX", "tipo=mujeres", "tipo=derechos&tipo=K7QX"):
        assert linked(client, f"/es/?{asked}") == []


def test_json_ld_of_a_hidden_address_has_only_city_and_state(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        known = {"address": "Calle Canario 99", "area": "Zona Canaria"}
        here = venue(session, chicago, "Casa Canaria", latitude=41.1, longitude=-87.1, **known)
        held = hold(session, chicago, rights, venue=here, visibility=Visibility.REGISTERED)
    for path in (f"/es/t/{held.public_id}", "/es/", "/es/o/chicago"):
        [event] = listed(client, path) if "/t/" not in path else linked(client, path)
        assert event["location"] == {
            "@type": "Place",
            "name": "Chicago",
            "address": {
                "@type": "PostalAddress",
                "addressLocality": "Chicago",
                "addressRegion": "IL",
            },
        }


def test_html_in_a_title_is_escaped_in_json_ld(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    title = "</script><script>alert(1)</script><!-- & \u2028 \"'"
    with store.change() as session:
        held = hold(session, chicago, rights, title={"es": title})
    for path in (f"/es/t/{held.public_id}", "/es/", "/es/o/chicago"):
        text = client.get(path).text
        [data] = Scripts(text).data
        assert not set("<>&\u2028") & set(data)
        found = json.loads(data)
        event = found if "/t/" in path else found["itemListElement"][0]["item"]
        assert event["name"] == title
        assert "<script>alert" not in text


def test_list_and_office_pages_link_to_feeds_with_the_same_filters(
    client: FlaskClient, chicago: Office, rights: Kind, women: Kind
) -> None:
    def named(path: str) -> list[tuple[str | None, str | None]]:
        tags = Page(client.get(path).text).tags
        return [
            (has["type"], has["href"])
            for tag, has in tags
            if tag == "link" and has["rel"] == "alternate" and "/cal/" in (has["href"] or "")
        ]

    for path, name, query in (
        ("/es/", "es/cal/red", ""),
        ("/fr/o/chicago", "fr/cal/chicago", ""),
        ("/es/?idioma=es&tipo=derechos", "es/cal/red", "?tipo=derechos&idioma=es"),
    ):
        found = named(path)
        assert found == [
            ("text/calendar", f"/{name}.ics{query}"),
            ("application/atom+xml", f"/{name}.atom{query}"),
            ("application/feed+json", f"/{name}.json{query}"),
        ]
        for mimetype, address in found:
            answer = client.get(address or "")
            assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert named("/es/?tipo=K7QX") == []
