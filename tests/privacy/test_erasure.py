"""Erased people are in no byte of any file, and no earlier copy can be read: when their retention
ends (S11) and at once on request (S12)."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.cli import main
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, LinkRequest, MasterKeys
from outreach.maintenance.worker import Worker
from outreach.privacy import retention
from tests.conftest import make_workshop, seat
from tests.support.canaries import Backup, Canary, back_up, counts, names_in, plant, traces
from tests.support.daytime import noon_of
from tests.support.environment import where
from tests.support.staff_client import employ, signed_in_as

ROSA = {"name": "Xochiquetzal Canario", "contact": "email", "email": "canario.x@ejemplo.com"}
LUZ = {
    "name": "Citlali Cenzontle",
    "contact": "phone",
    "phone": "+1 (312) 555-0177",
    "consent": "yes",
}
ANA = {"name": "Ana que se queda", "contact": "email", "email": "se.queda@ejemplo.com"}


class Aviary:
    """An installation where Rosa (an e-mail, a letter in the folder) and Luz (a phone, a discreet
    kind) have left every trace a person leaves, and Ana, who is not to be forgotten, too."""

    def __init__(
        self,
        app: Flask,
        store: Store,
        key_store: KeyStore,
        config: Config,
        workshops: tuple[Workshop, Workshop, Workshop],
        folder: Path,
    ) -> None:
        self.app, self.store, self.key_store, self.config = app, store, key_store, config
        self.rights, self.women, self.later = workshops
        self.folder = folder
        client = app.test_client()
        self.rosa = self._plant(client, self.rights, ROSA)
        self.luz = self._plant(client, self.women, LUZ)
        self.ana = self._plant(client, self.later, ANA)
        seat(store, key_store, self.rights, name="Nadie")
        with store.change() as session:
            for canary in (self.rosa, self.luz):
                checkin.mark_arrived(session, session.get_one(Registration, canary.id), 2)
        Worker(app).once()
        self._look_as_staff()
        self.export()
        self.backup = back_up(config, store, folder / "backup.db")
        self.counted = counts(store)

    def _plant(self, client: FlaskClient, workshop: Workshop, typed: dict[str, str]) -> Canary:
        return plant(self.app, client, self.store, self.key_store, workshop, **typed)

    def _look_as_staff(self) -> None:
        staff_client = signed_in_as(self.app, self.store, employ(self.store))
        for workshop, canary in ((self.rights, self.rosa), (self.women, self.luz)):
            page = f"/org/talleres/{workshop.public_id}"
            assert canary.name in staff_client.get(page).text
            staff_client.post(f"{page}/contacto", registration=canary.id)
            staff_client.post(f"{page}/entrada", do="find", q=canary.name)

    def export(self) -> None:
        """Writes exports of the month and the output of commands."""
        month = str(clock.Month.from_day(self.rights.day))
        for form in ("csv", "json", "xlsx"):
            path = self.folder / f"month.{form}"
            path.unlink(missing_ok=True)
            self._say("counts", month, "--format", form, "-o", str(path))
        self._say("doctor")
        self._say("purge", "--dry-run")

    def _say(self, *words: str) -> None:
        done = CliRunner(env=self._environ).invoke(main, [*words])
        with (self.folder / "said.log").open("a") as file:
            file.write(done.output)

    def run(self, ahead: str, *words: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command in a process whose clock is ahead; its output is appended to a file."""
        clean = {name: value for name, value in os.environ.items() if "OUTREACH" not in name}
        done = subprocess.run(
            ["faketime", "-f", ahead, sys.executable, "-m", "outreach.cli", *words],
            capture_output=True,
            text=True,
            env=clean | self._environ,
        )
        with (self.folder / "said.log").open("a") as file:
            file.write(done.stdout + done.stderr)
        return done

    @property
    def _environ(self) -> dict[str, str]:
        return {
            **where(self.config),
            "OUTREACH_PUBLIC_URL": self.config.public_url,
            "OUTREACH_MAIL_FOLDER": str(self.config.mail_folder),
            "OUTREACH_MAIL_FROM": "talleres@example.org",
            "OUTREACH_SECRET_KEY": "only for tests",
        }

    def traces(self, *canaries: Canary) -> list[str]:
        needles = [needle for canary in canaries for needle in canary.needles]
        return traces(self.config, self.store, self.key_store, needles, self.folder)

    def on(self, day: date) -> KeyStore:
        return KeyStore(self.key_store.store, MasterKeys(self.config.keys), noon_of(day))

    def purge_on(self, workshop: Workshop) -> retention.Purged:
        """Purges on the day on which the people of this workshop are due."""
        now = clock.instant(workshop.forget_on, workshop.starts, workshop.zone)
        return retention.purge(self.store, self.on(workshop.forget_on), self.config, now=now)

    def readable(self) -> set[str]:
        """The names in the backup that can still be read with all keys that are left."""
        opened = names_in(self.backup, self.key_store, MasterKeys(self.config.keys))
        return {json.loads(text)["name"] for text in opened}


