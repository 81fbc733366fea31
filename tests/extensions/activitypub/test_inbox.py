"""The inbox: who follows and who no longer does; forged, old, large and hostile requests (S42)."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.extensions.activitypub import followers, inbox, pages, publisher
from outreach.extensions.activitypub.deliveries import FediverseDelivery
from outreach.extensions.activitypub.followers import FediverseFollower
from outreach.outbound.guarded_client import FetchRule
from tests.extensions.activitypub import gancio_reader, mobilizon_reader
from tests.extensions.activitypub.fediverse_server import (
    SIGNED,
    FediverseScene,
    FediverseServer,
    make_key,
    to_pem,
)
from tests.support.callback_server import ANY_PORT, is_loopback
from tests.support.fixed_clock import fixed_clock

pytestmark = [fixed_clock, pytest.mark.any_database("what a stranger may send")]

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def list_followers(store: Store) -> list[str]:
    with store.read() as session:
        return [*session.scalars(sa.select(FediverseFollower.actor))]


def follow(scene: FediverseScene, name: str = "maria") -> dict[str, Any]:
    return mobilizon_reader.write_follow(f"{scene.server.base}/{name}", scene.actor())


@pytest.fixture
def maria(server: FediverseServer) -> str:
    return f"{server.base}/maria"


# Following


@pytest.mark.parametrize("write", [mobilizon_reader.write_follow, gancio_reader.write_follow])
@pytest.mark.parametrize("path", ["/ap/inbox", "/ap/o/chicago/inbox"])
def test_follow_is_accepted_and_answered_with_a_signed_accept(
    scene: FediverseScene, store: Store, maria: str, write: Any, path: str
) -> None:
    sent = write(maria, scene.actor())
    answer = scene.send(sent, path=path)
    assert (answer.status_code, answer.text) == (202, "Accepted.\n")
    assert list_followers(store) == [maria]
    assert scene.server.received == [], "nothing is posted while a request waits"
    scene.run()
    (accept,) = scene.server.received
    mobilizon_reader.read_accept(accept.json, sent)
    assert accept.path == "/maria/inbox"
    actor = scene.get(scene.actor())
    accept.check_signature(actor["publicKey"]["publicKeyPem"], f"{scene.actor()}#main-key")
    assert scene.get(actor["followers"])["totalItems"] == 1
    scene.run()
    assert len(scene.server.received) == 1
    with store.read() as session:
        assert session.scalars(sa.select(FediverseDelivery)).all() == [], "nothing is kept of it"


def test_older_gancio_names_its_actor_as_key(
    scene: FediverseScene, store: Store, maria: str
) -> None:
    assert scene.send(follow(scene), key_id=maria).status_code == 202
    assert list_followers(store) == [maria]


def test_undo_of_mobilizon_and_unfollow_of_gancio_end_it(
    scene: FediverseScene, store: Store, maria: str
) -> None:
    for ends in (
        mobilizon_reader.write_undo(follow(scene)),
        gancio_reader.write_unfollow(maria, scene.actor()),
    ):
        scene.send(follow(scene))
        assert list_followers(store) == [maria]
        assert scene.send(ends).status_code == 202
        assert list_followers(store) == []


def test_deleted_actor_is_forgotten_when_its_own_server_says_so(
    scene: FediverseScene, store: Store, server: FediverseServer, maria: str
) -> None:
    other = server.add_actor("luis", key=make_key(1))
    scene.send(follow(scene))
    deletion = {"id": f"{maria}#delete", "type": "Delete", "actor": maria, "object": maria}
    answer = scene.send(deletion, key=make_key(2))
    assert answer.status_code == 401, "signed by somebody else, while the actor is there"
    assert list_followers(store) == [maria]
    del server.actors["/maria"]
    assert scene.send(deletion, key=make_key(2)).status_code == 202
    assert list_followers(store) == []
    asked = len(server.asked)
    deletion = {"id": f"{other}#delete", "type": "Delete", "actor": other, "object": other}
    assert scene.send(deletion).status_code == 202
    assert len(server.asked) == asked, "nothing is fetched for who follows nobody here"


def test_key_that_was_replaced_is_fetched_again(
    scene: FediverseScene, store: Store, server: FediverseServer, maria: str
) -> None:
    scene.send(follow(scene))
    server.add_actor("maria", key=make_key(1))
    ends = mobilizon_reader.write_undo(follow(scene))
    assert scene.send(ends, key=make_key(1)).status_code == 202
    assert list_followers(store) == []


@pytest.mark.parametrize("kind", ["Like", "Announce", "Create", "Note", "Accept", "Block", "", 7])
def test_everything_else_is_ignored_before_anything_is_fetched(
    scene: FediverseScene, store: Store, server: FediverseServer, maria: str, kind: object
) -> None:
    sent = {"id": f"{maria}#1", "type": kind, "actor": maria, "object": scene.actor()}
    assert scene.send(sent, key=make_key(2)).status_code == 202
    assert server.asked == []
    assert list_followers(store) == []


def test_undo_of_something_else_is_ignored(scene: FediverseScene, store: Store, maria: str) -> None:
    scene.send(follow(scene))
    thing = {"type": "Like", "object": scene.actor()}
    sent = {"id": f"{maria}#u", "type": "Undo", "actor": maria, "object": thing}
    assert scene.send(sent).status_code == 202
    assert list_followers(store) == [maria]


def test_only_addresses_are_stored_of_a_follower(
    scene: FediverseScene, store: Store, server: FediverseServer, maria: str
) -> None:
    server.actors["/maria"] |= {"name": "María Pérez", "summary": "Vive en Pilsen"}
    sent = follow(scene) | {"to": ["x"], "summary": "Soy María Pérez"}
    scene.send(sent)
    with store.read() as session:
        tables = sa.inspect(session.get_bind()).get_table_names()
        for name in tables:
            rows = session.execute(sa.select(sa.text("*")).select_from(sa.text(name))).all()
            assert "María" not in str(rows), name
            assert "Soy" not in str(rows), name


# Forged requests


def test_follow_that_is_not_signed_is_refused(scene: FediverseScene, store: Store) -> None:
    answer = scene.send(follow(scene), headers={"Signature": ""})
    assert (answer.status_code, answer.text) == (401, "The request is not signed.\n")
    assert scene.server.asked == []
    assert list_followers(store) == []


def test_follow_signed_with_another_key_is_refused(scene: FediverseScene, store: Store) -> None:
    answer = scene.send(follow(scene), key=make_key(2))
    assert (answer.status_code, answer.text) == (401, "The signature is wrong.\n")
    assert list_followers(store) == []


@pytest.mark.parametrize("age", [HOUR + MINUTE, -HOUR - MINUTE])
def test_signature_older_than_an_hour_is_refused(
    scene: FediverseScene, store: Store, age: timedelta
) -> None:
    assert scene.send(follow(scene), age=age).status_code == 401
    assert scene.server.asked == []
    assert list_followers(store) == []


def test_signature_of_this_hour_is_taken(scene: FediverseScene) -> None:
    assert scene.send(follow(scene), age=HOUR - MINUTE).status_code == 202


@pytest.mark.parametrize(
    "digest", ["", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "ñ"]
)
def test_digest_that_does_not_fit_the_body_is_refused(
    scene: FediverseScene, store: Store, digest: str
) -> None:
    answer = scene.send(follow(scene), headers={"Digest": digest})
    assert (answer.status_code, answer.text) == (401, "The digest does not fit the body.\n")
    assert scene.server.asked == []


@pytest.mark.parametrize(
    "header",
    [
        'keyId="{}",algorithm="rsa-sha256",headers="date",signature="AAAA"',
        'keyId="{}",algorithm="hmac-sha256",headers="(request-target) host date digest"',
        'keyId="{}",headers="(request-target) host date digest",signature="no"',
        'keyId="{}",headers="(request-target) host date digest date",signature="AAAA"',
        'keyId="{}",headers="(request-target) host date digest x-not",signature="AAAA"',
        "x" * 5000,
        "keyId",
    ],
)
def test_signature_that_proves_nothing_is_refused(
    scene: FediverseScene, store: Store, maria: str, header: str
) -> None:
    signature = header.replace("{}", f"{maria}#main-key")
    assert scene.send(follow(scene), headers={"Signature": signature}).status_code == 401
    assert list_followers(store) == []


@pytest.mark.parametrize("missing", SIGNED)
def test_signature_has_to_cover_target_host_date_and_digest(
    scene: FediverseScene, store: Store, missing: str
) -> None:
    """Otherwise the signature of another request would do."""
    names = tuple(name for name in SIGNED if name != missing)
    assert scene.send(follow(scene), names=names).status_code == 401
    assert scene.server.asked == []
    assert list_followers(store) == []


@pytest.mark.parametrize("bits", [1024, 0])
def test_key_of_another_kind_is_refused(
    scene: FediverseScene, server: FediverseServer, store: Store, bits: int
) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if bits:
        pem = to_pem(rsa.generate_private_key(65537, bits))
    else:
        public = ec.generate_private_key(ec.SECP256R1()).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    server.actors["/maria"]["publicKey"]["publicKeyPem"] = pem
    assert scene.send(follow(scene)).status_code == 401
    assert list_followers(store) == []


def test_actor_on_another_host_than_its_key_is_refused(
    scene: FediverseScene, store: Store, maria: str
) -> None:
    answer = scene.send(follow(scene), key_id="http://localhost:1/maria#main-key")
    assert answer.text == "The key is on another host than the actor.\n"
    assert answer.status_code == 401
    assert scene.server.asked == []
    assert list_followers(store) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "http://127.0.0.1/luis"},
        {"publicKey": None},
        {"publicKey": {"id": "x", "owner": "http://127.0.0.1/luis", "publicKeyPem": "x"}},
        {"inbox": None},
        {"inbox": 7},
        {"endpoints": {"sharedInbox": 7}},
    ],
)
def test_actor_that_is_not_whole_is_refused(
    scene: FediverseScene, server: FediverseServer, store: Store, changes: dict[str, Any]
) -> None:
    server.add_actor("maria", **changes)
    assert scene.send(follow(scene)).status_code == 401
    assert list_followers(store) == []


# Addresses that are not to be fetched


@pytest.mark.parametrize("where", ["inbox", "shared"])
@pytest.mark.parametrize(
    "address",
    ["http://10.0.0.1/inbox", "http://localhost:1/inbox", "https://example.org/inbox", "file:///x"],
)
def test_inbox_at_a_private_address_or_another_host_is_refused(
    scene: FediverseScene, server: FediverseServer, store: Store, where: str, address: str
) -> None:
    shared = {"endpoints": {"sharedInbox": address}}
    server.add_actor("maria", **({"inbox": address} if where == "inbox" else shared))
    answer = scene.send(follow(scene))
    assert (answer.status_code, answer.text) == (
        401,
        "The inbox must be a public https address on the actor's host.\n",
    )
    assert list_followers(store) == []


@pytest.mark.parametrize(
    "actor",
    [
        "http://10.0.0.1/maria", "http://[fd00::1]/maria", "http://169.254.169.254/maria",
        "http://localhost:8000/ap/o/chicago", "ftp://127.0.0.1/x", "maria", "http://a b/", "",
    ],
)  # fmt: skip
def test_actor_at_a_private_address_or_our_own_is_not_fetched(
    scene: FediverseScene, store: Store, actor: str
) -> None:
    sent = follow(scene) | {"actor": actor}
    answer = scene.send(sent)
    assert answer.status_code == 400
    assert scene.server.asked == []
    assert list_followers(store) == []


def test_rule_of_an_installation_refuses_this_machine(
    scene: FediverseScene, store: Store, maria: str
) -> None:
    scene.app.extensions[publisher.RULE] = FetchRule(frozenset({"http"}), ANY_PORT)
    assert scene.send(follow(scene)).status_code == 400
    assert scene.server.asked == []
    named = FetchRule(
        frozenset({"http"}), ANY_PORT, lambda each: not is_loopback(each), lambda *_: ["127.0.0.1"]
    )
    scene.app.extensions[publisher.RULE] = named
    port = scene.server.server_address[1]
    sent = follow(scene) | {"actor": f"http://name.example:{port}/maria"}
    assert scene.send(sent).status_code == 401, "its name leads to this machine"
    assert scene.server.asked == []


# Too much


def test_followers_of_one_host_are_bounded(
    scene: FediverseScene, store: Store, chicago: Office, server: FediverseServer
) -> None:
    def fill(number: int, inbox_of: Any) -> None:
        with store.change() as session:
            session.execute(sa.delete(FediverseFollower))
            rows = [
                {
                    "office_id": chicago.id,
                    "actor": f"{server.base}/{each}",
                    "inbox": f"{server.base}/{each}/inbox",
                    "shared_inbox": inbox_of(each),
                    "host": "127.0.0.1",
                }
                for each in range(number)
            ]
            session.execute(sa.insert(FediverseFollower), rows)

    fill(followers.MAX_OF_HOST, lambda each: f"{server.base}/inbox")
    answer = scene.send(follow(scene))
    assert answer.status_code == 403
    assert answer.text == "There are too many followers at your host, or in all.\n"
    fill(followers.MAX_INBOXES_OF_HOST, lambda each: f"{server.base}/{each}/inbox")
    assert scene.send(follow(scene)).status_code == 403
    fill(followers.MAX_OF_HOST - 1, lambda each: f"{server.base}/inbox")
    assert scene.send(follow(scene)).status_code == 202
    assert scene.send(follow(scene)).status_code == 202, "who follows already takes no room"
    assert len(list_followers(store)) == followers.MAX_OF_HOST


def test_ten_thousand_follows_of_one_host_are_fetched_sixty_times_at_most(
    scene: FediverseScene, store: Store, server: FediverseServer
) -> None:
    statuses = []
    for number in range(65):
        server.add_actor(f"a{number}")
        statuses.append(scene.send(follow(scene, f"a{number}")).status_code)
    assert statuses.count(202) == 60
    assert statuses[60:] == [429] * 5
    assert len(server.asked) == 60


@pytest.mark.parametrize("kind", ["Delete", "Undo", "Unfollow"])
def test_nothing_is_fetched_for_who_does_not_follow(
    scene: FediverseScene, store: Store, server: FediverseServer, kind: str
) -> None:
    """Nor counted: every server tells every other one of each account that is deleted."""
    for number in range(pages.MAX_OF_DOMAIN + 5):
        sent = ending(kind, f"{server.base}/nobody{number}")
        assert scene.send(sent, key_id=f"{server.base}/nobody{number}#main-key").status_code == 202
    assert server.asked == []
    assert scene.send(follow(scene)).status_code == 202


@pytest.mark.parametrize("kind", ["Delete", "Undo"])
def test_server_of_a_follower_is_asked_so_often_only(
    scene: FediverseScene, store: Store, server: FediverseServer, kind: str
) -> None:
    assert scene.send(follow(scene)).status_code == 202
    actor = follow(scene)["actor"]
    statuses = [
        scene.send(ending(kind, actor), key_id=f"{actor}#other-key").status_code
        for _ in range(pages.MAX_OF_DOMAIN + 5)
    ]
    assert statuses == [401] * (pages.MAX_OF_DOMAIN - 1) + [429] * 6
    assert len(server.asked) <= pages.MAX_OF_DOMAIN
    assert len(list_followers(store)) == 1


def ending(kind: str, actor: str) -> dict[str, Any]:
    office = "http://localhost:8000/ap/o/chicago"
    thing: Any = {"Delete": actor, "Unfollow": office}.get(kind)
    if kind == "Undo":
        thing = {"type": "Follow", "id": f"{actor}/1", "actor": actor, "object": office}
    return {"type": kind, "id": f"{actor}/2", "actor": actor, "object": thing}


def test_body_of_ten_megabytes_is_not_read(scene: FediverseScene, store: Store) -> None:
    sent = follow(scene) | {"summary": "x" * 10_000_000}
    assert scene.send(sent).status_code == 413
    assert scene.server.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000, b'{"a":' * 10_000, b"{", b"[]", b"null", b'"x"', b"\xff",
        b'{"type": ' + b"9" * 50_000 + b"}", b"",
    ],
)  # fmt: skip
def test_json_that_is_a_bomb_or_none_is_refused(scene: FediverseScene, body: bytes) -> None:
    assert scene.send(body).status_code == 400
    assert scene.server.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None}, {"id": "x" * 501}, {"id": "http://x/\0"}, {"id": "http://x/\ud800"},
        {"object": "http://localhost:8000/ap/o/"}, {"object": 7}, {"object": {"id": ["x"]}},
        {"object": "http://other.example/ap/o/chicago"},
        {"object": "http://localhost:8000/ap/o/chicago/followers"},
    ],
)  # fmt: skip
def test_follow_of_nothing_is_refused(
    scene: FediverseScene, store: Store, changes: dict[str, Any]
) -> None:
    assert scene.send(follow(scene) | changes).status_code == 400
    assert scene.server.asked == []


def test_follow_of_an_unknown_office_is_refused(scene: FediverseScene, store: Store) -> None:
    sent = follow(scene) | {"object": scene.actor("nada")}
    assert scene.send(sent).status_code == 404
    assert scene.server.asked == []


def test_answer_of_megabytes_is_not_read(scene: FediverseScene, server: FediverseServer) -> None:
    server.actors["/maria"] = {"raw": json.dumps({"id": "x" * 5_000_000}).encode()}
    assert scene.send(follow(scene)).status_code == 401
    server.actors["/maria"] = {"raw": b"[" * 60_000}
    assert scene.send(follow(scene)).status_code == 401


def test_one_actor_is_fetched_at_a_time(scene: FediverseScene, store: Store) -> None:
    shared: inbox.Inbox = scene.app.extensions["outreach_fediverse_inbox"]
    with shared._fetches:
        answer = scene.send(follow(scene))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert scene.server.asked == []
    assert scene.send(follow(scene)).status_code == 202
