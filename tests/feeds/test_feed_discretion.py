"""Feeds disclose no discreet workshop, hidden address or personal data (S13, S15, S16)."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from tests.conftest import make_workshop, venue
from tests.support.feed_reader import events_of, unfolded

pytestmark = pytest.mark.any_database("the content of feeds")

CANARY = "Calle Canario 99"
REVEALING = re.compile("mujer|women|femme|canari|pilsen|violencia|círculo", re.IGNORECASE)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    """A discreet workshop whose title, summary and venue all reveal its kind."""
    with store.change() as session:
        house = venue(
            session,
            chicago,
            name="Casa Canaria",
            address=CANARY,
            latitude=41.123456,
            longitude=-87.123456,
        )
        return make_workshop(
            session,
            chicago,
            women,
            venue=house,
            title={"es": "Círculo de mujeres", "en": "Women's circle"},
            summary={"es": "Un espacio para mujeres."},
        )


@pytest.mark.parametrize("path", ["/es/cal/red.ics", "/es/cal/chicago.ics"])
def test_discreet_workshop_is_only_in_feeds_of_its_kind(
    client: FlaskClient, circle: Workshop, path: str
) -> None:
    assert not events_of(client.get(path).data)
    assert not events_of(client.get(f"{path}?idioma=es&donde=IL").data)


@pytest.mark.parametrize("query", ["tipo=mujeres", "tipo=K7QX", "tipo=K7QX&tipo=mujeres"])
@pytest.mark.parametrize("feed", ["red", "chicago"])
@pytest.mark.parametrize(
    ("lang", "title"), [("es", "Taller"), ("en", "Workshop"), ("fr", "Atelier")]
)
def test_feed_of_a_discreet_kind_has_day_hour_and_city(
    client: FlaskClient, circle: Workshop, query: str, feed: str, lang: str, title: str
) -> None:
    answer = client.get(f"/{lang}/cal/{feed}.ics?{query}")
    [event] = events_of(answer.data)

    assert event["SUMMARY"] == title
    assert event["LOCATION"] == "Chicago, IL"
    for name in (
        "URL",
        "GEO",
        "CATEGORIES",
        "DESCRIPTION",
        "COLOR",
        "ORGANIZER",
        "ATTENDEE",
        "IMAGE",
    ):
        assert name not in event
    assert b"COLOR" not in answer.data
    assert not REVEALING.search(unfolded(answer.data))
    assert not REVEALING.search(answer.headers["Content-Disposition"])


def test_discreet_feed_is_the_same_under_both_names_of_its_kind(
    client: FlaskClient, circle: Workshop
) -> None:
    by_name, by_letters = (
        client.get(f"/es/cal/red.ics?tipo={code}") for code in ("mujeres", "K7QX")
    )
    assert by_name.status_code == 200
    assert by_name.data == by_letters.data
    assert by_name.headers["ETag"] == by_letters.headers["ETag"]
    assert "SOURCE;VALUE=URI:http://localhost:8000/es/cal/red.ics?tipo=K7QX" in unfolded(
        by_name.data
    )


def test_link_of_a_discreet_entry_is_an_option(
    client: FlaskClient, store: Store, circle: Workshop, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    address = "/es/cal/red.ics?tipo=K7QX"
    for _time in range(2):  # the other feed has been written, and is cached
        assert "URL" not in events_of(client.get(address).data)[0]
        [event] = events_of(client.get(f"{address}&enlace=1").data)
        assert event["URL"] == f"http://localhost:8000/es/t/{circle.public_id}"
    assert b"enlace=1" in unfolded(client.get(f"{address}&enlace=1").data).encode()
    # Elsewhere it changes nothing.
    assert client.get("/es/cal/red.ics?enlace=1").data == client.get("/es/cal/red.ics").data


def test_discreet_workshop_is_neutral_beside_another_kind(
    client: FlaskClient, store: Store, circle: Workshop, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights, venue=venue(session, chicago, name="Biblioteca"))
    answer = client.get("/es/cal/chicago.ics?tipo=derechos&tipo=mujeres")
    assert {str(e["SUMMARY"]) for e in events_of(answer.data)} == {"Taller", "Conoce tus derechos"}
    assert not REVEALING.search(unfolded(answer.data))


def test_cancelled_discreet_workshop_is_neutral(
    client: FlaskClient, store: Store, circle: Workshop
) -> None:
    with store.change() as session:
        workshop_service.cancel(session, workshops.find(session, circle.public_id), now=clock.now())
    [event] = events_of(client.get("/es/cal/red.ics?tipo=K7QX").data)
    assert event["SUMMARY"] == "CANCELADO: Taller"


def test_ics_file_of_a_discreet_workshop_is_neutral(client: FlaskClient, circle: Workshop) -> None:
    answer = client.get(f"/es/t/{circle.public_id}.ics")
    [event] = events_of(answer.data)

    assert (event["SUMMARY"], event["LOCATION"]) == ("Taller", "Chicago, IL")
    assert "DESCRIPTION" not in event
    assert answer.headers["Content-Disposition"] == 'inline; filename="taller.ics"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert not REVEALING.search(unfolded(answer.data))


@pytest.mark.parametrize(
    "visibility", [Visibility.REGISTERED, Visibility.APPROVED, Visibility.PHONE_ONLY]
)
def test_hidden_address_is_in_no_feed_and_no_ics_file(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, visibility: Visibility
) -> None:
    with store.change() as session:
        house = venue(
            session, chicago, name="Casa Canaria", address=CANARY, latitude=41.1, longitude=-87.1
        )
        workshop = make_workshop(session, chicago, rights, venue=house, visibility=visibility)
    for path in (
        "/es/cal/red.ics",
        "/es/cal/chicago.ics",
        "/en/cal/chicago.ics?tipo=derechos",
        f"/es/t/{workshop.public_id}.ics",
    ):
        answer = client.get(path)
        [event] = events_of(answer.data)
        assert event["LOCATION"] == "Chicago, IL"
        assert "GEO" not in event
        assert "anari" not in unfolded(answer.data)


def test_public_address_is_complete_and_has_its_own_position(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        exact = venue(session, chicago, name="Sala A", latitude=41.8512345678, longitude=-87.65)
        make_workshop(session, chicago, rights, venue=exact)
        approximate = venue(session, chicago, name="Sala B")
        make_workshop(session, chicago, rights, venue=approximate)
    first, second = sorted(
        events_of(client.get("/es/cal/chicago.ics").data), key=lambda e: str(e["LOCATION"])
    )
    assert first["LOCATION"] == "Sala A, 1805 S. Ejemplo St., Chicago, IL"
    assert b"GEO:41.851235;-87.65\r\n" in first.to_ical()
    assert "GEO" not in second, "an approximate position is not published"


def test_link_of_an_unlisted_workshop_is_in_no_feed(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, way=Way.UNLISTED)
    answer = client.get(f"/es/t/{workshop.public_id}.ics")
    assert answer.status_code == 200
    assert workshop.public_id not in unfolded(answer.data)


def test_feeds_have_no_personal_data_and_no_secrets(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(
            session,
            chicago,
            rights,
            facilitator="Lic. Canario",
            online_url="https://sala.example/canario",
            day=clock.now().date() + timedelta(days=3),
        )
    text = unfolded(client.get("/es/cal/chicago.ics").data)
    assert "canario" not in text.lower()
    for name in ("ATTENDEE", "ORGANIZER", "VALARM", "CONFERENCE", "ATTACH", "METHOD"):
        assert name not in text
    assert "@" not in re.sub(r"UID:\S+", "", text)
    known = {"X-WR-CALNAME", "X-WR-CALDESC", "X-WR-TIMEZONE", "X-PUBLISHED-TTL"}
    assert set(re.findall(r"^X-[A-Z-]+", text, re.MULTILINE)) <= known | {"X-APPLE-CALENDAR-COLOR"}
