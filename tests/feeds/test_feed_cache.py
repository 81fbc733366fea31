"""Caching of feeds: change counters, cached events, feeds in memory and cheap polls."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from werkzeug.test import Client
from werkzeug.wrappers import Response

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.calendar import change_counters, event_cache, public_changes
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.calendar.event_cache import CachedEvent, FeedSpan
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.feeds import server
from outreach.feeds.event_writer import EventWriter
from outreach.feeds.server import FeedMiddleware, Feeds
from outreach.feeds.shared_feeds import SharedFeeds
from outreach.i18n import LANGUAGES
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from tests.conftest import LONG_AGO, kind, make_workshop, office, venue
from tests.support.feed_reader import utc_today

pytestmark = pytest.mark.any_database

FEED = "/es/cal/chicago.ics"
FORMS = ("ics", "atom", "json", "jcal", "jscal")


@pytest.fixture
def workshop(store: Store, chicago: Office, calgary: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def fail_if_called(_environ: Any, _respond: Any) -> list[bytes]:
    raise AssertionError("Flask was called")


def new_process(config: Config, store: Store, shared: SharedFeeds | None = None) -> Client:
    """The feed server of another process, which has no Flask behind it. It shares the database and,
    if it is of the same server, written feeds."""
    return Client(FeedMiddleware(fail_if_called, Feeds(config, store, {}, shared=shared)), Response)


def change(store: Store, workshop: Workshop, **changes: Any) -> None:
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(stored), **changes)
        workshop_service.change(session, stored, data, now=clock.now())


def counts(store: Store) -> Counter[str]:
    with store.read() as session:
        is_of_feeds = ChangeCounter.name != public_changes.COUNTER
        rows = session.execute(
            sa.select(ChangeCounter.name, ChangeCounter.number).where(is_of_feeds)
        )
        return Counter({row.name: row.number for row in rows})


def raised(store: Store, before: Counter[str]) -> set[str]:
    """The names of the counters that are higher than before."""
    return {*(counts(store) - before)}


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that the engine of the store executes."""
    executed: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        executed.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    yield executed
    sa.event.remove(store.engine, "before_cursor_execute", note)


def test_change_of_a_workshop_is_counted_for_its_office_and_the_network(
    store: Store, workshop: Workshop
) -> None:
    before = counts(store)
    change(store, workshop, title={"es": "Con café"})
    kind_id = workshop.kind_id
    of_kind = {f"{workshop.office_id}/{kind_id}", f"0/{kind_id}"}
    assert raised(store, before) == {"red", "chicago", *of_kind}


def test_change_of_office_is_counted_for_both_offices(
    store: Store, workshop: Workshop, calgary: Office
) -> None:
    before = counts(store)
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(stored), office=offices.find(session, "calgary"))
        workshop_service.change(session, stored, data, now=clock.now())
    kind_id = workshop.kind_id
    of_kind = {f"{office_id}/{kind_id}" for office_id in (0, workshop.office_id, calgary.id)}
    assert raised(store, before) == {"red", "chicago", "calgary", *of_kind}


def test_change_of_kind_is_counted_for_both_kinds(
    store: Store, workshop: Workshop, rights: Kind, women: Kind
) -> None:
    before = counts(store)
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        stored.kind, stored.changed_at = session.get_one(Kind, women.id), clock.now()
    of_kinds = {f"{o}/{k.id}" for o in (0, workshop.office_id) for k in (rights, women)}
    assert raised(store, before) == {"red", "chicago", *of_kinds}


def test_change_of_a_kind_is_counted_for_all_offices(
    store: Store, workshop: Workshop, rights: Kind, calgary: Office
) -> None:
    before = counts(store)
    with store.change() as session:
        session.get_one(Kind, rights.id).changed_at = clock.now()
    common = {f"{office_id}/0" for office_id in (0, workshop.office_id, calgary.id)}
    assert counts(store) - before == dict.fromkeys({"red", "chicago", "calgary", *common}, 1)


