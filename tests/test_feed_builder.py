"""The page on which Iván makes the calendar of his parish."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from tests.conftest import hold


def address_on(page: str) -> str:
    found = re.search(r'<input id="u"[^>]*value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def test_without_a_choice_it_gives_the_whole_network(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        hold(session, chicago, rights)
    answer = client.get("/es/calendario")

    assert answer.status_code == 200
    assert address_on(answer.text) == "http://localhost:8000/es/cal/red.ics"
    assert "1 taller próximo" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("lang", ["es", "en", "fr"])
def test_what_was_chosen_is_in_the_address_and_every_link_leads_to_it(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, lang: str
) -> None:
    with store.change() as session:
        hold(session, chicago, rights)
    query = "tipo=derechos&idioma=en&idioma=es&donde=IL&modalidad=presencial"
    page = client.get(f"/{lang}/calendario?oficina=chicago&{query}").text
    address = address_on(page)

    assert address == f"http://localhost:8000/{lang}/cal/chicago.ics?{query}"
    webcal = address.replace("http", "webcal", 1)
    links = {unescape(link) for link in re.findall(r'href="([^"]+)"', page)}
    assert webcal in links
    assert f"https://calendar.google.com/calendar/r?cid={quote(webcal, safe='')}" in links
    assert any(quote(address, safe="") in link for link in links if "outlook" in link)
    assert client.get(address.removeprefix("http://localhost:8000")).status_code == 200


def test_a_discreet_kind_is_off_until_ticked_and_then_has_no_name_in_the_address(
    client: FlaskClient, chicago: Office, women: Kind
) -> None:
    page = client.get("/es/calendario").text
    assert "En tu calendario solo dirá “Taller”, sin dirección" in page
    assert 'value="K7QX">' in page, "there, and not ticked"

    ticked = client.get("/es/calendario?tipo=K7QX")
    assert address_on(ticked.text) == "http://localhost:8000/es/cal/red.ics?tipo=K7QX"
    assert "mujeres" not in address_on(client.get("/es/calendario?tipo=mujeres").text)
    assert ticked.headers["Cache-Control"] == "no-store"
    assert "noindex" in ticked.headers["X-Robots-Tag"]


@pytest.mark.parametrize("query", ["oficina=atlantida", "tipo=baile", "donde=Narnia"])
def test_what_does_not_exist_is_a_kind_page(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/es/calendario?{query}")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
