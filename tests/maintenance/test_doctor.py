"""`outreach doctor`: host, clock, worker and databases."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from outreach import clock, migrations
from outreach.cli import main
from outreach.config import Config, VoiceLine
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.network import installation_settings
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.keystore import KeyStore
from outreach.maintenance import doctor, host_checks
from outreach.maintenance.check_result import CheckResult
from outreach.migrations import Database
from tests.conftest import make_workshop, seat
from tests.support.environment import where

pytestmark = pytest.mark.any_database


def examine(config: Config) -> dict[str, CheckResult]:
    return {each.about: each for each in doctor.examine(config)}


@pytest.mark.thorough
def test_doctor_reports_a_worker_silent_for_ten_minutes(config: Config, store: Store) -> None:
    assert examine(config)["worker"].state == "soon"
    now = clock.now()
    for minutes, state in ((0, "well"), (9, "well"), (11, "to do"), (600, "to do")):
        with store.change() as session:
            installation_settings.record_worker_seen(session, now=now - timedelta(minutes=minutes))
        assert examine(config)["worker"].state == state, minutes
    assert "not seen for 600 minutes" in examine(config)["worker"].words
    assert "outreach worker" in examine(config)["worker"].words


def test_doctor_asks_whether_the_gateway_of_the_phone_line_keeps_calls(
    config: Config, store: Store
) -> None:
    assert "phone line" not in examine(config)
    line = VoiceLine(secret="a secret of the gateway")
    asked = examine(replace(config, voice=line))["phone line"]
    assert asked.state == "soon"
    assert "OUTREACH_VOICE_LOGS_OFF" in asked.words
    answered = replace(config, voice=replace(line, logs_off=True))
    assert examine(answered)["phone line"].state == "well"


@pytest.mark.thorough
def test_doctor_reports_letters_late_by_an_hour_and_a_quarter(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    registration = seat(
        store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org"
    )
    assert examine(config)["outbox"].is_well
    for minutes, is_well in ((74, True), (76, False), (90, False)):
        with store.change() as session:
            for each in session.scalars(sa.select(Notification)):
                each.due_at = clock.now() - timedelta(minutes=minutes)
        assert examine(config)["outbox"].is_well == is_well, minutes
    assert "1 letters late" in examine(config)["outbox"].words
    assert "the oldest by 90 minutes" in examine(config)["outbox"].words
    assert registration.id not in examine(config)["outbox"].words


def test_doctor_reports_audit_entries_in_the_future(config: Config, store: Store) -> None:
    assert examine(config)["clock"].is_well
    with store.change() as session:
        audit_log.record(session, None, "office.opened", now=clock.now() + timedelta(hours=3))
    found = examine(config)["clock"]
    assert found.state == "to do"
    assert "journal" in found.words
    assert "timedatectl" in found.words


@pytest.mark.any_database("a file is a file")
def test_doctor_reports_files_in_the_future(config: Config, store: Store) -> None:
    master = config.keys / "master-1"
    master.write_bytes(b"")
    master.chmod(0o600)
    later = clock.now().timestamp() + 7200
    os.utime(master, (later, later))
    assert "master-1 changed in the future" in examine(config)["clock"].words
    os.utime(config.data, (later, later))  # a folder is no file of ours
    master.unlink()
    assert examine(config)["clock"].is_well


def test_doctor_compares_the_clock_with_the_database_server(config: Config, store: Store) -> None:
    if store.is_sqlite:
        pytest.skip("the clock of SQLite is the machine's")
    with store.read() as session:
        for seconds, state in ((0, "well"), (3, "well"), (30, "soon"), (300, "to do")):
            now = clock.now() - timedelta(seconds=seconds)
            found = list(host_checks.clocks(config, store, session, now))
            assert [each.state for each in found] == [state], seconds


@pytest.mark.any_database("the base of tests is one or the other")
@pytest.mark.parametrize("base", list(Database))
def test_doctor_reports_a_database_of_unknown_version(
    config: Config, store: Store, key_store: KeyStore, base: Database
) -> None:
    this = store if base is Database.MAIN else key_store.store
    about = f"database ({base})"
    assert examine(config)[about].is_well
    with this.read() as session:
        newest = session.scalar(sa.text("SELECT version_num FROM alembic_version"))
    try:
        _go_through_versions(config, this, base)
    finally:  # the tests after this one have the same base
        with this.change() as session:
            session.execute(sa.text("DELETE FROM alembic_version"))
            session.execute(sa.text("INSERT INTO alembic_version VALUES (:v)"), {"v": newest})


def _go_through_versions(config: Config, this: Store, base: Database) -> None:
    for version, words in (
        ("DELETE FROM alembic_version", "it has tables and no version"),
        (
            "INSERT INTO alembic_version VALUES ('of_tomorrow')",
            "its version (of_tomorrow) is not known",
        ),
    ):
        with this.change() as session:
            session.execute(sa.text(version))
        found = examine(config)[f"database ({base})"]
        assert not found.is_well
        assert found.words.startswith(words), version


def test_doctor_reports_an_empty_database_as_not_migrated(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    for base in Database:
        assert migrations.fault(base, store) == "not up to date. Run: outreach db upgrade"
    store.close()


def _settings(config: Config) -> dict[str, str]:
    return {
        **where(config),
        "OUTREACH_PUBLIC_URL": "https://talleres.example.org",
    }


def test_doctor_json_has_the_same_findings(config: Config, store: Store) -> None:
    shell = CliRunner(env=_settings(config))
    text, read = shell.invoke(main, ["doctor"]), shell.invoke(main, ["doctor", "--json"])
    found = json.loads(read.stdout)
    assert found["well"] is False
    assert text.exit_code == read.exit_code == 1
    assert {each["state"] for each in found["findings"]} == {"well", "soon", "to do"}
    lines = [line for line in text.stdout.splitlines() if line]
    assert len(lines) == len(found["findings"])
    for line, each in zip(lines, found["findings"], strict=True):
        assert line.startswith(each["state"])
        assert f"{each['about']}: " in line


@pytest.mark.any_database("a disk is a disk")
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a small disk")
@pytest.mark.parametrize(
    ("size", "state"),
    [
        ("150m", "to do"),
        pytest.param("300m", "soon", marks=pytest.mark.long),
        pytest.param("1100m", "well", marks=pytest.mark.long),
    ],
)
def test_doctor_warns_before_a_disk_is_full(
    config: Config, tmp_path: Path, size: str, state: str
) -> None:
    """A small disk of our own, that only this test sees."""
    program = Path(host_checks.__file__).parents[2]
    keys = tmp_path / "small"
    keys.mkdir()
    script = (
        f"mount -t tmpfs -o size={size},mode=700 none {keys} && "
        f"exec {sys.executable} -m outreach.cli doctor --json"
    )
    environ = os.environ | _settings(config) | {"OUTREACH_KEYS": str(keys)}
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        capture_output=True, text=True, env=environ, cwd=program,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("this machine lets nobody mount a disk")
    found = {each["about"]: each for each in json.loads(done.stdout)["findings"]}
    assert found["disk of keys"]["state"] == state
    assert "MB free in" in found["disk of keys"]["words"]
    assert ("Make room" in found["disk of keys"]["words"]) == (state != "well")
