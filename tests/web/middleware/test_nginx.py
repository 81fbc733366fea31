"""nginx with a cache before the server, configured as in the guide's page *proxy*."""

import gzip
import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import proxy_check
from tests.conftest import make_workshop, seat
from tests.support import nginx, server_process
from tests.support.environment import where
from tests.support.nginx import NAME, Answer, Proxy
from tests.support.ports import free_port
from tests.support.registration_forms import answers, everyone, link_of

pytestmark = pytest.mark.long

VISITOR: Final = "127.0.0.9"
FEED: Final = "/es/cal/chicago.ics"
CACHE_SECONDS: Final = 1  # the guide has 29
ACCEPTS_GZIP: Final = {"Accept-Encoding": "br, gzip;q=0.8"}


@pytest.fixture
def server(config: Config, store: Store) -> Iterator[int]:
    port = free_port()
    with _running_server(config, port):
        yield port


@contextmanager
def _running_server(config: Config, port: int) -> Iterator[None]:
    settings = {
        **where(config),
        "OUTREACH_PUBLIC_URL": f"https://{NAME}",
        "OUTREACH_TRUSTED_PROXIES": "1",
        "OUTREACH_MAIL_FROM": config.mail_from,
        "OUTREACH_CONTROLLER": config.controller,
        "OUTREACH_SECRET_KEY": config.secret_key,
        "OUTREACH_LIMIT_POSTS": "5",
    }
    with server_process.running(
        ["serve", "--port", str(port), "--workers", "1", "--no-mail"],
        f"http://127.0.0.1:{port}/es/",
        settings=settings,
        log=config.data / "server.log",
    ):
        yield


@pytest.fixture
def proxy(server: int, tmp_path: Path) -> Iterator[Proxy]:
    with nginx.nginx(tmp_path / "nginx", server, keeps=f"{CACHE_SECONDS}s") as running_proxy:
        yield running_proxy


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


def test_second_request_of_a_feed_is_a_cache_hit(proxy: Proxy, workshop: Workshop) -> None:
    first, second = proxy.ask(FEED), proxy.ask(FEED)
    assert proxy.cache_statuses == ["MISS", "HIT"]
    assert first.body == second.body
    assert workshop.public_id.encode() in first.body.replace(b"\r\n ", b"")
    assert _headers_without_date(first) == _headers_without_date(second)


def test_two_encodings_are_cached(proxy: Proxy, workshop: Workshop) -> None:
    encodings = ["gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8", "GZIP", "deflate,gzip"]
    plain_encodings = ["", "identity", "br", "gzip;q=0", "gzip; q=0.0, br"]
    compressed = [proxy.ask(FEED, headers={"Accept-Encoding": encoding}) for encoding in encodings]
    plain = [proxy.ask(FEED, headers={"Accept-Encoding": encoding}) for encoding in plain_encodings]
    assert proxy.cache_statuses == ["MISS", *["HIT"] * 4, "MISS", *["HIT"] * 4]
    assert {answer.headers["Content-Encoding"] for answer in compressed} == {"gzip"}
    assert {answer.headers["Content-Encoding"] for answer in plain} == {None}
    assert {gzip.decompress(answer.body) for answer in compressed} == {plain[0].body}
    assert {answer.body for answer in plain} == {plain[0].body}
    assert {answer.headers["Vary"] for answer in (*compressed, *plain)} == {"Accept-Encoding"}


def test_nginx_answers_conditional_requests(proxy: Proxy, workshop: Workshop) -> None:
    first = proxy.ask(FEED, headers=ACCEPTS_GZIP)
    for condition in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-None-Match": f'"other", {first.headers["ETag"].removeprefix("W/")}'},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        for encoding in ({}, ACCEPTS_GZIP):
            repeated = proxy.ask(FEED, headers=condition | encoding)
            assert (repeated.status, repeated.body) == (304, b"")
            assert repeated.headers["ETag"] == first.headers["ETag"]
            assert repeated.headers["Cache-Control"] == first.headers["Cache-Control"]
    head = proxy.ask(FEED, "HEAD", headers=ACCEPTS_GZIP)
    assert (head.status, head.body) == (200, b"")
    assert set(proxy.cache_statuses) == {"MISS", "HIT"}


