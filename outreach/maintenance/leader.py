"""Decides which jobs this worker runs: those whose leases it holds (`db.job_locks`)."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.db import job_locks
from outreach.db.store import Store

log = logging.getLogger(__name__)

RENEW_AFTER: Final = 1 / 4  # in lengths of a lease
RELY_UNTIL: Final = 3 / 4  # in lengths of a lease


class Leader:
    """The leases of one worker."""

    def __init__(
        self,
        store: Store,
        names: Collection[str],
        *,
        length: float = job_locks.LEASE_SECONDS,
        now: Callable[[], datetime] = clock.now,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self.holder = secrets.token_hex(16)
        self._store, self._names, self._length = store, frozenset(names), length
        self._now, self._warn = now, warn
        self._leases: frozenset[str] = frozenset()
        self._acquired_at = 0.0
        self._is_prepared = False
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Takes the free leases, and renews those it has when it is time to."""
        with self._lock:
            is_fresh = time.monotonic() < self._acquired_at + self._length * RENEW_AFTER
            if not (is_fresh and self._leases == self._names):
                self._acquire()

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Renews the leases in a thread while the block lasts, since a job may take longer than a
        lease; releases them at the end."""
        is_over = threading.Event()
        thread = threading.Thread(target=self._renew, args=(is_over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            self.release()

    def leads(self, name: str) -> bool:
        """Whether this worker may run that job. It may not when its lease could not be renewed,
        or when the process was paused."""
        is_stale = time.monotonic() >= self._acquired_at + self._length * RELY_UNTIL
        return name in self._leases and not is_stale

    def release(self) -> None:
        """Ends the leases, so that another worker may begin at once. If the database cannot be
        reached, they end by themselves."""
        with self._lock:
            try:
                self._release()
            except sa.exc.SQLAlchemyError as error:
                log.warning("leases cannot be released: %s", type(error).__name__)

    def _renew(self, is_over: threading.Event) -> None:
        while not is_over.wait(self._length * RENEW_AFTER):
            with self._lock:
                try:
                    if self._leases:
                        self._acquire()
                except Exception as error:
                    # The job itself will raise when it needs the database.
                    log.warning("leases cannot be renewed: %s", type(error).__name__)

    def _acquire(self) -> None:
        began_at = time.monotonic()  # before the lease begins by the database's clock
        with self._store.read() as session:
            difference = job_locks.clock_difference(session, now=self._now())
            may_acquire = not self._is_prepared or job_locks.is_any_free(
                session, self._names, self.holder
            )
        if abs(difference) > job_locks.MAX_CLOCK_DIFFERENCE:
            self._warn(
                f"this host's clock is {difference.total_seconds():+.0f} s from the database's: "
                "it leads no work until one of them is put right"
            )
            self._release()
            return
        if not may_acquire:
            self._leases = frozenset()
            return
        with self._store.change() as session:
            if not self._is_prepared:
                job_locks.prepare(session, self._names)
            acquired = job_locks.acquire(session, self._names, self.holder, length=self._length)
        self._is_prepared = True
        self._leases, self._acquired_at = frozenset(acquired), began_at

    def _release(self) -> None:
        if self._leases:
            self._leases = frozenset()
            with self._store.change() as session:
                job_locks.release(session, self.holder)
