"""Who takes part from elsewhere reads the own hour first, and never an hour without its clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import formats, reader_zone
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.locations import gazetteer, time_zones
from outreach.domain.locations.geocoding import resolve
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.i18n import LANGUAGES
from outreach.keystore import KeyStore
from outreach.mail import render, sms
from outreach.mail.message_context import MessageContext
from tests.conftest import make_workshop, seat
from tests.support import page_text
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.registration_forms import answers, everyone, send

pytestmark = [fixed_clock, pytest.mark.any_database("hours in words")]

ANGELES: Final = ZoneInfo("America/Los_Angeles")
PHONE: Final[dict[str, Any]] = {
    "contact": "phone", "phone": "312 555 0147", "by": "call", "slot": "09:20",
}  # fmt: skip
OWN: Final = "7:20 a. m. tu hora · 9:20 a. m."
ONLINE: Final = [each for each in DeliveryMode if each.is_from_anywhere]
READERS: Final = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Phoenix",
    "America/Denver", "America/Regina", "America/Chicago", "America/New_York", "America/Halifax",
    "America/Puerto_Rico", "America/St_Johns", "America/Mexico_City", "America/Tijuana",
)  # fmt: skip


@pytest.fixture
def calls(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Consultations by telephone of an office on Central time, from nine."""
    with store.change() as session:
        return make_workshop(
            session, chicago, rights, mode=DeliveryMode.PHONE_BANK, way=Way.SLOTS, venue=None,
            slot_minutes=20, starts=time(9), ends=time(12),
        )  # fmt: skip


def words(text: str) -> str:
    return page_text.seen(text).replace("\u00a0", " ")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_own_hour_is_that_of_the_readers_clock_on_every_day(lang: str) -> None:
    """Each pair of zones, on each day of a year and the hours around a change of clocks."""
    for there in READERS:
        for here in READERS:
            for day in range(366):
                for hour in (0, 2, 3, 9, 23):
                    moment = datetime(2028, 1, 1, hour, tzinfo=UTC) + timedelta(days=day)
                    at, own = moment.astimezone(ZoneInfo(there)), moment.astimezone(ZoneInfo(here))
                    found = formats.own_hour(at, ZoneInfo(here), lang)
                    if own.replace(tzinfo=None) == at.replace(tzinfo=None):
                        assert found == ""
                        continue
                    assert found.endswith(formats.hour(own.time(), lang))
                    assert (own.date() != at.date()) == (", " in found)


def test_clock_that_is_not_known_is_none() -> None:
    assert formats.own_hour(datetime(2028, 1, 1, 9, tzinfo=ANGELES), None, "es") == ""
    for hidden in ("", "UTC", "GMT", "Etc/UTC", "Etc/GMT+6", "../etc/passwd", "America/Nowhere"):
        assert reader_zone.parse(hidden) is None, hidden
    assert reader_zone.parse("America/Los_Angeles") == ANGELES


@pytest.mark.usefixtures("chicago")
def test_place_has_the_zone_of_its_clocks(store: Store) -> None:
    zones = {
        "Los Angeles": "America/Los_Angeles", "60608": "America/Chicago", "HI": "Pacific/Honolulu",
        "Phoenix": "America/Phoenix", "El Paso": "America/Denver",
        "St. John's, NL": "America/St_Johns",
        "Regina": "America/Regina", "H2X 1Y4": "America/Toronto", "PR": "America/Puerto_Rico",
    }  # fmt: skip
    with store.read() as session:
        for typed, key in zones.items():
            assert time_zones.find_zone(resolve(session, typed)) == ZoneInfo(key), typed
        for typed in ("Texas", "", "Xyzzy", "Springfield"):  # two zones, nowhere, several places
            assert time_zones.find_zone(resolve(session, typed)) is None, typed


def test_every_town_and_postal_code_has_a_zone() -> None:
    places = gazetteer.load()
    for place in (*places.towns(), *places.postal_codes()):
        assert time_zones.find_zone_of_place(place) is not None, place


def test_pages_and_form_begin_with_the_hour_of_the_place_that_was_searched(
    client: FlaskClient, calls: Workshop
) -> None:
    page = f"/es/t/{calls.public_id}"
    query = "?donde=Los+Angeles&modalidad=en-linea"
    whole = "7:00 a. m. tu hora · 9:00 a. m. a 12:00 p. m., hora del Centro"
    assert whole in words(client.get(page + query).text)
    card = words(client.get(f"/es/{query}").text)
    assert whole in card.replace(" , hora", ", hora")
    form = client.get(f"{page}/lugar{query}").text
    assert "7:20 a. m. 9:20" in words(form)
    assert 'name="zone" value="America/Los_Angeles"' in form
    assert "Arriba está tu hora" in words(form)


