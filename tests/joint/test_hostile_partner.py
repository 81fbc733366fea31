"""A partner network that means harm, or that somebody pretends to be (S44)."""

import base64
import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from joserfc.jwk import OKPKey

from outreach.db.store import Store
from outreach.domain.joint import partner_networks
from outreach.joint import network_puller
from outreach.joint.signed_documents import BadDocument
from outreach.outbound.guarded_client import FetchRule
from tests.joint.test_two_networks import titles
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.joint_scene import Answer, HostilePartner, Payload, add_network, pull

pytestmark = [fixed_clock, pytest.mark.any_database("what is refused before anything is stored")]
HOUR = timedelta(hours=1)
GOOD = "Taller de al lado"


@pytest.fixture
def added(hostile: HostilePartner, store: Store) -> HostilePartner:
    hostile.show(hostile.make_entry())
    add_network(store, hostile.address)
    return hostile


def expect(store: Store, client: FlaskClient, fault: str, *, seconds: float = 10) -> None:
    """The pull is refused with this, and the last good copy stays."""
    [found] = pull(store, seconds=seconds)
    assert fault in found, found
    assert titles(client.get("/es/").text) == [GOOD]
    with store.read() as session:
        [network] = partner_networks.list_networks(session)
        assert network.fault == found


def test_changed_key_is_refused_and_says_what_to_do(
    added: HostilePartner, client: FlaskClient, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    added.key = OKPKey.generate_key("Ed25519")
    added.show(added.make_entry(title={"es": "Impostor"}))
    with caplog.at_level(logging.WARNING):
        expect(store, client, "Its key has changed. Ask its people")
        expect(store, client, "outreach joint remove 127.0.0.1")
    logged = [each for each in caplog.records if "joint workshops of" in each.getMessage()]
    assert len(logged) == 1


def test_key_of_another_in_the_header_is_refused(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    """Signed with a new key, under the name of the pinned one."""
    header = {"jwk": {n: added.key.as_dict(private=False)[n] for n in ("crv", "kty", "x")}}
    kid = added.key.thumbprint()
    added.key = OKPKey.generate_key("Ed25519")
    body = added.sign(added.make_payload(added.make_entry()), **header, kid=kid)
    added.answers["/joint.json"] = Answer(body=body)
    expect(store, client, "signature is not valid")


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", ""])
def test_other_algorithms_are_refused(
    added: HostilePartner, client: FlaskClient, store: Store, alg: str
) -> None:
    signed = json.loads(added.sign(added.make_payload(added.make_entry(title={"es": "X"}))))
    header = json.loads(base64.urlsafe_b64decode(signed["protected"] + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(header | {"alg": alg}).encode()).rstrip(b"=")
    added.answers["/joint.json"] = Answer(
        body=json.dumps(signed | {"protected": changed.decode(), "signature": ""}).encode()
    )
    expect(store, client, "a sort that this program does not know")


def test_altered_byte_is_refused(added: HostilePartner, client: FlaskClient, store: Store) -> None:
    body = added.sign(added.make_payload(added.make_entry()))
    start = body.index(b'"payload": "') + 40
    other = b"A" if body[start : start + 1] != b"A" else b"B"
    added.answers["/joint.json"] = Answer(body=body[:start] + other + body[start + 1 :])
    expect(store, client, "signature is not valid")


@pytest.mark.parametrize(
    "name",
    [
        "Talleres",
        "TALLERES",
        "Los Talleres",
        "T a l l e r e s",
        "Ta11eres",
        "T\u0430ller\u0435s",
        "Red de consulados oficial",
    ],
)
def test_name_of_this_network_is_refused(
    added: HostilePartner, client: FlaskClient, store: Store, name: str
) -> None:
    payload = added.make_payload(added.make_entry(), network=name)
    added.answers["/joint.json"] = Answer(body=added.sign(payload))
    expect(store, client, "is or contains that of this network")
    with pytest.raises(BadDocument, match="Ask its people to choose another"):
        network_puller.fetch_first(
            LOOPBACK_RULE, added.address, own_names=["Talleres", "Red de consulados"], now=FIXED_NOW
        )
    with store.read() as session:
        [network] = partner_networks.list_networks(session)
        assert network.name == "Red de al lado"


def test_older_document_is_not_played_again(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    old = added.answers["/joint.json"]
    with time_machine.travel(FIXED_NOW + 2 * HOUR, tick=False):
        added.show(added.make_entry(title={"es": "Nuevo"}))
        assert pull(store) == [""]
        added.answers["/joint.json"] = old
        assert pull(store) == ["It is older than the one that is kept."]
        assert titles(client.get("/es/").text) == ["Nuevo"]


@pytest.mark.parametrize(
    ("generated_at", "fault"),
    [
        ("2026-11-26T17:59:00Z", "more than a day old"),
        ("2026-11-27T18:11:00Z", "in the future"),
        ("9999-12-31T23:59:59Z", "in the future"),
        ("2026-11-27T18:00:00", "A field is not as the format says"),
        ("0001-01-01T00:00:00+23:59", "more than a day old"),
    ],
)
def test_date_of_the_document_is_checked(
    hostile: HostilePartner, generated_at: str, fault: str
) -> None:
    hostile.show(hostile.make_entry(), generated_at=generated_at)
    with pytest.raises(BadDocument, match=fault):
        network_puller.fetch_first(LOOPBACK_RULE, hostile.address, own_names=(), now=FIXED_NOW)


WRONG_ENTRIES: dict[str, dict[str, Any]] = {
    "html": {"title": {"es": "<script>alert(1)</script>"}},
    "html in a summary": {"summary": {"es": "a\n<img src=x onerror=y>"}},
    "bidi": {"title": {"es": "Taller\u202egratis"}},
    "isolate": {"office": {"es": "\u2066Biblioteca\u2069"}},
    "no width": {"place": "Biblio\u200bteca"},
    "variation": {"city": "Chicago\ufe0f"},
    "tag character": {"address": "1 Ejemplo \U000e0041"},
    "control": {"title": {"es": "a\u0007"}},
    "null": {"title": {"es": "a\u0000b"}},
    "line break": {"title": {"es": "a\nb"}},
    "surrogate": {"title": {"es": "a\ud800"}},
    "spaces": {"title": {"es": " a  b "}},
    "long title": {"title": {"es": "a" * 201}},
    "no title": {"title": {}},
    "empty title": {"title": {"es": ""}},
    "many languages": {"title": {f"a{chr(97 + each)}": "x" for each in range(21)}},
    "language": {"title": {"es\n": "x"}},
    "html language": {"title": {"<b>": "x"}},
    "wrong zone": {"zone": "America/Atlantis"},
    "zone of a file": {"zone": "../../etc/passwd"},
    "ends first": {"ends_at": "2026-11-28T00:00:00Z"},
    "lasts long": {"ends_at": "2027-11-28T00:00:00Z"},
    "far ahead": {"starts_at": "2029-01-01T00:00:00Z", "ends_at": "2029-01-01T01:00:00Z"},
    "end of time": {"starts_at": "9999-12-31T23:00:00Z", "ends_at": "9999-12-31T23:59:00Z"},
    "long past": {"starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z"},
    "no offset": {"starts_at": "2026-11-30T18:00:00"},
    "other host": {"url": {"es": "http://evil.example.org/es/t/1"}},
    "account in the address": {"url": {"es": "http://127.0.0.1@evil.example.org/"}},
    "script": {"url": {"es": "javascript:alert(1)"}},
    "scheme": {"url": {"es": "https://127.0.0.1/es/t/1"}},
    "quote in the address": {"url": {"es": 'http://127.0.0.1"onclick="x'}},
    "backslash": {"url": {"es": "http://127.0.0.1\\@evil.example.org/"}},
    "no address": {"url": {}},
    "state": {"state": "free"},
    "attendance": {"attendance": "by air"},
    "kind": {"kind": {"code": "a b", "name": {"es": "x"}}},
    "region": {"region": "<i>"},
    "country": {"country": "usa"},
    "uid": {"uid": "no host"},
    "long uid": {"uid": "a" * 300 + "@b"},
    "sequence": {"sequence": 2**40},
    "number for a text": {"city": 3},
    "null for a text": {"place": None},
    "many spoken": {"languages": ["es"] * 21},
}


@pytest.mark.parametrize("name", WRONG_ENTRIES)
def test_wrong_field_has_the_whole_document_refused(hostile: HostilePartner, name: str) -> None:
    entry = hostile.make_entry(**WRONG_ENTRIES[name])
    hostile.show(hostile.make_entry(uid="good@example.org"), entry)
    with pytest.raises(BadDocument):
        network_puller.fetch_first(LOOPBACK_RULE, hostile.address, own_names=(), now=FIXED_NOW)


def _without(hostile: HostilePartner, name: str) -> Payload:
    entry = hostile.make_entry()
    del entry[name]
    return hostile.make_payload(entry)


WRONG_PAYLOADS: dict[str, Callable[[HostilePartner], Payload | bytes]] = {
    "missing field": lambda hostile: _without(hostile, "zone"),
    "uid twice": lambda hostile: hostile.make_payload(hostile.make_entry(), hostile.make_entry()),
    "other site": lambda hostile: hostile.make_payload(url="http://other.example.org"),
    "html name": lambda hostile: hostile.make_payload(network="<b>Red</b>"),
    "bidi name": lambda hostile: hostile.make_payload(network="Red\u202e"),
    "long name": lambda hostile: hostile.make_payload(network="a" * 81),
    "format": lambda hostile: hostile.make_payload(format=2),
    "too many": lambda hostile: hostile.make_payload(
        *(hostile.make_entry(uid=f"a{number}@example.org") for number in range(201))
    ),
    "no object": lambda _hostile: b"[1, 2]",
    "no json": lambda _hostile: b"\xff\xfe",
    "deep": lambda _hostile: b"[" * 100_000,
    "empty": lambda _hostile: b"",
}


@pytest.mark.parametrize("name", WRONG_PAYLOADS)
def test_wrong_payload_is_refused(hostile: HostilePartner, name: str) -> None:
    body = hostile.sign(WRONG_PAYLOADS[name](hostile))
    hostile.answers["/joint.json"] = Answer(body=body)
    with pytest.raises(BadDocument):
        network_puller.fetch_first(LOOPBACK_RULE, hostile.address, own_names=(), now=FIXED_NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"<html>", b"\xff", b"[" * 200_000,
        b'{"payload": 1, "protected": "e30", "signature": ""}',
        b'{"payload": "", "protected": "bnVsbA", "signature": ""}',
        b'{"payload": "", "protected": "%%%", "signature": "\xc3\xb1"}',
    ],
)  # fmt: skip
def test_what_is_no_signed_document_is_refused(hostile: HostilePartner, body: bytes) -> None:
    hostile.answers["/joint.json"] = Answer(body=body)
    with pytest.raises(BadDocument):
        network_puller.fetch_first(LOOPBACK_RULE, hostile.address, own_names=(), now=FIXED_NOW)


@pytest.mark.parametrize("key", ["", "AAAA", "ñ", "A" * 43 + "=", "A" * 500, "!" * 43])
def test_key_that_is_none_is_refused(hostile: HostilePartner, key: str) -> None:
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": key}
    body = hostile.sign(hostile.make_payload(), jwk=jwk)
    hostile.answers["/joint.json"] = Answer(body=body)
    with pytest.raises(BadDocument):
        network_puller.fetch_first(LOOPBACK_RULE, hostile.address, own_names=(), now=FIXED_NOW)


def test_document_of_ten_megabytes_is_refused(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    added.answers["/joint.json"] = Answer(body=b" " * 10_000_000)
    expect(store, client, "larger than two megabytes")
    payload = added.make_payload() | {"filler": "a" * 1_600_000}
    added.answers["/joint.json"] = Answer(body=added.sign(payload))
    expect(store, client, "signature is not valid")


def test_slow_answer_is_given_up(added: HostilePartner, client: FlaskClient, store: Store) -> None:
    added.answers["/joint.json"].waits = never = threading.Event()
    expect(store, client, "does not answer, or too slowly", seconds=0.5)
    never.set()


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/joint.json", "http://169.254.169.254/latest/meta-data",
        "http://localhost/joint.json", "https://example.org/joint.json", "file:///etc/passwd",
        "//169.254.169.254/", "http://[::1]/", "", "gopher://127.0.0.1/",
    ],
)  # fmt: skip
def test_redirect_to_another_host_is_not_followed(
    added: HostilePartner, client: FlaskClient, store: Store, target: str
) -> None:
    """An empty one leads to the page itself, again and again."""
    added.answers["/joint.json"] = Answer(302, {"Location": target})
    added.asked.clear()
    expect(store, client, "redirects to another host" if target else "status 302")
    assert len(added.asked) == (1 if target else 3)


def test_two_redirects_on_its_own_host_are_followed_and_no_third(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    good = added.answers["/joint.json"]
    added.answers |= {
        "/joint.json": Answer(301, {"Location": "/a"}),
        "/a": Answer(307, {"Location": f"{added.url}/b"}),
        "/b": good,
    }
    assert pull(store) == [""]
    added.answers |= {"/b": Answer(302, {"Location": "/c"}), "/c": good}
    expect(store, client, "status 302")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/joint.json", "https://127.0.0.1/joint.json",
        "https://169.254.169.254/joint.json", "https://10.0.0.1/joint.json",
        "https://[::ffff:127.0.0.1]/joint.json", "https://example.org:8443/joint.json",
        "http://example.org/joint.json",
    ],
)  # fmt: skip
def test_rule_of_an_installation_asks_public_https_addresses_only(address: str) -> None:
    with pytest.raises(BadDocument, match="may not be asked"):
        network_puller.fetch(FetchRule(), address)


def test_name_that_resolves_to_a_private_address_is_not_asked(hostile: HostilePartner) -> None:
    rule = FetchRule(look_up=lambda _host, _port: ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(BadDocument, match="may not be asked"):
        network_puller.fetch(rule, "https://partner.example.org/joint.json")


def test_tag_of_the_answer_puts_nothing_into_our_request(
    added: HostilePartner, store: Store
) -> None:
    for tag in ("ñ", "x" * 5000):
        added.answers["/joint.json"].headers["ETag"] = tag.encode().decode("latin-1")
        with time_machine.travel(FIXED_NOW + timedelta(minutes=1), tick=False):
            assert pull(store) == [""]
    with store.read() as session:
        [network] = partner_networks.list_networks(session)
        assert network.etag == ""


def test_not_modified_without_a_question_is_a_fault(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    added.answers["/joint.json"] = Answer(304)
    expect(store, client, "status 304")


def test_not_modified_keeps_no_old_document_alive(
    added: HostilePartner, client: FlaskClient, store: Store
) -> None:
    """Who answers in its name, but cannot sign, says «not modified» for ever."""
    added.answers["/joint.json"].headers["ETag"] = '"a"'
    assert pull(store) == [""]
    added.answers["/joint.json"] = Answer(304)
    for hours in range(1, 26):
        with time_machine.travel(FIXED_NOW + hours * HOUR, tick=False):
            pull(store)
    with time_machine.travel(FIXED_NOW + 25 * HOUR, tick=False):
        assert titles(client.get("/es/").text) == []


def test_titles_are_shown_as_text(added: HostilePartner, client: FlaskClient, store: Store) -> None:
    added.show(added.make_entry(title={"es": "A & B \"c\" 'd' {{ 7*7 }}"}))
    assert pull(store) == [""]
    page = client.get("/es/").text
    assert "A &amp; B &#34;c&#34; &#39;d&#39; {{ 7*7 }}" in page


def test_network_that_was_removed_meanwhile_stays_removed(
    added: HostilePartner, store: Store
) -> None:
    with store.read() as session:
        [network] = partner_networks.list_networks(session)
    with store.change() as session:
        partner_networks.remove(session, partner_networks.find(session, network.host))
    puller = network_puller.NetworkPuller(store, LOOPBACK_RULE, ())
    assert puller.pull(network, now=FIXED_NOW) == ""
    added.answers.clear()
    assert "404" in puller.pull(network, now=FIXED_NOW)
    with store.read() as session:
        assert partner_networks.list_networks(session) == []


def test_worker_asks_each_network_every_quarter_of_an_hour(
    added: HostilePartner, store: Store
) -> None:
    puller = network_puller.NetworkPuller(store, LOOPBACK_RULE, ())
    asked = []
    for minutes in (0, 5, 14, 16, 17, 30, 32):
        now = FIXED_NOW + timedelta(minutes=minutes)
        with time_machine.travel(now, tick=False):
            added.show(added.make_entry())
            asked.append(puller.run_round(now=now))
    assert asked == [0, 0, 0, 1, 0, 0, 1]
    assert puller.run_round(now=FIXED_NOW + HOUR, is_leading=False) == 0
