"""Reads what people send before their request takes a slot and a thread that others need.

A thread of the server waits for as long as a body takes to arrive, and granian has no deadline for
one: eight forms that never ended stopped a server that was asked directly. So bodies arrive in
threads of their own number, and a connection that stays silent in the middle of one is closed. A
slow phone is waited for as long as it sends something. Behind a proxy that buffers, as the guide's
nginx does, a body is there at once.
"""

import io
import os
import socket
import stat
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from werkzeug.exceptions import ClientDisconnected, ServiceUnavailable

from outreach.db import work_slots

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

MAX_UNFINISHED: Final = 128  # bodies of one process that arrive at the same time
# As much of a body is read beforehand. Only files that organizers bring are larger: those are read
# once it is known who sends them.
READ_BEFORE_BYTES: Final = 64 * 1024
SLOW_SECONDS: Final = 1.0  # one that takes longer is not just waiting for Python
SILENT_SECONDS: Final = 30  # after which a connection that sends nothing is closed
RETRY_SECONDS: Final = 30
_CUT_EVERY_SECONDS: Final = 5.0
_LAST_DATA_RECEIVED: Final = struct.Struct("52xI")  # milliseconds, in Linux's `struct tcp_info`
_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)  # other systems have none


class RequestBodies:
    """A WSGI application that lets `threads` requests into another one, once they are there."""

    def __init__(
        self, app: "WSGIApplication", threads: int, *, max_unfinished: int = MAX_UNFINISHED
    ) -> None:
        self._app, self._max_unfinished = app, max_unfinished
        self._threads = threading.Semaphore(threads)
        self._room = threading.Semaphore(max_unfinished)
        self._guard = threading.Lock()  # guards the attributes below
        self._reading: dict[object, tuple[float, tuple[str, str]]] = {}  # since when, from where
        self._cut_at = 0.0

    def __call__(self, environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        if length.strip("0") or environ.get("HTTP_TRANSFER_ENCODING"):
            size = int(length) if length.isascii() and length.isdecimal() else None
            body = _Body(self, environ, size)
            if size is None or size <= READ_BEFORE_BYTES:
                body.read_before()
            environ["wsgi.input"] = io.BufferedReader(body)
        with self._threads:
            return self._app(environ, respond)

    @contextmanager
    def reading(self, source: tuple[str, str]) -> Iterator[None]:
        """Context in which a body is read; it arrives from this address at this port of ours.
        Raises ServiceUnavailable where too many arrive."""
        this, now = object(), monotonic()
        with self._guard:
            slow = [each for each in self._reading.values() if now - each[0] > SLOW_SECONDS]
            silent = {where for since, where in slow if now - since > SILENT_SECONDS}
            has_to_cut = bool(silent) and now - self._cut_at > _CUT_EVERY_SECONDS
            if has_to_cut:
                self._cut_at = now
        if has_to_cut:
            close_silent_connections(silent, SILENT_SECONDS)
        # A crowd whose bodies are there already waits for Python only, and for a moment.
        seconds = 0 if len(slow) * 2 > self._max_unfinished else SLOW_SECONDS
        if not self._room.acquire(timeout=seconds):
            raise ServiceUnavailable(retry_after=RETRY_SECONDS)
        try:
            with self._guard:
                self._reading[this] = now, source
            yield
        finally:
            with self._guard:
                self._reading.pop(this, None)
            self._room.release()


class _Body(io.RawIOBase):
    """What a request sends: first what was read beforehand, then the rest as it arrives."""

    def __init__(self, bodies: RequestBodies, environ: "WSGIEnvironment", size: int | None) -> None:
        self._bodies, self._size = bodies, size
        self._stream: InputStream = environ["wsgi.input"]
        self._source = environ.get("REMOTE_ADDR", ""), environ.get("SERVER_PORT", "")
        self._before, self._count = b"", 0
        self._error: Exception | None = None

    def read_before(self) -> None:
        """Waits for the body. Errors are raised where it is read, so that they become pages."""
        try:
            self._before = self._read(READ_BEFORE_BYTES if self._size is None else self._size)
        except (ServiceUnavailable, ClientDisconnected) as error:
            self._error = error

    def readable(self) -> bool:
        return True

    # RawIOBase takes any buffer; BufferedReader, the only caller, gives a memoryview.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._error is not None:
            raise self._error
        if not self._before and self._count != self._size:
            work_slots.give_back()  # it waits for a network, and others can use the time
            rest = len(buffer) if self._size is None else self._size - self._count
            self._before = self._read(min(len(buffer), rest))
        some, self._before = self._before[: len(buffer)], self._before[len(buffer) :]
        buffer[: len(some)] = some
        return len(some)

    def _read(self, size: int) -> bytes:
        with self._bodies.reading(self._source):
            found = self._stream.read(size)
        self._count += len(found)
        is_end = len(found) < size
        if is_end and self._size is not None and self._count < self._size:
            raise ClientDisconnected  # a form without its end would be another form
        return found


def close_silent_connections(sources: set[tuple[str, str]], seconds: float) -> None:
    """Closes the connections from these addresses, at these ports of ours, that have sent nothing
    for so many seconds: those in the middle of a body, and idle ones, which browsers open again.
    Who waits for an answer sent its request a moment ago."""
    if _TCP_INFO is None:
        return
    for number in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 - numbers, no paths
        with suppress(OSError):  # closed meanwhile, or no connection
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as connection:
                if connection.family not in {socket.AF_INET, socket.AF_INET6}:
                    continue
                where = connection.getpeername()[0], str(connection.getsockname()[1])
                if where in sources and _silent_seconds(connection) > seconds:
                    connection.shutdown(socket.SHUT_RDWR)


def _silent_seconds(connection: socket.socket) -> float:
    assert _TCP_INFO is not None
    found = connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _LAST_DATA_RECEIVED.size)
    (milliseconds,) = _LAST_DATA_RECEIVED.unpack(found)
    return float(milliseconds / 1000)
