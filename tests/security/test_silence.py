"""Nobody finds out what a neighbour looked for by looking for the same and comparing how long it
takes: what is private is kept nowhere (S04)."""

import calendar
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import _lru_cache_wrapper
from types import FunctionType
from typing import Any, Final

import pytest
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.feeds.server import Feeds
from outreach.memory_cache import MemoryCache
from outreach.web.middleware.page_cache import PageCache
from tests.conftest import kind, make_workshop, office, venue
from tests.security.test_safety import recorded_statements
from tests.support.public_urls import FurnishedSite

SILENT: Final = (
    "/es/?tipo=K7QX&donde={place}",
    "/es/?tipo=K7QX&donde={place}&cuando=mes",
    "/en/?tipo=K7QX&tipo=derechos&donde={place}&idioma=es",
    "/es/?tipo=K7QX&donde={region}&modalidad=presencial",
    "/fr/?tipo=daca&donde={place}",
    "/es/cal/red.ics?tipo=K7QX&donde={region}",
    "/es/cal/{office}.ics?tipo=K7QX",
)
HERE: Final = {"place": "59901", "region": "MT", "office": "kalispell"}
ELSEWHERE: Final = {"place": "60608", "region": "IL", "office": "chicago"}


@pytest.fixture
def watched(
    app: Flask, store: Store, chicago: Office, rights: Kind, women: Kind
) -> Iterator[FlaskClient]:
    """A site with workshops of each kind in two states, on days of their own, of which the pages of
    one state have been looked at. Afterwards the collector of garbage is on again."""
    with store.change() as session:
        kalispell = office("kalispell", "Kalispell", "MT", "America/Denver")
        kalispell.latitude, kalispell.longitude = 48.2, -114.3
        daca = kind("daca", "DACA", sensitivity="high", position=3)
        session.add_all([kalispell, daca])
        today = clock.now().date()
        # All in this month or none: a page of this month says the same words in both states.
        left = calendar.monthrange(today.year, today.month)[1] - today.day
        first = 9 if left >= 26 else left + 2
        for days, where in ((first, chicago), (first + 14, kalispell)):
            for number, each in enumerate((rights, women, daca)):
                room = venue(session, where, name=f"Sala {days} {number}")
                day = today + timedelta(days=days + number)
                title = {"es": f"Taller {days} {number}"}
                make_workshop(session, where, each, venue=room, day=day, title=title)
    client = app.test_client()
    for address in SILENT:
        assert client.get(address.format(**ELSEWHERE)).status_code == 200, address
    for lang in ("es", "en", "fr"):
        client.get(f"/{lang}/")
        client.get(f"/{lang}/?donde=60608")
    gc.collect()
    gc.disable()
    yield client
    gc.enable()


def what_is_kept() -> Counter[str]:
    """How much each cache of this process holds: those of applications by their place in memory,
    those of functions by name."""
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        if isinstance(each, MemoryCache):
            found[f"cache {id(each)}"] = each.size
    for name, module in list(sys.modules.items()):
        if name.startswith("outreach."):
            for attribute, value in vars(module).items():
                for cached in caches_of(value):
                    found[f"{name}.{attribute}"] += cached.cache_info().currsize
    return found


def caches_of(value: Any) -> Iterator[Any]:
    """The caches of a function: itself, or what its wrapper calls."""
    if isinstance(value, _lru_cache_wrapper):
        if value.__module__.startswith("outreach"):  # the client of the tests has some of its own
            yield value
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            yield from caches_of(cell.cell_contents)


def test_caches_of_functions_are_found() -> None:
    found = what_is_kept().keys()
    assert {
        "outreach.domain.search.workshop_list._select_by_day",
        "outreach.formats.dated",
        "outreach.domain.locations.spelling._sound_of_name",
        "outreach.domain.locations.gazetteer._load",
    } <= found


@pytest.mark.parametrize("address", SILENT)
def test_search_of_a_discreet_kind_leaves_nothing_behind(
    app: Flask, watched: FlaskClient, address: str
) -> None:
    before = what_is_kept()
    with recorded_statements(app) as hers:
        answer = watched.get(address.format(**HERE))
    assert answer.status_code == 200
    assert what_is_kept() - before == Counter()
    with recorded_statements(app) as his:
        again = watched.get(address.format(**HERE))
    assert again.data == answer.data
    assert his == hers, "the second one is answered with less work"
    assert len(his) > 1


@pytest.mark.parametrize("address", SILENT)
def test_search_of_a_discreet_kind_uses_nothing_that_others_left(
    app: Flask, watched: FlaskClient, address: str
) -> None:
    """Else he would learn that somebody looked at the place, if not for what."""
    with recorded_statements(app) as hers:
        watched.get(address.format(**HERE))
    for lang in ("es", "en", "fr"):
        watched.get(f"/{lang}/?donde=59901")
        watched.get(f"/{lang}/?donde=MT&modalidad=presencial")
    with recorded_statements(app) as his:
        watched.get(address.format(**HERE))
    assert his == hers


def test_place_that_somebody_looked_for_is_not_kept(app: Flask, watched: FlaskClient) -> None:
    """Of an ordinary search too: a village has few who look."""
    pages: PageCache = app.extensions["outreach_page_cache"]
    size = pages.size
    with recorded_statements(app) as hers:
        answer = watched.get("/es/?donde=59901")
    assert answer.headers["Cache-Control"] == "no-store"
    assert pages.size == size
    with recorded_statements(app) as his:
        watched.get("/es/?donde=59901")
    assert his == hers
    assert his


def test_front_page_is_kept(app: Flask, store: Store, watched: FlaskClient) -> None:
    answer = watched.get("/es/")
    assert answer.headers["Cache-Control"] == "public, max-age=20"
    # A commit in another database of the same server of PostgreSQL changes the mark too, and
    # tests beside this one commit for seconds on end.
    for _ in range(2_000):
        mark = store.mark()
        assert watched.get("/es/").data == answer.data
        with recorded_statements(app) as statements:
            assert watched.get("/es/").data == answer.data
        if store.mark() == mark:
            break
    else:
        pytest.fail("the mark changed each time")
    assert [each for each in statements if "workshop" in each] == []
    tag = answer.headers["ETag"]
    assert watched.get("/es/", headers={"If-None-Match": tag}).status_code == 304


def test_no_answer_that_nobody_may_keep_is_kept_here(furnished_site: FurnishedSite) -> None:
    app, client = furnished_site.app, furnished_site.app.test_client()
    pages: PageCache = app.extensions["outreach_page_cache"]
    answers: MemoryCache[Any] = app.extensions["outreach_api"]
    feeds: Feeds = app.extensions["outreach_feeds"]
    kept = private = 0
    for _endpoint, path in furnished_site.addresses():
        before = pages.size, answers.size, feeds.memory.size
        control = client.get(path).headers.get("Cache-Control", "")
        after = pages.size, answers.size, feeds.memory.size
        kept += after != before
        if "no-store" in control or "private" in control:
            private += 1
            assert after == before, path
    assert kept > 10
    assert private > 100
