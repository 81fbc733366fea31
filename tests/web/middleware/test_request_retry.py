"""Retry of requests after lost connections, deadlocks and failovers of PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from outreach.app import create_app
from outreach.config import Config
from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass
from outreach.db.retry import Outage
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling.tours import Tour
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from outreach.web.context import store as app_store
from tests.conftest import kind, make_workshop, migrate, office
from tests.runner import postgresql
from tests.support import text_conversation
from tests.support.gateway_server import serve_gateway
from tests.support.login import journal
from tests.support.registration_forms import answers, send
from tests.support.staff_client import employ, signed_in_as
from tests.support.tcp_proxy import Forwarder, forwarding_to

pytestmark = pytest.mark.parametrize("config", ["postgresql"], indirect=True)
TIMEOUT_SECONDS = 20.0  # upper limit of each wait


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def wait_until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while not is_so():
        assert time.monotonic() < end, "timeout"
        threading.Event().wait(0.02)


def waiting_pids(store: Store) -> list[int]:
    """The PostgreSQL processes of pages that wait for a lock."""
    query = sa.text(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'outreach pages'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    with store.read() as session:
        return list(session.scalars(query))


def post(app: Flask, workshop: Workshop, **changes: Any) -> TestResponse:
    return send(app.test_client(), workshop, answers(app, workshop, **changes))


@contextmanager
def in_background(do: Callable[[], TestResponse]) -> Iterator["Future[TestResponse]"]:
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(do)


def one_registration(store: Store, key_store: KeyStore) -> Registration:
    """The only registration; checks that it has the only key and at most one notification."""
    with store.read() as session, key_store.store.read() as of_key_store:
        registration = session.scalars(sa.select(Registration)).one()
        assert of_key_store.scalars(sa.select(Key.id)).all() == [registration.key_id]
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) in {0, 1}
        workshop = session.scalars(sa.select(Workshop)).one()
        assert workshop.seats_left == workshop.capacity - registration.people
        return registration


def test_registration_is_saved_once_if_its_connection_is_killed(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with store.change() as session, in_background(lambda: post(app, workshop)) as answer:
        # A registration waits for this lock.
        session.execute(sa.text("SELECT id FROM workshop FOR UPDATE"))
        wait_until(lambda: waiting_pids(store))
        for pid in waiting_pids(store):
            session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.commit()
        assert answer.result(TIMEOUT_SECONDS).status_code == 303
    one_registration(store, key_store)


@contextmanager
def app_behind_proxy(config: Config, setting: str) -> Iterator[tuple[Flask, Forwarder]]:
    """The application with a TCP proxy before one of its databases."""
    url = make_url(getattr(config, setting))
    with forwarding_to(url.host or "", url.port or 5432) as proxy:
        proxied_url = url.set(port=proxy.port).render_as_string(hide_password=False)
        changed: dict[str, Any] = {setting: proxied_url}
        app = create_app(replace(config, **changed))
        app.testing = False
        yield app, proxy
        _close(app)


def test_unacknowledged_commit_is_not_repeated(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with app_behind_proxy(config, "database_url") as (app, proxy):
        proxy.cut_after(b"COMMIT")
        answer = post(app, workshop, contact="email", email="rosa@example.org")
        assert proxy.was_cut.is_set()
        assert answer.status_code == 303
        ticket = app.test_client().get(answer.headers["Location"])
        assert "Listo, Rosa" in ticket.text, "the registration can be decrypted"
    one_registration(store, key_store)


def test_retry_of_the_last_seat_is_not_refused(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        last = make_workshop(session, chicago, rights, capacity=1, has_waiting_list=False)
    with app_behind_proxy(config, "database_url") as (app, proxy):
        proxy.cut_after(b"COMMIT")
        assert post(app, last).status_code == 303
        assert proxy.was_cut.is_set()
    one_registration(store, key_store)


@pytest.mark.parametrize("setting", ["database_url", "keyring_url"])
@pytest.mark.parametrize("action", ["cancelar", "borrar"])
def test_cancellation_and_erasure_are_confirmed_after_a_lost_commit(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop, action: str, setting: str
) -> None:
    with app_behind_proxy(config, setting) as (app, proxy):
        link = post(app, workshop).headers["Location"]
        proxy.cut_after(b"COMMIT")
        answer = app.test_client().post(f"{link}/{action}")
        assert proxy.was_cut.is_set()
        assert answer.status_code == 200
        assert ("Cancelaste" if action == "cancelar" else "Ya no tenemos tus datos") in answer.text
        assert app.test_client().post(f"{link}/{action}").status_code == 404, (
            "the link is invalid now"
        )
    assert key_store.count() == 0
    with store.read() as session:
        # The seat is free at once, not after the next purge.
        assert session.get_one(Workshop, workshop.id).seats_left == workshop.capacity
        assert session.scalars(sa.select(Registration.sealed)).all() == [None]


def test_staff_form_is_applied_and_audited_once(
    config: Config, store: Store, chicago: Office
) -> None:
    with app_behind_proxy(config, "database_url") as (app, proxy):
        ana = signed_in_as(app, store, employ(store))
        form = {"office": "chicago", "name": "Ruta del sur", "nonce": "n" * 22}
        proxy.cut_after(b"COMMIT")
        assert ana.post("/org/giras/nueva", **form).status_code == 303
        assert proxy.was_cut.is_set()
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Tour)) == 1
        assert journal(store).count("tour created") == 1


def test_pages_survive_broken_connections(config: Config, store: Store, workshop: Workshop) -> None:
    with app_behind_proxy(config, "database_url") as (app, proxy):
        client = app.test_client()
        for path in ("/es/", f"/es/t/{workshop.public_id}", "/es/cal/red.ics", "/api/v1/offices"):
            assert client.get(path).status_code == 200
            proxy.cut()
            assert client.get(path).status_code == 200, path


def test_registration_survives_a_broken_key_store_connection(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with app_behind_proxy(config, "keyring_url") as (app, proxy):
        assert post(app, workshop).status_code == 303
        proxy.cut()
        assert post(app, workshop).status_code == 303
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 2


def test_page_is_retried_if_its_connection_is_killed(app: Flask) -> None:
    attempts = []

    @app.get("/lee")
    def read() -> str:
        attempts.append(1)
        with app_store().read() as session:
            if len(attempts) == 1:
                session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return str(session.scalar(sa.text("SELECT 41 + 1")))

    assert app.test_client().get("/lee").text == "42"
    assert len(attempts) == 2


def test_deadlock_is_retried(app: Flask, store: Store, chicago: Office, calgary: Office) -> None:
    lock = "SELECT id FROM office WHERE slug = :slug FOR UPDATE"
    attempts, is_held = [], threading.Event()

    @app.get("/cruza")
    def cross() -> str:
        attempts.append(1)
        assert is_held.wait(TIMEOUT_SECONDS)
        with app_store().change() as session:
            session.execute(sa.text("SET LOCAL deadlock_timeout = '2s'"))
            session.execute(sa.text(lock), {"slug": "chicago"})
            session.execute(sa.text(lock), {"slug": "calgary"})
        return "done"

    with in_background(lambda: app.test_client().get("/cruza")) as answer:
        with store.change() as session:
            # PostgreSQL aborts the transaction that looks for a deadlock first: the page's.
            session.execute(sa.text("SET LOCAL deadlock_timeout = '1min'"))
            session.execute(sa.text(lock), {"slug": "calgary"})
            is_held.set()
            wait_until(lambda: waiting_pids(store))
            session.execute(sa.text(lock), {"slug": "chicago"})
        assert answer.result(TIMEOUT_SECONDS).text == "done"
    assert len(attempts) > 1


def test_request_is_retried_after_a_failover(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    # A standby answers, but is read-only.
    with store.read() as session:
        name = session.scalar(sa.text("SELECT current_database()"))
    admin = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    app.extensions["outreach_store"].engine.dispose()
    refused = threading.Event()

    @sa.event.listens_for(app.extensions["outreach_store"].engine, "handle_error")
    def note_lost_connection(context: sa.engine.ExceptionContext) -> None:
        if error_classes.classify(context.original_exception) is ErrorClass.LOST:
            refused.set()

    with in_background(lambda: post(app, workshop)) as answer:
        assert refused.wait(TIMEOUT_SECONDS)
        with admin.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            connection.exec_driver_sql("RESET default_transaction_read_only")
        assert answer.result(TIMEOUT_SECONDS).status_code == 303
    one_registration(store, key_store)


def test_form_that_cannot_be_retried_returns_the_typed_values(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    attempts = []

    @app.post("/hace/<action>")
    def lose_connection(action: str) -> str:
        attempts.append(action)
        with app_store().change() as session:
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return action

    answer = app.test_client().post("/hace/algo", data={"title": "Un título pensado"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'name="title" value="Un título pensado"' in answer.text
    assert len(attempts) == 1
    secret = app.test_client().post("/hace/algo", data={"password": "secreta", "x": "y"})
    assert secret.status_code == 503
    assert "secreta" not in secret.text


def test_unavailable_database_is_503_after_the_maximum_wait(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with app_behind_proxy(config, "database_url") as (app, proxy):
        app.extensions["outreach_outage"] = Outage(max_seconds=1.0)
        form = answers(app, workshop, name="Rosa de Pilsen")
        proxy.is_refusing = True
        proxy.cut()
        started_at = time.monotonic()
        answer = send(app.test_client(), workshop, form)
        assert answer.status_code == 503
        assert time.monotonic() - started_at >= 1
        assert 'value="Rosa de Pilsen"' in answer.text
        assert f'name="nonce" value="{form["nonce"]}"' in answer.text
        # Later requests do not wait, since waiting threads block others.
        started_at = time.monotonic()
        feed = app.test_client().get("/es/cal/red.ics")
        assert (feed.status_code, feed.headers["Retry-After"]) == (503, "5")
        assert app.test_client().get("/api/v1/offices").status_code == 503
        print(f"\nwhile unavailable: {(time.monotonic() - started_at) / 2:.2f} s an answer")
        assert time.monotonic() - started_at < 1
        proxy.is_refusing = False
        assert send(app.test_client(), workshop, form).status_code == 303
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1


def test_retries_count_once_for_the_rate_limit(
    config: Config, make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    with app_behind_proxy(config, "database_url") as (app, proxy):
        before = _count_attempts(config)
        proxy.cut_after(b"COMMIT")
        assert post(app, workshop).status_code == 303
        assert proxy.was_cut.is_set()
        assert _count_attempts(config) == before + 1


def _count_attempts(config: Config) -> int:
    store = Store(config.keyring_url)
    with store.read() as session:
        total = session.scalar(sa.text("SELECT coalesce(sum(count), 0) FROM rate_counter"))
    store.close()
    return int(total)


@pytest.mark.long
def test_request_waits_for_a_restarted_database(
    config: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with postgresql.stoppable(_server_folder(tmp_path_factory)) as server:
        own_config = replace(
            config,
            database_url=f"{server.address}/talleres",
            keyring_url=f"{server.address}/talleres_ring",
        )
        engine = sa.create_engine(f"{server.address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for name in ("talleres", "talleres_ring"):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        migrate(own_config.database_url, own_config.keyring_url)
        store = Store(own_config.database_url)
        change_sessions.install(store)
        with store.change() as session:
            installation_settings.set_calendar_host(session, "talleres.example.org")
            chicago = office("chicago", "Chicago", "IL", "America/Chicago")
            rights = kind("derechos", "Tus derechos")
            session.add_all([chicago, rights])
            session.flush()
            workshop = make_workshop(session, chicago, rights)
        app = create_app(own_config)
        app.testing = False
        assert app.test_client().get("/es/").status_code == 200
        form = answers(app, workshop)
        server.stop()
        started_at = time.monotonic()
        with in_background(lambda: send(app.test_client(), workshop, form)) as answer:
            server.start()
            assert answer.result(TIMEOUT_SECONDS).status_code == 303
        print(f"\nregistration across the restart: {time.monotonic() - started_at:.1f} s")
        with store.read() as session:
            assert session.scalars(sa.select(Registration)).one().people == 1
        store.close()
        _close(app)


def _close(app: Flask) -> None:
    for each in ("outreach_store", "outreach_attempts"):
        app.extensions[each].close()
    app.extensions["outreach_key_store"].store.close()


def _server_folder(temporary: pytest.TempPathFactory) -> Path:
    """A folder that the account of the server can read, unlike tmp_path."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else temporary.mktemp("server")


def test_gateway_for_texts_gets_one_line_while_the_key_store_is_unavailable(
    config: Config, store: Store
) -> None:
    with serve_gateway() as gateway:
        config = replace(config, **text_conversation.settings(gateway))
        with app_behind_proxy(config, "keyring_url") as (app, proxy):
            app.extensions["outreach_outage"] = Outage(max_seconds=0.1)
            proxy.is_refusing = True
            proxy.cut()
            request = text_conversation.plain(text_conversation.ROSA, "ayuda")
            answer = request.send(app.test_client())
            assert (answer.status_code, answer.mimetype) == (503, "text/plain")
            assert answer.text == "Service Unavailable\n"
            assert answer.headers["Retry-After"] == "5"
            proxy.is_refusing = False
            assert request.send(app.test_client()).status_code == 204
