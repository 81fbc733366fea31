"""Feeds are made once: entries are kept by workshop, feeds are shared, and a poll reads one row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
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
from outreach.domain.calendar import change_counters, feed_cache
from outreach.domain.calendar.change_counters import ChangeCounter
from outreach.domain.calendar.event_cache import CachedEvent
from outreach.domain.calendar.feed_cache import CachedFeedRow
from outreach.domain.locations.venues import Venue
from outreach.domain.network import offices
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.feeds import server
from outreach.feeds.server import FeedMiddleware, Feeds
from outreach.maintenance.event_cache_warmup import EventCacheWarmer
from tests.conftest import LONG_AGO, hold, kind, office, venue
from tests.support.feed_reader import utc_today

pytestmark = pytest.mark.any_database

FEED = "/es/cal/chicago.ics"


@pytest.fixture
def held(store: Store, chicago: Office, calgary: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


def nobody(_environ: Any, _respond: Any) -> list[bytes]:
    raise AssertionError("Flask was asked")


def process(config: Config, store: Store) -> Client:
    """What another process, or another host, answers polls with: nothing of it is shared but the
    database; and there is no Flask behind it."""
    return Client(FeedMiddleware(nobody, Feeds(config, store, {})), Response)


def change(store: Store, held: Workshop, **changes: Any) -> None:
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        plan = replace(workshop_service.get_data(there), **changes)
        workshop_service.change(session, there, plan, now=clock.now())


def counts(store: Store) -> dict[str, int]:
    with store.read() as session:
        rows = session.execute(sa.select(ChangeCounter.name, ChangeCounter.number))
        return {row.name: row.number for row in rows}


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """All that is asked of the database through its engine."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(store.engine, "before_cursor_execute", note)


def test_a_change_is_counted_for_its_office_and_the_network_only(
    store: Store, held: Workshop
) -> None:
    before = counts(store)
    change(store, held, title={"es": "Con café"})
    after = counts(store)
    assert {name for name in after if after[name] != before[name]} == {"red", "chicago"}


def test_a_workshop_that_moves_is_counted_where_it_was_and_where_it_is(
    store: Store, held: Workshop
) -> None:
    before = counts(store)
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        plan = replace(workshop_service.get_data(there), office=offices.find(session, "calgary"))
        workshop_service.change(session, there, plan, now=clock.now())
    after = counts(store)
    assert {name for name in after if after[name] > before[name]} == {"red", "chicago", "calgary"}


def test_a_kind_that_changes_is_counted_everywhere(
    store: Store, held: Workshop, rights: Kind
) -> None:
    before = counts(store)
    with store.change() as session:
        session.get_one(Kind, rights.id).changed_at = clock.now()
    after = counts(store)
    assert all(after[name] == before[name] + 1 for name in ("red", "chicago", "calgary"))


def test_a_venue_that_changes_is_counted_for_its_office(store: Store, held: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        assert held.venue_id is not None
        session.get_one(Venue, held.venue_id).changed_at = clock.now()
    after = counts(store)
    assert (after["chicago"], after["calgary"]) == (before["chicago"] + 1, before["calgary"])


def test_places_taken_and_people_at_the_door_are_no_change_of_a_calendar(
    store: Store, held: Workshop
) -> None:
    before = counts(store)
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        there.seats_left -= 1
        there.walk_ins += 1
    assert counts(store) == before


def test_what_is_undone_is_not_counted(store: Store, held: Workshop, rights: Kind) -> None:
    before = counts(store)
    with pytest.raises(RuntimeError), store.change() as session:
        session.get_one(Kind, rights.id).changed_at = clock.now()
        session.flush()
        raise RuntimeError
    assert counts(store) == before
    change(store, held, title={"es": "Con café"})
    assert counts(store)["calgary"] == before["calgary"], "the undone change was of all offices"


def test_what_was_changed_before_a_savepoint_that_fails_is_counted(
    store: Store, held: Workshop
) -> None:
    before = counts(store)
    with store.change() as session:
        there = workshops.find(session, held.public_id)
        plan = replace(workshop_service.get_data(there), title={"es": "Con café"})
        workshop_service.change(session, there, plan, now=clock.now())
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(office("chicago", "Chicago", "IL", "America/Chicago"))
    assert counts(store) == before | {each: before[each] + 1 for each in ("red", "chicago")}


def test_rows_written_by_one_statement_are_counted_too(store: Store, held: Workshop) -> None:
    before = counts(store)
    with store.change() as session:
        session.execute(sa.delete(Workshop))
    assert counts(store)["red"] == before["red"] + 1


def test_a_poll_that_finds_nothing_new_reads_one_row_and_nothing_else(
    config: Config, store: Store, held: Workshop
) -> None:
    client = process(config, store)
    tag = client.get(FEED).headers["ETag"]
    with statements(store) as seen:
        assert client.get(FEED, headers={"If-None-Match": tag}).status_code == 304
        assert client.get(FEED, headers={"Accept-Encoding": "gzip"}).status_code == 200
    assert seen == [], "only the one question of the kept connection"
    assert store.read_number(change_counters.NUMBER_QUERY, "chicago") == counts(store)["chicago"]


def test_what_one_process_has_made_the_others_need_not_make(
    config: Config, store: Store, held: Workshop
) -> None:
    first = process(config, store).get(FEED, headers={"Accept-Encoding": "gzip"})
    with statements(store) as seen:
        second = process(config, store).get(FEED, headers={"Accept-Encoding": "gzip"})
    assert second.data == first.data
    assert dict(second.headers) == dict(first.headers)
    assert not any("calendar_entry" in each or "INSERT" in each for each in seen)


def test_after_a_change_of_one_workshop_one_entry_is_written_and_the_rest_are_kept(
    config: Config, store: Store, held: Workshop, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        for days in range(1, 20):
            hold(session, chicago, rights, day=utc_today() + timedelta(days=days))
    client = process(config, store)
    before = client.get(FEED)
    with store.read() as session:
        kept = {row.workshop_id: bytes(row.text) for row in session.scalars(sa.select(CachedEvent))}
    change(store, held, title={"es": "Con café"})
    after = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})
    with store.read() as session:
        now = {row.workshop_id: bytes(row.text) for row in session.scalars(sa.select(CachedEvent))}
    assert after.status_code == 200
    assert {number for number in now if now[number] != kept[number]} == {held.id}
    assert "Con café".encode() in after.data
    assert all(text in after.data for text in now.values())


