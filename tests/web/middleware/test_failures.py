"""Trouble with a database or its disk, made for real: what the page answers, and what is noted."""

import logging
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.logs import Repeats
from tests.conftest import close_app, make_workshop
from tests.db.test_database import _read_only
from tests.support.environment import where
from tests.support.limits import UNLIMITED
from tests.support.public_urls import FurnishedSite
from tests.web.middleware.test_health import TOKEN, get_metrics
from tests.web.middleware.test_request_retry import post

LOG: Final = "outreach.web.middleware.failures"


@pytest.fixture
def watched(make_app: Callable[..., Flask]) -> Flask:
    return make_app(metrics_token=TOKEN, limits=UNLIMITED)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def require_noted(
    app: Flask, workshop: Workshop, caplog: pytest.LogCaptureFixture, reason: str, seconds: str
) -> None:
    """Three people try to register."""
    caplog.set_level(logging.WARNING, logger=LOG)
    answers = [post(app, workshop) for _ in range(3)]
    assert [(each.status_code, each.headers["Retry-After"]) for each in answers] == [
        (503, seconds)
    ] * 3
    for each in answers:
        assert f'data-reason="{reason}"' in each.text
        assert "Rosa" in each.text, "what was typed is sent again by a button"
    [line] = [each.getMessage() for each in caplog.records if each.name == LOG]
    found = re.fullmatch(
        rf"(\w{{6}}): POST /<lang:lang>/t/<public_id>/lugar: database {reason} \(\w+\)", line
    )
    assert found, line
    for each in answers:  # each page says the number of the one line
        assert f"{found[1][:3]} {found[1][3:]}" in each.text
    metrics = get_metrics(app.test_client())
    assert metrics["outreach_failures_total", (("reason", reason),)] == 3


@contextmanager
def of_each_connection(store: Store, statement: str) -> Iterator[None]:
    """Runs a statement on each connection that is opened during the block."""

    def run(connection: Any, _record: object) -> None:
        connection.execute(statement)
        if not store.is_sqlite:
            connection.commit()

    sa.event.listen(store.engine, "connect", run)
    store.let_go()
    try:
        yield
    finally:
        sa.event.remove(store.engine, "connect", run)
        store.let_go()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "none", folder)
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a disk so small that it fills: CI is root")
    try:
        yield
    finally:
        # Also where a failed test has files open: pytest cannot delete a folder with a disk in it.
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> None:
    """Leaves no room on the disk of a folder."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@contextmanager
def no_room(store: Store) -> Iterator[None]:
    """PostgreSQL says that its disk is full."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER no_room BEFORE INSERT ON registration EXECUTE FUNCTION no_room()"
        )
    try:
        yield
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION no_room CASCADE")


@pytest.mark.thorough
def test_full_disk_is_named_in_log_page_and_metrics(
    make_app: Callable[..., Flask], store: Store, workshop: Workshop,
    caplog: pytest.LogCaptureFixture, tmp_path: Path,
) -> None:  # fmt: skip
    if not store.is_sqlite:
        app = make_app(metrics_token=TOKEN, limits=UNLIMITED)
        with no_room(store):
            require_noted(app, workshop, caplog, "disk full", "60")
        return
    folder = tmp_path / "small"
    with small_disk(folder):
        store.truncate_log()
        copy = folder / "outreach.db"
        copy.write_bytes(Path(str(store.engine.url.database)).read_bytes())
        app = make_app(metrics_token=TOKEN, limits=UNLIMITED, database_url=f"sqlite:///{copy}")
        own: Store = app.extensions["outreach_store"]
        with own.read() as session:  # makes the files beside it
            session.get_one(Workshop, workshop.id)
        fill(folder)
        require_noted(app, workshop, caplog, "disk full", "60")
        (folder / "filler").unlink()
        assert post(app, workshop).status_code == 303, "it goes on without a restart"
        close_app(app)


