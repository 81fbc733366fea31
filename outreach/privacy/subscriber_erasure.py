"""Erases subscribers of the bulletin: those who unsubscribe and those who never confirmed."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.newsletter.mailings import KEPT, Mailing
from outreach.domain.newsletter.subscribers import MAX_UNCONFIRMED, Subscriber
from outreach.keystore import KeyStore
from outreach.privacy import mail_folder
from outreach.privacy.reconcile import MAX_UNEXPECTED, TooManyBlind


def erase(
    store: Store, key_store: KeyStore, config: Config, subscriber_id: str, key_id: bytes
) -> None:
    """Erases a subscriber: the key, then the row, the mailings and the letters in the mail folder.
    After a crash in between, the purge finishes it."""
    key_store.destroy(key_id)
    with store.change() as session:
        _delete(session, [subscriber_id])
    store.truncate_log()
    mail_folder.delete_expired(store, key_store, config.mail_folder)


def find_expired(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> list[Subscriber]:
    """Subscribers to be erased: their key is gone, or they did not confirm in time.

    Raises TooManyBlind when more than a few confirmed ones have no key, and fewer have one: then
    the key store was lost."""
    # Rows before keys: a key exists before its row.
    with store.read() as session:
        rows = session.scalars(sa.select(Subscriber)).all()
    known = key_store.list_existing([row.key_id for row in rows]) - key_store.due_ids()
    blind = [row for row in rows if row.key_id not in known]
    early = sum(1 for row in blind if row.confirmed_at is not None)
    if not sure and early > max(MAX_UNEXPECTED, len(rows) - len(blind)):
        raise TooManyBlind(
            f"{early} subscribers have lost their key, more than have one. If the ring is lost, "
            "load its spare first: outreach keys spare --load FILE. If they are to be forgotten, "
            "run again with --yes"
        )
    late = [
        row for row in rows if row.confirmed_at is None and row.asked_at <= now - MAX_UNCONFIRMED
    ]
    return [*blind, *(row for row in late if row.key_id in known)]


def purge(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Erases expired subscribers and old mailings; returns how many subscribers. `find_expired` has
    checked for a lost key store before."""
    expired = find_expired(store, key_store, now=now, sure=True)
    if expired:
        key_store.destroy(*(row.key_id for row in expired))
    with store.change() as session:
        _delete(session, [row.id for row in expired])
        session.execute(
            sa.delete(Mailing)
            .where(Mailing.done_at < now - KEPT)
            .execution_options(synchronize_session=False)
        )
    return len(expired)


def _delete(session: Session, subscriber_ids: Sequence[str]) -> None:
    """Deletes the rows; their mailings are deleted by cascade."""
    for start in range(0, len(subscriber_ids), 500):
        session.execute(
            sa.delete(Subscriber)
            .where(Subscriber.id.in_(subscriber_ids[start : start + 500]))
            .execution_options(synchronize_session=False)
        )