def test_a_change_elsewhere_leaves_tag_and_date_as_they_were(
    config: Config, store: Store, held: Workshop, calgary: Office, rights: Kind
) -> None:
    client = process(config, store)
    network = client.get("/es/cal/red.ics?donde=IL")
    with store.change() as session:
        hold(session, calgary, rights)
    again = client.get("/es/cal/red.ics?donde=IL")
    assert counts(store)["red"] > 1
    assert again.headers["ETag"] == network.headers["ETag"]
    assert again.data == network.data
    fresh = process(config, store).get("/es/cal/red.ics?donde=IL")
    assert fresh.headers["ETag"] == network.headers["ETag"]


@pytest.mark.parametrize(
    "query",
    [
        "tipo=derechos&tipo=daca&idioma=es&idioma=en",
        "idioma=en&tipo=daca&utm_source=x&idioma=es&tipo=derechos&tipo=daca",
        "tipo=&idioma=es&tipo=derechos&tipo=daca&idioma=en&donde=",
    ],
)
def test_a_feed_has_one_copy_however_its_address_is_written(
    config: Config, store: Store, held: Workshop, query: str
) -> None:
    with store.change() as session:
        session.add(kind("daca", "DACA", position=2))
    client = process(config, store)
    one = client.get(f"{FEED}?tipo=daca&tipo=derechos&idioma=en&idioma=es")
    other = client.get(f"{FEED}?{query}")
    assert other.headers["ETag"] == one.headers["ETag"]
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CachedFeedRow)) == 1
    source = f"SOURCE;VALUE=URI:{config.public_url}{FEED}?tipo=derechos&tipo=daca&idioma=en"
    assert source.encode() in other.data.replace(b"\r\n ", b"")


@pytest.mark.parametrize(
    ("places", "spelling"),
    [
        (("il", "Illinois"), "IL"),
        (("Milwaukee", "milwaukee wi", "MILWAUKEE, WI"), "milwaukee+wi"),
        (("chicago", "Chicago, Illinois"), "chicago+il"),
    ],
)
def test_every_place_of_the_list_is_a_feed_with_one_address(
    config: Config,
    store: Store,
    held: Workshop,
    chicago: Office,
    rights: Kind,
    places: tuple[str, ...],
    spelling: str,
) -> None:
    with store.change() as session:
        there = venue(session, chicago, name="Parroquia", city="Milwaukee", region="WI")
        hold(session, chicago, rights, venue=there)
    client = process(config, store)
    for place in places:
        answer = client.get("/es/cal/red.ics", query_string={"donde": place})
        assert answer.data.count(b"BEGIN:VEVENT") >= 1
        assert f"red.ics?donde={spelling}\r\n".encode() in answer.data.replace(b"\r\n ", b"")


def test_memory_is_bounded_however_many_addresses_are_made_up(
    config: Config, store: Store, held: Workshop
) -> None:
    feeds = Feeds(config, store, {}, room=50_000)
    client = Client(FeedMiddleware(nobody, feeds), Response)
    tags = {client.get(f"{FEED}?x={number}").headers["ETag"] for number in range(40)}
    assert len(tags) == 1
    assert 0 < feeds.memory.size <= 50_000


