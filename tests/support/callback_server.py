"""A real, local server at whose addresses callbacks of ours arrive, and the rules that reach it.

It echoes the challenge of a hub (WebSub, 4 to 7)."""

import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from outreach.outbound.guarded_client import FetchRule
from outreach.outbound.public_addresses import IpAddress

ANY_PORT: frozenset[int] = frozenset()


def is_loopback(address: IpAddress) -> bool:
    return address.is_loopback


# No setting makes these rules. The system's resolver may say ::1 first for «localhost».
LOOPBACK_RULE = FetchRule(frozenset({"http"}), ANY_PORT, is_loopback)
LOOPBACK_TLS_RULE = FetchRule(frozenset({"https"}), ANY_PORT, is_loopback)


@dataclass(frozen=True)
class Delivery:
    path: str
    headers: dict[str, str]
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        sum_ = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers.get("X-Hub-Signature") == f"sha256={sum_}"


class Subscriber(ThreadingHTTPServer):
    """Confirms what it is asked about, unless the test says otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, str]] = []  # the verifications
        self.deliveries: list[Delivery] = []
        self.challenge_status = 200
        self.challenge_suffix = ""
        self.statuses: list[int] = []  # the answers to the next deliveries; then 204
        self.location = ""
        self.has_delivery = threading.Event()
        self.let_go = threading.Event()
        self.is_silent = False

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/avisos?id=7"

    @property
    def tls_callback(self) -> str:
        return f"https://localhost:{self.server_address[1]}/avisos?id=7"


class _Handler(BaseHTTPRequestHandler):
    server: Subscriber

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(asked)
        body = asked.get("hub.challenge", "") + self.server.challenge_suffix
        self._answer(self.server.challenge_status, body.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.deliveries.append(Delivery(self.path, dict(self.headers), body))
        self.server.has_delivery.set()
        if self.server.is_silent:
            self.server.let_go.wait(20)
        self._answer(self.server.statuses.pop(0) if self.server.statuses else 204, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


@contextmanager
def serve_subscriber(certificate: Path | None = None) -> Iterator[Subscriber]:
    """`certificate`: a PEM file with a certificate and its key, to be asked by https."""
    server = Subscriber()
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # In the thread of each connection, so that one client does not stop the others.
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
