"""The cache in memory: its key, version, bound and lifetime."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from outreach import clock
from outreach.memory_cache import MemoryCache

pytestmark = pytest.mark.any_database("no database is asked")

NOW = clock.now()


def test_least_recently_used_entries_make_room_for_new_ones() -> None:
    cache: MemoryCache[str] = MemoryCache(10)
    for key in "abc":
        cache.put(key, key, size=4)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (None, "b", "c")
    cache.get("b")
    cache.put("d", "d", size=4)
    assert (cache.get("b"), cache.get("c")) == ("b", None)
    assert cache.size == 8


def test_value_larger_than_the_bound_is_not_kept_and_replaces_the_older_one() -> None:
    cache: MemoryCache[str] = MemoryCache(10)
    cache.put("a", "small", size=4)
    cache.put("a", "large", size=11)
    assert cache.get("a") is None
    assert cache.size == 0


def test_entry_is_returned_for_its_own_version_only() -> None:
    cache: MemoryCache[str] = MemoryCache(2)
    cache.put("a", "old", version=1)
    assert (cache.get("a", version=1), cache.get("a", version=2)) == ("old", None)
    cache.put("a", "new", version=2)
    assert (cache.get("a", version=1), cache.get("a", version=2)) == (None, "new")
    assert cache.size == 1


def test_entry_ends_with_its_lifetime_and_when_the_clock_is_set_back() -> None:
    cache: MemoryCache[str] = MemoryCache(2, lifetime=timedelta(seconds=20))
    cache.put("a", "a", now=NOW)
    assert cache.get("a", now=NOW + timedelta(seconds=19)) == "a"
    assert cache.get("a", now=NOW + timedelta(seconds=20)) is None
    assert cache.get("a", now=NOW - timedelta(seconds=1)) is None


def test_threads_may_use_one_cache() -> None:
    cache: MemoryCache[int] = MemoryCache(50)

    def use(start: int) -> int:
        for number in range(start, start + 2000):
            cache.put(number % 97, number, size=number % 5 + 1)
            cache.get((number * 7) % 97)
        return cache.size

    with ThreadPoolExecutor(8) as pool:
        assert all(size <= 50 for size in pool.map(use, range(8)))
