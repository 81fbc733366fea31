"""Lets few requests of a process compute at once, however many wait.

Python runs one thread at a time. One that reads from SQLite gives the interpreter up at each
statement, which takes a twentieth of a millisecond, and then waits for up to five milliseconds
until a thread that computes gives it back: several requests at once make each other many times
slower. So one request at a time has a slot on SQLite. On PostgreSQL, where a request waits for the
database's answer, several have (decision 0069).

- A request that waits for the lock of writers gives its slot back, so that polls and pages are
  answered while saves wait (decision 0066).
- One that takes long, as a paper that is typeset, does not keep the others waiting: after
  LONG_SECONDS its slot is given to the next one too, up to a limit.
- Calendar programs and people wait in a queue each, and slots go to the two alternately: a calendar
  does not wait behind a crowd that saves places, nor a person behind a crowd of calendars.
"""

import threading
from collections import deque
from collections.abc import Iterable
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CALENDAR_PATHS: Final = "/cal/"  # within the paths that calendar programs poll
PEOPLE: Final = 0  # the numbers of the queues
CALENDARS: Final = 1
LONG_SECONDS: Final = 0.1


class Slots:
    """The slots, and two queues of requests that wait for one. Threads share it."""

    def __init__(self, number: int, most: int, *, long_seconds: float = LONG_SECONDS) -> None:
        """Sets the limits: `number` requests have a slot at a time, `most` with those that last
        long.

        A request that has had its slot for `long_seconds` does not count in `number`.
        """
        self._number, self._most, self._long_seconds = number, most, long_seconds
        self._guard = threading.Lock()  # guards the attributes below
        self._queues: tuple[deque[threading.Lock], ...] = (deque(), deque())
        self._next = 0  # the queue that is served first
        self._given: dict[threading.Lock, float] = {}  # when, in seconds of `monotonic`

    def acquire(self, queue: int) -> threading.Lock:
        """Waits in PEOPLE or CALENDARS for a slot, and returns it for `release`."""
        slot = threading.Lock()
        slot.acquire()
        with self._guard:
            self._queues[queue].append(slot)
            self._serve()
        while not slot.acquire(timeout=self._long_seconds):
            with self._guard:
                self._serve()
        return slot

    def release(self, slot: threading.Lock) -> None:
        with self._guard:
            del self._given[slot]
            self._serve()

    def count_waiting(self) -> tuple[int, ...]:
        """Returns how many requests wait in PEOPLE and in CALENDARS."""
        with self._guard:
            return tuple(map(len, self._queues))

    def _serve(self) -> None:
        """Gives slots to the requests that wait, as long as there are free ones."""
        now = monotonic()
        while any(self._queues) and self._has_room(now):
            queue = self._next if self._queues[self._next] else 1 - self._next
            self._next = 1 - queue
            slot = self._queues[queue].popleft()
            self._given[slot] = now
            slot.release()

    def _has_room(self, now: float) -> bool:
        recent = sum(now - since < self._long_seconds for since in self._given.values())
        return recent < self._number and len(self._given) < self._most


class _Thread(threading.local):
    slot: tuple[Slots, threading.Lock] | None = None  # the slot that this thread has


_thread = _Thread()


class WorkSlots:
    """A WSGI application that passes few requests at a time to another one."""

    def __init__(self, app: "WSGIApplication", slots: Slots) -> None:
        self._app, self._slots = app, slots

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        is_calendar = CALENDAR_PATHS in environ.get("PATH_INFO", "")
        slot = self._slots.acquire(CALENDARS if is_calendar else PEOPLE)
        _thread.slot = self._slots, slot
        try:
            return self._app(environ, respond)
        finally:
            give_back()


def give_back() -> None:
    """Gives the slot of this thread back, if it has one.

    It takes none again for the rest of its request: one thread at a time has the lock, so
    that one more computes at most.
    """
    held, _thread.slot = _thread.slot, None
    if held is not None:
        slots, slot = held
        slots.release(slot)
