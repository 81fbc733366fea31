"""Sign-in by OpenID Connect with a provider on this machine."""

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
from outreach.config import Config, Oidc
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.errors import Misconfigured
from tests.support import oidc_provider
from tests.support.limits import UNLIMITED
from tests.support.login import age, half_a_minute_later, journal
from tests.support.oidc_provider import Provider
from tests.support.staff_client import Visitor, code_now, employ, enrol, hidden, words

pytestmark = pytest.mark.any_database("what a provider says")
COOKIE = "__Secure-oidc"


@pytest.fixture(scope="module")
def running_provider() -> Iterator[Provider]:
    with oidc_provider.serving() as found:
        yield found


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    """The provider, reset before each test."""
    running_provider.claims, running_provider.discovery, running_provider.is_down = {}, {}, False
    running_provider.signs_with, running_provider.algorithm = running_provider.key, "RS256"
    running_provider.asked.clear()
    return running_provider


@pytest.fixture
def app(make_app: Callable[..., Flask], provider: Provider, chicago: Office) -> Flask:
    return make_app(oidc=provider.oidc, limits=UNLIMITED)


@pytest.fixture
def ana(app: Flask, store: Store) -> int:
    who = employ(store)
    enrol(app, store, who)
    return who


def visit_provider(visitor: Visitor, path: str = "/org/oidc") -> str:
    """Follows the redirect to the provider. Returns the path of its callback."""
    asked = visitor.get(path)
    assert asked.status_code == 303
    answer = requests.get(asked.headers["Location"], allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert (back.netloc, back.path) == ("localhost:8000", "/org/oidc/vuelta")
    return f"{back.path}?{back.query}"


def sign_in_at_provider(visitor: Visitor, path: str = "/org/oidc") -> TestResponse:
    return visitor.get(visit_provider(visitor, path))


def test_sign_in_page_links_to_the_provider(app: Flask, provider: Provider) -> None:
    visitor = Visitor(app)
    assert "Entrar con la Secretaría" in words(visitor.get("/org/entrar"))
    visit_provider(visitor, "/org/oidc?volver=/org/talleres")
    [asked] = provider.asked
    assert asked["scope"].split() == ["openid", "email"]
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43
    assert "prompt" not in asked


def test_sign_in_with_two_factors_at_the_provider_opens_the_staff_pages(
    app: Flask, store: Store, provider: Provider, ana: int
) -> None:
    provider.claims = {"amr": ["pwd", "mfa"], "auth_time": int(clock.now().timestamp())}
    visitor = Visitor(app)
    answer = sign_in_at_provider(visitor, "/org/oidc?volver=/org/talleres")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/talleres")
    assert visitor.get("/org/").status_code == 200
    assert visitor.get("/org/cuenta/llaves").status_code == 200, "fresh too"
    assert COOKIE not in visitor.cookies
    assert journal(store) == ["signed in"]


def test_sign_in_without_two_factors_at_the_provider_asks_for_our_code(
    app: Flask, store: Store, provider: Provider, ana: int
) -> None:
    for claims in ({}, {"amr": ["pwd"]}, {"amr": "mfa"}, {"acr": "1"}):
        half_a_minute_later(store)
        provider.claims = claims
        visitor = Visitor(app)
        answer = sign_in_at_provider(visitor, "/org/oidc?volver=/org/talleres")
        assert answer.headers["Location"] == "/org/codigo?volver=/org/talleres"
        assert visitor.get("/org/").status_code == 303
        page = visitor.get(answer.headers["Location"])
        done = visitor.post("/org/codigo", hidden(page) | {"code": code_now()})
        assert done.headers["Location"] == "/org/talleres"
    assert journal(store).count("named by the provider") == 4


@pytest.mark.parametrize("shown", [None, timedelta(hours=2)], ids=["does not say", "hours ago"])
def test_old_two_factor_sign_in_is_repeated_before_sensitive_actions(
    app: Flask, store: Store, provider: Provider, chicago: Office, shown: timedelta | None
) -> None:
    employ(store)  # an account without our second factor
    moment = int((clock.now() - shown).timestamp()) if shown else None
    provider.claims = {"acr": "phr", "auth_time": moment}
    visitor = Visitor(app)
    assert sign_in_at_provider(visitor).headers["Location"] == "/org/"
    assert visitor.get("/org/").status_code == 200
    asked = visitor.get(visitor.get("/org/cuenta/llaves").headers["Location"])
    assert "Entrar otra vez con la Secretaría" in words(asked)
    provider.claims = {"acr": "phr", "auth_time": int(clock.now().timestamp())}
    back = sign_in_at_provider(visitor, "/org/oidc?volver=/org/cuenta/llaves")
    assert provider.asked[-1]["prompt"] == "login"
    assert back.headers["Location"] == "/org/cuenta/llaves"
    assert visitor.get("/org/cuenta/llaves").status_code == 200
    age(store, proven_at=timedelta(minutes=11))
    provider.claims = {}
    assert sign_in_at_provider(visitor).status_code == 422
    assert visitor.get("/org/cuenta/llaves").status_code == 303


def test_callback_works_once_and_only_in_the_browser_that_started(
    app: Flask, store: Store, provider: Provider, ana: int
) -> None:
    provider.claims = {"amr": ["mfa"]}
    visitor, other = Visitor(app), Visitor(app)
    path = visit_provider(visitor)
    cookie = visitor.cookies[COOKIE]
    visit_provider(other)
    assert other.get(path).status_code == 422, "another browser's"
    assert Visitor(app).get(path).status_code == 422, "of no browser"
    assert visitor.get(path).status_code == 303
    replaying_visitor = Visitor(app, {COOKIE: cookie})
    assert replaying_visitor.get(path).status_code == 422
    # Anybody can send an unsolicited callback, so it is not logged.
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
def test_invalid_claims_are_refused(
    app: Flask, store: Store, provider: Provider, ana: int, claims: dict[str, object], why: str
) -> None:
    provider.claims = {"amr": ["mfa"]} | claims
    visitor = Visitor(app)
    answer = sign_in_at_provider(visitor)
    assert answer.status_code == 422
    assert "No pudimos entrar con la Secretaría" in words(answer)
    assert visitor.get("/org/").status_code == 303
    with store.read() as session:
        [entry] = session.scalars(sa.select(AuditEntry))
    assert (entry.action, entry.details) == ("provider's word refused", f'{{"reason":"{why}"}}')


def test_token_signed_with_another_key_is_refused(
    app: Flask, store: Store, provider: Provider, ana: int
) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert sign_in_at_provider(Visitor(app)).status_code == 422
    # A shared secret must not verify signatures: everybody who can read it could sign.
    provider.algorithm, provider.signs_with = "HS256", OctKey.generate_key(256, {"kid": "one"})
    assert sign_in_at_provider(Visitor(app)).status_code == 422


def test_disabled_account_cannot_sign_in_by_oidc(
    app: Flask, store: Store, provider: Provider, ana: int
) -> None:
    with store.change() as session:
        credentials.disable(session, session.get_one(StaffMember, ana), now=clock.now())
    provider.claims = {"amr": ["mfa"]}
    assert sign_in_at_provider(Visitor(app)).status_code == 422


def test_cancelled_oidc_sign_in_returns_to_the_sign_in_page(app: Flask, provider: Provider) -> None:
    visitor = Visitor(app)
    state = parse_qs(urlsplit(visit_provider(visitor)).query)["state"][0]
    answer = visitor.get(f"/org/oidc/vuelta?error=access_denied&state={state}")
    assert answer.status_code == 422
    assert "Entra con tu contraseña" in words(answer)


def test_unavailable_provider_is_reported_in_one_sentence(
    app: Flask, provider: Provider, ana: int
) -> None:
    visitor = Visitor(app)
    path = visit_provider(visitor)
    provider.is_down = True
    for asked in (path, "/org/oidc"):
        answer = visitor.get(asked)
        assert answer.status_code == 503
        assert "la Secretaría no contesta. Entra con tu contraseña" in words(answer)
    provider.is_down = False
    for discovery in (
        {"issuer": "https://example.com"},
        {"token_endpoint": "http://example.com/token"},
        {"jwks_uri": 17},
        {"much": "x" * 300_000},
    ):
        provider.discovery = discovery
        assert visitor.get("/org/oidc").status_code == 503


BROKEN_OFF = {
    "a short body": b"Content-Length: 500\r\n\r\n{",
    "bad gzip": b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
    "a bad chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{",
    "half a chunk": b"Transfer-Encoding: chunked\r\n\r\n40\r\n{",
}


@pytest.mark.parametrize("how", BROKEN_OFF)
def test_interrupted_provider_response_is_unavailable(
    app: Flask, make_app: Callable[..., Flask], provider: Provider, ana: int, how: str
) -> None:
    with oidc_provider.breaking_off(b"HTTP/1.1 200 OK\r\n" + BROKEN_OFF[how]) as address:
        answers = [Visitor(make_app(oidc=replace(provider.oidc, issuer=address))).get("/org/oidc")]
        for asked in ("token_endpoint", "jwks_uri"):
            provider.discovery = {asked: address}
            answers.append(sign_in_at_provider(Visitor(app)))
    for answer in answers:
        assert answer.status_code == 503
        assert "la Secretaría no contesta. Entra con tu contraseña" in words(answer)


def test_unreachable_provider_times_out(make_app: Callable[..., Flask], store: Store) -> None:
    nowhere = Oidc(issuer="http://127.0.0.1:9", client_id="x", client_secret="x", label="Nadie")
    began = time.monotonic()
    assert Visitor(make_app(oidc=nowhere)).get("/org/oidc").status_code == 503
    assert time.monotonic() - began < 5


def test_oidc_pages_are_404_without_a_provider(make_app: Callable[..., Flask]) -> None:
    visitor = Visitor(make_app())
    assert visitor.get("/org/oidc").status_code == 404
    assert visitor.get("/org/oidc/vuelta?code=x&state=x").status_code == 404
    assert "/org/oidc" not in visitor.get("/org/entrar").text


def test_incomplete_oidc_settings_are_reported() -> None:
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
