"""The public route of the mobile consulate."""

import re
from datetime import date, time

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import TourStopData
from tests.conftest import venue
from tests.support.fixed_clock import fixed_clock

pytestmark = pytest.mark.any_database

# Later than the day of the fixed clock.
STOPS = {
    "Aurora": ("IL", date(2027, 1, 12)),
    "Hammond": ("IN", date(2027, 1, 9)),
    "Joliet": ("IL", date(2027, 1, 16)),
}


def announce(store: Store, chicago: Office, *, drafts: tuple[str, ...] = ()) -> None:
    now = clock.now()
    with store.change() as session:
        office = session.merge(chicago, load=False)
        tour = tours.add(session, office, "Ruta secreta del norte", "n", now=now)
        for city, (region, day) in STOPS.items():
            stop = tours.add_stop(
                session,
                tour,
                TourStopData(
                    day=day, starts=time(9), ends=time(15), city=city, region=region,
                    venue=venue(session, office, f"Parroquia de {city}", city=city, region=region),
                    kinds=Codes(["derechos", "mujeres"]),
                ),
                now=now,
            )  # fmt: skip
            if city not in drafts:
                tours.publish_stop(session, stop, now=now, phone="312 555 0142")


@fixed_clock
def test_route_lists_public_stops_by_day(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    announce(store, chicago, drafts=("Joliet",))
    page = client.get("/es/gira").text
    assert re.findall(r"<h2>(\w+), (\w+)</h2>", page) == [
        ("Hammond", "Indiana"),
        ("Aurora", "Illinois"),
    ]
    assert "Joliet" not in page
    assert "Ruta secreta" not in page
    assert page.count("stop-next") == 1
    calendar = re.findall(r'href="(/es/calendario[^"]+)"', page)
    assert [client.get(each).status_code for each in calendar] == [200, 200]


@fixed_clock
def test_route_names_no_discreet_workshop(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    announce(store, chicago)
    page = client.get("/es/gira").text
    assert len(re.findall(r'href="/es/t/(\w+)"', page)) == len(STOPS)
    assert not re.findall(r'href="/es/t/\w{26}"', page)


@fixed_clock
def test_route_is_filtered_by_state(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    announce(store, chicago)
    page = client.get("/es/gira?estado=IN").text
    assert "<h2>Hammond" in page
    assert "<h2>Aurora" not in page
    assert client.get("/es/gira?estado=<b>").status_code == 200


def test_route_without_stops_says_so(client: FlaskClient, chicago: Office) -> None:
    page = client.get("/es/gira")
    assert page.status_code == 200
    assert "no tiene paradas anunciadas" in page.text
