"""Requests of gateways: what each dialect says, and that nobody else can send them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support import text_conversation as conversation
from tests.support.gateway_server import Gateway
from tests.support.text_conversation import (
    ROSA,
    SECRET,
    STRANGER,
    TEXT_PATH,
    VERIFY_TOKEN,
    WHATSAPP_PATH,
    Phones,
    SignedRequest,
)

pytestmark = pytest.mark.any_database("reads requests")

DIALECTS: dict[str, Callable[..., SignedRequest]] = {
    "plain": conversation.plain,
    "twilio": conversation.twilio,
    "vonage": conversation.vonage,
}


@pytest.fixture(params=[*DIALECTS, "whatsapp"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(make_app: Callable[..., Flask], gateway: Gateway, dialect: str) -> Flask:
    return make_app(**conversation.settings(gateway, dialect if dialect in DIALECTS else "plain"))


@pytest.fixture
def make_request(dialect: str) -> Callable[..., SignedRequest]:
    return DIALECTS.get(dialect, conversation.whatsapp)


def test_request_of_the_gateway_is_replied_to_by_its_way(
    phones: Phones, make_request: Callable[..., SignedRequest], dialect: str
) -> None:
    answer = make_request(ROSA, "ayuda & más = ¿qué?").send(phones.client)
    assert answer.status_code in {200, 204}
    assert answer.text == ("<Response/>" if dialect == "twilio" else "")
    assert answer.headers["Cache-Control"] == "no-store"
    [(to, words)] = phones.send_replies()
    assert to == ROSA
    assert words.startswith("Contesta SI si vienes")
    [request] = phones.gateway.asked
    assert request[1] == ("/whatsapp" if dialect == "whatsapp" else "/send")


def test_request_is_taken_once(phones: Phones, make_request: Callable[..., SignedRequest]) -> None:
    request = make_request(ROSA, "ayuda", identity="one and the same")
    for _time in range(3):
        assert request.send(phones.client).status_code in {200, 204}
    assert len(phones.send_replies()) == 1


def test_forged_request_is_refused(
    phones: Phones, make_request: Callable[..., SignedRequest]
) -> None:
    right, wrong = make_request(ROSA, "baja"), make_request(ROSA, "baja", secret="x" * 20)
    other = make_request(STRANGER, "alta")
    for request in (
        wrong,
        replace(right, body=right.body.replace(b"baja", b"alta")),
        replace(other, headers=right.headers, body=other.body),
        replace(right, headers={}, body=right.body.replace(b'"sig"', b'"sog"')),
        replace(right, headers={"Authorization": "Bearer "}, body=b"{}"),
    ):
        if request.headers == right.headers == {} and request.body == other.body:
            continue  # Vonage's signature is in the body: it is right
        assert request.send(phones.client).status_code == 403, request
    assert phones.send_replies() == []


@pytest.mark.parametrize("make", [conversation.plain, conversation.vonage])
def test_old_signature_is_refused(
    make_app: Callable[..., Flask], gateway: Gateway, make: Callable[..., SignedRequest]
) -> None:
    app = make_app(**conversation.settings(gateway, make.__name__))
    for seconds, status in ((299, 204), (301, 403), (-301, 403), (10**9, 403)):
        request = make(ROSA, "ayuda", seconds_ago=seconds)
        assert request.send(app.test_client()).status_code == status


@pytest.mark.parametrize("dialect", ["plain"], indirect=True)
def test_secret_as_a_bearer_token_is_enough_for_a_gateway_that_signs_nothing(
    phones: Phones,
) -> None:
    form = {"from": ROSA, "text": "ayuda", "id": "1"}
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert phones.client.post(TEXT_PATH, data=form, headers=bearer).status_code == 204
    assert len(phones.send_replies()) == 1
    for header in ({}, {"Authorization": f"Bearer {SECRET}x"}, {"Authorization": SECRET}):
        assert phones.client.post(TEXT_PATH, data=form, headers=header).status_code == 403


@pytest.mark.parametrize("dialect", ["plain"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b"\xff", b'{"from": 1}', b"[" * 5000,
        b'{"from": "+13125550142", "text": "si"}',
        b'{"from": "+13125550142", "text": "si", "id": ""}',
        b'{"from": "+13125550142", "text": "si", "id": "\\ud800"}',
        b'{"from": {"a": 1}, "text": ["si"], "id": 3}',
        json.dumps({"from": "+13125550142", "text": "si", "id": "x" * 500}).encode(),
    ],
)  # fmt: skip
def test_malformed_request_is_refused_with_one_sentence(phones: Phones, body: bytes) -> None:
    answer = phones.client.post(
        TEXT_PATH, data=body, content_type="application/json",
        headers={"Authorization": f"Bearer {SECRET}"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.text == "The request lacks the fields of its dialect.\n"


@pytest.mark.parametrize("dialect", ["plain"], indirect=True)
def test_large_request_is_refused(phones: Phones) -> None:
    answer = phones.client.post(
        TEXT_PATH, data=b"x" * 70_000, headers={"Authorization": f"Bearer {SECRET}"}
    )
    assert answer.status_code == 413


def test_failure_is_one_line_for_the_gateway_which_tries_again(
    phones: Phones, make_request: Callable[..., SignedRequest], caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request(ROSA, "ayuda")
    with phones.key_store.store.change() as session:
        session.execute(sa.text("ALTER TABLE text_reply RENAME TO gone"))
    answer = request.send(phones.client)
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert answer.text == "Internal Server Error\n"
    assert "gone" not in caplog.text
    with phones.key_store.store.change() as session:
        session.execute(sa.text("ALTER TABLE gone RENAME TO text_reply"))
    assert request.send(phones.client).status_code in {200, 204}
    assert len(phones.send_replies()) == 1


@pytest.mark.parametrize("dialect", ["plain"], indirect=True)
@pytest.mark.parametrize(
    "number", ["", "Banco", "22000", "+19005550100", "+442079460958", "+1", "0" * 40, "١٢٣"]
)
def test_number_that_is_not_written_to_gets_no_reply(phones: Phones, number: str) -> None:
    assert conversation.plain(number, "baja").send(phones.client).status_code == 204
    assert phones.send_replies() == []


def test_mexican_number_as_whatsapp_writes_it_is_the_one_that_registered(
    phones: Phones, make_request: Callable[..., SignedRequest]
) -> None:
    assert make_request("+5215512345678", "ayuda").send(phones.client).status_code in {200, 204}
    [(to, _words)] = phones.send_replies()
    assert to == "+525512345678"


@pytest.mark.parametrize("dialect", ["whatsapp"], indirect=True)
def test_whatsapp_address_is_verified_by_its_token(phones: Phones) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158"}
    answer = phones.client.get(WHATSAPP_PATH, query_string=asked)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "1158", "text/plain")
    for change in ({"hub.verify_token": "x"}, {"hub.mode": "x"}, {"hub.challenge": "<b>"}):
        assert phones.client.get(WHATSAPP_PATH, query_string=asked | change).status_code == 404


@pytest.mark.parametrize("dialect", ["whatsapp"], indirect=True)
def test_what_is_no_text_of_whatsapp_is_left_out(phones: Phones) -> None:
    bodies: list[Any] = [
        {}, {"entry": "x"}, {"entry": [1, {"changes": [{"value": {"statuses": [{}]}}]}]},
        {"entry": [{"changes": [{"value": {"messages": [{"type": "image", "from": "1"}]}}]}]},
    ]  # fmt: skip
    for each in bodies:
        body = json.dumps(each).encode()
        signature = {"X-Hub-Signature-256": f"sha256={conversation.sha256(body)}"}
        answer = phones.client.post(WHATSAPP_PATH, data=body, headers=signature)
        assert answer.status_code == 200
    late = conversation.whatsapp(ROSA, "ayuda", seconds_ago=86_401)
    assert late.send(phones.client).status_code == 200
    assert phones.send_replies() == []


def test_without_a_secret_there_is_no_such_address(make_app: Callable[..., Flask]) -> None:
    client: FlaskClient = make_app().test_client()
    for request in (conversation.plain(ROSA, "si"), conversation.whatsapp(ROSA, "si")):
        answer = request.send(client)
        assert (answer.status_code, answer.mimetype) == (404, "text/plain")
    assert client.get(WHATSAPP_PATH).status_code == 404
