"""`outreach backup`: copies the main database, and nothing else, while the site runs."""

import hashlib
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.audit import audit_log
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import STATUSES_WITH_SEATS, Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.maintenance import archive_format
from outreach.privacy import audit_verification
from tests.conftest import Pair, make_workshop, registration_data, seat
from tests.support.backups import (
    PASSPHRASE,
    Keeper,
    database_of,
    fingerprint,
    is_one_line,
    manifest_of,
)
from tests.support.canaries import plant


@pytest.fixture
def keeper(
    config: Config, store: Store, key_store: KeyStore, request: pytest.FixtureRequest
) -> Keeper:
    pair: Pair | None = request.getfixturevalue("pair") if config.is_postgresql else None
    return Keeper(config, store, key_store, pair)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=500)


class Crowd:
    """Registers people, with an audit entry each, during the block."""

    def __init__(self, store: Store, key_store: KeyStore, workshop: Workshop) -> None:
        self.store, self.key_store, self.workshop = store, key_store, workshop
        self.came, self.is_over = 0, threading.Event()
        self.has_begun = threading.Event()
        self.faults: list[Exception] = []
        self._threads = [threading.Thread(target=self._come) for _ in range(3)]

    def __enter__(self) -> "Crowd":
        for each in self._threads:
            each.start()
        assert self.has_begun.wait(20)
        return self

    def __exit__(self, *_error: object) -> None:
        self.is_over.set()
        for each in self._threads:
            each.join()
        assert self.faults == []

    def _come(self) -> None:
        try:
            while not self.is_over.is_set() and self.came < 400:
                someone = registration_data(people=1)
                ticket = registrations.prepare(self.key_store, self.workshop, someone)
                with self.store.change() as session:
                    registrations.register(
                        session, self.workshop, someone, ticket, ticket.id, now=clock.now()
                    )
                    audit_log.record(session, None, "seen", now=clock.now())
                self.came += 1
                self.has_begun.set()
        except Exception as error:
            self.faults.append(error)