def test_change_is_served_after_the_cache_time(
    proxy: Proxy, store: Store, workshop: Workshop
) -> None:
    before = proxy.ask(FEED, headers=ACCEPTS_GZIP)
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop), now=clock.now())
    saved_at = time.monotonic()
    while (after := proxy.ask(FEED, headers=ACCEPTS_GZIP)).headers["ETag"] == before.headers[
        "ETag"
    ]:
        # nginx counts whole seconds.
        assert time.monotonic() < saved_at + CACHE_SECONDS + 1
        time.sleep(0.02)
    assert b"STATUS:CANCELLED" in gzip.decompress(after.body)
    assert "STALE" not in proxy.cache_statuses
    assert "UPDATING" not in proxy.cache_statuses


def test_expired_feed_is_not_served_stale(proxy: Proxy, store: Store, workshop: Workshop) -> None:
    proxy.ask(FEED)
    with store.change() as session:
        workshop_service.cancel(session, session.merge(workshop), now=clock.now())
    time.sleep(CACHE_SECONDS + 1)  # until the cached feed has expired
    assert b"STATUS:CANCELLED" in proxy.ask(FEED).body


def test_nginx_revalidates_an_expired_feed(proxy: Proxy, workshop: Workshop) -> None:
    first = proxy.ask(FEED)
    until = time.monotonic() + 4
    while "REVALIDATED" not in proxy.cache_statuses and time.monotonic() < until:
        repeated = proxy.ask(FEED)
        assert (repeated.status, repeated.body) == (200, first.body)
        time.sleep(0.05)
    assert {*proxy.cache_statuses} == {"MISS", "HIT", "REVALIDATED"}
    assert proxy.cache_statuses.count("MISS") == 1


