"""A database that is away for a moment costs nobody anything: what may be asked again is, and what
may not gives back all that was typed."""

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

from outreach import migrations
from outreach.app import create_app
from outreach.config import Config
from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass
from outreach.db.retry import Outage
from outreach.db.store import Store
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling.tours import Tour
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from outreach.web.context import store as app_store
from tests.conftest import hold, kind, office
from tests.runner import postgresql
from tests.support.login import journal
from tests.support.registration_forms import answers, send
from tests.support.staff_client import employ, signed_in_as
from tests.support.tcp_proxy import Forwarder, forwarding_to

pytestmark = pytest.mark.parametrize("config", ["postgresql"], indirect=True)
SOON = 20.0  # seconds for what is awaited; never waited out when all is well


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


def until(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        threading.Event().wait(0.02)


def waiting(store: Store) -> list[int]:
    """The server's processes that wait for a lock, of pages."""
    asked = sa.text(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'outreach pages'"
        " AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    with store.read() as session:
        return list(session.scalars(asked))


def post(app: Flask, workshop: Workshop, **changes: Any) -> TestResponse:
    return send(app.test_client(), workshop, answers(app, workshop, **changes))


@contextmanager
def meanwhile(do: Callable[[], TestResponse]) -> Iterator["Future[TestResponse]"]:
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(do)


def one_registration(store: Store, key_store: KeyStore) -> Registration:
    """The only one, with its key, which is the only one too; owed one letter at most."""
    with store.read() as session, key_store.store.read() as of_key_store:
        registration = session.scalars(sa.select(Registration)).one()
        assert of_key_store.scalars(sa.select(Key.id)).all() == [registration.key_id]
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) in {0, 1}
        workshop = session.scalars(sa.select(Workshop)).one()
        assert workshop.seats_left == workshop.capacity - registration.people
        return registration


def test_a_place_is_saved_once_though_the_connection_is_killed_in_the_middle(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with store.change() as session, meanwhile(lambda: post(app, workshop)) as answer:
        # Whoever saves a place waits for this one.
        session.execute(sa.text("SELECT id FROM workshop FOR UPDATE"))
        until(lambda: waiting(store))
        for pid in waiting(store):
            session.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.commit()
        assert answer.result(SOON).status_code == 303
    one_registration(store, key_store)


@contextmanager
def through(config: Config, which: str) -> Iterator[tuple[Flask, Forwarder]]:
    """The application, with a way to one of its databases that can be cut."""
    url = make_url(getattr(config, which))
    with forwarding_to(url.host or "", url.port or 5432) as way:
        there = url.set(port=way.port).render_as_string(hide_password=False)
        changed: dict[str, Any] = {which: there}
        app = create_app(replace(config, **changed))
        app.testing = False
        yield app, way
        _close(app)


def test_a_commit_that_nobody_heard_of_is_found_and_not_made_twice(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with through(config, "database_url") as (app, way):
        way.cut_after(b"COMMIT")
        answer = post(app, workshop, contact="email", email="rosa@example.org")
        assert way.was_cut.is_set()
        assert answer.status_code == 303
        ticket = app.test_client().get(answer.headers["Location"])
        assert "Listo, Rosa" in ticket.text, "its key is the one it was sealed with"
    one_registration(store, key_store)


def test_the_last_place_that_went_to_oneself_is_not_refused(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        last = hold(session, chicago, rights, capacity=1, has_waiting_list=False)
    with through(config, "database_url") as (app, way):
        way.cut_after(b"COMMIT")
        assert post(app, last).status_code == 303
        assert way.was_cut.is_set()
    one_registration(store, key_store)


@pytest.mark.parametrize("which", ["database_url", "keyring_url"])
@pytest.mark.parametrize("how", ["cancelar", "borrar"])
def test_whoever_leaves_has_left_and_is_told_so(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop, how: str, which: str
) -> None:
    with through(config, which) as (app, way):
        link = post(app, workshop).headers["Location"]
        way.cut_after(b"COMMIT")
        answer = app.test_client().post(f"{link}/{how}")
        assert way.was_cut.is_set()
        assert answer.status_code == 200
        assert ("Cancelaste" if how == "cancelar" else "Ya no tenemos tus datos") in answer.text
        assert app.test_client().post(f"{link}/{how}").status_code == 404, "asked anew, it is gone"
    assert key_store.count() == 0
    with store.read() as session:
        # Its place is free at once, and not with the next purge.
        assert session.get_one(Workshop, workshop.id).seats_left == workshop.capacity
        assert session.scalars(sa.select(Registration.sealed)).all() == [None]


def test_a_form_of_the_staff_is_done_and_written_down_once(
    config: Config, store: Store, chicago: Office
) -> None:
    with through(config, "database_url") as (app, way):
        ana = signed_in_as(app, store, employ(store))
        form = {"office": "chicago", "name": "Ruta del sur", "nonce": "n" * 22}
        way.cut_after(b"COMMIT")
        assert ana.post("/org/giras/nueva", **form).status_code == 303
        assert way.was_cut.is_set()
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Tour)) == 1
        assert journal(store).count("tour created") == 1


def test_pages_do_not_notice_that_every_connection_broke(
    config: Config, store: Store, workshop: Workshop
) -> None:
    with through(config, "database_url") as (app, way):
        client = app.test_client()
        for path in ("/es/", f"/es/t/{workshop.public_id}", "/es/cal/red.ics", "/api/v1/offices"):
            assert client.get(path).status_code == 200
            way.cut()
            assert client.get(path).status_code == 200, path


def test_the_ring_may_be_lost_too(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with through(config, "keyring_url") as (app, way):
        assert post(app, workshop).status_code == 303
        way.cut()
        assert post(app, workshop).status_code == 303
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 2


def test_a_page_whose_connection_ends_while_it_reads_is_read_again(app: Flask) -> None:
    tried = []

    @app.get("/lee")
    def read() -> str:
        tried.append(1)
        with app_store().read() as session:
            if len(tried) == 1:
                session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return str(session.scalar(sa.text("SELECT 41 + 1")))

    assert app.test_client().get("/lee").text == "42"
    assert len(tried) == 2


def test_of_two_that_wait_for_each_other_neither_is_told(
    app: Flask, store: Store, chicago: Office, calgary: Office
) -> None:
    lock = "SELECT id FROM office WHERE slug = :slug FOR UPDATE"
    tried = []

    @app.get("/cruza")
    def cross() -> str:
        tried.append(1)
        with app_store().change() as session:
            session.execute(sa.text(lock), {"slug": "chicago"})
            session.execute(sa.text(lock), {"slug": "calgary"})
        return "done"

    with meanwhile(lambda: app.test_client().get("/cruza")) as answer:
        with store.change() as session:
            session.execute(sa.text(lock), {"slug": "calgary"})
            until(lambda: waiting(store))
            # It began to wait first, so it is the one that is undone.
            session.execute(sa.text(lock), {"slug": "chicago"})
        assert answer.result(SOON).text == "done"
    assert len(tried) > 1


def test_a_primary_that_became_a_standby_is_left_for_the_one_that_took_its_place(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    # As a standby does: it answers, and takes nothing.
    with store.read() as session:
        name = session.scalar(sa.text("SELECT current_database()"))
    admin = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    app.extensions["outreach_store"].engine.dispose()
    refused = threading.Event()

    @sa.event.listens_for(app.extensions["outreach_store"].engine, "handle_error")
    def see(context: sa.engine.ExceptionContext) -> None:
        if error_classes.classify(context.original_exception) is ErrorClass.LOST:
            refused.set()

    with meanwhile(lambda: post(app, workshop)) as answer:
        assert refused.wait(SOON)
        with admin.connect() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            connection.exec_driver_sql("RESET default_transaction_read_only")
        assert answer.result(SOON).status_code == 303
    one_registration(store, key_store)


def test_what_may_not_be_sent_twice_gives_back_what_was_typed(
    app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    tried = []

    @app.post("/hace/<what>")
    def do(what: str) -> str:
        tried.append(what)
        with app_store().change() as session:
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return what

    answer = app.test_client().post("/hace/algo", data={"title": "Un título pensado"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'name="title" value="Un título pensado"' in answer.text
    assert len(tried) == 1
    secret = app.test_client().post("/hace/algo", data={"password": "secreta", "x": "y"})
    assert secret.status_code == 503
    assert "secreta" not in secret.text


def test_a_server_that_does_not_come_back_is_told_once_it_was_waited_for(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    with through(config, "database_url") as (app, way):
        app.extensions["outreach_outage"] = Outage(max_seconds=1.0)
        typed = answers(app, workshop, name="Rosa de Pilsen")
        way.is_refusing = True
        way.cut()
        began = time.monotonic()
        answer = send(app.test_client(), workshop, typed)
        assert answer.status_code == 503
        assert time.monotonic() - began >= 1
        assert 'value="Rosa de Pilsen"' in answer.text
        assert f'name="nonce" value="{typed["nonce"]}"' in answer.text
        # Nobody who comes after waits as long: threads that wait answer nobody.
        began = time.monotonic()
        feed = app.test_client().get("/es/cal/red.ics")
        assert (feed.status_code, feed.headers["Retry-After"]) == (503, "5")
        assert app.test_client().get("/api/v1/offices").status_code == 503
        print(f"\nwhile it is away: {(time.monotonic() - began) / 2:.2f} s an answer")
        assert time.monotonic() - began < 1
        way.is_refusing = False
        assert send(app.test_client(), workshop, typed).status_code == 303
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1


def test_repeats_count_as_one_post_of_the_address(
    config: Config, make_app: Callable[..., Flask], store: Store, workshop: Workshop
) -> None:
    with through(config, "database_url") as (app, way):
        before = _counted(config)
        way.cut_after(b"COMMIT")
        assert post(app, workshop).status_code == 303
        assert way.was_cut.is_set()
        assert _counted(config) == before + 1


def _counted(config: Config) -> int:
    store = Store(config.keyring_url)
    with store.read() as session:
        found = session.scalar(sa.text("SELECT coalesce(sum(count), 0) FROM attempt"))
    store.close()
    return int(found)


def test_a_server_that_is_started_anew_costs_a_pause(
    config: Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with postgresql.stoppable(_room(tmp_path_factory)) as server:
        own = replace(
            config,
            database_url=f"{server.address}/talleres",
            keyring_url=f"{server.address}/talleres_ring",
        )
        engine = sa.create_engine(f"{server.address}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for name in ("talleres", "talleres_ring"):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        migrations.upgrade(migrations.Database.MAIN, own.database_url)
        migrations.upgrade(migrations.Database.KEY_STORE, own.keyring_url)
        store = Store(own.database_url)
        with store.change() as session:
            installation_settings.set_calendar_host(session, "talleres.example.org")
            here = office("chicago", "Chicago", "IL", "America/Chicago")
            rights = kind("derechos", "Tus derechos")
            session.add_all([here, rights])
            session.flush()
            workshop = hold(session, here, rights)
        app = create_app(own)
        app.testing = False
        assert app.test_client().get("/es/").status_code == 200
        typed = answers(app, workshop)
        server.stop()
        began = time.monotonic()
        with meanwhile(lambda: send(app.test_client(), workshop, typed)) as answer:
            server.start()
            assert answer.result(SOON).status_code == 303
        print(f"\nthe server was away; a place was saved after {time.monotonic() - began:.1f} s")
        with store.read() as session:
            assert session.scalars(sa.select(Registration)).one().people == 1
        store.close()
        _close(app)


def _close(app: Flask) -> None:
    for each in ("outreach_store", "outreach_attempts"):
        app.extensions[each].close()
    app.extensions["outreach_key_store"].store.close()


def _room(temporary: pytest.TempPathFactory) -> Path:
    """A folder that the server's own account can reach; tests' folders are closed to it."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else temporary.mktemp("server")
