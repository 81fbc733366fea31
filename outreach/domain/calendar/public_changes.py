"""Changes of the public list, in an order that programs can follow, with withdrawals.

Each workshop that is or was on the public list has a row with the time of its last change. Programs
read the rows in the order of OpenActive's Realtime Paged Data Exchange, by that time, then by id.
Who has read up to a row has missed nothing before it, since times rise in the order of commits:
they come from a change counter of its own, whose row the transaction holds until it ends.

A workshop that leaves the list, for whatever reason, keeps its row as a withdrawal. What becomes of
it afterwards moves that row no more, so that no program learns whether there is anything. Nor does
what the list does not say of a workshop: seats, registrations, what staff note. One that never was
on the list has no row.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.calendar import change_counters
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.search.listed_columns import IS_LISTED, list_shown_attributes
from outreach.domain.workshops import Workshop

# The change counter that dates the rows. No slug and no kind's counter has this name.
COUNTER: Final = "public/changes"
BATCH_SIZE: Final = 500  # ids of one statement

_TOUCHED: Final = "outreach_public_changes"  # in Session.info
_INSERT: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class PublicChange(Base):
    __tablename__ = "public_change"
    __table_args__ = (sa.Index(None, "changed_at", "public_id"),)

    # No foreign key: the row stays when the workshop is deleted or gets another id.
    public_id: Mapped[str] = mapped_column(sa.String(26), primary_key=True)
    changed_at: Mapped[datetime]
    is_withdrawn: Mapped[bool]


class ChangePosition(NamedTuple):
    """A position in the order of changes: after this row.

    Without an id, it is before all rows of its time.
    """

    changed_at: datetime
    public_id: str = ""


def list_positions(session: Session, after: ChangePosition, *, limit: int) -> list[ChangePosition]:
    """Returns the next changes after a position, at most `limit`, each workshop once.

    `public_listing.find_listed` says what each of them is now: a workshop that it does not find is
    withdrawn.
    """
    rows = session.execute(_POSITIONS, {**after._asdict(), "limit": limit})
    return [ChangePosition(*row) for row in rows]


def touch(session: Session, which: sa.ColumnElement[bool]) -> None:
    """Counts a change that a statement made of these workshops, without the session's objects."""
    found = session.scalars(sa.select(Workshop.public_id).where(which))
    _touched(session).public_ids.update(found)


def listen(sessions: type[Session]) -> None:
    """Records the changes of sessions of this class. It is called once for a class.

    It comes after the listeners of `change_counters`: this counter is raised last, so that no two
    transactions deadlock.
    """
    event.listen(sessions, "after_flush", _after_flush)
    event.listen(sessions, "do_orm_execute", _on_statement)
    event.listen(sessions, "before_commit", _before_commit)


@dataclass
class _Touched:
    """The rows changed by a transaction that the list may show."""

    public_ids: set[str] = field(default_factory=set)
    # Ids of those whose workshops show it, by the column of the workshop.
    owners: dict[sa.ColumnElement[Any], set[int]] = field(default_factory=dict)
    # Whether a statement changed workshops, nobody knows which.
    is_any: bool = False


def _touched(session: Session) -> _Touched:
    touched: _Touched = session.info.setdefault(_TOUCHED, _Touched())
    return touched


def _after_flush(session: Session, _context: object) -> None:
    for each in (*session.new, *session.deleted):
        if isinstance(each, Workshop):
            _touched(session).public_ids.add(each.public_id)
    for each in session.dirty:
        names = _SHOWN.get(type(each))
        if names is None or not _has_changes(each, names):
            continue
        if isinstance(each, Workshop):
            _touched(session).public_ids.update(_list_ids(each))
        else:
            owners = _touched(session).owners.setdefault(_OWNED_BY[type(each)], set())
            owners.add(each.id)


def _on_statement(state: ORMExecuteState) -> None:
    """Notes bulk inserts and deletes. A bulk update changes seats only, or calls `touch`."""
    is_ours = state.bind_mapper is not None and state.bind_mapper.class_ is Workshop
    if (state.is_insert or state.is_delete) and is_ours:
        _touched(state.session).is_any = True


def _before_commit(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released, and the transaction continues
    session.flush()
    touched: _Touched | None = session.info.pop(_TOUCHED, None)
    if touched is None:
        return
    change_counters.raise_counters(session, [COUNTER])
    _number, changed_at = change_counters.read(session, COUNTER)
    assert changed_at is not None
    connection = session.connection()
    for statement in _record(touched, connection.dialect.name):
        connection.execute(statement, {"stamp": changed_at})


def _record(touched: _Touched, dialect: str) -> Iterator[sa.Executable]:
    """Yields the statements that stamp the changes.

    They stamp the listed workshops that were touched, and those that have left the list.
    """
    for ids in _batches(sorted(touched.public_ids)):
        yield _date(Workshop.public_id.in_(ids), dialect)
        yield _withdraw(PublicChange.public_id.in_(ids))
    for column, owners in touched.owners.items():
        yield _date(column.in_(sorted(owners)), dialect)
    if touched.is_any:
        known = sa.select(PublicChange.public_id).where(PublicChange.is_withdrawn.is_(False))
        yield _date(Workshop.public_id.not_in(known), dialect)
        yield _withdraw(sa.true())


def _date(which: sa.ColumnElement[bool], dialect: str) -> sa.Executable:
    listed = sa.select(Workshop.public_id, _STAMP, sa.false()).where(*IS_LISTED, which)
    insert = _INSERT[dialect](PublicChange).from_select(list(_COLUMNS), listed)
    changed = {name: insert.excluded[name] for name in _COLUMNS[1:]}
    statement: sa.Executable = insert.on_conflict_do_update(
        index_elements=[_COLUMNS[0]], set_=changed
    )
    return statement


def _withdraw(which: sa.ColumnElement[bool]) -> sa.Executable:
    """Returns the statement that marks changes as withdrawn whose workshop is not listed any more.

    Those already known to be withdrawn keep their time.
    """
    is_listed = sa.exists().where(Workshop.public_id == PublicChange.public_id, *IS_LISTED)
    return (
        sa.update(PublicChange)
        .where(PublicChange.is_withdrawn.is_(False), which, ~is_listed)
        .values(changed_at=_STAMP, is_withdrawn=True)
    )


def _batches(ids: list[Any]) -> Iterator[list[Any]]:
    return (ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE))


def _has_changes(each: object, names: Iterable[str]) -> bool:
    state = sa.inspect(each)
    assert state is not None
    return any(state.attrs[name].history.has_changes() for name in names)


def _list_ids(workshop: Workshop) -> list[str]:
    """Returns the public id of a workshop and, if it has just got another, the one before."""
    state = sa.inspect(workshop)
    assert state is not None
    return [workshop.public_id, *state.attrs["public_id"].history.deleted]


_COLUMNS: Final = ("public_id", "changed_at", "is_withdrawn")
_STAMP: Final = sa.bindparam("stamp", type_=PublicChange.__table__.c.changed_at.type)
_SHOWN: Final = list_shown_attributes()
_OWNED_BY: Final[Mapping[type, sa.ColumnElement[Any]]] = {
    Office: Workshop.__table__.c.office_id,
    Kind: Workshop.__table__.c.kind_id,
    Venue: Workshop.__table__.c.venue_id,
}
_ORDER: Final = (PublicChange.changed_at, PublicChange.public_id)
_POSITIONS: Final = (
    sa.select(*_ORDER)
    .where(sa.tuple_(*_ORDER) > sa.tuple_(*(sa.bindparam(c.key, type_=c.type) for c in _ORDER)))
    .order_by(*_ORDER)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
