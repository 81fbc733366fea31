"""Erasure interrupted by a kill, and registrations during an erasure."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions, registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import Key, KeyStore, MasterKeys, rotation
from outreach.privacy import retention
from tests.conftest import make_workshop, seat
from tests.support.arrivals import store_arrival
from tests.support.canaries import counts
from tests.support.environment import where

MANY = 120


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights, capacity=500)


@contextmanager
def process(config: Config, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the program at work."""
    environ = {name: value for name, value in os.environ.items() if "OUTREACH" not in name} | where(
        config
    )
    command = [sys.executable, "-m", "outreach.cli", *words]
    running = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def pointing(store: Store) -> int:
    with store.read() as session:
        has_key = Registration.key_id.is_not(None)
        return session.scalar(sa.select(sa.func.count()).where(has_key)) or 0


def make_due(store: Store, key_store: KeyStore) -> None:
    """Moves every day of erasure to today, even of workshops to come."""
    with store.change() as session:
        for each in session.scalars(sa.select(Workshop)):
            each.retention_days = (key_store.today() - each.day).days
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(forget_on=key_store.today()))


@pytest.mark.thorough
def test_killed_purge_has_destroyed_keys_and_is_finished_by_the_next(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    people = [seat(store, key_store, workshop) for _ in range(MANY)]
    links = [
        registrations.derive_manage_token(registrations.get_key(key_store, each))
        for each in people[:5]
    ]
    make_due(store, key_store)
    with process(config, "purge") as running:
        while key_store.ids() and running.poll() is None:
            pass  # until the keys are gone
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert key_store.ids() == set()
    for link in links:
        with store.read() as session, pytest.raises(NotFound):
            registrations.get_key(key_store, registrations.find(session, key_store, link))
    with store.read() as session:
        rows = session.scalars(sa.select(Registration)).all()
    assert registrations.decrypt_people(key_store, rows) == {}
    retention.purge(store, key_store, now=clock.now(), sure=True)
    assert pointing(store) == 0
    with store.read() as session:  # before the workshop: each seat is freed once
        assert session.get_one(Workshop, workshop.id).seats_left == 500


@pytest.mark.long
def test_purge_killed_repeatedly_keeps_the_counts(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    """Kills each purge after it has emptied some more rows, unless it was faster."""
    for _ in range(MANY):
        seat(store, key_store, workshop, people=2)
    with store.change() as session:  # after the workshop: no seat is freed, the counts stay
        over = session.get_one(Workshop, workshop.id)
        over.day = clock.now().date() - timedelta(days=30)
        over.retime()
        for row in session.scalars(sa.select(Registration)):
            store_arrival(session, row, 1)
    make_due(store, key_store)
    counted = counts(store)
    for _ in range(3):
        left = pointing(store)
        with process(config, "purge", "--yes") as running:
            while pointing(store) == left and running.poll() is None:
                pass
            running.send_signal(signal.SIGKILL)
            running.wait()
    now = clock.now()
    retention.purge(store, key_store, now=now, sure=True)
    assert pointing(store) == 0
    assert counts(store) == counted


def test_registration_during_a_purge_is_kept(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    key_store.index("rosa@example.org")
    is_over = threading.Event()
    wrong: list[str] = []

    def purge() -> None:
        own_store, own_key_store_db = Store(config.database_url), Store(config.keyring_url)
        own_key_store = KeyStore(own_key_store_db, MasterKeys(config.keys))
        own_key_store.attach(own_store)
        change_sessions.install(own_store)
        try:
            while not is_over.is_set():
                retention.purge(own_store, own_key_store, now=clock.now())
        except Exception as error:
            wrong.append(repr(error))
        finally:
            own_store.close()
            own_key_store_db.close()

    purging = threading.Thread(target=purge)
    purging.start()
    people = [seat(store, key_store, workshop) for _ in range(60)]
    is_over.set()
    purging.join()
    assert wrong == []
    with store.read() as session:
        statuses = session.scalars(sa.select(Registration.status)).all()
    assert statuses == [RegistrationStatus.CONFIRMED] * len(people)
    assert key_store.ids() == {each.key_id for each in people}


def test_registration_between_two_reconcile_reads_is_kept(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop)
    came: list[Registration] = []

    class Busy(KeyStore):
        """A key store in which a person registers just after its keys were read."""

        def list_existing(self, key_ids: Sequence[bytes]) -> set[bytes]:
            found = super().list_existing(key_ids)
            came.append(seat(store, key_store, workshop))
            return found

    assert (
        retention.reconcile_stores(
            store, Busy(key_store.store, MasterKeys(config.keys)), now=clock.now()
        )
        == 0
    )
    assert came
    assert pointing(store) == 1 + len(came)


@pytest.mark.long
@pytest.mark.any_database("what was done stays done on either")
def test_killed_rotation_loses_no_key(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    first, _key = key_store.new(workshop.id, workshop.forget_on)
    many = [os.urandom(16) for _ in range(4000)]
    rows = [
        Key(
            id=key_id,
            sealed=key_store.envelope.seal_with(1, b"k" * 32, key_id),
            generation=1,
            workshop=workshop.id,
            forget_on=workshop.forget_on,
            made_on=key_store.today(),
        )
        for key_id in many
    ]
    with key_store.store.change() as session:
        session.add_all(rows)
    for _ in range(2):
        before = rotation.generations(key_store)
        with process(config, "keys", "rotate") as running:
            while rotation.generations(key_store) == before and running.poll() is None:
                pass
            running.send_signal(signal.SIGKILL)
            running.wait()
    assert len(key_store.get_all([first, *many])) == 4001
    newest = rotation.rotate(key_store, now=clock.now()).number
    assert rotation.generations(key_store) == {newest: 4001}
    assert rotation.retire(key_store, now=clock.now() + timedelta(hours=2)) == newest - 1
    assert key_store.get_all(many) == dict.fromkeys(many, b"k" * 32)
