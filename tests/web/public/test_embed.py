"""Iván shows the next workshops on the site of his parish, in a frame; Ana pastes a link into hers
and its editor finds out by itself (oEmbed)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from tests.conftest import LONG_AGO, hold, venue
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("what frames and their descriptions say")

HERE = "http://localhost:8000"


def described(client: FlaskClient, path: str, **more: object) -> TestResponse:
    return client.get("/oembed", query_string={"url": f"{HERE}{path}", **more})


def cards(answer: TestResponse) -> list[str]:
    """The workshops of a frame, by the public id that each card leads to."""
    return re.findall(r'href="/\w\w/t/(\w+)"', answer.text)


@pytest.fixture
def parade(store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind) -> list[str]:
    """Three in Chicago and one in Calgary, day after day; and what nobody is to see."""
    day = clock.now().date() + timedelta(days=3)
    with store.change() as session:
        for changes in (
            {"kind": women},
            {"way": Way.UNLISTED},
            {"status": WorkshopStatus.DRAFT},
            {"day": day - timedelta(days=30)},
        ):
            kind = changes.pop("kind", rights)
            assert isinstance(kind, Kind)
            hold(session, chicago, kind, **({"day": day} | changes))
        shown = [
            hold(session, office, rights, day=day + timedelta(days=number))
            for number, office in enumerate((chicago, calgary, chicago, chicago))
        ]
        shown.append(hold(session, calgary, rights, day=day + timedelta(days=200)))
        workshop_service.cancel(session, shown[2], now=LONG_AGO)
    return [workshop.public_id for workshop in shown]


# The frame


def test_frame_lists_upcoming_public_workshops_in_order(
    client: FlaskClient, parade: list[str]
) -> None:
    assert cards(client.get("/es/incrustar")) == parade
    chicago = client.get("/en/incrustar?oficina=chicago&tipo=derechos&modalidad=presencial")
    assert cards(chicago) == [parade[0], parade[2], parade[3]]
    assert (
        "<h1>Próximos talleres · Chicago</h1>" in client.get("/es/incrustar?oficina=chicago").text
    )
    assert "Cancelado" in client.get("/es/incrustar?donde=Chicago").text
    assert cards(client.get("/es/incrustar?donde=AB")) == [parade[1], parade[4]]


def test_frame_has_the_requested_number_of_cards(client: FlaskClient, parade: list[str]) -> None:
    for asked, shown in (("2", 2), ("0", 1), ("500", 5), ("-3", 5), ("muchos", 5)):
        assert len(cards(client.get(f"/es/incrustar?cuantos={asked}"))) == shown


def test_card_shows_title_time_venue_and_seats_left(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        there = venue(session, chicago, name="Biblioteca <de> Pilsen")
        held = hold(session, chicago, rights, venue=there, capacity=3)
    for path in ("/en/incrustar?oficina=chicago", f"/en/incrustar/{held.public_id}"):
        text = client.get(path).text
        for text_part in ("Know your rights", "6:00", "Biblioteca &lt;de&gt; Pilsen", "3 "):
            assert text_part in text


def test_frame_has_only_links_that_open_a_new_window(
    client: FlaskClient, parade: list[str]
) -> None:
    for path in ("/es/incrustar", f"/es/incrustar/{parade[0]}", "/es/incrustar/nada"):
        tags = Page(client.get(path).text).tags
        for _, has in [each for each in tags if each[0] == "a"]:
            assert (has["target"], has["rel"]) == ("_blank", "noopener")
        assert not {tag for tag, _ in tags} & {"form", "input", "button", "script", "iframe"}


def test_discreet_kind_is_answered_like_an_unknown_filter_value(
    client: FlaskClient, rights: Kind, women: Kind
) -> None:
    nothing = client.get("/es/incrustar?tipo=otra-cosa")
    assert nothing.status_code == 404
    assert "frame-ancestors https:" in nothing.headers["Content-Security-Policy"]
    for asked in (
        "tipo=K7QX",
        "tipo=mujeres&tipo=derechos",
        "oficina=atlantida",
        "donde=Narnia",
        "idioma=xx",
        "modalidad=volando",
    ):
        answer = client.get(f"/es/incrustar?{asked}")
        assert (answer.status_code, answer.data) == (404, nothing.data), asked


def test_hidden_workshop_has_no_frame(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        hidden: list[Workshop] = [
            hold(session, chicago, women),
            hold(session, chicago, rights, way=Way.UNLISTED),
            hold(session, chicago, rights, status=WorkshopStatus.DRAFT),
        ]
    nothing = client.get("/es/incrustar/0000000000").data
    for each in hidden:
        answer = client.get(f"/es/incrustar/{each.public_id}")
        assert (answer.status_code, answer.data) == (404, nothing)
        assert described(client, f"/es/t/{each.public_id}").status_code == 404


def test_frame_is_cached_for_five_minutes_and_has_an_etag(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    first = client.get("/es/incrustar?oficina=chicago")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert "X-Frame-Options" not in first.headers
    assert "Set-Cookie" not in first.headers
    mark = {"If-None-Match": first.headers["ETag"]}
    second = client.get("/es/incrustar?oficina=chicago", headers=mark)
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["Cache-Control"] == "public, max-age=300"
    with store.change() as session:
        hold(session, chicago, rights)
    assert client.get("/es/incrustar?oficina=chicago", headers=mark).status_code == 200


def test_frame_of_an_office_without_workshops_says_so(client: FlaskClient, chicago: Office) -> None:
    answer = client.get("/es/incrustar?oficina=chicago")
    assert "Por ahora no hay talleres anunciados aquí." in answer.text
    assert 'href="/es/?donde=chicago"' in answer.text
    assert 'href="/es/calendario?oficina=chicago"' in answer.text


# oEmbed


def test_list_office_and_workshop_pages_link_to_their_oembed(
    client: FlaskClient, parade: list[str]
) -> None:
    for path, shown in (
        ("/es/", "/es/incrustar"),
        ("/fr/?donde=Chicago&tipo=derechos", "/fr/incrustar?tipo=derechos&donde=chicago+il"),
        ("/en/o/chicago", "/en/incrustar?oficina=chicago"),
        (f"/en/t/{parade[0]}", f"/en/incrustar/{parade[0]}"),
    ):
        link = next(
            has["href"] or ""
            for tag, has in Page(client.get(path).text).tags
            if tag == "link" and has.get("type") == "application/json+oembed"
        )
        assert parse_qs(urlsplit(link).query)["url"] == [HERE + path]
        answer = client.get(link.removeprefix(HERE))
        assert answer.mimetype == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        oembed = answer.get_json()
        assert (oembed["version"], oembed["type"], oembed["cache_age"]) == ("1.0", "rich", 300)
        assert oembed["title"]
        ((tag, frame),) = Page(oembed["html"]).tags
        assert (tag, frame["src"]) == ("iframe", HERE + shown)
        assert (frame["width"], frame["height"]) == (str(oembed["width"]), str(oembed["height"]))
        assert client.get(shown).status_code == 200


def test_oembed_respects_the_maximum_size(client: FlaskClient, parade: list[str]) -> None:
    oembed = described(client, "/es/", maxwidth=320, maxheight=400).get_json()
    assert (oembed["width"], oembed["height"]) == (320, 400)
    oembed = described(client, "/es/incrustar?cuantos=2", maxwidth=5000, maxheight="x").get_json()
    assert oembed["width"] == 600
    assert oembed["height"] < described(client, "/es/").get_json()["height"]


NOT_TO_BE_SHOWN: Final = (
    "",
    "nada",
    "https://otro.example.org/es/",
    "http://localhost:8000.example.org/es/",
    "http://ana@localhost:8000/es/",
    "javascript://localhost:8000/es/",
    "http://[localhost/es/",
    f"{HERE}/es",
    f"{HERE}/es/nada",
    f"{HERE}/es/privacidad",
    f"{HERE}/org/",
    f"{HERE}/es/o/atlantida",
    f"{HERE}/es/t/0000000000",
    f"{HERE}/es/t/%00",
    f"{HERE}/es/?tipo=K7QX",
    f"{HERE}/es/?donde=%00",
    f"{HERE}/es/?" + "&".join("tipo=derechos" for _ in range(200)),
)


def test_oembed_of_any_other_address_is_404(
    client: FlaskClient, chicago: Office, rights: Kind, women: Kind
) -> None:
    for url in NOT_TO_BE_SHOWN:
        answer = client.get(f"/oembed?url={quote(url, safe='')}")
        assert answer.status_code == 404, url
        assert answer.mimetype == "text/plain"
        assert (
            answer.text == "De esa dirección no hay nada que mostrar. Copia otra de este sitio.\n"
        )


def test_oembed_has_no_xml_format(client: FlaskClient, chicago: Office) -> None:
    answer = described(client, "/es/", format="xml")
    assert answer.status_code == 501
    assert answer.mimetype == "text/plain"


def test_discreet_page_has_no_oembed_link(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        held = hold(session, chicago, women)
    for path in ("/es/?tipo=K7QX", f"/es/t/{held.public_id}"):
        assert "oembed" not in client.get(path).text


def test_oembed_has_the_brand_of_the_installation(
    make_app: Callable[..., Flask], chicago: Office
) -> None:
    client = make_app(brand="Encuentros", public_url="https://encuentros.example.org").test_client()
    oembed = client.get(
        "/oembed?url=https://encuentros.example.org/es/o/chicago",
        headers={"Host": "encuentros.example.org"},
    ).get_json()
    assert oembed["provider_name"] == "Encuentros"
    assert oembed["provider_url"] == "https://encuentros.example.org/es/"
    assert 'src="https://encuentros.example.org/es/incrustar?oficina=chicago"' in oembed["html"]
