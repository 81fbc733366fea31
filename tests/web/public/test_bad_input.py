"""Two hundred invalid inputs of the registration form. Each returns the form with an error message
and the typed values, and stores nothing."""

import json
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore
from tests.conftest import make_workshop
from tests.support.limits import UNLIMITED
from tests.support.registration_forms import answers, filled

pytestmark = pytest.mark.any_database("what forms refuse before anything is stored")

IDS = [
    "A123456789", "a-12345678", "A 123 456 789", "123-45-6789", "123456789", "123 45 6789",
    "Rosa 123456", "987-65-4321", "9xx-70-1234 912-70-1234", "046 454 286", "046-454-286",
    "GOMC850101MDFRRS09", "gomc850101hdfrrs09", "G12345678", "N0123456", "1.2.3.4.5.6",
    "１２３４５６", "١٢٣٤٥٦", "१२३४५६", "A1234567", "Rosa A-9876543", "2024-11-28", "01/02/1990",
    "CURP GOMC850101MDFRRS09", "matrícula 7654321", "312 555 0142", "+13125550142", "E12345678",
]  # fmt: skip
CONTROLS = [
    "Ro\x00sa", "\x00", "Rosa\x07", "Ro\x1bsa", "Rosa\x7f", "Ro\x85sa", "Rosa\nBcc: x@y.z",
    "Rosa\r\nX: y", "Ro\tsa", "Ro\x0bsa", "Ro\x0csa", "Ro\u202esa", "\u202dRosa", "Ro\u2066sa",
    "Ro\u2028sa", "Ro\u2029sa", "Ro\ufffdsa", "\ufeffRosa", "Ro\x9fsa", "Rosa\x01\x02",
]  # fmt: skip
ADDRESSES = ["Gana en bit.ly/x", "https://x.example", "evil．com", "hxxps evil", "luz@ejemplo.com"]
NOTHING = ["", " ", "   ", "\u3000", "\u200b", "\u200d\u200d", "\u2060", "\u00a0", "\u00ad"]
TOO_LONG = ["x" * 61, "á" * 61, "x" * 254, "x" * 255, "x" * 10_000, "😀" * 61, "Rosa " * 40]
NO_CONTACT = ["", "mail", "EMAIL", "none ", "sms", "0", "null", "None", "true", "[]", "email,phone"]
NO_EMAIL = [
    "", " ", "rosa", "rosa@", "@ejemplo.com", "rosa@@ejemplo.com", "rosa@ejemplo",
    "rosa ejemplo.com", "rosa@ejemplo..com", "rosa@.com", "rosa@ejemplo.com.",
    "ro sa@ejemplo.com", "rosa@ejem plo.com", "Rosa <rosa@ejemplo.com>",
    "rosa@ejemplo.com, luz@ejemplo.com", "rosa@localhost", "rosa@[127.0.0.1]",
    "ñandú@ejemplo.com", "rosa@ejemplo.com\r\nBcc: x@y.z", "rosa\x00@ejemplo.com",
    "a" * 65 + "@ejemplo.com", "rosa@" + "e" * 250 + ".com", "x" * 10_000, ".rosa@ejemplo.com",
    "rosa.@ejemplo.com", "rosa@-ejemplo.com", "javascript:alert(1)", "rosa@gmial.com",
    "rosa@hotmial.com", "rosa@yaho.com", "rosa@ejemplo.invalid",
]  # fmt: skip
NO_PHONE = [
    "", " ", "5", "555", "5550142", "555 0142", "111 111 1111", "000 000 0000", "123 456 7890",
    "911", "312 555 01", "312 555 01422", "1" * 30, "x" * 10_000, "uno dos tres", "+", "+1",
    "+999 123 456 789", "312 555 0142 ext 5", "312 555 0142 x", "312\x00555 0142", "tel:",
    "<b>3125550142</b>", "3.125550142e9",
]  # fmt: skip
NO_PEOPLE = [
    "", "0", "5", "-1", "99", "1.5", "1e0", "uno", "²", "١", "１", " 1", "1 ", "+1", "01", "1,2",
    "NaN", "true", "null", "[1]", "1" * 10_000, "0x1", "1\x00", "999999999999999999999",
]  # fmt: skip
NO_NEED = [
    "childcare",
    "interpreter",
    "money",
    "",
    "STEP_FREE",
    "step_free ",
    "x" * 10_000,
    "1",
    "\x00",
]
OTHER_FIELDS: list[dict[str, Any]] = [
    {"message_ok": "maybe"}, {"message_ok": ""}, {"message_ok": "x" * 10_000},
    {"remind": "no"}, {"remind": "1"}, {"consent": "no"}, {"consent": "on"}, {"language": "de"},
    {"language": "ES"}, {"language": "es-MX"}, {"language": "x" * 10_000}, {"slot": "1"},
    {"slot": "10:00"}, {"nonce": ""}, {"nonce": "short"}, {"nonce": "x" * 65},
    {"nonce": "x" * 10_000}, {"nonce": "ñ" * 22}, {"nonce": "a b" * 10}, {"stamp": ""},
    {"stamp": "x"}, {"stamp": "W10.x"}, {"stamp": "x" * 10_000}, {"website": "x"},
    {"email_asked": "x" * 10_000}, {"email": "x" * 10_000}, {"phone": "9" * 10_000},
    {"website": "x" * 10_000}, {"phone": "\x00"}, {"email": "\x1b[31m"}, {"name": None},
    {"contact": None}, {"people": None}, {"nonce": None}, {"stamp": None},
    {"name": ["Rosa", "Luz"]}, {"people": ["1", "2"]}, {"contact": ["none", "email"]},
    {"nonce": ["a" * 22, "b" * 22]}, {"needs": ["step_free", "step_free"]},
    {"email": ["a@ejemplo.com", "b@ejemplo.com"]}, {"language": ["es", "en"]},
    {"calendar": "1"}, {"calendar": ["yes", "yes"]}, {"calendar": "x" * 10_000},
    {"series": "todas"}, {"series": ["yes", "yes"]}, {"series": "\x00"}, {"slot": "25:99"},
    {"slot": ["10:00", "10:20"]}, {"needs": "interpreter-nah"}, {"needs": "interpreter-"},
]  # fmt: skip
BAD: list[dict[str, Any]] = [
    *({"name": name} for name in [*IDS, *ADDRESSES, *CONTROLS, *NOTHING, *TOO_LONG]),
    *({"contact": contact} for contact in NO_CONTACT),
    *({"contact": "email", "email": email} for email in NO_EMAIL),
    *({"contact": "phone", "phone": phone} for phone in NO_PHONE),
    *({"people": people} for people in NO_PEOPLE),
    *({"needs": need} for need in NO_NEED),
    *OTHER_FIELDS,
]


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def unlimited_app(make_app: Callable[..., Flask]) -> Flask:
    """An application with a rate limit above the number of bad inputs."""
    return make_app(limits=UNLIMITED)


