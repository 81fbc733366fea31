"""A server of calendars on the loopback, which answers as a test says, and who may reach it."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from outreach.outbound.guarded_client import FetchRule
from tests.imports.guess.builders import calendar
from tests.support.callback_server import ANY_PORT, is_loopback

HOST = "calendario.example"
OTHER_HOST = "otro.example"
INSIDE = {
    "interno.example": "10.0.0.8",
    "metadatos.example": "169.254.169.254",
    "propio.example": "127.0.0.1",
    "seis.example": "::1",
}


def look_up(host: str, _port: int) -> Sequence[str]:
    """The names of the tests; no other name is resolved."""
    known = {HOST: "127.0.0.1", OTHER_HOST: "127.0.0.1", "localhost": "127.0.0.1", **INSIDE}
    return [known[host]] if host in known else []


# No setting makes this rule.
CALENDAR_RULE = FetchRule(frozenset({"https"}), ANY_PORT, is_loopback, look_up)


@dataclass
class Answer:
    """What a path answers: a calendar, or bytes that are sent as they are, the head too."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: Callable[["CalendarServer"], Iterator[bytes]] | None = None


class CalendarServer(ThreadingHTTPServer):
    """Has a calendar at each path of `answers`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []  # host, path, headers
        self.let_go = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client that leaves early is what these tests are about."""

    def url(
        self, path: str = "/secreto/basic.ics", *, host: str = HOST, scheme: str = "https"
    ) -> str:
        return f"{scheme}://{host}:{self.server_address[1]}{path}"

    def show(
        self, *events: Sequence[str], path: str = "/secreto/basic.ics", **headers: str
    ) -> None:
        """Shows a calendar of these events."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = Answer(calendar(*events), headers=named)


class _Handler(BaseHTTPRequestHandler):
    server: CalendarServer

    def do_GET(self) -> None:
        host = self.headers["Host"].partition(":")[0]
        self.server.asked.append((host, self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path, Answer(status=404))
        if answer.raw is not None:
            for part in answer.raw(self.server):
                self.wfile.write(part)
                self.wfile.flush()
            self.close_connection = True
            return
        etag = answer.headers.get("ETag")
        is_same = etag is not None and self.headers.get("If-None-Match") == etag
        modified = answer.headers.get("Last-Modified")
        is_same |= modified is not None and self.headers.get("If-Modified-Since") == modified
        self.send_response(304 if is_same else answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        body = b"" if is_same else answer.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


@contextmanager
def serve_calendars(certificate: Path) -> Iterator[CalendarServer]:
    """`certificate`: a PEM file with a certificate for the hosts above, and its key."""
    server = CalendarServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    wrap = partial(context.wrap_socket, server_side=True, do_handshake_on_connect=False)
    server.socket = wrap(server.socket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