@pytest.mark.races
def test_backup_during_registrations_is_one_snapshot(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    with Crowd(store, key_store, workshop) as crowd:
        before = crowd.came
        file = keeper.back_up(tmp_path / "b.zip")
        after = crowd.came
    assert after > before  # nobody had to wait for the backup to end
    rows = manifest_of(file)["rows"]
    assert before <= rows["registration"] <= after + 3
    assert rows["registration"] == rows["audit_entry"]
    keeper.restore(file, "--yes")
    with store.read() as session:
        there = session.scalar(sa.select(sa.func.count()).select_from(Registration))
        held = session.scalar(
            sa.select(sa.func.sum(Registration.people)).where(
                Registration.status.in_(STATUSES_WITH_SEATS)
            )
        )
        left = session.get_one(Workshop, workshop.id).seats_left
    assert there == rows["registration"]
    assert held == 500 - left
    assert audit_verification.find_errors(store, key_store) == []


@pytest.mark.thorough
@pytest.mark.any_database("the file is SQLite's from either")
def test_backup_has_no_name_contact_or_key(
    keeper: Keeper, app: Flask, client: FlaskClient, store: Store, key_store: KeyStore,
    workshop: Workshop, tmp_path: Path,
) -> None:  # fmt: skip
    rosa = plant(
        app, client, store, key_store, workshop,
        name="Xochiquetzal Canario", contact="email", email="canario.x@ejemplo.com",
    )  # fmt: skip
    plain = keeper.back_up(tmp_path / "b.zip")
    sealed = keeper.back_up(tmp_path / "b.age", OUTREACH_BACKUP_PASSPHRASE=PASSPHRASE)
    database = database_of(plain, tmp_path).read_bytes()
    with key_store.store.read() as session:
        keys = session.scalars(sa.select(Key.sealed)).all()
    master_keys = MasterKeys(keeper.config.keys).all().values()
    for needle in (*rosa.needles, *keys, *master_keys, b"only for tests"):
        assert needle not in database
        assert needle not in plain.read_bytes()
        assert needle not in sealed.read_bytes()
    # An encrypted backup does not even show table names.
    assert b"registration" in database
    assert b"registration" not in sealed.read_bytes()
    assert sealed.read_bytes().startswith(archive_format.AGE_PREFIX)


# PostgreSQL is copied by rows, not by pages.
@pytest.mark.parametrize("config", ["sqlite"], indirect=True)
def test_backup_has_no_deleted_data(keeper: Keeper, store: Store, tmp_path: Path) -> None:
    # As after a program that opened the file without secure_delete.
    with closing(sqlite3.connect(keeper.config.data / "outreach.db")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE old (word TEXT)")
        connection.executemany("INSERT INTO old VALUES (?)", [("Xochiquetzal" * 50,)] * 100)
        connection.commit()
        connection.execute("DROP TABLE old")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = keeper.back_up(tmp_path / "b.zip")
    assert b"Xochiquetzal" in (keeper.config.data / "outreach.db").read_bytes()
    assert b"Xochiquetzal" not in database_of(file, tmp_path).read_bytes()


@pytest.mark.thorough
def test_backup_has_mode_600_and_a_summary_line(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    seat(store, key_store, workshop)
    folder = tmp_path / "kept"
    folder.mkdir()
    data = set(fingerprint(keeper.config.data))
    for name, environ in (("b.zip", {}), ("b.age", {"OUTREACH_BACKUP_PASSPHRASE": PASSPHRASE})):
        done = keeper.run_beside("backup", folder / name, **environ)
        [line] = done.stdout.splitlines()
        assert "1 workshops, 1 registrations" in line
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() in line
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["b.age", "b.zip"]
    assert set(fingerprint(keeper.config.data)) == data
    manifest = manifest_of(folder / "b.zip")
    assert (manifest["format"], manifest["source"]) == (1, store.engine.dialect.name)
    database = database_of(folder / "b.zip", tmp_path).read_bytes()
    assert manifest["sha256"] == hashlib.sha256(database).hexdigest()


def test_backup_never_overwrites_a_file(keeper: Keeper, tmp_path: Path) -> None:
    there = tmp_path / "b.zip"
    there.write_text("mine")
    assert is_one_line(keeper.run_beside("backup", there), 2, "is there already")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert is_one_line(keeper.run_beside("backup", tmp_path / "link"), 2, "is there already")
    assert there.read_text() == "mine"
    draft = tmp_path / "draft"
    draft.write_text("another")
    with pytest.raises(FileExistsError):  # one that came to be meanwhile
        archive_format.publish(draft, there)
    assert there.read_text() == "mine"


def test_backup_to_an_impossible_path_is_one_line(keeper: Keeper, tmp_path: Path) -> None:
    done = keeper.run_beside("backup", tmp_path / "no" / "b.zip")
    assert is_one_line(done, 2, "There is no folder")
    short = keeper.run_beside("backup", tmp_path / "b.age", OUTREACH_BACKUP_PASSPHRASE="short")
    assert is_one_line(short, 2, "12 characters or more")
    done = keeper.run_beside("backup", tmp_path / "b.age", "--encrypt")
    assert done.exit_code == 2
    assert "wants a passphrase" in done.stderr
    assert is_one_line(keeper.run_beside("backup"), 2, "Missing argument")
    assert list(tmp_path.glob("*b.*")) == []


@pytest.mark.long
def test_backup_on_a_full_disk_is_one_line_and_leaves_no_file(
    keeper: Keeper, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-m", "outreach.cli", "backup", folder / "b.zip"],
        # Python would leave half of a compiled migration in the checkout.
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", **keeper.environ},
        capture_output=True, text=True, preexec_fn=fill,
    )  # fmt: skip
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "There is no room" in line
    assert list(folder.iterdir()) == []
