"""Malformed requests byte by byte to the real server, as no HTTP library sends them. In production
nginx refuses most of them first (guide, *proxy*)."""

import gzip
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.keystore import KeyStore
from tests.conftest import make_workshop, seat
from tests.support import nginx, server_process
from tests.support.environment import where
from tests.support.ports import free_port
from tests.support.public_urls import manage_token

pytestmark = [
    pytest.mark.any_database("malformed requests do not reach the database"),
    pytest.mark.real_clock,
]

TIMEOUT_SECONDS: Final = 10
SLOW_CLIENT_COUNT: Final = 50
SILENCE_SECONDS: Final = 1  # end of the data of a persistent connection
STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True)
class ServerConnection:
    """A running server that receives raw bytes."""

    port: int
    log: Path
    secret: Path  # content of a private file of the installation
    token: str  # token of a registration

    def send(self, data: bytes, *, seconds: float = TIMEOUT_SECONDS) -> bytes:
        """Returns everything that the server sends until it closes the connection or times out."""
        with closing(self.connect(seconds)) as server:
            with suppress(OSError):  # the server may close early
                server.sendall(data)
            return receive(server)

    def connect(self, seconds: float = TIMEOUT_SECONDS) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def get(self, path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
        lines = [b"%s %s HTTP/1.1" % (method, path), self.host, b"Connection: close", *headers]
        return self.send(b"\r\n".join(lines) + b"\r\n\r\n")

    @property
    def host(self) -> bytes:
        return b"Host: 127.0.0.1:%d" % self.port

    @property
    def is_responsive(self) -> bool:
        return statuses(self.get(b"/es/")) == [200]


def receive(server: socket.socket) -> bytes:
    found = b""
    try:
        while data := server.recv(65536):
            found += data
    except OSError:
        pass
    return found


def statuses(answer: bytes) -> list[int]:
    return [int(each) for each in STATUS.findall(answer)]


@pytest.fixture
def server(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, tmp_path: Path
) -> Iterator[ServerConnection]:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    port, log = free_port(), tmp_path / "server.log"
    settings = {
        **where(config),
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_LIMIT_POSTS": "100000",
        "OUTREACH_LIMIT_MALFORMED_POSTS": "100000",
    }
    with server_process.running(
        ["serve", "--port", str(port), "--workers", "1", "--no-mail"],
        f"http://127.0.0.1:{port}/es/",
        settings=settings,
        log=log,
    ):
        yield ServerConnection(port, log, config.keys / "master-1", manage_token(key_store, rosa))


@pytest.mark.long
def test_path_traversal_reads_no_private_file(server: ServerConnection) -> None:
    secret = server.secret.read_bytes()
    assert len(secret) >= 32
    parent_steps: Sequence[bytes] = (
        b"../", b"..%2f", b"%2e%2e/", b"%2e%2e%2f", b"..%5c", b"..\\", b"....//", b"..;/",
        b".%00./",
        b"%252e%252e%252f", b"%c0%ae%c0%ae/", b"..%c0%af", b"%uff0e%uff0e/", b"/..//",
    )  # fmt: skip
    targets = (b"etc/passwd", str(server.secret).lstrip("/").encode())
    starts = (
        b"/static/", b"/static/i.svg/", b"/es/cal/", b"/sitemap/", b"/es/boletin/",
        b"/org/talleres.",
        b"/es/", b"/", b"/q/", b"/es/t/", b"/es/cifras/", b"/org/puerta/", b"/org/cal/",
        b"/api/v1/",
        b"/es/../static/", b"//static/", b"/%2fetc/",
    )  # fmt: skip
    for start in starts:
        for step in parent_steps:
            for target in targets:
                path = start + step * 8 + target
                answer = server.get(path)
                # `/q/` has the same page for every token (S25).
                is_qr_page = start == b"/q/" and statuses(answer) == [200]
                assert is_qr_page or statuses(answer) in ([400], [404], [308], [303]), path
                assert secret not in answer, path
                assert b"root:" not in answer, path
    for path in (b"file:///etc/passwd", b"http://mal.example/es/", b"*", b"mal.example:443"):
        assert b"root:" not in server.get(path)
    assert server.is_responsive
    assert "failed" not in server.log.read_text()


MALFORMED: Final[tuple[bytes, ...]] = (
    b"", b"\r\n", b"\x00" * 100, b"\xff" * 4096, b"GET\r\n\r\n", b"GET /es/\r\n\r\n",
    b"GET /es/ HTTP/9.9\r\n\r\n", b"GET /es/ HTTP/1.1\r\n\r\n", b"GET /es/ HTTP/1.0\r\n\r\n",
    b"GET  /es/  HTTP/1.1\r\n{host}\r\n\r\n", b"get /es/ HTTP/1.1\r\n{host}\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    b"GET /es/ HTTP/1.1\r\n{host}\r\n{host}\r\n\r\n", b"GET /es/ HTTP/1.1\r\nHost:\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\nHost: mal.example\r\n{host}\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\n folded: x\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nA B: x\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\n: x\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nX: \x00\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    b"GET /es/?" + b"x" * 100_000 + b" HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/?" + b"a=1&" * 12_000 + b" HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /" + b"%2e" * 9_000 + b" HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n{host}\r\n\r\n", b"GET /%ff%fe%00 HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/?%ff%00 HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/?tipo=%ff%fe HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/cal/red.ics?tipo=%00%ff HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/cal/\xc3\x28.ics HTTP/1.1\r\n{host}\r\n\r\n",
    b"TRACE /es/ HTTP/1.1\r\n{host}\r\n\r\n",
    b"CONNECT mal.example:443 HTTP/1.1\r\n{host}\r\n\r\n",
    b"M\xd6VE /es/ HTTP/1.1\r\n{host}\r\n\r\n",
    b"X" * 3_000 + b" /es/ HTTP/1.1\r\n{host}\r\n\r\n", b"GET /es/ HTTP/1.1\n{host}\n\n",
    b"GET /es/ HTTP/1.1\r{host}\r\r", b"OPTIONS * HTTP/1.1\r\n{host}\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nCookie: " + b"__Host-staff=x; " * 3_000 + b"\r\n\r\n",
    b"GET /org/ HTTP/1.1\r\n{host}\r\nCookie: __Host-staff=\xff\xfe\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nAccept-Encoding: \xff\r\nAccept-Language: \xff;q=\xff\r\n\r\n",
    b"GET /es/cal/red.ics HTTP/1.1\r\n{host}\r\nIf-None-Match: \xff\r\n"
    b"If-Modified-Since: \xff\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    b"GET /es/ HTTP/1.1\r\n{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Length: -1\r\n\r\n",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Length: 1e3\r\n\r\nx",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Length: +3\r\n\r\nx=1",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Length: 10\r\n\r\nx=1",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"
    b"x\r\n0\r\n\r\n",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"ffffffffffffffff\r\nx",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nExpect: 100-continue\r\n"
    b"Content-Length: 3\r\n\r\nx=1",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nOrigin: http://[\r\nContent-Length: 3\r\n\r\nx=1",
    b"POST /es/mi-registro HTTP/1.1\r\n{host}\r\nContent-Type: multipart/form-data\r\n"
    b"Content-Length: 3\r\n\r\nx=1",
)  # fmt: skip


@pytest.mark.long
def test_malformed_requests_cause_no_server_error(server: ServerConnection) -> None:
    for data in MALFORMED:
        answer = server.send(data.replace(b"{host}", server.host), seconds=SILENCE_SECONDS)
        assert all(status < 500 for status in statuses(answer)), data[:120]
        assert b"Traceback" not in answer
        assert b"mal.example" not in answer, data[:120]
    assert server.is_responsive
    log = server.log.read_text()
    assert "failed" not in log, log
    assert "panicked" not in log, log


# Request smuggling


def test_no_request_is_smuggled_in_a_body(server: ServerConnection) -> None:
    """Bytes after the end of a body by either header must not be read as a second request: a
    second response could go to another client."""
    inner = b"GET /es/seguridad HTTP/1.1\r\n%s\r\n\r\n" % server.host
    post = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\n" % server.host
    chunked = b"Transfer-Encoding: chunked\r\n"
    end = b"\r\n0\r\n\r\n" + inner
    length = b"Content-Length: %d\r\n" % (5 + len(inner))
    ambiguous_requests = (
        # Content-Length covers everything, while the chunks end at once; in both orders.
        post + chunked + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(inner)) + inner,
        post + b"Content-Length: %d\r\n" % (5 + len(inner)) + chunked + b"\r\n0\r\n\r\n" + inner,
        post + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner,
        post + b"Content-Length: %d, 0\r\n\r\n" % len(inner) + inner,
        post + b"Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n" + end,
        post + b"Transfer-Encoding : chunked\r\n" + length + end,
        post + b"Transfer-Encoding:\x0bchunked\r\n" + length + end,
        post + b"X: y\nTransfer-Encoding: chunked\r\n" + length + end,
    )  # fmt: skip
    for data in ambiguous_requests:
        answer = server.send(data, seconds=SILENCE_SECONDS)
        found = statuses(answer)
        # One response, by either header; the remaining bytes are not read.
        assert len(found) == 1, data
        assert found[0] in {400, 422}, data
    assert server.is_responsive


# Bodies


@pytest.mark.long
def test_too_large_body_is_refused_whatever_its_headers_claim(server: ServerConnection) -> None:
    path = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\n" % server.host
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    large = b"name=" + b"x" * 300_000
    data = server.send(path + form + b"Content-Length: %d\r\n\r\n" % len(large) + large)
    assert statuses(data) in ([413], [])
    chunks = b"".join(b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000) for _ in range(5)) + b"0\r\n\r\n"
    data = server.send(path + form + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert statuses(data) in ([413], [400], [422], [])
    bomb = gzip.compress(b"email=" + b"x" * 50_000_000)
    assert len(bomb) < 60_000
    gzip_headers = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    began = time.process_time()
    data = server.send(path + form + gzip_headers + bomb)
    assert statuses(data) == [422], "not decompressed: read as a form without fields"
    assert time.process_time() - began < TIMEOUT_SECONDS
    assert server.is_responsive


@pytest.mark.long
def test_slow_request_head_blocks_no_other_client(server: ServerConnection) -> None:
    """A thread gets a request only when its head is complete."""
    start = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\nX: " % server.host
    with sending_slowly([server.connect() for _ in range(SLOW_CLIENT_COUNT)], start):
        assert [server.is_responsive for _ in range(10)] == [True] * 10


@pytest.mark.long
def test_slow_form_behind_nginx_blocks_no_other_client(
    server: ServerConnection, tmp_path: Path
) -> None:
    """nginx buffers a whole form before it passes it on (guide, *proxy*). Without nginx a client
    that sends single bytes would occupy a process without a timeout."""
    start = b"POST /es/mi-registro HTTP/1.1\r\nHost: %s\r\n" % nginx.NAME.encode()
    start += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
    with nginx.nginx(tmp_path / "nginx", server.port) as front:
        connections = [
            front.context.wrap_socket(
                socket.create_connection(("127.0.0.1", front.port), TIMEOUT_SECONDS),
                server_hostname=nginx.NAME,
            )
            for _ in range(SLOW_CLIENT_COUNT)
        ]
        with sending_slowly(connections, start):
            for _ in range(10):
                assert server.is_responsive
                assert front.ask("/healthz", name=nginx.NAME).status < 500


@contextmanager
def sending_slowly(lines: Sequence[socket.socket], start: bytes) -> Iterator[None]:
    """Sends `start` on these connections, and single bytes during the block."""
    stop = threading.Event()

    def send_bytes() -> None:
        while not stop.wait(0.05):
            for each in lines:
                with suppress(OSError):
                    each.send(b"x")

    for each in lines:
        each.sendall(start)
    thread = threading.Thread(target=send_bytes)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for each in lines:
            each.close()
