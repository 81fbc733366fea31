"""Signing in by another provider's word, with a real one on this machine."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from joserfc.jwk import OctKey, RSAKey
from werkzeug.test import TestResponse

from outreach import clock
from outreach.accounts import credentials
from outreach.config import Config, Limits, Oidc
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.errors import Misconfigured
from tests.support import oidc_provider
from tests.support.login import age, half_a_minute_later, journal
from tests.support.oidc_provider import Provider
from tests.support.staff_client import Visitor, code_now, employ, enrol, hidden, words

pytestmark = pytest.mark.any_database("what a provider says")
COOKIE = "__Secure-oidc"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with oidc_provider.serving() as found:
        yield found


@pytest.fixture
def elsewhere(running: Provider) -> Provider:
    """As it is before each test."""
    running.claims, running.discovery, running.is_down = {}, {}, False
    running.signs_with, running.algorithm = running.key, "RS256"
    running.asked.clear()
    return running


@pytest.fixture
def app(make_app: Callable[..., Flask], elsewhere: Provider, chicago: Office) -> Flask:
    return make_app(oidc=elsewhere.oidc, limits=Limits(sign_ins=1000))


@pytest.fixture
def ana(app: Flask, store: Store) -> int:
    who = employ(store)
    enrol(app, store, who)
    return who


def there(visitor: Visitor, path: str = "/org/oidc") -> str:
    """Goes to the provider; the path that its answer leads back to."""
    asked = visitor.get(path)
    assert asked.status_code == 303
    answer = requests.get(asked.headers["Location"], allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert (back.netloc, back.path) == ("localhost:8000", "/org/oidc/vuelta")
    return f"{back.path}?{back.query}"


def and_back(visitor: Visitor, path: str = "/org/oidc") -> TestResponse:
    return visitor.get(there(visitor, path))


def test_the_sign_in_page_leads_there(app: Flask, elsewhere: Provider) -> None:
    visitor = Visitor(app)
    assert "Entrar con la Secretaría" in words(visitor.get("/org/entrar"))
    there(visitor, "/org/oidc?volver=/org/talleres")
    [asked] = elsewhere.asked
    assert asked["scope"].split() == ["openid", "email"]
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43
    assert "prompt" not in asked


def test_its_word_for_two_factors_opens_the_desk(
    app: Flask, store: Store, elsewhere: Provider, ana: int
) -> None:
    elsewhere.claims = {"amr": ["pwd", "mfa"], "auth_time": int(clock.now().timestamp())}
    visitor = Visitor(app)
    answer = and_back(visitor, "/org/oidc?volver=/org/talleres")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/talleres")
    assert visitor.get("/org/").status_code == 200
    assert visitor.get("/org/cuenta/llaves").status_code == 200, "fresh too"
    assert COOKIE not in visitor.cookies
    assert journal(store) == ["signed in"]


def test_without_it_our_own_code_is_asked_for(
    app: Flask, store: Store, elsewhere: Provider, ana: int
) -> None:
    for claims in ({}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "1"}):
        half_a_minute_later(store)
        elsewhere.claims = claims
        visitor = Visitor(app)
        answer = and_back(visitor, "/org/oidc?volver=/org/talleres")
        assert answer.headers["Location"] == "/org/codigo?volver=/org/talleres"
        assert visitor.get("/org/").status_code == 303
        page = visitor.get(answer.headers["Location"])
        done = visitor.post("/org/codigo", hidden(page) | {"code": code_now()})
        assert done.headers["Location"] == "/org/talleres"
    assert journal(store).count("named by the provider") == 4


@pytest.mark.parametrize("shown", [None, timedelta(hours=2)], ids=["does not say", "hours ago"])
def test_two_factors_of_long_ago_are_asked_for_again_before_what_matters(
    app: Flask, store: Store, elsewhere: Provider, chicago: Office, shown: timedelta | None
) -> None:
    employ(store)  # who has no second factor of ours
    moment = int((clock.now() - shown).timestamp()) if shown else None
    elsewhere.claims = {"acr": "phr", "auth_time": moment}
    visitor = Visitor(app)
    assert and_back(visitor).headers["Location"] == "/org/"
    assert visitor.get("/org/").status_code == 200
    asked = visitor.get(visitor.get("/org/cuenta/llaves").headers["Location"])
    assert "Entrar otra vez con la Secretaría" in words(asked)
    elsewhere.claims = {"acr": "phr", "auth_time": int(clock.now().timestamp())}
    back = and_back(visitor, "/org/oidc?volver=/org/cuenta/llaves")
    assert elsewhere.asked[-1]["prompt"] == "login"
    assert back.headers["Location"] == "/org/cuenta/llaves"
    assert visitor.get("/org/cuenta/llaves").status_code == 200
    age(store, proven_at=timedelta(minutes=11))
    elsewhere.claims = {}
    assert and_back(visitor).status_code == 422
    assert visitor.get("/org/cuenta/llaves").status_code == 303


def test_an_answer_works_once_and_only_in_the_browser_that_asked(
    app: Flask, store: Store, elsewhere: Provider, ana: int
) -> None:
    elsewhere.claims = {"amr": ["mfa"]}
    visitor, other = Visitor(app), Visitor(app)
    path = there(visitor)
    cookie = visitor.cookies[COOKIE]
    there(other)
    assert other.get(path).status_code == 422, "another browser's"
    assert Visitor(app).get(path).status_code == 422, "of no browser"
    assert visitor.get(path).status_code == 303
    again = Visitor(app, {COOKIE: cookie})
    assert again.get(path).status_code == 422
    # Anybody can come with an answer that nobody asked for: that is no line of the journal.
    assert "provider's word refused" not in journal(store)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://example.com"}, "ID token refused"),
        ({"aud": "another"}, "ID token refused"),
        ({"aud": ["another", "outreach"], "azp": "another"}, "ID token of another client"),
        ({"aud": ["another", "outreach"]}, "ID token of another client"),
        ({"nonce": "another"}, "ID token refused"),
        ({"nonce": None}, "ID token refused"),
        ({"exp": 1_000_000_000}, "ID token refused"),
        ({"exp": None}, "ID token refused"),
        ({"email_verified": False}, "e-mail not verified"),
        ({"email_verified": "true"}, "e-mail not verified"),
        ({"email": None}, "e-mail not verified"),
        ({"email": "nadie@example.org"}, "no account"),
    ],
)
def test_what_does_not_hold_opens_nothing(
    app: Flask, store: Store, elsewhere: Provider, ana: int, claims: dict[str, object], why: str
) -> None:
    elsewhere.claims = {"amr": ["mfa"]} | claims
    visitor = Visitor(app)
    answer = and_back(visitor)
    assert answer.status_code == 422
    assert "No pudimos entrar con la Secretaría" in words(answer)
    assert visitor.get("/org/").status_code == 303
    with store.read() as session:
        [entry] = session.scalars(sa.select(AuditEntry))
    assert (entry.action, entry.details) == ("provider's word refused", f'{{"reason":"{why}"}}')


def test_a_token_of_another_key_opens_nothing(
    app: Flask, store: Store, elsewhere: Provider, ana: int
) -> None:
    elsewhere.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert and_back(Visitor(app)).status_code == 422
    # A secret that both know is no key of a provider's: whoever can read it could sign.
    elsewhere.algorithm, elsewhere.signs_with = "HS256", OctKey.generate_key(256, {"kid": "one"})
    assert and_back(Visitor(app)).status_code == 422


def test_an_account_that_is_shut_stays_shut(
    app: Flask, store: Store, elsewhere: Provider, ana: int
) -> None:
    with store.change() as session:
        credentials.disable(session, session.get_one(StaffMember, ana), now=clock.now())
    elsewhere.claims = {"amr": ["mfa"]}
    assert and_back(Visitor(app)).status_code == 422


def test_whoever_thinks_better_of_it_is_back_at_the_sign_in_page(
    app: Flask, elsewhere: Provider
) -> None:
    visitor = Visitor(app)
    state = parse_qs(urlsplit(there(visitor)).query)["state"][0]
    answer = visitor.get(f"/org/oidc/vuelta?error=access_denied&state={state}")
    assert answer.status_code == 422
    assert "Entra con tu contraseña" in words(answer)


def test_when_the_provider_is_away_one_sentence_says_so(
    app: Flask, elsewhere: Provider, ana: int
) -> None:
    visitor = Visitor(app)
    path = there(visitor)
    elsewhere.is_down = True
    for asked in (path, "/org/oidc"):
        answer = visitor.get(asked)
        assert answer.status_code == 503
        assert "la Secretaría no contesta. Entra con tu contraseña" in words(answer)
    elsewhere.is_down = False
    for discovery in (
        {"issuer": "https://example.com"},
        {"token_endpoint": "http://example.com/token"},
        {"jwks_uri": 17},
        {"much": "x" * 300_000},
    ):
        elsewhere.discovery = discovery
        assert visitor.get("/org/oidc").status_code == 503


BROKEN_OFF = {
    "a short body": b"Content-Length: 500\r\n\r\n{",
    "bad gzip": b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
    "a bad chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{",
    "half a chunk": b"Transfer-Encoding: chunked\r\n\r\n40\r\n{",
}


@pytest.mark.parametrize("how", BROKEN_OFF)
def test_a_provider_that_breaks_off_has_not_answered(
    app: Flask, make_app: Callable[..., Flask], elsewhere: Provider, ana: int, how: str
) -> None:
    with oidc_provider.breaking_off(b"HTTP/1.1 200 OK\r\n" + BROKEN_OFF[how]) as address:
        answers = [Visitor(make_app(oidc=replace(elsewhere.oidc, issuer=address))).get("/org/oidc")]
        for asked in ("token_endpoint", "jwks_uri"):
            elsewhere.discovery = {asked: address}
            answers.append(and_back(Visitor(app)))
    for answer in answers:
        assert answer.status_code == 503
        assert "la Secretaría no contesta. Entra con tu contraseña" in words(answer)


def test_a_provider_that_is_not_there_is_not_waited_for(
    make_app: Callable[..., Flask], store: Store
) -> None:
    nowhere = Oidc(issuer="http://127.0.0.1:9", client_id="x", client_secret="x", label="Nadie")
    began = time.monotonic()
    assert Visitor(make_app(oidc=nowhere)).get("/org/oidc").status_code == 503
    assert time.monotonic() - began < 5


def test_without_a_provider_there_is_no_such_page(make_app: Callable[..., Flask]) -> None:
    visitor = Visitor(make_app())
    assert visitor.get("/org/oidc").status_code == 404
    assert visitor.get("/org/oidc/vuelta?code=x&state=x").status_code == 404
    assert "/org/oidc" not in visitor.get("/org/entrar").text


def test_settings_say_what_is_missing() -> None:
    environ = {"OUTREACH_OIDC_ISSUER": "https://login.example.org/realm"}
    with pytest.raises(Misconfigured, match="OUTREACH_OIDC_CLIENT_ID"):
        Config.from_environ(environ)
    environ |= {"OUTREACH_OIDC_CLIENT_ID": "a", "OUTREACH_OIDC_CLIENT_SECRET": "b"}
    found = Config.from_environ(environ).oidc
    assert found.label == "login.example.org"
    assert "b" not in repr(found).partition("label")[0].partition("client_id='a'")[2]
    with pytest.raises(Misconfigured, match="has to be an https address"):
        Config.from_environ(environ | {"OUTREACH_OIDC_ISSUER": "http://login.example.org"})
    assert Config.from_environ({}).oidc.label == ""
