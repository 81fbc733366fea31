"""Verifies the audit log: new rows in each round of the worker, all rows on request.

The key store's database keeps the newest verified hash as an anchor, since the hash chain alone
could be rebuilt by somebody who can write to the main database (`domain/audit/hash_chain.py`).
"""

from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain.audit import audit_log, hash_chain
from outreach.domain.audit.audit_log import Details
from outreach.domain.audit.hash_chain import BEGINNING, ChainLink
from outreach.keystore import AuditAnchor, KeyStore, audit_anchor

MAX_SHOWN: Final = 5  # errors


def move_anchor(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Moves the anchor to the newest row and returns by how many rows.

    Does nothing when the rows after the anchor do not follow from it: `find_errors` then reports
    them each time."""
    anchor = audit_anchor.read(key_store.store)
    verified = BEGINNING if anchor is None else ChainLink(anchor.number, anchor.hash)
    with store.read() as session:
        newest, deleted = hash_chain.ends(session)
        if newest.number <= verified.number:
            return 0
        since = verified if verified.number >= deleted.number else deleted
        if any(hash_chain.breaks(session, since)):
            return 0
    audit_anchor.move(key_store.store, newest.number, newest.hash, now=now)
    return newest.number - verified.number


def find_errors(store: Store, key_store: KeyStore) -> list[str]:
    """The first errors of the audit log, in words for the operator; empty when it is intact."""
    anchor = audit_anchor.read(key_store.store)
    with store.read() as session:
        errors = [each.words for each in islice(hash_chain.breaks(session), MAX_SHOWN + 1)]
        if anchor is not None:
            newest, deleted = hash_chain.ends(session)
            errors = _compare_anchor(session, anchor, newest, deleted) + errors
    return errors if len(errors) <= MAX_SHOWN else [*errors[:MAX_SHOWN], "and more"]


def count(store: Store) -> int:
    """The number of rows, according to the ends of the chain."""
    with store.read() as session:
        newest, deleted = hash_chain.ends(session)
    return newest.number - deleted.number


def allow_deletion(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Stores in the key store which rows may be missing, before `hash_chain.delete_old_rows`
    deletes them: any other missing row is an error."""
    with store.read() as session:
        last = hash_chain.find_last_old_row(session, now=now)
    if last is not None:
        audit_anchor.allow_missing(key_store.store, last.number, now=now)


def reset_after_restore(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Moves the anchor back to the newest row of a restored copy, and records in its audit log
    which rows it lacks."""
    anchor = audit_anchor.read(key_store.store)
    with store.read() as session:
        newest, _deleted = hash_chain.ends(session)
    if anchor is None or anchor.number <= newest.number:
        return
    with store.change() as session:
        lost: Details = {"first_line": newest.number + 1, "last_line": anchor.number}
        audit_log.record(session, None, "copy restored", now=now, details=lost)
    with store.read() as session:
        newest, _deleted = hash_chain.ends(session)
    audit_anchor.reset(key_store.store, *newest, now=now)


def _compare_anchor(
    session: Session, anchor: AuditAnchor, newest: ChainLink, deleted: ChainLink
) -> list[str]:
    """Errors that only the anchor in the key store reveals."""
    errors = []
    if deleted.number > anchor.gone:
        errors.append(
            f"lines {anchor.gone + 1} to {deleted.number} went before they were a year old"
        )
    if anchor.number > newest.number:
        errors.append(f"the newest lines, {newest.number + 1} to {anchor.number}, are missing")
    elif anchor.number >= max(deleted.number, 1):
        link = hash_chain.find_link(session, anchor.number)
        if link is None or link.hash != anchor.hash:
            errors.append(f"the lines up to {anchor.number} are not those that were there")
    return errors
