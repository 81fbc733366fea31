"""How to get to a workshop and whether it is safe: what pages say, and what hidden ones do not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.accounts.sessions import StaffSession
from outreach.db.store import Store
from outreach.domain.locations.venues import AFFIRMED_FOR, Entrance
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, office, seat, venue
from tests.support.html_forms import fields
from tests.support.registration_forms import link_of
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = pytest.mark.any_database

CLAIM = "El consulado no avisa a la policía ni a migración."
LANDMARK, TRANSIT, CHECKPOINT = "La puerta azul", "Línea rosa, 18th", "Retén de la carretera 35"
AGENTS = "/es/si-llegan-agentes"


def hold_there(
    store: Store, place: Office, kind: Kind, *, there: dict[str, Any] | None = None, **changes: Any
) -> Workshop:
    """A workshop at a venue of which everything is said."""
    given: dict[str, Any] = {
        "landmark": {"es": LANDMARK},
        "transit": {"es": TRANSIT},
        "checkpoint": {"es": CHECKPOINT},
        "entrance": Entrance.GUARD,
    }
    with store.change() as session:
        room = venue(session, place, **(given | (there or {})))
        return make_workshop(session, place, kind, venue=room, **changes)


def test_page_and_ticket_say_the_way_and_who_is_there(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = hold_there(store, chicago, rights)
    page = client.get(f"/es/t/{workshop.public_id}").text
    guard = "En la entrada hay un guardia; no pide identificación."
    for each in (LANDMARK, TRANSIT, CHECKPOINT, guard, AGENTS, "¿Quién ve mis datos?"):
        assert each in page, each
    assert "https://www.google.com/maps/dir/?api=1&amp;destination=1805" in page
    ticket = client.get(link_of(key_store, seat(store, key_store, workshop))).text
    for each in (LANDMARK, TRANSIT, CHECKPOINT, AGENTS, "google.com/maps"):
        assert each in ticket, each
    for shown in (page, ticket):
        assert '"/es/?tipo=derechos&amp;modalidad=en-linea"' in shown, "of the same kind"


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.REGISTERED])
def test_discreet_page_says_nothing_of_the_way(
    client: FlaskClient, store: Store, chicago: Office, women: Kind, visibility: Visibility
) -> None:
    circle = hold_there(store, chicago, women, visibility=visibility)
    for path in (f"/es/t/{circle.public_id}", f"/es/t/{circle.public_id}/lugar"):
        page = client.get(path).text
        for each in (
            LANDMARK,
            TRANSIT,
            CHECKPOINT,
            AGENTS,
            "google.com/maps",
            "guardia",
            "en-linea",
        ):
            assert each not in page, (path, each)


def test_discreet_ticket_has_no_map(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    circle = hold_there(store, chicago, women, there={"latitude": 41.85, "longitude": -87.65})
    ticket = client.get(link_of(key_store, seat(store, key_store, circle))).text
    assert "1805 S. Ejemplo" in ticket
    assert "geo:" not in ticket
    assert "google.com" not in ticket


def test_hidden_address_of_an_ordinary_workshop_hides_the_way(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = hold_there(store, chicago, rights, visibility=Visibility.REGISTERED)
    page = client.get(f"/es/t/{workshop.public_id}").text
    for each in (LANDMARK, TRANSIT, CHECKPOINT, "google.com/maps", "guardia"):
        assert each not in page, each
    assert "¿Quién ve mis datos?" in page


def test_online_workshop_does_not_speak_of_an_entrance(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, mode=DeliveryMode.VIDEO_CALL, venue=None)
    page = client.get(f"/es/t/{workshop.public_id}").text
    assert "¿Es seguro?" in page
    for each in ("¿Quién está ahí?", "¿Y si llego tarde?", "entrada"):
        assert each not in page, each


@pytest.mark.parametrize(
    ("days", "is_promised", "is_said"),
    [
        (None, True, False),
        (0, True, True),
        (AFFIRMED_FOR.days, True, True),
        (AFFIRMED_FOR.days + 1, True, False),
        (0, False, False),
    ],
)
def test_claim_about_authorities_is_said_only_where_it_was_affirmed_within_90_days(
    make_app: Callable[..., Flask],
    store: Store,
    chicago: Office,
    rights: Kind,
    days: int | None,
    is_promised: bool,
    is_said: bool,
) -> None:
    today = clock.now().astimezone(chicago.zone).date()
    affirmed_on = None if days is None else today - timedelta(days=days)
    workshop = hold_there(store, chicago, rights, there={"affirmed_on": affirmed_on})
    page = make_app(promise_no_police=is_promised).test_client().get(f"/es/t/{workshop.public_id}")
    assert (CLAIM in page.text) == is_said
    assert ("La oficina respondió por esto" in page.text) == is_said


def test_lead_of_the_office_affirms_and_a_move_takes_it_back(
    make_app: Callable[..., Flask], store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    app = make_app(promise_no_police=True)
    workshop = hold_there(store, chicago, rights)
    assert workshop.venue is not None
    path = f"/org/sedes/chicago/{workshop.venue.id}"
    page = f"/es/t/{workshop.public_id}"
    ana = signed_in_as(app, store, employ(store))
    assert "Respondo por ello hoy" not in words(ana.get(path))
    refused = ana.post(path, do="affirm")
    assert refused.status_code == 403
    assert "Esto es para responder por lo que la página promete de una sede." in words(refused)
    away = signed_in_as(app, store, employ(store, "ivan@example.org", Role.LEAD, "calgary"))
    assert away.post(path, do="affirm").status_code == 404
    eva = signed_in_as(app, store, employ(store, "eva@example.org", Role.LEAD))
    assert "Respondo por ello hoy" in words(eva.get(path))
    _forget_factors(store)
    assert eva.post(path, do="affirm").status_code == 401
    assert CLAIM not in app.test_client().get(page).text
    eva = signed_in_as(app, store, employ(store, "luz@example.org", Role.LEAD))
    assert eva.post(path, do="affirm").status_code == 303
    assert CLAIM in app.test_client().get(page).text
    form = fields(eva.get(path).text, path) | {"address": "1 Otra St."}
    assert eva.post(path, **form).status_code == 303
    assert LANDMARK in app.test_client().get(page).text
    assert CLAIM not in app.test_client().get(page).text


def _forget_factors(store: Store) -> None:
    with store.change() as session:
        long_ago = clock.now() - timedelta(hours=2)
        session.execute(sa.update(StaffSession).values(proven_at=long_ago))


def test_admin_of_the_network_affirms_for_an_office_without_a_lead(
    make_app: Callable[..., Flask], store: Store, chicago: Office, rights: Kind
) -> None:
    app = make_app(promise_no_police=True)
    workshop = hold_there(store, chicago, rights)
    path = f"/org/sedes/chicago/{workshop.venue_id}"
    elena = signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))
    assert elena.post(path, do="affirm").status_code == 303
    assert CLAIM in app.test_client().get(f"/es/t/{workshop.public_id}").text


def test_office_page_says_hours_and_how_to_get_in(client: FlaskClient, store: Store) -> None:
    given: dict[str, Any] = {
        "hours": {"es": "Lunes a viernes, 8:00 a 4:00"},
        "access": {"es": "Puerta de vidrio"},
    }
    with store.change() as session:
        session.add(office("tucson", "Tucson", "AZ", "America/Phoenix", address="1 Calle", **given))
    page = client.get("/es/o/tucson").text
    for each in ("Lunes a viernes", "Puerta de vidrio", "google.com/maps", AGENTS):
        assert each in page, each


def test_page_about_agents_says_what_not_to_sign(client: FlaskClient) -> None:
    page = client.get(AGENTS).text
    for each in ("Qué decir", "Qué no firmar", "520 623 7874", "locator.ice.gov", "Qué no traer"):
        assert each in page, each


def test_id_of_a_workshop_is_found_in_either_case(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    workshop = hold_there(store, chicago, rights)
    for path in ("", "/lugar", ".ics"):
        assert client.get(f"/es/t/{workshop.public_id.lower()}{path}").status_code == 200
