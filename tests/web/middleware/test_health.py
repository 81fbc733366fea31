"""What a probe and a monitoring system are told, and what they and nobody else are not."""

import http.client
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import TestResponse

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.keystore import KeyStore
from outreach.maintenance.worker import Worker
from tests.concurrency.test_shutdown import serving_for
from tests.conftest import hold, seat
from tests.support.public_urls import NOBODY, manage_token

pytestmark = pytest.mark.any_database

TOKEN: Final = "a-token-of-the-monitoring-system"
ASKS: Final = {"Authorization": f"Bearer {TOKEN}"}
GUARDED: Final = pytest.mark.parametrize("page", ["/readyz", "/metrics"])
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def watched(make_app: Callable[..., Flask]) -> FlaskClient:
    """A visitor of an installation that is watched."""
    return make_app(metrics_token=TOKEN).test_client()


def figures(client: FlaskClient) -> Figures:
    answer = client.get("/metrics", headers=ASKS)
    assert answer.status_code == 200
    return read(answer.text)


def read(text: str) -> Figures:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    return found[f"outreach_{name}", tuple(sorted(labels.items()))]


def test_anybody_hears_that_the_server_is_there_and_nothing_else(
    watched: FlaskClient, client: FlaskClient
) -> None:
    for each in (watched, client):
        for host in ("localhost:8000", "10.0.0.7:8000", "[fd00::7]", "anything.example", ""):
            answer = each.get("/healthz", headers={"Host": host})
            assert (answer.status_code, answer.data) == (200, b"ok\n"), host
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
        assert each.head("/healthz").status_code == 200
        assert each.get("/es/", headers={"Host": "anything.example"}).status_code == 400


def test_a_server_is_there_though_its_databases_are_not(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    nowhere = f"sqlite:///{tmp_path}/nowhere/x.db"
    app = make_app(database_url=nowhere, keyring_url=nowhere, metrics_token=TOKEN)
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz", headers=ASKS)
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "failed": ["main", "ring"]}
    assert "nowhere" not in answer.text
    found = figures(client)
    assert value(found, "up") == 0
    assert ("outreach_workshops", ()) not in found


def same(one: TestResponse, other: TestResponse) -> bool:
    return (
        one.status_code == other.status_code
        and one.data == other.data
        and dict(one.headers) == dict(other.headers)
    )


@GUARDED
@pytest.mark.any_database("who may ask is no question to it")
def test_without_the_token_there_is_no_such_page(
    watched: FlaskClient, client: FlaskClient, page: str
) -> None:
    wrong = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Bearer ñandú ☂".encode().decode("latin-1")},
    ]
    for who, headers in [(watched, each) for each in wrong] + [(client, ASKS), (client, wrong[2])]:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            here = who.open(page, method=method, headers=headers)
            nowhere = who.open("/nothing", method=method, headers=headers)
            assert same(here, nowhere), (method, headers)
            assert here.status_code == 404
        other = {"Host": "10.0.0.7"} | headers
        assert same(who.get(page, headers=other), who.get("/nothing", headers=other))
        assert who.get(page, headers=other).status_code == 400
    # No more is known with the token in the address.
    assert watched.get(f"{page}?token={TOKEN}").status_code == 404


@GUARDED
@pytest.mark.any_database("who may ask is no question to it")
def test_with_the_token_it_answers_by_any_name(watched: FlaskClient, page: str) -> None:
    for host in ("localhost:8000", "10.0.0.7:8000", "anything.example"):
        for how in ("Bearer", "bearer"):
            asks = {"Host": host, "Authorization": f"{how} {TOKEN}"}
            answer = watched.get(page, headers=asks)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
    assert watched.post(page, headers=ASKS).status_code == 405


def test_a_server_that_is_ready_says_so(watched: FlaskClient) -> None:
    answer = watched.get("/readyz", headers=ASKS)
    assert answer.status_code == 200
    assert answer.get_json() == {"ready": True, "failed": []}


@pytest.mark.parametrize("base", ["main", "ring"])
def test_a_base_of_another_release_is_not_ready(
    watched: FlaskClient, store: Store, key_store: KeyStore, base: str
) -> None:
    behind = store if base == "main" else key_store.store
    with behind.change() as session:
        before = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    answer = watched.get("/readyz", headers=ASKS)
    with behind.change() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": before})
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "failed": [f"{base} schema"]}
    assert watched.get("/readyz", headers=ASKS).status_code == 200


