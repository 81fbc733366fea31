"""Forgetting those who get the bulletin: who says that it is enough, and who never said yes."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.newsletter.mailings import KEPT, Mailing
from outreach.domain.newsletter.subscribers import UNCONFIRMED, Subscriber
from outreach.keystore import KeyStore
from outreach.privacy import mail_folder
from outreach.privacy.reconcile import FEW, TooManyBlind


def erase(
    store: Store, key_store: KeyStore, config: Config, subscriber_id: str, key_id: bytes
) -> None:
    """Forgets one of them at once: the key, then the row and the letters owed, sent or written
    into a folder. A crash in between reads as forgotten; the purge finishes it."""
    key_store.destroy(key_id)
    with store.change() as session:
        _delete(session, [subscriber_id])
    store.sweep()
    if config.mail_folder is not None:
        with store.read() as session:
            files = mail_folder.to_forget(session, config.mail_folder)
        mail_folder.forget(files)


def going(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> list[Subscriber]:
    """Those to be forgotten by now: their key is gone, or they did not say yes in time.

    Raises TooManyBlind when more than a few who said yes have lost their key, and hardly anybody
    else of them has one: then it is the ring that was lost."""
    # Rows before keys: a key is in the ring before there is a row for it.
    with store.read() as session:
        rows = session.scalars(sa.select(Subscriber)).all()
    known = key_store.known() - key_store.due()
    blind = [row for row in rows if row.key_id not in known]
    early = sum(1 for row in blind if row.confirmed_at is not None)
    if not sure and early > max(FEW, len(rows) - len(blind)):
        raise TooManyBlind(
            f"{early} subscribers have lost their key, more than have one. If the ring is lost, "
            "load its spare first: outreach keys spare --load FILE. If they are to be forgotten, "
            "run again with --yes"
        )
    late = [row for row in rows if row.confirmed_at is None and row.asked_at <= now - UNCONFIRMED]
    return [*blind, *(row for row in late if row.key_id in known)]


def purge(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Forgets those, and what was sent long ago; says how many of the first. `going` has been asked
    before anything was destroyed."""
    found = going(store, key_store, now=now, sure=True)
    if found:
        key_store.destroy(*(row.key_id for row in found))
    with store.change() as session:
        _delete(session, [row.id for row in found])
        session.execute(
            sa.delete(Mailing)
            .where(Mailing.done_at < now - KEPT)
            .execution_options(synchronize_session=False)
        )
    return len(found)


def _delete(session: Session, subscriber_ids: Sequence[str]) -> None:
    """Their letters go with the rows."""
    for start in range(0, len(subscriber_ids), 500):
        session.execute(
            sa.delete(Subscriber)
            .where(Subscriber.id.in_(subscriber_ids[start : start + 500]))
            .execution_options(synchronize_session=False)
        )
