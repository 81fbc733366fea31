"""The chain of the journal: a line that is changed, taken out or put in later is found.

Each line holds the SHA-256 of the line before it and of itself, and a number without gaps. Whoever
can write to this database alone could still make all of it anew, or cut off its end: so the worker
keeps the newest hash in the ring's database too, within seconds (`maintenance/audit_check.py`), and
doctor compares. What is a year old goes from the beginning; the hash of the last line that went
stays.

Lines are linked when their transaction is kept, as one of its last statements: the row that they
wait for each other at is held for a moment only.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from outreach.db.base import Base
from outreach.domain.audit import text_details
from outreach.domain.audit.audit_log import (
    JSON_FORMAT,
    RECORDED_ACTIONS,
    TEXT_FORMAT,
    AuditEntry,
    canonical,
)

KEPT: Final = timedelta(days=365)
_ONLY: Final = 1  # the id of the only row


class AuditChain(Base):
    """The two ends of the chain."""

    __tablename__ = "journal_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)  # of the newest line
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    gone: Mapped[int] = mapped_column(default=0)  # the number of the last line that was let go
    gone_hash: Mapped[str] = mapped_column(sa.String(64), default="")


class ChainLink(NamedTuple):
    """A line's place in the chain."""

    number: int
    hash: str


BEGINNING: Final = ChainLink(0, "")


@dataclass(frozen=True)
class ChainBreak:
    """What is wrong with the chain, in words for who looks after the server."""

    number: int  # of the first line it is about; 0 for one outside the chain
    words: str


def digest(
    number: int,
    previous: str,
    *,
    at: datetime,
    who: int | None,
    action: str,
    what: int | None,
    office: str,
    details: str,
) -> str:
    """The hash of a row of format 2: of its columns and the hash of the row before it, in hex."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [JSON_FORMAT, number, previous, instant, who, action, what, office, details]
    return _sha256(json.dumps(values, separators=(",", ":"), ensure_ascii=False))


def text_digest(
    number: int,
    previous: str,
    *,
    at: datetime,
    who: int | None,
    action: str,
    what: int | None,
    office: str,
    detail: str,
) -> str:
    """The hash of a row of format 1, whose details are text."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [number, previous, instant, who, action, what, office, detail]
    return _sha256(json.dumps(values, separators=(",", ":")))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def ends(session: Session) -> tuple[ChainLink, ChainLink]:
    """The newest line, and the last one that was let go."""
    chain = session.get(AuditChain, _ONLY, populate_existing=True)
    if chain is None:
        return BEGINNING, BEGINNING
    return ChainLink(chain.number, chain.hash), ChainLink(chain.gone, chain.gone_hash)


def at(session: Session, number: int) -> ChainLink | None:
    """The line of that number; the last one that was let go is known too."""
    _newest, gone = ends(session)
    if number == gone.number:
        return gone
    found = session.scalar(sa.select(AuditEntry.hash).where(AuditEntry.number == number))
    return None if found is None else ChainLink(number, found)


def breaks(session: Session, since: ChainLink | None = None) -> Iterator[ChainBreak]:
    """What is wrong with it, from the first line that is left, or from the one after `since`."""
    before, seen, end = since, 0, BEGINNING
    # Closed, though whoever asks may stop at the first break.
    with session.execute(_ALL, {"since": -1 if since is None else since.number}) as rows:
        for row in rows:
            if before is None:
                before = ChainLink(row.gone, row.gone_hash)
            end = ChainLink(row.chain_number, row.chain_hash)
            if row.id is None:
                continue  # the outer join: there are no lines
            if row.number is None:
                yield ChainBreak(0, f"the line with the id {row.id} was never linked")
                continue
            seen += 1
            if row.number > before.number + 1:
                yield ChainBreak(before.number + 1, _missing(before.number + 1, row.number - 1))
            elif row.previous != before.hash:
                yield ChainBreak(row.number, f"line {row.number} does not follow the one before it")
            if not _is_intact(row):
                yield ChainBreak(row.number, f"line {row.number} was changed")
            before = ChainLink(row.number, row.hash)
    if before is None or (not seen and end == BEGINNING):
        yield from _without_ends(session)
    elif before.number < end.number:
        yield ChainBreak(before.number + 1, _missing(before.number + 1, end.number))
    elif before != end:
        yield ChainBreak(before.number, f"line {before.number} is not the newest that was kept")


