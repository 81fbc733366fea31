"""Forgetting: when the day has come, when somebody asks, and what an old copy brings back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.kinds import Kind
from outreach.domain.offices import Office
from outreach.domain.registrations import Contact, Registration, Standing
from outreach.domain.workshops import Workshop
from outreach.errors import Forgotten
from outreach.keyring import Keyring, Masters, TooManyDue
from outreach.privacy import retention
from tests.conftest import hold, seat


def ring_of(ring: Keyring, config: Config, today: date) -> Keyring:
    """The same ring, as it will be on a day to come."""
    return Keyring(ring.store, Masters(config.keys), lambda: today)


def test_who_came_is_forgotten_thirty_days_after_and_not_before(
    config: Config, store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    seat(store, ring, workshop, contact=Contact.EMAIL, address="rosa@example.org")
    later = clock.now() + timedelta(days=60)
    eve = ring_of(ring, config, workshop.forget_on - timedelta(days=1))
    assert retention.purge(store, eve, now=later).keys == 0
    due = ring_of(ring, config, workshop.forget_on)
    done = retention.purge(store, due, now=later)
    assert (done.keys, done.emptied) == (1, 1)
    with store.read() as session:
        row = session.scalars(sa.select(Registration)).one()
    assert (row.key_id, row.sealed, row.manage, row.contact) == (None, None, None, Contact.NONE)
    assert row.standing is Standing.SEATED  # the number of people stays


def test_a_key_can_be_read_no_more_on_its_day_even_if_no_purge_ran(
    config: Config, store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    rosa = seat(store, ring, workshop)
    assert rosa.key_id is not None
    with pytest.raises(Forgotten):
        ring_of(ring, config, workshop.forget_on).get(rosa.key_id)


def test_a_clock_that_jumped_does_not_burn_the_ring(
    config: Config, store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    seat(store, ring, workshop)
    far = ring_of(ring, config, workshop.forget_on + timedelta(days=400))
    with pytest.raises(TooManyDue):
        retention.purge(store, far, now=clock.now())
    assert len(ring.known()) == 1
    assert retention.purge(store, far, now=clock.now(), sure=True).keys == 1


def test_a_forgetting_that_was_cut_short_is_finished_and_its_place_given_on(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights, capacity=1)
    rosa, luz = seat(store, ring, workshop), seat(store, ring, workshop, name="Luz")
    assert rosa.key_id is not None
    ring.destroy(rosa.key_id)  # and then the power went
    assert retention.settle(store, ring, now=clock.now()) == 1
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).standing is Standing.CANCELLED
        assert session.get_one(Registration, luz.id).standing is Standing.OFFERED
        assert session.get_one(Workshop, workshop.id).seats_left == 0


def test_a_key_that_nothing_points_at_goes_after_a_day(
    config: Config, store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    ring.new(workshop.id, workshop.forget_on)
    assert retention.purge(store, ring, now=clock.now()).unused == 0
    soon = ring_of(ring, config, ring.today() + timedelta(days=2))
    assert retention.purge(store, soon, now=clock.now()).unused == 1


def test_the_main_database_reads_no_name_and_the_files_keep_none_after_forgetting(
    config: Config, store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    rosa = seat(
        store,
        ring,
        workshop,
        name="Canaria Rosa",
        contact=Contact.EMAIL,
        address="cana@example.org",
    )
    files = [*config.data.iterdir(), *config.keys.iterdir()]
    assert not [f.name for f in files if b"Canaria" in f.read_bytes() or b"cana@" in f.read_bytes()]
    with store.read() as session:
        row = str(session.execute(sa.text("SELECT * FROM registration")).one())
    assert "Canaria" not in row
    assert "cana@" not in row
    assert rosa.key_id is not None
    with ring.store.read() as session:
        sealed = session.execute(sa.text("SELECT sealed FROM key")).scalar_one()
    ring.destroy(rosa.key_id)
    assert not [f.name for f in config.keys.iterdir() if sealed in f.read_bytes()]


def test_no_two_tokens_give_each_other_and_only_their_hash_is_kept(
    store: Store, ring: Keyring, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    rosa = seat(store, ring, workshop)
    key = registrations.key_of(ring, rosa)
    manage, entry = registrations.manage_token(key), registrations.entry_token(key)
    assert manage != entry
    with store.read() as session:
        assert registrations.find(session, manage).id == rosa.id
        assert registrations.find_by_entry(session, entry).id == rosa.id
        row = session.execute(sa.text("SELECT * FROM registration")).one()
    assert manage not in str(row)
    assert entry not in str(row)


def test_masters_are_files_that_only_their_owner_reads(ring: Keyring, config: Config) -> None:
    ring.index("rosa@example.org")
    found: list[Path] = list(config.keys.glob("master-*"))
    assert len(found) == 1
    assert all(path.stat().st_mode & 0o077 == 0 for path in found)
