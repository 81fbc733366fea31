"""Counts the changes that feeds may show: one number for each office, and one for the network.

CalDAV calls such a number a collection's ctag. To validate a feed, one row is read. The number is
incremented in the transaction of the change, as its last statement, always in one order: no
transaction waits for a long one, and there are no deadlocks.

An office and the network also have a number for each kind, which counts changes of its workshops,
and one for what all kinds have in common: the office, its venues, the kinds themselves. A feed of
some kinds is still valid when the office's number has risen and none of theirs has.

Beside the number is the time of the change, at least a second later than that of the one before,
however many there are in a second: every process dates feeds by it (Last-Modified has seconds).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, mapped_column

from outreach import clock
from outreach.db.base import Base
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop

NETWORK: Final = "red"  # no office has this slug
EVERY_OFFICE: Final = 0  # instead of the id of one
EVERY_KIND: Final = 0
# For `Store.read_number` and `Store.read_row`; `?` stands for the name.
QUERY: Final = "SELECT number, changed_at FROM change_counter WHERE name = ?"

_TOUCHED: Final = "outreach_offices_touched"  # in Session.info
_SHOWN: Final = (Workshop, Office, Kind, Venue)


class ChangeCounter(Base):
    __tablename__ = "change_counter"

    # red, an office's slug, as `kind_names` returns it, or that of `public_changes`
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    changed_at: Mapped[datetime]


def read(session: Session, name: str) -> tuple[int, datetime | None]:
    """Returns the number of changes, and the time of the last one.

    Read it before the data it counts, never after.
    """
    row = session.connection().execute(_READ, {"name": name}).first()
    return (0, None) if row is None else (row[0], row[1])


def read_without_session(store: Store, name: str) -> tuple[int, datetime | None]:
    """Returns what `read` does, in microseconds on SQLite."""
    row = store.read_row(QUERY, name)
    if row is None:
        return 0, None
    number, changed_at = row
    if isinstance(changed_at, str):  # as SQLite stores it
        changed_at = datetime.fromisoformat(changed_at)
    return number, changed_at.replace(tzinfo=UTC)


def kind_names(office_id: int, kind_ids: Iterable[int]) -> tuple[str, ...]:
    """Returns the names of the counters of these kinds and of what they have in common.

    They are those at an office, or for EVERY_OFFICE in the network. No slug has a slash.
    """
    return tuple(f"{office_id}/{kind_id}" for kind_id in (EVERY_KIND, *kind_ids))


def increment(session: Session, office_id: int = EVERY_OFFICE) -> None:
    """Counts a change that a statement made without the session's objects."""
    _touched(session).add((office_id, EVERY_KIND))


def raise_counters(session: Session, names: Iterable[str]) -> None:
    """Raises these counters, in this order, and so locks their rows until the transaction ends.

    It is the last that a transaction does, and every one does it in the same order.
    """
    now = clock.now()
    connection = session.connection()
    statement = _INCREMENT[connection.dialect.name]
    connection.execute(statement, [{"name": name, "now": now} for name in names])


def listen(sessions: type[Session]) -> None:
    """Counts the changes of sessions of this class. It is called once for a class."""
    event.listen(sessions, "after_flush", _after_flush)
    event.listen(sessions, "do_orm_execute", _on_statement)
    event.listen(sessions, "before_commit", _before_commit)
    event.listen(sessions, "after_soft_rollback", _after_rollback)


def _after_flush(session: Session, _context: object) -> None:
    for each in (*session.new, *session.deleted):
        if isinstance(each, _SHOWN):
            _touched(session).update(_touched_by(each))
    for each in session.dirty:
        # Each change that a feed shows sets `changed_at`.
        if isinstance(each, _SHOWN) and _history(each, "changed_at").has_changes():
            _touched(session).update(_touched_by(each))


def _on_statement(state: ORMExecuteState) -> None:
    """Counts bulk inserts and deletes. A bulk update changes seats only, which no feed shows."""
    is_ours = state.bind_mapper is not None and state.bind_mapper.class_ in _SHOWN
    if (state.is_insert or state.is_delete) and is_ours:
        increment(state.session)


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released, and the transaction continues
    session.flush()
    touched: set[tuple[int, int]] = session.info.pop(_TOUCHED, set())
    if not touched:
        return
    # That of the network comes first: who has incremented it is alone, and no two can deadlock.
    raise_counters(session, [NETWORK, *sorted(_names_of(session, touched))])


def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    # After the rollback of a savepoint, earlier changes of the transaction still count.
    if not session.in_nested_transaction() and not previous.nested:
        session.info.pop(_TOUCHED, None)


# SQLite stores an instant as text, with microseconds.
_LATER: Final = {
    "sqlite": (
        "max(excluded.changed_at, datetime(change_counter.changed_at, '+1 second') || '.000000')"
    ),
    "postgresql": "greatest(excluded.changed_at, change_counter.changed_at + interval '1 second')",
}
_INCREMENT: Final = {
    dialect: sa.text(
        "INSERT INTO change_counter (name, number, changed_at) VALUES (:name, 1, :now) "  # noqa: S608 - `later` is one of _LATER
        f"ON CONFLICT (name) DO UPDATE SET number = change_counter.number + 1, changed_at = {later}"
    ).bindparams(sa.bindparam("now", type_=ChangeCounter.__table__.c.changed_at.type))
    for dialect, later in _LATER.items()
}


def _touched(session: Session) -> set[tuple[int, int]]:
    """Returns the ids of office and kind of what was changed, EVERY_KIND for an office or a
    venue.
    """
    touched: set[tuple[int, int]] = session.info.setdefault(_TOUCHED, set())
    return touched


def _names_of(session: Session, touched: set[tuple[int, int]]) -> set[str]:
    """Returns the names of the counters that these changes raise, beside that of the network."""
    offices = sa.select(Office.id, Office.slug)
    is_for_all = (EVERY_OFFICE, EVERY_KIND) in touched
    if not is_for_all:
        offices = offices.where(Office.id.in_({office_id for office_id, _kind in touched}))
    slugs = dict(session.execute(offices).all())
    if is_for_all:
        touched = {(office_id, EVERY_KIND) for office_id in slugs}
    kinds = {kind_id for _office, kind_id in touched} | ({EVERY_KIND} if is_for_all else set())
    return {
        *slugs.values(),
        *(f"{office_id}/{kind_id}" for office_id, kind_id in touched),
        *(f"{EVERY_OFFICE}/{kind_id}" for kind_id in kinds),
    }


def _touched_by(each: Workshop | Office | Kind | Venue) -> Iterator[tuple[int, int]]:
    """Yields the office and the kind whose feeds show the object, and those that showed it
    before.
    """
    if isinstance(each, Kind):
        yield EVERY_OFFICE, EVERY_KIND
    elif isinstance(each, Office):
        yield each.id, EVERY_KIND
    elif isinstance(each, Venue):
        yield from product(_now_and_before(each, "office_id"), [EVERY_KIND])
    else:
        yield from product(_now_and_before(each, "office_id"), _now_and_before(each, "kind_id"))


def _now_and_before(each: object, name: str) -> Iterator[int]:
    yield getattr(each, name)
    yield from (before for before in _history(each, name).deleted if before)


def _history(each: object, name: str) -> Any:
    state = sa.inspect(each)
    assert state is not None
    return state.attrs[name].history


_READ: Final = sa.select(ChangeCounter.number, ChangeCounter.changed_at).where(
    ChangeCounter.name == sa.bindparam("name")
)
