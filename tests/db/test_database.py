"""Databases: migrations, checks, settings of SQLite, and errors without personal data."""

import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain import change_sessions, registrations
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.domain.registrations import Registration
from outreach.keystore import Key, KeyStore, KeyStoreBase
from outreach.migrations import Database, differences
from outreach.web.context import store as app_store
from tests.conftest import LONG_AGO, make_workshop, seat
from tests.support.environment import where

pytestmark = pytest.mark.core

NAME = "Rosalinda Quetzalcanario"
EMAIL = "rosalinda.quetzalcanario@example.org"


def test_migrated_schema_equals_models(config: Config) -> None:
    for base, url in (
        (Database.MAIN, config.database_url),
        (Database.KEY_STORE, config.keyring_url),
    ):
        store = Store(url)
        assert differences(base, store) == []
        store.close()


@pytest.mark.any_database("reads the models")
def test_tables_columns_and_stored_values_have_the_names_of_the_code() -> None:
    """`glossary.md` names no table: it is called as its class."""
    mappers = [*Base.registry.mappers, *KeyStoreBase.registry.mappers]
    assert len(mappers) > 90
    faults = []
    for mapper in mappers:
        table, name = mapper.local_table, mapper.class_.__name__
        if table.name != re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower():  # type: ignore[attr-defined]
            faults.append(f"{name}: {table}")
        for attribute in mapper.column_attrs:
            column = attribute.columns[0]
            if isinstance(column, sa.Column) and column.name != attribute.key:
                faults.append(f"{name}.{attribute.key}: {column.name}")
            if isinstance(column.type, sa.Enum) and column.type.enum_class is not None:
                names = [member.name.lower() for member in column.type.enum_class]
                if column.type.enums != names:
                    faults.append(f"{name}.{attribute.key}: {column.type.enums}")
    assert faults == []


@pytest.mark.long
def test_second_upgrade_changes_nothing(config: Config) -> None:
    assert _outreach(config, "db", "upgrade").exit_code == 0
    store = Store(config.database_url)
    before = _all_rows(store)
    assert _outreach(config, "db", "upgrade").exit_code == 0
    assert _all_rows(store) == before
    store.close()


def test_db_check_accepts_current_databases(config: Config) -> None:
    result = _outreach(config, "db", "check")
    assert (result.exit_code, result.stderr) == (0, "")


def test_db_check_reports_missing_databases(tmp_path: Path) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    keys.mkdir()
    result = CliRunner().invoke(
        main, ["db", "check"], env={"OUTREACH_DATA": str(data), "OUTREACH_KEYS": str(keys)}
    )
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "main: not up to date. Run: outreach db upgrade",
        "key_store: not up to date. Run: outreach db upgrade",
    ]


def test_db_check_reports_changed_schema(config: Config, store: Store) -> None:
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE office ADD COLUMN nickname VARCHAR(20)"))
    try:
        result = _outreach(config, "db", "check")
    finally:  # later tests use the same database
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE office DROP COLUMN nickname"))
    assert result.exit_code == 1
    assert "nickname" in result.stderr


@pytest.mark.parametrize("command", ["doctor", "db check", "db upgrade", "serve", "counts 2026-03"])
def test_unreachable_database_is_one_error_line_without_address_or_user(
    tmp_path: Path, command: str
) -> None:
    with socket.socket() as unused_socket:
        unused_socket.bind(("127.0.0.1", 0))  # bound, but not listening
        address = f"127.0.0.1:{unused_socket.getsockname()[1]}"
        url = f"postgresql+psycopg://elena:secreta@{address}/talleres"
        result = CliRunner().invoke(
            main,
            command.split(),
            env={
                "OUTREACH_DATA": str(tmp_path / "data"),
                "OUTREACH_KEYS": str(tmp_path / "keys"),
                "OUTREACH_DATABASE_URL": url,
                "OUTREACH_KEYRING_URL": f"{url}_ring",
                "OUTREACH_PUBLIC_URL": "http://localhost:8000",
                "OUTREACH_MAIL_FROM": "talleres@example.org",
                "OUTREACH_CONTROLLER": "Red de consulados",
            },
        )
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    for secret in ("elena", "secreta", "127.0.0.1", "talleres@", "Traceback"):
        assert secret not in result.output
    if command != "doctor":  # it prints several lines
        assert result.stderr.splitlines() == [result.stderr.strip()]
        assert "OUTREACH_DATABASE_URL" in result.stderr


def test_integrity_error_has_no_personal_data(store: Store) -> None:
    with store.change() as session:
        session.add(StaffMember(email=EMAIL))
    with pytest.raises(IntegrityError) as caught, store.change() as session:
        session.add(StaffMember(email=EMAIL))
    assert "staff_member" in _all_texts(caught.value)
    _assert_names_no_one(_all_texts(caught.value))


def test_data_error_has_no_typed_text(store: Store) -> None:
    # SQLite casts any text to a number; PostgreSQL raises an error that quotes it.
    typed = sa.select(sa.cast(sa.literal(NAME, sa.String), sa.Integer))
    with store.read() as session:
        if store.is_sqlite:
            assert session.scalar(typed) == 0
            return
        with pytest.raises(DataError) as caught:
            session.scalar(typed)
    assert "invalid input syntax" in _all_texts(caught.value)
    _assert_names_no_one(_all_texts(caught.value))


