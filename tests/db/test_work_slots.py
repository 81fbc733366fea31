"""Who gets a slot next: calendar programs and people alternately, and beside long requests."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from outreach.db import work_slots
from outreach.db.work_slots import CALENDARS, PEOPLE, Slots, WorkSlots
from tests.concurrency.test_shutdown import wait_until

FORM, FEED = "/es/t/abc/lugar", "/es/cal/red.ics"
TIMEOUT_SECONDS = 30
NEVER = 1e6  # seconds


def respond(*_arguments: object) -> Any:
    """The WSGI server's function that takes status and headers."""


@pytest.fixture
def start() -> Iterator[Callable[..., threading.Thread]]:
    threads: list[threading.Thread] = []

    def start(run: Callable[..., object], *arguments: object) -> threading.Thread:
        threads.append(threading.Thread(target=run, args=arguments, daemon=True))
        threads[-1].start()
        return threads[-1]

    yield start
    for each in threads:
        each.join(TIMEOUT_SECONDS)
        assert not each.is_alive()


def test_slots_go_to_both_queues_alternately_and_within_one_in_order(
    start: Callable[..., threading.Thread],
) -> None:
    slots, served = Slots(1, 4, long_seconds=NEVER), queue.Queue[tuple[str, threading.Lock]]()
    slot = slots.acquire(PEOPLE)

    def wait(name: str, number: int) -> None:
        served.put((name, slots.acquire(number)))

    waiting = {"p1": PEOPLE, "p2": PEOPLE, "p3": PEOPLE, "c1": CALENDARS, "c2": CALENDARS}
    for count, (name, number) in enumerate(waiting.items(), 1):
        start(wait, name, number)
        wait_until(lambda those=count: sum(slots.count_waiting()) == those, "it does not wait")
    order = []
    for _ in waiting:
        slots.release(slot)
        name, slot = served.get(timeout=TIMEOUT_SECONDS)
        order.append(name)
    assert order == ["c1", "p1", "c2", "p2", "p3"]


def test_calendar_does_not_wait_behind_a_crowd_of_people(
    start: Callable[..., threading.Thread],
) -> None:
    started = queue.Queue[str]()
    may_end = threading.Event()

    def app(environ: Any, _respond: Any) -> Iterable[bytes]:
        started.put(environ["PATH_INFO"])
        may_end.wait(TIMEOUT_SECONDS)
        return []

    slots = Slots(1, 4, long_seconds=NEVER)
    server = WorkSlots(app, slots)
    for count, path in enumerate((FORM, FORM, FORM, FORM, FEED)):
        start(server, {"PATH_INFO": path}, respond)
        if count == 0:
            assert started.get(timeout=TIMEOUT_SECONDS) == FORM
        wait_until(lambda those=count: sum(slots.count_waiting()) == those, "it does not wait")
    may_end.set()
    order = [started.get(timeout=TIMEOUT_SECONDS) for _ in range(4)]
    assert order == [FEED, FORM, FORM, FORM]


def test_long_request_lets_others_begin_up_to_a_limit(
    start: Callable[..., threading.Thread],
) -> None:
    slots, served = Slots(1, 3), queue.Queue[threading.Lock]()
    for _ in range(5):
        start(lambda: served.put(slots.acquire(PEOPLE)))
    held = [served.get(timeout=TIMEOUT_SECONDS) for _ in range(3)]
    assert slots.count_waiting() == (2, 0)
    while held:
        slots.release(held.pop())
        if sum(slots.count_waiting()) or not served.empty():
            held.append(served.get(timeout=TIMEOUT_SECONDS))
    assert slots.count_waiting() == (0, 0)


def test_thread_that_gives_its_slot_back_gives_it_once(
    start: Callable[..., threading.Thread],
) -> None:
    def app(_environ: Any, _respond: Any) -> Iterable[bytes]:
        work_slots.give_back()
        work_slots.give_back()
        return []

    slots = Slots(1, 4, long_seconds=NEVER)
    WorkSlots(app, slots)({"PATH_INFO": FORM}, respond)
    slot = slots.acquire(PEOPLE)
    start(slots.acquire, PEOPLE)
    wait_until(lambda: slots.count_waiting() == (1, 0), "there is a second slot")
    slots.release(slot)


def test_failing_application_keeps_no_slot() -> None:
    def app(_environ: Any, _respond: Any) -> Iterable[bytes]:
        raise ValueError("it fails")

    slots = Slots(1, 1, long_seconds=NEVER)
    with pytest.raises(ValueError, match="it fails"):
        WorkSlots(app, slots)({"PATH_INFO": FORM}, respond)
    slots.release(slots.acquire(CALENDARS))
