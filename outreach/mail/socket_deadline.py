"""Ends a conversation with a server at a deadline, however slowly the server answers.

The timeout of a socket limits each `recv`: a server that sends a byte now and then never exceeds
it. A thread watches the deadline instead, and shuts the connection down.
"""

import math
import socket
import threading
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Final

CHECK_SECONDS: Final = 0.2  # an expired deadline is noticed this much later, at most


class SocketDeadline:
    """While open, shuts `sock` down once `expires_at`, an instant of `monotonic`, has passed.

    The thread that reads from it or writes to it then sees the connection end.
    """

    def __init__(self, sock: socket.socket | None = None, expires_at: float = math.inf) -> None:
        self.sock, self.expires_at = sock, expires_at
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="socket deadline", daemon=True)

    def __enter__(self) -> "SocketDeadline":
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._is_closed.set()

    def _watch(self) -> None:
        while not self._is_closed.wait(CHECK_SECONDS):
            sock = self.sock
            if sock is not None and monotonic() > self.expires_at:
                with suppress(OSError):  # closed meanwhile
                    # The TCP socket's own: TLS would first wait for the server.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)
