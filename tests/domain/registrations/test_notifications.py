"""Moments of notifications: the hour of what a person did, and nothing once they are settled."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.outbox import LETTERS, manual_calls
from outreach.domain.registrations import ContactMethod
from outreach.domain.registrations.notifications import Notification
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat

pytestmark = pytest.mark.any_database("a column type")


def _only(store: Store) -> Notification:
    with store.read() as session:
        return session.scalars(sa.select(Notification)).one()


def _minute() -> datetime:
    return clock.hour_of(clock.now()) - timedelta(hours=1) + timedelta(minutes=17, seconds=43)


def test_notification_that_a_person_caused_is_due_at_the_hour(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    now = _minute()
    seat(
        store, key_store, workshop, now=now, contact=ContactMethod.EMAIL,
        address="rosa@example.org",
    )  # fmt: skip
    row = _only(store)
    assert row.due_at == row.made_at == clock.hour_of(now)


def test_settled_notification_has_no_moment_of_its_own(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    now = _minute()
    seat(
        store, key_store, workshop, now=now, contact=ContactMethod.EMAIL,
        address="rosa@example.org",
    )  # fmt: skip
    with store.change() as session:
        claimed = LETTERS.claim(session.connection(), now=now)
        assert claimed is not None
        LETTERS.mark_refused(session.connection(), claimed, now, is_final=False)
    assert _only(store).due_at > now, "a retry is due at a moment of the worker"
    later = now + timedelta(hours=1)
    with store.change() as session:
        claimed = LETTERS.claim(session.connection(), now=later)
        assert claimed is not None
        LETTERS.mark_done(session.connection(), claimed, later)
    row = _only(store)
    assert (row.due_at, row.leased_until) == (row.made_at, None)
    assert row.done_at == clock.hour_of(later)


def test_call_that_was_made_has_no_moment_of_its_own(
    store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    now = _minute()
    seat(store, key_store, workshop, now=now, contact=ContactMethod.PHONE, address="+13125550142")
    number = _only(store).id
    with store.change() as session:
        manual_calls.mark_called(session, number, now=now + timedelta(minutes=5))
    row = _only(store)
    assert row.due_at == row.made_at == row.done_at == clock.hour_of(now)


def test_hour_is_that_of_utc() -> None:
    assert clock.hour_of(datetime(2027, 1, 1, 12, 59, 59, 9, tzinfo=UTC)).minute == 0
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert clock.next_hour(noon) == noon
    assert clock.next_hour(noon + timedelta(microseconds=1)) == noon + timedelta(hours=1)
