"""Runs rounds of deliveries to other sites in a thread of the worker.

A subscriber of the hub gets a change within five seconds, however long the letters of a round take,
and one that does not answer delays no letter.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol

from outreach import clock, logs
from outreach.db import error_classes
from outreach.maintenance.leader import Leader

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0  # between rounds
# That the worker waits at its end for the rounds of extensions, of which one may never end.
PATIENCE_SECONDS: Final = 30.0


class RoundRunner(Protocol):
    """An object whose rounds the thread runs, as the hub."""

    def run_round(self, *, now: datetime, is_leading: bool) -> int: ...


class RoundThread:
    """Runs the rounds of one worker. `name` is the lease of the worker that looks for changes; all
    workers deliver. `make` is called before the first round, with a function that says whether a
    round has to end; where it fails, it is called again for the next one."""

    def __init__(
        self,
        leader: Leader,
        name: str,
        make: Callable[[Callable[[], bool]], RoundRunner],
        *,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._leader, self._name, self._make, self._pause = leader, name, make, pause
        self._repeats = logs.Repeats()
        self._is_over = threading.Event()
        self._runner: RoundRunner | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def run_round(self, now: datetime) -> int:
        if self._runner is None:
            self._runner = self._make(self._is_over.is_set)
        return self._runner.run_round(now=now, is_leading=self._leader.leads(self._name))

    def start(self) -> None:
        """Begins rounds in a thread."""
        self._is_over.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Says that no round is to begin, and that the present one has to end."""
        self._is_over.set()

    def join(self, seconds: float) -> None:
        """Waits that long for the present round. One that takes longer ends with the process."""
        if self._thread is not None:
            self._thread.join(seconds)
            self._thread = None

    def _run(self) -> None:
        while not self._is_over.wait(self._pause):
            try:
                self.run_round(clock.now())
            except Exception as error:
                # The type only: the error's text may hold a callback.
                what = error_classes.describe(error)
                more = self._repeats.admit(what, now=time.monotonic())
                if more is not None:
                    log.error("%s failed: %s%s", self._name, what, logs.say_left_out(more))
                logs.tracebacks.debug("%s failed", self._name, exc_info=error)


@contextmanager
def running(threads: Sequence[RoundThread]) -> Iterator[None]:
    """Runs the rounds of these threads while the block lasts; a delivery that has begun is
    finished, if that takes no longer than PATIENCE_SECONDS."""
    for each in threads:
        each.start()
    try:
        yield
    finally:
        for each in threads:
            each.stop()
        until = time.monotonic() + PATIENCE_SECONDS
        for each in threads:
            each.join(max(0.0, until - time.monotonic()))
