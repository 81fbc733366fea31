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

MAX_SHOWN: Final = 5


def mark(store: Store, key_store: KeyStore, *, now: datetime) -> int:
    """Keeps in the ring how far the journal has come; says how many lines it went on. What does
    not follow from the mark before is not marked: it is found then, and ever after."""
    known = audit_anchor.read(key_store.store)
    before = BEGINNING if known is None else ChainLink(known.number, known.hash)
    with store.read() as session:
        newest, gone = hash_chain.ends(session)
        if newest.number <= before.number:
            return 0
        since = before if before.number >= gone.number else gone
        if any(hash_chain.breaks(session, since)):
            return 0
    audit_anchor.move(key_store.store, newest.number, newest.hash, now=now)
    return newest.number - before.number


def wrong(store: Store, key_store: KeyStore) -> list[str]:
    """What is not as it was written, the first few; none when all of it is."""
    known = audit_anchor.read(key_store.store)
    with store.read() as session:
        found = [each.words for each in islice(hash_chain.breaks(session), MAX_SHOWN + 1)]
        if known is not None:
            newest, gone = hash_chain.ends(session)
            found = _against(session, known, newest, gone) + found
    return found if len(found) <= MAX_SHOWN else [*found[:MAX_SHOWN], "and more"]


def count(store: Store) -> int:
    """How many lines there are, by what the chain says."""
    with store.read() as session:
        newest, gone = hash_chain.ends(session)
    return newest.number - gone.number


def allow_to_go(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """The ring is told first which lines of the journal go: any others that are missing were
    taken out."""
    with store.read() as session:
        last = hash_chain.outdated(session, now=now)
    if last is not None:
        audit_anchor.allow_missing(key_store.store, last.number, now=now)


def begin_again(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """A copy lacks the newest lines of the journal: that is written down in it."""
    known = audit_anchor.read(key_store.store)
    with store.read() as session:
        newest, _gone = hash_chain.ends(session)
    if known is None or known.number <= newest.number:
        return
    with store.change() as session:
        lost: Details = {"first_line": newest.number + 1, "last_line": known.number}
        audit_log.record(session, None, "copy restored", now=now, details=lost)
    with store.read() as session:
        newest, _gone = hash_chain.ends(session)
    audit_anchor.reset(key_store.store, *newest, now=now)


def _against(session: Session, known: AuditAnchor, newest: ChainLink, gone: ChainLink) -> list[str]:
    """What the ring remembers otherwise."""
    found = []
    if gone.number > known.gone:
        found.append(f"lines {known.gone + 1} to {gone.number} went before they were a year old")
    if known.number > newest.number:
        found.append(f"the newest lines, {newest.number + 1} to {known.number}, are missing")
    elif known.number >= max(gone.number, 1):
        there = hash_chain.find_link(session, known.number)
        if there is None or there.hash != known.hash:
            found.append(f"the lines up to {known.number} are not those that were there")
    return found