@pytest.mark.thorough
def test_locked_database_is_named(
    watched: Flask, store: Store, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    own: Store = watched.extensions["outreach_store"]
    patience = "PRAGMA busy_timeout = 50" if store.is_sqlite else "SET lock_timeout = '50ms'"
    hold_it = "BEGIN IMMEDIATE" if store.is_sqlite else "LOCK TABLE workshop"
    with of_each_connection(own, patience), store.engine.connect() as other:
        if store.is_sqlite:
            other.exec_driver_sql("COMMIT")
        other.exec_driver_sql(hold_it)
        require_noted(watched, workshop, caplog, "locked", "5")
        other.exec_driver_sql("ROLLBACK")
    assert post(watched, workshop).status_code == 303


@pytest.mark.thorough
def test_read_only_files_are_named(
    watched: Flask, config: Config, store: Store, workshop: Workshop,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    if config.is_postgresql:
        pytest.skip("read-only is a standby there: test_request_is_retried_after_a_failover")
    with store.read() as session:
        session.get_one(Workshop, workshop.id)
    with _read_only(config.data):
        require_noted(watched, workshop, caplog, "read-only", "60")


@contextmanager
def other_schema(store: Store, version: str, renamed: str) -> Iterator[None]:
    """The database is of another version, which has another name for a column."""
    table, _dot, column = renamed.partition(".")
    with store.engine.begin() as connection:
        before = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO of_tomorrow")
    store.let_go()
    try:
        yield
    finally:
        with store.engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE alembic_version SET version_num = :v"), {"v": before}
            )
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME COLUMN of_tomorrow TO {column}")


@pytest.mark.thorough
def test_old_server_answers_no_page_of_a_newer_schema_with_500(
    furnished_site: FurnishedSite, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    client = furnished_site.app.test_client()
    addresses = [path for _rule, path in furnished_site.addresses()]
    with other_schema(store, "of_next_year", "workshop.title"):
        found = {path: client.get(path) for path in addresses}
    statuses = {path: each.status_code for path, each in found.items()}
    assert [path for path, status in statuses.items() if status == 500] == []
    unavailable = [each for each in found.values() if each.status_code == 503]
    assert len(unavailable) > 10
    assert {each.headers["Retry-After"] for each in unavailable} == {"60"}


@pytest.mark.thorough
@pytest.mark.parametrize("is_key_store", [False, True], ids=["main", "key store"])
def test_newer_schema_is_named_at_a_post(
    watched: Flask, config: Config, store: Store, key_store: KeyStore, workshop: Workshop,
    caplog: pytest.LogCaptureFixture, is_key_store: bool,
) -> None:  # fmt: skip
    own = key_store.store if is_key_store else store
    with other_schema(own, "of_next_year", "key.sealed" if is_key_store else "registration.people"):
        require_noted(watched, workshop, caplog, "schema newer", "60")
        environ = where(config)
        done = CliRunner(env=environ).invoke(main, ["worker", "--once"])
        assert done.exit_code == 1
        assert "If a newer one made it, install that version" in done.stderr
    assert post(watched, workshop).status_code == 303


@pytest.mark.thorough
def test_bug_is_no_trouble_of_the_database(
    watched: Flask, store: Store, workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    """The same missing column, at the version of the program."""
    with store.read() as session:
        version = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    assert version is not None
    with other_schema(store, version, "registration.people"):
        answers = [post(watched, workshop) for _ in range(2)]
    assert [each.status_code for each in answers] == [500, 500]
    [line] = [each.getMessage() for each in caplog.records if each.name == LOG]
    kind = "OperationalError" if store.is_sqlite else "UndefinedColumn"
    assert re.fullmatch(rf"\w{{6}}: POST \S+ failed: {kind}", line), line


def test_one_of_identical_lines_is_written_each_minute_with_a_count() -> None:
    repeats = Repeats()
    assert [repeats.admit("disk full", now=now) for now in (0.0, 1.0, 59.0)] == [0, None, None]
    assert repeats.admit("locked", now=2.0) == 0
    assert [repeats.admit("disk full", now=now) for now in (60.0, 119.0, 120.0)] == [2, None, 1]
