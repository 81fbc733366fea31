"""Erases a person on request, in the same request (S12): the key first, then the rows."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.call_centre import call_holds
from outreach.domain.registrations import Registration, call_attempts
from outreach.domain.registrations.notifications import Notification
from outreach.domain.scheduling import kept_queue
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
    """Erases these registrations of one person and returns how many. Seats of future workshops are
    free at once; notifications, call attempts, holds of calls and letters in the mail folder are
    deleted. A registration that is erased already is skipped.

    After a crash in between the key is gone; `reconcile.reconcile_stores` finishes the erasure."""
    ids = list(registration_ids)
    with store.read() as session:
        rows = session.scalars(
            sa.select(Registration).where(
                Registration.id.in_(ids), Registration.key_id.is_not(None)
            )
        ).all()
    # Read before they cannot be read any more: they lower the totals of their workshops.
    registrations.open_details(key_store, rows)
    opened = {row.id: row for row in rows}
    key_store.destroy(*(row.key_id for row in rows if row.key_id is not None))
    with store.change() as session:
        # In the order of workshops, which are locked: two erasures wait and never deadlock.
        for registration in session.scalars(
            sa.select(Registration)
            .where(Registration.id.in_(opened))
            .order_by(Registration.workshop_id)
        ):
            registrations.cancel(session, registration, now=now, opened=opened.get(registration.id))
        session.execute(
            sa.delete(Notification)
            .where(Notification.registration_id.in_(opened))
            .execution_options(synchronize_session=False)
        )
        kept_queue.delete_of_people(session, list(opened))
        call_attempts.delete_of(session, Registration.id.in_(opened))
        call_holds.delete_of(session, list(opened))
    store.truncate_log()
    mail_folder.delete_expired(store, key_store, config.mail_folder)
    return len(rows)
