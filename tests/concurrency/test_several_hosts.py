"""Several hosts with one pair of databases: sessions, forms and limits are valid on all, and
missing shared settings are refused at start."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock, database_urls
from outreach.app import create_app
from outreach.config import Config, Limits
from outreach.db.postgresql import MIGRATION, PAGES, WORK, Timeouts
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore, key_backup, rotation, signing
from outreach.keystore.models import Secret
from tests.conftest import make_workshop
from tests.support.registration_forms import answers, send
from tests.support.staff_client import Visitor, employ, enrol, hidden

on_postgresql = pytest.mark.parametrize("config", ["postgresql"], indirect=True)
MAIN = "postgresql+psycopg://outreach:secreta@/outreach?host=db1:5432&host=db2:5432"
SERVE_SETTINGS = {
    "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
    "OUTREACH_MAIL_FROM": "talleres@example.org",
    "OUTREACH_CONTROLLER": "Red de consulados",
    "OUTREACH_DATABASE_URL": MAIN,
}


@pytest.fixture
def make_host(config: Config, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Returns a function that creates an application with its own key folder and without a
    configured secret. The folder holds copies of the master keys, as the guide says."""
    apps: list[Flask] = []

    def make(name: str, *, has_master_keys: bool = True, **changes: Any) -> Flask:
        keys = tmp_path / name
        keys.mkdir(mode=0o700)
        if has_master_keys:
            for master in config.keys.glob("master-*"):
                shutil.copy(master, keys)
        host_config = replace(config, keys=keys, data=tmp_path / f"{name}-data", secret_key="")
        apps.append(create_app(replace(host_config, **changes)))
        apps[-1].testing = False
        return apps[-1]

    yield make
    for app in apps:
        for each in ("outreach_store", "outreach_attempts"):
            app.extensions[each].close()
        app.extensions["outreach_key_store"].store.close()


