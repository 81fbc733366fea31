"""Runs the hub's rounds in a thread of the worker: a subscriber gets a change within five seconds,
however long the letters of a round take, and one that does not answer delays no letter."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from flask import Flask

from outreach import clock
from outreach.maintenance.leader import Leader
from outreach.websub import hub

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0  # between rounds
HUB: Final = "hub"  # the lease of the worker that looks for changes; all of them push


class HubThread:
    """The hub of one worker."""

    def __init__(self, leader: Leader, app: Flask) -> None:
        self._leader = leader
        self._is_over = threading.Event()
        self._hub = hub.of_app(app, should_stop=self._is_over.is_set)
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def run_round(self, now: datetime) -> int:
        return self._hub.run_round(now=now, is_leading=self._leader.leads(HUB))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs rounds while the block lasts; a delivery that has begun is finished."""
        self._is_over.clear()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
        self._thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._is_over.wait(PAUSE_SECONDS):
            try:
                self.run_round(clock.now())
            except Exception as error:
                # The type only: the error's text may hold a callback.
                log.error("hub failed: %s", type(error).__name__)
