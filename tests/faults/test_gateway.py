"""Texts through a real, local gateway: what is sent, and what its failures lead to."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from outreach import clock
from outreach.config import Config, Texts
from outreach.domain.registrations import ContactMethod
from outreach.errors import Misconfigured
from outreach.mail import delivery, sms, sms_gateway
from outreach.mail.delivery_round import deliver
from outreach.mail.sms_gateway import SmsMessage
from outreach.maintenance.worker import Worker
from tests.faults.conftest import Outbox
from tests.support.gateway_server import Gateway, serve_gateway

pytestmark = pytest.mark.any_database("what a gateway does wrong")

LATER = timedelta(minutes=10)
SAFE = {"contact": ContactMethod.PHONE, "may_leave_message": True}


@pytest.fixture
def server() -> Iterator[Gateway]:
    with serve_gateway() as server:
        yield server


def round_of(outbox: Outbox, server: Gateway, now: datetime | None = None, **changes: str) -> int:
    settings = Texts(
        url=server.url + "/send",
        body='{"to": "{to}", "body": "{text}"}',
        headers={"Authorization": "Bearer t"},
        seconds=1,
    )
    # A test changes any setting; the values have different types.
    config = replace(outbox.config, texts=replace(settings, **changes))  # type: ignore[arg-type]
    transport = delivery.text_transport(config)
    assert transport is not None
    with outbox.app.app_context():
        return deliver(
            delivery.text_outlets(outbox.store, outbox.key_store, config, transport),
            now=now or clock.now(),
        )


def test_text_is_sent_once_to_a_phone_marked_safe(outbox: Outbox, server: Gateway) -> None:
    outbox.enqueue("rosa", address="+13125550142", **SAFE)
    outbox.enqueue("luz", address="+13125550143", contact=ContactMethod.PHONE)
    outbox.enqueue("ana", contact=ContactMethod.EMAIL)
    outbox.enqueue("nobody", address="", contact=ContactMethod.NONE)
    assert round_of(outbox, server) == 1
    assert round_of(outbox, server) == 0
    [(method, path, headers, body)] = server.asked
    assert (method, path) == ("POST", "/send")
    assert headers["Authorization"] == "Bearer t"
    assert headers["Content-Type"].startswith("application/json")
    sent = json.loads(body)
    assert sent["to"] == "+13125550142"
    assert sent["body"].startswith("Tu lugar esta apartado: ")


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_permanently_refused_text_is_given_up(outbox: Outbox, server: Gateway, status: int) -> None:
    outbox.enqueue("rosa", address="+13125550142", **SAFE)
    server.answers = [status]
    assert round_of(outbox, server) == 0
    assert outbox.dead == 1


@pytest.mark.parametrize(
    "answer",
    [
        408,
        429,
        500,
        503,
        302,
        "say nothing",
        pytest.param("drip", marks=pytest.mark.long),
        "hang up",
    ],
)
def test_temporarily_refused_text_is_retried(
    outbox: Outbox, server: Gateway, answer: int | str
) -> None:
    outbox.enqueue("rosa", address="+13125550142", **SAFE)
    server.answers = [answer]
    now, begin = clock.now(), monotonic()
    assert round_of(outbox, server, now) == 0
    assert monotonic() - begin < 20, "it is not waited for without end"
    assert round_of(outbox, server, now) == 0
    assert round_of(outbox, server, now + LATER) == 1
    assert [path for _method, path, _headers, _body in server.asked] == ["/send", "/send"]


def test_text_without_an_answer_is_sent_at_most_twice(outbox: Outbox, server: Gateway) -> None:
    outbox.enqueue("rosa", address="+13125550142", **SAFE)
    server.answers = ["hang up"] * 5
    now = clock.now()
    for hour in range(5):
        assert round_of(outbox, server, now + timedelta(hours=hour)) == 0
    assert len(server.asked) == 2
    assert outbox.dead == 1


def test_unavailable_gateway_uses_up_no_attempts(outbox: Outbox) -> None:
    outbox.enqueue("rosa", "luz", address="+13125550142", **SAFE)
    now = clock.now()
    with serve_gateway() as server:
        server.answers = [401, 407]
        for hour in range(2):
            assert round_of(outbox, server, now + timedelta(hours=hour)) == 0
        assert len(server.asked) == 2
    assert round_of(outbox, server, now + timedelta(hours=4)) == 0  # it is not there any more
    assert (outbox.dead, outbox.tries) == (0, [0, 0])
    with serve_gateway() as server:
        assert round_of(outbox, server, now + timedelta(hours=5)) == 2


def test_worker_sends_texts_and_letters(
    outbox: Outbox, server: Gateway, make_app: Callable[..., Flask]
) -> None:
    outbox.enqueue("rosa", address="+13125550142", **SAFE)
    outbox.enqueue("ana")
    body = '{"to": "{to}", "text": "{text}"}'
    app = make_app(
        texts=Texts(url=server.url, body=body), mail_folder=outbox.config.data / "letters"
    )
    assert Worker(app).once() == 2
    assert len(server.asked) == 1
    assert len(list((outbox.config.data / "letters").glob("*.eml"))) == 1


def test_erased_person_gets_no_text(outbox: Outbox, server: Gateway) -> None:
    rosa, _luz = outbox.enqueue("rosa", "luz", address="+13125550142", **SAFE)
    assert rosa.key_id is not None
    outbox.key_store.destroy(rosa.key_id)
    assert round_of(outbox, server) == 1


NASTY = SmsMessage(to="+13125550142", words='Hola & "adiós"\\ {to} ñ=1#?%\r\n')


def test_text_content_cannot_change_the_gateway_request() -> None:
    as_json = Texts(url="https://t.example.org/a", body='{"a": ["{to}", {"b": "{text}"}]}')
    _target, headers, body = sms_gateway.request(as_json, NASTY)
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body) == {"a": [NASTY.to, {"b": NASTY.words}]}
    as_form = Texts(url="https://t.example.org/a", body="To={to}&Body={text}")
    _target, headers, body = sms_gateway.request(as_form, NASTY)
    assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(body.decode()) == {"To": [NASTY.to], "Body": [NASTY.words]}
    as_address = Texts(url="https://t.example.org/to/{to}?text={text}&x=1", method="GET")
    target, headers, body = sms_gateway.request(as_address, NASTY)
    assert (headers, body) == ({}, b"")
    assert urlsplit(target).path == "/to/%2B13125550142"
    assert parse_qs(urlsplit(target).query) == {"text": [NASTY.words], "x": ["1"]}


def test_all_gateway_setting_errors_are_reported_together() -> None:
    with pytest.raises(Misconfigured) as raised:
        Config.from_environ(
            {
                "OUTREACH_TEXTS_URL": "http://texts.example.org/send",
                "OUTREACH_TEXTS_METHOD": "DELETE",
                "OUTREACH_TEXTS_HEADERS": '{"Authorization": "a\\nb"}',
                "OUTREACH_TEXTS_BODY": '{"to": {to}}',
                "OUTREACH_TEXTS_SECONDS": "600",
                "OUTREACH_SMTP_CA_FILE": "/nowhere/at/all.pem",
                "OUTREACH_SMTP_SECONDS": "0",
            }
        )
    words = str(raised.value)
    assert words.count("\n") == 7  # the body has two
    for name in ("URL", "METHOD", "HEADERS", "BODY", "SECONDS"):
        assert f"OUTREACH_TEXTS_{name} " in words


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://texts.example.org/send", True),
        ("http://127.0.0.1:8080/send", True),
        ("http://localhost/send", True),
        ("http://[::1]:8080/send", True),
        ("http://127.0.0.1.example.org/send", False),
        ("https://user:pass@texts.example.org/send", False),
        ("ftp://texts.example.org", False),
    ],
)
def test_gateway_requires_https(url: str, is_good: bool) -> None:
    environ = {"OUTREACH_TEXTS_URL": url, "OUTREACH_TEXTS_BODY": "to={to}&text={text}"}
    if is_good:
        assert Config.from_environ(environ).texts.url == url
    else:
        with pytest.raises(Misconfigured):
            Config.from_environ(environ)


def test_text_uses_the_gsm_alphabet_only() -> None:
    text = sms.plain("¿Sigues viniendo? sábado 28, 6:00\u00a0p.\u00a0m. À l’entrée : «forêt», ç")
    assert text == '¿Sigues viniendo? sabado 28, 6:00 p. m. A l\'entrée : "foret", c'
    assert (sms.parts("a" * 160), sms.parts("a" * 161), sms.parts("a" * 306)) == (1, 2, 2)