@on_postgresql
def test_form_of_one_host_is_accepted_by_another(
    make_host: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    key_store.envelope.newest()  # creates the first master key
    one, other = make_host("one"), make_host("other")
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    typed = answers(one, workshop, contact="email", email="rosa@example.org")
    first = send(other.test_client(), workshop, typed)
    assert first.status_code == 303
    second = send(one.test_client(), workshop, typed)
    assert second.headers["Location"] == first.headers["Location"]
    for app in (one, other):
        assert "Listo, Rosa" in app.test_client().get(first.headers["Location"]).text
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 1


@on_postgresql
def test_session_is_valid_on_all_hosts(
    make_host: Callable[..., Flask], store: Store, key_store: KeyStore, chicago: Office
) -> None:
    key_store.envelope.newest()
    one, other, third = (make_host(name) for name in ("one", "other", "third"))
    enrol(one, store, employ(store))  # encrypted by the first host
    signed_in = Visitor(other)
    assert signed_in.come_in().status_code == 303, "decrypted by another host"
    for app in (one, other, third):
        assert Visitor(app, signed_in.cookies).get("/org/talleres").status_code == 200
    signing_out = Visitor(third, signed_in.cookies)
    signing_out.post(
        "/org/cerrar", token=hidden(signing_out.get("/org/mas"), "/org/cerrar")["token"]
    )
    for app in (one, other, third):
        answer = Visitor(app, signed_in.cookies).get("/org/talleres")
        assert answer.headers["Location"].startswith("/org/entrar")


@on_postgresql
def test_rate_limits_are_shared_by_all_hosts(
    make_host: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    key_store.envelope.newest()
    hosts = [make_host(name) for name in ("one", "other", "third")]
    enrol(hosts[0], store, employ(store))
    attempts = 2 * Limits.sign_ins
    wrong = [
        Visitor(hosts[number % 3]).post("/org/entrar", email="ana@example.org", password="x" * 14)
        for number in range(attempts)
    ]
    statuses = [answer.status_code for answer in wrong]
    assert statuses == [422] * Limits.sign_ins + [429] * (attempts - Limits.sign_ins)
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=100)
    limits = Limits(posts=8)
    hosts = [make_host(name, limits=limits) for name in ("fourth", "fifth", "sixth")]
    sent = [
        send(
            host.test_client(), workshop, answers(host, workshop), address="203.0.113.9"
        ).status_code
        for host in hosts * 4
    ]
    assert sent == [303] * 8 + [429] * 4


@on_postgresql
def test_signing_secret_of_the_first_host_is_shared(
    config: Config, make_host: Callable[..., Flask], key_store: KeyStore
) -> None:
    key_store.envelope.newest()
    first = replace(config, secret_key="")
    before = first.secret()  # created in the folder of the first host
    assert signing.secret(first, key_store) == before
    assert make_host("second").extensions["outreach_secret"] == before


@on_postgresql
def test_host_without_master_keys_names_the_missing_one(
    make_host: Callable[..., Flask], key_store: KeyStore
) -> None:
    key_store.envelope.newest()
    with pytest.raises(Misconfigured, match=r"master-1 is missing in .*Copy it there"):
        make_host("bare", has_master_keys=False)


@on_postgresql
def test_signing_secret_survives_rotation_and_a_lost_key_store(
    config: Config, key_store: KeyStore, tmp_path: Path
) -> None:
    host_config, now = replace(config, secret_key=""), clock.now()
    before = signing.secret(host_config, key_store)
    rotation.rotate(key_store, now=now)
    key_store.envelope.refresh()
    assert signing.secret(host_config, key_store) == before
    with key_store.store.read() as session:
        assert session.scalars(sa.select(Secret.generation)).all() == [2]
    key_backup.save(key_store, tmp_path / "spare", now=now)
    with key_store.store.change() as session:
        session.execute(sa.delete(Secret))
    key_backup.load(key_store, tmp_path / "spare", set())
    (config.keys / "secret-key").unlink()
    assert signing.secret(host_config, key_store) == before


def test_serve_lists_all_settings_that_hosts_must_share() -> None:
    expected_errors = {
        "sqlite:////srv/keyring.db": "OUTREACH_KEYRING_URL has to be PostgreSQL too",
        "postgresql+psycopg://keys@localhost:5433/keys": "OUTREACH_KEYRING_URL names this machine",
        "postgresql+psycopg://keys@/keys": "OUTREACH_KEYRING_URL names this machine",
        MAIN: "OUTREACH_KEYRING_URL has to be another database",
        "": "OUTREACH_KEYRING_URL is missing",
        "postgresql+psycopg://u:sec@reta@db1/keys": "OUTREACH_KEYRING_URL has to start with",
    }
    for url, expected_error in expected_errors.items():
        with pytest.raises(Misconfigured) as raised:
            Config.from_environ(
                SERVE_SETTINGS
                | {
                    "OUTREACH_KEYRING_URL": url,
                    "OUTREACH_POOL_SIZE": "0",
                    "OUTREACH_MAIL_FROM": "",
                },
                serving=True,
            )
        lines = str(raised.value).splitlines()
        assert [line for line in lines if line.startswith(expected_error)], (url, lines)
        assert "OUTREACH_POOL_SIZE has to be from 1 to 100" in lines
        assert any(line.startswith("OUTREACH_MAIL_FROM is missing") for line in lines)
        assert "reta" not in str(raised.value)
        assert "secreta" not in str(raised.value)
    good = Config.from_environ(
        SERVE_SETTINGS | {"OUTREACH_KEYRING_URL": "postgresql+psycopg://keys@db3:5433/keys"},
        serving=True,
    )
    assert good.pool_size == 4


def test_one_database_server_may_hold_both_databases() -> None:
    Config.from_environ(
        SERVE_SETTINGS
        | {
            "OUTREACH_DATABASE_URL": "postgresql+psycopg://outreach@/outreach",
            "OUTREACH_KEYRING_URL": "postgresql+psycopg://keys@localhost:5433/keys",
        },
        serving=True,
    )
    assert not database_urls.is_same(MAIN, MAIN.replace("db2", "db3"))
    assert database_urls.is_same(
        "postgresql+psycopg://a@db1/x", "postgresql+psycopg://b@db1:5432/x"
    )


@contextmanager
def opened(url: str, waits: Timeouts) -> Iterator[Store]:
    store = Store(url, timeouts=waits)
    change_sessions.install(store)
    try:
        yield store
    finally:
        store.close()


@on_postgresql
@pytest.mark.parametrize("waits", [PAGES, WORK, MIGRATION], ids=lambda waits: str(waits.name))
def test_database_timeouts_are_set_on_the_server(config: Config, waits: Timeouts) -> None:
    asked = "SELECT name, setting FROM pg_settings WHERE name LIKE '%_timeout' OR name = :name"
    with opened(config.database_url, waits) as store, store.read() as session:
        rows = session.execute(sa.text(asked), {"name": "application_name"})
        found = {row.name: row.setting for row in rows}
    assert found["application_name"] == waits.name
    assert found["statement_timeout"] == str(waits.statement * 1000)
    assert found["lock_timeout"] == str(waits.lock * 1000)
    assert found["idle_in_transaction_session_timeout"] == str(waits.idle * 1000)


@on_postgresql
def test_options_in_the_database_url_take_precedence(config: Config) -> None:
    url = f"{config.database_url}?application_name=ours&options=-c%20lock_timeout%3D7s"
    with opened(url, PAGES) as store, store.read() as session:
        assert session.scalar(sa.text("SHOW application_name")) == "ours"
        assert session.scalar(sa.text("SHOW lock_timeout")) == "7s"
        assert session.scalar(sa.text("SHOW statement_timeout")) == "20s"


@on_postgresql
def test_writable_host_of_several_is_used(config: Config) -> None:
    url = sa.make_url(config.database_url)
    there = f"{url.host}:{url.port}"
    several = url.set(host=None, port=None, query={"host": ("127.0.0.1:1", there)})
    with opened(several.render_as_string(hide_password=False), PAGES) as store:
        with store.read() as session:
            assert session.scalar(sa.text("SELECT 1")) == 1
            name = session.scalar(sa.text("SELECT current_database()"))
        admin = sa.create_engine(config.database_url, poolclass=sa.NullPool)
        engine = admin.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            alter = f"ALTER DATABASE {name}"
            connection.exec_driver_sql(f"{alter} SET default_transaction_read_only = on")
            store.engine.dispose()
            try:
                with pytest.raises(sa.exc.OperationalError), store.read() as session:
                    session.scalar(sa.text("SELECT 1"))
            finally:
                connection.exec_driver_sql("SET default_transaction_read_only = off")
                connection.exec_driver_sql(f"{alter} RESET default_transaction_read_only")


def test_database_error_shows_no_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://outreach:secreta@/x?host=127.0.0.1:1&host=127.0.0.1:2"
    with opened(url, PAGES) as store:
        for ask in (lambda: store.read().__enter__().connection(), store.mark):
            with pytest.raises(Exception, match="connection") as raised:
                ask()
            seen: BaseException | None = raised.value
            while seen is not None:
                assert "secreta" not in f"{seen} {seen!r} {seen.args}"
                seen = seen.__cause__ or seen.__context__
        assert "secreta" not in repr(store.engine)


@on_postgresql
def test_change_by_another_host_is_visible_at_once(
    make_host: Callable[..., Flask],
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    key_store.envelope.newest()
    hosts = [make_host("one").test_client(), make_host("other").test_client()]
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, title={"es": "Antes"})
    paths = ("/es/", f"/es/t/{workshop.public_id}", "/es/cal/red.ics", "/api/v1/workshops")
    for path in paths:
        for host in hosts:
            assert "Antes" in host.get(path).text, path
    with store.change() as session:
        changed = session.get_one(type(workshop), workshop.id)
        changed.title = {"es": "Cambiado"}
        changed.changed_at, changed.sequence = clock.now(), changed.sequence + 1
    for path in paths:
        for host in hosts:
            page = host.get(path).text
            assert "Cambiado" in page, path
            assert "Antes" not in page, path