@pytest.fixture
def aviary(
    make_app: Callable[..., Flask],
    config: Config,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    women: Kind,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Aviary]:
    config = replace(config, mail_folder=config.data / "letters")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with store.change() as session:
        far = clock.now().date() + timedelta(days=90)
        workshops = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, women),
            make_workshop(session, chicago, rights, day=far),
        )
    with caplog.at_level(logging.DEBUG):
        app = make_app(mail_folder=config.mail_folder)
        yield Aviary(app, store, key_store, config, workshops, folder)
        for canary in (ROSA, LUZ, ANA):
            for words in (canary["name"], canary.get("email", ""), "5550177", "/r/"):
                assert not words or words not in caplog.text


@pytest.mark.any_database("its files are read byte by byte: that takes long")
def test_before_the_day_only_the_letter_has_the_name(aviary: Aviary) -> None:
    """Before their day, the names are found in the letter of the mail folder and nowhere else."""
    assert {name.rpartition(".")[2] for name in aviary.traces(aviary.rosa)} == {"eml"}
    assert aviary.traces(aviary.luz) == []
    assert aviary.readable() == {ROSA["name"], LUZ["name"], ANA["name"], "Nadie"}


def test_purge_leaves_no_byte_of_a_person(aviary: Aviary) -> None:
    hers = _sealed(aviary)
    aviary.purge_on(aviary.women)
    assert aviary.readable() == {ROSA["name"], ANA["name"], "Nadie"}
    done = aviary.purge_on(aviary.rights)
    assert (done.keys, done.emptied) == (2, 2)
    assert done.letters > 0
    aviary.export()
    assert aviary.traces(aviary.rosa, aviary.luz) == []
    assert aviary.readable() == {ANA["name"]}
    assert counts(aviary.store) == aviary.counted
    if aviary.store.is_sqlite:
        # Not even sealed values; PostgreSQL keeps those until it reuses the space.
        assert traces(aviary.config, aviary.store, aviary.key_store, hers) == []
    with aviary.store.read() as session:
        notified = session.scalars(sa.select(Notification.registration_id)).all()
        assert set(notified) <= {aviary.ana.id}
        rows = session.execute(sa.text("SELECT * FROM registration WHERE key_id IS NULL")).all()
    for row in rows:
        assert aviary.rosa.id not in row
        assert aviary.luz.id not in row
    with aviary.key_store.store.read() as session:
        assert session.scalars(sa.select(LinkRequest)).all() == []
    assert aviary.app.test_client().get(aviary.rosa.link).status_code == 404
    assert aviary.app.test_client().get(aviary.ana.link).status_code == 200


@pytest.mark.any_database("its files are read byte by byte: that takes long")
def test_erasure_leaves_no_byte_of_a_person_at_once(aviary: Aviary) -> None:
    hers = _sealed(aviary)
    client = aviary.app.test_client()
    for canary in (aviary.rosa, aviary.luz):
        answer = client.post(f"{canary.link}/borrar")
        assert answer.status_code == 200
        assert canary.name not in answer.text
    assert aviary.traces(aviary.rosa, aviary.luz) == []
    assert aviary.readable() == {ANA["name"], "Nadie"}
    if aviary.store.is_sqlite:
        assert traces(aviary.config, aviary.store, aviary.key_store, hers) == []
    people, places, *_others = counts(aviary.store)
    then, places_then, *_others = aviary.counted
    assert sum(row[3] for row in people) == sum(row[3] for row in then)
    # Two seats each are free again.
    assert sum(row[1] for row in places) == sum(row[1] for row in places_then) + 4
    assert client.get(aviary.ana.link).status_code == 200


def test_erasure_covers_a_group_registration(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        first, second = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, rights),
        )
    one, other = seat(store, key_store, first), seat(store, key_store, second)
    alone = seat(store, key_store, second)
    with store.change() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id.in_([one.id, other.id]))
            .values(joint_id=one.id)
        )
    token = registrations.derive_manage_token(registrations.get_key(key_store, other))
    assert app.test_client().post(f"/es/r/{token}/borrar").status_code == 200
    assert key_store.ids() == {alone.key_id}
    with store.read() as session:
        left = session.scalars(
            sa.select(Registration.id).where(Registration.key_id.is_not(None))
        ).all()
    assert left == [alone.id]


