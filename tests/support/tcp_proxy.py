"""A TCP proxy on the loopback interface whose connections a test can cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Forwarder:
    """Forwards bytes both ways until it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self._there = host, port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._last_word = b""
        self.was_cut = threading.Event()
        self.is_refusing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Breaks all open connections; new ones are forwarded."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def cut_after(self, word: bytes) -> None:
        """Forwards the next request that contains `word`, and cuts before the answer."""
        self.was_cut.clear()
        self._last_word = word

    def close(self) -> None:
        self.cut()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _address = self._socket.accept()
            except OSError:
                return
            if self.is_refusing:
                near.close()
                continue
            try:
                far = socket.create_connection(self._there)
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            was_heard = threading.Event()
            for pair in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._pass, args=(*pair, was_heard), daemon=True).start()

    def _pass(
        self,
        source: socket.socket,
        target: socket.socket,
        is_request: bool,
        was_heard: threading.Event,
    ) -> None:
        with suppress(OSError):
            while heard := source.recv(65536):
                if is_request and self._last_word and self._last_word in heard:
                    self._last_word = b""
                    was_heard.set()
                elif not is_request and was_heard.is_set():
                    self.was_cut.set()  # the server has done it; the client gets no answer
                    break
                target.sendall(heard)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def forwarding_to(host: str, port: int) -> Iterator[Forwarder]:
    made = Forwarder(host, port)
    try:
        yield made
    finally:
        made.close()