def is_nothing_stored(store: Store, key_store: KeyStore) -> bool:
    with store.read() as session, key_store.store.read() as keys:
        rows = session.scalar(sa.select(sa.func.count()).select_from(Registration))
        return (rows, keys.scalar(sa.select(sa.func.count()).select_from(Key))) == (0, 0)


def has_error_summary(page: TestResponse) -> bool:
    """Whether the page has an error summary and its title begins with «Error»."""
    return 'class="alert" role="alert"' in page.text and "<title>Error: " in page.text


def test_at_least_two_hundred_bad_inputs_are_tried() -> None:
    assert len(BAD) >= 200


def test_bad_input_returns_the_form_with_an_error_and_stores_nothing(
    unlimited_app: Flask, store: Store, key_store: KeyStore, workshop: Workshop
) -> None:
    client, path = unlimited_app.test_client(), f"/es/t/{workshop.public_id}/lugar"
    for changes in BAD:
        typed = {
            k: v for k, v in answers(unlimited_app, workshop, **changes).items() if v is not None
        }
        page = client.post(path, data=typed)
        changed_fields = repr(changes)[:80]
        assert page.status_code == 422, changed_fields
        assert has_error_summary(page), changed_fields
        assert "Traceback" not in page.text, changed_fields
        returned = filled(page)
        for name in ("name", "email", "phone"):
            if isinstance(typed.get(name), str):
                assert returned[name] == [typed[name]], changed_fields
        if not {"nonce", "stamp"} & set(changes):
            assert returned["nonce"] == [typed["nonce"]], changed_fields
    assert is_nothing_stored(store, key_store)


