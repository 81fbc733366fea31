"""Forgetting somebody who asks for it, in the same request: the key first, then what is left."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification
from outreach.keystore import KeyStore
from outreach.privacy import mail_folder


def erase(
    store: Store,
    key_store: KeyStore,
    config: Config,
    registration_ids: Iterable[str],
    *,
    now: datetime,
) -> int:
    """Forgets these registrations of one person, as those of all the dates of a series, and says
    how many. Places before their day are free at once; letters owed, sent or written into a
    folder go too. One that has been forgotten already is passed over.

    A crash in between reads as forgotten: `settling.settle` finishes it."""
    wanted = list(registration_ids)
    with store.read() as session:
        rows = session.execute(
            sa.select(Registration.id, Registration.key_id).where(
                Registration.id.in_(wanted), Registration.key_id.is_not(None)
            )
        ).all()
    key_store.destroy(*(row.key_id for row in rows if row.key_id is not None))
    with store.change() as session:
        # In the order of their workshops, which are locked: two who do this wait, never deadlock.
        for registration in session.scalars(
            sa.select(Registration)
            .where(Registration.id.in_([row.id for row in rows]))
            .order_by(Registration.workshop_id)
        ):
            registrations.cancel(session, registration, now=now)
        session.execute(
            sa.delete(Notification)
            .where(Notification.registration_id.in_([row.id for row in rows]))
            .execution_options(synchronize_session=False)
        )
    store.sweep()
    if config.mail_folder is not None:
        with store.read() as session:
            files = mail_folder.to_forget(session, config.mail_folder)
        mail_folder.forget(files)
    return len(rows)
