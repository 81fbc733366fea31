"""The hub connects to addresses of the public internet only (S39)."""

import socket
from ipaddress import ip_address
from pathlib import Path

import pytest

from outreach.config import Config
from outreach.websub import callback_client, public_addresses
from outreach.websub.callback_client import AddressRefused, CallbackRule, CallbackUnreachable
from tests.support.websub_subscriber import (
    ANY_PORT,
    LOOPBACK_RULE,
    is_loopback,
    serve_subscriber,
)

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
        rule = CallbackRule(frozenset({"http"}), ANY_PORT)
        with pytest.raises((AddressRefused, CallbackUnreachable)):
            callback_client.fetch(rule, f"http://{host}:{port}/")
        assert subscriber.asked == []


def test_host_with_one_private_address_is_refused() -> None:
    # Of «localhost», of which all are private for the usual rule and some for this one.
    found = {each[4][0] for each in socket.getaddrinfo("localhost", 80)}
    rule = CallbackRule(permits=lambda address: str(address) != min(map(str, found)))
    with pytest.raises(AddressRefused):
        callback_client.resolve(rule, "localhost", 80)


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
    assert not CallbackRule().is_valid(callback, own_host="talleres.example.org")


@pytest.mark.parametrize(
    "callback",
    ["https://example.org/avisos?id=7", "https://example.org:443/", "https://93.184.216.34/x"],
)
def test_public_https_address_may_be_a_callback(callback: str) -> None:
    assert CallbackRule().is_valid(callback, own_host="talleres.example.org")


@pytest.mark.parametrize("is_demo", [False, True])
def test_no_setting_permits_this_machine(is_demo: bool) -> None:
    config = Config(
        data=Path("x"), keys=Path("x"), database_url="", keyring_url="", is_demo=is_demo
    )
    rule = callback_client.of_config(config)
    assert rule.permits is public_addresses.is_public
    assert rule.is_valid("http://example.org/") is is_demo
    assert not rule.is_valid("http://127.0.0.1/")
    assert not rule.is_valid("http://example.org:8000/")


def test_redirect_is_not_followed() -> None:
    with serve_subscriber() as subscriber, serve_subscriber() as inner:
        subscriber.challenge_status, subscriber.location = 302, inner.callback
        answer = callback_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert answer.status == 302
        assert inner.asked == []


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_subscriber() as subscriber, serve_subscriber() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.callback)
        callback_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert len(subscriber.asked) == 1
        assert proxy.asked == []


def test_only_the_beginning_of_an_answer_is_read() -> None:
    with serve_subscriber() as subscriber:
        subscriber.challenge_suffix = "x" * 3_000_000
        answer = callback_client.fetch(LOOPBACK_RULE, subscriber.callback)
        assert len(answer.body) == callback_client.MAX_ANSWER_BYTES


def test_rule_of_tests_permits_loopback_only() -> None:
    assert is_loopback(ip_address("127.0.0.1"))
    assert not LOOPBACK_RULE.permits(ip_address("10.0.0.1"))
