"""A lock for writers of one SQLite database.

SQLite lets one connection write. Another one sleeps and tries again, each time longer, and may be
overtaken for seconds. With this lock the threads of a process wait for a `threading.Lock`, and
processes for `flock`, which wakes the next one at once. Measured: decision 0011.
"""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # on Windows processes wait as SQLite makes them
    fcntl = None  # type: ignore[assignment]  # compared with None before it is used


class WriteLock:
    """The lock of one database file."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-turn") if database and database != ":memory:" else None
        self._lock = threading.Lock()
        self._holder: int | None = None  # identity of the thread
        self._file: IO[bytes] | None = None

    @contextlib.contextmanager
    def acquire(self) -> Iterator[None]:
        """Holds the lock while the block lasts.

        Raises RuntimeError if the thread holds it already, which would be a deadlock.
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
            # SQLite has a better message for a folder that cannot be written to.
            with contextlib.suppress(OSError):
                self._file = self._path.open("ab")
        return self._file
