"""Retention of registrations: purge, erasure and old copies."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, RegistrationStatus, totals
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from outreach.keystore import KeyStore, MasterKeys, TooManyDue
from outreach.privacy import retention
from tests.conftest import make_workshop, seat
from tests.support.arrivals import store_arrival
from tests.support.daytime import noon_of

pytestmark = pytest.mark.core

SOON = clock.now().date() + timedelta(days=20)


def key_store_of(key_store: KeyStore, config: Config, today: date) -> KeyStore:
    """The same key store on a later day."""
    return KeyStore(key_store.store, MasterKeys(config.keys), noon_of(today))


def test_registration_is_erased_thirty_days_after_the_workshop(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    later = clock.now() + timedelta(days=60)
    eve = key_store_of(key_store, config, workshop.forget_on - timedelta(days=1))
    assert retention.purge(store, eve, now=later).keys == 0
    due = key_store_of(key_store, config, workshop.forget_on)
    done = retention.purge(store, due, now=later)
    assert (done.keys, done.emptied) == (1, 1)
    with store.read() as session:
        row = session.scalars(sa.select(Registration)).one()
    assert (row.key_id, row.sealed, row.manage_digest, row.contact) == (
        None,
        None,
        None,
        ContactMethod.NONE,
    )
    assert row.status is RegistrationStatus.CONFIRMED  # the number of people stays


def test_due_key_is_unreadable_without_a_purge(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    assert rosa.key_id is not None
    with pytest.raises(DataErased):
        key_store_of(key_store, config, workshop.forget_on).get(rosa.key_id)


def test_clock_jump_does_not_destroy_keys(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop)
    far = key_store_of(key_store, config, workshop.forget_on + timedelta(days=400))
    with pytest.raises(TooManyDue):
        retention.purge(store, far, now=clock.now())
    assert len(key_store.ids()) == 1
    assert retention.purge(store, far, now=clock.now(), sure=True).keys == 1


def test_purge_finishes_an_interrupted_erasure(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=1)
    rosa, luz = seat(store, key_store, workshop), seat(store, key_store, workshop, name="Luz")
    assert rosa.key_id is not None
    key_store.destroy(rosa.key_id)  # and then the power went
    assert retention.reconcile_stores(store, key_store, now=clock.now()) == 1
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).status is RegistrationStatus.CANCELLED
        assert session.get_one(Registration, luz.id).status is RegistrationStatus.OFFERED
        assert session.get_one(Workshop, workshop.id).seats_left == 0


def test_unused_key_is_destroyed_after_a_day(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    key_store.new(workshop.id, workshop.forget_on)
    assert retention.purge(store, key_store, now=clock.now()).unused == 0
    soon = key_store_of(key_store, config, key_store.today() + timedelta(days=2))
    assert retention.purge(store, soon, now=clock.now()).unused == 1


def test_main_database_has_no_readable_name_and_none_after_erasure(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(
        store,
        key_store,
        workshop,
        name="Canaria Rosa",
        contact=ContactMethod.EMAIL,
        address="cana@example.org",
    )
    files = [*config.data.iterdir(), *config.keys.iterdir()]
    assert not [f.name for f in files if b"Canaria" in f.read_bytes() or b"cana@" in f.read_bytes()]
    with store.read() as session:
        row = str(session.execute(sa.text("SELECT * FROM registration")).one())
    assert "Canaria" not in row
    assert "cana@" not in row
    assert rosa.key_id is not None
    with key_store.store.read() as session:
        sealed = session.execute(sa.text("SELECT sealed FROM key")).scalar_one()
    key_store.destroy(rosa.key_id)
    assert not [f.name for f in config.keys.iterdir() if sealed in f.read_bytes()]


def test_tokens_are_independent_and_stored_as_hashes(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    key = registrations.get_key(key_store, rosa)
    manage, entry = registrations.derive_manage_token(key), registrations.derive_entry_token(key)
    assert manage != entry
    with store.read() as session:
        assert registrations.find(session, key_store, manage).id == rosa.id
        assert registrations.find_by_entry_token(session, key_store, entry).id == rosa.id
        row = session.execute(sa.text("SELECT * FROM registration")).one()
    assert manage not in str(row)
    assert entry not in str(row)


def test_waitlisted_party_is_erased_after_seven_days(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=1)
    rosa = seat(store, key_store, workshop)
    for name in ("Luz", "Flor", "Alma"):
        seat(store, key_store, workshop, name=name)
    with store.change() as session:
        offered, lapsed = session.scalars(
            sa.select(Registration)
            .where(Registration.status == RegistrationStatus.WAITLISTED)
            .limit(2)
        )
        offered.status, lapsed.status = RegistrationStatus.OFFERED, RegistrationStatus.EXPIRED
    before = clock.instant(workshop.day, workshop.starts, workshop.zone) - timedelta(hours=1)
    week = workshop.day + timedelta(days=7)
    assert retention.purge(store, key_store_of(key_store, config, week), now=before).keys == 0
    eve, now = key_store_of(key_store, config, week - timedelta(days=1)), before + timedelta(days=7)
    assert retention.purge(store, eve, now=now).keys == 0
    day = key_store_of(key_store, config, week)
    assert retention.preview(store, day, config, now=now).keys == 3
    assert retention.purge(store, day, now=now).keys == 3
    assert key_store.ids() == {rosa.key_id}
    with store.read() as session:
        statuses = session.scalars(sa.select(Registration.status)).all()
    assert sorted(statuses) == ["confirmed", "expired", "offered", "waitlisted"]  # the counts stay


def test_party_beyond_a_share_whose_page_shows_a_seat_is_kept_as_long_as_one_with_a_seat(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    """Else the day of the erasure would tell who was beyond the share (S29)."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, women, capacity=1, retention_days=20)
    seat(store, key_store, workshop)
    beyond = seat(store, key_store, workshop, name="Luz")
    waiting = seat(store, key_store, workshop, name="Flor")
    with store.change() as session:
        session.get_one(Registration, beyond.id).appears_confirmed = True
    week = workshop.day + timedelta(days=7)
    now = clock.instant(week, workshop.starts, workshop.zone)
    assert retention.purge(store, key_store_of(key_store, config, week), now=now).keys == 1
    assert waiting.key_id not in key_store.ids()
    last = workshop.forget_on
    now = clock.instant(last, workshop.starts, workshop.zone)
    eve = key_store_of(key_store, config, last - timedelta(days=1))
    assert retention.purge(store, eve, now=now).keys == 0
    day = key_store_of(key_store, config, last)
    assert retention.purge(store, day, now=now).keys == 2


