"""Workshops on other sites: frames, and oEmbed for editors that turn a pasted link into a frame."""

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
from outreach.keystore import KeyStore
from tests.conftest import LONG_AGO, kind, make_workshop, seat, venue
from tests.support.public_urls import Page

pytestmark = pytest.mark.any_database("the text of frames and of oEmbed")

SITE = "http://localhost:8000"


def get_oembed(client: FlaskClient, path: str, **more: object) -> TestResponse:
    return client.get("/oembed", query_string={"url": f"{SITE}{path}", **more})


def linked_ids(answer: TestResponse) -> list[str]:
    """The public ids of the workshops that the cards of a frame link to."""
    return re.findall(r'href="/\w\w/t/(\w+)"', answer.text)


@pytest.fixture
def listed_ids(
    store: Store, chicago: Office, calgary: Office, rights: Kind, women: Kind
) -> list[str]:
    """The public ids of three workshops in Chicago and two in Calgary, in the order of their days.

    A discreet, an unlisted, a draft and a past workshop are stored too; no frame shows them.
    """
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
            make_workshop(session, chicago, kind, **({"day": day} | changes))
        listed = [
            make_workshop(session, office, rights, day=day + timedelta(days=number))
            for number, office in enumerate((chicago, calgary, chicago, chicago))
        ]
        listed.append(make_workshop(session, calgary, rights, day=day + timedelta(days=200)))
        workshop_service.cancel(session, listed[2], now=LONG_AGO)
    return [workshop.public_id for workshop in listed]


# The frame


def test_frame_lists_upcoming_public_workshops_in_order(
    client: FlaskClient, listed_ids: list[str]
) -> None:
    assert linked_ids(client.get("/es/incrustar")) == listed_ids
    chicago = client.get("/en/incrustar?oficina=chicago&tipo=derechos&modalidad=presencial")
    assert linked_ids(chicago) == [listed_ids[0], listed_ids[2], listed_ids[3]]
    assert (
        "<h1>Próximos talleres · Chicago</h1>" in client.get("/es/incrustar?oficina=chicago").text
    )
    assert "Cancelado" in client.get("/es/incrustar?donde=Chicago").text
    assert linked_ids(client.get("/es/incrustar?donde=AB")) == [listed_ids[1], listed_ids[4]]


def test_frame_has_the_requested_number_of_cards(
    client: FlaskClient, listed_ids: list[str]
) -> None:
    for requested, shown in (("2", 2), ("0", 1), ("500", 5), ("-3", 5), ("muchos", 5)):
        assert len(linked_ids(client.get(f"/es/incrustar?cuantos={requested}"))) == shown


