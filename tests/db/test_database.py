"""The databases: made, brought up to date, and silent about people when something breaks."""

import logging
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

from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.domain.registrations import Registration
from outreach.keystore import Key, KeyStore
from outreach.migrations import Database, differences
from outreach.web.context import store as app_store
from tests.conftest import LONG_AGO, hold, seat
from tests.support.environment import where

pytestmark = pytest.mark.core

NAME = "Rosalinda Quetzalcanario"
EMAIL = "rosalinda.quetzalcanario@example.org"


def test_the_migrations_make_what_the_models_say(config: Config) -> None:
    for base, url in (
        (Database.MAIN, config.database_url),
        (Database.KEY_STORE, config.keyring_url),
    ):
        store = Store(url)
        assert differences(base, store) == []
        store.close()


def test_bringing_a_database_up_to_date_again_changes_nothing(config: Config) -> None:
    assert _outreach(config, "db", "upgrade").exit_code == 0
    store = Store(config.database_url)
    before = _all_rows(store)
    assert _outreach(config, "db", "upgrade").exit_code == 0
    assert _all_rows(store) == before
    store.close()


def test_check_says_that_all_is_well(config: Config) -> None:
    said = _outreach(config, "db", "check")
    assert (said.exit_code, said.stderr) == (0, "")


def test_check_tells_of_a_database_that_was_never_made(tmp_path: Path) -> None:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir()
    keys.mkdir()
    said = CliRunner().invoke(
        main, ["db", "check"], env={"OUTREACH_DATA": str(data), "OUTREACH_KEYS": str(keys)}
    )
    assert said.exit_code == 1
    assert said.stderr.splitlines() == [
        "main: not up to date. Run: outreach db upgrade",
        "ring: not up to date. Run: outreach db upgrade",
    ]


def test_check_tells_of_a_schema_that_somebody_changed(config: Config, store: Store) -> None:
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE office ADD COLUMN nickname VARCHAR(20)"))
    try:
        said = _outreach(config, "db", "check")
    finally:  # the tests after this one have the same database
        with store.change() as session:
            session.execute(sa.text("ALTER TABLE office DROP COLUMN nickname"))
    assert said.exit_code == 1
    assert "nickname" in said.stderr


@pytest.mark.parametrize("command", ["doctor", "db check", "db upgrade", "serve", "counts 2026-03"])
def test_a_database_that_is_away_is_one_line_that_says_neither_where_it_is_nor_who_signs_in(
    tmp_path: Path, command: str
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and listens not
        there = f"127.0.0.1:{nobody.getsockname()[1]}"
        url = f"postgresql+psycopg://elena:secreta@{there}/talleres"
        said = CliRunner().invoke(
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
    assert said.exit_code == 1
    assert isinstance(said.exception, SystemExit)
    for secret in ("elena", "secreta", "127.0.0.1", "talleres@", "Traceback"):
        assert secret not in said.output
    if command != "doctor":  # it says many things, each in a line of its own
        assert said.stderr.splitlines() == [said.stderr.strip()]
        assert "OUTREACH_DATABASE_URL" in said.stderr


def test_a_database_error_names_no_one(store: Store) -> None:
    with store.change() as session:
        session.add(StaffMember(email=EMAIL))
    with pytest.raises(IntegrityError) as caught, store.change() as session:
        session.add(StaffMember(email=EMAIL))
    assert "organizer" in _everything_said(caught.value)
    _assert_names_no_one(_everything_said(caught.value))


def test_neither_does_one_about_what_was_typed(store: Store) -> None:
    # SQLite takes any text for a number; PostgreSQL refuses, and would quote it.
    typed = sa.select(sa.cast(sa.literal(NAME, sa.String), sa.Integer))
    with store.read() as session:
        if store.is_sqlite:
            assert session.scalar(typed) == 0
            return
        with pytest.raises(DataError) as caught:
            session.scalar(typed)
    assert "invalid input syntax" in _everything_said(caught.value)
    _assert_names_no_one(_everything_said(caught.value))


def test_a_page_that_fails_leaves_no_name_in_the_log(
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
    for told in (caplog.text, answer.text, "".join(capfd.readouterr())):
        _assert_names_no_one(told)


def test_sqlite_waits_keeps_and_overwrites(empty_databases: Path, tmp_path: Path) -> None:
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


def test_a_change_inside_a_change_says_so_instead_of_waiting_for_itself(store: Store) -> None:
    if not store.is_sqlite:
        return  # where two changes of one thread do not wait for each other
    with pytest.raises(RuntimeError), store.change(), store.change():
        pass
    with store.change() as session:  # and whoever comes next has the turn
        assert session.scalar(sa.text("SELECT 1")) == 1


def test_what_was_erased_is_in_no_file_of_sqlite(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    if not store.is_sqlite:
        return  # PostgreSQL's files are its own; there the key that is gone protects the row
    with store.change() as session:
        workshop = hold(session, chicago, rights)
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


def test_a_name_is_in_no_file_even_before_it_is_erased(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
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
    """Every row of every table, as the database holds it."""
    tables = sa.MetaData()
    tables.reflect(store.engine)
    with store.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(sa.select(table))]
            for table in tables.sorted_tables
        }


def _everything_said(error: DBAPIError) -> str:
    return f"{error} {error!r} {error.orig} {error.orig!r} {error.args}"


def _assert_names_no_one(text: str) -> None:
    for part in ("rosalinda", "quetzalcanario"):
        assert part not in text.casefold()


def _is_in(config: Config, secret: bytes) -> bool:
    files = [path for folder in (config.data, config.keys) for path in folder.rglob("*")]
    return any(secret in path.read_bytes() for path in files if path.is_file())


def test_what_was_opened_while_the_disk_was_read_only_is_opened_anew(
    config: Config, store: Store, chicago: Office
) -> None:
    if not store.is_sqlite:
        pytest.skip("PostgreSQL has files of its own")
    store.let_go()
    beside = subprocess.Popen(
        [sys.executable, "-c", _BESIDE, str(config.data / "outreach.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert beside.stdout is not None
    assert beside.stdout.readline()
    # Two of one file, as the ring and the counts of attempts; each has a line of its own besides.
    stores = [Store(config.database_url), Store(config.database_url)]
    rename = sa.update(Office).values(city="Chicago, IL")
    with _read_only(config.data):
        for each in stores:
            each.mark()
            with pytest.raises(DBAPIError, match="readonly"), each.change() as session:
                session.execute(rename)
            each.mark()
    for each in stores:
        with suppress(DBAPIError), each.change() as session:
            session.execute(rename)  # may find that it is still as it was opened
    for each in stores:
        with each.change() as session:
            session.execute(rename)
        each.close()
    beside.communicate()


# Another process has it open all the while: the worker.
_BESIDE = """
import sqlite3, sys
line = sqlite3.connect(sys.argv[1])
line.execute("SELECT count(*) FROM office").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    """No file there can be written, and none be made."""
    paths = [*folder.iterdir(), folder]
    done = subprocess.run(["chattr", "+i", *paths], capture_output=True)
    try:
        if done.returncode:
            pytest.skip("this account, or this file system, has no immutable files")
        yield
    finally:
        subprocess.run(["chattr", "-i", *reversed(paths)], capture_output=True)
