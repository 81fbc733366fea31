"""Test data: workshops with doubtful seats, undecided, to be released, and released."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network import kinds, offices
from outreach.domain.registrations import doubtful, review
from outreach.domain.workshops import Workshop
from outreach.keystore import BurstDecision, KeyStore, bursts
from outreach.keystore.seat_shares import ClientNetwork, NetworkSize, SeatShares
from tests.conftest import a_saturday, make_workshop, seat

ADDRESSES = {"203.0.113.9": 8, "198.51.100.7": 6}


def make(store: Store, key_store: KeyStore, *, now: datetime) -> dict[str, str]:
    """Returns public ids of workshops and a manage token, by the names that tests use."""
    with store.change() as session:
        undecided, decided, released = (_hold(session) for _ in range(3))
    for workshop in (undecided, decided, released):
        _attack(store, key_store, workshop, now=now)
    ring, today = key_store.store, key_store.today()
    [first, _second] = bursts.list_bursts(ring, today, workshops=[decided.id])
    due_at = now + doubtful.UNDO_WITHIN
    bursts.decide(ring, [first.id], BurstDecision.RELEASE, due_at=due_at)
    for burst in bursts.list_bursts(ring, today, workshops=[released.id]):
        with store.change() as session:
            workshop = session.get_one(Workshop, released.id)
            doubtful.release(session, workshop, burst.key_ids, now=now)
        bursts.end(ring, [burst.id])
    return {
        "doubtful": undecided.public_id,
        "doubtful, decided": decided.public_id,
        "released": registrations.derive_manage_token(key_store.get(burst.key_ids[0])),
        "with released": released.public_id,
        "released entry": registrations.derive_entry_token(key_store.get(burst.key_ids[0])),
    }


def _hold(session: Session) -> Workshop:
    chicago, kind = offices.find(session, "chicago"), kinds.find(session, "derechos")
    return make_workshop(
        session, chicago, kind, title={"es": "Con prisa"}, day=a_saturday(), capacity=20
    )


def _attack(store: Store, key_store: KeyStore, workshop: Workshop, *, now: datetime) -> None:
    shares = SeatShares(key_store.store, key_store)
    share = review.compute_share(workshop)
    subject = review.name_subject(workshop)
    for address, parties in ADDRESSES.items():
        networks = [ClientNetwork(address, NetworkSize.ADDRESS)]
        for _ in range(parties):
            party = seat(store, key_store, workshop, name="Toño")
            key_ids = [party.key_id or b""]
            shares.take(subject, networks, 1, share, now=now, key_ids=key_ids)
