"""Masters: changed every month, on every host, without losing a key; and the spare of the ring."""

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
LATER = NOW + timedelta(hours=2)  # than a rotation
ROSA = "rosa@example.org"


@contextmanager
def host(config: Config, folder: Path | None = None) -> Iterator[KeyStore]:
    """A process on the ring, with the masters of its own folder."""
    store = Store(config.keyring_url)
    yield KeyStore(store, MasterKeys(folder or config.keys))
    store.close()


def second_folder(config: Config, tmp_path: Path) -> Path:
    """The masters of another host, copied there as the guide says."""
    there = tmp_path / "other-host"
    there.mkdir(mode=0o700)
    copy_masters(config.keys, there)
    return there


def copy_masters(source: Path, target: Path) -> None:
    for path in source.glob("master-*"):
        shutil.copy2(path, target / path.name)


def sealed(key_store: KeyStore, key_id: bytes) -> bytes:
    with key_store.store.read() as session:
        return session.get_one(Key, key_id).sealed


# Rotation


def test_a_new_master_seals_every_key_and_the_old_one_is_destroyed_an_hour_later(
    key_store: KeyStore, config: Config
) -> None:
    keys = dict(key_store.new(1, SOON, ROSA) for _ in range(5))
    key_store.address_of_today("203.0.113.9")
    old = (config.keys / "master-1").read_bytes()
    before = sealed(key_store, next(iter(keys)))
    done = rotation.rotate(key_store, now=NOW)
    assert (done.number, done.keys, done.lost) == (2, 5, 0)
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
        assert fresh.address_of_today("203.0.113.9") == key_store.address_of_today("203.0.113.9")
    with pytest.raises(InvalidTag):
        master = (config.keys / "master-2").read_bytes()
        AESGCM(master).decrypt(before[:12], before[12:], b"key" + next(iter(keys)))


def test_more_keys_than_fit_in_a_batch_are_all_sealed_anew(key_store: KeyStore) -> None:
    good = dict(key_store.new(1, SOON) for _ in range(3))
    many = [os.urandom(16) for _ in range(1500)]
    rows = [
        Key(
            id=key_id,
            sealed=key_store.envelope.seal_with(1, b"x" * 32, key_id),
            generation=1,
            workshop=2,
            forget_on=SOON,
            made_on=NOW.date(),
        )
        for key_id in many
    ]
    with key_store.store.change() as session:
        session.add_all(rows)
    good |= dict.fromkeys(many, b"x" * 32)
    assert rotation.rotate(key_store, now=NOW).keys == 1503
    assert rotation.generations(key_store) == {2: 1503}
    assert key_store.get_all(good) == good


def test_others_go_on_making_and_reading_keys_meanwhile(
    key_store: KeyStore, config: Config
) -> None:
    key_store.index(ROSA)
    made: dict[bytes, bytes] = {}
    wrong: list[str] = []
    is_over = threading.Event()

    def be_busy() -> None:
        with host(config) as other:
            while not is_over.is_set():
                try:
                    key_id, key = other.new(1, SOON, ROSA)
                    made[key_id] = key
                    if other.get(key_id) != key:
                        wrong.append("another key")
                except Exception as error:
                    wrong.append(repr(error))

    others = [threading.Thread(target=be_busy) for _ in range(2)]
    for other in others:
        other.start()
    for number in (2, 3, 4):
        assert rotation.rotate(key_store, now=NOW).number == number
    is_over.set()
    for other in others:
        other.join()
    assert wrong == []
    assert len(made) > 3
    # What they sealed with an older master, not having looked again, is sealed anew first.
    assert rotation.retire(key_store, now=LATER) == 3
    assert rotation.generations(key_store) == {4: len(made)}
    assert key_store.get_all(made) == made


def test_a_key_that_somebody_holds_keeps_the_master_it_needs(
    key_store: KeyStore, config: Config
) -> None:
    if key_store.store.is_sqlite:
        return  # has one writer at a time: the rotation waits for it
    held, key = key_store.new(1, SOON)
    key_store.new(1, SOON)
    with key_store.store.change() as session:
        session.execute(sa.select(Key).where(Key.id == held).with_for_update())
        with host(config) as other:
            assert rotation.rotate(other, now=NOW).keys == 1
            assert rotation.retire(other, now=LATER) == 0
            assert other.get(held) == key
    assert rotation.retire(key_store, now=LATER) == 1
    assert key_store.get(held) == key


