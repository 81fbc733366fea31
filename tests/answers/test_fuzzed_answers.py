"""Thousands of answers, forged, repeated, late and senseless: they end nobody's place (S41)."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from outreach import clock
from outreach.answers import text_limits
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.keystore import KeyStore, KeyStoreBase, text_exchange
from outreach.migrations.models import MAIN
from tests.conftest import make_workshop
from tests.support import text_conversation as conversation
from tests.support.gateway_server import Gateway
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import link_of
from tests.support.text_conversation import Phones, SignedRequest, settings

FEW: Final = 150
MANY: Final = 10_000
VICTIMS: Final = tuple(f"+1312555{number:04}" for number in range(110, 122))
STRANGERS: Final = tuple(f"+1312555{number:04}" for number in range(140, 152))
WORDS: Final = (
    "SÍ", "si", "yes", "oui", "ok", "👍", "NO", "no puedo", "non", "CANCELAR", "cancel", "annuler",
    "DÓNDE", "where", "où", "AYUDA", "help", "aide", "BAJA", "STOP", "alto", "arrêt", "ALTA",
    "start", "000000", "123456", "482 193", "999999", "", " ", "\0", "\ud83d", "🏽", "x" * 3000,
    "cancelar rosa", "cancelar +13125550110", "SÍ 123456", "'; DROP TABLE registration; --",
    "{{ 7*7 }}", "%s%n",
    "<b>si</b>", "si\nno", "\u202eralecnac", "٤٨٢١٩٣", "CANCELAR TODO", "c a n c e l a r",
)  # fmt: skip
MAKERS: Final[dict[str, Callable[..., SignedRequest]]] = {
    "plain": conversation.plain,
    "twilio": conversation.twilio,
    "vonage": conversation.vonage,
}


@pytest.fixture
def dialect() -> str:
    return "plain"


@pytest.fixture
def app(make_app: Callable[..., Flask], gateway: Gateway, dialect: str) -> Flask:
    return make_app(limits=UNLIMITED, **settings(gateway, dialect))


def make_request(chance: random.Random, seen: list[SignedRequest], dialect: str) -> SignedRequest:
    """A request that nobody who was asked has sent: by whoever forges a sender, has no secret,
    repeats or changes what others sent."""
    if seen and chance.random() < 0.15:
        return chance.choice(seen)  # repeated
    number = chance.choice((*VICTIMS, *STRANGERS, "+19005550100", "Banco", "", "0"))
    words = chance.choice(WORDS)
    if chance.random() < 0.2:
        words = "".join(chr(chance.randrange(1, 0x2FFF)) for _ in range(chance.randrange(30)))
    make = chance.choice((MAKERS[dialect], conversation.whatsapp))
    late = 0 if chance.random() < 0.8 else chance.choice((200, 4000, 10**6))
    secret = conversation.SECRET if chance.random() < 0.85 else "not-the-secret-at-all"
    sent: dict[str, Any] = {} if make is conversation.twilio else {"seconds_ago": late}
    request = make(number, words, secret=secret, **sent)
    if chance.random() < 0.1:  # cut off or changed on the way
        cut = chance.randrange(len(request.body) + 1)
        body = request.body[:cut] + bytes(chance.randrange(256) for _ in range(3))
        request = SignedRequest(
            path=request.path, headers=request.headers, content_type=request.content_type, body=body
        )
    return request


@pytest.mark.parametrize(
    ("count", "dialect"),
    [
        *((FEW, each) for each in MAKERS),
        *(pytest.param(MANY, each, marks=pytest.mark.long) for each in MAKERS),
    ],
)
def test_no_answer_ends_the_place_of_another_person(
    phones: Phones, store: Store, key_store: KeyStore, chicago: Office, rights: Kind, women: Kind,
    clock_of_test: time_machine.Traveller, count: int, dialect: str,
) -> None:  # fmt: skip
    with store.change() as session:
        ordinary = make_workshop(session, chicago, rights, capacity=50)
        discreet = make_workshop(session, chicago, women, capacity=50)
    people = [phones.register(ordinary, number) for number in VICTIMS[:8]]
    hidden = [phones.register(discreet, number) for number in VICTIMS[6:]]
    for each in people[:4]:
        phones.ask(each)
    hidden_before = [_read(store, each) for each in hidden]
    chance, seen, statuses = random.Random(50), list[SignedRequest](), set[int]()
    for number in range(count):
        request = make_request(chance, seen, dialect)
        statuses.add(request.send(phones.client).status_code)
        seen = [*seen[-20:], request]
        if number % 50 == 0:
            clock_of_test.shift(timedelta(minutes=4))
            phones.send_replies()
    assert not {each for each in statuses if each >= 500}, statuses
    assert statuses >= ({200, 403} if dialect == "twilio" else {200, 204, 403})
    assert all(phones.is_registered(each) for each in (*people, *hidden))
    assert [_read(store, each) for each in hidden] == hidden_before
    for each in people[4:]:
        assert phones.read(each).confirmed_at is None, "it was not asked"
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Registration)) == 14
    assert find_numbers(store, key_store, (*VICTIMS, *STRANGERS)) == []
    # The requests go on for 13 hours, and so over two of the days that the limits count.
    a_day = text_limits.UNASKED_REPLIES[-1].amount + text_limits.STOP_REPLIES[-1].amount
    assert max(len(_texts_to(phones, each)) for each in STRANGERS) <= 2 * a_day


def test_nothing_of_a_number_is_left_when_its_person_is_erased(
    phones: Phones, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    """A stop stays, as a digest that only the key store can compare."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    rosa = phones.register(workshop)
    phones.ask(rosa)
    for words in ("cancelar", "111111", "donde", "sí", "qué"):
        conversation.plain(conversation.ROSA, words).send(phones.client)
    assert rosa.key_id is not None
    assert text_exchange.read_digits(key_store, conversation.ROSA, rosa.key_id, now=clock.now())
    assert phones.client.post(f"{link_of(key_store, rosa)}/borrar").status_code == 200
    key_store.tidy()
    phones.send_replies()
    key_store.store.truncate_log()
    store.truncate_log()
    assert find_numbers(store, key_store, (conversation.ROSA,)) == []
    for folder in (phones.config.data, phones.config.keys):
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert conversation.ROSA.removeprefix("+1").encode() not in content, path
    counted = count_rows(key_store)
    assert (counted["text_challenge"], counted["text_reply"], counted["text_stop"]) == (0, 0, 0)
    assert counted["received_text"] == 5


def _read(store: Store, registration: Registration) -> tuple[object, ...]:
    table = Registration.__table__
    with store.read() as session:
        row = session.execute(sa.select(table).where(table.c.id == registration.id)).one()
    return tuple(row)


def _texts_to(phones: Phones, number: str) -> list[str]:
    sent = (phones.gateway.read_text(each) for each in phones.gateway.asked)
    return [words for to, words in sent if to == number]


def find_numbers(store: Store, key_store: KeyStore, numbers: tuple[str, ...]) -> list[str]:
    """The columns of both databases in which a number stands, as text or as bytes."""
    found = []
    needles = [each.removeprefix("+1") for each in numbers]
    for database, metadata in ((store, MAIN), (key_store.store, KeyStoreBase.metadata)):
        with database.read() as session:
            for table in metadata.sorted_tables:
                for row in session.execute(sa.select(table)).mappings():
                    for column, value in row.items():
                        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                        if any(needle in text for needle in needles):
                            found.append(f"{table.name}.{column}")
    return found


def count_rows(key_store: KeyStore) -> dict[str, int]:
    with key_store.store.read() as session:
        return {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in KeyStoreBase.metadata.sorted_tables
        }
