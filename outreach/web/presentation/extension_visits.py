"""Bounds how many requests of a process are in the code of extensions.

Code that never returns keeps the thread that is in it, and a process answers four requests at a
time (`outreach/db/work_slots.py`). Two at most are in extensions, all together: whatever hangs
there, people go on saving places, cancelling and erasing.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

MOST: Final = 2


class ExtensionVisits:
    """The visits of a process. Threads share it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._since: dict[object, float] = {}  # when each visit began, in seconds of `monotonic`
        self._ended = threading.Condition()

    @contextmanager
    def enter(self, patience_seconds: float) -> Iterator[bool]:
        """Waits for room, and takes it for as long as the block lasts. False where there was none:
        at once if all visits have lasted longer than that already."""
        visit = object()
        with self._ended:
            has_entered = self._ended.wait_for(self._has_room, self._wait(patience_seconds))
            if has_entered:
                self._since[visit] = monotonic()
        try:
            yield has_entered
        finally:
            if has_entered:
                with self._ended:
                    del self._since[visit]
                    self._ended.notify()

    def _has_room(self) -> bool:
        return len(self._since) < self._most

    def _wait(self, patience_seconds: float) -> float:
        """Returns how long to wait, in seconds, given that the last one to begin ends first."""
        newest = max(self._since.values(), default=0.0)
        return patience_seconds if monotonic() - newest < patience_seconds else 0.0


VISITS: Final = ExtensionVisits()
