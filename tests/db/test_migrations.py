"""Bringing a database up to date while people save places, twice at once, and not at all where it
is not what it should be."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from click.testing import CliRunner, Result
from flask import Flask

from outreach import migrations
from outreach.app import create_app
from outreach.cli import main
from outreach.cli.context import open_key_store, open_store
from outreach.config import Config
from outreach.db.postgresql import MIGRATION
from outreach.db.store import Store
from outreach.domain.audit.hash_chain import AuditChain
from outreach.domain.calendar import change_counters
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.errors import Misconfigured
from outreach.migrations import Database, first_migration
from outreach.migrations.models import KEY_STORE, MAIN
from tests.conftest import Pair, make_workshop
from tests.support.environment import where
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, send

WRITERS = 3
# What a later version might do to the table that everybody writes to.
LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("registration", sa.Column("later", sa.Integer(), nullable=True))
    op.execute("CREATE TABLE of_later (id INTEGER PRIMARY KEY)")
    {more}
"""


@pytest.fixture
def empty(config: Config, request: pytest.FixtureRequest) -> Iterator[Config]:
    """A configuration whose databases have no tables."""
    for url in (config.database_url, config.keyring_url):
        engine = sa.create_engine(url)
        tables = sa.MetaData()
        tables.reflect(engine)
        tables.drop_all(engine)
        engine.dispose()
    yield replace(config, extensions=())
    _recreate_databases(config, request)


@pytest.fixture
def broken(config: Config, request: pytest.FixtureRequest) -> Iterator[Config]:
    """A configuration whose databases the test may break."""
    yield config
    _recreate_databases(config, request)


def _recreate_databases(config: Config, request: pytest.FixtureRequest) -> None:
    if config.is_postgresql:
        pair: Pair = request.getfixturevalue("pair")
        pair.drop()
        pair.make()


