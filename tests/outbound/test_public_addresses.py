"""The hub connects to addresses of the public internet only (S39)."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from time import monotonic

import pytest

from outreach.config import Config
from outreach.outbound import guarded_client, public_addresses
from outreach.outbound.guarded_client import AddressRefused, FetchRule, HostUnreachable
from tests.support import tls_certificate
from tests.support.callback_server import (
    ANY_PORT,
    LOOPBACK_RULE,
    LOOPBACK_TLS_RULE,
    is_loopback,
    serve_subscriber,
)
from tests.support.ports import free_port

PRIVATE = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "3fff::1", "4000::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111",
    "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
)  # fmt: skip
# Other spellings of 127.0.0.1, which the system's resolver understands.
SPELLINGS = ("127.1", "0x7f.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost")


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_only_this_server_can_reach_is_refused(address: str) -> None:
    assert not public_addresses.is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_permitted(address: str) -> None:
    assert public_addresses.is_public(ip_address(address))


@pytest.mark.parametrize("host", SPELLINGS)
def test_other_spelling_of_this_machine_is_refused_before_anything_is_sent(host: str) -> None:
    with serve_subscriber() as subscriber:
        port = subscriber.server_address[1]
        rule = FetchRule(frozenset({"http"}), ANY_PORT)
        with pytest.raises((AddressRefused, HostUnreachable)):
            guarded_client.fetch(rule, f"http://{host}:{port}/")
        assert subscriber.asked == []


def test_host_with_one_private_address_is_refused() -> None:
    # All addresses of «localhost» are private for the usual rule, and some for this one.
    found = {each[4][0] for each in socket.getaddrinfo("localhost", 80)}
    rule = FetchRule(permits=lambda address: str(address) != min(map(str, found)))
    with pytest.raises(AddressRefused):
        guarded_client.resolve(rule, "localhost", 80)


@pytest.mark.parametrize(
    "callback",
    [
        "", "nada", "http://example.org/", "ftp://example.org/", "https://", "https:///x",
        "https://example.org:8443/", "https://example.org:22/", "https://ana@example.org/",
        "https://ana:clave@example.org/", "https://example.org/#x", "https://ejemplo\u00f1.org/",
        "https://exa mple.org/", "https://example.org/\r\nX: y", "https://example.org\\@127.0.0.1/",
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data", "https://[fe80::1%25eth0]/",
        "https://example.org:99999/", "https://example.org:x/", "https://[::1/",
        "https://example.org/" + "a" * 500, "https://" + "a." * 130 + "org/",
        "file:///etc/passwd", "javascript:alert(1)",
        "https://talleres.example.org/hub",
    ],
)  # fmt: skip
def test_address_that_cannot_be_a_callback(callback: str) -> None:
    assert not FetchRule().is_valid(callback, own_host="talleres.example.org")


@pytest.mark.parametrize(
    "callback",
    ["https://example.org/avisos?id=7", "https://example.org:443/", "https://93.184.216.34/x"],
)
def test_public_https_address_may_be_a_callback(callback: str) -> None:
    assert FetchRule().is_valid(callback, own_host="talleres.example.org")


@pytest.mark.parametrize("is_demo", [False, True])
def test_no_setting_permits_this_machine(is_demo: bool) -> None:
    config = Config(
        data=Path("x"), keys=Path("x"), database_url="", keyring_url="", is_demo=is_demo
    )
    rule = guarded_client.of_config(config)
    assert rule.permits is public_addresses.is_public
    assert rule.is_valid("http://example.org/") is is_demo
    assert not rule.is_valid("http://127.0.0.1/")
    assert not rule.is_valid("http://example.org:8000/")


def test_redirect_is_not_followed() -> None:
    with serve_subscriber() as subscriber, serve_subscriber() as inner:
        subscriber.challenge_status, subscriber.location = 302, inner.callback
        answer = guarded_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert answer.status == 302
        assert inner.asked == []


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_subscriber() as subscriber, serve_subscriber() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.callback)
        guarded_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert len(subscriber.asked) == 1
        assert proxy.asked == []


@pytest.mark.thorough
def test_name_that_is_not_resolved_in_time_is_unreachable() -> None:
    let_go = threading.Event()

    def look_up(_host: str, _port: int) -> list[str]:
        let_go.wait(20)
        return ["127.0.0.1"]

    rule, began = replace(LOOPBACK_RULE, look_up=look_up), monotonic()
    try:
        with pytest.raises(HostUnreachable):
            guarded_client.resolve(rule, "example.org", 80, seconds=0.1)
        for _time in range(guarded_client.MAX_LOOKUPS):  # the last finds all threads busy
            with pytest.raises(HostUnreachable):
                guarded_client.resolve(rule, "example.org", 80, seconds=0.1)
        assert monotonic() - began < 10
    finally:
        let_go.set()
    assert guarded_client.resolve(rule, "example.org", 80) == ["127.0.0.1"]


def test_next_address_is_tried_where_the_first_does_not_answer() -> None:
    rule = replace(LOOPBACK_RULE, look_up=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])
    with serve_subscriber() as subscriber:  # it listens at the second only
        port = subscriber.server_address[1]
        assert guarded_client.fetch(rule, f"http://example.org:{port}/").is_success


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return tls_certificate.make(tmp_path)


def test_callback_is_fetched_over_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serve_subscriber(certificate) as subscriber:
        posted = guarded_client.fetch(
            LOOPBACK_TLS_RULE, subscriber.tls_callback, method="POST", body=b"un cambio"
        )
        assert posted.status == 204
        assert [each.body for each in subscriber.deliveries] == [b"un cambio"]


def test_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with serve_subscriber(certificate) as subscriber:
        with pytest.raises(HostUnreachable, match="SSLCertVerificationError"):
            guarded_client.fetch(LOOPBACK_TLS_RULE, subscriber.tls_callback)
        assert subscriber.asked == []


def test_certificate_of_another_host_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tls_certificate.make(tmp_path, "example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with serve_subscriber(other) as subscriber:
        with pytest.raises(HostUnreachable, match="SSLCertVerificationError"):
            guarded_client.fetch(LOOPBACK_TLS_RULE, subscriber.tls_callback)
        assert subscriber.asked == []


@contextmanager
def serve_bytes(data: bytes, *, seconds: float) -> Iterator[int]:
    """A port that sends one byte of `data` after the other, that often."""
    is_over = threading.Event()

    def send(listener: socket.socket) -> None:
        sock, _address = listener.accept()
        with sock:
            for number in range(len(data)):
                if is_over.wait(seconds):
                    return
                try:
                    sock.sendall(data[number : number + 1])
                except OSError:  # closed at the other end
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=send, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            is_over.set()
            thread.join()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("scheme", "data"),
    [
        ("http", b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200),
        ("https", b"\x16\x03\x03\x3f\xff" + b"\x02\x00\x3f\xfb" + b"\x03\x03" + b"x" * 200),
    ],
)
def test_server_that_sends_byte_after_byte_is_left_at_the_deadline(
    scheme: str, data: bytes
) -> None:
    rule = FetchRule(frozenset({scheme}), ANY_PORT, is_loopback)
    with serve_bytes(data, seconds=0.1) as port:
        began = monotonic()
        with pytest.raises(HostUnreachable):
            guarded_client.fetch(rule, f"{scheme}://127.0.0.1:{port}/", seconds=1.0)
        assert 0.9 < monotonic() - began < 5


def test_port_at_which_nobody_listens_is_unreachable() -> None:
    with pytest.raises(HostUnreachable):
        guarded_client.fetch(LOOPBACK_RULE, f"http://127.0.0.1:{free_port()}/")


def test_only_the_beginning_of_an_answer_is_read() -> None:
    with serve_subscriber() as subscriber:
        subscriber.challenge_suffix = "x" * 3_000_000
        answer = guarded_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert len(answer.body) == guarded_client.MAX_ANSWER_BYTES


def test_rule_of_tests_permits_loopback_only() -> None:
    assert is_loopback(ip_address("127.0.0.1"))
    assert not LOOPBACK_RULE.permits(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("example.org", "example.org"), ("a.b.example.org", "example.org"),
        ("a.example.org.", "example.org"), ("a.b.example.com.mx", "example.com.mx"),
        ("example.com.mx", "example.com.mx"), ("a.sre.gob.mx", "sre.gob.mx"),
        ("a.example.co.uk", "example.co.uk"), ("a.ab.de", "ab.de"), ("a.b.github.io", "github.io"),
        ("com.mx", "com.mx"), ("localhost", "localhost"), ("93.184.216.34", "93.184.216.34"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1:2::/64"),
    ],
)  # fmt: skip
def test_limits_count_what_one_person_can_have_many_names_of(host: str, domain: str) -> None:
    assert guarded_client.get_domain(f"https://{host}/callback") == domain
