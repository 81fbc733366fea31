"""Ends subscriptions whose lease has ended, also while nothing is pushed."""

from datetime import datetime
from typing import Final

from outreach.db.store import Store
from outreach.extensions.websub import subscriptions
from outreach.keystore import Keeper, KeyStore


def count(store: Store, _key_store: KeyStore) -> int:
    """Counts subscriptions and the requests that await verification."""
    with store.read() as session:
        return subscriptions.count_stored(session)


def count_due(store: Store, _key_store: KeyStore, now: datetime) -> int:
    """Counts those that have ended."""
    with store.read() as session:
        return subscriptions.count_ended(session, now=now)


def purge(store: Store, _key_store: KeyStore, now: datetime) -> int:
    """Deletes those that have ended; returns how many."""
    with store.change() as session:
        count = subscriptions.count_ended(session, now=now)
        subscriptions.purge(session, now=now)
    return count


KEEPER: Final = Keeper(
    noun="subscriptions of programs",
    held="addresses at which programs subscribe to feeds",
    count=count,
    count_due=count_due,
    purge=purge,
)
