"""Lets few threads of a process compute at once, however many wait for the lock of writers.

Python runs one thread at a time, and each further one that computes makes all of them slower. One
that waits for the lock computes nothing: it gives its slot back, so that polls and pages are
answered while saves wait (decision 0066).
"""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Thread(threading.local):
    slots: threading.Semaphore | None = None  # of which this thread has one


_thread = _Thread()


class WorkSlots:
    """A WSGI application that answers `number` requests of another one at a time."""

    def __init__(self, app: "WSGIApplication", number: int) -> None:
        self._app, self._slots = app, threading.Semaphore(number)

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        self._slots.acquire()
        _thread.slots = self._slots
        try:
            return self._app(environ, respond)
        finally:
            give_back()


def give_back() -> None:
    """Gives the slot of this thread back, if it has one. It takes none again for the rest of its
    request: one thread at a time has the lock, so that one more computes at most."""
    slots, _thread.slots = _thread.slots, None
    if slots is not None:
        slots.release()
