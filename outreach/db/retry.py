"""Retries work that failed with a temporary error of the database, within bounds."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, TypeVar

from outreach.db import error_classes
from outreach.db.error_classes import ErrorClass

Result = TypeVar("Result")
MAX_CONFLICTS: Final = 4
FIRST_PAUSE_SECONDS: Final = 0.1  # when the server is lost; doubled each time
MAX_PAUSE_SECONDS: Final = 1.5
MAX_OUTAGE_SECONDS: Final = 10.0
NEW_OUTAGE_SECONDS: Final = 15.0  # without an error; the next one begins a new outage


class Outage:
    """How long the threads of one process wait for a lost server.

    All of them wait until the same instant and after that not at all, since a thread that waits
    answers no request.
    """

    def __init__(self, max_seconds: float = MAX_OUTAGE_SECONDS) -> None:
        self._max_seconds = max_seconds
        self._since: float | None = None
        self._last = 0.0
        self._lock = Lock()

    def ends_at(self) -> float:
        """Notes that the server is lost now. Returns until when to wait, by `time.monotonic`."""
        now = time.monotonic()
        with self._lock:
            if self._since is None or now > self._last + NEW_OUTAGE_SECONDS:
                self._since = now
            self._last = now
            return self._since + self._max_seconds

    def end(self) -> None:
        """Notes that the server answers again."""
        with self._lock:
            self._since = None


class RetryPolicy:
    """Counts the attempts of one request or another piece of work."""

    def __init__(self, outage: Outage | None = None) -> None:
        self._outage = outage or Outage()
        self._conflicts = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._was_lost = False

    def should_retry(self, error: BaseException) -> bool:
        """Waits if the error needs it. Returns whether to try once more."""
        error_class = error_classes.classify(error)
        if error_class is ErrorClass.CONFLICT:
            self._conflicts += 1
            return self._conflicts < MAX_CONFLICTS
        if error_class is not ErrorClass.LOST:
            return False
        self._was_lost = True
        left = self._outage.ends_at() - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(self._pause, left))
        self._pause = min(self._pause * 2, MAX_PAUSE_SECONDS)
        return True

    def succeed(self) -> None:
        """Notes that the last attempt succeeded."""
        if self._was_lost:
            self._outage.end()

    def run(self, work: Callable[[], Result]) -> Result:
        """Calls `work` until it succeeds or raises an error that should not be retried."""
        while True:
            try:
                result = work()
            except Exception as error:
                if not self.should_retry(error):
                    raise
            else:
                self.succeed()
                return result
