"""The key store: keys are created, counted, found and destroyed, on one or several hosts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import DataErased, TooMany
from outreach.keystore import (
    DayKey,
    Key,
    KeyStore,
    LinkRequest,
    MasterKeys,
    RateCounter,
    TooManyDue,
)
from outreach.keystore.keystore import MADE_AT_LIFETIME
from outreach.keystore.rate_counters import RateCounters
from tests.support.daytime import noon_of

pytestmark = pytest.mark.core

SOON = clock.now().date() + timedelta(days=30)
ROSA = "rosa@example.org"


@pytest.fixture
def other_host(config: Config) -> Iterator[KeyStore]:
    """The key store in another process, with the same master keys."""
    store = Store(config.keyring_url)
    yield KeyStore(store, MasterKeys(config.keys))
    store.close()


def at_day(key_store: KeyStore, config: Config, day: date) -> KeyStore:
    """The key store as of another day."""
    return KeyStore(key_store.store, MasterKeys(config.keys), noon_of(day))


def count(
    key_store: KeyStore, table: type[Key] | type[LinkRequest] | type[RateCounter] | type[DayKey]
) -> int:
    with key_store.store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# Limit of keys for a contact


def test_too_many_keys_of_a_contact_are_refused(key_store: KeyStore) -> None:
    for _ in range(3):
        key_store.new(1, SOON, ROSA, at_most=3)
    with pytest.raises(TooMany):
        key_store.new(1, SOON, " Rosa@Example.org", at_most=3)
    key_store.new(2, SOON, ROSA, at_most=3)
    key_store.new(1, SOON, "luz@example.org", at_most=3)
    key_store.new(1, SOON, None, at_most=3)
    assert count(key_store, Key) == 6


def test_destroyed_and_due_keys_are_not_counted(key_store: KeyStore, config: Config) -> None:
    key_id, _key = key_store.new(1, SOON, ROSA, at_most=1)
    key_store.destroy(key_id)
    key_store.new(1, SOON, ROSA, at_most=1)
    at_day(key_store, config, SOON).new(1, SOON + timedelta(days=9), ROSA, at_most=1)
    assert count(key_store, Key) == 2


def test_simultaneous_requests_do_not_exceed_the_limit(
    key_store: KeyStore, other_host: KeyStore
) -> None:
    key_store.index(ROSA)
    start = Barrier(8)

    def request(number: int) -> bool:
        start.wait(timeout=30)
        try:
            (key_store if number % 2 else other_host).new(1, SOON, ROSA, at_most=3)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert sum(pool.map(request, range(8))) == 3
            assert count(key_store, Key) == 3
            key_store.destroy(*key_store.ids())


# Link recovery


def test_link_request_is_one_row_for_known_and_unknown_contacts(key_store: KeyStore) -> None:
    key_id, _key = key_store.new(1, SOON, ROSA)
    key_store.request_link(" ROSA@example.org ")
    assert count(key_store, LinkRequest) == 1
    key_store.request_link("nobody@example.org")
    assert count(key_store, LinkRequest) == 2
    known, unknown = key_store.link_requests()
    assert (known.key_ids, unknown.key_ids) == ([key_id], [])
    key_store.delete_link_request(known.id)
    assert [request.id for request in key_store.link_requests()] == [unknown.id]


def test_repeated_link_requests_are_answered_once(
    key_store: KeyStore,
) -> None:
    key_ids = {key_store.new(workshop, SOON, ROSA)[0] for workshop in (1, 2, 3)}
    for _ in range(4):
        key_store.request_link(ROSA)
    [request] = key_store.link_requests(limit=2)
    assert set(request.key_ids) == key_ids
    assert len(request.key_ids) == 3
    key_store.delete_link_request(request.id)
    assert key_store.link_requests() == []
    assert count(key_store, LinkRequest) == 0


def test_due_key_is_not_found_by_a_link_request(key_store: KeyStore, config: Config) -> None:
    key_store.new(1, SOON, ROSA)
    key_store.request_link(ROSA)
    [request] = at_day(key_store, config, SOON).link_requests()
    assert request.key_ids == []


def test_link_request_is_deleted_after_a_day(key_store: KeyStore) -> None:
    key_store.request_link(ROSA)
    assert key_store.tidy() == 0
    with key_store.store.change() as session:
        session.execute(sa.update(LinkRequest).values(asked_at=clock.now() - timedelta(hours=25)))
    assert key_store.tidy() == 1
    assert key_store.link_requests() == []


def test_key_store_has_no_contact_in_plain_text(key_store: KeyStore, config: Config) -> None:
    key_store.new(1, SOON, ROSA)
    key_store.request_link("+13125550142")
    with key_store.store.read() as session:
        rows = [
            repr(tuple(row)).encode()
            for table in (Key, LinkRequest)
            for row in session.execute(sa.select(table.__table__))
        ]
    files = [path.read_bytes() for path in config.keys.iterdir()]
    for text in (*rows, *files):
        assert b"rosa@" not in text
        assert b"3125550142" not in text


# Network addresses (S09)


def test_day_key_is_destroyed_when_the_next_is_made(key_store: KeyStore, config: Config) -> None:
    key_store.digest_of_today("203.0.113.9")
    with key_store.store.read() as session:
        sealed = session.scalars(sa.select(DayKey.sealed)).one()
    tomorrow = at_day(key_store, config, clock.now().date() + timedelta(days=1))
    tomorrow.digest_of_today("198.51.100.4")
    with key_store.store.read() as session:
        [left] = session.scalars(sa.select(DayKey)).all()
    assert left.day == tomorrow.today()
    if key_store.store.is_sqlite:
        assert not [path for path in config.keys.iterdir() if sealed in path.read_bytes()]


def test_rate_counters_of_yesterday_cannot_be_linked_to_an_address(
    key_store: KeyStore, config: Config, other_host: KeyStore
) -> None:
    attempts = RateCounters(Store(config.keyring_url))
    address = "203.0.113.9"
    yesterday_hash = key_store.digest_of_today(address)
    attempts.incr(f"post/{yesterday_hash.hex()}", 600)
    assert other_host.digest_of_today(address) == yesterday_hash  # the same on all hosts
    with key_store.store.change() as session:
        session.execute(sa.update(RateCounter).values(ends_at=clock.now() - timedelta(minutes=1)))
    later = at_day(key_store, config, key_store.today() + timedelta(days=1))
    later.tidy()
    assert (count(key_store, DayKey), count(key_store, RateCounter)) == (0, 0)
    assert later.digest_of_today(address) != yesterday_hash
    # The remaining keys and the address do not give the hash of that day.
    assert at_day(key_store, config, key_store.today()).digest_of_today(address) != yesterday_hash
    attempts.close()


# Expiry of keys


def test_key_expires_on_its_day_and_moves_with_its_workshop(
    key_store: KeyStore, config: Config
) -> None:
    key_id, key = key_store.new(1, SOON)
    eve, day = at_day(key_store, config, SOON - timedelta(days=1)), at_day(key_store, config, SOON)
    assert eve.get(key_id) == key
    with pytest.raises(DataErased):
        day.get(key_id)
    key_store.move(1, SOON + timedelta(days=10))
    assert day.get(key_id) == key
    assert day.destroy_due() == 0


def test_expire_by_never_postpones(key_store: KeyStore, config: Config) -> None:
    late_key, early_key = key_store.new(1, SOON)[0], key_store.new(1, SOON - timedelta(days=20))[0]
    assert key_store.expire_by([late_key, early_key], SOON - timedelta(days=10)) == 1
    assert at_day(key_store, config, SOON - timedelta(days=10)).due_ids() == {late_key, early_key}
    assert at_day(key_store, config, SOON - timedelta(days=11)).due_ids() == {early_key}


def test_past_expiry_is_due_and_never_overdue(
    key_store: KeyStore,
) -> None:
    long_ago = key_store.today() - timedelta(days=5)
    moved, hastened = key_store.new(1, SOON)[0], key_store.new(2, SOON)[0]
    key_store.new(3, SOON)
    key_store.move(1, long_ago)
    assert key_store.expire_by([hastened], long_ago) == 1
    assert key_store.due_ids() == {moved, hastened}
    assert key_store.count_overdue() == 0
    assert key_store.destroy_due() == 2


def test_change_days_skips_keys_moved_meanwhile(
    key_store: KeyStore,
) -> None:
    key_id, moved = key_store.new(1, SOON)[0], key_store.new(2, SOON)[0]
    key_store.move(2, SOON + timedelta(days=9))
    key_store.change_days([key_id, moved], SOON, SOON + timedelta(days=1))
    days = {key_id: SOON + timedelta(days=1), moved: SOON + timedelta(days=9)}
    assert key_store.days() == days


def test_keep_never_shortens(key_store: KeyStore) -> None:
    today = key_store.today()
    key_id, _key = key_store.new(7, today + timedelta(days=3))
    for requested, kept in ((5, 5), (4, 5), (9, 9)):
        assert key_store.keep(key_id, today + timedelta(days=requested))
        with key_store.store.read() as session:
            assert session.get_one(Key, key_id).forget_on == today + timedelta(days=kept)
    key_store.destroy(key_id)
    assert not key_store.keep(key_id, today + timedelta(days=9))


def test_purge_of_overdue_keys_needs_confirmation(key_store: KeyStore, config: Config) -> None:
    key_id, key = key_store.new(1, SOON)
    two, three = (at_day(key_store, config, SOON + timedelta(days=days)) for days in (2, 3))
    assert two.count_overdue() == 0
    assert three.count_overdue() == 1
    with pytest.raises(TooManyDue, match="outreach purge --yes"):
        three.destroy_due()
    assert key_store.get(key_id) == key
    assert two.destroy_due() == 1
    assert three.destroy_due() == 0


def test_confirmed_purge_destroys_all_due_keys(key_store: KeyStore, config: Config) -> None:
    for _ in range(3):
        key_store.new(1, SOON)
    assert at_day(key_store, config, SOON + timedelta(days=400)).destroy_due(sure=True) == 3
    assert key_store.ids() == set()


def test_minute_of_a_key_is_kept_for_an_hour(key_store: KeyStore) -> None:
    key_id, _key = key_store.new(1, SOON)
    made_at = key_store.made_at(key_id)
    assert made_at is not None
    assert clock.now() - made_at < timedelta(minutes=1)
    with key_store.store.change() as session:
        session.execute(sa.update(Key).values(made_at=made_at - MADE_AT_LIFETIME))
    assert key_store.made_at(key_id) is None
    key_store.tidy()
    with key_store.store.read() as session:
        assert session.scalars(sa.select(Key.made_at)).one() is None
    assert key_store.get(key_id)