def test_card_shows_title_time_venue_and_seats_left(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        library = venue(session, chicago, name="Biblioteca <de> Pilsen")
        workshop = make_workshop(session, chicago, rights, venue=library, capacity=3)
    for path in ("/en/incrustar?oficina=chicago", f"/en/incrustar/{workshop.public_id}"):
        text = client.get(path).text
        for text_part in ("Know your rights", "6:00", "Biblioteca &lt;de&gt; Pilsen", "3 "):
            assert text_part in text


def test_frame_has_only_links_that_open_a_new_window(
    client: FlaskClient, listed_ids: list[str]
) -> None:
    for path in ("/es/incrustar", f"/es/incrustar/{listed_ids[0]}", "/es/incrustar/nada"):
        tags = Page(client.get(path).text).tags
        for _, has in [each for each in tags if each[0] == "a"]:
            assert (has["target"], has["rel"]) == ("_blank", "noopener")
        assert not {tag for tag, _ in tags} & {"form", "input", "button", "script", "iframe"}


def test_discreet_kind_is_answered_like_an_unknown_filter_value(
    client: FlaskClient, rights: Kind, women: Kind
) -> None:
    not_found = client.get("/es/incrustar?tipo=otra-cosa")
    assert not_found.status_code == 404
    assert "frame-ancestors https:" in not_found.headers["Content-Security-Policy"]
    for query in (
        "tipo=K7QX",
        "tipo=mujeres&tipo=derechos",
        "oficina=atlantida",
        "donde=Narnia",
        "idioma=xx",
        "modalidad=volando",
    ):
        answer = client.get(f"/es/incrustar?{query}")
        assert (answer.status_code, answer.data) == (404, not_found.data), query


def test_hidden_workshop_has_no_frame(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        hidden: list[Workshop] = [
            make_workshop(session, chicago, women),
            make_workshop(session, chicago, rights, way=Way.UNLISTED),
            make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT),
        ]
    not_found = client.get("/es/incrustar/0000000000").data
    for each in hidden:
        answer = client.get(f"/es/incrustar/{each.public_id}")
        assert (answer.status_code, answer.data) == (404, not_found)
        assert get_oembed(client, f"/es/t/{each.public_id}").status_code == 404


def test_frame_is_cached_for_five_minutes_and_has_an_etag(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    first = client.get("/es/incrustar?oficina=chicago")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert "X-Frame-Options" not in first.headers
    assert "Set-Cookie" not in first.headers
    condition = {"If-None-Match": first.headers["ETag"]}
    second = client.get("/es/incrustar?oficina=chicago", headers=condition)
    assert (second.status_code, second.data) == (304, b"")
    assert second.headers["Cache-Control"] == "public, max-age=300"
    with store.change() as session:
        make_workshop(session, chicago, rights)
    assert client.get("/es/incrustar?oficina=chicago", headers=condition).status_code == 200


def test_frame_of_an_office_without_workshops_says_so(client: FlaskClient, chicago: Office) -> None:
    answer = client.get("/es/incrustar?oficina=chicago")
    assert "Por ahora no hay talleres anunciados aquí." in answer.text
    assert 'href="/es/?donde=chicago"' in answer.text
    assert 'href="/es/calendario?oficina=chicago"' in answer.text


# oEmbed


def test_list_office_and_workshop_pages_link_to_their_oembed(
    client: FlaskClient, listed_ids: list[str]
) -> None:
    for path, shown in (
        ("/es/", "/es/incrustar"),
        ("/fr/?donde=Chicago&tipo=derechos", "/fr/incrustar?tipo=derechos&donde=chicago+il"),
        ("/en/o/chicago", "/en/incrustar?oficina=chicago"),
        (f"/en/t/{listed_ids[0]}", f"/en/incrustar/{listed_ids[0]}"),
    ):
        link = next(
            has["href"] or ""
            for tag, has in Page(client.get(path).text).tags
            if tag == "link" and has.get("type") == "application/json+oembed"
        )
        assert parse_qs(urlsplit(link).query)["url"] == [SITE + path]
        answer = client.get(link.removeprefix(SITE))
        assert answer.mimetype == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        oembed = answer.get_json()
        assert (oembed["version"], oembed["type"], oembed["cache_age"]) == ("1.0", "rich", 300)
        assert oembed["title"]
        ((tag, frame),) = Page(oembed["html"]).tags
        assert (tag, frame["src"]) == ("iframe", SITE + shown)
        assert (frame["width"], frame["height"]) == (str(oembed["width"]), str(oembed["height"]))
        assert client.get(shown).status_code == 200


def test_oembed_respects_the_maximum_size(client: FlaskClient, listed_ids: list[str]) -> None:
    oembed = get_oembed(client, "/es/", maxwidth=320, maxheight=400).get_json()
    assert (oembed["width"], oembed["height"]) == (320, 400)
    oembed = get_oembed(client, "/es/incrustar?cuantos=2", maxwidth=5000, maxheight="x").get_json()
    assert oembed["width"] == 600
    assert oembed["height"] < get_oembed(client, "/es/").get_json()["height"]


UNSUPPORTED_ADDRESSES: Final = (
    "",
    "nada",
    "https://otro.example.org/es/",
    "http://localhost:8000.example.org/es/",
    "http://ana@localhost:8000/es/",
    "javascript://localhost:8000/es/",
    "http://[localhost/es/",
    f"{SITE}/es",
    f"{SITE}/es/nada",
    f"{SITE}/es/privacidad",
    f"{SITE}/org/",
    f"{SITE}/es/o/atlantida",
    f"{SITE}/es/t/0000000000",
    f"{SITE}/es/t/%00",
    f"{SITE}/es/?tipo=K7QX",
    f"{SITE}/es/?donde=%00",
    f"{SITE}/es/?" + "&".join("tipo=derechos" for _ in range(200)),
)


def test_oembed_of_any_other_address_is_404(
    client: FlaskClient, chicago: Office, rights: Kind, women: Kind
) -> None:
    for url in UNSUPPORTED_ADDRESSES:
        answer = client.get(f"/oembed?url={quote(url, safe='')}")
        assert answer.status_code == 404, url
        assert answer.mimetype == "text/plain"
        assert (
            answer.text == "De esa dirección no hay nada que mostrar. Copia otra de este sitio.\n"
        )


def test_oembed_has_no_xml_format(client: FlaskClient, chicago: Office) -> None:
    answer = get_oembed(client, "/es/", format="xml")
    assert answer.status_code == 501
    assert answer.mimetype == "text/plain"


def test_discreet_page_has_no_oembed_link(
    client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, women)
    for path in ("/es/?tipo=K7QX", f"/es/t/{workshop.public_id}"):
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


def test_frame_of_a_sensitive_kind_tells_nothing_of_who_registers(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    """The frame may stand on pages of kinds of high sensitivity: it says what their page says."""
    with store.change() as session:
        daca = kind("daca", "DACA", sensitivity="high", position=3)
        session.add(daca)
    with store.change() as session:
        workshop = make_workshop(session, chicago, daca, capacity=4)
    addresses = (
        f"/es/incrustar/{workshop.public_id}",
        "/es/incrustar?tipo=daca",
        f"/oembed?url={SITE}/es/t/{workshop.public_id}",
    )
    before = [client.get(each).data for each in addresses]
    for name in ("Rosa", "Ana"):
        seat(store, key_store, workshop, name=name)
    assert [client.get(each).data for each in addresses] == before
    assert not re.search(r"[Qq]ueda", before[0].decode())
