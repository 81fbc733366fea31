"""The hash chain of the audit log: finds rows that were changed, deleted or inserted later.

Each row holds a number without gaps, the hash of the row before it, and the SHA-256 of both and of
its own columns. Somebody who can write to this database could rebuild the whole chain or cut off
its end. So the worker stores the newest hash in the key store's database within seconds
(`privacy/audit_verification.py`), and `outreach doctor` compares them. Rows are deleted after a
year, from the beginning; the hash of the last deleted row stays.

Rows are linked just before their transaction commits, so the row with the ends of the chain, which
serializes writers, is locked for a moment only.
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
from outreach.db.store import change_rows
from outreach.domain.audit.audit_log import RECORDED_ACTIONS, AuditEntry

RETENTION: Final = timedelta(days=365)
_ONLY: Final = 1  # the id of the only row
_FORMAT: Final = 2  # version of the text that is hashed


class AuditChain(Base):
    """The two ends of the chain: its newest row, and the last one that was deleted."""

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(default=0)  # the newest row's
    hash: Mapped[str] = mapped_column(sa.String(64), default="")
    gone: Mapped[int] = mapped_column(default=0)  # number of the last deleted row
    gone_hash: Mapped[str] = mapped_column(sa.String(64), default="")


class ChainLink(NamedTuple):
    """The number and the hash of one row of the chain."""

    number: int
    hash: str


BEGINNING: Final = ChainLink(0, "")


@dataclass(frozen=True)
class ChainBreak:
    """An error in the chain, in words for the operator."""

    number: int  # the first row concerned; 0 for one outside the chain
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
    """Returns the hash of a row, of its columns and the hash of the row before it, in hex."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [_FORMAT, number, previous, instant, who, action, what, office, details]
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def ends(session: Session) -> tuple[ChainLink, ChainLink]:
    """Returns the newest row and the last deleted one."""
    chain = session.get(AuditChain, _ONLY, populate_existing=True)
    if chain is None:
        return BEGINNING, BEGINNING
    return ChainLink(chain.number, chain.hash), ChainLink(chain.gone, chain.gone_hash)


def find_link(session: Session, number: int) -> ChainLink | None:
    """Finds the row of that number; the last deleted one is known too. None where there is none."""
    _newest, gone = ends(session)
    if number == gone.number:
        return gone
    row_hash = session.scalar(sa.select(AuditEntry.hash).where(AuditEntry.number == number))
    return None if row_hash is None else ChainLink(number, row_hash)


def breaks(session: Session, since: ChainLink | None = None) -> Iterator[ChainBreak]:
    """Yields the errors of the chain, from its first row, or from the one after `since`."""
    before, count, end = since, 0, BEGINNING
    # The result is closed even if the caller stops at the first error.
    with session.execute(_ALL, {"since": -1 if since is None else since.number}) as rows:
        for row in rows:
            if before is None:
                before = ChainLink(row.gone, row.gone_hash)
            end = ChainLink(row.chain_number, row.chain_hash)
            if row.id is None:
                continue  # the outer join found no audit row
            if row.number is None:
                yield ChainBreak(0, f"the line with the id {row.id} was never linked")
                continue
            count += 1
            if row.number > before.number + 1:
                yield ChainBreak(before.number + 1, _say_missing(before.number + 1, row.number - 1))
            elif row.previous != before.hash:
                yield ChainBreak(row.number, f"line {row.number} does not follow the one before it")
            if not _is_intact(row):
                yield ChainBreak(row.number, f"line {row.number} was changed")
            before = ChainLink(row.number, row.hash)
    if before is None or (not count and end == BEGINNING):
        yield from _check_empty(session)
    elif before.number < end.number:
        yield ChainBreak(before.number + 1, _say_missing(before.number + 1, end.number))
    elif before != end:
        yield ChainBreak(before.number, f"line {before.number} is not the newest that was kept")