def test_shared_copies_are_bounded_and_the_oldest_go(store: Store, held: Workshop) -> None:
    most, now = feed_cache.MAX_FEEDS, clock.now()
    with store.change() as session:
        old = [
            {
                "key": f"{number:064d}", "number": 1, "day": utc_today(), "etag": "x", "size": 4,
                "changed_at": now, "made_at": now - timedelta(days=1, seconds=most - number),
                "body": b"body",
            }
            for number in range(most)
        ]  # fmt: skip
        session.execute(sa.insert(CachedFeedRow), old)
    copy = feed_cache.CachedFeed(1, utc_today(), "etag", now, b"new")
    with store.change() as session:
        feed_cache.keep(session, "new", copy, now=now)
    with store.read() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(CachedFeedRow))
        assert count is not None
        assert count <= most * 3 // 4 + 1
        assert feed_cache.find(session, "new") == copy
        assert feed_cache.find(session, f"{0:064d}") is None
        assert feed_cache.find(session, f"{most - 1:064d}") is not None


def test_who_cannot_share_a_feed_still_gives_it(
    config: Config, store: Store, held: Workshop
) -> None:
    with store.change() as session:
        session.execute(sa.text("ALTER TABLE calendar_entry RENAME TO gone"))
        session.execute(sa.text("CREATE VIEW calendar_entry AS SELECT * FROM gone"))
    try:
        answer = process(config, store).get(FEED)
    finally:
        with store.change() as session:
            session.execute(sa.text("DROP VIEW calendar_entry"))
            session.execute(sa.text("ALTER TABLE gone RENAME TO calendar_entry"))
    assert answer.status_code == 200
    assert b"BEGIN:VEVENT" in answer.data


def test_another_public_address_or_phone_writes_everything_anew(
    config: Config, store: Store, held: Workshop
) -> None:
    before = process(config, store).get(FEED)
    moved = process(replace(config, public_url="https://nueva.example.org"), store)
    after = moved.get(FEED, headers={"Host": "nueva.example.org"})
    assert after.headers["ETag"] != before.headers["ETag"]
    assert b"https://nueva.example.org/es/t/" in after.data.replace(b"\r\n ", b"")
    assert b"localhost" not in after.data.replace(b"\r\n ", b"")


def test_the_worker_writes_entries_before_anybody_asks(
    config: Config, store: Store, held: Workshop, women: Kind, chicago: Office
) -> None:
    with store.change() as session:
        hold(session, chicago, women)
    scribe, now = EventCacheWarmer(store, config), clock.now()
    assert scribe.write(now=now) == 3, "one workshop, three languages; discreet ones when asked for"
    assert scribe.write(now=now) == 0
    with statements(store) as seen:
        assert scribe.write(now=now) == 0
    assert seen == []
    with store.read() as session:
        written = {row.lang: bytes(row.text) for row in session.scalars(sa.select(CachedEvent))}
    for lang in ("es", "en", "fr"):
        assert written[lang] in process(config, store).get(f"/{lang}/cal/chicago.ics").data


def test_entries_of_long_ago_are_not_kept(config: Config, store: Store, held: Workshop) -> None:
    process(config, store).get(FEED)
    long_after = clock.now() + timedelta(days=200)
    EventCacheWarmer(store, config).write(now=long_after)
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CachedEvent)) == 0


@pytest.mark.parametrize("form", ["atom", "json", "jcal"])
def test_a_discreet_kind_is_refused_in_the_word_that_was_used(
    app: Flask, held: Workshop, women: Kind, form: str
) -> None:
    for asked, other in (("mujeres", "K7QX"), ("K7QX", "mujeres")):
        answer = app.test_client().get(f"/es/cal/red.{form}?tipo={asked}")
        assert (answer.status_code, answer.mimetype) == (404, "text/plain")
        assert asked in answer.text
        assert other not in answer.text


def test_whoever_calls_us_by_another_name_is_refused_by_flask(app: Flask, held: Workshop) -> None:
    client = app.test_client()
    assert client.get(FEED).status_code == 200
    assert client.get(FEED, headers={"Host": "evil.example"}).status_code == 400
    assert client.get(FEED, headers={"Host": "["}).status_code == 400


@pytest.mark.parametrize("form", ["ics", "atom", "json", "jcal"])
def test_each_format_is_answered_and_revalidated_alike(
    app: Flask, store: Store, held: Workshop, form: str
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
        again = client.get(f"/es/cal/chicago.{form}", headers={asks: answer.headers[header]})
        assert (again.status_code, again.data) == (304, b"")
    assert client.post(f"/es/cal/chicago.{form}").status_code == 405
    assert client.get(f"/es/cal/nada.{form}").status_code == 404