@pytest.mark.parametrize(
    "encoding", ["latin-1", "cp1252", "mac-roman", "utf-16", "utf-16-le", "utf-32"]
)
def test_form_in_another_encoding_is_refused(
    unlimited_app: Flask, store: Store, key_store: KeyStore, workshop: Workshop, encoding: str
) -> None:
    typed = answers(unlimited_app, workshop, name="María Núñez")
    form_type = "application/x-www-form-urlencoded"
    bodies = [
        "&".join(f"{name}={value}" for name, value in typed.items()).encode(encoding),
        urlencode(typed, encoding=encoding).encode(),
    ]
    for body in bodies:
        for content_type in (form_type, f"{form_type}; charset={encoding}"):
            page = unlimited_app.test_client().post(
                f"/es/t/{workshop.public_id}/lugar", data=body, content_type=content_type
            )
            assert page.status_code == 422
            assert has_error_summary(page)
    assert is_nothing_stored(store, key_store)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"", ""),
        (b"&&&===", "application/x-www-form-urlencoded"),
        (b"%", "application/x-www-form-urlencoded"),
        (b"%00%ff%fe", "application/x-www-form-urlencoded"),
        (b"name[]=Rosa&people[$gt]=1", "application/x-www-form-urlencoded"),
        (json.dumps({"name": "Rosa", "people": 1, "contact": "none"}).encode(), "application/json"),
        (b"{", "application/json"),
        (b"<name>Rosa</name>", "text/xml"),
        (b"name=Rosa", "text/plain"),
        (b"\x1f\x8b\x08\x00", "application/gzip"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\nno headers", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="name"; filename="a"\r\n\r\nX\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"name=" + b"&name=".join([b"Rosa"] * 2000), "application/x-www-form-urlencoded"),
        (b"&".join(b"x%d=1" % n for n in range(4000)), "application/x-www-form-urlencoded"),
    ],
)
def test_malformed_request_body_gets_an_error_page(
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    body: bytes,
    content_type: str,
) -> None:
    page = client.post(f"/es/t/{workshop.public_id}/lugar", data=body, content_type=content_type)
    assert page.status_code in {400, 413, 422}
    assert "<h1" in page.text
    assert is_nothing_stored(store, key_store)


def test_multipart_form_is_accepted(app: Flask, client: FlaskClient, workshop: Workshop) -> None:
    typed = answers(app, workshop)
    page = client.post(
        f"/es/t/{workshop.public_id}/lugar", data=typed, content_type="multipart/form-data"
    )
    assert page.status_code == 303


def test_typed_html_is_escaped(app: Flask, client: FlaskClient, workshop: Workshop) -> None:
    typed_html = "\"><script>alert(1)</script>' onfocus=x {{7*7}}"
    typed = answers(app, workshop, name=typed_html, contact="email", email=typed_html, people="0")
    page = client.post(f"/es/t/{workshop.public_id}/lugar", data=typed)
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert filled(page)["email"] == [typed_html]
    assert filled(page)["name"] == [typed_html]
    assert "49" not in unescape(filled(page)["name"][0])


@pytest.mark.parametrize(
    "name",
    [
        "Rosa",
        "Ñ",
        "李",
        "Nguyễn Thị",
        "O'Brien",
        "María-José",
        "🌸",
        "X Æ A-12",
        "Rosa 2",
        "محمد",
        "No.5",
    ],
)
def test_unusual_names_are_accepted(
    app: Flask, client: FlaskClient, workshop: Workshop, name: str
) -> None:
    page = client.post(
        f"/es/t/{workshop.public_id}/lugar", data=MultiDict(answers(app, workshop, name=name))
    )
    assert page.status_code == 303


@pytest.mark.parametrize(
    "id", ["x", "0" * 10, "0" * 26, "a" * 10_000, "%00", "..%2f..", "ñ", "' OR 1=1"]
)
def test_unknown_workshop_or_registration_is_404(client: FlaskClient, id: str) -> None:
    for path in (f"/es/t/{id}/lugar", f"/es/r/{id}", f"/es/r/{id}/cancelar"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"name": "Rosa"}).status_code in {404, 405}