def test_shorter_retention_of_a_kind_does_not_stop_the_purge(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        day = clock.now().date() - timedelta(days=12)
        workshop = make_workshop(session, chicago, rights, day=day)
    seat(store, key_store, workshop, now=clock.now() - timedelta(days=20))
    with store.change() as session:
        workshop = session.get_one(Workshop, workshop.id)
        kind = session.merge(women)
        shorter = replace(
            workshop_service.get_data(workshop),
            kind=kind,
            visibility=kind.visibility,
            retention_days=7,
        )
        workshop_service.change(session, workshop, shorter, now=clock.now())
    key_store.move(workshop.id, workshop.forget_on)
    assert workshop.forget_on == key_store.today() - timedelta(days=5)
    assert retention.purge(store, key_store, now=clock.now()).keys == 1


@pytest.mark.parametrize("days", [-10, 10])
def test_purge_corrects_the_day_of_keys_after_a_missed_move(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, days: int
) -> None:
    with store.change() as session:
        moved = make_workshop(session, chicago, rights, day=SOON)
        stays = make_workshop(session, chicago, rights, day=SOON + timedelta(days=5))
    rosa, luz = seat(store, key_store, moved), seat(store, key_store, stays)
    with store.change() as session:
        workshop = session.get_one(Workshop, moved.id)
        workshop.day += timedelta(days=days)
        workshop.retime()
    # The days around the limit.
    day = min(moved.forget_on, workshop.forget_on)
    gone = 1 if days < 0 else 0
    then, now = key_store_of(key_store, config, day), clock.now() + (day - key_store.today())
    assert retention.preview(store, then, config, now=now).keys == gone
    done = retention.purge(store, then, now=now)
    assert (done.keys, done.emptied) == (gone, gone)
    kept = {rosa.key_id: workshop.forget_on} if days > 0 else {}
    assert key_store.days() == kept | {luz.key_id: stays.forget_on}


def test_waitlisted_party_with_a_late_seat_has_the_retention_of_the_kind(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=1)
    rosa, luz = seat(store, key_store, workshop), seat(store, key_store, workshop, name="Luz")
    before, after = (workshop.starts_at + timedelta(hours=hours) for hours in (-1, 1))
    week = workshop.day + timedelta(days=7)
    days = {rosa.key_id: workshop.forget_on, luz.key_id: workshop.forget_on}
    retention.purge(store, key_store, now=before)
    assert key_store.days() == days
    retention.purge(store, key_store, now=after)
    assert key_store.days() == days | {luz.key_id: week}
    with store.change() as session:  # she was let in at the door
        session.get_one(Registration, luz.id).status = RegistrationStatus.CONFIRMED
    retention.purge(store, key_store, now=after)
    assert key_store.days() == days


def test_waitlisted_party_is_not_kept_longer_than_the_kind_says(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, capacity=1, retention_days=3)
    for name in ("Rosa", "Luz"):
        seat(store, key_store, workshop, name=name)
    retention.purge(store, key_store, now=workshop.starts_at + timedelta(hours=1))
    assert set(key_store.days().values()) == {workshop.day + timedelta(days=3)}


def test_moved_workshop_does_not_hide_an_overdue_key(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    seat(store, key_store, workshop)
    with store.change() as session:
        session.get_one(Workshop, workshop.id).day -= timedelta(days=2)
    far = key_store_of(key_store, config, workshop.forget_on + timedelta(days=400))
    with pytest.raises(TooManyDue):
        retention.purge(store, far, now=clock.now() + timedelta(days=440))
    assert len(key_store.ids()) == 1


def test_erased_row_keeps_only_its_numbers(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, has_childcare=True)
    rosa = seat(
        store, key_store, workshop, people=3, language="fr", needs=Codes(["childcare"]),
        contact=ContactMethod.EMAIL, address="rosa@example.org", wants_reminder=True,
    )  # fmt: skip
    with store.change() as session:
        row = session.get_one(Registration, rosa.id)
        store_arrival(session, row, 2)
        row.joint_id, row.approved_at = rosa.id, clock.now()
        row.asked_at = row.confirmed_at = clock.now()
        session.execute(sa.update(Notification).values(done_at=clock.now(), is_dead=True))
    due = key_store_of(key_store, config, workshop.forget_on)
    retention.purge(store, due, now=clock.now() + timedelta(days=40))
    with store.read() as session:
        row = session.scalars(sa.select(Registration)).one()
        assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 0
        counted = totals.read(session, workshop.id)
    assert (row.status, row.people, row.arrived_count) == (RegistrationStatus.CONFIRMED, 3, 0)
    assert counted[totals.ARRIVED] == counted[totals.SEATED] == 2
    assert counted[totals.need_name("childcare")] == 1
    assert (row.needs, row.language, row.contact) == (Codes(), "", ContactMethod.NONE)
    assert (row.sealed_details, row.code_digest) == (None, None)
    assert (row.joint_id, row.approved_at, row.asked_at, row.confirmed_at) == (None,) * 4
    assert row.id != rosa.id  # the Message-ID of a letter leads nowhere
    assert row.nonce != rosa.nonce
    assert (row.registered_at, row.queue_number) == (workshop.starts_at, 0)


def test_nonce_of_a_cancelled_registration_is_known_while_its_form_is_valid(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    key_store.destroy(rosa.key_id or b"")
    retention.purge(store, key_store, now=clock.now())
    with store.read() as session:
        assert session.scalars(sa.select(Registration.nonce)).one() == rosa.nonce
    retention.purge(store, key_store, now=clock.now() + timedelta(hours=14))
    with store.read() as session:
        assert session.scalars(sa.select(Registration.nonce)).one() != rosa.nonce


def test_audit_entries_are_kept_for_a_year(store: Store, key_store: KeyStore) -> None:
    with store.change() as session:
        for days in (366, 364):
            audit_log.record(session, None, "seen", now=clock.now() - timedelta(days=days))
    done = retention.purge(store, key_store, now=clock.now())
    assert done.rows["journal entries"] == 1
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 1


def test_master_key_files_have_mode_600(key_store: KeyStore, config: Config) -> None:
    key_store.index("rosa@example.org")
    found: list[Path] = list(config.keys.glob("master-*"))
    assert len(found) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in found)
