"""JSON-LD of public pages: no more than the page shows, and nothing discreet."""

import json
from dataclasses import replace
from datetime import datetime, time, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import workshops
from outreach.domain.locations import venues
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from tests.conftest import make_workshop, venue
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("the JSON-LD of pages")

SITE = "http://localhost:8000"
SCHEMA = "https://schema.org/"


class JsonLdParser(HTMLParser):
    """The JSON-LD scripts of a page; a script ends where it ends for a browser."""

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


def json_ld(client: FlaskClient, path: str) -> list[Any]:
    """The JSON-LD objects of a page."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return [json.loads(each) for each in JsonLdParser(answer.text).data]


def listed_events(client: FlaskClient, path: str) -> list[Any]:
    """The events of a page whose JSON-LD is a list."""
    [found] = json_ld(client, path)
    assert found["@context"] == "https://schema.org"
    assert found["@type"] == "ItemList"
    items = found["itemListElement"]
    assert [each["position"] for each in items] == list(range(1, len(items) + 1))
    return [each["item"] for each in items]


@pytest.fixture
def talk(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        library = venue(session, chicago, latitude=41.85, longitude=-87.65)
        return make_workshop(
            session, chicago, rights, venue=library, languages=Codes(["es", "nah"])
        )


def test_workshop_page_has_json_ld_of_the_event(client: FlaskClient, talk: Workshop) -> None:
    [event] = json_ld(client, f"/en/t/{talk.public_id}")
    url = f"{SITE}/en/t/{talk.public_id}"
    starts = talk.starts_at.astimezone(talk.zone)
    assert talk.published_at is not None
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
                "addressCountry": "US",
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
        "offers": {
            "@type": "Offer",
            "price": 0,
            "priceCurrency": "USD",
            "url": url,
            "availability": f"{SCHEMA}InStock",
            "validFrom": talk.published_at.astimezone(talk.zone).isoformat("T", "seconds"),
        },
        "image": f"{url}/imagen-0.png",
    }
    assert client.get(f"/en/t/{talk.public_id}/imagen-0.png", follow_redirects=True).mimetype == (
        "image/png"
    )
    offset = datetime.fromisoformat(event["startDate"]).utcoffset()
    assert offset in {timedelta(hours=-6), timedelta(hours=-5)}


@pytest.mark.parametrize(
    ("capacity", "step"), [(0, "SoldOut"), (10, "LimitedAvailability"), (11, "InStock")]
)
def test_availability_is_one_of_three_steps(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, capacity: int, step: str
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=capacity)
    [event] = json_ld(client, f"/es/t/{workshop.public_id}")
    assert event["offers"]["availability"] == SCHEMA + step


def test_moved_workshop_is_rescheduled_from_its_former_start(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    address = f"/es/t/{talk.public_id}"

    def change(**changes: Any) -> Any:
        with store.change() as session:
            row = workshops.find(session, talk.public_id)
            data = replace(workshop_service.get_data(row), **changes)
            workshop_service.change(session, row, data, now=clock.now())
        [event] = json_ld(client, address)
        return event

    event = change(title={"es": "Otro título"})
    assert (event["eventStatus"], "previousStartDate" in event) == (
        f"{SCHEMA}EventScheduled",
        False,
    )

    event = change(day=talk.day + timedelta(days=7), starts=time(19), ends=time(21))
    assert event["eventStatus"] == f"{SCHEMA}EventRescheduled"
    assert event["previousStartDate"] == talk.starts_at.astimezone(talk.zone).isoformat()
    assert event["startDate"].startswith(f"{talk.day + timedelta(days=7)}T19:00")

    event = change(day=talk.day, starts=talk.starts, ends=talk.ends)  # where it was
    assert event["eventStatus"] == f"{SCHEMA}EventRescheduled", "it has moved once more"
    with store.change() as session:
        workshop_service.cancel(session, workshops.find(session, talk.public_id), now=clock.now())
    [event] = json_ld(client, address)
    assert event["eventStatus"] == f"{SCHEMA}EventCancelled"
    assert "previousStartDate" not in event


def test_capacity_is_there_where_the_page_says_it(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        soon = make_workshop(session, chicago, rights, capacity=17, opens_days=1)
        is_open = make_workshop(session, chicago, rights, capacity=17)
        walk_in = make_workshop(session, chicago, rights, capacity=17, way=Way.OPEN, opens_days=1)
        cancelled = make_workshop(session, chicago, rights, capacity=17, opens_days=1)
        workshop_service.cancel(session, cancelled, now=clock.now())
    for workshop, is_there in (
        (soon, True),
        (is_open, False),
        (walk_in, False),
        (cancelled, False),
    ):
        path = f"/es/t/{workshop.public_id}"
        [event] = json_ld(client, path)
        assert (event.get("maximumAttendeeCapacity") == 17) == is_there
        assert ("17 lugares" in client.get(path).text) == is_there


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("1805 S. Ejemplo St., Chicago, IL 60608", "60608"),
        ("1805 S. Ejemplo St. 60608-1234.", "60608-1234"),
        ("833 4 Ave SW, Calgary AB t2p 3t5", "T2P 3T5"),
        ("60608 Ejemplo St.", ""),
        ("1805 S. Ejemplo St.", ""),
    ],
)
def test_postal_code_is_read_from_the_end_of_an_address(address: str, code: str) -> None:
    assert venues.find_postal_code(address) == code


def test_list_and_office_pages_have_json_ld_of_their_workshops_in_order(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, talk: Workshop
) -> None:
    with store.change() as session:
        sooner = make_workshop(session, chicago, rights, day=talk.day - timedelta(days=1))
        workshop_service.cancel(session, sooner, now=clock.now())
    for path in ("/es/", "/es/?donde=Chicago", "/es/o/chicago"):
        first, second = listed_events(client, path)
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
                    "addressCountry": "US",
                },
            },
        }


def test_json_ld_of_a_cached_list_changes_with_its_workshops(
    client: FlaskClient, store: Store, talk: Workshop
) -> None:
    assert listed_events(client, "/es/")[0]["eventStatus"] == f"{SCHEMA}EventScheduled"
    with store.change() as session:
        workshop_service.cancel(session, workshops.find(session, talk.public_id), now=clock.now())
    assert listed_events(client, "/es/")[0]["eventStatus"] == f"{SCHEMA}EventCancelled"


def test_json_ld_of_an_online_workshop_has_no_meeting_link(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    online = {"online_url": "https://sala.example/canario"}
    with store.change() as session:
        video = make_workshop(
            session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None, **online
        )
        hybrid = make_workshop(session, chicago, rights, mode=DeliveryMode.HYBRID, **online)
        phone = make_workshop(session, chicago, rights, mode=DeliveryMode.PHONE_BANK, venue=None)
    events = {}
    for each in (video, hybrid, phone):
        path = f"/es/t/{each.public_id}"
        assert "canario" not in client.get(path).text
        [event] = json_ld(client, path)
        events[each.public_id] = event
    url = f"{SITE}/es/t/{video.public_id}"
    assert events[video.public_id]["location"] == {
        "@type": "VirtualLocation",
        "name": "En línea",
        "url": url,
    }
    modes = [events[each.public_id]["eventAttendanceMode"] for each in (video, hybrid, phone)]
    expected = ("Online", "Mixed", "Online")
    assert modes == [f"{SCHEMA}{mode}EventAttendanceMode" for mode in expected]
    types = [location["@type"] for location in events[hybrid.public_id]["location"]]
    assert types == ["Place", "VirtualLocation"]
    assert events[phone.public_id]["location"]["name"] == "Por teléfono"


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
            make_workshop(session, chicago, women, **secret),
            make_workshop(session, chicago, women, **secret, visibility=Visibility.PUBLIC),
            make_workshop(session, chicago, rights, **secret, way=Way.UNLISTED),
        ]
    assert "Círculo canario" in client.get("/es/").text, "the list that people read has it"
    for path in ("/es/", "/en/", "/es/?donde=Chicago", "/es/o/chicago", "/fr/o/chicago"):
        [item] = listed_events(client, path)
        assert item["url"].endswith(talk.public_id)
        assert "canari" not in json.dumps(item).lower()
    for each in hidden:
        assert json_ld(client, f"/es/t/{each.public_id}") == []
    for query in ("tipo=K7QX", "tipo=derechos&tipo=K7QX"):
        assert json_ld(client, f"/es/?{query}") == []


def test_json_ld_of_a_hidden_address_has_only_city_and_state(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        address = {"address": "Calle Canario 99", "area": "Zona Canaria"}
        house = venue(session, chicago, "Casa Canaria", latitude=41.1, longitude=-87.1, **address)
        workshop = make_workshop(
            session, chicago, rights, venue=house, visibility=Visibility.REGISTERED
        )
    for path in (f"/es/t/{workshop.public_id}", "/es/", "/es/o/chicago"):
        [event] = listed_events(client, path) if "/t/" not in path else json_ld(client, path)
        assert event["location"] == {
            "@type": "Place",
            "name": "Chicago",
            "address": {
                "@type": "PostalAddress",
                "addressLocality": "Chicago",
                "addressRegion": "IL",
                "addressCountry": "US",
            },
        }


def test_html_in_a_title_is_escaped_in_json_ld(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    title = "</script><script>alert(1)</script><!-- & \u2028 \"'"
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, title={"es": title})
    for path in (f"/es/t/{workshop.public_id}", "/es/", "/es/o/chicago"):
        text = client.get(path).text
        [data] = JsonLdParser(text).data
        assert not set("<>&\u2028") & set(data)
        found = json.loads(data)
        event = found if "/t/" in path else found["itemListElement"][0]["item"]
        assert event["name"] == title
        assert "<script>alert" not in text


def test_list_and_office_pages_link_to_feeds_with_the_same_filters(
    client: FlaskClient, chicago: Office, rights: Kind, women: Kind
) -> None:
    def feed_links(path: str) -> list[tuple[str | None, str | None]]:
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
        links = feed_links(path)
        assert links == [
            ("text/calendar", f"/{name}.ics{query}"),
            ("application/atom+xml", f"/{name}.atom{query}"),
            ("application/feed+json", f"/{name}.json{query}"),
            ("application/jscalendar+json", f"/{name}.jscal{query}"),
        ]
        for mimetype, address in links:
            answer = client.get(address or "")
            assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert feed_links("/es/?tipo=K7QX") == []
