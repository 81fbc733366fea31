"""Counts the changes that feeds may show: one number for each office, and one for the network.

CalDAV calls such a number a collection's ctag. To validate a feed, one row is read. The number is
incremented in the transaction of the change, as its last statement, always in one order: no
transaction waits for a long one, and there are no deadlocks.

Beside the number is the time of the change, at least a second later than that of the one before,
however many there are in a second: every process dates feeds by it (Last-Modified has seconds).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, mapped_column

from outreach import clock
from outreach.db.base import Base
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop

NETWORK: Final = "red"  # no office has this slug
EVERY_OFFICE: Final = 0  # instead of the id of one
# For `Store.read_number`; `?` stands for the name.
NUMBER_QUERY: Final = "SELECT number FROM ctag WHERE name = ?"

_TOUCHED: Final = "outreach_offices_touched"  # in Session.info
_SHOWN: Final = (Workshop, Office, Kind, Venue)


class ChangeCounter(Base):
    __tablename__ = "ctag"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # red, or an office's slug
    number: Mapped[int] = mapped_column(sa.BigInteger)
    changed_at: Mapped[datetime]


def read(session: Session, name: str) -> tuple[int, datetime | None]:
    """The number of changes, and the time of the last one. Read it before the data it counts,
    never after."""
    row = session.connection().execute(_READ, {"name": name}).first()
    return (0, None) if row is None else (row[0], row[1])


def increment(session: Session, office_id: int = EVERY_OFFICE) -> None:
    """Counts a change that a statement made without the session's objects."""
    _touched(session).add(office_id)


@event.listens_for(Session, "after_flush")
def _after_flush(session: Session, _context: object) -> None:
    for each in (*session.new, *session.deleted):
        if isinstance(each, _SHOWN):
            _touched(session).update(_offices_of(each))
    for each in session.dirty:
        # Each change that a feed shows sets `changed_at`.
        if isinstance(each, _SHOWN) and _history(each, "changed_at").has_changes():
            _touched(session).update(_offices_of(each))


@event.listens_for(Session, "do_orm_execute")
def _on_statement(state: ORMExecuteState) -> None:
    """Counts bulk inserts and deletes. A bulk update changes seats only, which no feed shows."""
    is_ours = state.bind_mapper is not None and state.bind_mapper.class_ in _SHOWN
    if (state.is_insert or state.is_delete) and is_ours:
        increment(state.session)


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released, and the transaction continues
    session.flush()
    touched: set[int] = session.info.pop(_TOUCHED, set())
    if not touched:
        return
    slugs = sa.select(Office.slug).order_by(Office.slug)  # always in one order: no deadlock
    if EVERY_OFFICE not in touched:
        slugs = slugs.where(Office.id.in_(touched))
    names = [NETWORK, *session.scalars(slugs)]
    now = clock.now()
    connection = session.connection()
    statement = _INCREMENT[connection.dialect.name]
    connection.execute(statement, [{"name": name, "now": now} for name in names])


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, previous: SessionTransaction) -> None:
    # After the rollback of a savepoint, earlier changes of the transaction still count.
    if not session.in_nested_transaction() and not previous.nested:
        session.info.pop(_TOUCHED, None)


# SQLite stores an instant as text, with microseconds.
_LATER: Final = {
    "sqlite": "max(excluded.changed_at, datetime(ctag.changed_at, '+1 second') || '.000000')",
    "postgresql": "greatest(excluded.changed_at, ctag.changed_at + interval '1 second')",
}
_INCREMENT: Final = {
    dialect: sa.text(
        "INSERT INTO ctag (name, number, changed_at) VALUES (:name, 1, :now) "  # noqa: S608 - `later` is one of _LATER
        f"ON CONFLICT (name) DO UPDATE SET number = ctag.number + 1, changed_at = {later}"
    ).bindparams(sa.bindparam("now", type_=ChangeCounter.__table__.c.changed_at.type))
    for dialect, later in _LATER.items()
}


def _touched(session: Session) -> set[int]:
    office_ids: set[int] = session.info.setdefault(_TOUCHED, set())
    return office_ids


def _offices_of(each: Workshop | Office | Kind | Venue) -> Iterator[int]:
    """The ids of the offices whose feeds show the object or showed it before."""
    if isinstance(each, Kind):
        yield EVERY_OFFICE
    elif isinstance(each, Office):
        yield each.id
    else:
        yield each.office_id
        yield from (before for before in _history(each, "office_id").deleted if before)


def _history(each: object, name: str) -> Any:
    state = sa.inspect(each)
    assert state is not None
    return state.attrs[name].history


_READ: Final = sa.select(ChangeCounter.number, ChangeCounter.changed_at).where(
    ChangeCounter.name == sa.bindparam("name")
)
