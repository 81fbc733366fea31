"""Conditional requests and CORS of everything that any cache may keep (RFC 9110, 13)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from time_machine import TimeMachineFixture

from outreach import clock
from outreach.clock import Month
from tests.support.extension_scenes import SCENES
from tests.support.public_urls import FurnishedSite

pytestmark = pytest.mark.any_database("headers of public pages")


@pytest.fixture
def site(furnished_site: FurnishedSite) -> FurnishedSite:
    return replace(furnished_site, languages=("es",))


@pytest.fixture
def client(site: FurnishedSite) -> FlaskClient:
    return site.app.test_client()


def is_shareable(headers: object) -> bool:
    return str(headers).find("public, max-age") >= 0


@pytest.mark.thorough
def test_shareable_answers_have_a_tag_and_follow_every_condition(
    site: FurnishedSite, client: FlaskClient
) -> None:
    kinds = set()
    for endpoint, address in site.addresses():
        first = client.get(address)
        if first.status_code != 200 or not is_shareable(first.headers["Cache-Control"]):
            continue
        kinds.add(endpoint)
        tag = first.headers["ETag"]
        assert tag.startswith('W/"'), address
        for headers, status in (
            ({"If-None-Match": tag}, 304),
            ({"If-None-Match": f'"other", {tag}'}, 304),
            ({"If-None-Match": "*"}, 304),
            ({"If-None-Match": '"other"'}, 200),
            ({"If-Match": "*"}, 200),
            ({"If-Match": '"other"'}, 412),
            ({"If-Match": tag}, 412),  # compared strongly, and ours are weak
            ({"If-Match": '"other"', "If-None-Match": tag}, 412),
        ):
            for method in ("GET", "HEAD"):
                answer = client.open(address, method=method, headers=headers)
                assert answer.status_code == status, (address, headers)
                if status == 304:
                    assert answer.data == b""
                    assert answer.headers["ETag"] == tag
                    for name in ("Cache-Control", "Vary"):  # RFC 9110, 15.4.5
                        assert answer.headers.get(name) == first.headers.get(name), address
                    assert "Content-Type" not in answer.headers
        compressed = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert compressed.headers["ETag"] == tag
    assert {
        "workshops.workshop", "workshops.office", "calendar_files.feed", "calendar_files.workshop",
        "sitemap.index", "static_files.static_file", "api.offices",
        *(endpoint for scene in SCENES for endpoint in scene.conditional),
    } <= kinds  # fmt: skip


def test_dates_are_conditions_too(site: FurnishedSite, client: FlaskClient) -> None:
    plain = site.workshops["plain"].public_id
    for address in ("/es/cal/chicago.ics", f"/es/t/{plain}.ics", "/api/v1/workshops"):
        changed_at = parsedate_to_datetime(client.get(address).headers["Last-Modified"])
        earlier = format_datetime(changed_at - timedelta(days=1), usegmt=True)
        later = format_datetime(changed_at + timedelta(days=1), usegmt=True)
        for name, value, status in (
            ("If-Modified-Since", later, 304),
            ("If-Modified-Since", earlier, 200),
            ("If-Modified-Since", "mañana", 200),
            ("If-Unmodified-Since", later, 200),
            ("If-Unmodified-Since", earlier, 412),
            ("If-Unmodified-Since", "mañana", 200),
        ):
            value = value.encode().decode("latin-1")
            assert client.get(address, headers={name: value}).status_code == status, (address, name)


@pytest.mark.parametrize("form", ["json", "csv", "pdf", "xlsx"])
def test_figures_of_an_open_month_have_a_steady_tag(
    form: str, site: FurnishedSite, time_machine: TimeMachineFixture
) -> None:
    client, now = site.app.test_client(), clock.now()
    address = f"/es/cifras/{Month.from_day(now.date())}.{form}"
    tag = client.get(address).headers["ETag"]
    time_machine.move_to(now + timedelta(minutes=7), tick=False)
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (304, tag)


@pytest.mark.thorough
def test_scripts_of_other_sites_may_read_what_is_public_and_nothing_else(
    site: FurnishedSite, client: FlaskClient
) -> None:
    origin = {"Origin": "https://otro.example"}
    asked = origin | {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }
    for _endpoint, address in site.addresses():
        answer = client.get(address, headers=origin)
        is_public = is_shareable(answer.headers["Cache-Control"])
        if answer.status_code == 200 and not address.startswith("/api/"):
            assert ("Access-Control-Allow-Origin" in answer.headers) == is_public, address
        if is_public and answer.status_code == 200:
            assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
            allowed = client.options(address, headers=asked).headers
            assert allowed["Access-Control-Allow-Origin"] == "*"
            assert "If-None-Match" in allowed["Access-Control-Allow-Headers"]
            assert "Access-Control-Allow-Credentials" not in allowed
    for private in ("/org/", "/org/entrar", *site.of_tokens()):
        for answer in (client.get(private, headers=origin), client.options(private, headers=asked)):
            assert "ETag" not in answer.headers
            if answer.request.method == "GET":
                assert "Access-Control-Allow-Origin" not in answer.headers, private


def test_only_a_site_of_https_asks_for_https(make_app: Callable[..., Flask]) -> None:
    over_http = make_app().test_client()
    over_https = make_app(public_url="https://talleres.example.org").test_client()
    for address in ("/es/", "/es/cal/red.ics", "/api/v1/", "/es/nada"):
        assert "Strict-Transport-Security" not in over_http.get(address).headers
        answer = over_https.get(address, base_url="https://talleres.example.org")
        assert "max-age=" in answer.headers["Strict-Transport-Security"]