@pytest.fixture
def later_migration(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with a migration of a later version."""

    def make(more: str = "pass") -> Path:
        folder = tmp_path / "later"
        folder.mkdir()
        (folder / "later.py").write_text(LATER.format(head=_head(Database.MAIN), more=more))
        return folder

    return make


def _head(base: Database) -> str:
    [head] = ScriptDirectory.from_config(migrations.config(base, "")).get_heads()
    return head


def outreach(config: Config, *arguments: str) -> Result:
    settings = where(config)
    return CliRunner().invoke(main, list(arguments), env=settings)


def run(config: Config, *statements: str, key_store: bool = False) -> None:
    engine = sa.create_engine(config.keyring_url if key_store else config.database_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


class RegistrationLoad:
    """Registers parties in several threads until it is stopped, and measures the longest wait."""

    def __init__(self, config: Config, store: Store, office: Office, kind: Kind) -> None:
        # This release, which uses nothing of the later schema.
        self.app: Flask = create_app(replace(config, limits=UNLIMITED))
        with store.change() as session:
            self.workshop = make_workshop(session, office, kind, capacity=10_000)
        self.stop_event, self.is_busy = threading.Event(), threading.Event()
        self.statuses: list[int] = []
        self.longest = 0.0

    def work(self, _number: int) -> None:
        client = self.app.test_client()
        while not self.stop_event.is_set():
            form = answers(self.app, self.workshop)
            started_at = time.monotonic()
            status = send(client, self.workshop, form).status_code
            self.longest = max(self.longest, time.monotonic() - started_at)
            self.statuses.append(status)
            if len(self.statuses) > 20:
                self.is_busy.set()

    def during(self, do: Callable[[], object]) -> None:
        with ThreadPoolExecutor(WRITERS) as threads:
            working = threads.map(self.work, range(WRITERS))
            try:
                assert self.is_busy.wait(30)
                do()
                count = len(self.statuses)
                while len(self.statuses) < count + 20:
                    threading.Event().wait(0.01)
            finally:
                self.stop_event.set()
            list(working)
        for each in ("outreach_store", "outreach_attempts"):
            self.app.extensions[each].close()
        self.app.extensions["outreach_key_store"].store.close()


@pytest.mark.races
def test_registrations_succeed_during_an_upgrade(
    broken: Config,
    store: Store,
    chicago: Office,
    rights: Kind,
    later_migration: Callable[..., Path],
) -> None:
    folder, url = later_migration(), broken.database_url
    load = RegistrationLoad(broken, store, chicago, rights)
    load.during(lambda: migrations.upgrade(Database.MAIN, url, more_versions=folder))
    assert set(load.statuses) == {303}
    with store.read() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(Registration))
    assert count == len(load.statuses)
    assert sa.inspect(store.engine).has_table("of_later")
    print(f"\n{count} places saved meanwhile; the longest wait {load.longest:.2f} s")
    assert load.longest < MIGRATION.lock + 8


@pytest.mark.long
@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_migration_waiting_for_a_lock_lets_registrations_pass(
    broken: Config,
    store: Store,
    chicago: Office,
    rights: Kind,
    later_migration: Callable[..., Path],
) -> None:
    folder, url = later_migration(), broken.database_url
    load, is_reading_done = RegistrationLoad(broken, store, chicago, rights), threading.Event()

    def migrate() -> None:
        with ThreadPoolExecutor(1) as thread, store.read() as session:
            # A long read: without a lock timeout all registrations would wait for it.
            session.execute(sa.text("SELECT count(*) FROM registration"))
            migrating = thread.submit(migrations.upgrade, Database.MAIN, url, more_versions=folder)
            while not is_reading_done.wait(0.05):
                reading_for = time.monotonic() - started_at
                if reading_for > MIGRATION.lock + 1.5:
                    is_reading_done.set()
            assert not migrating.done(), "the first try timed out and will be repeated"
            session.commit()
            migrating.result(30)

    started_at = time.monotonic()
    load.during(migrate)
    assert set(load.statuses) == {303}
    print(f"\n{len(load.statuses)} places saved; the longest wait {load.longest:.2f} s")
    assert load.longest < 2 * MIGRATION.lock + 3


@pytest.mark.parametrize("config", ["postgresql"], indirect=True)
def test_migration_without_its_lock_fails_and_is_rolled_back(
    broken: Config, store: Store, later_migration: Callable[..., Path]
) -> None:
    folder, url = later_migration(), broken.database_url
    with store.read() as session:
        session.execute(sa.text("SELECT count(*) FROM registration"))
        with pytest.raises(Misconfigured, match="did not get its lock in 1 tries"):
            migrations.upgrade(Database.MAIN, url, more_versions=folder, tries=1)
    assert not sa.inspect(store.engine).has_table("of_later")
    assert migrations.is_current(Database.MAIN, store)


def test_failing_migration_is_rolled_back(
    broken: Config, store: Store, later_migration: Callable[..., Path]
) -> None:
    folder = later_migration("op.execute('SELECT nonsense FROM nowhere')")
    with pytest.raises(sa.exc.DBAPIError):
        migrations.upgrade(Database.MAIN, broken.database_url, more_versions=folder)
    assert not sa.inspect(store.engine).has_table("of_later")
    assert migrations.is_current(Database.MAIN, store)
    assert migrations.differences(Database.MAIN, store) == []


@pytest.mark.long
@pytest.mark.races
def test_simultaneous_upgrades_run_one_after_the_other(empty: Config) -> None:
    for base, url in ((Database.MAIN, empty.database_url), (Database.KEY_STORE, empty.keyring_url)):
        assert _at_once(base, url) == [0, 0]
    assert outreach(empty, "db", "upgrade").exit_code == 0
    assert outreach(empty, "db", "check").exit_code == 0


def _at_once(base: Database, url: str) -> list[int]:
    """The exit codes of two upgrades that start at the same moment."""
    program = (
        "import sys; from outreach import migrations; print('ready', flush=True); "
        "sys.stdin.readline(); migrations.upgrade(migrations.Database(sys.argv[1]), sys.argv[2])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, base, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    for each in processes:
        each.communicate()
    return [each.returncode for each in processes]


VERSION = "alembic_version"
of_versions = pytest.mark.any_database("what is said of the table of versions")


@of_versions
@pytest.mark.parametrize(
    ("statements", "of_key_store", "message"),
    [
        ([f"UPDATE {VERSION} SET version_num = 'x'"], False, "main: its version (x) is not known"),
        (
            [f"UPDATE {VERSION} SET version_num = 'ring_shares_that_always_hold'"],
            True,
            "key_store: its version (ring_shares_that_always_hold) is not known to this program. "
            "If a newer one made it, install that version of outreach; one from before release "
            "1.0.0 cannot be upgraded: name an empty database.",
        ),
        ([f"DELETE FROM {VERSION}"], False, "main: it has tables and no version"),
        ([f"DROP TABLE {VERSION}"], True, "key_store: it has tables and no version"),
        (
            [f"INSERT INTO {VERSION} VALUES ('main_first')"],
            False,
            "main: it is at several versions at once",
        ),
    ],
)
def test_unknown_schema_versions_are_reported_and_unchanged(
    broken: Config, statements: list[str], of_key_store: bool, message: str
) -> None:
    run(broken, *statements, key_store=of_key_store)
    for command in ("upgrade", "check"):
        answer = outreach(broken, "db", command)
        assert answer.exit_code == 1, command
        assert message in answer.stderr, command
        assert "Traceback" not in answer.output


@of_versions
def test_empty_key_store_of_a_used_database_is_refused(broken: Config, tmp_path: Path) -> None:
    elsewhere = replace(broken, keyring_url=f"sqlite:///{tmp_path / 'other.db'}")
    answer = outreach(elsewhere, "db", "upgrade")
    assert answer.exit_code == 1
    assert "key_store: it is empty, and the main base is not" in answer.stderr
    assert "OUTREACH_KEYRING_URL" in answer.stderr
    assert outreach(elsewhere, "db", "upgrade", "--new-ring").exit_code == 0


@pytest.mark.parametrize("base", list(Database))
def test_command_waits_for_an_upgrade_that_is_running(empty: Config, base: Database) -> None:
    """It looked in the middle of it and said that the database was not up to date, when it was."""
    urls = {Database.MAIN: empty.database_url, Database.KEY_STORE: empty.keyring_url}
    other = next(each for each in Database if each is not base)
    migrations.upgrade(other, urls[other])
    has_looked = threading.Event()

    def note(connection: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        is_this = str(connection.engine.url) == urls[base] and threading.get_ident() in readers
        if is_this and ("sqlite_master" in statement or "pg_catalog" in statement):
            has_looked.set()

    readers: set[int] = set()

    def open_both() -> None:
        readers.add(threading.get_ident())
        with open_store(empty), open_key_store(empty):
            pass

    own = Store(urls[base])
    sa.event.listen(sa.engine.Engine, "after_cursor_execute", note)
    try:
        with ThreadPoolExecutor(1) as thread:
            with own.exclusive(migrations._LOCK_NUMBERS[base], patience=0):  # as an upgrade does
                command = thread.submit(open_both)
                assert has_looked.wait(30)
                settings = migrations.config(base, urls[base])
                migrations._upgrade(base, settings, "head", tries=1)
            command.result(timeout=30)
    finally:
        sa.event.remove(sa.engine.Engine, "after_cursor_execute", note)
        own.close()


@pytest.mark.any_database("it writes files")
@pytest.mark.parametrize("base", list(Database))
def test_first_migration_is_what_the_models_say(base: Database, tmp_path: Path) -> None:
    committed = migrations.PACKAGE / "versions" / base / "first.py"
    copy = tmp_path / "first.py"
    copy.write_text(committed.read_text())
    first_migration.write(copy, MAIN if base is Database.MAIN else KEY_STORE, base)
    assert copy.read_text() == committed.read_text(), "run: outreach db revision --first"
    assert _head(base) == f"{base}_first_{first_migration.digest(copy.read_text())}"


def test_new_database_has_the_rows_that_are_only_changed(empty: Config) -> None:
    migrations.upgrade(Database.MAIN, empty.database_url)
    store = Store(empty.database_url)
    with store.read() as session:
        chain, counter = (
            session.scalar(sa.select(AuditChain)),
            session.scalar(sa.select(ChangeCounter)),
        )
    store.close()
    assert chain is not None
    assert (chain.id, chain.number, chain.hash, chain.gone, chain.gone_hash) == (1, 0, "", 0, "")
    assert counter is not None
    assert (counter.name, counter.number) == (change_counters.NETWORK, 1)
