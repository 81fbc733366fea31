"""The place that a card of the workshop list shows."""

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.conftest import make_workshop, venue

pytestmark = pytest.mark.core


def test_card_names_the_city_in_a_list_of_several_cities(
    client: FlaskClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        for office in (chicago, calgary):
            make_workshop(
                session, office, rights, venue=venue(session, office, "Biblioteca pública")
            )
    everywhere = client.get("/es/").text
    assert "Biblioteca pública, Chicago" in everywhere
    assert "Biblioteca pública, Calgary" in everywhere
    assert "Biblioteca pública, Chicago" in client.get("/es/?donde=IL").text
    # A list of one city does not repeat it on each card.
    for address in ("/es/?donde=Chicago", "/es/o/chicago"):
        page = client.get(address).text
        assert "Biblioteca pública<" in page
        assert "Biblioteca pública, Chicago" not in page


def test_card_of_a_hidden_address_shows_zone_and_city(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, women, venue=venue(session, chicago, "Casa de Luz"))
    everywhere = client.get("/es/").text
    assert "Zona de Pilsen, Chicago" in everywhere
    assert "Casa de Luz" not in everywhere
