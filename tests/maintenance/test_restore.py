"""`outreach restore`: restores a backup without people who were erased since."""

import sqlite3
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.accounts import sessions
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.maintenance import archive_format, restore
from outreach.maintenance.restore import RestoreRequest
from outreach.privacy import audit_verification, retention
from tests.conftest import Pair, make_workshop, seat
from tests.support.backups import (
    PASSPHRASE,
    Keeper,
    database_of,
    fingerprint,
    forged,
    is_one_line,
    manifest_of,
    packed,
)
from tests.support.canaries import Backup, counts, names_in, plant
from tests.support.staff_client import employ

pytestmark = pytest.mark.any_database


@pytest.fixture
def keeper(
    config: Config, store: Store, key_store: KeyStore, request: pytest.FixtureRequest
) -> Keeper:
    pair: Pair | None = request.getfixturevalue("pair") if config.is_postgresql else None
    return Keeper(config, store, key_store, pair)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def sealed_in(store: Store) -> list[tuple[str, bytes]]:
    with store.read() as session:
        rows = session.execute(sa.select(Registration.id, Registration.sealed))
        return [(row[0], row[1]) for row in rows if row[1] is not None]


def test_restore_erases_people_forgotten_since_the_backup(
    keeper: Keeper, app: Flask, client: FlaskClient, store: Store, key_store: KeyStore,
    workshop: Workshop, tmp_path: Path,
) -> None:  # fmt: skip
    keeper.app = app
    for name in ("Rosa Canario", "Luz Cenzontle", "Ana Jilguero"):
        email = f"{name.partition(' ')[0].lower()}@ejemplo.com"
        plant(app, client, store, key_store, workshop, name=name, contact="email", email=email)
    rows = sealed_in(store)
    file = keeper.back_up(tmp_path / "b.zip")
    before = counts(store)
    with store.read() as session:
        rosa, luz = session.scalars(
            sa.select(Registration.key_id).order_by("queue_number").limit(2)
        )
    key_store.destroy(rosa or b"")  # forgets one who asked …
    with key_store.store.change() as session:  # … and one whose day has come
        session.execute(sa.update(Key).where(Key.id == luz).values(forget_on=key_store.today()))
    assert key_store.destroy_due() == 1
    output = keeper.restore(file, "--yes")
    assert "2 registrations are forgotten since" in output
    master_keys = MasterKeys(keeper.config.keys)
    assert {
        words.split('"')[3] for words in names_in(Backup(file, rows), key_store, master_keys)
    } == {"Ana Jilguero"}
    assert len(sealed_in(store)) == 1
    people, _places, _arrived, month = counts(store)
    assert sum(row[2] for row in people) == sum(row[2] for row in before[0]) == 3
    assert month == before[3]
    with store.read() as session:
        assert len(session.scalars(sa.select(Registration.id)).all()) == 3


