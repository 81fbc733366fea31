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
from tests.conftest import hold, seat
from tests.support import nginx, server_process
from tests.support.environment import where
from tests.support.ports import free_port
from tests.support.public_urls import manage_token

pytestmark = [
    pytest.mark.any_database("what is read before any question to it"),
    pytest.mark.real_clock,
]

SECONDS: Final = 10  # timeout for an answer
SLOW: Final = 50
QUIET: Final = 1  # seconds of silence after which a persistent connection has no more data
STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


@dataclass(frozen=True)
class Line:
    """A server, and its log."""

    port: int
    log: Path
    secret: Path  # content of a private file of the installation
    token: str  # token of a registration

    def say(self, data: bytes, *, seconds: float = SECONDS) -> bytes:
        """All that comes back until the server closes the connection or falls silent."""
        with closing(self.call(seconds)) as line:
            with suppress(OSError):  # refused before all of it was sent
                line.sendall(data)
            return heard(line)

    def call(self, seconds: float = SECONDS) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def get(self, path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
        lines = [b"%s %s HTTP/1.1" % (method, path), self.host, b"Connection: close", *headers]
        return self.say(b"\r\n".join(lines) + b"\r\n\r\n")

    @property
    def host(self) -> bytes:
        return b"Host: 127.0.0.1:%d" % self.port

    @property
    def is_well(self) -> bool:
        return statuses(self.get(b"/es/")) == [200]


def heard(line: socket.socket) -> bytes:
    found = b""
    try:
        while data := line.recv(65536):
            found += data
    except OSError:
        pass
    return found


def statuses(answer: bytes) -> list[int]:
    return [int(each) for each in STATUS.findall(answer)]


@pytest.fixture
def line(
    config: Config, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, tmp_path: Path
) -> Iterator[Line]:
    with store.change() as session:
        workshop = hold(session, chicago, rights)
    rosa = seat(store, key_store, workshop)
    port, log = free_port(), tmp_path / "server.log"
    settings = {
        **where(config),
        "OUTREACH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_LIMIT_POSTS": "100000",
    }
    with server_process.running(
        ["serve", "--port", str(port), "--workers", "1", "--no-mail"],
        f"http://127.0.0.1:{port}/es/",
        settings=settings,
        log=log,
    ):
        yield Line(port, log, config.keys / "master-1", manage_token(key_store, rosa))


def test_path_traversal_reads_no_private_file(line: Line) -> None:
    secret = line.secret.read_bytes()
    assert len(secret) >= 32
    up: Sequence[bytes] = (
        b"../", b"..%2f", b"%2e%2e/", b"%2e%2e%2f", b"..%5c", b"..\\", b"....//", b"..;/",
        b".%00./",
        b"%252e%252e%252f", b"%c0%ae%c0%ae/", b"..%c0%af", b"%uff0e%uff0e/", b"/..//",
    )  # fmt: skip
    targets = (b"etc/passwd", str(line.secret).lstrip("/").encode())
    starts = (
        b"/static/", b"/static/i.svg/", b"/es/cal/", b"/sitemap/", b"/es/boletin/",
        b"/org/talleres.",
        b"/es/", b"/", b"/q/", b"/es/t/", b"/es/cifras/", b"/org/puerta/", b"/org/cal/",
        b"/api/v1/",
        b"/es/../static/", b"//static/", b"/%2fetc/",
    )  # fmt: skip
    for start in starts:
        for step in up:
            for target in targets:
                path = start + step * 8 + target
                answer = line.get(path)
                # `/q/` has the same answer whatever follows (S25).
                is_square = start == b"/q/" and statuses(answer) == [200]
                assert is_square or statuses(answer) in ([400], [404], [308], [303]), path
                assert secret not in answer, path
                assert b"root:" not in answer, path
    for path in (b"file:///etc/passwd", b"http://mal.example/es/", b"*", b"mal.example:443"):
        assert b"root:" not in line.get(path)
    assert line.is_well
    assert "failed" not in line.log.read_text()


ABSURD: Final[tuple[bytes, ...]] = (
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
def test_malformed_requests_cause_no_server_error(line: Line) -> None:
    for data in ABSURD:
        answer = line.say(data.replace(b"{host}", line.host), seconds=QUIET)
        assert all(status < 500 for status in statuses(answer)), data[:120]
        assert b"Traceback" not in answer
        assert b"mal.example" not in answer, data[:120]
    assert line.is_well
    log = line.log.read_text()
    assert "failed" not in log, log
    assert "panicked" not in log, log


# Request smuggling


def test_no_request_is_smuggled_in_a_body(line: Line) -> None:
    """The bytes after the end that one header gives are no second request: two answers to one
    request would let an attacker answer another client."""
    inner = b"GET /es/seguridad HTTP/1.1\r\n%s\r\n\r\n" % line.host
    post = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\n" % line.host
    chunked = b"Transfer-Encoding: chunked\r\n"
    end = b"\r\n0\r\n\r\n" + inner
    length = b"Content-Length: %d\r\n" % (5 + len(inner))
    both = (
        # Content-Length covers all of it while the chunks end at once; and the other way around.
        post + chunked + b"Content-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(inner)) + inner,
        post + b"Content-Length: %d\r\n" % (5 + len(inner)) + chunked + b"\r\n0\r\n\r\n" + inner,
        post + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner,
        post + b"Content-Length: %d, 0\r\n\r\n" % len(inner) + inner,
        post + b"Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n" + end,
        post + b"Transfer-Encoding : chunked\r\n" + length + end,
        post + b"Transfer-Encoding:\x0bchunked\r\n" + length + end,
        post + b"X: y\nTransfer-Encoding: chunked\r\n" + length + end,
    )  # fmt: skip
    for data in both:
        answer = line.say(data, seconds=QUIET)
        found = statuses(answer)
        # One answer, by either header; the remaining bytes are not read.
        assert len(found) == 1, data
        assert found[0] in {400, 422}, data
    assert line.is_well


# Bodies


@pytest.mark.long
def test_too_large_body_is_refused_whatever_its_headers_claim(line: Line) -> None:
    path = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\n" % line.host
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    large = b"name=" + b"x" * 300_000
    data = line.say(path + form + b"Content-Length: %d\r\n\r\n" % len(large) + large)
    assert statuses(data) in ([413], [])
    pieces = b"".join(b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000) for _ in range(5)) + b"0\r\n\r\n"
    data = line.say(path + form + b"Transfer-Encoding: chunked\r\n\r\n" + pieces)
    assert statuses(data) in ([413], [400], [422], [])
    bomb = gzip.compress(b"email=" + b"x" * 50_000_000)
    assert len(bomb) < 60_000
    packed = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    began = time.process_time()
    data = line.say(path + form + packed + bomb)
    assert statuses(data) == [422], "never unpacked: to us it is a form without fields"
    assert time.process_time() - began < SECONDS
    assert line.is_well


def test_slow_request_head_blocks_no_other_client(line: Line) -> None:
    """Our threads see a request only when its head is complete."""
    start = b"POST /es/mi-registro HTTP/1.1\r\n%s\r\nX: " % line.host
    with trickling([line.call() for _ in range(SLOW)], start):
        assert [line.is_well for _ in range(10)] == [True] * 10


@pytest.mark.long
def test_slow_form_behind_nginx_blocks_no_other_client(line: Line, tmp_path: Path) -> None:
    """nginx buffers a whole form before it passes it on (guide, *proxy*). Without it a client that
    sends a byte now and then would occupy a process without a timeout."""
    start = b"POST /es/mi-registro HTTP/1.1\r\nHost: %s\r\n" % nginx.NAME.encode()
    start += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
    with nginx.nginx(tmp_path / "nginx", line.port) as front:
        calls = [
            front.context.wrap_socket(
                socket.create_connection(("127.0.0.1", front.port), SECONDS),
                server_hostname=nginx.NAME,
            )
            for _ in range(SLOW)
        ]
        with trickling(calls, start):
            for _ in range(10):
                assert line.is_well
                assert front.ask("/healthz", name=nginx.NAME).status < 500


@contextmanager
def trickling(lines: Sequence[socket.socket], start: bytes) -> Iterator[None]:
    """Connections that have sent this much, and send a byte now and then during the block."""
    is_over = threading.Event()

    def trickle() -> None:
        while not is_over.wait(0.05):
            for each in lines:
                with suppress(OSError):
                    each.send(b"x")

    for each in lines:
        each.sendall(start)
    hand = threading.Thread(target=trickle)
    hand.start()
    try:
        yield
    finally:
        is_over.set()
        hand.join()
        for each in lines:
            each.close()