def test_pages_without_a_place_name_the_clock_and_leave_the_own_hour_to_the_script(
    client: FlaskClient, calls: Workshop
) -> None:
    page = client.get(f"/es/t/{calls.public_id}").text
    assert "9:00 a. m. a 12:00 p. m., hora del Centro" in words(page)
    moment = calls.starts_at.strftime("%Y-%m-%dT%H:%MZ")
    assert f'data-own-clock="{moment}" data-zone="America/Chicago"' in page
    assert "tu hora ·" not in words(page)


@pytest.mark.parametrize("mode", DeliveryMode)
def test_only_what_is_followed_from_elsewhere_has_two_clocks(
    mode: DeliveryMode, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    venue = {} if mode.has_venue else {"venue": None}
    with store.change() as session:
        made = make_workshop(
            session, chicago, rights, mode=mode, online_url="https://sala.example", **venue
        )
    page = words(client.get(f"/es/t/{made.public_id}?donde=Los+Angeles").text)
    assert ("4:00 p. m. tu hora" in page) == (mode in ONLINE)
    assert ("hora del Centro" in page) == (mode in ONLINE)


def test_ticket_letter_and_text_begin_with_the_own_hour(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, config: Config,
    calls: Workshop,
) -> None:  # fmt: skip
    typed = answers(app, calls, zone="America/Los_Angeles", **PHONE)
    answer = send(client, calls, typed)
    assert answer.status_code == 303
    ticket = words(client.get(answer.headers["Location"]).text)
    assert f"Te llamamos a las {OWN}, hora del Centro" in ticket
    [made] = everyone(store)
    letter, text = write(app, store, key_store, config, made.id)
    assert f"Te llamamos a las {OWN}, hora del Centro" in letter
    assert "7:20 a. m. tu hora" in text
    assert sms.parts(text) == 1
    with store.read() as session:
        connection = session.connection()
        for table in ("registration", "workshop"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert "Los_Angeles" not in repr(rows), "only sealed"


def test_letter_and_text_of_who_has_no_known_clock_name_the_one_of_the_hour(
    app: Flask, store: Store, key_store: KeyStore, config: Config, calls: Workshop
) -> None:
    made = seat(
        store, key_store, calls, contact=ContactMethod.PHONE, address="+13125550199", slot="09:20"
    )
    letter, text = write(app, store, key_store, config, made.id)
    assert "Te llamamos a las 9:20 a. m., hora del Centro" in letter
    assert "9:20 a. m., hora del Centro" in text


def test_clock_of_who_comes_to_a_venue_is_not_kept(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hybrid = make_workshop(
            session, chicago, rights, mode=DeliveryMode.HYBRID, online_url="https://s.example"
        )
        there = make_workshop(session, chicago, rights)
    zone = "America/Los_Angeles"
    for workshop, channel, kept in (
        (hybrid, "venue", None), (hybrid, "online", ANGELES), (there, "", None),
    ):  # fmt: skip
        made = seat(store, key_store, workshop, zone=zone, channel=channel)
        with store.read() as session:
            found = session.get_one(type(made), made.id)
            found.open_with(key_store.get(found.key_id or b""))
            assert found.zone == kept


def test_form_with_a_forged_zone_is_saved_without_it(
    app: Flask, client: FlaskClient, store: Store, calls: Workshop
) -> None:
    for number, zone in enumerate(("../../etc/passwd", "America/Nowhere", "X" * 60, "UTC")):
        typed = answers(
            app, calls, zone=zone, **PHONE | {"slot": f"{10 + number // 3}:{number % 3 * 20:02}"}
        )
        answer = send(client, calls, typed)
        assert answer.status_code == 303, words(answer.text)
        assert "9:00 a. m. a 12:00" in words(client.get(f"/es/t/{calls.public_id}").text)
        assert "tu hora ·" not in words(client.get(answer.headers["Location"]).text)


def write(
    app: Flask, store: Store, key_store: KeyStore, config: Config, registration_id: str
) -> tuple[str, str]:
    """The letter and the text of a confirmation, with spaces that break."""
    with app.app_context(), store.read() as session:
        registration = session.get_one(Registration, registration_id)
        key = key_store.get(registration.key_id or b"")
        registration.open_with(key)
        notification = Notification(
            registration_id=registration.id, cause=NotificationType.REGISTERED,
            due_at=FIXED_NOW, made_at=FIXED_NOW,
        )  # fmt: skip
        with session.no_autoflush:
            notification.registration = registration
            context = MessageContext(
                notification=notification, address="x@example.org", key=key, now=FIXED_NOW
            )
            letter = render.write(context, config).get_content()
            text = sms.write(context, config).words
    return letter.replace("\u00a0", " "), text.replace("\u00a0", " ")


def test_day_of_another_clock_is_said() -> None:
    late = datetime(2028, 1, 2, 1, tzinfo=ZoneInfo("America/New_York"))
    assert formats.own_hour(late, ANGELES, "es") == "sáb 1, 10:00\u00a0p.\u00a0m."
    assert date(2028, 1, 1).weekday() == 5
