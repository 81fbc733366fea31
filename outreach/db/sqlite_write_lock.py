"""A lock for writers of one SQLite database.

SQLite lets one connection write. Another one sleeps and tries again, each time longer, and may be
overtaken for seconds. With this lock the threads of a process wait for a `threading.Lock`, and
processes for `flock`, which wakes the next one at once. Measured: decision 0011.

The file of the lock also holds a counter of changes, which readers look at instead of asking the
database (decision 0049).
"""

import contextlib
import mmap
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from outreach.db import work_slots

try:
    import fcntl
except ImportError:  # on Windows processes wait as SQLite makes them
    fcntl = None  # type: ignore[assignment]  # compared with None before it is used

SUFFIX: Final = "-turn"  # the file beside the database ends in it
_COUNTER_BYTES: Final = 8


class WriteLock:
    """The lock that writers to one database file take, in all threads and processes."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}{SUFFIX}") if database and database != ":memory:" else None
        self._lock = threading.Lock()
        self._holder: int | None = None  # identity of the thread
        self._file: IO[bytes] | None = None
        self._counter: memoryview | None = None  # one number of 8 bytes, shared by processes
        self._opening = threading.Lock()

    @contextlib.contextmanager
    def acquire(self) -> Iterator[None]:
        """Holds the lock while the block lasts.

        Raises RuntimeError if the thread holds it already, which would be a deadlock.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("a change was begun inside another one of the same database")
        if not self._lock.acquire(blocking=False):
            work_slots.give_back()
            self._lock.acquire()
        try:
            self._holder = threading.get_ident()
            with self._locked():
                yield
        finally:
            self._holder = None
            self._lock.release()

    def count(self) -> int | None:
        """Returns how many changes have ended in all processes, or None while one is under way.

        Equal counts mean that none has been committed in between. None also means that it is
        not known.
        """
        counter = self._counter
        if counter is None and (self._opened() is None or (counter := self._counter) is None):
            return None
        number: int = counter[0]
        return None if number % 2 else number

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        file = self._opened()
        if file is None:
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            work_slots.give_back()
            fcntl.flock(file, fcntl.LOCK_EX)
        counter = self._counter
        if counter is not None:
            counter[0] |= 1  # odd while a change is under way, also if its process is killed
        try:
            yield
        finally:
            if counter is not None:
                counter[0] += 1
            fcntl.flock(file, fcntl.LOCK_UN)

    def close(self) -> None:
        with self._opening:
            # The mapping ends with its last reference: a thread may be reading it.
            self._counter = None
            if self._file is not None:
                self._file.close()
                self._file = None

    def _opened(self) -> IO[bytes] | None:
        if self._file is not None or self._path is None or fcntl is None:
            return self._file
        with self._opening:
            # SQLite has a better message for a folder that cannot be written to.
            with contextlib.suppress(OSError):
                if self._file is None:
                    file = self._path.open("ab+")
                    self._counter = _map_counter(file)
                    self._file = file
            return self._file


def _map_counter(file: IO[bytes]) -> memoryview | None:
    """Maps the counter in the first bytes of the file; None if the disk has no room for it."""
    with contextlib.suppress(OSError):
        if os.fstat(file.fileno()).st_size < _COUNTER_BYTES:
            # Two processes may both do this; a file opened for appending becomes longer than
            # needed, and its first bytes stay as they are.
            os.write(file.fileno(), bytes(_COUNTER_BYTES))
        return memoryview(mmap.mmap(file.fileno(), _COUNTER_BYTES)).cast("Q")
    return None