def test_restore_is_recorded_in_the_audit_log(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    with store.change() as session:
        audit_log.record(session, None, "seen", now=clock.now())
    rosa = seat(store, key_store, workshop)
    file = keeper.back_up(tmp_path / "b.zip")
    luz = seat(store, key_store, workshop, name="Luz")
    with store.change() as session:
        audit_log.record(session, None, "seen", now=clock.now())
    audit_verification.move_anchor(store, key_store, now=clock.now())
    with key_store.store.change() as session:  # both registered some days ago
        session.execute(sa.update(Key).values(made_on=key_store.today() - timedelta(days=4)))
    keeper.restore(file, "--yes")
    with store.read() as session:
        assert session.scalars(sa.select(Registration.id)).all() == [rosa.id]
    assert audit_verification.find_errors(store, key_store) == []
    # Her key is kept until the next purge, in case it was the wrong copy.
    assert key_store.ids() == {rosa.key_id, luz.key_id}
    assert retention.purge(store, key_store, now=clock.now()).unused == 1


def test_restore_ends_all_sessions(
    keeper: Keeper, store: Store, chicago: Office, tmp_path: Path
) -> None:
    ana = employ(store)
    with store.change() as session:
        token = sessions.start(session, ana, now=clock.now(), proven_at=clock.now())
    file = keeper.back_up(tmp_path / "b.zip")
    keeper.restore(file, "--yes")
    with store.read() as session:
        assert sessions.find(session, token, now=clock.now()) is None


def test_restore_replaces_rows_only_with_yes_and_keeps_the_file(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    file = keeper.back_up(tmp_path / "b.zip")
    seat(store, key_store, workshop)
    keeper.close()
    before = fingerprint(keeper.config.data, keeper.config.keys)
    assert is_one_line(keeper.run("restore", file), 1, "has rows already")
    assert fingerprint(keeper.config.data, keeper.config.keys) == before
    output = keeper.restore(file, "--yes")
    aside = list(keeper.config.data.glob("outreach-before-*.db"))
    assert len(aside) == (1 if store.is_sqlite else 0)
    if aside:
        assert str(aside[0]) in output
        assert aside[0].stat().st_mode & 0o777 == 0o600
        kept = Store(f"sqlite:///{aside[0]}")
        assert len(sealed_in(kept)) == 1
        kept.close()
    assert sealed_in(store) == []


@pytest.mark.long
def test_restore_fills_an_empty_database_without_yes(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    seat(store, key_store, workshop)
    file = keeper.back_up(tmp_path / "b.age", OUTREACH_BACKUP_PASSPHRASE=PASSPHRASE)
    secret = tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    for name in ("fresh.db", "made.db"):
        there = {"OUTREACH_DATABASE_URL": f"sqlite:///{keeper.config.data / name}"}
        if name == "made.db":
            assert keeper.run("db", "upgrade", **there).exit_code == 0
        output = keeper.restore(file, "--passphrase-file", secret, **there)
        assert "1 workshops, 1 registrations" in output
        back = Store(there["OUTREACH_DATABASE_URL"])
        assert len(sealed_in(back)) == 1
        back.close()
        assert keeper.run("keys", "check", **there).exit_code == 0
    assert [path.name for path in keeper.config.data.glob("*-before-*")] == []


def test_restore_refuses_an_open_database(
    keeper: Keeper, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    file = keeper.back_up(tmp_path / "b.zip")
    keeper.close()
    with store.read() as session:
        session.get_one(Workshop, workshop.id)
    before = fingerprint(keeper.config.data)
    done = keeper.run_beside("restore", file, "--yes")
    assert is_one_line(done, 1, "Stop `outreach serve` and `outreach worker` first")
    assert fingerprint(keeper.config.data) == before


def test_restore_keeps_a_damaged_database_aside(
    keeper: Keeper, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    if not store.is_sqlite:
        pytest.skip("a file")
    file = keeper.back_up(tmp_path / "b.zip")
    keeper.close()
    (keeper.config.data / "outreach.db").write_bytes(b"what a broken disk left" * 1000)
    assert is_one_line(keeper.run("restore", file), 1, "has rows already")
    keeper.restore(file, "--yes")
    [aside] = keeper.config.data.glob("outreach-before-*.db")
    assert aside.read_bytes().startswith(b"what a broken disk left")
    with store.read() as session:
        assert session.get(Workshop, workshop.id) is not None


def test_restore_dry_run_changes_nothing_while_the_site_runs(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    rosa = seat(store, key_store, workshop)
    file = keeper.back_up(tmp_path / "b.zip")
    key_store.destroy(rosa.key_id or b"")
    keeper.close()
    before = fingerprint(keeper.config.data, keeper.config.keys)
    with store.read() as session:
        session.get_one(Workshop, workshop.id)
        done = keeper.run_beside("restore", file, "--dry-run")
    assert done.exit_code == 0
    assert "is whole: 1 workshops, 1 registrations" in done.stdout
    assert "1 registrations would be forgotten since" in done.stdout
    keeper.close()
    assert fingerprint(keeper.config.data, keeper.config.keys) == before


@pytest.mark.thorough
def test_restore_without_key_store_takes_its_spare(
    keeper: Keeper, store: Store, key_store: KeyStore, workshop: Workshop, tmp_path: Path
) -> None:
    for _ in range(11):
        seat(store, key_store, workshop)
    file, copy = keeper.back_up(tmp_path / "b.zip"), tmp_path / "ring.spare"
    assert keeper.run("keys", "spare", copy).exit_code == 0
    with key_store.store.change() as session:
        session.execute(sa.delete(Key))
    keeper.close()
    before = fingerprint(keeper.config.data)
    assert is_one_line(keeper.run("restore", file, "--yes"), 1, "add --spare FILE")
    assert fingerprint(keeper.config.data) == before
    assert "11 keys taken back" in keeper.restore(file, "--yes", "--spare", copy)
    assert len(sealed_in(store)) == 11
    with key_store.store.change() as session:
        session.execute(sa.delete(Key))
    clock_says = clock.now()
    while f"{clock.now():%S}" == f"{clock_says:%S}":  # the name of what is kept aside has seconds
        pass
    assert "11 registrations are forgotten" in keeper.restore(file, "--yes", "--forget")
    assert sealed_in(store) == []


def test_failed_restore_keeps_the_audit_anchor(
    keeper: Keeper, store: Store, key_store: KeyStore, tmp_path: Path
) -> None:
    with store.change() as session:
        audit_log.record(session, None, "seen", now=clock.now())
    file = keeper.back_up(tmp_path / "b.zip")
    with store.change() as session:
        audit_log.record(session, None, "seen", now=clock.now())
    audit_verification.move_anchor(store, key_store, now=clock.now())
    database = database_of(file, tmp_path)
    with (
        pytest.raises(OSError, match="the cable"),
        restore._reconciled(database, keeper.config, key_store, RestoreRequest(), clock.now()),
    ):
        raise OSError("the cable")
    assert audit_verification.find_errors(store, key_store) == []


# Invalid files


def _text(good: Path, folder: Path) -> Path:
    (folder / "bad").write_text("Estimada Elena:")
    return folder / "bad"


def _nothing(good: Path, folder: Path) -> Path:
    (folder / "bad").write_bytes(b"")
    return folder / "bad"


def _nowhere(good: Path, folder: Path) -> Path:
    return folder / "nowhere"


def _cut(good: Path, folder: Path) -> Path:
    (folder / "bad").write_bytes(good.read_bytes()[:-5000])
    return folder / "bad"


def _flipped(good: Path, folder: Path) -> Path:
    data = bytearray(good.read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "bad").write_bytes(data)
    return folder / "bad"


def _bomb(good: Path, folder: Path) -> Path:
    size = 300 << 20
    return packed(folder / "bad", manifest_of(good) | {"size": size}, bytes(size))


def _strange_path(good: Path, folder: Path) -> Path:
    database = database_of(good, folder).read_bytes()
    return packed(folder / "bad", manifest_of(good), database, **{"../../evil": b"x"})


def _other_zip(good: Path, folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bad", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return folder / "bad"


def _manifest(changes: object) -> Callable[[Path, Path], Path]:
    def change(good: Path, folder: Path) -> Path:
        manifest = manifest_of(good) | changes if isinstance(changes, dict) else changes
        return packed(folder / "bad", manifest, database_of(good, folder).read_bytes())

    return change


def _database(sql: str) -> Callable[[Path, Path], Path]:
    return lambda good, folder: forged(good, folder, lambda db: _run(db, sql))


def _run(database: sqlite3.Connection, sql: str) -> None:
    database.execute(sql)


def _cut_sealed(good: Path, folder: Path) -> Path:
    archive_format.encrypt(good, folder / "bad", PASSPHRASE)
    (folder / "bad").write_bytes((folder / "bad").read_bytes()[:-100])
    return folder / "bad"


def _other_passphrase(good: Path, folder: Path) -> Path:
    archive_format.encrypt(good, folder / "bad", "another one, and long")
    return folder / "bad"


BAD = {
    "a letter": (_text, "is not a backup of Outreach"),
    "an empty file": (_nothing, "is not a backup of Outreach"),
    "no file": (_nowhere, "cannot be read"),
    "one cut short": (_cut, "is not a backup of Outreach, or is damaged"),
    "one with a changed bit": (_flipped, "damaged"),
    "a zip bomb": (_bomb, "far more than a database"),
    "a zip with a path": (_strange_path, "is not a backup of Outreach"),
    "another zip": (_other_zip, "is not a backup of Outreach"),
    "a manifest that is a list": (_manifest([1]), "is not a backup of Outreach"),
    "a manifest without rows": (_manifest({"rows": 3}), "is not a backup of Outreach"),
    "another checksum": (_manifest({"sha256": "0" * 64}), "is damaged: its database is not"),
    "other counts": (_manifest({"rows": {"office": 3}}), "not what its manifest says"),
    "another format": (_manifest({"format": 2}), "made by a newer Outreach"),
    "a newer schema": (_manifest({"revision": "main_2031"}), "made by another Outreach"),
    "a trigger": (
        _database("CREATE TRIGGER t AFTER UPDATE ON office BEGIN DELETE FROM registration; END"),
        "is not sound",
    ),
    "a table more": (_database("CREATE TABLE more (x TEXT)"), "not one of Outreach"),
    "a row that points nowhere": (
        _database("UPDATE workshop SET office_id = 99999"),
        "is not sound",
    ),
    "an encrypted one cut short": (_cut_sealed, "or the file is damaged"),
    "another passphrase": (_other_passphrase, "The passphrase is not that of"),
}


@pytest.fixture
def good(keeper: Keeper, workshop: Workshop, tmp_path: Path) -> Path:
    return keeper.back_up(tmp_path / "good.zip")


@pytest.mark.any_database("what the file is")
@pytest.mark.parametrize(
    "name",
    # Each derivation of a key from a passphrase takes a second.
    [pytest.param(each, marks=pytest.mark.long if "encrypted" in each else ()) for each in BAD],
)
def test_restore_of_a_bad_file_is_one_line_and_changes_nothing(
    keeper: Keeper, good: Path, tmp_path: Path, name: str
) -> None:
    make, output = BAD[name]
    folder = tmp_path / "bad"
    folder.mkdir()
    file = make(good, folder)
    keeper.close()
    before = fingerprint(keeper.config.data, keeper.config.keys)
    done = keeper.run("restore", file, "--yes", OUTREACH_BACKUP_PASSPHRASE=PASSPHRASE)
    assert is_one_line(done, 2, output), done.output
    assert fingerprint(keeper.config.data, keeper.config.keys) == before
    assert list(keeper.config.data.glob(".outreach-*")) == []
