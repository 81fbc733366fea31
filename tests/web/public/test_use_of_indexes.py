"""No public page reads all workshops, venues, registrations or messages: both databases look up
the rows that it shows by an index, however many there are."""

from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.workshops import Workshop
from tests.support.index_use import collect_statements, list_scans, prefer_indexes
from tests.support.public_urls import FurnishedSite

# Tables that grow with the network and its years.
GROWING: Final = frozenset(
    {"workshop", "venue", "registration", "message", "notification", "time_slot"}
)


def test_public_pages_scan_no_table(furnished_site: FurnishedSite, store: Store) -> None:
    site = replace(furnished_site, languages=("es",))
    client = site.app.test_client()
    engine = site.app.extensions["outreach_store"].engine
    found, count = dict[str, list[str]](), 0
    with store.engine.connect() as connection, collect_statements(engine) as statements:
        prefer_indexes(connection)
        for _endpoint, path in site.addresses():
            client.get(path)
            for statement, values in statements.items():
                if scans := list_scans(connection, statement, values, GROWING):
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
        prefer_indexes(connection)
        scans = [
            list_scans(connection, each, values, GROWING) for each, values in statements.items()
        ]
    assert scans == [["workshop"], []]
