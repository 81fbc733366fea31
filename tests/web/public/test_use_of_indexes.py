"""SQLite looks rows up by an index on the pages of a registration, however many workshops, venues
and registrations there are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.conftest import hold, seat, venue

pytestmark = pytest.mark.any_database("how SQLite executes statements is tested")
# Tables that grow with the network. A scan of what an index has found is no scan of a table.
GROWING = re.compile(r"SCAN (workshop|venue|registration|message|key|slot)(_\d+)?\b")


@pytest.fixture
def statements(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """The statements that the main database is asked for by the test."""
    asked = list[tuple[str, Any]]()

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH")):
            asked.append((statement, values))

    engine = app.extensions["outreach_store"].engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)


def test_pages_of_a_registration_scan_no_table(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
    statements: list[tuple[str, Any]],
) -> None:
    if not store.is_sqlite:
        pytest.skip("PostgreSQL chooses by the number of rows")
    with store.change() as session:
        workshop = hold(session, chicago, rights, venue=venue(session, chicago))
    registration = seat(store, key_store, workshop)
    token = registrations.derive_manage_token(key_store.get(registration.key_id or b""))
    statements.clear()
    for path in (f"t/{workshop.public_id}", f"t/{workshop.public_id}/lugar", f"r/{token}"):
        assert client.get(f"/es/{path}").status_code == 200
    assert statements
    with store.engine.connect() as connection:
        for statement, values in statements:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            scans = [row[3] for row in steps if GROWING.match(row[3])]
            assert scans == [], statement
