"""Copies all rows of one database into another, SQLite or PostgreSQL, as they are stored.

Values are not converted to Python types: an enumeration value that this version does not know and
the spaces in a JSON text are copied as they are. The tables of extensions are read from the source,
so they are copied also where their package is off or not installed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.errors import CommandError
from outreach.migrations import schema_state

BATCH_ROWS: Final = 2000
Tell = Callable[[str, int], None]  # table and number of rows copied so far


def ignore_progress(_table: str, _done: int) -> None:
    pass


class _Json(sa.types.UserDefinedType[str]):
    """JSON as text."""

    cache_ok = True

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(colexpr, sa.Text)


def list_tables(connection: sa.Connection, core: sa.MetaData) -> list[sa.Table]:
    """Returns the tables of the core and those of extensions that this database has, in the order
    of their foreign keys."""
    names = sa.inspect(connection).get_table_names()
    extensions = schema_state.list_extensions(names)
    own = {schema_state.name_version_table(each) for each in extensions}
    own |= {name for each in extensions for name in schema_state.select_own(names, each)}
    found = sa.MetaData()
    sa.event.listen(found, "column_reflect", _generalize)
    if own:
        found.reflect(connection, only=sorted(own))
    more = [table for table in found.sorted_tables if table.name in own]
    return [*core.sorted_tables, *more]


def _generalize(_inspector: object, _table: object, column: dict[str, Any]) -> None:
    """Takes what only one kind of database knows out of a column that is read from it."""
    column["type"] = column["type"].as_generic()
    if "nextval" in str(column.get("default") or ""):
        column["default"] = None


def create_missing(target: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Creates the tables that the target lacks: those of extensions."""
    there = set(sa.inspect(target).get_table_names())
    for table in tables:
        if table.name not in there:
            table.create(target)


def copy(
    source: sa.Connection,
    target: sa.Connection,
    tables: Sequence[sa.Table],
    *,
    tell: Tell = ignore_progress,
) -> dict[str, int]:
    """Inserts the rows of all tables into the target, in the order of their foreign keys; returns
    the number by table. Raises CommandError for a row that the target refuses."""
    copied: dict[str, int] = {}
    for table in tables:
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


def count(connection: sa.Connection, tables: Sequence[sa.Table]) -> dict[str, int]:
    """The number of rows of each table."""
    return {
        table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in tables
    }


def first_filled_table(
    connection: sa.Connection, tables: Sequence[sa.Table], *, except_for: Iterable[str] = ()
) -> str | None:
    """Returns the first table with a row beside those of revisions, or None."""
    names = set(sa.inspect(connection).get_table_names()) - set(except_for)
    names -= set(map(schema_state.name_version_table, schema_state.list_extensions(names)))
    for table in tables:
        has_any = sa.select(sa.literal(1)).select_from(table).limit(1)
        if table.name in names and connection.scalar(has_any) is not None:
            return table.name
    return None


def empty(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Deletes every row."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(map(connection.dialect.identifier_preparer.format_table, tables))
        connection.exec_driver_sql(f"TRUNCATE {names}")
        return
    for table in reversed(tables):
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


def _set_sequences(target: sa.Connection, tables: Sequence[sa.Table]) -> None:
    """Sets each sequence behind the highest number in use."""
    for table in tables:
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
