"""What staff pages count and how they say it: people and parties, silence, seats, days, states."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat, venue
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def offer(store: Store, registration: Registration) -> None:
    with store.change() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == registration.id)
            .values(status=Place.OFFERED, offered_until=clock.now() + timedelta(hours=5))
        )


@pytest.fixture
def crowded(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Workshop:
    """A full workshop: a party of three is offered places; parties of two and four wait."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=4)
    seat(store, key_store, workshop, people=4)
    parties = [
        seat(
            store, key_store, workshop, people=people,
            contact=ContactMethod.PHONE, address=f"+1312555014{people}",
        )
        for people in (3, 2, 4)
    ]  # fmt: skip
    offer(store, parties[0])
    return workshop


def test_offers_and_waitlist_count_people_and_parties_each_with_its_word(
    ana: StaffClient, crowded: Workshop
) -> None:
    page = words(ana.get(f"/org/talleres/{crowded.public_id}"))
    assert "6 personas en lista de espera (2 registros)" in page
    assert "3 lugares ofrecidos, sin respuesta (1 registro)" in page
    assert "En espera 2 · 1 con lugar ofrecido" in page


def test_audiences_of_a_message_are_parties(ana: StaffClient, crowded: Workshop) -> None:
    page = words(ana.get(f"/org/talleres/{crowded.public_id}/mensaje"))
    assert "Con lugar: 1 registro" in page


def test_missing_reports_say_that_silence_counts_as_held_and_until_when(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    day = clock.now().astimezone(chicago.zone).date() - timedelta(days=2)
    with store.change() as session:
        over = make_workshop(session, chicago, rights, day=day)
    month = Month.from_day(day)
    alone = "Si nadie dice cómo salió, ese taller cuenta como hecho y sin personas."
    limit = "Se puede reportar hasta las "
    page = words(ana.get(f"/org/mes/{month}"))
    assert alone in page
    assert limit in page
    assert " 5 de" in page.split(limit)[1][:30]
    short = "Si nadie dice cómo salió, cuenta como hecho y sin personas."
    for address in (
        "/org/por-atender",
        f"/org/talleres/{over.public_id}",
        f"/org/talleres?mes={month}&estado=por-reportar",
    ):
        assert short in words(ana.get(address)), address
    ana.post(f"/org/talleres/{over.public_id}/asistencia", held="yes", people="9")
    assert "cuenta como hecho" not in words(ana.get(f"/org/mes/{month}"))


def test_calendar_links_each_day_also_where_it_shows_only_some_of_its_workshops(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        made = [
            make_workshop(session, chicago, rights, title={"es": f"Taller {number}"})
            for number in range(6)
        ]
    day = made[0].day
    month = ana.get(f"/org/talleres?mes={Month.from_day(day)}&vista=mes")
    link = month.text.split("y 3 más")[0].rpartition('href="')[2].partition('"')[0]
    assert f"dia={day}" in link
    page = words(ana.get(link.replace("&amp;", "&")))
    assert all(f"Taller {number}" in page for number in range(6))


def test_page_of_a_workshop_says_its_seats_as_its_card_does(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=12)
    for people, said in ((0, "Hay lugares"), (2, "Quedan 10 lugares"), (4, "Quedan 6 lugares")):
        if people:
            seat(store, key_store, workshop, people=people)
        assert said in words(client.get("/es/"))
        page = words(client.get(f"/es/t/{workshop.public_id}"))
        assert said in page
        assert " de 12 lugares" not in page


def test_states_have_names(ana: StaffClient, store: Store, chicago: Office, rights: Kind) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, venue=venue(session, chicago))
    for address in (f"/org/talleres/{workshop.public_id}", "/org/sedes?oficina=chicago"):
        page = words(ana.get(address))
        assert "Chicago, Illinois" in page
        assert "Chicago, IL" not in page
