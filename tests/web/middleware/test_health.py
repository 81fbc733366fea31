"""Health, readiness and metrics pages."""

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
from tests.concurrency.test_shutdown import run_server
from tests.conftest import make_workshop, seat
from tests.support.public_urls import NOBODY, manage_token

pytestmark = pytest.mark.any_database

TOKEN: Final = "a-token-of-the-monitoring-system"
AUTHORIZED: Final = {"Authorization": f"Bearer {TOKEN}"}
GUARDED: Final = pytest.mark.parametrize("page", ["/readyz", "/metrics"])
Metrics = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def monitored_client(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of an installation with a metrics token."""
    return make_app(metrics_token=TOKEN).test_client()


def get_metrics(client: FlaskClient) -> Metrics:
    answer = client.get("/metrics", headers=AUTHORIZED)
    assert answer.status_code == 200
    return parse_metrics(answer.text)


def parse_metrics(text: str) -> Metrics:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics[f"outreach_{name}", tuple(sorted(labels.items()))]


def test_healthz_is_public_and_discloses_nothing(
    monitored_client: FlaskClient, client: FlaskClient
) -> None:
    for each in (monitored_client, client):
        for host in ("localhost:8000", "10.0.0.7:8000", "[fd00::7]", "anything.example", ""):
            answer = each.get("/healthz", headers={"Host": host})
            assert (answer.status_code, answer.data) == (200, b"ok\n"), host
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
        assert each.head("/healthz").status_code == 200
        assert each.get("/es/", headers={"Host": "anything.example"}).status_code == 400


def test_healthz_does_not_need_the_databases(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    nowhere = f"sqlite:///{tmp_path}/nowhere/x.db"
    app = make_app(database_url=nowhere, keyring_url=nowhere, metrics_token=TOKEN)
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz", headers=AUTHORIZED)
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "failed": ["main", "ring"]}
    assert "nowhere" not in answer.text
    metrics = get_metrics(client)
    assert value(metrics, "up") == 0
    assert ("outreach_workshops", ()) not in metrics


def is_same_response(first: TestResponse, second: TestResponse) -> bool:
    return (
        first.status_code == second.status_code
        and first.data == second.data
        and dict(first.headers) == dict(second.headers)
    )


@GUARDED
@pytest.mark.any_database("access does not depend on the database")
def test_guarded_pages_are_404_without_the_token(
    monitored_client: FlaskClient, client: FlaskClient, page: str
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
    for requester, headers in [(monitored_client, each) for each in wrong] + [
        (client, AUTHORIZED),
        (client, wrong[2]),
    ]:
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            guarded = requester.open(page, method=method, headers=headers)
            unknown = requester.open("/nothing", method=method, headers=headers)
            assert is_same_response(guarded, unknown), (method, headers)
            assert guarded.status_code == 404
        headers = {"Host": "10.0.0.7"} | headers
        guarded = requester.get(page, headers=headers)
        assert is_same_response(guarded, requester.get("/nothing", headers=headers))
        assert guarded.status_code == 400
    # A token in the query is not accepted.
    assert monitored_client.get(f"{page}?token={TOKEN}").status_code == 404


@GUARDED
@pytest.mark.any_database("access does not depend on the database")
def test_guarded_pages_accept_any_host_with_the_token(
    monitored_client: FlaskClient, page: str
) -> None:
    for host in ("localhost:8000", "10.0.0.7:8000", "anything.example"):
        for scheme in ("Bearer", "bearer"):
            headers = {"Host": host, "Authorization": f"{scheme} {TOKEN}"}
            answer = monitored_client.get(page, headers=headers)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Set-Cookie" not in answer.headers
    assert monitored_client.post(page, headers=AUTHORIZED).status_code == 405


def test_readyz_of_a_ready_server(monitored_client: FlaskClient) -> None:
    answer = monitored_client.get("/readyz", headers=AUTHORIZED)
    assert answer.status_code == 200
    assert answer.get_json() == {"ready": True, "failed": []}


@pytest.mark.parametrize("base", ["main", "ring"])
def test_readyz_reports_an_outdated_schema(
    monitored_client: FlaskClient, store: Store, key_store: KeyStore, base: str
) -> None:
    outdated = store if base == "main" else key_store.store
    with outdated.change() as session:
        before = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    answer = monitored_client.get("/readyz", headers=AUTHORIZED)
    with outdated.change() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": before})
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "failed": [f"{base} schema"]}
    assert monitored_client.get("/readyz", headers=AUTHORIZED).status_code == 200


def test_requests_are_counted_by_route(
    monitored_client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    link = manage_token(key_store, seat(store, key_store, workshop))
    for _ in range(3):
        monitored_client.get(f"/es/r/{link}?nombre=Canariosa")
    monitored_client.get(f"/en/r/{NOBODY}")
    monitored_client.get(f"/es/t/{workshop.public_id}")
    monitored_client.get("/es/cal/chicago.ics")  # answered by the feed server, before Flask
    monitored_client.get("/es/canariosa-no-hay")
    monitored_client.open("/es/", method="CANARIOSA")
    monitored_client.post("/org/entrar", data={"email": "canariosa@example.org", "password": "x"})
    metrics = get_metrics(monitored_client)
    registration = "/<any(es,en,fr):lang>/r/<token>"
    assert value(metrics, "requests_total", route=registration, method="GET", status="2xx") == 3
    assert value(metrics, "requests_total", route=registration, method="GET", status="4xx") == 1
    feed = "/<any(es,en,fr):lang>/cal/<name>.<any(ics,atom,json,jcal,jscal):form>"
    assert value(metrics, "requests_total", route=feed, method="GET", status="2xx") == 1
    assert value(metrics, "requests_total", route="-", method="GET", status="4xx") == 1
    assert value(metrics, "request_seconds_count", group="place") == 4
    assert value(metrics, "request_seconds_count", group="feed") == 1
    assert value(metrics, "request_seconds_count", group="desk") == 1
    assert 0 < value(metrics, "request_seconds_sum", group="place") < 30

    text = monitored_client.get("/metrics", headers=AUTHORIZED).text
    for secret in (link, NOBODY, workshop.public_id, "anariosa", "CANARIOSA", "chicago", TOKEN):
        assert secret not in text


def test_nothing_is_measured_without_a_metrics_token(app: Flask, client: FlaskClient) -> None:
    client.get("/es/")
    assert "outreach_measures" not in app.extensions


def test_metrics_are_totals_without_offices_and_kinds(
    monitored_client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    women: Kind,
    rights: Kind,
) -> None:
    with store.change() as session:
        first, second = (
            make_workshop(session, chicago, women),
            make_workshop(session, chicago, rights),
        )
    seat(store, key_store, first)
    seat(store, key_store, second, contact=ContactMethod.EMAIL, address="rosa@example.org")
    metrics = get_metrics(monitored_client)
    assert value(metrics, "workshops") == 2
    assert value(metrics, "registrations") == 2
    labels = {name for _, pairs in metrics for name, _ in pairs}
    known_labels = {"database", "python", "tzdata", "version", "pid", "group", "le"}
    assert labels <= known_labels | {"route", "method", "status"}


def test_metrics_of_the_outbox(
    monitored_client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    metrics = get_metrics(monitored_client)
    assert value(metrics, "outbox_waiting") == 0
    assert value(metrics, "outbox_oldest_seconds") == 0
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    with store.change() as session:
        past = clock.now() - timedelta(minutes=20)
        session.execute(
            sa.text("UPDATE notification SET due_at = :past"), {"past": _stored(past, store)}
        )
    metrics = get_metrics(monitored_client)
    assert value(metrics, "outbox_waiting") == 1
    assert 1190 < value(metrics, "outbox_oldest_seconds") < 1260
    assert value(metrics, "outbox_given_up") == 0
    assert value(metrics, "database_bytes") > 10_000
    memory = [size for (name, _), size in metrics.items() if "memory" in name]
    assert len(memory) == 1
    assert 2**24 < memory[0] < 2**31
    assert value(metrics, "up") == 1


def _stored(moment: object, store: Store) -> str:
    return str(moment).removesuffix("+00:00") if store.is_sqlite else str(moment)


def test_worker_records_that_it_runs_once_a_minute(
    monitored_client: FlaskClient, app: Flask, store: Store
) -> None:
    assert ("outreach_worker_seen_seconds", ()) not in get_metrics(monitored_client)
    worker = Worker(app)
    worker.round()
    assert 0 <= value(get_metrics(monitored_client), "worker_seen_seconds") < 30
    earlier = clock.now() - timedelta(minutes=5)
    with store.change() as session:
        installation_settings.record_worker_seen(session, now=earlier)
    worker.round()  # less than a minute later
    assert 290 < value(get_metrics(monitored_client), "worker_seen_seconds") < 330
    Worker(app).round()
    assert value(get_metrics(monitored_client), "worker_seen_seconds") < 30


@pytest.mark.real_clock
@pytest.mark.thorough
@pytest.mark.any_database("counting does not use the database")
def test_processes_share_their_counters(config: Config, store: Store, tmp_path: Path) -> None:
    settings = {"OUTREACH_METRICS_TOKEN": TOKEN}
    log = tmp_path / "log"
    with run_server(config, log, "--no-mail", "--workers", "2", settings=settings) as server:

        def scrape() -> Metrics:
            with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
                connection.request("GET", "/metrics", headers=AUTHORIZED)
                answer = connection.getresponse()
                assert answer.status == 200
                return parse_metrics(answer.read().decode())

        for _ in range(40):
            assert server.get("/es/seguridad") == 200
        route = "/<any(es,en,fr):lang>/seguridad"
        labels = {"route": route, "method": "GET", "status": "2xx"}
        scrapes = [scrape() for _ in range(8)]
        # Each process reports the totals and the memory of both.
        assert [value(each, "requests_total", **labels) for each in scrapes] == [40.0] * 8
        # The kernel may choose the same process many times.
        assert any(sum("memory" in name for name, _ in scrape()) == 2 for _ in range(200))
        server.stop()
        assert server.wait() == 0
    assert TOKEN not in log.read_text()
