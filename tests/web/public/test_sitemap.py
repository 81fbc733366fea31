"""The sitemap, robots.txt and security.txt: which pages search engines may index (S04)."""

import gzip
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib import robotparser
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.feeds.test_feed_sizes import add_workshops
from tests.support.feed_reader import utc_today
from tests.support.public_urls import NOBODY, Page, manage_token

pytestmark = pytest.mark.any_database("the sitemap")

SITE = "http://localhost:8000"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def workshops(store: Store, chicago: Office, rights: Kind, women: Kind) -> dict[str, Workshop]:
    """A workshop of each visibility and status, by a name for it."""
    with store.change() as session:
        workshops = {
            "plain": make_workshop(session, chicago, rights),
            "cancelled": make_workshop(session, chicago, rights),
            "discreet": make_workshop(session, chicago, women),
            "unlisted": make_workshop(session, chicago, rights, way=Way.UNLISTED),
            "draft": make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT),
        }
        workshop_service.cancel(session, workshops["cancelled"], now=clock.now())
    return workshops


def sitemap_files(client: FlaskClient) -> Iterator[str]:
    """The addresses of the files in the sitemap index."""
    root = ElementTree.fromstring(client.get("/sitemap.xml").data)
    assert root.tag == f"{MAP}sitemapindex"
    for sitemap in root:
        yield (sitemap.findtext(f"{MAP}loc") or "").removeprefix(SITE)


def list_indexed_pages(client: FlaskClient) -> dict[str, Any]:
    """Every address in the sitemap files, with its element."""
    pages = {}
    for path in sitemap_files(client):
        answer = client.get(path)
        assert answer.mimetype == "application/xml"
        assert len(answer.data) < 50_000_000
        urls = list(ElementTree.fromstring(answer.data))
        assert 0 < len(urls) <= 50_000
        for url in urls:
            address = url.findtext(f"{MAP}loc") or ""
            assert address.startswith(SITE)
            assert address not in pages
            pages[address.removeprefix(SITE)] = url
    return pages


