"""Feeds that one process of a server has written, and another one answers with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import event
from werkzeug.test import EnvironBuilder

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.feeds.server import Feeds
from outreach.feeds.shared_feeds import SLOT_BYTES, WAYS, FeedCopy, SharedFeed, SharedFeeds
from tests.conftest import make_workshop
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock
FEED = "/es/cal/chicago.ics?tipo=derechos"
PATH, QUERY = "/es/cal/chicago.ics", "tipo=derechos"
COPY = FeedCopy(
    41, (7, 8), date(2026, 11, 30), "ab" * 32, datetime(2026, 11, 30, 9, 30, tzinfo=UTC), b"x" * 900
)
SHARED = SharedFeed(
    ("style", "https://talleres.example.org" + FEED), "chicago", "<>", ("1/0",), COPY
)


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def answer(feeds: Feeds, address: str = FEED) -> tuple[str, list[tuple[str, str]], bytes]:
    return feeds.answer(EnvironBuilder(address).get_environ())


def change_title(store: Store, workshop: Workshop) -> None:
    with store.change() as session:
        changed = session.get_one(Workshop, workshop.id)
        changed.title = {"es": "Con café"}
        changed.changed_at = clock.now()


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """The statements that are executed in the block."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def with_body(body: bytes) -> SharedFeed:
    return replace(SHARED, copy=replace(COPY, body=body))


@pytest.mark.starts_processes  # which reads no clock
def test_feed_of_another_process_is_found() -> None:
    shared = SharedFeeds()
    if (child := os.fork()) == 0:
        shared.put(PATH, QUERY, SHARED)
        os._exit(0)
    os.waitpid(child, 0)
    assert shared.get(PATH, QUERY) == SHARED
    assert shared.get(PATH, "") is None
    assert shared.get(PATH + QUERY, "") is None


def test_slot_that_is_not_written_whole_is_empty() -> None:
    shared = SharedFeeds(slots=WAYS)
    shared.put(PATH, QUERY, SHARED)
    memory = shared._memory
    for place in [place for place in range(len(memory)) if memory[place]]:
        before = memory[place]
        for other in (before ^ 1, before ^ 128):
            memory[place] = other
            assert shared.get(PATH, QUERY) is None, place
        memory[place] = before
    assert shared.get(PATH, QUERY) == SHARED


def test_as_many_feeds_as_slots_are_kept_and_one_more_replaces_one() -> None:
    shared = SharedFeeds(slots=WAYS)
    feeds = {f"x={number}": with_body(b"%d" % number) for number in range(WAYS + 1)}
    for query, feed in feeds.items():
        shared.put(PATH, query, feed)
        assert shared.get(PATH, query) == feed
    kept = [query for query, feed in feeds.items() if shared.get(PATH, query) == feed]
    assert len(kept) == WAYS


def test_later_feed_of_an_address_replaces_the_earlier() -> None:
    shared = SharedFeeds()
    for body in (b"x" * 900, b"y", b"z" * 1800):
        shared.put(PATH, QUERY, with_body(body))
        assert shared.get(PATH, QUERY) == with_body(body)


@pytest.mark.parametrize("size", [SLOT_BYTES, 100_000])
def test_feed_larger_than_a_slot_is_not_shared(size: int) -> None:
    shared = SharedFeeds(slots=WAYS)
    shared.put(PATH, "", SHARED)
    shared.put(PATH, QUERY, with_body(b"y" * size))
    assert shared.get(PATH, QUERY) is None
    assert shared.get(PATH, "") == SHARED


def test_second_process_does_not_write_the_feed_again(
    config: Config, store: Store, workshop: Workshop
) -> None:
    shared = SharedFeeds()
    first, second = (Feeds(config, store, {}, shared=shared) for _ in range(2))
    with statements(store) as of_first:
        written = answer(first)
    with statements(store) as of_second:
        assert answer(second) == written
    assert b"BEGIN:VEVENT" in written[2]
    assert any("cached_event" in each for each in of_first)
    assert not of_second


def test_feed_is_written_again_after_a_change(
    config: Config, store: Store, workshop: Workshop
) -> None:
    shared = SharedFeeds()
    first, second = (Feeds(config, store, {}, shared=shared) for _ in range(2))
    before = answer(first)
    change_title(store, workshop)
    after = answer(second)
    assert after != before
    assert "Con café".encode() in after[2]
    assert answer(first)[2] == after[2]


def test_feed_of_another_day_is_written_again(
    config: Config, store: Store, workshop: Workshop
) -> None:
    shared = SharedFeeds()
    first, second = (Feeds(config, store, {}, shared=shared) for _ in range(2))
    assert b"BEGIN:VEVENT" in answer(first)[2]
    with time_machine.travel(clock.now() + timedelta(days=300)):  # no feed reaches back so far
        assert b"BEGIN:VEVENT" not in answer(second)[2]


def test_process_gives_no_change_the_date_of_what_was_before(
    config: Config, store: Store, workshop: Workshop
) -> None:
    """A program that knows the date only would miss the change, which may be of the same second."""
    shared = SharedFeeds()
    first, second = (Feeds(config, store, {}, shared=shared) for _ in range(2))
    before = dict(answer(first)[1])["Last-Modified"]
    change_title(store, workshop)
    answer(second)
    after = dict(answer(first)[1])["Last-Modified"]
    assert parsedate_to_datetime(after) > parsedate_to_datetime(before)
