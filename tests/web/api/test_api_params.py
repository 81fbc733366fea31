"""The open-data API: parameters, paging, conditional requests, CORS and errors."""

import gzip
import re
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.http import parse_date

from outreach import clock
from outreach.db.store import Store
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.web.api.handlers import read_key, write_key
from outreach.web.api.serializers import ROOT
from tests.conftest import LONG_AGO, make_workshop, seat
from tests.support.fixed_clock import FIXED_NOW
from tests.support.open_data import JANUARY, furnish, get_all_routes, listed_ids

pytestmark = pytest.mark.any_database

# For tests whose result does not depend on the database.
on_sqlite = pytest.mark.parametrize("config", ["sqlite"], indirect=True)


@pytest.fixture
def workshops(store: Store, chicago: Office, calgary: Office, rights: Kind) -> dict[str, Workshop]:
    return furnish(store, chicago, calgary, rights)


# Parameters


FILTERS: Final = (
    "",
    "donde=Chicago",
    "donde=AB",
    "tipo=derechos",
    "idioma=fr",
    "modalidad=en-linea",
    "modalidad=presencial&idioma=es&idioma=en",
    "donde=Chicago&modalidad=presencial&tipo=derechos",
)


def test_filters_match_those_of_the_workshop_list(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    for query in FILTERS:
        page = client.get(f"/es/?{query}").text.partition('id="cerca"')[0]  # what is like it
        on_the_list = set(re.findall(r'href="/es/t/(\w{16})["?]', page))
        # The list is in the order of the way there, and always offers what is on line.
        found = set(listed_ids(client, query))
        assert found, query
        assert found <= on_the_list <= found | {workshops["online"].public_id}, query


def test_past_days_can_be_queried(
    client: FlaskClient, workshops: dict[str, Workshop], chicago: Office
) -> None:
    past, plain = workshops["past"].public_id, workshops["plain"].public_id
    assert past not in listed_ids(client)
    assert listed_ids(client, "desde=2020-01-01&hasta=2020-01-31") == [past]
    assert listed_ids(client, "hasta=2020-01-31") == []
    coming = {workshops["online"].public_id, plain}
    assert set(listed_ids(client, "desde=2020-01-19&oficina=chicago")) == coming
    assert listed_ids(client, f"desde={JANUARY}&oficina=chicago")[0] == past
    assert listed_ids(client, "desde=2021-01-01&hasta=2020-01-01") == []


def test_pagination_by_key_misses_no_workshop(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    today = clock.now().date()
    with store.change() as session:
        created = [
            make_workshop(session, chicago, rights, day=today + timedelta(days=5 + n // 3))
            for n in range(7)
        ]
    found: list[str] = []
    address: str | None = f"{ROOT}/workshops?limit=2&oficina=chicago&desde={today}"
    while address:
        answer = client.get(address)
        body: Any = answer.json
        found += [each["id"] for each in body["workshops"]]
        assert answer.headers.get("Link") == (
            f'<{body["next"]}>; rel="next"' if body["next"] else None
        )
        address = body["next"]
        if len(found) == 4:  # a listed workshop is removed and a later one added
            with store.change() as session:
                workshop_service.cancel(session, session.merge(created[0]), now=clock.now())
                late = make_workshop(session, chicago, rights, day=today + timedelta(days=9))
    assert found == [*(each.public_id for each in created), late.public_id]


def test_any_pagination_key_of_the_right_length_is_valid(
    client: FlaskClient, workshops: dict[str, Workshop]
) -> None:
    for key in ("0" * 24, "f" * 24, "0" * 8 + "f" * 16, "000b4a6f" + "f" * 16):
        assert write_key(read_key(key)) <= "7" + "f" * 23
        client.get(f"{ROOT}/workshops?after={key}")
    assert len(listed_ids(client, "after=" + "0" * 24)) == 3
    assert listed_ids(client, "after=" + "f" * 24) == []


ERRORS: Final = (
    ("/workshops?desde=ayer", 400, "Write desde as a day, like 2026-11-28."),
    ("/workshops?hasta=20260101", 400, "Write hasta as a day, like 2026-11-28."),
    ("/workshops?limit=0", 400, "Write limit as a number from 1 to 200."),
    ("/workshops?limit=201", 400, "Write limit as a number from 1 to 200."),
    ("/bulletins?limit=37", 400, "Write limit as a number from 1 to 36."),
    ("/workshops?limit=%EF%BC%91", 400, "Write limit as a number from 1 to 200."),
    ("/workshops?after=x", 400, "after is not as we gave it. Copy it again, or leave it out."),
    ("/workshops?desde=2026-01-01&desde=2026-01-02", 400, "Write “desde” once only."),
    ("/workshops?" + "idioma=es&" * 21, 400, "Write “idioma” 20 times at most."),
    ("/offices?pagina=2", 400, "There is no parameter “pagina” here. Leave it out."),
    ("/workshops?idioma=xx", 404, "There is no idioma “xx”. Use one of these: es, en, fr,"),
    ("/workshops?modalidad=x", 404, "There is no modalidad “x”. Use one of these: presenc"),
    ("/workshops?donde=Xyzzy", 404, "We do not know the place “Xyzzy”. Write a state, lik"),
    ("/workshops?donde=%00", 404, "We do not know the place “”. Write a state, like IL."),
    ("/workshops?oficina=x", 404, "There is no office “x”. Look in /api/v1/offices."),
    ("/offices/x", 404, "There is no office “x”. Look in /api/v1/offices."),
    ("/kinds/x", 404, "There is no kind “x” to list. Look in /api/v1/kinds."),
    ("/workshops/x", 404, "There is no workshop “x” on the public list. Look in"),
    ("/counts/2020-13", 404, "“2020-13” is not a month. Write it like 2020-01."),
    ("/figures/1999-01", 404, "There are no figures of 1999-01. The months there are: "),
    ("/bulletins/2199-01", 404, "2199-01 is not over, or has nothing to tell."),
    ("/nada", 404, "There is nothing at this address. What there is: /api/v1/."),
)


def test_every_error_is_one_sentence(client: FlaskClient, rights: Kind) -> None:
    for path, status, detail in ERRORS:
        answer = client.get(ROOT + path)
        body: Any = answer.json
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), path
        assert (body["status"], body["type"]) == (status, "about:blank")
        assert body["detail"].startswith(detail), path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_server_error_discloses_only_its_incident_number(client: FlaskClient, store: Store) -> None:
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE monthly_figure RENAME TO elsewhere"))
    answer = client.get(f"{ROOT}/figures/2020-01")
    body: Any = answer.json
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert body["detail"] == "This is our fault. Ask again later."
    assert re.fullmatch(r"\w{3} \w{3}", body["incident"])
    assert "figure" not in answer.text


# HTTP


def test_matching_etag_is_answered_304(client: FlaskClient, workshops: dict[str, Workshop]) -> None:
    for name, answer in get_all_routes(client, workshops["plain"]):
        path, etag = answer.request.path, answer.headers["ETag"]
        assert re.fullmatch(r'W/"[0-9a-f]{32}"', etag), name
        assert re.fullmatch(r"public, max-age=\d+", answer.headers["Cache-Control"]), name
        assert "Set-Cookie" not in answer.headers
        for condition in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
            second = client.get(path, headers={"If-None-Match": condition})
            assert (second.status_code, second.data) == (304, b""), (name, condition)
            assert second.headers["ETag"] == etag
            assert second.headers["Cache-Control"] == answer.headers["Cache-Control"]
        head = client.head(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == etag
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        if packed.headers.get("Content-Encoding") == "gzip":
            assert len(packed.data) < len(answer.data)
            assert gzip.decompress(packed.data) == answer.data or name == "count"
        assert packed.headers["ETag"] == etag
        assert packed.headers["Vary"] == "Accept-Encoding"
        last = parse_date(answer.headers.get("Last-Modified"))
        has_dates = name in {"offices", "office", "kinds", "kind", "workshops", "workshop"}
        assert (last is not None) is has_dates, name
        if last:
            since = {"If-Modified-Since": answer.headers["Last-Modified"]}
            stale = since | {"If-None-Match": '"x"'}
            assert client.get(path, headers=stale).status_code == 200
            assert client.get(path, headers={"If-Modified-Since": "nada"}).status_code == 200


def test_if_modified_since_is_answered_304(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    for path in ("/offices", "/offices/chicago", "/kinds", "/kinds/derechos"):
        last = client.get(ROOT + path).headers["Last-Modified"]
        assert parse_date(last) == LONG_AGO, path
        assert client.get(ROOT + path, headers={"If-Modified-Since": last}).status_code == 304
    with store.change() as session:
        for row in (session.merge(chicago), session.merge(rights)):
            row.changed_at = clock.now()
    for path in ("/offices", "/offices/chicago", "/kinds", "/kinds/derechos"):
        assert client.get(ROOT + path, headers={"If-Modified-Since": last}).status_code == 200


# A change in a minute's first second does not raise Last-Modified before the next minute.
@pytest.mark.time_machine(FIXED_NOW + timedelta(seconds=30))
def test_last_modified_rises_when_a_workshop_leaves_the_list(
    client: FlaskClient, store: Store, workshops: dict[str, Workshop]
) -> None:
    """Changes by the clock or by registrations set Last-Modified to the minute."""
    path = f"{ROOT}/workshops?desde=2020-01-01&hasta=2020-01-31"
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    before = client.get(path).headers["Last-Modified"]
    since = parse_date(before)
    assert since is not None
    assert clock.now() - since < timedelta(minutes=2)
    with store.change() as session:
        past = session.merge(workshops["past"])
        past.way, past.changed_at = Way.UNLISTED, clock.now()
    after = client.get(path, headers={"If-Modified-Since": before})
    body: Any = after.json
    assert (after.status_code, body["workshops"]) == (200, [])


def test_registration_changes_the_etag_at_once(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=5)
    for path in (f"{ROOT}/workshops", f"{ROOT}/workshops/{workshop.public_id}"):
        before = client.get(path)
        condition = {"If-None-Match": before.headers["ETag"]}
        assert client.get(path, headers=condition).status_code == 304
        seat(store, key_store, workshop)
        after = client.get(path, headers=condition)
        assert after.status_code == 200
        assert '"left":"few"' in after.text


@on_sqlite
def test_other_sites_may_read_the_api_and_not_write(client: FlaskClient, chicago: Office) -> None:
    answer = client.get(f"{ROOT}/offices", headers={"Origin": "https://parroquia.example"})
    assert answer.headers.getlist("Access-Control-Allow-Origin") == ["*"]
    assert answer.headers.getlist("Cross-Origin-Resource-Policy") == ["cross-origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    preflight_headers = {
        "Origin": "https://parroquia.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }
    first = client.options(f"{ROOT}/offices/chicago", headers=preflight_headers)
    assert (first.status_code, first.data) == (204, b"")
    assert first.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "If-None-Match" in first.headers["Access-Control-Allow-Headers"]
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        refused = client.open(f"{ROOT}/offices/chicago", method=method)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert refused.mimetype == "application/problem+json"
    cross_site = client.post(f"{ROOT}/offices", headers={"Sec-Fetch-Site": "cross-site"})
    assert (cross_site.status_code, cross_site.mimetype) == (403, "application/problem+json")