def find_last_old_row(session: Session, *, now: datetime) -> ChainLink | None:
    """Returns the last row to delete: all rows up to it are over a year old. None where there
    is none.

    Rows dated in the future, by a clock that was wrong once, do not keep older ones.
    """
    old = sa.select(sa.func.max(AuditEntry.number)).where(AuditEntry.at < now - RETENTION)
    recent = sa.select(sa.func.min(AuditEntry.number)).where(
        AuditEntry.at.between(now - RETENTION, now)
    )
    last, first_recent = session.scalar(old), session.scalar(recent)
    if last is None:
        return None
    return find_link(session, last if first_recent is None else min(last, first_recent - 1))


def delete_old_rows(session: Session, *, now: datetime) -> int:
    """Deletes rows over a year old; the rest of the chain stays valid. Returns how many."""
    last = find_last_old_row(session, now=now)
    if last is None:
        return 0
    chain = _lock_ends(session)
    if last.number <= chain.gone:
        return 0
    chain.gone, chain.gone_hash = last
    return change_rows(session, sa.delete(AuditEntry).where(AuditEntry.number <= last.number))


def listen(sessions: type[Session]) -> None:
    """Links the rows that sessions of this class record. It is called once for a class."""
    event.listen(sessions, "before_commit", _before_commit)
    event.listen(sessions, "after_soft_rollback", _after_rollback)


def _before_commit(session: Session) -> None:
    # The release of a savepoint commits nothing.
    if RECORDED_ACTIONS in session.info and not session.in_nested_transaction():
        recorded: list[AuditEntry] = session.info.pop(RECORDED_ACTIONS)
        # First all statements that may wait: while the ends are locked, nothing waits.
        session.flush()
        # Rows of a savepoint that was rolled back are not in the session any more.
        _link(session, [entry for entry in recorded if entry in session])


def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    # After the rollback of a savepoint, the outer transaction keeps its rows.
    if not session.in_nested_transaction() and not previous.nested:
        session.info.pop(RECORDED_ACTIONS, None)


def _link(session: Session, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    chain = _lock_ends(session)
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


def _lock_ends(session: Session) -> AuditChain:
    """Locks the ends of the chain until the end of the transaction and returns them."""
    query = (
        sa.select(AuditChain)
        .where(AuditChain.id == _ONLY)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    chain = session.scalar(query)
    if chain is None:
        dialect = session.connection().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        newest = session.execute(_NEWEST).first() or BEGINNING
        row = {"id": _ONLY, "number": newest[0], "hash": newest[1], "gone": 0, "gone_hash": ""}
        session.execute(insert(AuditChain).values(row).on_conflict_do_nothing())
        chain = session.scalar(query)
    assert chain is not None
    return chain


def _is_intact(row: sa.Row[Any]) -> bool:
    """Tells whether a row is as it was when it was linked. Its two foreign keys may be NULL now."""
    expected = digest(
        row.number,
        row.previous,
        at=row.at,
        who=row.who,
        action=row.action,
        what=row.what,
        office=row.office,
        details=row.details,
    )
    return bool(
        expected == row.hash
        and row.organizer_id in {None, row.who}
        and row.workshop_id in {None, row.what}
    )


def _check_empty(session: Session) -> Iterator[ChainBreak]:
    """Yields an error if there are audit rows although the row for the ends is missing."""
    if number := session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)):
        yield ChainBreak(1, f"the ends of the chain of {number} lines are missing")


def _say_missing(first: int, last: int) -> str:
    return f"line {first} is missing" if first == last else f"lines {first} to {last} are missing"


_NEWEST: Final = (
    sa.select(AuditEntry.number, AuditEntry.hash)
    .where(AuditEntry.number.is_not(None))
    .order_by(AuditEntry.number.desc())
    .limit(1)
)
# One statement reads one snapshot: rows written or deleted meanwhile are not taken for errors.
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
