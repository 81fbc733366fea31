"""The page of a registration: what it shows, its changes, cancellation and erasure."""

import re
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.keystore import Key, KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.registration_forms import link_of, seats_left, status_of

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=4)


@pytest.fixture
def circle(store: Store, chicago: Office, women: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, women, title={"es": "Círculo de mujeres"})


def test_registration_page_shows_the_qr_code_and_the_door_code(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, people=2)
    page = client.get(link_of(key_store, rosa)).text
    assert '<main id="contenido" tabindex="-1" data-standing="seated">' in page
    assert "<title>Tu lugar</title>" in page
    code = rosa.door_code
    assert f"{code[:3]} {code[3:]}" in page
    assert "2 personas" in page
    assert 'role="img"' in page
    assert "<title>Código QR</title>" in page
    assert f"http://localhost:8000{link_of(key_store, rosa)}" in page
    assert "1805 S. Ejemplo St." in page


def test_page_of_a_discreet_registration_is_neutral_and_folds_the_address(
    client: FlaskClient, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    page = client.get(link_of(key_store, seat(store, key_store, circle))).text
    assert "<title>Cita</title>" in page
    assert "mujer" not in page.lower()
    assert "kind-neutral" in page
    assert "kind-women" not in page
    assert re.search(r"<details><summary>Ver dirección</summary>.*1805 S. Ejemplo", page, re.S)
    assert "data-quick-exit" in page


def test_waitlisted_registration_does_not_see_a_hidden_address(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        full = make_workshop(
            session, chicago, women, capacity=0, online_url="https://example.org/sala"
        )
    page = client.get(link_of(key_store, seat(store, key_store, full))).text
    assert 'data-standing="waiting"' in page
    assert "1805 S. Ejemplo" not in page
    assert "Biblioteca" not in page
    assert "example.org/sala" not in page


@pytest.mark.parametrize("visibility", [Visibility.APPROVED, Visibility.PHONE_ONLY])
def test_address_by_phone_only_is_not_on_the_page(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    visibility: Visibility,
) -> None:
    with store.change() as session:
        hidden = make_workshop(session, chicago, women, visibility=visibility)
    page = client.get(link_of(key_store, seat(store, key_store, hidden))).text
    assert "1805 S. Ejemplo" not in page
    assert "Te damos la dirección por teléfono" in page


def test_online_link_is_shown_to_confirmed_registrations_only(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        online = make_workshop(
            session,
            chicago,
            rights,
            mode=DeliveryMode.VIDEO_CALL,
            venue=None,
            capacity=1,
            online_url="https://example.org/sala",
        )
    first, second = seat(store, key_store, online), seat(store, key_store, online)
    assert 'href="https://example.org/sala"' in client.get(link_of(key_store, first)).text
    assert "example.org/sala" not in client.get(link_of(key_store, second)).text


def test_waitlist_position_counts_earlier_registrations(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, people=4)
    seat(store, key_store, workshop, name="Ana")
    luz = seat(
        store,
        key_store,
        workshop,
        name="Luz",
        people=2,
        contact=ContactMethod.EMAIL,
        address="luz@ejemplo.com",
    )
    page = client.get(link_of(key_store, luz)).text
    assert "<b>2</b><span>tu turno</span>" in page
    assert "Hay 1 turno antes que el tuyo." in page
    assert "l•••@ejemplo.com" in page
    assert "luz@ejemplo.com" not in page


def test_waitlisted_registration_sees_workshops_with_free_seats(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
) -> None:
    with store.change() as session:
        full = make_workshop(session, chicago, rights, capacity=0)
        make_workshop(session, chicago, rights, title={"es": "Otra tarde"})
        make_workshop(session, chicago, women, title={"es": "Círculo de mujeres"})
    page = client.get(link_of(key_store, seat(store, key_store, full))).text
    assert "Aquí sí hay lugar" in page
    assert "Otra tarde" in page
    assert "Círculo" not in page


def test_registration_page_says_that_the_workshop_was_cancelled(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, workshop.id), now=clock.now())
    page = client.get(link_of(key_store, rosa)).text
    assert "Este taller se canceló" in page
    assert "Tu lugar está apartado." not in page


def test_changing_the_number_of_people_takes_or_releases_seats(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, people=2)
    link = link_of(key_store, rosa)
    form = client.get(f"{link}/cambiar").text
    assert "Apartaste 2 lugares." in form
    assert "Quedan 2 más." in form
    assert client.post(f"{link}/cambiar", data={"people": "4"}).headers["Location"] == link
    assert seats_left(store, workshop) == 0
    assert client.post(f"{link}/cambiar", data={"people": "1"}).status_code == 303
    assert seats_left(store, workshop) == 3


def test_party_too_large_for_the_seats_left_keeps_its_seats(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, people=2)
    link = link_of(key_store, seat(store, key_store, workshop, name="Luz"))
    answer = client.post(f"{link}/cambiar", data={"people": "3"})
    assert answer.status_code == 409
    assert "No caben tantas personas. Tus lugares siguen apartados." in answer.text
    assert seats_left(store, workshop) == 1


@pytest.mark.parametrize("people", ["", "0", "5", "-1", "uno", "1.5", "²"])
def test_invalid_number_of_people_is_refused(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, people: str
) -> None:
    link = link_of(key_store, seat(store, key_store, workshop))
    answer = client.post(f"{link}/cambiar", data={"people": people})
    assert answer.status_code == 422
    assert "Elige cuántas personas vienen, de 1 a 4." in answer.text
    assert seats_left(store, workshop) == 3


def test_cancelled_seats_are_offered_to_the_first_waitlisted_party_that_fits(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, people=4)
    luz = seat(store, key_store, workshop, name="Luz", people=3)
    ana = seat(store, key_store, workshop, name="Ana", people=2)
    link = link_of(key_store, rosa)
    assert "Tus 4 lugares pasan a otras personas." in client.get(f"{link}/cancelar").text
    last = client.post(f"{link}/cancelar")
    assert last.status_code == 200
    assert "Cancelaste tu lugar. Borramos tus datos." in last.text
    assert status_of(store, luz) is RegistrationStatus.OFFERED
    assert status_of(store, ana) is RegistrationStatus.WAITLISTED
    assert seats_left(store, workshop) == 1


@pytest.mark.parametrize("way", ["cancelar", "borrar"])
def test_link_is_404_after_cancellation_or_erasure(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop, way: str
) -> None:
    rosa = seat(store, key_store, workshop)
    link = link_of(key_store, rosa)
    last = client.post(f"{link}/{way}")
    assert (last.status_code, "Location" in last.headers) == (200, False)
    assert "Las copias de seguridad ya no pueden leer tus datos." in last.text
    assert link[5:] not in last.text
    for path in ("", "/cambiar", "/cancelar", "/borrar"):
        assert client.get(link + path).status_code == 404
    for path in ("/cambiar", "/cancelar", "/borrar", "/cita.ics"):
        assert client.post(link + path).status_code == 404
    assert seats_left(store, workshop) == 4


def test_erasure_leaves_neither_key_nor_name_nor_message(
    client: FlaskClient, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(
        store,
        key_store,
        workshop,
        name="Rosaura",
        contact=ContactMethod.EMAIL,
        address="rosaura@ejemplo.com",
    )
    sealed = rosa.sealed or b"never"
    assert client.post(f"{link_of(key_store, rosa)}/borrar").status_code == 200
    with store.read() as session:
        row = session.get_one(Registration, rosa.id)
        assert (row.sealed, row.sealed_details) == (None, None)
        assert (row.manage_digest, row.entry_digest, row.code_digest) == (None, None, None)
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 0
    with key_store.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Key)) == 0
    store.truncate_log()
    for path in files(config):
        assert b"osaura" not in path.read_bytes(), path.name
        assert sealed not in path.read_bytes(), path.name


def test_registration_can_be_erased_after_the_workshop(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    past = clock.now() - timedelta(days=2)
    with store.change() as session:
        past_workshop = make_workshop(session, chicago, rights, day=past.date())
    rosa = seat(store, key_store, past_workshop, now=past - timedelta(days=1))
    link = link_of(key_store, rosa)
    assert "Ya pasó." in client.get(link).text
    assert client.get(f"{link}/cancelar").headers["Location"] == f"{link}/borrar"
    assert client.post(f"{link}/borrar").status_code == 200
    assert client.get(link).status_code == 404


def test_calendar_entry_of_a_registration_is_private_and_has_no_links(
    client: FlaskClient, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop)
    link = link_of(key_store, rosa)
    assert client.get(f"{link}/cita.ics").status_code == 405
    answer = client.post(f"{link}/cita.ics", data={"title": ""})
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["SUMMARY"] == "Conoce tus derechos"
    assert event["CLASS"] == "PRIVATE"
    assert "1805 S. Ejemplo St." in str(event["LOCATION"])
    for secret in (link[6:], workshop.public_id, workshop.uid, rosa.door_code, "http"):
        assert secret not in answer.text
    assert not {"METHOD", "ORGANIZER", "ATTENDEE", "URL", "DESCRIPTION"} & set(event)


def test_calendar_entry_of_a_discreet_registration_has_only_its_time(
    client: FlaskClient, store: Store, key_store: KeyStore, circle: Workshop
) -> None:
    link = link_of(key_store, seat(store, key_store, circle))
    [event] = Calendar.from_ical(client.post(f"{link}/cita.ics").data).walk("VEVENT")
    assert event["SUMMARY"] == "Cita"
    allowed = {
        "UID",
        "DTSTAMP",
        "SEQUENCE",
        "STATUS",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "CLASS",
        "TRANSP",
    }
    assert set(event) == allowed
    with_title = client.post(f"{link}/cita.ics", data={"title": "Dentista\r\nURL:x"})
    [event] = Calendar.from_ical(with_title.data).walk("VEVENT")
    assert str(event["SUMMARY"]).startswith("Dentista")
    assert "URL" not in event


@fixed_clock
def test_calendar_entry_is_in_the_time_zone_of_the_venue(
    client: FlaskClient, store: Store, key_store: KeyStore, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(
            session, calgary, rights, day=date(2027, 1, 21), starts=time(18), ends=time(20)
        )
    answer = client.post(f"{link_of(key_store, seat(store, key_store, workshop))}/cita.ics")
    assert "DTSTART;TZID=America/Regina:20270121T180000" in answer.text
    assert "BEGIN:VTIMEZONE" in answer.text
    [event] = Calendar.from_ical(answer.data).events
    start = event.DTSTART
    assert isinstance(start, datetime)
    assert start.utcoffset() == timedelta(hours=-6)


def test_page_has_a_geo_link_if_the_venue_has_coordinates(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        library = venue(session, chicago, latitude=41.857, longitude=-87.668)
        workshop = make_workshop(session, chicago, rights, venue=library)
    page = client.get(link_of(key_store, seat(store, key_store, workshop))).text
    assert 'href="geo:41.857,-87.668"' in page


def files(config: Config) -> list[Path]:
    """The files of the data folder and of the key folder."""
    return [path for folder in (config.data, config.keys) for path in folder.iterdir()]
