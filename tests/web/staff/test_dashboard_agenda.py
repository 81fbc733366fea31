"""Dashboard and month calendar of the staff."""

from datetime import date, time, timedelta

import pytest
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.workshops import WorkshopStatus
from outreach.keystore import KeyStore
from outreach.web.staff.calendar.calendar_grid import MAX_IN_CELL
from tests.conftest import make_workshop, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def test_calendar_shows_workshops_of_own_offices_by_status(
    ana: StaffClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    day = date(2027, 1, 15)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=day, title={"es": "Publicado en Chicago"})
        make_workshop(
            session,
            chicago,
            rights,
            day=day,
            title={"es": "A medias"},
            status=WorkshopStatus.DRAFT,
        )
        make_workshop(session, calgary, rights, day=day, title={"es": "De otra oficina"})
    page = words(ana.get("/org/talleres?mes=2027-01"))
    assert "Publicado en Chicago" in page
    assert "A medias" in page
    assert "De otra oficina" not in page
    drafts = words(ana.get("/org/talleres?mes=2027-01&estado=borrador"))
    assert "A medias" in drafts
    assert "Publicado en Chicago" not in drafts
    calendar = words(ana.get("/org/talleres?mes=2027-01&vista=mes"))
    assert "Publicado en Chicago" in calendar
    day_page = words(ana.get("/org/talleres?dia=2027-01-15"))
    assert "Publicado en Chicago" in day_page


def test_calendar_day_shows_some_workshops_and_counts_the_rest(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for hour in range(8, 8 + MAX_IN_CELL + 2):
            make_workshop(session, chicago, rights, day=date(2027, 1, 15), starts=time(hour))
    page = ana.get("/org/talleres?mes=2027-01&vista=mes")
    assert page.text.count('<a class="event ') == MAX_IN_CELL
    assert "y 2 más" in words(page)


@pytest.mark.parametrize(
    "nonsense",
    [
        "mes=2027-13",
        "mes=x",
        "dia=x",
        "estado=x",
        "tras=x_y_z",
        "tras=2027-01-01_10:00_1",
        "mes=9999-12",
        "vista=mes&mes=0",
    ],
)
def test_invalid_month_shows_the_current_month(ana: StaffClient, nonsense: str) -> None:
    assert ana.get(f"/org/talleres?{nonsense}").status_code == 200


def test_dashboard_shows_alerts(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=today - timedelta(days=3), title={"es": "Pasado"}
        )
        make_workshop(
            session, chicago, women, visibility=Visibility.PUBLIC, title={"es": "Reservado"}
        )
        crowded = make_workshop(session, chicago, rights, capacity=1, title={"es": "Lleno"})
        make_workshop(
            session, chicago, rights, status=WorkshopStatus.DRAFT, title={"es": "A medias"}
        )
    seat(store, key_store, crowded)
    for _ in range(2):
        seat(store, key_store, crowded, people=3)
    page = words(ana.get("/org/"))
    for expected in (
        "1 Por reportar",
        "La dirección está a la vista Reservado",
        "6 personas en lista de espera Lleno",
        "Sin publicar A medias",
    ):
        assert expected in page
