"""Counts the searches that found nothing, in the memory of this process (decision 0048).

An address is counted once a day for each state and kind: its digest under a random key of the day
is kept in memory for that, and nowhere else. What was typed is not looked at. A thread of its own
adds the counts to the database every ten minutes, so no visitor waits for a write.
"""

import hashlib
import hmac
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from flask import current_app, request

from outreach import clock, network_profile
from outreach.db.store import Store
from outreach.domain.search import unmet_searches
from outreach.domain.search.unmet_searches import UnmetSearch
from outreach.memory_cache import MemoryCache
from outreach.web.context import store
from outreach.web.middleware import client_address

log = logging.getLogger(__name__)

WRITTEN_EVERY: Final = timedelta(minutes=10)
MAX_PAGES: Final = 500  # addresses of pages whose searches are remembered
MAX_SEEN: Final = 20_000  # digests of a day; with more, nobody is counted until the next one


class UnmetTally:
    """The searches of one application that are not in the database yet."""

    def __init__(self, store: Store, *, now: datetime) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._day: date | None = None
        self._key = b""
        self._seen: set[bytes] = set()
        self._counts = Counter[UnmetSearch]()
        self._written_at = now
        # By address of the page, for who gets it from the page cache.
        self.of_pages: MemoryCache[Sequence[UnmetSearch]] = MemoryCache(MAX_PAGES)

    def note(self, address: str, searches: Iterable[UnmetSearch], *, now: datetime) -> bool:
        """Counts searches of an address that it has not made today; returns whether it is time to
        write."""
        today = clock.network_day(now)
        with self._lock:
            if self._day != today:
                self._day, self._key = today, secrets.token_bytes(32)
                self._seen.clear()
            for each in searches:
                text = f"{address} {each.region} {each.kind_id}".encode()
                digest = hmac.new(self._key, text, hashlib.sha256).digest()[:16]
                if digest not in self._seen and len(self._seen) < MAX_SEEN:
                    self._seen.add(digest)
                    self._counts[each] += 1
            is_time = bool(self._counts) and now - self._written_at >= WRITTEN_EVERY
            if is_time:
                self._written_at = now
            return is_time

    def write(self) -> None:
        """Adds the counts to the database. What cannot be written waits for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            with self._store.change() as session:
                unmet_searches.add(session, counts)
        except Exception as error:
            log.error("unmet searches: %s", type(error).__name__)
            with self._lock:
                self._counts.update(counts)


def note(searches: Sequence[UnmetSearch], *, now: datetime, is_page_kept: bool = False) -> None:
    """Counts those searches of this page that found nothing. If the page cache keeps the page
    (`is_page_kept`), `note_cached` counts them again when it is served from there."""
    tally = current_tally(now)
    if is_page_kept:
        tally.of_pages.put(request.full_path, searches)
    _count(tally, searches, now)


def note_cached(*, now: datetime) -> None:
    """Counts the searches of this page, where the page cache answers."""
    tally = current_tally(now)
    _count(tally, tally.of_pages.get(request.full_path) or (), now)


def _count(tally: UnmetTally, searches: Sequence[UnmetSearch], now: datetime) -> None:
    if searches and tally.note(client_address.get_address(), searches, now=now):
        threading.Thread(target=network_profile.bind(tally.write), daemon=True).start()


def current_tally(now: datetime) -> UnmetTally:
    """The tally of the current application."""
    tally: UnmetTally | None = current_app.extensions.get("outreach_unmet_searches")
    if tally is None:
        made = UnmetTally(store(), now=now)
        tally = current_app.extensions.setdefault("outreach_unmet_searches", made)
    return tally