def test_change_of_a_venue_is_counted_for_its_office(store: Store, workshop: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        assert workshop.venue_id is not None
        session.get_one(Venue, workshop.venue_id).changed_at = clock.now()
    assert raised(store, before) == {"red", "chicago", "0/0", f"{workshop.office_id}/0"}


def test_each_counted_change_is_a_second_later_than_the_one_before(
    store: Store, workshop: Workshop
) -> None:
    def counted_at() -> datetime:
        with store.read() as session:
            return change_counters.read(session, "chicago")[1] or LONG_AGO

    times = [counted_at()]
    for title in ("Con café", "Con té", "Con pan"):
        change(store, workshop, title={"es": title})
        times.append(counted_at())
    seconds = [each.replace(microsecond=0) for each in times]
    assert seconds == sorted(set(seconds))
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    before = clock.now()
    change(store, workshop, title={"es": "Con agua"})
    assert before <= counted_at() <= clock.now()


def test_registrations_and_walk_ins_are_not_counted(store: Store, workshop: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        stored.seats_left -= 1
        stored.walk_ins += 1
    assert counts(store) == before


def test_rolled_back_change_is_not_counted(store: Store, workshop: Workshop, rights: Kind) -> None:
    before = counts(store)
    with pytest.raises(RuntimeError), store.change() as session:
        session.get_one(Kind, rights.id).changed_at = clock.now()
        session.flush()
        raise RuntimeError
    assert counts(store) == before
    change(store, workshop, title={"es": "Con café"})
    assert counts(store)["calgary"] == before["calgary"], (
        "the change that was rolled back concerned all offices"
    )


def test_change_before_a_failing_savepoint_is_counted(store: Store, workshop: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        stored = workshops.find(session, workshop.public_id)
        data = replace(workshop_service.get_data(stored), title={"es": "Con café"})
        workshop_service.change(session, stored, data, now=clock.now())
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(office("chicago", "Chicago", "IL", "America/Chicago"))
    of_kind = {f"{office_id}/{workshop.kind_id}" for office_id in (0, workshop.office_id)}
    assert counts(store) - before == dict.fromkeys({"red", "chicago", *of_kind}, 1)


def test_bulk_statement_is_counted(store: Store, workshop: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        session.execute(sa.delete(Workshop))
    assert counts(store)["red"] == before["red"] + 1


def test_poll_without_change_reads_one_row(
    config: Config, store: Store, workshop: Workshop
) -> None:
    client = new_process(config, store)
    tag = client.get(FEED).headers["ETag"]
    with statements(store) as executed:
        assert client.get(FEED, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(FEED, headers={"Accept-Encoding": "gzip"}).status_code == 200
    assert executed == [], "a poll uses only `Store.read_number`"
    assert store.read_number(change_counters.QUERY, "chicago") == counts(store)["chicago"]


# Feeds of discreet kinds are iCalendar only.
@pytest.mark.parametrize("ending", [*FORMS, "ics?tipo=mujeres", "ics?tipo=mujeres&enlace=1"])
def test_first_poll_after_a_change_writes_nothing(
    config: Config, store: Store, workshop: Workshop, chicago: Office, women: Kind, ending: str
) -> None:
    client, address = new_process(config, store), f"/es/cal/chicago.{ending}"
    with store.change() as session:
        shown = make_workshop(session, chicago, women) if "mujeres" in ending else workshop
    for title in ("Con café", "Con té"):
        change(store, shown, title={"es": title})
        with statements(store) as executed:
            assert client.get(address).status_code == 200
        assert executed
        assert {each.split()[0] for each in executed} <= {"SELECT", "BEGIN"}, (
            "a poll must not stand in line with those who register"
        )


def test_feed_of_a_kind_is_not_written_anew_for_another_kind(
    config: Config, store: Store, workshop: Workshop
) -> None:
    with store.change() as session:
        session.add(kind("daca", "DACA"))
    client, address = new_process(config, store), "/es/cal/chicago.ics?tipo=daca"
    tag = client.get(address).headers["ETag"]
    for title in ("Con café", "Con té"):
        change(store, workshop, title={"es": title})
        with statements(store) as executed:
            for _ in range(2):
                assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
        assert executed == []


class WatchedStore(Store):
    """Calls `before` with each query and statement before it is executed."""

    def __init__(self, url: str, before: Callable[[str], None]) -> None:
        super().__init__(url)
        self._before = before
        sa.event.listen(self.engine, "before_cursor_execute", self._before_statement)

    def read_row(self, query: str, *values: str) -> tuple[Any, ...] | None:
        self._before(query)
        return super().read_row(query, *values)

    def _before_statement(self, _c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self._before(statement)


@pytest.mark.races
def test_change_while_a_feed_is_written_is_in_the_next_answer(
    config: Config, store: Store, workshop: Workshop
) -> None:
    """The change comes before each query that writing the feed takes, one after the other."""
    address = "/es/cal/chicago.ics?tipo=derechos"
    for number in count():
        shared, executed = SharedFeeds(), list[str]()

        def before(query: str, number: int = number, executed: list[str] = executed) -> None:
            if len(executed) == number:
                change(store, workshop, title={"es": f"Con café {number}"})
            executed.append(query)

        with closing(WatchedStore(config.database_url, before)) as watched:
            client = new_process(config, watched, shared)
            assert client.get(address).status_code == 200
            if len(executed) <= number:
                break
            for process in (new_process(config, store, shared), client):
                text = process.get(address).get_data(as_text=True)
                assert f"Con café {number}" in text, executed[number]
    assert sum(change_counters.QUERY in each for each in executed) >= 6


def test_poll_is_answered_while_a_save_holds_the_database(
    config: Config, store: Store, workshop: Workshop
) -> None:
    client = new_process(config, store)
    tag = client.get(FEED).headers["ETag"]
    change(store, workshop, title={"es": "Con café"})
    with store.change():
        changed = client.get(FEED, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "Con café".encode() in changed.data


def test_processes_write_equal_feeds(config: Config, store: Store, workshop: Workshop) -> None:
    with store.change() as session:  # its date is another until the second of a change is over
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    first = new_process(config, store).get(FEED, headers={"Accept-Encoding": "gzip"})
    second = new_process(config, store).get(FEED, headers={"Accept-Encoding": "gzip"})
    assert second.data == first.data
    assert dict(second.headers) == dict(first.headers)


def test_unchanged_feed_keeps_its_date_in_a_process_and_its_tag_in_all(
    config: Config, store: Store, workshop: Workshop, calgary: Office, rights: Kind
) -> None:
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    address = "/es/cal/red.ics?donde=IL"
    client = new_process(config, store)
    before = client.get(address)
    with store.change() as session:
        make_workshop(session, calgary, rights)
    repeated, elsewhere = client.get(address), new_process(config, store).get(address)
    assert repeated.headers["Last-Modified"] == before.headers["Last-Modified"]
    assert elsewhere.headers["ETag"] == before.headers["ETag"]
    for asked in (before, elsewhere):
        since = {"If-Modified-Since": elsewhere.headers["Last-Modified"]}
        assert client.get(address, headers=since).status_code == 304, asked


def test_worker_stores_only_the_event_of_a_changed_workshop(
    config: Config, store: Store, workshop: Workshop, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for days in range(1, 20):
            make_workshop(session, chicago, rights, day=utc_today() + timedelta(days=days))
    warmer, now = EventCacheWarmer(store, config), clock.now()
    assert warmer.write(now=now) == 20 * len(LANGUAGES)
    change(store, workshop, title={"es": "Con café"})
    assert warmer.write(now=now) == len(LANGUAGES)
    with store.read() as session:
        stored = session.scalars(sa.select(CachedEvent).where(CachedEvent.lang == "es"))
        texts = [bytes(each.text) for each in stored]
    body = new_process(config, store).get(FEED).data
    assert "Con café".encode() in body
    assert all(text in body for text in texts)


def test_event_that_the_worker_has_not_stored_is_written_once_in_a_process(
    config: Config, store: Store, workshop: Workshop, chicago: Office, rights: Kind
) -> None:
    client = new_process(config, store)
    client.get(FEED)
    with store.change() as session:
        second = make_workshop(session, chicago, rights, day=utc_today() + timedelta(days=3))
    with statements(store) as executed:
        assert client.get(FEED).data.count(b"BEGIN:VEVENT") == 2
    wanted = [each for each in executed if "workshop.id IN" in each]
    assert len(wanted) == 1
    with store.read() as session:
        choice, site = FeedQuery(None), server.get_site(config, session)
        span = FeedSpan(utc_today(), utc_today() + timedelta(days=90), utc_today())
        writer = EventWriter(session, "es", site)
        pieces = event_cache.find(session, choice, span, writer.style(), limit=9)
        with statements(store) as executed:
            writer.fill(pieces)
    assert executed == [], "both were remembered"
    assert second.id in {piece.id for piece in pieces}


def test_change_of_another_office_keeps_the_etag(
    config: Config, store: Store, workshop: Workshop, calgary: Office, rights: Kind
) -> None:
    client = new_process(config, store)
    network = client.get("/es/cal/red.ics?donde=IL")
    with store.change() as session:
        make_workshop(session, calgary, rights)
    repeated = client.get("/es/cal/red.ics?donde=IL")
    assert counts(store)["red"] > 1
    assert repeated.headers["ETag"] == network.headers["ETag"]
    assert repeated.data == network.data
    fresh = new_process(config, store).get("/es/cal/red.ics?donde=IL")
    assert fresh.headers["ETag"] == network.headers["ETag"]


@pytest.mark.parametrize(
    "query",
    [
        "tipo=derechos&tipo=daca&idioma=es&idioma=en",
        "idioma=en&tipo=daca&utm_source=x&idioma=es&tipo=derechos&tipo=daca",
        "tipo=&idioma=es&tipo=derechos&tipo=daca&idioma=en&donde=",
    ],
)
def test_equivalent_queries_share_one_cached_feed(
    config: Config, store: Store, workshop: Workshop, query: str
) -> None:
    with store.change() as session:
        session.add(kind("daca", "DACA", position=2))
    feeds = Feeds(config, store, {})
    client = Client(FeedMiddleware(fail_if_called, feeds), Response)
    first = client.get(f"{FEED}?tipo=daca&tipo=derechos&idioma=en&idioma=es")
    size = feeds.memory.size
    second = client.get(f"{FEED}?{query}")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert feeds.memory.size == size > 0
    source = f"SOURCE;VALUE=URI:{config.public_url}{FEED}?tipo=derechos&tipo=daca&idioma=en"
    assert source.encode() in second.data.replace(b"\r\n ", b"")


@pytest.mark.parametrize(
    ("places", "spelling"),
    [
        (("il", "Illinois"), "IL"),
        (("Milwaukee", "milwaukee wi", "MILWAUKEE, WI"), "milwaukee+wi"),
        (("chicago", "Chicago, Illinois"), "chicago+il"),
    ],
)
def test_place_in_a_feed_query_has_a_canonical_spelling(
    config: Config,
    store: Store,
    workshop: Workshop,
    chicago: Office,
    rights: Kind,
    places: tuple[str, ...],
    spelling: str,
) -> None:
    with store.change() as session:
        stored = venue(session, chicago, name="Parroquia", city="Milwaukee", region="WI")
        make_workshop(session, chicago, rights, venue=stored)
    client = new_process(config, store)
    for place in places:
        answer = client.get("/es/cal/red.ics", query_string={"donde": place})
        assert answer.data.count(b"BEGIN:VEVENT") >= 1
        assert f"red.ics?donde={spelling}\r\n".encode() in answer.data.replace(b"\r\n ", b"")


def test_memory_of_the_feed_cache_is_bounded(
    config: Config, store: Store, workshop: Workshop
) -> None:
    feeds = Feeds(config, store, {}, room=50_000)
    client = Client(FeedMiddleware(fail_if_called, feeds), Response)
    tags = {
        client.get(f"/{lang}/cal/{name}.{form}").headers["ETag"]
        for lang in LANGUAGES
        for name in ("chicago", "red")
        for form in FORMS
    }
    assert len(tags) == 30
    assert 0 < feeds.memory.size <= 50_000


def test_many_addresses_of_one_feed_are_one_feed_in_memory(
    config: Config, store: Store, workshop: Workshop
) -> None:
    feeds = Feeds(config, store, {})
    client = Client(FeedMiddleware(fail_if_called, feeds), Response)
    client.get(FEED)
    size = feeds.memory.size
    tags = {client.get(f"{FEED}?x={number}").headers["ETag"] for number in range(40)}
    assert len(tags) == 1
    assert feeds.memory.size == size > 0


def test_change_of_the_public_url_rewrites_all_events(
    config: Config, store: Store, workshop: Workshop
) -> None:
    before = new_process(config, store).get(FEED)
    moved = new_process(replace(config, public_url="https://nueva.example.org"), store)
    after = moved.get(FEED, headers={"Host": "nueva.example.org"})
    assert after.headers["ETag"] != before.headers["ETag"]
    assert b"https://nueva.example.org/es/t/" in after.data.replace(b"\r\n ", b"")
    assert b"localhost" not in after.data.replace(b"\r\n ", b"")


def test_worker_writes_events_ahead_of_requests(
    config: Config, store: Store, workshop: Workshop, women: Kind, chicago: Office
) -> None:
    with store.change() as session:
        make_workshop(session, chicago, women)
    warmer, now = EventCacheWarmer(store, config), clock.now()
    assert warmer.write(now=now) == 3, (
        "one workshop in three languages; discreet ones on request only"
    )
    assert warmer.write(now=now) == 0
    with statements(store) as executed:
        assert warmer.write(now=now) == 0
    assert executed == []
    with store.read() as session:
        written = {row.lang: bytes(row.text) for row in session.scalars(sa.select(CachedEvent))}
    for lang in ("es", "en", "fr"):
        assert written[lang] in new_process(config, store).get(f"/{lang}/cal/chicago.ics").data


def test_old_events_are_deleted_from_the_cache(
    config: Config, store: Store, workshop: Workshop
) -> None:
    EventCacheWarmer(store, config).write(now=clock.now())
    long_after = clock.now() + timedelta(days=200)
    EventCacheWarmer(store, config).write(now=long_after)
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CachedEvent)) == 0


@pytest.mark.parametrize("form", ["atom", "json", "jcal", "jscal"])
def test_refusal_of_a_discreet_kind_repeats_only_the_typed_code(
    app: Flask, workshop: Workshop, women: Kind, form: str
) -> None:
    for code, second in (("mujeres", "K7QX"), ("K7QX", "mujeres")):
        answer = app.test_client().get(f"/es/cal/red.{form}?tipo={code}")
        assert (answer.status_code, answer.mimetype) == (404, "text/plain")
        assert code in answer.text
        assert second not in answer.text


def test_feed_of_an_unknown_host_is_refused(app: Flask, workshop: Workshop) -> None:
    client = app.test_client()
    assert client.get(FEED).status_code == 200
    assert client.get(FEED, headers={"Host": "evil.example"}).status_code == 400
    assert client.get(FEED, headers={"Host": "["}).status_code == 400


@pytest.mark.parametrize("form", ["ics", "atom", "json", "jcal", "jscal"])
def test_each_format_has_headers_and_is_revalidated(
    app: Flask, store: Store, workshop: Workshop, form: str
) -> None:
    with store.change() as session:
        session.execute(sa.update(ChangeCounter).values(changed_at=LONG_AGO))
    client = app.test_client()
    answer = client.get(f"/es/cal/chicago.{form}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == server.TYPES[form]
    assert f"talleres-chicago.{form}" in answer.headers["Content-Disposition"]
    for header in ("ETag", "Last-Modified"):
        asks = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}[header]
        repeated = client.get(f"/es/cal/chicago.{form}", headers={asks: answer.headers[header]})
        assert (repeated.status_code, repeated.data) == (304, b"")
    assert client.post(f"/es/cal/chicago.{form}").status_code == 405
    assert client.get(f"/es/cal/nada.{form}").status_code == 404
