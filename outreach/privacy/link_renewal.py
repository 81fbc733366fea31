"""Gives a person new links on request; the old ones, QR code and door code lead nowhere (S05).

Key store and main database are changed one after the other, and a crash in between is reconciled by
what the main database has: until it stored the new links, the old ones are good.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.errors import NotFound
from outreach.keystore import KeyStore, RegistrationKey, link_renewals
from outreach.privacy import reconcile

IS_LEFT_AFTER: Final = timedelta(minutes=1)  # a renewal not finished by then was interrupted
MAX_AHEAD: Final = 50  # renewals by which a key store that was put back may be behind


def renew(
    store: Store,
    key_store: KeyStore,
    group: Sequence[Registration],
    nonce: str,
    *,
    now: datetime,
) -> dict[str, RegistrationKey]:
    """Renews the links of all dates of a group, each of whose pages leads to the others. Returns
    their keys by id of registration.

    `nonce` is that of the form, by which `find_renewed` knows a repeated post. Raises NotFound
    where they have been erased."""
    key_ids = {each.id: each.key_id for each in group if each.key_id is not None}
    link_renewals.begin(key_store, key_ids.values(), _form(key_store, nonce), now=now)
    with store.change() as session:
        session.execute(
            sa.select(Registration.id)
            .where(Registration.id.in_(key_ids))
            .order_by(Registration.id)
            .with_for_update()
        ).all()
        # Read once the rows are locked: of two renewals at once, the later one stores both.
        keys = key_store.get_all(key_ids.values())
        for registration_id, key_id in key_ids.items():
            if key_id in keys:
                registrations.store_links(session, key_store, registration_id, keys[key_id])
    link_renewals.finish(key_store, key_ids.values(), began_at=now)
    if not keys:
        raise NotFound("registration")
    return {name: keys[key_id] for name, key_id in key_ids.items() if key_id in keys}


def find_renewed(
    store: Store, key_store: KeyStore, registration_id: str, nonce: str
) -> RegistrationKey:
    """The key of a registration whose links were renewed by this form, on the same day: a browser
    repeats its post after a lost answer, and its link is dead by then. Raises NotFound."""
    with store.read() as session:
        registration = session.get(Registration, registration_id)
    if registration is None or registration.key_id is None or not nonce:
        raise NotFound("registration")
    if not link_renewals.is_of_form(key_store, registration.key_id, _form(key_store, nonce)):
        raise NotFound("registration")
    return registrations.get_key(key_store, registration)


def end_interrupted(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Ends the renewals that a crash interrupted; returns how many."""
    begun = link_renewals.list_begun(key_store, before=now - IS_LEFT_AFTER)
    return sum(_reconcile(store, key_store, key_id, now=now) for key_id in begun)


def reconcile_links(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Makes links and keys agree where one database was put back to an earlier state: what was
    renewed stays so. Returns of how many registrations."""
    count = 0
    for key_ids in reconcile.list_row_batches(store):
        with store.read() as session:
            rows = session.execute(
                sa.select(Registration.key_id, Registration.manage_digest).where(
                    Registration.key_id.in_(key_ids), Registration.manage_digest.is_not(None)
                )
            )
            some = {row[0]: row[1] for row in rows if row[0] is not None}
        for key_id, key in key_store.get_all(some).items():
            if registrations.manage_digest_of(key_store, key) != some[key_id]:
                count += _reconcile(store, key_store, key_id, now=now)
    return count


def _reconcile(store: Store, key_store: KeyStore, key_id: bytes, *, now: datetime) -> bool:
    """Makes the links of one key agree. False where nothing was to be done, or can be."""
    began_at = link_renewals.get_beginning(key_store, key_id)
    if began_at is not None and began_at > now - IS_LEFT_AFTER:
        return False
    with store.change() as session:
        row = session.execute(
            sa.select(Registration.id, Registration.manage_digest)
            .where(Registration.key_id == key_id)
            .with_for_update()
        ).first()
        key = key_store.get_all([key_id]).get(key_id)
        if row is None or key is None or row.manage_digest is None:
            return False
        stored = _find_renewals(key_store, key, row.manage_digest)
        if stored is None or (stored == key.renewals and began_at is None):
            return False
        is_put_back = began_at is None and stored < key.renewals
        if is_put_back:
            registrations.store_links(session, key_store, row.id, key)
    # An interrupted renewal ends as the main database has it; so does a key store that is behind.
    return is_put_back or link_renewals.set_renewals(key_store, key_id, stored, began_at=began_at)


def _find_renewals(key_store: KeyStore, key: RegistrationKey, digest: bytes) -> int | None:
    """Returns after how many renewals the key gave the link of this digest; None if it never
    did."""
    for renewals in range(key.renewals + MAX_AHEAD, -1, -1):
        tried = RegistrationKey(key)
        tried.renewals = renewals
        if registrations.manage_digest_of(key_store, tried) == digest:
            return renewals
    return None


def _form(key_store: KeyStore, nonce: str) -> bytes:
    return key_store.digest_of_today(f"renewal {nonce}")
