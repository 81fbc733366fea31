"""The worker's daily purge, and when it refuses."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock, logs
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, key_backup, rotation
from outreach.privacy import retention
from outreach.privacy.reconcile import TooManyBlind, TooManyUnused
from tests.conftest import make_workshop, seat
from tests.privacy.test_retention import key_store_of

pytestmark = pytest.mark.core


def test_empty_key_store_is_not_taken_for_erased_people(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=30)
    people = [seat(store, key_store, workshop) for _ in range(12)]
    with key_store.store.change() as session:
        session.execute(sa.delete(Key))
    with pytest.raises(TooManyBlind, match="load its spare first"):
        retention.purge(store, key_store, now=clock.now())
    with store.read() as session:
        assert session.get_one(Workshop, workshop.id).seats_left == 18
    assert retention.purge(store, key_store, now=clock.now(), sure=True).emptied == len(people)


def test_keys_of_another_main_database_are_not_taken_for_unused(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=30)
    for _ in range(12):
        seat(store, key_store, workshop)
    later = key_store_of(key_store, config, key_store.today() + timedelta(days=2))
    with store.change() as session:
        session.execute(sa.delete(Notification))
        session.execute(sa.delete(Registration))
    with pytest.raises(TooManyUnused, match="belong together"):
        retention.purge(store, later, now=clock.now())
    assert retention.daily(store, later, config, now=clock.now()) is None
    assert "of no registration here" in caplog.text
    assert len(key_store.ids()) == 12
    assert retention.purge(store, later, now=clock.now(), sure=True).unused == 12


def test_many_erasures_are_not_taken_for_a_lost_key_store(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=40)
    people = [seat(store, key_store, workshop) for _ in range(30)]
    key_store.destroy(*(each.key_id for each in people[:14] if each.key_id))
    assert retention.reconcile_stores(store, key_store, now=clock.now()) == 14


def test_daily_job_purges_and_rotates_the_master_key_monthly(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, tmp_path: Path
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    key_backup.save(key_store, tmp_path / "spare", now=clock.now())
    now = clock.now()
    assert retention.daily(store, key_store, config, now=now) == retention.Purged(
        rows={
            "look-ups": 0,
            "subscribers": 0,
            "roster members": 0,
            "recordings": 0,
            "notices": 0,
            "messages": 0,
            "call attempts": 0,
            "journal entries": 0,
            "sessions": 0,
            "invitations": 0,
            "unsaved forms": 0,
            "interrupted forms": 0,
            "files brought and not loaded": 0,
            "sheets begun": 0,
            "door marks": 0,
            "door passes": 0,
        }
    )
    assert len(list(config.keys.glob("master-*"))) == 1
    month = now + timedelta(days=31)
    if not key_store.store.is_sqlite:
        rotation.prepare(key_store)  # a person copies it to the other hosts
    retention.daily(store, key_store, config, now=month)
    assert len(list(config.keys.glob("master-*"))) == 2
    retention.hourly(key_store, now=month + timedelta(minutes=30))
    assert len(list(config.keys.glob("master-*"))) == 2
    retention.hourly(key_store, now=month + timedelta(hours=1))
    assert [path.name for path in config.keys.glob("master-*")] == ["master-2"]
    assert rosa.key_id is not None
    assert rosa.key_id.hex() in (tmp_path / "spare").read_text()
    due = key_store_of(key_store, config, workshop.forget_on)
    done = retention.daily(store, due, config, now=workshop.starts_at + timedelta(days=30))
    assert done is not None
    assert done.keys == 1
    assert rosa.key_id.hex() not in (tmp_path / "spare").read_text()


def test_refused_daily_purge_is_logged_and_changes_nothing(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop)
    far = key_store_of(key_store, config, workshop.forget_on + timedelta(days=400))
    assert retention.daily(store, far, config, now=clock.now() + timedelta(days=400)) is None
    log_text = "".join(map(logs.Formatter("text").format, caplog.records))  # as it is written down
    assert "outreach purge --yes" in log_text
    assert len(key_store.ids()) == 1


def test_unwritable_key_backup_stops_neither_purge_nor_rotation(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop)
    saved_at = clock.now()
    key_backup.save(key_store, tmp_path / "spare", now=saved_at)
    (tmp_path / ".spare.new").mkdir()  # where its draft would go: so root may not write it either
    if not key_store.store.is_sqlite:
        rotation.prepare(key_store)
    due = key_store_of(key_store, config, workshop.forget_on)
    done = retention.daily(store, due, config, now=workshop.starts_at + timedelta(days=31))
    assert done is not None
    assert done.keys == 1
    assert len(list(config.keys.glob("master-*"))) == 2
    assert "the spare of the ring cannot be written: " in caplog.text
    kept = key_backup.find(key_store)
    assert kept is not None
    assert kept.saved_at == saved_at, "so the doctor tells of it"
