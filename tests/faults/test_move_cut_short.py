"""A move to another date that is cut short between the two databases, at each step."""

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, moving
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import reconcile, registration_move, retention
from tests.conftest import make_workshop, seat
from tests.support.scenario import faults


class Cut(Exception):
    """The process ends here."""


class _CutBefore(KeyStore):
    def reassign(self, key_id: bytes, workshop: int, forget_on: date) -> None:
        raise Cut


class _CutAfter(KeyStore):
    def reassign(self, key_id: bytes, workshop: int, forget_on: date) -> None:
        super().reassign(key_id, workshop, forget_on)
        raise Cut


def cut(key_store: KeyStore, kind: type[KeyStore]) -> KeyStore:
    return kind(key_store.store, key_store.envelope.master_keys)


@pytest.fixture
def dates(store: Store, chicago: Office, rights: Kind) -> tuple[Workshop, Workshop]:
    """A date in three weeks, and one in a week, whose people are forgotten before."""
    today = clock.now().date()
    with store.change() as session:
        late, early = (
            make_workshop(
                session, chicago, rights,
                day=today + timedelta(days=days), has_childcare=True, support={"childcare": 1},
            )
            for days in (21, 7)
        )  # fmt: skip
        return late, early


def move(store: Store, key_store: KeyStore, registration: Registration, to: Workshop) -> bool:
    return registration_move.move(store, key_store, registration.id, to.id, now=clock.now())


def find_wrong(store: Store, *workshops: Workshop) -> list[str]:
    with store.read() as session:
        return [fault for each in workshops for fault in faults(session, each.id)]


def where(store: Store, registration: Registration) -> int:
    with store.read() as session:
        return session.get_one(Registration, registration.id).workshop_id


def test_move_cut_before_its_transaction_ends_changes_nothing(
    store: Store, key_store: KeyStore, dates: tuple[Workshop, Workshop]
) -> None:
    late, early = dates
    rosa = seat(store, key_store, late, needs=Codes(["childcare"]))
    with pytest.raises(Cut), store.change() as session:
        row, target = session.get_one(Registration, rosa.id), session.get_one(Workshop, early.id)
        assert moving.move(session, key_store, row, target, now=clock.now())
        raise Cut
    assert where(store, rosa) == late.id
    assert find_wrong(store, late, early) == []
    assert key_store.list_workshops()[rosa.key_id or b""] == late.id
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).needs == ("childcare",)


@pytest.mark.parametrize("is_to_early", [True, False], ids=["to an earlier", "to a later"])
def test_purge_corrects_the_key_of_a_move_cut_before_the_key_store(
    store: Store, key_store: KeyStore, dates: tuple[Workshop, Workshop], is_to_early: bool
) -> None:
    source, target = dates if is_to_early else dates[::-1]
    rosa = seat(store, key_store, source)
    key_id = rosa.key_id or b""
    with pytest.raises(Cut):
        move(store, cut(key_store, _CutBefore), rosa, target)
    assert where(store, rosa) == target.id
    assert key_store.days()[key_id] == source.forget_on
    # At the last purge before the key would be destroyed by the day of before.
    day = min(source.forget_on, target.forget_on)
    then = clock.instant(day - timedelta(days=1), time(12), source.zone)
    then_store = KeyStore(key_store.store, key_store.envelope.master_keys, lambda: then)
    retention.purge(store, then_store, now=then)
    assert key_store.days()[key_id] == target.forget_on
    assert key_store.list_workshops()[key_id] == target.id


def test_same_post_after_the_cut_finishes_the_move(
    store: Store, key_store: KeyStore, dates: tuple[Workshop, Workshop]
) -> None:
    late, early = dates
    rosa = seat(store, key_store, late)
    for kind in (_CutBefore, _CutAfter):
        with pytest.raises(Cut):
            move(store, cut(key_store, kind), rosa, early)
    assert not move(store, key_store, rosa, early)
    assert key_store.days()[rosa.key_id or b""] == early.forget_on
    assert find_wrong(store, late, early) == []
    with store.read() as session:
        assert session.scalars(sa.text("SELECT cause FROM notification")).all() == []


def test_change_of_the_old_date_after_the_cut_does_not_decide_about_the_party(
    store: Store, key_store: KeyStore, dates: tuple[Workshop, Workshop]
) -> None:
    late, early = dates
    rosa = seat(store, key_store, late)
    with pytest.raises(Cut):
        move(store, cut(key_store, _CutBefore), rosa, early)
    key_store.move(late.id, late.forget_on + timedelta(days=30))
    reconcile.correct_workshops(store, key_store)
    reconcile.correct_days(store, key_store, now=clock.now())
    assert key_store.days()[rosa.key_id or b""] == early.forget_on


def test_person_who_is_erased_meanwhile_is_not_moved(
    store: Store, key_store: KeyStore, dates: tuple[Workshop, Workshop]
) -> None:
    late, early = dates
    rosa = seat(store, key_store, late, needs=Codes(["childcare"]))
    key_store.destroy(rosa.key_id or b"")
    with pytest.raises(Exception, match="gone"):
        move(store, key_store, rosa, early)
    assert where(store, rosa) == late.id
    reconcile.reconcile_stores(store, key_store, now=clock.now(), sure=True)
    assert find_wrong(store, late, early) == []
    with store.read() as session:
        assert registrations.list_active(session, early) == []