def test_requests_are_counted_by_the_pattern_of_their_address(
    watched: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    link = manage_token(key_store, seat(store, key_store, workshop))
    for _ in range(3):
        watched.get(f"/es/r/{link}?nombre=Canariosa")
    watched.get(f"/en/r/{NOBODY}")
    watched.get(f"/es/t/{workshop.public_id}")
    watched.get("/es/cal/chicago.ics")  # answered in front of Flask
    watched.get("/es/canariosa-no-hay")
    watched.open("/es/", method="CANARIOSA")
    watched.post("/org/entrar", data={"email": "canariosa@example.org", "password": "x"})
    found = figures(watched)
    place = "/<any(es,en,fr):lang>/r/<token>"
    assert value(found, "requests_total", route=place, method="GET", status="2xx") == 3
    assert value(found, "requests_total", route=place, method="GET", status="4xx") == 1
    feed = "/<any(es,en,fr):lang>/cal/<name>.<any(ics,atom,json,jcal):form>"
    assert value(found, "requests_total", route=feed, method="GET", status="2xx") == 1
    assert value(found, "requests_total", route="-", method="GET", status="4xx") == 1
    assert value(found, "request_seconds_count", group="place") == 4
    assert value(found, "request_seconds_count", group="feed") == 1
    assert value(found, "request_seconds_count", group="desk") == 1
    assert 0 < value(found, "request_seconds_sum", group="place") < 30

    text = watched.get("/metrics", headers=ASKS).text
    for secret in (link, NOBODY, workshop.public_id, "anariosa", "CANARIOSA", "chicago", TOKEN):
        assert secret not in text


def test_nothing_is_counted_where_nobody_may_ask(app: Flask, client: FlaskClient) -> None:
    client.get("/es/")
    assert "outreach_measures" not in app.extensions


def test_only_totals_are_told_never_of_an_office_or_a_kind(
    watched: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    rights: Kind,
) -> None:
    with store.change() as session:
        first, second = hold(session, chicago, women), hold(session, chicago, rights)
    seat(store, key_store, first)
    seat(store, key_store, second, contact=ContactMethod.EMAIL, address="rosa@example.org")
    found = figures(watched)
    assert value(found, "workshops") == 2
    assert value(found, "registrations") == 2
    labels = {name for _, pairs in found for name, _ in pairs}
    told = {"database", "python", "tzdata", "version", "pid", "group", "le"}
    assert labels <= told | {"route", "method", "status"}


def test_what_waits_and_since_when(
    watched: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    found = figures(watched)
    assert value(found, "outbox_waiting") == 0
    assert value(found, "outbox_oldest_seconds") == 0
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    with store.change() as session:
        past = clock.now() - timedelta(minutes=20)
        session.execute(sa.text("UPDATE notice SET due_at = :past"), {"past": _stored(past, store)})
    found = figures(watched)
    assert value(found, "outbox_waiting") == 1
    assert 1190 < value(found, "outbox_oldest_seconds") < 1260
    assert value(found, "outbox_given_up") == 0
    assert value(found, "database_bytes") > 10_000
    memory = [size for (name, _), size in found.items() if "memory" in name]
    assert len(memory) == 1
    assert 2**24 < memory[0] < 2**31
    assert value(found, "up") == 1


def _stored(moment: object, store: Store) -> str:
    return str(moment).removesuffix("+00:00") if store.is_sqlite else str(moment)


def test_a_worker_leaves_a_sign_of_life_once_a_minute(
    watched: FlaskClient, app: Flask, store: Store
) -> None:
    assert ("outreach_worker_seen_seconds", ()) not in figures(watched)
    worker = Worker(app)
    worker.round()
    assert 0 <= value(figures(watched), "worker_seen_seconds") < 30
    earlier = clock.now() - timedelta(minutes=5)
    with store.change() as session:
        installation_settings.record_worker_seen(session, now=earlier)
    worker.round()  # not yet again
    assert 290 < value(figures(watched), "worker_seen_seconds") < 330
    Worker(app).round()
    assert value(figures(watched), "worker_seen_seconds") < 30


@pytest.mark.thorough
@pytest.mark.any_database("the processes are the same on either")
def test_several_processes_count_together(config: Config, store: Store, tmp_path: Path) -> None:
    settings = {"OUTREACH_METRICS_TOKEN": TOKEN}
    log = tmp_path / "log"
    with serving_for(config, log, "--no-mail", "--workers", "2", settings=settings) as server:

        def scrape() -> Figures:
            with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as asking:
                asking.request("GET", "/metrics", headers=ASKS)
                answer = asking.getresponse()
                assert answer.status == 200
                return read(answer.read().decode())

        for _ in range(40):
            assert server.ask("/es/seguridad") == 200
        route = "/<any(es,en,fr):lang>/seguridad"
        asked = {"route": route, "method": "GET", "status": "2xx"}
        told = [scrape() for _ in range(8)]
        # Whichever process answers: 40 in all, and the memory of both.
        assert [value(each, "requests_total", **asked) for each in told] == [40.0] * 8
        # The system chooses who answers, and may choose the same one many times.
        assert any(sum("memory" in name for name, _ in scrape()) == 2 for _ in range(200))
        server.stop()
        assert server.end() == 0
    assert TOKEN not in log.read_text()