def outdated(session: Session, *, now: datetime) -> ChainLink | None:
    """The last line to be let go: all up to it are over a year old. A clock that once ran ahead
    does not hold up the others. None where there is none."""
    old = sa.select(sa.func.max(AuditEntry.number)).where(AuditEntry.at < now - KEPT)
    kept = sa.select(sa.func.min(AuditEntry.number)).where(AuditEntry.at.between(now - KEPT, now))
    last, first_kept = session.scalar(old), session.scalar(kept)
    if last is None:
        return None
    return at(session, last if first_kept is None else min(last, first_kept - 1))


def let_go(session: Session, *, now: datetime) -> None:
    """Deletes what is over a year old; the rest of the chain still holds."""
    last = outdated(session, now=now)
    if last is None:
        return
    chain = _locked(session)
    if last.number <= chain.gone:
        return
    chain.gone, chain.gone_hash = last
    session.execute(sa.delete(AuditEntry).where(AuditEntry.number <= last.number))


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    # Letting go of a savepoint keeps nothing yet.
    if RECORDED_ACTIONS in session.info and not session.in_nested_transaction():
        noted: list[AuditEntry] = session.info.pop(RECORDED_ACTIONS)
        # First all that may have to wait for somebody else: who holds the end waits for nobody.
        session.flush()
        # What was noted in a savepoint that was rolled back is not in the session any more.
        _link(session, [entry for entry in noted if entry in session])


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    # Where it was a savepoint, the transaction around it goes on with what it has noted.
    if not session.in_nested_transaction() and not previous.nested:
        session.info.pop(RECORDED_ACTIONS, None)


def _link(session: Session, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    chain = _locked(session)
    for entry in entries:
        number, previous = chain.number + 1, chain.hash
        entry.number, entry.previous = number, previous
        entry.hash = digest(
            number,
            previous,
            at=entry.at,
            who=entry.who,
            action=entry.action,
            what=entry.what,
            office=entry.office,
            details=entry.details,
        )
        chain.number, chain.hash = number, entry.hash
    session.flush()


def _locked(session: Session) -> AuditChain:
    """The ends of the chain, held to the end of the transaction."""
    wanted = (
        sa.select(AuditChain)
        .where(AuditChain.id == _ONLY)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = session.scalar(wanted)
    if found is None:
        dialect = session.connection().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        newest = session.execute(_NEWEST).first() or BEGINNING
        row = {"id": _ONLY, "number": newest[0], "hash": newest[1], "gone": 0, "gone_hash": ""}
        session.execute(insert(AuditChain).values(row).on_conflict_do_nothing())
        found = session.scalar(wanted)
    assert found is not None
    return found


def _is_intact(row: sa.Row[Any]) -> bool:
    """Whether a row is as it was when it was linked. Its two foreign keys may be NULL now."""
    values = {
        "at": row.at,
        "who": row.who,
        "action": row.action,
        "what": row.what,
        "office": row.office,
    }
    if row.format == TEXT_FORMAT:
        expected = text_digest(row.number, row.previous, detail=row.detail, **values)
        # Not hashed, but shown: it must be what the hashed text says.
        parsed = canonical(text_details.parse(row.action, row.detail))
        has_own_details = row.details in {"", parsed}
    else:
        expected = digest(row.number, row.previous, details=row.details, **values)
        has_own_details = row.format == JSON_FORMAT and row.detail == ""
    return bool(
        expected == row.hash
        and has_own_details
        and row.organizer_id in {None, row.who}
        and row.workshop_id in {None, row.what}
    )


def _without_ends(session: Session) -> Iterator[ChainBreak]:
    """There is no row with the ends: so there must be no line."""
    if number := session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)):
        yield ChainBreak(1, f"the ends of the chain of {number} lines are missing")


def _missing(first: int, last: int) -> str:
    return f"line {first} is missing" if first == last else f"lines {first} to {last} are missing"


_NEWEST: Final = (
    sa.select(AuditEntry.number, AuditEntry.hash)
    .where(AuditEntry.number.is_not(None))
    .order_by(AuditEntry.number.desc())
    .limit(1)
)
# One statement sees one moment: what is written or let go meanwhile cannot look like a break.
_ALL: Final = (
    sa.select(
        AuditChain.number.label("chain_number"),
        AuditChain.hash.label("chain_hash"),
        AuditChain.gone,
        AuditChain.gone_hash,
        *AuditEntry.__table__.c,
    )
    .select_from(AuditChain)
    .outerjoin(
        AuditEntry, sa.or_(AuditEntry.number.is_(None), AuditEntry.number > sa.bindparam("since"))
    )
    .where(AuditChain.id == _ONLY)
    .order_by(AuditEntry.number.is_(None), AuditEntry.number)
    .execution_options(yield_per=1000)
)
