"""No public page reads all workshops, venues, registrations or messages: both databases look up
the rows that it shows by an index, however many there are."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.workshops import Workshop
from tests.support.public_urls import FurnishedSite

# Tables that grow with the network and its years.
GROWING: Final = frozenset({"workshop", "venue", "registration", "message", "notification", "slot"})
SCAN: Final = re.compile(r"SCAN (\w+?)(?:_\d+)?\b")  # of SQLite
Node = Mapping[str, Any]


@contextmanager
def collect_statements(engine: sa.Engine) -> Iterator[dict[str, Any]]:
    """The statements that a database is asked for in the block, with their last values."""
    asked = dict[str, Any]()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH")):
            asked[statement] = values

    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def list_scans(connection: sa.Connection, statement: str, values: Any) -> list[str]:
    """The growing tables that the plan of a statement reads from their first row to the last."""
    if connection.dialect.name == "sqlite":
        steps = [
            str(row[3])
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
        scans = [found[1] for step in steps if (found := SCAN.match(step))]
    else:
        explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values)
        scans = [
            node["Relation Name"]
            for node in list_nodes(explained.scalar_one()[0]["Plan"])
            if "Relation Name" in node and "Index Cond" not in node and not is_bitmap(node)
        ]
    return [table for table in scans if table in GROWING]


def list_nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("Plans", ()):
        yield from list_nodes(child)


def is_bitmap(node: Node) -> bool:
    """Whether the condition is that of the index below."""
    return bool(node["Node Type"] == "Bitmap Heap Scan")


def test_public_pages_scan_no_table(furnished_site: FurnishedSite, store: Store) -> None:
    site = replace(furnished_site, languages=("es",))
    client = site.app.test_client()
    engine = site.app.extensions["outreach_store"].engine
    found, count = dict[str, list[str]](), 0
    with store.engine.connect() as connection, collect_statements(engine) as statements:
        # With few rows it would read the table whatever the index, and with statistics of them the
        # whole index: `tests/run` starts PostgreSQL without autovacuum.
        if not store.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        for _endpoint, path in site.addresses():
            client.get(path)
            for statement, values in statements.items():
                if scans := list_scans(connection, statement, values):
                    found.setdefault(f"{sorted(set(scans))} {statement}", []).append(path)
            count += len(statements)
            statements.clear()
    assert count > 500
    assert {statement: paths[:5] for statement, paths in found.items()} == {}


def test_scan_of_a_table_is_found(store: Store) -> None:
    """What the test above relies on."""
    with collect_statements(store.engine) as statements, store.read() as session:
        session.scalars(sa.select(Workshop.id).where(Workshop.phone == "x")).all()
        session.scalars(sa.select(Workshop.id).where(Workshop.public_id == "x")).all()
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.exec_driver_sql("SET enable_seqscan = off")
        scans = [list_scans(connection, each, values) for each, values in statements.items()]
    assert scans == [["workshop"], []]
