"""Erases what somebody follows: when they end it, on its day, or after its one notice."""

from datetime import datetime
from typing import Final

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network import kinds
from outreach.extensions.follow import follows
from outreach.keystore import Keeper, KeyStore
from outreach.privacy import mail_folder


def erase(store: Store, key_store: KeyStore, config: Config, follow_id: bytes) -> None:
    """Erases a follow, its messages and the letters in the mail folder. Nothing else is stored
    about it."""
    follows.end(key_store, follow_id)
    mail_folder.delete_expired(store, key_store, config.mail_folder)


def leave_out_refused(store: Store, key_store: KeyStore) -> int:
    """Leaves kinds that became discreet or of high sensitivity out of what is stored; returns of
    how many follows."""
    with store.read() as session:
        found = kinds.list_kinds(session)
    return follows.leave_out_refused(key_store, found)


def purge(store: Store, key_store: KeyStore, now: datetime) -> int:
    """Erases the follows that have ended; returns how many. Leaves kinds that may not be followed
    any more out of the others."""
    count = follows.purge(key_store, now=now)
    leave_out_refused(store, key_store)
    return count


KEEPER: Final = Keeper(
    noun="follows",
    held="requests to be notified of workshops",
    count=lambda _store, key_store: follows.count_stored(key_store),
    count_due=lambda _store, key_store, _now: follows.count_due(key_store),
    purge=purge,
)
