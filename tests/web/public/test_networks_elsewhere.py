"""Pages of a network with other countries than the usual ones."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask

from outreach import network_profile
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.network_profile import NetworkProfile
from tests.conftest import hold, office

pytestmark = pytest.mark.any_database("the text of pages")

SITE = "http://localhost:8000"


@pytest.fixture
def site(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The site of a network with offices in Germany and Spain whose home country is El Salvador."""
    yield make_app(countries=("DE", "ES"), home_country="SV", locales=("es_ES",))
    network_profile.set_for_process(NetworkProfile())


@pytest.fixture
def berlin(site: Flask, store: Store) -> Office:
    made = office("berlin", "Berlin", "DE-BE", "Europe/Berlin", country="DE")
    made.latitude, made.longitude = 52.52, 13.41
    with store.change() as session:
        session.add(made)
    return made


def test_offices_are_listed_without_a_map(site: Flask, berlin: Office) -> None:
    page = site.test_client().get("/es/red", base_url=SITE).text
    assert "1 oficinas en Alemania y España." in page
    assert '<h3 id="DE-BE">Berlín</h3>' in page
    assert "Toca tu estado" not in page
    assert '<html lang="es-ES"' in page


def test_list_of_a_place_is_in_kilometres(site: Flask, berlin: Office, rights: Kind) -> None:
    client = site.test_client()
    page = client.get("/es/?donde=Potsdam", base_url=SITE).text
    assert "Potsdam, Brandeburgo" in page
    unknown = client.get("/es/?donde=qwertzuiop", base_url=SITE).text
    assert "<h3>Alemania</h3>" in unknown
    assert "<h3>España</h3>" in unknown
    assert "Illinois" not in unknown


def test_figures_have_a_table_and_no_map(
    site: Flask, store: Store, berlin: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.get_one(Kind, rights.id).countries = Codes(["DE"])
    with store.change() as session:
        kind = session.get_one(Kind, rights.id)
        workshop = hold(session, berlin, kind, day=date(2020, 1, 18))
        workshop_service.report(workshop, head_count=9, now=datetime(2020, 2, 1, tzinfo=UTC))
    page = site.test_client().get("/es/cifras/2020-01", base_url=SITE).text
    assert "en Alemania y España." in page
    assert '<th scope="row">Berlín</th>' in page
    assert 'class="chart map"' not in page
