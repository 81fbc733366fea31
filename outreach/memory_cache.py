"""Bounded caches in the memory of one process, safe for threads.

What somebody looked for must not be found out by asking the same again and comparing how long it
takes. So a search that nobody may know of runs within `silence`: it leaves nothing in these caches,
and takes nothing out of them (S04).

This is the one mechanism in memory: bounded, by process, lost with it. Beside it the processes of a
server share small feeds without a lock (decision 0070), and the worker writes one table,
`calendar_entry`. Reading a page or a public feed waits for no write and makes none. (The
calendars of staff store the events whose seats have changed.) The *mark* of a
store changes with each commit of any process; on SQLite it is asked for only when the counter of
changes has moved, which all processes see in memory (decision 0049). What is kept:

    marks, change counters, versions (`db/store.py`)      while that counter is equal, for a second
    feeds (`feeds/server.py`), 24 MB                      while change counters and day are equal
    feeds of at most 4 kB (`feeds/shared_feeds.py`)       the same, 32 MB for all processes
    VEVENTs (`feeds/event_writer.py`), 8 MB               while the workshop is unchanged
    VEVENTs (`calendar_entry`, all hosts)                 until 100 days after the end
    pages without a place (`page_cache.py`), 200          while the mark is equal, for 20 seconds
    the same by the data that they show, 200              until room is needed
    offices, kinds, place names (`reference_data.py`)     until they change
    cards, filters, counts (`list_fragments.py`)          until room is needed; counts: by the mark
    pictures, PDFs, site maps                             by their version; site maps a minute

The code of templates is kept in files (`stored_templates.py`, decision 0072). Counts of seats are
kept nowhere. Functions without state remember their last results by `lru_cache`; one whose
arguments come from a search uses `remember` instead, which is silent too. A page with a typed place
is not kept. `silence` covers discreet kinds and those of high sensitivity, in searches and feeds,
but not offices and kinds, nor the pages that a database has in memory.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, wraps
from threading import Lock
from typing import Any, Generic, ParamSpec, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")
Params = ParamSpec("Params")
Result = TypeVar("Result")
_is_silent: ContextVar[bool] = ContextVar("is_silent", default=False)


@contextmanager
def silence(is_on: bool = True) -> Iterator[None]:
    """Makes the caches silent in the block: nothing is kept, and nothing is taken from what was
    kept. If not `is_on`, all stays as it is."""
    before = _is_silent.set(_is_silent.get() or is_on)
    try:
        yield
    finally:
        _is_silent.reset(before)


def is_silent() -> bool:
    return _is_silent.get()


def remember(maxsize: int) -> Callable[[Callable[Params, Result]], Callable[Params, Result]]:
    """Decorates a function whose last results are kept (`functools.lru_cache`), but not those that
    a silent search asked for."""

    def decorate(function: Callable[Params, Result]) -> Callable[Params, Result]:
        cached: Callable[..., Result] = lru_cache(maxsize, typed=True)(function)

        @wraps(function)
        def call(*args: Params.args, **kwargs: Params.kwargs) -> Result:
            chosen: Callable[..., Any] = function if _is_silent.get() else cached
            result: Result = chosen(*args, **kwargs)
            return result

        return call

    return decorate


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    version: Hashable
    stored_at: datetime | None
    size: int


class MemoryCache(Generic[Value]):
    """Values by key. The least recently used entries make room for new ones.

    Key: names what the value is about. One key has one entry.
    Version: what the value was made from. An entry is returned only for an equal version.
    Bound: the sizes of all entries together are at most `max_size`. An entry counts as 1 unless
    `put` gives its size, in bytes for instance; one larger than the bound is not kept.
    Lifetime: with a `lifetime`, an entry is returned for that long after it was stored; `get` and
    `put` then need `now`. A clock that is set back ends it too.
    Silence: within `silence` it has no entries and gets none, unless `is_of_searches` is False:
    then its keys say nothing of what anybody looks for.
    """

    def __init__(
        self, max_size: int, *, lifetime: timedelta | None = None, is_of_searches: bool = True
    ) -> None:
        self._entries: LRUCache[Hashable, _Entry[Value]] = LRUCache(
            max_size, getsizeof=lambda entry: entry.size
        )
        self._lifetime = lifetime
        self._is_of_searches = is_of_searches
        self._lock = Lock()  # cachetools leaves locking to its caller

    @property
    def size(self) -> int:
        """The sizes of all entries together."""
        return int(self._entries.currsize)

    def get(
        self, key: Hashable, *, version: Hashable = None, now: datetime | None = None
    ) -> Value | None:
        """The value, or None if there is none, or none that is valid."""
        if self._is_silent():
            return None
        try:  # `LRUCache.get` looks twice, and every poll of a feed comes here
            with self._lock:
                entry = self._entries[key]
        except KeyError:
            return None
        if entry.version != version or not self._is_alive(entry, now):
            return None
        return entry.value

    def latest(self, key: Hashable) -> Value | None:
        """The value that was stored last, valid or not; None if it has made room."""
        if self._is_silent():
            return None
        with self._lock:
            entry = self._entries.get(key)
        return None if entry is None else entry.value

    def put(
        self,
        key: Hashable,
        value: Value,
        *,
        version: Hashable = None,
        now: datetime | None = None,
        size: int = 1,
    ) -> None:
        """Stores a value in place of an older one of the same key."""
        if self._is_silent():
            return
        with self._lock:
            self._entries.pop(key, None)
            if size <= self._entries.maxsize:
                self._entries[key] = _Entry(value, version, now, size)

    def _is_silent(self) -> bool:
        return self._is_of_searches and _is_silent.get()

    def _is_alive(self, entry: _Entry[Value], now: datetime | None) -> bool:
        if self._lifetime is None:
            return True
        assert now is not None, "a cache with a lifetime needs the time"
        assert entry.stored_at is not None, "put was given the time"
        return entry.stored_at <= now < entry.stored_at + self._lifetime
