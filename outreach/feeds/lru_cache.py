"""What was made once and may be asked for again, kept in memory up to a size."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class LruCache(Generic[Thing]):
    """Holds `room` bytes at most; what was not asked for the longest makes room for the new."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.used = 0
        self._things: OrderedDict[Hashable, tuple[Thing, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Thing | None:
        with self._lock:
            if key not in self._things:
                return None
            self._things.move_to_end(key)
            return self._things[key][0]

    def put(self, key: Hashable, thing: Thing, size: int) -> None:
        """Keeps it, if there is room at all; `size` is in bytes."""
        with self._lock:
            self._remove(key)
            if size > self.room:
                return
            self._things[key] = (thing, size)
            self.used += size
            while self.used > self.room:
                _key, (_thing, freed) = self._things.popitem(last=False)
                self.used -= freed

    def _remove(self, key: Hashable) -> None:
        if key in self._things:
            self.used -= self._things.pop(key)[1]