def test_only_public_pages_are_cached(
    app: Flask, proxy: Proxy, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    link = link_of(key_store, seat(store, key_store, workshop))
    page = f"/es/t/{workshop.public_id}"
    private = [link, f"{link}/cambiar", f"{page}/lugar", "/org/", "/org/entrar"]
    public = {page, f"{page}.ics", FEED}
    for path in (*private, "/", *public, "/es/cal/nada.ics", "/es/nada") * 2:
        proxy.ask(path, headers=ACCEPTS_GZIP)
    assert {address.partition(" ")[0] for address in proxy.stored()} == public
    secret = link.rpartition("/")[2].encode()
    assert [path for path, text in proxy.written() if secret in text] == []


def test_requests_with_a_session_bypass_the_cache(proxy: Proxy, workshop: Workshop) -> None:
    for _ in range(2):
        proxy.ask(f"/es/t/{workshop.public_id}", headers={"Cookie": "outreach=x"})
    proxy.ask("/org/entrar")
    assert proxy.cache_statuses == ["BYPASS", "BYPASS", "-"]
    assert proxy.stored() == []


def test_rate_limit_counts_each_visitor_behind_nginx(
    app: Flask, proxy: Proxy, store: Store, workshop: Workshop
) -> None:
    statuses = {
        visitor: [_post(app, proxy, workshop, visitor).status for _ in range(6)]
        for visitor in (VISITOR, "127.0.0.8")
    }
    assert statuses == {visitor: [*[303] * 5, 429] for visitor in statuses}
    assert len(everyone(store)) == 10
    # A forged header does not change the address of the visitor.
    forged = {"X-Forwarded-For": "127.0.0.77"}
    assert _post(app, proxy, workshop, VISITOR, **forged).status == 429


def test_only_the_import_page_accepts_large_bodies(
    proxy: Proxy,
) -> None:
    file = "x" * (10 * 1024 * 1024)
    assert proxy.ask("/org/traer", "POST", body=file).status not in {413, 500, 502}
    for path in ("/es/mi-registro", "/org/entrar", "/org/talleres/nuevo"):
        assert proxy.ask(path, "POST", body=file[: 200 * 1024]).status == 413
    assert [path for path, text in proxy.written() if b"xxxx" in text] == []


@pytest.mark.parametrize(
    ("more", "words", "state"),
    [
        ("", "held back until they have arrived", "well"),
        ("proxy_request_buffering off;", "Let it buffer them", "soon"),
    ],
)
def test_doctor_sees_whether_the_proxy_buffers_forms(
    server: int, tmp_path: Path, more: str, words: str, state: str
) -> None:
    with nginx.nginx(tmp_path / "nginx", server, more=more) as running_proxy:
        address = "127.0.0.1", running_proxy.port
        found = proxy_check.examine(
            f"https://{NAME}", address=address, context=running_proxy.context
        )
    assert words in found.words
    assert found.state == state
    away = proxy_check.examine(f"https://{NAME}", address=("127.0.0.1", free_port()))
    assert "not checked" in away.words


def test_nginx_logs_no_visitor_and_no_form(
    app: Flask, proxy: Proxy, store: Store, workshop: Workshop
) -> None:
    _post(app, proxy, workshop, VISITOR, name="Canariosa" * 3_000)
    for path in ("/es/", FEED, "/es/nada", f"/es/t/{workshop.public_id}"):
        proxy.ask(path, visitor=VISITOR)
    with socket.create_connection(("127.0.0.1", proxy.port), 5, (VISITOR, 0)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")  # without TLS
        connection.recv(1000)
    assert len(proxy.cache_statuses) >= 5
    for file, text in proxy.written():
        assert VISITOR.encode() not in text, file
        assert b"Canariosa" not in text, file
        assert file.parent.name != "log" or b"/es/" not in text, file


def test_unknown_host_name_is_not_answered(proxy: Proxy) -> None:
    with pytest.raises(ssl.SSLError):
        proxy.ask("/es/", name="other.example.org")
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=10)
    connection.request("GET", "/es/", headers={"Host": "other.example.org"})
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()
    # TLS for our name, but another Host.
    with pytest.raises(http.client.RemoteDisconnected):
        proxy.ask("/es/", headers={"Host": "other.example.org"})


def test_http_is_redirected_to_https(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=10)
    connection.request("GET", "/es/?tipo=K7QX", headers={"Host": NAME})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/es/?tipo=K7QX")
    connection.close()


def test_nginx_offers_http_2(proxy: Proxy) -> None:
    proxy.context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", proxy.port), 5) as connection,
        proxy.context.wrap_socket(connection, server_hostname=NAME) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


def test_no_header_is_duplicated(proxy: Proxy, workshop: Workshop) -> None:
    for path in ("/es/", FEED, "/org/entrar", "/es/nada", f"/es/t/{workshop.public_id}"):
        for answer in (
            proxy.ask(path, headers=ACCEPTS_GZIP),
            proxy.ask(path, headers=ACCEPTS_GZIP),
        ):
            names = [name.lower() for name in answer.headers]
            assert sorted(names) == sorted(set(names)), path
            assert "strict-transport-security" in names, path


MALFORMED: Final = {
    "line": b"GET /es/ HTTP/9.9\r\nHost: %b\r\n\r\n",
    "header": b"GET /es/ HTTP/1.1\r\nHost: %b\r\nBad Header\r\n\r\n",
    "lengths": b"POST /es/ HTTP/1.1\r\nHost: %b\r\nContent-Length: 3\r\n"
    b"Content-Length: 4\r\n\r\nabcd",
    "long line": b"GET /es/%l HTTP/1.1\r\nHost: %b\r\n\r\n",
    "long header": b"GET /es/ HTTP/1.1\r\nHost: %b\r\nX: %h\r\n\r\n",
    "many headers": b"GET /es/ HTTP/1.1\r\nHost: %b\r\n" + b"X: a\r\n" * 5000 + b"\r\n",
}


def _malformed(what: str, host: str, *, line: int, header: int) -> bytes:
    """The request, with so many bytes where one is too long."""
    request = MALFORMED[what].replace(b"%b", host.encode())
    return request.replace(b"%l", b"a" * line).replace(b"%h", b"a" * header)


def _answer_to(connection: socket.socket, request: bytes) -> tuple[str, str]:
    """The headers and the body of the answer to these bytes, the first line as a header."""
    with connection:
        connection.settimeout(10)
        received = b""
        with suppress(OSError):  # it may close before it has read all
            connection.sendall(request)
        with suppress(OSError):
            while part := connection.recv(65536):
                received += part
    head, _gap, body = received.decode("latin-1").partition("\r\n\r\n")
    return head, body


@pytest.mark.parametrize("what", MALFORMED)
def test_answers_to_malformed_requests_have_the_headers(proxy: Proxy, what: str) -> None:
    """nginx's own. So had those of the server behind it, which never sees such a request."""
    request = _malformed(what, NAME, line=10_000, header=40_000)
    plain = socket.create_connection(("127.0.0.1", proxy.port))
    head, body = _answer_to(proxy.context.wrap_socket(plain, server_hostname=NAME), request)
    assert head.split()[1] in {"400", "414", "431", "505"}, head
    lines = [line.partition(":")[0].lower() for line in head.splitlines()[1:]]
    for name in (
        "content-security-policy", "x-content-type-options", "referrer-policy",
        "strict-transport-security", "cache-control",
    ):  # fmt: skip
        assert lines.count(name) == 1, (name, head)
    assert "script" not in body


# Where a header is too long, it closes while the rest is being sent, and the answer may be lost.
@pytest.mark.parametrize("what", [each for each in MALFORMED if each != "long header"])
def test_server_answers_malformed_requests_without_a_body(server: int, what: str) -> None:
    """Nothing that a browser could show: its headers cannot be set."""
    request = _malformed(what, "localhost", line=70_000, header=0)
    head, body = _answer_to(socket.create_connection(("127.0.0.1", server)), request)
    assert head.split()[1] in {"400", "414", "431"}, head
    assert body == ""
    assert "server:" not in head.lower()


def test_stale_feeds_are_served_while_the_server_is_down(
    config: Config, store: Store, workshop: Workshop, tmp_path: Path
) -> None:
    port = free_port()
    with nginx.nginx(tmp_path / "nginx", port, keeps=f"{CACHE_SECONDS}s") as proxy:
        unavailable = proxy.ask(FEED)
        assert unavailable.status == 503
        assert unavailable.body.decode().startswith("El sitio vuelve en unos minutos.")
        assert unavailable.headers["Cache-Control"] == "no-store"
        with _running_server(config, port):
            cached = proxy.ask(FEED)
            assert cached.status == 200
        until = time.monotonic() + 4
        while "STALE" not in proxy.cache_statuses and time.monotonic() < until:
            repeated = proxy.ask(FEED)
            assert (repeated.status, repeated.body) == (200, cached.body)
            time.sleep(0.05)
        assert "STALE" in proxy.cache_statuses
        assert proxy.ask("/es/mi-registro").status == 503


def test_guide_command_prints_the_nginx_configuration() -> None:
    command = next(
        line.strip().partition(" > ")[0]
        for line in nginx.CHAPTER.read_text().splitlines()
        if "outreach guide proxy " in line
    )
    output = subprocess.run(
        [sys.executable, "-m", "outreach.cli", *command.split()[1:]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output == nginx.of_the_guide()
    assert output.startswith("# Outreach behind nginx.")


def _post(
    app: Flask, proxy: Proxy, workshop: Workshop, visitor: str, name: str = "Rosa", **headers: str
) -> Answer:
    return proxy.ask(
        f"/es/t/{workshop.public_id}/lugar",
        "POST",
        body=urlencode(answers(app, workshop, name=name)),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | headers,
        visitor=visitor,
    )


def _headers_without_date(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "Date"}
