"""How long, and how often, something is tried again whose database failed for a moment."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass

Thing = TypeVar("Thing")
AT_ONCE: Final = 4  # times for changes that met
FIRST_PAUSE: Final = 0.1  # seconds for a server that is lost; each time twice as long
LONGEST_PAUSE: Final = 1.5
IN_ALL: Final = 10.0
FORGOTTEN: Final = 15.0  # seconds without a loss, after which the next is a new one


class Outage:
    """Since when a process has found the server lost. All that it is asked meanwhile waits until
    the same moment, and after that not at all: threads that wait answer nobody."""

    def __init__(self, in_all: float = IN_ALL) -> None:
        self._in_all = in_all
        self._since: float | None = None
        self._last = 0.0
        self._lock = Lock()

    def ends_at(self) -> float:
        """It is lost now: until when to wait for it, by the monotonic clock."""
        now = time.monotonic()
        with self._lock:
            if self._since is None or now > self._last + FORGOTTEN:
                self._since = now
            self._last = now
            return self._since + self._in_all

    def is_over(self) -> None:
        with self._lock:
            self._since = None


class RetryPolicy:
    """That of one request, or of whatever else is done over."""

    def __init__(self, outage: Outage | None = None) -> None:
        self._outage = outage or Outage()
        self._conflicts = 0
        self._pause = FIRST_PAUSE
        self._was_lost = False

    def waits_out(self, error: BaseException) -> bool:
        """Waits as long as the error deserves, and says whether to try once more."""
        fault = error_classes.classify(error)
        if fault is ErrorClass.CONFLICT:
            self._conflicts += 1
            return self._conflicts < AT_ONCE
        if fault is not ErrorClass.LOST:
            return False
        self._was_lost = True
        left = self._outage.ends_at() - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(self._pause, left))
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return True

    def is_done(self) -> None:
        """It went well this time."""
        if self._was_lost:
            self._outage.is_over()

    def with_(self, do: Callable[[], Thing]) -> Thing:
        """Does it, over and over while the error deserves it."""
        while True:
            try:
                done = do()
            except Exception as error:
                if not self.waits_out(error):
                    raise
            else:
                self.is_done()
                return done
