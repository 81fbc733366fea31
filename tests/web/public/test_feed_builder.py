"""The feed builder: the page that makes a feed address from chosen filters."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from tests.conftest import make_workshop, venue
from tests.feeds.test_feed_sizes import add_workshops
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("the text of the feed builder")


def feed_address(page: str) -> str:
    """The address in the page's input field."""
    found = re.search(r'<input id="u"[^>]*value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def test_feed_without_filters_has_the_whole_network(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    answer = client.get("/es/calendario")

    assert answer.status_code == 200
    assert feed_address(answer.text) == "http://localhost:8000/es/cal/red.ics"
    assert "1 taller próximo" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
def test_chosen_filters_are_in_the_feed_address_and_its_links(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, lang: str
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    query = "tipo=derechos&idioma=en&idioma=es&donde=IL&modalidad=presencial"
    page = client.get(f"/{lang}/calendario?oficina=chicago&{query}").text
    address = feed_address(page)

    assert address == f"http://localhost:8000/{lang}/cal/chicago.ics?{query}"
    webcal = address.replace("http", "webcal", 1)
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page)}
    assert webcal in links
    assert f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}" in links
    assert any(quote(address, safe="") in link for link in links if "outlook" in link)
    assert client.get(address.removeprefix("http://localhost:8000")).status_code == 200


def test_discreet_kind_is_unticked_and_only_its_code_is_in_the_feed_address(
    client: FlaskClient, chicago: Office, women: Kind
) -> None:
    page = client.get("/es/calendario").text
    assert "En tu calendario solo dirá “Taller”, sin dirección" in page
    assert 'value="K7QX">' in page, "offered, and not ticked"

    ticked = client.get("/es/calendario?tipo=K7QX")
    assert feed_address(ticked.text) == "http://localhost:8000/es/cal/red.ics?tipo=K7QX"
    assert client.get("/es/calendario?tipo=mujeres").headers["Location"] == (
        "/es/calendario?tipo=K7QX"
    )
    with_link = client.get("/es/calendario?tipo=K7QX&enlace=1").text
    assert feed_address(with_link).endswith("red.ics?tipo=K7QX&enlace=1")
    assert ticked.headers["Cache-Control"] == "no-store"
    assert "noindex" in ticked.headers["X-Robots-Tag"]


@pytest.mark.parametrize("query", ["oficina=atlantida", "tipo=baile", "donde=Narnia"])
def test_unknown_filter_value_is_a_404_page(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/es/calendario?{query}")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_filters_of_the_list_are_kept_in_the_feed_address(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        joliet = venue(session, chicago, name="Biblioteca de Joliet", city="Joliet")
        make_workshop(session, chicago, rights, venue=joliet)
    for list_query, feed in (
        ("donde=Joliet", "red.ics?donde=joliet+il"),
        ("donde=60432", "red.ics?donde=60432"),
        ("donde=illinois&modalidad=presencial", "red.ics?donde=IL&modalidad=presencial"),
        ("donde=M5V+2T6", "red.ics?donde=M5V"),
        ("donde=chicago&idioma=en&idioma=es", "chicago.ics?idioma=en&idioma=es"),
        ("tipo=derechos&tipo=K7QX", "red.ics?tipo=derechos&tipo=K7QX"),
    ):
        found = re.search(r'href="(/es/calendario\?[^"]+)"', client.get(f"/es/?{list_query}").text)
        assert found
        address = feed_address(client.get(unescape(found[1])).text)
        assert address == f"http://localhost:8000/es/cal/{feed}"
        assert client.get(f"/es/cal/{feed}").status_code == 200


def test_filter_values_that_the_form_does_not_offer_stay_ticked(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        joliet = venue(session, chicago, name="Biblioteca de Joliet", city="Joliet")
        make_workshop(session, chicago, rights, venue=joliet)
    page = client.get(
        "/fr/calendario?donde=Joliet&donde=IL&idioma=nah&modalidad=en-linea&modalidad=presencial"
    ).text
    for chosen in (
        'name="donde" value="joliet il" checked>Joliet, Illinois',
        '<option value="IL" selected>Illinois',
        'value="nah" checked',
        'value="en-linea" checked',
        'value="presencial" checked',
    ):
        assert chosen in page
    assert "virtual_sala" not in page.split("tu-calendario")[0], "all online modes are one checkbox"


def test_regions_with_an_office_are_listed_by_name(
    client: FlaskClient, chicago: Office, calgary: Office
) -> None:
    page = client.get("/es/calendario").text
    assert re.findall(r'<option value="([A-Z]{2})">([^<]+)', page) == [
        ("AB", "Alberta"),
        ("IL", "Illinois"),
    ]


def test_page_offers_other_formats_and_a_frame_with_the_same_filters(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    page = client.get("/es/calendario?oficina=chicago&tipo=derechos").text
    for ending in ("atom", "json", "jcal", "jscal"):
        assert f'href="http://localhost:8000/es/cal/chicago.{ending}?tipo=derechos"' in page
    snippet = re.search(r'<textarea id="marco"[^>]*>([^<]+)</textarea>', page)
    assert snippet
    tag = Page(unescape(snippet[1])).tags[0][1]
    assert tag["src"] == "http://localhost:8000/es/incrustar?oficina=chicago&tipo=derechos"
    assert tag["title"] == "Próximos talleres · Chicago"


def test_discreet_kind_has_only_a_calendar_and_a_warning(client: FlaskClient, women: Kind) -> None:
    page = client.get("/es/calendario?tipo=K7QX").text
    assert "Quien vea tu teléfono verá que tienes algo ese día." in page
    assert "tu calendario puede verse en otros aparatos tuyos" in page
    for absent in ("incrustar", ".atom", ".jcal", "cal/red.json", "mujeres.ics"):
        assert absent not in page


def test_page_explains_an_empty_feed(client: FlaskClient, chicago: Office) -> None:
    assert "se llenará cuando haya" in client.get("/es/calendario?oficina=chicago").text


@pytest.mark.long
def test_page_states_the_last_day_of_a_truncated_feed(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(50), 40)
    last_day = re.search(r"calendario llega hasta el (\d+) de", client.get("/es/calendario").text)
    assert last_day
    last_days = [clock.now().date() + timedelta(days=number) for number in range(30, 49)]
    assert int(last_day[1]) in {day.day for day in last_days}
