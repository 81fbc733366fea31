"""`outreach move`: copies everything to another database, and back, unchanged."""

import os
import signal
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.base import Words
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.audit import audit_log
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.maintenance import exclusive_access, table_copy
from outreach.migrations.models import KEY_STORE, MAIN
from outreach.privacy import audit_verification
from tests.conftest import Pair, make_workshop, seat
from tests.support.backups import Keeper, fingerprint, is_one_line

FOREIGN: Words = {"es": "«Niñez» 🌻 \\ \" '", "fr": "L’été"}


@pytest.fixture
def keeper(
    config: Config, store: Store, key_store: KeyStore, request: pytest.FixtureRequest
) -> Keeper:
    pair: Pair | None = request.getfixturevalue("pair") if config.is_postgresql else None
    return Keeper(config, store, key_store, pair)


@pytest.fixture
def workshop(store: Store, key_store: KeyStore, chicago: Office, rights: Kind) -> Workshop:
    """Has a value of every type that is stored in its own way."""
    with store.change() as session:
        made = make_workshop(session, chicago, rights, title=FOREIGN)
        # A row that references a later row of its table.
        session.execute(
            sa.text(
                "INSERT INTO figure_series (code, position, label, unit, provided_by, part_of) "
                "VALUES ('all', 1, '{\"es\":  \"Todo\"}', 'n', '', NULL), "
                "('a-part', 0, '{}', 'n', '', 'all')"
            )
        )
        audit_log.record(session, None, "seen", now=clock.now())
    seat(store, key_store, made, contact=ContactMethod.EMAIL, address="rosa@example.org")
    audit_verification.move_anchor(store, key_store, now=clock.now())
    return made


def rows_of(url: str, tables: sa.MetaData) -> dict[str, list[Any]]:
    store = Store(url)
    change_sessions.install(store)
    try:
        with store.engine.connect() as connection:
            return {
                table.name: sorted(
                    map(repr, connection.execute(sa.select(table_copy._plain(table))))
                )
                for table in tables.sorted_tables
            }
    finally:
        store.close()


def everything(main: str, key_store: str) -> list[dict[str, list[Any]]]:
    return [rows_of(main, MAIN), rows_of(key_store, KEY_STORE)]


def test_move_to_postgresql_and_back_changes_no_row(
    keeper: Keeper, config: Config, workshop: Workshop, elsewhere: Pair, tmp_path: Path
) -> None:
    keeper.close()
    before = everything(config.database_url, config.keyring_url)
    files = fingerprint(config.data, config.keys)
    there = ("--to", elsewhere.main, "--keyring-to", elsewhere.key_store)
    done = keeper.run("move", *there)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"OUTREACH_DATABASE_URL={elsewhere.main}" in done.stdout
    assert everything(elsewhere.main, elsewhere.key_store) == before
    assert fingerprint(config.data, config.keys) == files
    settings = {
        "OUTREACH_DATABASE_URL": elsewhere.main,
        "OUTREACH_KEYRING_URL": elsewhere.key_store,
    }
    assert keeper.run("keys", "check", **settings).exit_code == 0
    main, key_store = (f"sqlite:///{tmp_path / name}" for name in ("main.db", "ring.db"))
    elsewhere.rest()
    done = keeper.run("move", "--to", main, "--keyring-to", key_store, **settings)
    assert (done.exit_code, done.stderr) == (0, "")
    assert everything(main, key_store) == before


@pytest.mark.long
def test_moved_installation_works(
    keeper: Keeper, config: Config, workshop: Workshop, chicago: Office, rights: Kind,
    elsewhere: Pair,
) -> None:  # fmt: skip
    there = ("--to", elsewhere.main, "--keyring-to", elsewhere.key_store)
    assert keeper.run("move", *there).exit_code == 0
    store, keys = Store(elsewhere.main), Store(elsewhere.key_store)
    key_store = KeyStore(keys, MasterKeys(config.keys))
    key_store.attach(store)
    change_sessions.install(store)
    with store.change() as session:  # rows get numbers that none has
        later = make_workshop(session, chicago, rights)
        audit_log.record(session, None, "seen", now=clock.now())
    seat(store, key_store, later)
    seat(store, key_store, workshop)
    assert later.id > workshop.id
    assert len(key_store.find("rosa@example.org")) == 1
    assert audit_verification.find_errors(store, key_store) == []
    store.close()
    keys.close()


