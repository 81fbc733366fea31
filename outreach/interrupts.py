"""An event that signal handlers set: what a process waits for until it has to stop."""

import math
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

WAIT_SECONDS: Final = 1.0


class Interrupt:
    """A `threading.Event` that a signal handler may set, and that hears of every signal.

    The lock of an Event may be held by the thread that the handler interrupts, which would then
    wait for itself. And Python runs the handler of a signal that comes just before a wait only when
    that wait ends: so a wait is made of short ones.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wakes: SimpleQueue[None] = SimpleQueue()  # whose methods may be interrupted by `put`

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        self._wakes.put(None)

    def clear(self) -> None:
        self._is_set = False
        with suppress(Empty):
            while True:
                self._wakes.get_nowait()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits until it is set, or for `timeout` in seconds; returns whether it is set."""
        ends_at = math.inf if timeout is None else time.monotonic() + timeout
        while not self._is_set and (left := ends_at - time.monotonic()) > 0:
            with suppress(Empty):
                self._wakes.get(timeout=min(left, WAIT_SECONDS))
        return self._is_set