def test_sitemap_lists_exactly_the_indexable_pages(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    pages = list_indexed_pages(client)
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "noindex" not in answer.headers.get("X-Robots-Tag", ""), path
        assert 'content="noindex"' not in answer.text, path
    listed = {name for name, each in workshops.items() if f"/es/t/{each.public_id}" in pages}
    assert listed == {"plain", "cancelled"}
    for name in ("", "red", "calendario", "datos", "privacidad", "accesibilidad", "o/chicago"):
        assert f"/fr/{name}" in pages


def test_sitemap_links_every_language_of_a_page(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    pages = list_indexed_pages(client)
    for path, url in pages.items():
        links = {
            link.attrib["hreflang"]: link.attrib["href"] for link in url.findall(f"{XHTML}link")
        }
        assert set(links) == {"es", "en", "fr", "x-default"}
        assert links[path[1:3]] == SITE + path
        assert links["x-default"] == links["es"]
        assert {each.removeprefix(SITE) for each in links.values()} <= set(pages)
    changed = pages[f"/es/t/{workshops['plain'].public_id}"].findtext(f"{MAP}lastmod")
    assert changed == "2026-01-05T15:00:00Z"


def test_sitemap_has_no_discreet_unlisted_or_draft_workshop(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    text = client.get("/sitemap.xml").text
    text += "".join(client.get(path).text for path in sitemap_files(client))
    assert workshops["plain"].public_id in text
    for name in ("discreet", "unlisted", "draft"):
        assert workshops[name].public_id not in text


def test_sitemap_lists_workshops_of_the_last_and_next_months_only(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    first = utc_today().replace(day=1)
    days = {
        "last month": first - timedelta(days=1),
        "long ago": first - timedelta(days=40),
        "next year": first + timedelta(days=330),
        "too far": first + timedelta(days=430),
    }
    with store.change() as session:
        workshops = {
            name: make_workshop(session, chicago, rights, day=day) for name, day in days.items()
        }
    pages = list_indexed_pages(client)
    listed = {name for name, each in workshops.items() if f"/es/t/{each.public_id}" in pages}
    assert listed == {"last month", "next year"}
    assert f"/es/cifras/{days['long ago']:%Y-%m}" in pages
    assert f"/es/cifras/{days['next year']:%Y-%m}" not in pages, "it has no numbers yet"


def test_month_with_many_workshops_has_several_sitemap_files(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    add_workshops(store, chicago, rights, range(1), 2_100)
    month = f"/sitemap/talleres-{utc_today():%Y-%m}"
    assert set(sitemap_files(client)) >= {f"{month}-1.xml", f"{month}-2.xml"}
    assert client.get(f"{month}-3.xml").status_code == 404
    files = [client.get(f"{month}-{number}.xml") for number in (1, 2)]
    assert [each.text.count("<loc>") for each in files] == [3 * 2_000, 3 * 100]
    assert len(files[0].data) < 10_000_000


def test_unchanged_sitemap_is_answered_304(client: FlaskClient, chicago: Office) -> None:
    for path in ("/sitemap.xml", "/sitemap/paginas.xml"):
        whole = client.get(path)
        etag = whole.headers["ETag"]
        assert whole.headers["Cache-Control"] == "public, max-age=3600"
        second = client.get(path, headers={"If-None-Match": etag})
        assert (second.status_code, second.data) == (304, b"")
        assert second.headers["ETag"] == etag
        head = client.head(path)
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", etag)
        compressed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert compressed.headers["Content-Encoding"] == "gzip"
        assert compressed.headers["ETag"] == etag
        assert gzip.decompress(compressed.data) == whole.data


def test_unknown_sitemap_file_is_404(client: FlaskClient) -> None:
    other_months = [
        f"talleres-{month}-1" for month in ("2020-01", "2026-13", "0000-01", "2999-12", "9999-12")
    ]
    part_zero = f"talleres-{utc_today():%Y-%m}-0"
    for name in (*other_months, part_zero, "talleres", "cifras", "nada", "..", ""):
        assert client.get(f"/sitemap/{name}.xml").status_code == 404, name


def test_robots_txt_disallows_private_pages(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    answer = client.get("/robots.txt")
    assert answer.mimetype == "text/plain"
    robots = robotparser.RobotFileParser()
    robots.parse(answer.text.splitlines())
    assert robots.site_maps() == [f"{SITE}/sitemap.xml"]
    for path in (
        *list_indexed_pages(client),
        "/api/v1/workshops",
        "/es/cal/red.ics",
        "/es/seguridad",
    ):
        assert robots.can_fetch("*", path), path
    for path in ("/org/", "/org/entrar", f"/q/{NOBODY}", f"/fr/r/{NOBODY}/cambiar"):
        assert not robots.can_fetch("*", path), path
    for path in ("/en/mi-registro", "/es/salir"):
        assert not robots.can_fetch("*", path), path
    # Python's robotparser does not support wildcards.
    assert "Disallow: /es/t/*/lugar\n" in answer.text


def test_security_txt_has_contact_and_expiry(make_app: Callable[..., Flask]) -> None:
    path = "/.well-known/security.txt"
    assert make_app().test_client().get(path).status_code == 404
    app = make_app(security_contact="mailto:seguridad@example.org")
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:seguridad@example.org"
    assert fields["Canonical"] == f"{SITE}{path}"
    left = datetime.fromisoformat(fields["Expires"]) - clock.now()
    assert timedelta(days=150) < left < timedelta(days=365)


def test_only_indexable_pages_have_canonical_and_language_links(
    client: FlaskClient, store: Store, key_store: KeyStore, workshops: dict[str, Workshop]
) -> None:
    for path in list_indexed_pages(client):
        links = _head_links(client.get(path).text)
        assert ("canonical", None, SITE + path) in links
        others = {(lang, href) for rel, lang, href in links if rel == "alternate"}
        assert others == {(lang, f"{SITE}/{lang}{path[3:]}") for lang in ("es", "en", "fr")} | {
            ("x-default", f"{SITE}/es{path[3:]}")
        }
    private = [f"/es/t/{workshops[name].public_id}" for name in ("discreet", "unlisted", "draft")]
    private += [f"/es/t/{workshops['plain'].public_id}/lugar", "/es/mi-registro", "/es/seguridad"]
    private += [
        f"/es/r/{manage_token(key_store, seat(store, key_store, workshops['plain']))}",
        "/es/o/nada",
    ]
    private += ["/es/?tipo=K7QX", "/es/?donde=Chicago", "/es/calendario?tipo=derechos"]
    for path in private:
        assert not _head_links(client.get(path).text), path


def _head_links(text: str) -> list[tuple[str, str | None, str]]:
    return [
        (has["rel"] or "", has.get("hreflang"), has["href"] or "")
        for tag, has in Page(text).tags
        if tag == "link" and (has["rel"] == "canonical" or has.get("hreflang"))
    ]