def test_move_without_key_store_leaves_it_in_place(
    keeper: Keeper, config: Config, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    with key_store.store.read() as session:
        sealed = session.scalars(sa.select(Key.sealed)).one()
    url = f"sqlite:///{tmp_path / 'main.db'}"
    done = keeper.run("move", "--to", url)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"OUTREACH_DATABASE_URL={url}" in done.stdout
    assert "(as it is)" in done.stdout
    assert sealed.hex() not in done.output
    assert rows_of(url, MAIN) == rows_of(config.database_url, MAIN)


def test_move_needs_an_empty_target(
    keeper: Keeper, config: Config, workshop: Workshop, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'main.db'}"
    assert keeper.run("move", "--to", url).exit_code == 0
    before = rows_of(url, MAIN)
    assert is_one_line(keeper.run("move", "--to", url), 1, "has rows already")
    assert rows_of(url, MAIN) == before
    done = keeper.run("move", "--to", f"sqlite:///{tmp_path / 'no' / 'main.db'}")
    assert is_one_line(done, 1, "There is no folder")
    for same in (config.database_url, config.keyring_url):
        new = f"sqlite:///{tmp_path / 'new.db'}"
        done = keeper.run("move", "--to", new, "--keyring-to", same)
        assert is_one_line(done, 1, "a place of its own")
    assert is_one_line(keeper.run("move", "--to", "mysql://x"), 2, "has to start with")
    assert is_one_line(keeper.run("move"), 2, "Missing option")


def run_until_commit(keeper: Keeper, number: int, *words: str) -> int:
    """Runs `outreach move` in a process that is killed before its commit of that number. The status
    of the process: without a kill, how many commits there were."""
    process = os.fork()
    if not process:
        seen = 0

        def kill(_connection: sa.Connection) -> None:
            nonlocal seen
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(sa.Engine, "commit", kill)
        try:
            keeper.run_beside("move", *words)
        finally:
            os._exit(seen)
    _pid, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.long
@pytest.mark.parametrize("to_postgresql", [False, True])
def test_move_killed_at_any_commit_is_mended_by_what_it_says(
    keeper: Keeper, config: Config, workshop: Workshop, elsewhere: Pair, tmp_path: Path,
    to_postgresql: bool,
) -> None:  # fmt: skip
    keeper.close()
    before = everything(config.database_url, config.keyring_url)
    files = [tmp_path / "main.db", tmp_path / "ring.db"]
    main, key_store = (f"sqlite:///{file}" for file in files)
    if to_postgresql:
        main, key_store = elsewhere.main, elsewhere.key_store
    there = ("--to", main, "--keyring-to", key_store)
    refused = 0

    def empty() -> None:
        for file in files:
            file.unlink(missing_ok=True)
        if to_postgresql:
            elsewhere.rest()
            for url in (main, key_store):
                drop_tables(url)

    empty()
    count = run_until_commit(keeper, 0, *there)
    # Whole, in the schema of the one, of the other, and around the rows of both.
    steps = {0, 1, 2, count // 2, *range(count - 4, count + 1)}
    for step in sorted(steps):
        empty()
        assert run_until_commit(keeper, step, *there) == (-signal.SIGKILL if step else count)
        done = keeper.run("move", *there)
        if done.exit_code:
            assert is_one_line(done, 1, "run the same command with --yes")
            refused += 1
            done = keeper.run("move", *there, "--yes")
        assert (done.exit_code, done.stderr) == (0, ""), step
        assert everything(main, key_store) == before, step
    assert refused >= 2, "one was killed between the two databases, one was whole"


def drop_tables(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")


def test_yes_replaces_what_the_target_has(
    keeper: Keeper, config: Config, workshop: Workshop, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'main.db'}"
    assert keeper.run("move", "--to", url).exit_code == 0
    with keeper.store.change() as session:
        session.execute(sa.text("UPDATE venue SET city = 'Xochimilco'"))
    assert keeper.run("move", "--to", url, "--yes").exit_code == 0
    assert rows_of(url, MAIN) == rows_of(config.database_url, MAIN)
    target = Store(url)
    with target.read() as session:
        session.execute(sa.select(Workshop.id))
        done = keeper.run("move", "--to", url, "--yes")
        assert is_one_line(done, 1, "Stop `outreach serve`")
    target.close()


@pytest.mark.thorough
def test_move_refuses_an_open_database(
    keeper: Keeper, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    keeper.close()
    with store.read() as session:
        session.get_one(Workshop, workshop.id)
    target = tmp_path / "main.db"
    done = keeper.run_beside("move", "--to", f"sqlite:///{target}")
    assert is_one_line(done, 1, "Stop `outreach serve` and `outreach worker` first")
    assert not target.exists()


def test_exclusive_access_waits_for_closing_connections(elsewhere: Pair) -> None:
    store = Store(elsewhere.main)
    change_sessions.install(store)
    with store.read() as session:
        session.execute(sa.select(Workshop.id))
    leaving = Timer(0.3, store.close)
    leaving.start()
    exclusive_access.require(elsewhere.main)
    leaving.join()


@pytest.mark.long
def test_move_names_the_table_of_an_unfit_row_and_copies_nothing(
    keeper: Keeper, store: Store, workshop: Workshop, elsewhere: Pair
) -> None:
    if not store.is_sqlite:
        pytest.skip("PostgreSQL has none that are too long")
    with store.change() as session:  # SQLite minds no length
        session.execute(sa.text("UPDATE venue SET city = :city"), {"city": "Xochimilco" * 30})
    done = keeper.run("move", "--to", elsewhere.main)
    assert is_one_line(done, 1, "A row of the table venue does not fit")
    assert "Xochimilco" not in done.output
    assert set(map(len, rows_of(elsewhere.main, MAIN).values())) <= {0, 1}
    assert rows_of(elsewhere.main, MAIN)["office"] == []


@pytest.mark.long
def test_move_prints_no_password(keeper: Keeper, workshop: Workshop, elsewhere: Pair) -> None:
    address = sa.make_url(elsewhere.main).set(password="canary-password")
    done = keeper.run("move", "--to", address.render_as_string(hide_password=False))
    assert done.exit_code == 0
    assert "canary-password" not in done.output
