"""The worker's round: letters that are due and, once a day, the purge."""

import logging
import threading
from collections.abc import Callable
from datetime import date

from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.keyring import Keyring, TooManyDue
from outreach.mail import delivery
from outreach.privacy import retention

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds between rounds


class Worker:
    """Does rounds over one application's databases."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._config: Config = app.extensions["outreach_config"]
        self._store: Store = app.extensions["outreach_store"]
        self._ring: Keyring = app.extensions["outreach_ring"]
        self._purged_on: date | None = None

    def round(self) -> int:
        """One round; says how many letters went out."""
        now = clock.now()
        if self._purged_on != now.date():
            try:
                retention.purge(self._store, self._ring, now=now)
            except TooManyDue as error:
                log.error("purge: %s", error)
            self._purged_on = now.date()
        post = delivery.post(self._config)
        if post is None:
            return 0
        with self._app.app_context():
            return delivery.deliver(self._store, self._ring, self._config, post, now=now)

    def run(
        self, stop: threading.Event, *, after: Callable[[int], None] = lambda sent: None
    ) -> None:
        """Rounds until told to stop. A round that fails is logged, and the next one tries again."""
        while not stop.is_set():
            try:
                after(self.round())
            except Exception as error:
                # The kind of error only: its text might hold an address.
                log.error("a round failed: %s", type(error).__name__)
            stop.wait(PAUSE)
