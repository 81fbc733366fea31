"""An erasure or a check-in that is cut short between the two databases leaves the totals right."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.checkin import checkin
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus, accommodations, totals
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.privacy import erasure, reconcile, retention
from tests.conftest import make_workshop, seat

CHILDCARE = Codes(["childcare"])


class Cut(Exception):
    """The process ends here."""


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(
            session, chicago, rights, capacity=10, has_childcare=True, support={"childcare": 2}
        )


def left(store: Store, workshop: Workshop) -> int:
    with store.read() as session:
        return accommodations.get_left(session, workshop.id)["childcare"]


def total(store: Store, workshop: Workshop, name: str) -> int:
    with store.read() as session:
        return totals.read(session, workshop.id)[name]


class _CutBefore(KeyStore):
    def destroy(self, *key_ids: bytes) -> None:
        raise Cut


class _CutAfter(KeyStore):
    def destroy(self, *key_ids: bytes) -> None:
        super().destroy(*key_ids)
        raise Cut


def cut(key_store: KeyStore, kind: type[KeyStore]) -> KeyStore:
    return kind(key_store.store, key_store.envelope.master_keys)


def test_erasure_cut_before_the_key_is_destroyed_changes_nothing(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, needs=CHILDCARE)
    with pytest.raises(Cut):
        erasure.erase(store, cut(key_store, _CutBefore), config, [rosa.id], now=clock.now())
    assert left(store, workshop) == 1
    assert reconcile.reconcile_stores(store, key_store, now=clock.now()) == 0
    assert reconcile.recount_totals(store) == 0
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).needs == CHILDCARE


def test_erasure_cut_after_the_key_frees_the_place_when_reconciled(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa, luz = (seat(store, key_store, workshop, needs=CHILDCARE) for _ in range(2))
    assert left(store, workshop) == 0
    with pytest.raises(Cut):
        erasure.erase(store, cut(key_store, _CutAfter), config, [rosa.id], now=clock.now())
    assert left(store, workshop) == 0, "nothing is promised twice meanwhile"
    assert reconcile.reconcile_stores(store, key_store, now=clock.now()) == 1
    assert left(store, workshop) == 1
    assert total(store, workshop, "language es") == 1
    assert reconcile.recount_totals(store) == 0
    erasure.erase(store, key_store, config, [luz.id], now=clock.now())
    assert left(store, workshop) == 2
    assert total(store, workshop, "language es") == 0


def test_transaction_cut_after_its_statements_changes_no_total(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    rosa = seat(store, key_store, workshop, needs=CHILDCARE, people=2)
    with pytest.raises(Cut), store.change() as session:
        party = session.get_one(Registration, rosa.id)
        checkin.mark_arrived(session, party, 2)
        registrations.cancel(session, party, now=clock.now())
        raise Cut
    assert left(store, workshop) == 1
    assert total(store, workshop, totals.ARRIVED) == 0
    assert reconcile.recount_totals(store) == 0


def test_key_without_its_registration_adds_nothing(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    seat(store, key_store, workshop, needs=CHILDCARE)
    with pytest.raises(Cut), store.change() as session:
        data = registrations.RegistrationData(name="Luz", needs=CHILDCARE)
        sealed = registrations.prepare(key_store, workshop, data)
        registrations.register(session, workshop, data, sealed, "luz", now=clock.now())
        raise Cut
    assert left(store, workshop) == 1
    assert reconcile.recount_totals(store) == 0


def test_totals_that_were_wrong_are_counted_anew(
    store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    for _ in range(2):
        seat(store, key_store, workshop, needs=CHILDCARE)
    with store.change() as session:
        session.execute(sa.delete(totals.PeopleTotals))
    retention.purge(store, key_store, now=clock.now())
    assert left(store, workshop) == 0
    assert total(store, workshop, "language es") == 2


def test_counts_of_erased_people_stay_after_the_workshop(
    config: Config, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    came, other = (seat(store, key_store, workshop, needs=CHILDCARE, people=3) for _ in range(2))
    with store.change() as session:
        for each in (came, other):
            checkin.mark_arrived(session, session.get_one(Registration, each.id), 3)
    after = workshop.ends_at + timedelta(hours=1)
    erasure.erase(store, key_store, config, [came.id], now=after)
    for is_cut in (False, True):
        if is_cut:
            key_store.destroy(other.key_id or b"")
            reconcile.reconcile_stores(store, key_store, now=after, sure=True)
        assert reconcile.recount_totals(store) == 0
        assert total(store, workshop, totals.ARRIVED) == 6
        assert total(store, workshop, totals.SEATED) == 6
        assert total(store, workshop, totals.need_name("childcare")) == 2


def test_offer_passes_over_a_party_whose_key_is_gone(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        small = make_workshop(session, chicago, rights, capacity=1)
    rosa, luz, ines = (seat(store, key_store, small) for _ in range(3))
    with pytest.raises(Cut):
        erasure.erase(store, cut(key_store, _CutAfter), config, [luz.id], now=clock.now())
    erasure.erase(store, key_store, config, [rosa.id], now=clock.now())
    with store.read() as session:
        assert [session.get_one(Registration, each.id).status for each in (luz, ines)] == [
            RegistrationStatus.WAITLISTED,
            RegistrationStatus.OFFERED,
        ]
