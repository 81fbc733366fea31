"""What one worker does for all of them: which of its steps are its own just now."""

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

WORN: Final = 1 / 4  # of a lease's length: then it is renewed
SPENT: Final = 3 / 4  # of it: then it is not relied on any more


class Leader:
    """The leases of one worker."""

    def __init__(
        self,
        store: Store,
        names: Collection[str],
        *,
        length: float = job_locks.LEASE_SECONDS,
        now: Callable[[], datetime] = clock.now,
        tell: Callable[[str], None] = log.warning,
    ) -> None:
        self.holder = secrets.token_hex(16)
        self._store, self._names, self._length = store, frozenset(names), length
        self._now, self._tell = now, tell
        self._held: frozenset[str] = frozenset()
        self._asked_at = 0.0
        self._is_prepared = False
        self._lock = threading.Lock()

    def ask(self) -> None:
        """Takes what is free, and renews what is held where it is time to."""
        with self._lock:
            is_fresh = time.monotonic() < self._asked_at + self._length * WORN
            if not (is_fresh and self._held == self._names):
                self._ask()

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """A thread renews what is held while the block lasts, for a step may take longer than a
        lease; at the end everything is given back."""
        is_over = threading.Event()
        renewing = threading.Thread(target=self._renew, args=(is_over,), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            is_over.set()
            renewing.join()
            self.release()

    def leads(self, name: str) -> bool:
        """Whether that step is this worker's. One that could not renew its lease, or slept through
        it, does not rely on it."""
        is_spent = time.monotonic() >= self._asked_at + self._length * SPENT
        return name in self._held and not is_spent

    def release(self) -> None:
        """Gives everything back: another may begin at once. Where the database is away, the
        minute runs out."""
        with self._lock:
            try:
                self._give_up()
            except sa.exc.SQLAlchemyError as error:
                log.warning("leases cannot be given back: %s", type(error).__name__)

    def _renew(self, is_over: threading.Event) -> None:
        while not is_over.wait(self._length * WORN):
            with self._lock:
                try:
                    if self._held:
                        self._ask()
                except Exception as error:
                    # The database is away, and the step that needs it will say so.
                    log.warning("leases cannot be renewed: %s", type(error).__name__)

    def _ask(self) -> None:
        began = time.monotonic()  # before the database's minute begins
        with self._store.read() as session:
            wrong = job_locks.clock_difference(session, now=self._now())
            is_of_use = not self._is_prepared or job_locks.is_any_free(
                session, self._names, self.holder
            )
        if abs(wrong) > job_locks.MAX_CLOCK_DIFFERENCE:
            self._tell(
                f"this host's clock is {wrong.total_seconds():+.0f} s from the database's: "
                "it leads no work until one of them is put right"
            )
            self._give_up()
            return
        if not is_of_use:
            self._held = frozenset()
            return
        with self._store.change() as session:
            if not self._is_prepared:
                job_locks.prepare(session, self._names)
            held = job_locks.acquire(session, self._names, self.holder, length=self._length)
        self._is_prepared = True
        self._held, self._asked_at = frozenset(held), began

    def _give_up(self) -> None:
        if self._held:
            self._held = frozenset()
            with self._store.change() as session:
                job_locks.release(session, self.holder)
