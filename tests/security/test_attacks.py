"""Hostile requests: cross-site posts, session fixation, foreign host names, open redirects
(`outreach guide threats`).

Hostile text is in `security/test_attacks_text.py`, hostile bytes on the connection in
`security/test_attacks_line.py`.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.keystore import KeyStore
from tests.security.test_safety import read_all_rows
from tests.support.extension_scenes import SCENES
from tests.support.login import half_a_minute_later
from tests.support.policy_table import SCOPES
from tests.support.public_urls import FurnishedSite
from tests.support.staff_client import (
    COOKIE,
    StaffClient,
    Visitor,
    code_now,
    employ,
    enrol,
    hidden,
    signed_in_as,
)

pytestmark = pytest.mark.any_database("refused before any query")

SITE: Final = "https://talleres.example.org"
EVIL: Final = "mal.example"
OTHER_SITES: Final = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Origin": f"https://{EVIL}"},
    {"Origin": f"http://localhost:8000.{EVIL}"},
    {"Origin": f"http://{EVIL}#localhost:8000"},
    {"Origin": "https://localhost:8000"},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://localhost:8000@mal.example"},
    {"Origin": "http://["},
    {"Origin": "file://"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "none", "Origin": f"https://{EVIL}"},
)
EXTERNAL_TARGETS: Final = (
    f"https://{EVIL}/", f"//{EVIL}/", f"/\\{EVIL}", f"\\\\{EVIL}", f"/{chr(9)}/{EVIL}",
    f"https:{EVIL}", f"/%2f{EVIL}", f"%2f%2f{EVIL}", f"/%5c{EVIL}", f"/org/..//{EVIL}",
    f"/org/@{EVIL}", "javascript:alert(1)", "data:text/html,x", f"/org/\r\nLocation: //{EVIL}",
    f"/org//{EVIL}", f"//localhost:8000@{EVIL}/", f".{EVIL}", f"@{EVIL}", f":80@{EVIL}",
)  # fmt: skip


@pytest.fixture
def admin(furnished_site: FurnishedSite, store: Store) -> StaffClient:
    admin_id = employ(store, "red@example.org", Role.ADMIN, ALL_OFFICES)
    return signed_in_as(furnished_site.app, store, admin_id)


# Cross-site posts


def post_paths(app: Flask) -> Iterator[str]:
    """Yields a path for every POST route; the values of its parts need not exist."""
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()):
            yield (
                re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int[^>]*>", "1", rule.rule))
                .replace("<", "")
                .replace(">", "")
            )


@pytest.mark.thorough
def test_every_cross_site_post_is_refused(
    furnished_site: FurnishedSite, store: Store, key_store: KeyStore, admin: StaffClient
) -> None:
    before, paths = read_all_rows(store, key_store), list(post_paths(furnished_site.app))
    assert len(paths) >= 100
    for path in paths:
        for headers in OTHER_SITES:
            answer = admin.client.post(
                path, data={"token": admin.form_token}, headers=admin.headers | headers
            )
            assert answer.status_code == 403, f"{path} {headers}"
    assert read_all_rows(store, key_store) == before


def test_http_origin_of_an_https_site_is_cross_site(make_app: Callable[..., Flask]) -> None:
    client = make_app(public_url=SITE).test_client()
    name = {"Host": "talleres.example.org"}
    statuses = {
        origin: client.post("/es/mi-registro", headers=name | {"Origin": origin}).status_code
        for origin in (SITE, SITE.upper(), "null", SITE.replace("https", "http"), f"{SITE}:443")
    }
    assert list(statuses.values()) == [422, 422, 422, 403, 403], statuses


def test_post_without_origin_headers_needs_a_token(
    furnished_site: FurnishedSite, store: Store, key_store: KeyStore, admin: StaffClient
) -> None:
    """Old phones send neither header: a form token, a session token or the link itself is
    required."""
    before = read_all_rows(store, key_store)
    client = furnished_site.app.test_client()
    for path in post_paths(furnished_site.app):
        if "token" in path or path.startswith("/api/"):
            continue  # the URL itself is the permission; the API changes nothing
        if path.startswith("/org"):
            if SCOPES[_endpoint(furnished_site.app, path), "POST"] != "public":
                answer = admin.client.post(path, headers=admin.headers)
                assert answer.status_code in {401, 403, 404}, path
        else:
            of_programs = [s.program_posts[path] for s in SCENES if path in s.program_posts]
            refused = set(of_programs) or {404, 422}
            assert client.post(path, data={"name": "Rosa"}).status_code in refused, path
    assert read_all_rows(store, key_store) == before


def _endpoint(app: Flask, path: str) -> str:
    found: str = app.url_map.bind("localhost").match(path, method="POST")[0]
    return found


# Session fixation


def test_session_cookie_changes_at_sign_in(furnished_site: FurnishedSite, store: Store) -> None:
    app = furnished_site.app
    enrol(app, store, employ(store, "ana@example.org"), employ(store, "mal@example.org"))
    thief = Visitor(app)
    thief.password("mal@example.org")
    for forged in ("A" * 43, "", thief.cookies[COOKIE]):
        ana = Visitor(app, {COOKIE: forged})
        assert ana.get("/org/").status_code == 303
        halfway = ana.password()
        after_password = ana.cookies[COOKIE]
        assert ana.post("/org/codigo", hidden(halfway) | {"code": code_now()}).status_code == 303
        assert len({forged, after_password, ana.cookies[COOKIE]}) == 3
        assert ana.get("/org/").status_code == 200
        for old in (forged, after_password):
            assert Visitor(app, {COOKIE: old}).get("/org/").status_code == 303
        half_a_minute_later(store)


def test_duplicate_session_cookies_grant_nothing(
    furnished_site: FurnishedSite, store: Store, admin: StaffClient
) -> None:
    """Another host of the same domain can set a cookie of that name in browsers without
    prefixes."""
    client = furnished_site.app.test_client(use_cookies=False)
    forged = f"{COOKIE}={'A' * 43}"
    for cookies in (f"{forged}; {COOKIE}={admin.cookie}", f"{COOKIE}={admin.cookie}; {forged}"):
        answer = client.get("/org/", headers={"Cookie": cookies})
        assert answer.status_code in {200, 303}
        assert "Set-Cookie" not in answer.headers


# Host names


def test_unknown_host_name_is_refused(furnished_site: FurnishedSite) -> None:
    client = furnished_site.app.test_client()
    hosts = (
        EVIL, f"localhost.{EVIL}", f"localhost:8000.{EVIL}", f"{EVIL}:8000", f"localhost@{EVIL}",
        f"{EVIL}@localhost", f"localhost/{EVIL}", "localhost?", "localhost#", "localhost\\", "[::1",
        "localhost:", "localhost:x", "localhost:999999", "127.1", "0.0.0.0", "127.0.0.2", "::1",
        f"localhost,{EVIL}", f"localhost {EVIL}", " localhost", "localhost.", "ñ", "[", "]", "",
    )  # fmt: skip
    paths = ["/", "/es", "/es/", "/es/cal/red.ics", "/api/v1/offices", "/org/", "/static/x", "/q/x"]
    for host in hosts:
        for path in paths:
            for method in ("GET", "POST"):
                answer = client.open(path, method=method, headers={"Host": host})
                assert answer.status_code == 400, f"{method} {path} {host}"
                assert EVIL not in answer.get_data(as_text=True)
                assert "Location" not in answer.headers
    assert client.get("/es/", headers={"Host": "127.0.0.1:9999"}).status_code == 200


@pytest.mark.thorough
def test_urls_come_from_the_settings_and_not_from_request_headers(
    make_app: Callable[..., Flask], furnished_site: FurnishedSite
) -> None:
    app = make_app(public_url=SITE, trusted_proxies=1)
    client, forged_headers = app.test_client(), {
        "Host": "localhost:9",
        "X-Forwarded-Host": EVIL,
        "X-Forwarded-Server": EVIL,
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Port": "6666",
        "X-Forwarded-Prefix": f"//{EVIL}",
        "Forwarded": f"host={EVIL};proto=gopher",
        "X-Original-URL": f"//{EVIL}/",
        "X-Rewrite-URL": "/org/",
        "X-Host": EVIL,
    }  # fmt: skip
    urls_with_site = 0
    for _, path in furnished_site.addresses():
        answer = client.get(path, headers=forged_headers)
        text = str(answer.headers) + (
            answer.get_data(as_text=True) if (answer.mimetype or "").startswith("text/") else ""
        )
        assert EVIL not in text, path
        assert "gopher" not in text, path
        assert "localhost:9/" not in text, path
        urls_with_site += SITE in text
    assert urls_with_site > 50, "absolute URLs must have the configured site"


# Redirects


def location_of(answer: TestResponse) -> str:
    return answer.headers.get("Location", "")


def stays_on_site(address: str) -> bool:
    """Whether every browser would stay on this site: a path, or a URL of this site."""
    parts = urlsplit(address.replace("\\", "/"))
    is_own_host = parts.netloc in {"", "localhost:8000"} and not address.startswith(
        ("//", "/\\", "\\")
    )
    return is_own_host and parts.scheme in {"", "http"} and not re.search(r"[\x00-\x20]", address)


def test_redirect_check_detects_an_external_target() -> None:
    for external in (f"https://{EVIL}/", f"//{EVIL}", f"/\\{EVIL}", "javascript:x", "/\t/x"):
        assert not stays_on_site(external)
    for internal in ("", "/org/?hecho=1", "http://localhost:8000/es/", f"/org/{EVIL}"):
        assert stays_on_site(internal)


QUERIES: Final = ("volver", "next", "back", "url", "to", "r", "tras", "lote", "borrador", "ver")


@pytest.mark.thorough
def test_no_request_redirects_to_another_site(
    furnished_site: FurnishedSite, admin: StaffClient
) -> None:
    """Checks a sample of all URLs with every parameter that can name a target."""
    client = furnished_site.app.test_client()
    # `/salir` redirects to the configured site: security/test_safety.py
    paths = [
        path.partition("?")[0] for _, path in furnished_site.addresses() if "/salir" not in path
    ][::19]
    paths += ["/es", "/org", "/org/entrar", "/org/codigo", "/org/confirmar", "/org/oidc", "/"]
    for address in EXTERNAL_TARGETS:
        query = "&".join(f"{name}={quote(address, safe='')}" for name in QUERIES)
        for path in paths:
            for get in (client.get, admin.get) if path.startswith("/org") else (client.get,):
                answer = get(f"{path}?{query}")
                assert stays_on_site(location_of(answer)), (
                    f"{path} {address}: {location_of(answer)}"
                )
                page = answer.text if answer.mimetype == "text/html" else ""
                for form in re.findall(r'(?:action|formaction)="([^"]*)"', page):
                    assert stays_on_site(form), f"{path} {address}: {form}"
                assert answer.status_code < 500


def test_sign_in_redirects_only_within_the_site(
    furnished_site: FurnishedSite, store: Store, admin: StaffClient
) -> None:
    enrol(furnished_site.app, store)
    for address in EXTERNAL_TARGETS:
        fields = {"volver": address}
        answer = admin.post("/org/confirmar", code="000000", **fields)
        assert stays_on_site(location_of(answer)), address
        assert all(stays_on_site(form) for form in re.findall(r'action="([^"]*)"', answer.text)), (
            address
        )
        half_a_minute_later(store)
        ana = Visitor(furnished_site.app)
        credentials = {"email": "red@example.org", "password": "caballo grapa pila correcta"}
        assert stays_on_site(location_of(ana.post("/org/entrar", credentials | fields))), address


def test_normalized_url_redirects_to_its_path_and_keeps_https(
    client: FlaskClient,
) -> None:
    for requested, expected in (
        ("/es", "/es/"),
        ("/org", "/org/"),
        ("/es/cifras?mes=1", "/es/cifras/?mes=1"),
        ("/es//r/AAAA", "/es/r/AAAA"),
        ("/es/boletin?x=//mal.example", "/es/boletin/?x=//mal.example"),
        ("/es///boletin", "/es/boletin/"),
    ):
        answer = client.get(requested)
        assert (answer.status_code, location_of(answer)) == (308, expected), requested
