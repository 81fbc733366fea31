"""Copies all rows of one database into another, SQLite or PostgreSQL, as they are stored.

Values are not converted to Python types: an enumeration value that this version does not know and
the spaces in a JSON text are copied as they are.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.errors import CommandError

BATCH_ROWS: Final = 2000
Tell = Callable[[str, int], None]  # table and number of rows copied so far


def ignore_progress(_table: str, _done: int) -> None:
    pass


class _Json(sa.types.UserDefinedType[str]):
    """JSON as text."""

    cache_ok = True

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(colexpr, sa.Text)


def copy(
    source: sa.Connection,
    target: sa.Connection,
    tables: sa.MetaData,
    *,
    tell: Tell = ignore_progress,
) -> dict[str, int]:
    """Inserts the rows of all tables into the target, in the order of their foreign keys; returns
    the number by table. Raises CommandError for a row that the target refuses."""
    copied: dict[str, int] = {}
    for table in tables.sorted_tables:
        try:
            copied[table.name] = _copy(source, target, table, tell)
        except (sa.exc.DataError, sa.exc.IntegrityError) as error:
            # The text of the error could quote a row.
            kind = type(error.orig).__name__
            raise CommandError(
                f"A row of the table {table.name} does not fit into the other database ({kind}). "
                "Nothing was copied."
            ) from None
    if target.dialect.name == "postgresql":
        _set_sequences(target, tables)
    return copied


def count(connection: sa.Connection, tables: sa.MetaData) -> dict[str, int]:
    """The number of rows of each table."""
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in tables.sorted_tables
    }


def first_filled_table(
    connection: sa.Connection, tables: sa.MetaData, *, except_for: Iterable[str] = ()
) -> str | None:
    """The first table with a row, or None."""
    names = set(sa.inspect(connection).get_table_names()) - set(except_for)
    for table in tables.sorted_tables:
        has_any = sa.select(sa.literal(1)).select_from(table).limit(1)
        if table.name in names and connection.scalar(has_any) is not None:
            return table.name
    return None


def empty(connection: sa.Connection, tables: sa.MetaData) -> None:
    """Deletes every row."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(
            map(connection.dialect.identifier_preparer.format_table, tables.tables.values())
        )
        connection.exec_driver_sql(f"TRUNCATE {names}")
        return
    for table in reversed(tables.sorted_tables):
        for column in _own_references(table):
            connection.execute(sa.update(table).values({column: None}))
        connection.execute(sa.delete(table))


def _copy(source: sa.Connection, target: sa.Connection, table: sa.Table, tell: Tell) -> int:
    plain, done = _plain(table), 0
    own = _own_references(table)
    # A row may come before the row of the same table that it references.
    blank = dict.fromkeys(own)
    rows = source.execute(sa.select(plain).execution_options(yield_per=BATCH_ROWS))
    for some in rows.mappings().partitions():
        target.execute(sa.insert(plain), [{**row, **blank} for row in some])
        done += len(some)
        tell(table.name, done)
    if own and done:
        _set_own_references(source, target, table, own)
    return done


def _set_own_references(
    source: sa.Connection, target: sa.Connection, table: sa.Table, columns: list[str]
) -> None:
    """Sets the columns that reference rows of the same table."""
    plain, key = _plain(table), [column.name for column in table.primary_key]
    rows = source.execute(sa.select(*(plain.c[name] for name in (*key, *columns)))).mappings()
    change = (
        sa.update(plain)
        .where(*(plain.c[name] == sa.bindparam(f"old_{name}") for name in key))
        .values({name: sa.bindparam(f"new_{name}") for name in columns})
    )
    values = [
        {f"old_{name}": row[name] for name in key} | {f"new_{name}": row[name] for name in columns}
        for row in rows
    ]
    target.execute(change, values)


def _own_references(table: sa.Table) -> list[str]:
    """The columns that reference rows of the same table."""
    return sorted(key.parent.name for key in table.foreign_keys if key.column.table is table)


def _plain(table: sa.Table) -> sa.TableClause:
    columns = (sa.column(column.name, _stored(column.type)) for column in table.columns)
    return sa.table(table.name, *columns)


def _stored(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    if isinstance(kind, sa.TypeDecorator):
        return _stored(kind.impl_instance)
    if isinstance(kind, sa.JSON):
        return _Json()
    return sa.String() if isinstance(kind, sa.Enum) else kind


def _set_sequences(target: sa.Connection, tables: sa.MetaData) -> None:
    """Sets each sequence behind the highest number in use."""
    for table in tables.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        name = target.dialect.identifier_preparer.format_table(table)
        sequence = sa.func.pg_get_serial_sequence(name, column.name)
        highest = sa.select(sa.func.max(column)).scalar_subquery()
        target.execute(
            sa.select(sa.func.setval(sequence, sa.func.coalesce(highest, 1), highest.is_not(None)))
        )


def analyze(store: Store) -> None:
    """Updates PostgreSQL's statistics at once, not when autovacuum runs."""
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
