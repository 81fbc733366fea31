"""Deletes followers whose server says that they are gone, also while nothing is pushed."""

from datetime import datetime
from typing import Final

from outreach.db.store import Store
from outreach.extensions.activitypub import followers
from outreach.keystore import Keeper, KeyStore


def count(store: Store, _key_store: KeyStore) -> int:
    """Counts all followers."""
    with store.read() as session:
        return followers.count_all(session)


def count_due(store: Store, _key_store: KeyStore, now: datetime) -> int:
    """Counts those of whom nothing was heard since their server said that they are gone."""
    with store.read() as session:
        return followers.count_gone(session, now=now)


def purge(store: Store, _key_store: KeyStore, now: datetime) -> int:
    """Deletes those, and returns how many. Others end when they unfollow."""
    with store.change() as session:
        return followers.drop_gone(session, now=now)


KEEPER: Final = Keeper(
    noun="followers",
    held="addresses of those who follow an office from another server",
    count=count,
    count_due=count_due,
    purge=purge,
)
