"""`outreach keys`, `outreach purge`, and the checks of keys by `outreach doctor`."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from outreach.keystore.models import KeyBackup, MasterGeneration
from tests.conftest import make_workshop, seat
from tests.security.test_safety import read_all_rows
from tests.support.environment import where

pytestmark = pytest.mark.any_database


class Shell:
    """The `outreach` command with the settings of the test."""

    def __init__(self, config: Config) -> None:
        self._environ = {
            **where(config),
            "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
        }

    def run(self, *words: str) -> Result:
        return CliRunner(env=self._environ).invoke(main, [*words])

    def line(self, about: str) -> str:
        """The line of `outreach doctor` about that."""
        [line] = [line for line in self.run("doctor").stdout.splitlines() if f"{about}: " in line]
        return line


@pytest.fixture
def shell(config: Config) -> Shell:
    return Shell(config)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def put_off(store: Store, key_store: KeyStore, days: int) -> None:
    """Makes every key due that many days ago, with its workshop."""
    with store.change() as session:
        for each in session.scalars(sa.select(Workshop)):
            each.day = key_store.today() - timedelta(days=days + each.retention_days)
            each.retime()
    with key_store.store.change() as session:
        day = key_store.today() - timedelta(days=days)
        session.execute(sa.update(Key).values(forget_on=day, made_on=day - timedelta(days=40)))


def an_hour_passes(key_store: KeyStore) -> None:
    with key_store.store.change() as session:
        session.execute(sa.update(MasterGeneration).values(since=clock.now() - timedelta(hours=2)))


def is_one_line(done: Result, code: int, output: str) -> bool:
    lines = done.stderr.strip().splitlines()
    return done.exit_code == code and len(lines) == 1 and output in lines[0]


# Master keys


def test_rotate_reencrypts_all_keys_and_retire_deletes_the_old_master_an_hour_later(
    shell: Shell, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop)
    done = shell.run("keys", "rotate")
    assert done.exit_code == 0
    assert "1 keys are sealed with master-2 now." in done.stdout
    assert is_one_line(shell.run("keys", "retire"), 1, "until an hour after the rotation")
    an_hour_passes(key_store)
    assert "1 older masters are still here: outreach keys retire" in shell.line("masters")
    assert shell.run("keys", "retire").stdout == "1 older masters destroyed.\n"
    assert "master-2 encrypts the key store" in shell.line("masters")
    assert [path.name for path in config.keys.glob("master-*")] == ["master-2"]
    assert rosa.key_id is not None
    assert key_store.get(rosa.key_id)


def test_prepared_master_key_is_not_used_before_rotation(
    shell: Shell, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop)
    done = shell.run("keys", "rotate", "--prepare")
    assert "master-2 is made. Copy it to" in done.stdout
    assert "1 keys are sealed with master-1" in shell.run("keys", "check").stdout
    assert "master-2 now" in shell.run("keys", "rotate").stdout


def test_keys_check_opens_every_key_and_lists_faults(
    shell: Shell, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa, _luz = seat(store, key_store, workshop), seat(store, key_store, workshop)
    done = shell.run("keys", "check")
    assert done.exit_code == 0
    assert "2 keys open with the masters here" in done.stdout
    key_store.destroy(rosa.key_id or b"")
    key_store.new(workshop.id, workshop.forget_on)
    with key_store.store.change() as session:
        long_ago = key_store.today() - timedelta(days=5)
        session.execute(sa.update(Key).values(made_on=long_ago))
    done = shell.run("keys", "check")
    assert done.exit_code == 1
    assert "1 registrations have no key. To empty them: outreach purge" in done.stdout
    assert "1 keys belong to no registration. To destroy them: outreach purge" in done.stdout
    (config.keys / "master-1").rename(config.keys / "elsewhere")
    assert is_one_line(shell.run("keys", "check"), 1, "master-1 is missing")
    assert is_one_line(shell.run("keys", "rotate"), 1, "master-1 is missing")
    assert "master-1 is missing" in shell.line("masters")


def test_rotate_with_yes_gives_up_a_lost_master_key(
    shell: Shell, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop)
    (config.keys / "master-1").unlink()
    done = shell.run("keys", "rotate", "--yes")
    assert done.exit_code == 0
    assert "1 keys that no master opened are gone." in done.stdout
    done = shell.run("purge")
    assert "1 rows without a key emptied" in done.stdout


# Key backup


def test_key_backup_restores_only_keys_in_use(
    shell: Shell,
    config: Config,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    tmp_path: Path,
) -> None:
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    luz = seat(store, key_store, workshop)
    assert "none is kept" in shell.line("spare")
    copy = tmp_path / "spare"
    assert shell.run("keys", "spare", str(copy)).stdout == f"2 keys are in {copy}.\n"
    assert "less than an hour old" in shell.line("spare")
    assert luz.key_id is not None
    assert rosa.key_id is not None
    empty(store, luz.id)
    with key_store.store.change() as session:
        session.execute(sa.delete(Key))
    assert shell.run("keys", "spare", "--load", str(copy)).stdout == "1 keys taken back.\n"
    assert key_store.ids() == {rosa.key_id}


def empty(store: Store, registration_id: str) -> None:
    with store.change() as session:
        session.execute(
            sa.text("UPDATE registration SET key_id = NULL WHERE id = :id"),
            {"id": registration_id},
        )


def test_doctor_reports_an_old_or_readable_key_backup(
    shell: Shell, key_store: KeyStore, tmp_path: Path
) -> None:
    copy = tmp_path / "spare"
    shell.run("keys", "spare", str(copy))
    with key_store.store.change() as session:
        session.execute(sa.update(KeyBackup).values(saved_at=clock.now() - timedelta(hours=5)))
    assert "5 hours old: whoever was forgotten since is still in it" in shell.line("spare")
    copy.chmod(0o644)
    assert "others can read" in shell.line("spare")


def test_keys_errors_are_one_line(shell: Shell, tmp_path: Path) -> None:
    there = tmp_path / "nowhere" / "spare"
    assert is_one_line(shell.run("keys", "spare", str(there)), 1, "cannot be written")
    assert is_one_line(shell.run("keys", "spare", "--load", str(there)), 1, "cannot be read")
    (tmp_path / "text").write_text("no spare")
    done = shell.run("keys", "spare", "--load", str(tmp_path / "text"))
    assert is_one_line(done, 1, "is not a spare of the keyring")
    assert is_one_line(shell.run("keys", "spare"), 2, "Missing argument")
    assert is_one_line(shell.run("keys", "nothing"), 2, "No such command")


# Purge


def test_purge_dry_run_prints_numbers_and_changes_nothing(
    shell: Shell, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(
        store,
        key_store,
        workshop,
        name="Xochitl",
        contact=ContactMethod.EMAIL,
        address="x@example.org",
    )
    seat(store, key_store, workshop)
    assert "0 registrations would be forgotten" in shell.run("purge", "--dry-run").stdout
    put_off(store, key_store, 1)
    before = read_all_rows(store, key_store)
    output = shell.run("purge", "--dry-run")
    assert output.exit_code == 0
    assert "2 registrations would be forgotten" in output.stdout
    assert "2 rows without a key would be emptied" in output.stdout
    assert "1 notices would go" in output.stdout
    assert "Xochitl" not in output.output
    assert read_all_rows(store, key_store) == before
    done = shell.run("purge").stdout
    assert "2 registrations forgotten" in done
    assert "2 rows without a key emptied" in done
    assert "1 notices gone" in done
    assert "0 registrations would be forgotten" in shell.run("purge", "--dry-run").stdout


def test_purge_refuses_long_overdue_registrations_without_yes(
    shell: Shell, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop)
    put_off(store, key_store, 4)
    before = read_all_rows(store, key_store)
    assert is_one_line(shell.run("purge"), 1, "run outreach purge --yes")
    assert read_all_rows(store, key_store) == before
    assert "overdue by three days or more, and the purge waits" in shell.line("forgetting")
    assert "1 registrations forgotten" in shell.run("purge", "--yes").stdout
    assert "nobody is kept longer than promised" in shell.line("forgetting")


def test_purge_refuses_an_empty_key_store_without_yes(
    shell: Shell, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    for _ in range(11):
        seat(store, key_store, workshop)
    with key_store.store.change() as session:
        session.execute(sa.delete(Key))
    before = read_all_rows(store, key_store)
    assert is_one_line(shell.run("purge"), 1, "outreach keys spare --load FILE")
    assert read_all_rows(store, key_store) == before
    assert "11 rows without a key emptied" in shell.run("purge", "--yes").stdout


# Doctor


@pytest.mark.thorough
def test_doctor_checks_key_files_and_changes_nothing(
    shell: Shell, config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    assert "no key has been made yet" in shell.line("masters")
    assert list(config.keys.glob("master-*")) == []
    seat(store, key_store, workshop)
    before = read_all_rows(store, key_store)
    assert "closed to others" in shell.line("key files")
    (config.keys / "master-1").chmod(0o640)
    assert "others can read master-1" in shell.line("key files")
    for path in (config.data, *config.data.glob("*")):
        path.chmod(0o700)
    assert "closed to others" in shell.line("data files")
    config.data.chmod(0o750)
    assert "others can read data" in shell.line("data files")
    assert read_all_rows(store, key_store) == before


def test_doctor_reports_a_key_store_on_the_main_server(shell: Shell, key_store: KeyStore) -> None:
    if key_store.store.is_sqlite:
        assert "server of the ring" not in shell.run("doctor").stdout
        return
    assert "it is that of the main database" in shell.line("server of the ring")


def test_doctor_reports_a_due_rotation(
    shell: Shell, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop)
    with key_store.store.change() as session:
        session.execute(sa.update(MasterGeneration).values(since=clock.now() - timedelta(days=31)))
    reminded = "master-1 is over a month old" in shell.line("masters")
    assert reminded == (not key_store.store.is_sqlite)  # a ring in a file is rotated by the worker
