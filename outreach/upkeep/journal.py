"""The journal, looked through: by the worker in each round what is new, by the doctor all of it."""

from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import chain
from outreach.domain.chain import BEGINNING, Link
from outreach.keyring import JournalMark, Keyring, marks
from outreach.upkeep.findings import Finding

SHOWN: Final = 5


def mark(store: Store, ring: Keyring, *, now: datetime) -> int:
    """Keeps in the ring how far the journal has come; says how many lines it went on. What does
    not follow from the mark before is not marked: doctor finds it then, and ever after."""
    known = marks.read(ring.store)
    before = BEGINNING if known is None else Link(known.number, known.hash)
    with store.read() as session:
        newest, gone = chain.ends(session)
        if newest.number <= before.number:
            return 0
        since = before if before.number >= gone.number else gone
        if any(chain.breaks(session, since)):
            return 0
    marks.move(ring.store, newest.number, newest.hash, now=now)
    return newest.number - before.number


def examine(store: Store, ring: Keyring) -> Finding:
    """Whether it is as it was written."""
    known = marks.read(ring.store)
    with store.read() as session:
        wrong = [found.words for found in islice(chain.breaks(session), SHOWN + 1)]
        newest, gone = chain.ends(session)
        if known is not None:
            wrong = _against(session, known, newest, gone) + wrong
    if not wrong:
        return Finding("journal", True, f"{newest.number - gone.number} lines, one chain")
    more = "; and more" if len(wrong) > SHOWN else ""
    told = "; ".join(wrong[:SHOWN]) + more
    return Finding("journal", False, f"{told}. See: outreach guide journal")


def _against(session: Session, known: JournalMark, newest: Link, gone: Link) -> list[str]:
    """What the ring remembers otherwise."""
    found = []
    if gone.number > known.gone:
        found.append(f"lines {known.gone + 1} to {gone.number} went before they were a year old")
    if known.number > newest.number:
        found.append(f"the newest lines, {newest.number + 1} to {known.number}, are missing")
    elif known.number >= max(gone.number, 1):
        there = chain.at(session, known.number)
        if there is None or there.hash != known.hash:
            found.append(f"the lines up to {known.number} are not those that were there")
    return found
