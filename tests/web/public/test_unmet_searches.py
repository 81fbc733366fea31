"""Searches that found nothing: counted once an address and day, without text, off the request."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.search import unmet_searches
from outreach.domain.search.unmet_searches import (
    ANY_KIND,
    MIN_SHOWN,
    WHOLE_NETWORK,
    UnmetSearch,
    UnmetSearchCount,
)
from outreach.keystore import KeyStore
from outreach.privacy import retention
from outreach.web.public.unmet_tally import MAX_SEEN, WRITTEN_EVERY, UnmetTally
from tests.conftest import make_workshop
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import employ, signed_in_as, words

pytestmark = [pytest.mark.any_database, fixed_clock]

WEEK = date(2026, 11, 23)


def counted(app: Flask, store: Store) -> Mapping[UnmetSearch, int]:
    """What is in the database once the process has written."""
    with app.app_context():
        tally = app.extensions.get("outreach_unmet_searches")
    if tally is not None:
        tally.write()
    with store.read() as session:
        return {
            UnmetSearch(each.week, each.region, each.kind_id): each.searches
            for each in session.scalars(sa.select(UnmetSearchCount))
        }


def search(client: FlaskClient, query: str, address: str = "192.0.2.1") -> None:
    answer = client.get(f"/es/?{query}", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200


def test_search_without_results_counts_once_for_an_address(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        search(client, "donde=Chicago&tipo=derechos", address)
        search(client, "donde=chicago, il&tipo=derechos&idioma=es", address)
        search(client, f"donde=60608&z={address}", address)
    assert counted(app, store) == {
        UnmetSearch(WEEK, "IL", rights.id): 2,
        UnmetSearch(WEEK, "IL", ANY_KIND): 2,
    }


def test_address_counts_again_on_the_next_day(store: Store, rights: Kind) -> None:
    tally = UnmetTally(store, now=FIXED_NOW)
    wanted = [unmet_searches.make(WEEK, "IL", rights.id, is_discreet=False)]
    for hours in (0, 1, 24):
        tally.note("192.0.2.1", wanted, now=FIXED_NOW + timedelta(hours=hours))
    tally.write()
    with store.read() as session:
        assert session.scalars(sa.select(UnmetSearchCount.searches)).all() == [2]


def test_search_that_found_something_is_not_counted(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, rights)
    for query in ("donde=Chicago", "", "donde=Xyzzy", "donde=Aurora", "tipo=derechos"):
        search(client, query)
    assert counted(app, store) == {}


def test_discreet_kind_has_no_state(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, women: Kind
) -> None:
    search(client, f"donde=Chicago&tipo={women.public_code}")
    assert counted(app, store) == {UnmetSearch(WEEK, WHOLE_NETWORK, women.id): 1}


def test_request_writes_nothing_and_time_comes_after_ten_minutes(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    search(client, "")
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
    try:
        search(client, "donde=Chicago&tipo=derechos")
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)
    assert [each for each in statements if re.match(r"\s*(INSERT|UPDATE|DELETE)", each)] == []
    tally = UnmetTally(store, now=FIXED_NOW)
    wanted = [unmet_searches.make(WEEK, "IL", rights.id, is_discreet=False)]
    assert not tally.note("192.0.2.1", [], now=FIXED_NOW + WRITTEN_EVERY)
    assert not tally.note("192.0.2.1", wanted, now=FIXED_NOW)
    assert tally.note("192.0.2.1", wanted, now=FIXED_NOW + WRITTEN_EVERY)
    assert not tally.note("192.0.2.2", wanted, now=FIXED_NOW + WRITTEN_EVERY)


def test_memory_of_a_day_is_bounded(store: Store) -> None:
    tally = UnmetTally(store, now=FIXED_NOW)
    wanted = [unmet_searches.make(WEEK, "IL", ANY_KIND, is_discreet=False)]
    for number in range(MAX_SEEN + 5):
        tally.note(str(number), wanted, now=FIXED_NOW)
    tally.write()
    with store.read() as session:
        assert session.scalars(sa.select(UnmetSearchCount.searches)).all() == [MAX_SEEN]


def test_counts_that_cannot_be_written_wait(store: Store) -> None:
    tally = UnmetTally(store, now=FIXED_NOW)
    wanted = [unmet_searches.make(WEEK, "IL", ANY_KIND, is_discreet=False)]
    tally.note("192.0.2.1", wanted, now=FIXED_NOW)
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE unmet_search_count RENAME TO elsewhere"))
    tally.write()
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE elsewhere RENAME TO unmet_search_count"))
    tally.write()
    tally.write()
    with store.read() as session:
        assert session.scalars(sa.select(UnmetSearchCount.searches)).all() == [1]


def test_headquarters_sees_counts_from_ten_on(
    app: Flask, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        for region, kind_id, number in (
            ("IL", rights.id, MIN_SHOWN),
            ("NV", rights.id, MIN_SHOWN - 1),
            (WHOLE_NETWORK, women.id, 23),
        ):
            unmet_searches.add(session, {UnmetSearch(WEEK, region, kind_id): number - 1})
            unmet_searches.add(session, {UnmetSearch(WEEK, region, kind_id): 1})
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    elena = signed_in_as(app, store, staff_id)
    text = words(elena.get("/org/control"))
    assert "Illinois Tus derechos semana del 23 nov 10 " in text
    assert "Toda la red Para mujeres semana del 23 nov 23 " in text
    assert "Nevada Tus derechos" not in text
    lines = elena.get("/org/control.csv?tabla=busquedas").data.decode("utf-8-sig").splitlines()
    assert lines[1:] == [
        "2026-11-23,Toda la red,Para mujeres,23",
        "2026-11-23,Illinois,Tus derechos,10",
    ]


def test_offices_without_workshops_for_ninety_days_are_named(
    app: Flask, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    today = clock.network_day(FIXED_NOW)
    with store.change() as session:
        make_workshop(session, chicago, rights, day=today - timedelta(days=90))
        make_workshop(session, chicago, rights, day=today + timedelta(days=3))
        make_workshop(session, calgary, rights, day=today - timedelta(days=89))
    staff_id = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    elena = signed_in_as(app, store, staff_id)
    text = words(elena.get("/org/control"))
    assert "1 oficina sin talleres en 90 días" in text
    assert "Chicago último: 29 ago 2026; siguiente: 30 nov" in text
    rows = elena.get("/org/control.csv?tabla=sin-talleres").data.decode("utf-8-sig").splitlines()
    assert rows[1:] == ["chicago,Chicago,2026-08-29,2026-11-30"]


def test_counts_are_deleted_after_a_year(app: Flask, store: Store, key_store: KeyStore) -> None:
    old = UnmetSearch(WEEK - timedelta(days=371), "IL", ANY_KIND)
    with store.change() as session:
        unmet_searches.add(session, {old: 30, UnmetSearch(WEEK, "IL", ANY_KIND): 30})
    retention.purge(store, key_store, now=FIXED_NOW)
    with store.read() as session:
        assert session.scalars(sa.select(UnmetSearchCount.week)).all() == [WEEK]
