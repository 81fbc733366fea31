"""Encrypts what earlier versions stored plain: hashes of links, details of parties (S05, S33).

A migration has no key store, so `outreach db upgrade` and the purge do it, workshop by workshop.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.types import Codes
from outreach.domain.registrations import capacity, totals
from outreach.domain.registrations.models import Registration, open_details
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

_HAS_PLAIN_VALUES: Final = sa.or_(
    Registration.manage.is_not(None),
    Registration.entry.is_not(None),
    Registration.plain_code.is_not(None),
    Registration.plain_language != "",
    Registration.plain_needs != Codes(),
    Registration.plain_arrived != 0,
)


def list_workshops(session: Session, *, of_erased: bool) -> Sequence[int]:
    """The ids of workshops with registrations that have plain values. With `of_erased`, all rows
    are read, also those of erased people, from whom this version takes plain values with the
    key."""
    found = sa.select(Registration.workshop_id).where(_HAS_PLAIN_VALUES)
    if not of_erased:
        found = found.where(Registration.key_id.is_not(None))
    # DISTINCT would make SQLite read the index of workshops, which has all registrations.
    return sorted(set(session.scalars(found)))


def seal(session: Session, key_store: KeyStore, workshop_id: int) -> int:
    """Encrypts the plain values of the registrations of a workshop, and returns of how many. Those
    whose key is missing are left as they are: a backup of the key store may still be loaded."""
    capacity.lock(session, session.get_one(Workshop, workshop_id))
    rows = session.scalars(
        sa.select(Registration).where(Registration.workshop_id == workshop_id, _HAS_PLAIN_VALUES)
    ).all()
    keys = open_details(key_store, rows)
    totals.recount(session, workshop_id)  # with what erased people added, which is plain
    sealed_count = 0
    for row in rows:
        key = keys.get(row.key_id or b"")
        if row.key_id is None or key is not None:
            sealed_count += 1
            _seal_row(row, key_store, key)
    session.flush()
    return sealed_count


def _seal_row(row: Registration, key_store: KeyStore, key: bytes | None) -> None:
    """Encrypts the values of one registration; deletes them where the person has been erased."""
    if key is not None:
        row.manage_digest = row.manage_digest or (row.manage and key_store.link_digest(row.manage))
        row.entry_digest = row.entry_digest or (row.entry and key_store.link_digest(row.entry))
        if row.sealed_details is None:
            row.seal(row.details, key)
            row.code_digest = key_store.code_digest(row.workshop_id, row.door_code)
    else:
        row.plain_code, row.plain_language = None, ""
        row.plain_needs, row.plain_arrived = Codes(), 0
    row.manage = row.entry = None