def test_cancelling_one_date_keeps_the_others(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        first, second = (
            make_workshop(session, chicago, rights),
            make_workshop(session, chicago, rights),
        )
    one, other = seat(store, key_store, first), seat(store, key_store, second)
    with store.change() as session:
        session.execute(sa.update(Registration).values(joint_id=one.id))
    token = registrations.derive_manage_token(registrations.get_key(key_store, one))
    assert app.test_client().post(f"/es/r/{token}/cancelar").status_code == 200
    assert key_store.ids() == {other.key_id}


@pytest.mark.any_database("its files are read byte by byte: that takes long")
def test_restored_rows_of_erased_people_stay_unreadable(aviary: Aviary) -> None:
    if not aviary.store.is_sqlite:
        _put_back_rows(aviary)
    else:
        aviary.purge_on(aviary.women)
        aviary.purge_on(aviary.rights)
        aviary.store.close()
        for path in aviary.config.data.glob("outreach.db*"):
            path.unlink()
        shutil.copy(aviary.backup.path, aviary.config.data / "outreach.db")
    with aviary.store.read() as session:
        back = session.scalars(sa.select(Registration).where(Registration.key_id.is_not(None)))
        assert len(back.all()) == 4
    key_store = aviary.on(aviary.rights.forget_on)
    now = clock.instant(aviary.rights.forget_on, aviary.rights.starts, aviary.rights.zone)
    done = retention.purge_after_restore(aviary.store, key_store, aviary.config, now=now)
    assert (done.keys, done.emptied) == (0, 3)
    assert counts(aviary.store) == aviary.counted
    aviary.backup = Backup(aviary.backup.path, _sealed_rows(aviary))
    assert aviary.readable() == {ANA["name"]}
    assert aviary.traces(aviary.rosa, aviary.luz) == []


def _put_back_rows(aviary: Aviary) -> None:
    """Inserts the previous rows again, as a restored dump does."""
    with aviary.store.read() as session:
        table = Registration.__table__
        rows = [dict(row._mapping) for row in session.execute(sa.select(table))]
    aviary.purge_on(aviary.women)
    aviary.purge_on(aviary.rights)
    with aviary.store.change() as session:
        session.execute(sa.delete(Notification))
        session.execute(sa.delete(Registration))
        session.execute(sa.insert(table), rows)  # type: ignore[arg-type]  # it is a Table


def _sealed_rows(aviary: Aviary) -> list[tuple[str, bytes]]:
    with aviary.store.read() as session:
        rows = session.execute(sa.select(Registration.id, Registration.sealed)).all()
    return [(row[0], row[1]) for row in rows if row[1] is not None]


def _sealed(aviary: Aviary) -> list[bytes]:
    """What is kept of Rosa and Luz that nobody reads without a key: sealed name, sealed key, the
    HMAC of how they are reached."""
    with aviary.store.read() as session:
        rows = session.execute(
            sa.select(Registration.sealed, Registration.key_id).where(
                Registration.id.in_([aviary.rosa.id, aviary.luz.id])
            )
        ).all()
    with aviary.key_store.store.read() as session:
        keys = session.scalars(sa.select(Key).where(Key.id.in_([row.key_id for row in rows])))
        of_keys = [part for key in keys for part in (key.sealed, key.contact)]
    found = [part for part in (*(row.sealed for row in rows), *of_keys) if part is not None]
    assert len(found) == 6
    return found


@pytest.mark.long
def test_purge_under_a_moved_clock_leaves_no_byte(aviary: Aviary) -> None:
    """On the day after each was to be forgotten (libfaketime). The worker of a host whose clock is
    not that of PostgreSQL leads nothing; whoever runs the command there says that it is right."""
    command = ("worker", "--once") if aviary.store.is_sqlite else ("purge",)
    today = clock.now().date()
    for workshop in (aviary.women, aviary.rights):
        days = (workshop.forget_on - today).days + 1
        done = aviary.run(f"+{days}d", *command)
        assert done.returncode == 0, done.stderr
    assert aviary.traces(aviary.rosa, aviary.luz) == []
    assert aviary.readable() == {ANA["name"]}
    assert counts(aviary.store) == aviary.counted


@pytest.mark.long
def test_purge_after_a_clock_jump_needs_yes(
    aviary: Aviary,
) -> None:
    done = aviary.run("+400d", "worker", "--once")
    assert done.returncode == 0
    why = "overdue by three days" if aviary.store.is_sqlite else "leads no work until"
    assert why in done.stderr
    done = aviary.run("+400d", "purge")
    assert done.returncode == 1
    assert "outreach purge --yes" in done.stderr
    assert aviary.readable() == {ROSA["name"], LUZ["name"], ANA["name"], "Nadie"}
    assert aviary.run("+400d", "purge", "--yes").returncode == 0
    assert aviary.readable() == set()
    assert aviary.traces(aviary.rosa, aviary.luz, aviary.ana) == []
