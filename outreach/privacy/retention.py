"""The daily purge. The key goes first: from that moment no copy anywhere can be read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach.accounts import invitations, sessions
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.journal import Entry
from outreach.domain.registrations import Registration
from outreach.keyring import Keyring

JOURNAL_KEPT: Final = timedelta(days=365)


@dataclass(frozen=True)
class Purged:
    keys: int  # destroyed because their day had come
    emptied: int  # rows whose key is gone
    unused: int  # keys that nothing pointed at


def purge(store: Store, ring: Keyring, *, now: datetime, sure: bool = False) -> Purged:
    """Forgets everyone whose day has come. Raises TooManyDue as `Keyring.destroy_due` does."""
    keys = ring.destroy_due(sure=sure)
    emptied = settle(store, ring, now=now)
    with store.read() as session:
        used = set(session.scalars(sa.select(Registration.key_id).where(_HAS_KEY)))
    unused = ring.destroy_unused({key_id for key_id in used if key_id is not None})
    with store.change() as session:
        session.execute(sa.delete(Entry).where(Entry.at < now - JOURNAL_KEPT))
        sessions.purge(session, now=now)
        invitations.purge(session, now=now)
    store.sweep()
    return Purged(keys, emptied, unused)


def settle(store: Store, ring: Keyring, *, now: datetime) -> int:
    """Empties the rows whose key is gone: of a purge, of a forgetting that was cut short, of an
    older copy that has been put back. Says how many."""
    known = ring.known()
    with store.read() as session:
        pointing = session.execute(
            sa.select(Registration.id, Registration.key_id).where(_HAS_KEY)
        ).all()
    blind = [registration_id for registration_id, key_id in pointing if key_id not in known]
    for registration_id in blind:
        with store.change() as session:
            registration = session.get_one(Registration, registration_id)
            registrations.release(session, registration, now=now)
    return len(blind)


_HAS_KEY: Final = Registration.key_id.is_not(None)