def test_failing_page_logs_no_personal_data(
    app: Flask, store: Store, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    @app.post("/falla/<who>")
    def fail(who: str) -> str:
        with app_store().change() as session:
            session.add_all([StaffMember(email=who), StaffMember(email=who)])
        return who

    with caplog.at_level(logging.DEBUG):
        answer = app.test_client().post(f"/falla/{EMAIL}", data={"name": NAME})
    assert answer.status_code == 500
    assert "POST /falla/<who> failed: " in caplog.text
    for text in (caplog.text, answer.text, "".join(capfd.readouterr())):
        _assert_names_no_one(text)


def test_sqlite_pragmas(empty_databases: Path, tmp_path: Path) -> None:
    copy = tmp_path / "outreach.db"
    copy.write_bytes((empty_databases / "outreach.db").read_bytes())
    store = Store(f"sqlite:///{copy}")
    with store.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
        wait = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert wait >= 5000


def test_nested_change_of_one_thread_is_an_error(store: Store) -> None:
    if not store.is_sqlite:
        return  # PostgreSQL has no lock that a thread could wait for itself
    with pytest.raises(RuntimeError), store.change(), store.change():
        pass
    with store.change() as session:  # the lock is free again
        assert session.scalar(sa.text("SELECT 1")) == 1


def test_erased_data_is_in_no_sqlite_file(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    if not store.is_sqlite:
        return  # PostgreSQL's files cannot be read here; the destroyed key protects the row
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop, name=NAME, now=LONG_AGO)
    sealed, key_id = rosa.sealed, rosa.key_id
    assert sealed
    assert key_id
    with key_store.store.read() as session:
        key = session.get_one(Key, key_id).sealed
    assert _is_in(config, sealed)
    assert _is_in(config, key)

    key_store.destroy(key_id)
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, rosa.id), now=LONG_AGO)
    store.truncate_log()

    assert not _is_in(config, sealed)
    assert not _is_in(config, key)


def test_personal_data_is_never_stored_unencrypted(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(
        store,
        key_store,
        workshop,
        name=NAME,
        address=EMAIL,
        contact=registrations.ContactMethod.EMAIL,
    )
    assert not _is_in(config, NAME.encode())
    assert not _is_in(config, EMAIL.encode())
    _assert_names_no_one(str(_all_rows(store)) + str(_all_rows(key_store.store)))


def _outreach(config: Config, *arguments: str) -> Result:
    settings = where(config)
    return CliRunner().invoke(main, list(arguments), env=settings)


def _all_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, by the name of the table."""
    tables = sa.MetaData()
    tables.reflect(store.engine)
    with store.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(sa.select(table))]
            for table in tables.sorted_tables
        }


def _all_texts(error: DBAPIError) -> str:
    return f"{error} {error!r} {error.orig} {error.orig!r} {error.args}"


def _assert_names_no_one(text: str) -> None:
    for part in ("rosalinda", "quetzalcanario"):
        assert part not in text.casefold()


def _is_in(config: Config, secret: bytes) -> bool:
    files = [path for folder in (config.data, config.keys) for path in folder.rglob("*")]
    return any(secret in path.read_bytes() for path in files if path.is_file())


def test_connections_opened_on_a_read_only_disk_are_replaced(
    config: Config, store: Store, chicago: Office
) -> None:
    if not store.is_sqlite:
        pytest.skip("PostgreSQL has files of its own")
    store.let_go()
    other_process = subprocess.Popen(
        [sys.executable, "-c", _OTHER_PROCESS, str(config.data / "outreach.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other_process.stdout is not None
    assert other_process.stdout.readline()
    # Two stores on one file, as the key store and the rate counters; each has its own connections.
    stores = [Store(config.database_url), Store(config.database_url)]
    for each in stores:
        change_sessions.install(each)
    rename = sa.update(Office).values(city="Chicago, IL")
    with _read_only(config.data):
        for each in stores:
            each.mark()
            with pytest.raises(DBAPIError, match="readonly"), each.change() as session:
                session.execute(rename)
            each.mark()
    for each in stores:
        with suppress(DBAPIError), each.change() as session:
            session.execute(rename)  # may still use a read-only connection
    for each in stores:
        with each.change() as session:
            session.execute(rename)
        each.close()
    other_process.communicate()


# Keeps the database open in another process, as the worker does.
_OTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM office").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """Makes the folder and its files immutable."""
    paths = [*folder.iterdir(), folder]
    done = subprocess.run(["chattr", "+i", *paths], capture_output=True)
    try:
        if done.returncode:
            pytest.skip("this account, or this file system, has no immutable files")
        yield
    finally:
        subprocess.run(["chattr", "-i", *reversed(paths)], capture_output=True)


def test_no_listener_delays_the_statements_of_a_reading_session(store: Store) -> None:
    with store.read() as session:
        assert not session.dispatch.do_orm_execute
    with store.change() as session:  # the counters of changes listen
        assert session.dispatch.do_orm_execute


def test_store_without_records_refuses_to_change(config: Config) -> None:
    """Importing is not enough: each store is told what follows its changes."""
    store = Store(config.database_url)
    with pytest.raises(RuntimeError, match="Nothing would record"), store.change():
        pass
    with store.read() as session:
        assert session.scalars(sa.select(Office)).all() == []
    change_sessions.install(store)
    change_sessions.install(store)  # twice is as once
    with store.change() as session:
        audit_log.record(session, None, "kinds brought in", now=clock.now(), details={"new": 1})
    with store.read() as session:
        assert session.scalars(sa.select(AuditEntry.number)).all() == [1]
    store.close()


def test_each_listener_is_registered_once_however_many_stores_there_are(tmp_path: Path) -> None:
    """Else each store would record and count again, and mutate what other threads go through."""
    for number in range(3):
        change_sessions.install(Store(f"sqlite:///{tmp_path / str(number)}.db"))
    for name in ("before_commit", "after_flush", "do_orm_execute", "after_soft_rollback"):
        listeners = list(getattr(change_sessions.ChangeSession().dispatch, name))
        assert len(listeners) == len(set(listeners)) > 0, name
