"""Whose turn it is to write to SQLite.

SQLite lets one connection write. One that finds another writing sleeps and asks again, each time
longer, and may be overtaken for seconds. Here the writers of a process stand in line on a lock, and
those of several processes on a lock of the file system, which wakes the next one at once.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: processes then wait the way SQLite makes them
    fcntl = None  # type: ignore[assignment]  # asked for before it is used


class WriteLock:
    """The right to write to one database file."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-turn") if database and database != ":memory:" else None
        self._lock = threading.Lock()
        self._holder: int | None = None  # the thread that has it
        self._file: IO[bytes] | None = None

    @contextlib.contextmanager
    def acquire(self) -> Iterator[None]:
        """Waits for the turn, and gives it back when the block ends.

        Raises RuntimeError where the thread has it already: it would wait for itself, and
        everybody else for it.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("a change was begun inside another one of the same database")
        with self._lock:
            self._holder = threading.get_ident()
            try:
                with self._locked():
                    yield
            finally:
                self._holder = None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        file = self._opened()
        if file is None:
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[bytes] | None:
        if self._file is None and self._path is not None and fcntl is not None:
            # A folder that cannot be written will be told of by SQLite, in better words.
            with contextlib.suppress(OSError):
                self._file = self._path.open("ab")
        return self._file
