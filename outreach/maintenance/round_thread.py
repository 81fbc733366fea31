"""Runs rounds of deliveries to other sites in a thread of the worker.

A subscriber of the hub gets a change within five seconds, however long the letters of a round take,
and one that does not answer delays no letter.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol

from outreach import clock, logs
from outreach.db import error_classes
from outreach.maintenance.leader import Leader

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0  # between rounds


class RoundRunner(Protocol):
    """An object whose rounds the thread runs, as the hub."""

    def run_round(self, *, now: datetime, is_leading: bool) -> int: ...


class RoundThread:
    """Runs the rounds of one worker. `name` is the lease of the worker that looks for changes; all
    workers deliver. `make` is called with a function that says whether a round has to end. At its
    end a round that takes longer than `patience` in seconds is left, to end with the process."""

    def __init__(
        self,
        leader: Leader,
        name: str,
        make: Callable[[Callable[[], bool]], RoundRunner],
        *,
        pause: float = PAUSE_SECONDS,
        patience: float | None = None,
    ) -> None:
        self._leader, self._name, self._pause, self._patience = leader, name, pause, patience
        self._is_over = threading.Event()
        self._runner = make(self._is_over.is_set)
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def run_round(self, now: datetime) -> int:
        return self._runner.run_round(now=now, is_leading=self._leader.leads(self._name))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs rounds while the block lasts; a delivery that has begun is finished."""
        self._is_over.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join(self._patience)
            self._thread = None

    def _run(self) -> None:
        while not self._is_over.wait(self._pause):
            try:
                self.run_round(clock.now())
            except Exception as error:
                # The type only: the error's text may hold a callback.
                log.error("%s failed: %s", self._name, error_classes.describe(error))
                logs.tracebacks.debug("%s failed", self._name, exc_info=error)