def test_an_old_copy_of_the_whole_ring_is_blind_after_a_rotation(
    key_store: KeyStore, config: Config
) -> None:
    keys = dict(key_store.new(1, SOON) for _ in range(3))
    with key_store.store.read() as session:
        copied = [(row.id, row.sealed) for row in session.scalars(sa.select(Key))]
    rotation.rotate(key_store, now=NOW)
    rotation.retire(key_store, now=LATER)
    for key_id, sealed_then in copied:
        for master in MasterKeys(config.keys).all().values():
            with pytest.raises(InvalidTag):
                AESGCM(master).decrypt(sealed_then[:12], sealed_then[12:], b"key" + key_id)
    assert key_store.get_all(keys) == keys


def test_a_ring_from_before_goes_on_with_the_newest_of_its_files(
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
    there = second_folder(config, tmp_path)
    assert rotation.prepare(key_store) == 2
    assert rotation.prepare(key_store) == 2  # asked again, it is the same file
    assert rotation.generations(key_store) == {1: 1}, "nothing is sealed with it yet"
    second, _key = key_store.new(1, SOON)
    copy_masters(config.keys, there)
    rotation.rotate(key_store, now=NOW)
    with host(config, there) as other:
        assert set(other.get_all([first, second])) == {first, second}
        third, _key = other.new(1, SOON)
        assert rotation.retire(key_store, now=LATER) == 1
        assert rotation.retire(other, now=LATER) == 1
        assert set(other.get_all([first, second, third])) == {first, second, third}
    assert [path.name for path in there.glob("master-*")] == ["master-2"]


def test_a_host_without_the_master_is_told_to_fetch_it(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    key_store.new(1, SOON)
    (tmp_path / "bare").mkdir()
    with host(config, tmp_path / "bare") as other:
        with pytest.raises(Misconfigured, match=r"master-1 is missing in .* Copy it there"):
            other.new(1, SOON)
        assert list((tmp_path / "bare").iterdir()) == [], "it made none of its own"


def test_a_host_with_another_file_of_that_name_is_told_so(
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


def test_a_master_that_is_lost_for_good_is_given_up_only_by_who_is_sure(
    key_store: KeyStore, config: Config
) -> None:
    lost, _key = key_store.new(1, SOON, ROSA)
    (config.keys / "master-1").unlink()
    with host(config) as key_store_now:
        with pytest.raises(Misconfigured, match="master-1 is missing"):
            rotation.rotate(key_store_now, now=NOW)
        done = rotation.rotate(key_store_now, now=NOW, sure=True)
        assert (done.number, done.keys, done.lost) == (2, 0, 1)
        key_id, key = key_store_now.new(1, SOON, ROSA)
        assert key_store_now.get_all([lost, key_id]) == {key_id: key}


def test_the_worker_rotates_after_a_month_where_no_host_is_left_behind(
    key_store: KeyStore, config: Config
) -> None:
    assert not rotation.may_begin(key_store, now=NOW + timedelta(days=31))  # a ring nobody used
    key_store.new(1, SOON)
    assert not rotation.may_begin(key_store, now=clock.now() + timedelta(days=29))
    month = clock.now() + timedelta(days=31)
    assert rotation.may_begin(key_store, now=month) == key_store.store.is_sqlite
    rotation.prepare(key_store)
    assert rotation.may_begin(key_store, now=month)


# The spare


def lose(key_store: KeyStore) -> None:
    """The disk with the ring dies, and an empty one is put there."""
    with key_store.store.change() as session:
        for table in reversed(KeyStoreBase.metadata.sorted_tables):
            session.execute(sa.delete(table))


def test_a_lost_ring_comes_back_from_its_spare_without_those_forgotten_since(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON, ROSA)
    luz, key = key_store.new(1, SOON, "luz@example.org")
    key_store.new(1, SOON)  # nothing points at this one
    copy = tmp_path / "spare"
    assert key_backup.save(key_store, copy, now=NOW) == 3
    assert copy.stat().st_mode & 0o077 == 0
    text = copy.read_bytes()
    assert b"rosa" not in text
    assert key.hex().encode() not in text
    key_store.destroy(rosa)
    lose(key_store)
    with host(config) as fresh:
        assert key_backup.load(fresh, copy, {luz}) == key_backup.LoadedKeyBackup(1, 0)
        assert fresh.ids() == {luz}
        assert fresh.get(luz) == key
        assert fresh.find("luz@example.org") == [luz]
        assert key_backup.load(fresh, copy, {luz}) == key_backup.LoadedKeyBackup(0, 0), (
            "they are all there"
        )


def test_there_is_one_spare_and_what_it_held_before_leaves_the_disk(
    key_store: KeyStore, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON)
    first, second = tmp_path / "first", tmp_path / "second"
    key_backup.save(key_store, first, now=NOW)
    before = os.open(first, os.O_RDONLY)  # the bytes themselves, whatever the name leads to
    key_store.destroy(rosa)
    key_backup.save(key_store, second, now=NOW)
    assert not first.exists()
    assert set(os.pread(before, 100_000, 0)) == {0}
    os.close(before)
    assert rosa.hex() not in second.read_text()
    kept = key_backup.find(key_store)
    assert kept is not None
    assert kept.path == str(second)


def test_the_spare_is_written_over_by_the_worker_where_it_is(
    key_store: KeyStore, tmp_path: Path
) -> None:
    assert not key_backup.refresh(key_store, now=NOW)
    copy = tmp_path / "spare"
    key_backup.save(key_store, copy, now=NOW)
    rosa, _key = key_store.new(1, SOON)
    assert key_backup.refresh(key_store, now=LATER)
    assert rosa.hex() in copy.read_text()
    copy.unlink()  # it is on a disk that is not plugged in
    assert not key_backup.refresh(key_store, now=LATER)
    assert not copy.exists()


def test_keys_of_a_master_that_is_gone_are_not_taken_back(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON)
    key_backup.save(key_store, tmp_path / "old", now=NOW)
    old = (tmp_path / "old").read_bytes()
    rotation.rotate(key_store, now=NOW)
    rotation.retire(key_store, now=LATER)
    (tmp_path / "old").write_bytes(old)
    lose(key_store)
    with host(config) as fresh:
        assert key_backup.load(fresh, tmp_path / "old", {rosa}) == key_backup.LoadedKeyBackup(0, 1)
        assert fresh.ids() == set()


def test_an_index_that_no_master_here_opens_is_not_taken_back(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, _key = key_store.new(1, SOON, ROSA)
    key_backup.save(key_store, tmp_path / "spare", now=NOW)
    lose(key_store)
    (config.keys / "master-1").unlink()
    MasterKeys(config.keys).make(2)
    with host(config) as fresh:
        assert key_backup.load(fresh, tmp_path / "spare", {rosa}) == key_backup.LoadedKeyBackup(
            0, 1
        )
        luz, _key = fresh.new(1, SOON, "luz@example.org")
        assert fresh.find("luz@example.org") == [luz]


def test_in_a_ring_that_was_used_since_the_others_contacts_are_left_out(
    key_store: KeyStore, config: Config, tmp_path: Path
) -> None:
    rosa, key = key_store.new(1, SOON, ROSA)
    key_backup.save(key_store, tmp_path / "spare", now=NOW)
    lose(key_store)
    with host(config) as fresh:
        fresh.new(1, SOON, "luz@example.org")
        assert key_backup.load(fresh, tmp_path / "spare", {rosa}) == key_backup.LoadedKeyBackup(
            1, 0
        )
        assert fresh.get(rosa) == key
        assert fresh.find(ROSA) == []
        assert len(fresh.find("luz@example.org")) == 1


@pytest.mark.parametrize("text", ["", "[]\n", "no spare", '["mark", "another"]\n', '["key", 1]\n'])
def test_a_file_that_is_no_spare_is_refused(key_store: KeyStore, tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(CommandError, match="is not a spare"):
        key_backup.load(key_store, tmp_path / "file", set())
    with pytest.raises(CommandError, match="cannot be read"):
        key_backup.load(key_store, tmp_path / "nothing", set())
