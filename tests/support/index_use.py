"""The plans of the statements that a block of a test asks the database for."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

SCAN: Final = re.compile(
    r"SCAN (\w+?)(?:_\d+)?\b(?: USING (?:COVERING )?INDEX (\w+))?"
)  # SQLite's words
VERBS: Final = ("SELECT", "UPDATE", "DELETE", "WITH")
Node = Mapping[str, Any]


@contextmanager
def collect_statements(engine: sa.Engine) -> Iterator[dict[str, Any]]:
    """The statements that a database is asked for in the block, with their last values."""
    asked = dict[str, Any]()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith(VERBS):
            asked[statement] = values[-1] if isinstance(values, list) else values

    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def prefer_indexes(connection: sa.Connection) -> None:
    """Has PostgreSQL plan as for large tables. With few rows it would read a table whatever its
    indexes, or the whole of an index to merge or hash two tables, the more with statistics of
    these rows (`tests/run` starts it without autovacuum)."""
    if connection.dialect.name == "postgresql":
        for name in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            connection.exec_driver_sql(f"SET {name} = off")


def list_scans(
    connection: sa.Connection,
    statement: str,
    values: Any,
    growing: Collection[str],
    small_indexes: Collection[str] = (),
) -> list[str]:
    """The growing tables that the plan of a statement reads from their first row to the last, or by
    a whole index that is none of the small ones."""
    if connection.dialect.name == "sqlite":
        steps = [
            str(row[3])
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
        scans = [(found[1], found[2]) for step in steps if (found := SCAN.match(step))]
    else:
        explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
        scans = [
            (node["Relation Name"], node.get("Index Name"))
            for node in list_nodes(explained.scalar_one()[0]["Plan"])
            if "Relation Name" in node and node["Node Type"] in SCANS and "Index Cond" not in node
        ]
    return [table for table, index in scans if table in growing and index not in small_indexes]


# PostgreSQL's words; the condition of a bitmap heap scan is that of the index below.
SCANS: Final = frozenset({"Seq Scan", "Index Scan", "Index Only Scan"})


def list_nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from list_nodes(child)
