"""Rotation of master keys on one or several hosts, and the backup of the key store."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import CommandError, DataErased, Misconfigured
from outreach.keystore import Key, KeyStore, KeyStoreBase, MasterKeys, key_backup, rotation
from outreach.keystore.models import MasterGeneration

pytestmark = pytest.mark.core

NOW = clock.now()
SOON = NOW.date() + timedelta(days=30)
LATER = NOW + timedelta(hours=2)  # old master keys may be destroyed
ROSA = "rosa@example.org"


@contextmanager
def host(config: Config, folder: Path | None = None) -> Iterator[KeyStore]:
    """The key store in another process, with the master keys of a folder."""
    store = Store(config.keyring_url)
    yield KeyStore(store, MasterKeys(folder or config.keys))
    store.close()


def second_folder(config: Config, tmp_path: Path) -> Path:
    """A copy of the master keys, as on another host."""
    other_keys = tmp_path / "other-host"
    other_keys.mkdir(mode=0o700)
    copy_master_keys(config.keys, other_keys)
    return other_keys


def copy_master_keys(source: Path, target: Path) -> None:
    for path in source.glob("master-*"):
        shutil.copy2(path, target / path.name)


def sealed(key_store: KeyStore, key_id: bytes) -> bytes:
    with key_store.store.read() as session:
        return session.get_one(Key, key_id).sealed


# Rotation


def test_rotation_reseals_all_keys_and_destroys_the_old_master_key(
    key_store: KeyStore, config: Config
) -> None:
    keys = dict(key_store.new(1, SOON, ROSA) for _ in range(5))
    key_store.digest_of_today("203.0.113.9")
    old = (config.keys / "master-1").read_bytes()
    before = sealed(key_store, next(iter(keys)))
    result = rotation.rotate(key_store, now=NOW)
    assert (result.number, result.keys, result.lost) == (2, 5, 0)
    assert rotation.generations(key_store) == {2: 5}
    assert rotation.retire(key_store, now=NOW + timedelta(minutes=59)) == 0
    assert rotation.retire(key_store, now=LATER) == 1
    assert [path.name for path in config.keys.glob("master-*")] == ["master-2"]
    assert not [path for path in config.keys.iterdir() if old in path.read_bytes()]
    assert key_store.get_all(keys) == keys
    assert set(key_store.find(ROSA)) == set(keys)
    with host(config) as fresh:
        assert fresh.get_all(keys) == keys
        assert set(fresh.find(ROSA)) == set(keys)
        assert fresh.digest_of_today("203.0.113.9") == key_store.digest_of_today("203.0.113.9")
    with pytest.raises(InvalidTag):
        master = (config.keys / "master-2").read_bytes()
        AESGCM(master).decrypt(before[:12], before[12:], b"key" + next(iter(keys)))


def test_rotation_reseals_more_keys_than_a_batch(key_store: KeyStore) -> None:
    keys = dict(key_store.new(1, SOON) for _ in range(3))
    more_ids = [os.urandom(16) for _ in range(1500)]
    rows = [
        Key(
            id=key_id,
            sealed=key_store.envelope.seal_with(1, b"x" * 32, key_id),
            generation=1,
            workshop=2,
            forget_on=SOON,
            made_on=NOW.date(),
        )
        for key_id in more_ids
    ]
    with key_store.store.change() as session:
        session.add_all(rows)
    keys |= dict.fromkeys(more_ids, b"x" * 32)
    assert rotation.rotate(key_store, now=NOW).keys == 1503
    assert rotation.generations(key_store) == {2: 1503}
    assert key_store.get_all(keys) == keys


def test_rotation_reseals_what_an_extension_keeps_whose_package_is_gone(
    key_store: KeyStore, config: Config
) -> None:
    """Its table is in the database, and in no model of this process."""
    key_store.index(ROSA)  # makes the first master key
    table = sa.Table(
        "guests_note",
        sa.MetaData(),
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("generation", sa.Integer),
    )
    notes = {os.urandom(16): os.urandom(40) for _ in range(3)}
    try:
        with key_store.store.change() as session:
            table.create(session.connection())
            for note_id, text in notes.items():
                sealed_text = key_store.envelope.seal_with(1, text, note_id)
                row = {"id": note_id, "sealed": sealed_text, "generation": 1}
                session.execute(sa.insert(table), row)
        assert rotation.rotate(key_store, now=NOW).keys == 0, "counts people's keys only"
        assert rotation.retire(key_store, now=LATER) == 1
        with host(config) as fresh, fresh.store.read() as session:
            rows = session.execute(sa.select(table)).all()
            assert {row.generation for row in rows} == {2}
            found = {row.id: fresh.envelope.unseal(row.sealed, row.id, 2) for row in rows}
        assert found == notes
    finally:
        with key_store.store.change() as session:
            table.drop(session.connection())


def test_keys_are_made_and_read_during_a_rotation(key_store: KeyStore, config: Config) -> None:
    key_store.index(ROSA)
    created: dict[bytes, bytes] = {}
    errors: list[str] = []
    is_over, are_enough = threading.Event(), threading.Event()

    def create_keys() -> None:
        with host(config) as other:
            while not is_over.is_set():
                try:
                    key_id, key = other.new(1, SOON, ROSA)
                    created[key_id] = key
                    if len(created) > 3:
                        are_enough.set()
                    if other.get(key_id) != key:
                        errors.append("another key")
                except Exception as error:
                    errors.append(repr(error))

    others = [threading.Thread(target=create_keys) for _ in range(2)]
    for other in others:
        other.start()
    for number in (2, 3, 4):
        assert rotation.rotate(key_store, now=NOW).number == number
    assert are_enough.wait(timeout=60)
    is_over.set()
    for other in others:
        other.join()
    assert errors == []
    # Keys that other threads sealed with an older master key are resealed first.
    assert rotation.retire(key_store, now=LATER) == 3
    assert rotation.generations(key_store) == {4: len(created)}
    assert key_store.get_all(created) == created


def test_locked_key_keeps_its_master_key(key_store: KeyStore, config: Config) -> None:
    if key_store.store.is_sqlite:
        return  # SQLite has one writer at a time
    locked_id, key = key_store.new(1, SOON)
    key_store.new(1, SOON)
    with key_store.store.change() as session:
        session.execute(sa.select(Key).where(Key.id == locked_id).with_for_update())
        with host(config) as other:
            assert rotation.rotate(other, now=NOW).keys == 1
            assert rotation.retire(other, now=LATER) == 0
            assert other.get(locked_id) == key
    assert rotation.retire(key_store, now=LATER) == 1
    assert key_store.get(locked_id) == key


def test_old_copy_of_the_key_store_is_unreadable_after_a_rotation(
    key_store: KeyStore, config: Config
) -> None:
    keys = dict(key_store.new(1, SOON) for _ in range(3))
    with key_store.store.read() as session:
        copied = [(row.id, row.sealed) for row in session.scalars(sa.select(Key))]
    rotation.rotate(key_store, now=NOW)
    rotation.retire(key_store, now=LATER)
    for key_id, old_sealed in copied:
        for master in MasterKeys(config.keys).all().values():
            with pytest.raises(InvalidTag):
                AESGCM(master).decrypt(old_sealed[:12], old_sealed[12:], b"key" + key_id)
    assert key_store.get_all(keys) == keys


def test_key_store_without_generations_uses_the_newest_master_key(
    key_store: KeyStore, config: Config
) -> None:
    first, key = key_store.new(1, SOON)
    rotation.rotate(key_store, now=NOW)
    with key_store.store.change() as session:
        session.execute(sa.delete(MasterGeneration))
    with host(config) as fresh:
        assert fresh.get(first) == key
        second, _key = fresh.new(1, SOON)
        assert rotation.generations(fresh) == {2: 2}
        assert fresh.get(second)


# Several hosts


def test_two_hosts_rotate_when_both_have_the_file(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    first, _key = key_store.new(1, SOON)
    other_keys = second_folder(config, tmp_path)
    assert rotation.prepare(key_store) == 2
    assert rotation.prepare(key_store) == 2  # idempotent
    assert rotation.generations(key_store) == {1: 1}, "the new master key is not used yet"
    second, _key = key_store.new(1, SOON)
    copy_master_keys(config.keys, other_keys)
    rotation.rotate(key_store, now=NOW)
    with host(config, other_keys) as other:
        assert set(other.get_all([first, second])) == {first, second}
        third, _key = other.new(1, SOON)
        assert rotation.retire(key_store, now=LATER) == 1
        assert rotation.retire(other, now=LATER) == 1
        assert set(other.get_all([first, second, third])) == {first, second, third}
    assert [path.name for path in other_keys.glob("master-*")] == ["master-2"]


def test_host_without_the_master_key_is_refused(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    key_store.new(1, SOON)
    (tmp_path / "bare").mkdir()
    with host(config, tmp_path / "bare") as other:
        with pytest.raises(Misconfigured, match=r"master-1 is missing in .* Copy it there"):
            other.new(1, SOON)
        assert list((tmp_path / "bare").iterdir()) == [], "no new master key was made"


def test_host_with_another_master_key_is_refused(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    key_id, _key = key_store.new(1, SOON)
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    MasterKeys(other_folder).make()
    with host(config, other_folder) as other:
        with pytest.raises(Misconfigured, match="not the one of this ring"):
            other.new(1, SOON)
        with pytest.raises(DataErased):
            other.get(key_id)


def test_rotation_without_the_old_master_key_needs_confirmation(
    key_store: KeyStore, config: Config
) -> None:
    lost, _key = key_store.new(1, SOON, ROSA)
    (config.keys / "master-1").unlink()
    with host(config) as key_store_without_master:
        with pytest.raises(Misconfigured, match="master-1 is missing"):
            rotation.rotate(key_store_without_master, now=NOW)
        result = rotation.rotate(key_store_without_master, now=NOW, sure=True)
        assert (result.number, result.keys, result.lost) == (2, 0, 1)
        key_id, key = key_store_without_master.new(1, SOON, ROSA)
        assert key_store_without_master.get_all([lost, key_id]) == {key_id: key}


def test_worker_rotates_after_a_month_if_no_host_lacks_the_file(
    key_store: KeyStore, config: Config
) -> None:
    assert not rotation.may_begin(key_store, now=NOW + timedelta(days=31))  # an empty key store
    key_store.new(1, SOON)
    assert not rotation.may_begin(key_store, now=clock.now() + timedelta(days=29))
    month = clock.now() + timedelta(days=31)
    assert rotation.may_begin(key_store, now=month) == key_store.store.is_sqlite
    rotation.prepare(key_store)
    assert rotation.may_begin(key_store, now=month)


# Backup


def clear_key_store(key_store: KeyStore) -> None:
    """Deletes all rows of the key store, as if its disk had been replaced."""
    with key_store.store.change() as session:
        for table in reversed(KeyStoreBase.metadata.sorted_tables):
            session.execute(sa.delete(table))


def test_key_backup_is_loaded_without_erased_keys(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON, ROSA)
    luz, key = key_store.new(1, SOON, "luz@example.org")
    key_store.new(1, SOON)  # no registration has this key
    copy = tmp_path / "spare"
    assert key_backup.save(key_store, copy, now=NOW) == 3
    assert copy.stat().st_mode & 0o077 == 0
    text = copy.read_bytes()
    assert b"rosa" not in text
    assert key.hex().encode() not in text
    key_store.destroy(rosa)
    clear_key_store(key_store)
    with host(config) as fresh:
        assert key_backup.load(fresh, copy, {luz}) == key_backup.LoadedKeyBackup(1, 0)
        assert fresh.ids() == {luz}
        assert fresh.get(luz) == key
        assert fresh.find("luz@example.org") == [luz]
        assert key_backup.load(fresh, copy, {luz}) == key_backup.LoadedKeyBackup(0, 0), (
            "the keys exist already"
        )


def test_new_key_backup_overwrites_and_deletes_the_old_one(
    key_store: KeyStore, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON)
    first, second = tmp_path / "first", tmp_path / "second"
    key_backup.save(key_store, first, now=NOW)
    before = os.open(first, os.O_RDONLY)  # stays open, to read the overwritten bytes
    key_store.destroy(rosa)
    key_backup.save(key_store, second, now=NOW)
    assert not first.exists()
    assert set(os.pread(before, 100_000, 0)) == {0}
    os.close(before)
    assert rosa.hex() not in second.read_text()
    kept = key_backup.find(key_store)
    assert kept is not None
    assert kept.path == str(second)


def test_worker_refreshes_an_existing_key_backup(key_store: KeyStore, tmp_path: Path) -> None:
    assert not key_backup.refresh(key_store, now=NOW)
    copy = tmp_path / "spare"
    key_backup.save(key_store, copy, now=NOW)
    rosa, _key = key_store.new(1, SOON)
    assert key_backup.refresh(key_store, now=LATER)
    assert rosa.hex() in copy.read_text()
    copy.unlink()  # as on a disk that is not mounted
    assert not key_backup.refresh(key_store, now=LATER)
    assert not copy.exists()


def test_backup_keys_of_a_destroyed_master_key_are_not_loaded(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON)
    key_backup.save(key_store, tmp_path / "old", now=NOW)
    old = (tmp_path / "old").read_bytes()
    rotation.rotate(key_store, now=NOW)
    rotation.retire(key_store, now=LATER)
    (tmp_path / "old").write_bytes(old)
    clear_key_store(key_store)
    with host(config) as fresh:
        assert key_backup.load(fresh, tmp_path / "old", {rosa}) == key_backup.LoadedKeyBackup(0, 1)
        assert fresh.ids() == set()


def test_backup_index_of_an_unknown_master_key_is_not_loaded(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON, ROSA)
    key_backup.save(key_store, tmp_path / "spare", now=NOW)
    clear_key_store(key_store)
    (config.keys / "master-1").unlink()
    MasterKeys(config.keys).make(2)
    with host(config) as fresh:
        assert key_backup.load(fresh, tmp_path / "spare", {rosa}) == key_backup.LoadedKeyBackup(
            0, 1
        )
        luz, _key = fresh.new(1, SOON, "luz@example.org")
        assert fresh.find("luz@example.org") == [luz]


def test_backup_contacts_are_not_loaded_into_a_used_key_store(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, key = key_store.new(1, SOON, ROSA)
    key_backup.save(key_store, tmp_path / "spare", now=NOW)
    clear_key_store(key_store)
    with host(config) as fresh:
        fresh.new(1, SOON, "luz@example.org")
        assert key_backup.load(fresh, tmp_path / "spare", {rosa}) == key_backup.LoadedKeyBackup(
            1, 0
        )
        assert fresh.get(rosa) == key
        assert fresh.find(ROSA) == []
        assert len(fresh.find("luz@example.org")) == 1


@pytest.mark.parametrize("text", ["", "[]\n", "no spare", '["mark", "another"]\n', '["key", 1]\n'])
def test_malformed_key_backup_is_refused(key_store: KeyStore, tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(CommandError, match="is not a spare"):
        key_backup.load(key_store, tmp_path / "file", set())
    with pytest.raises(CommandError, match="cannot be read"):
        key_backup.load(key_store, tmp_path / "nothing", set())
