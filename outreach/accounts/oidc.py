"""Another provider's word for who somebody is (OpenID Connect), by Authlib's plain client.

We keep nothing in a session of Flask: what has to be known when the browser comes back is a
challenge, used once. The provider makes no accounts here, and knows nobody's role.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3

from outreach.config import Oidc
from outreach.loopback import is_loopback

SECONDS: Final = 5.0  # to wait for each answer of the provider
IN_ALL: Final = 10.0
LARGEST: Final = 256 * 1024  # bytes of an answer
LEEWAY: Final = 60  # seconds that two clocks may differ
SCOPE: Final = "openid email"
# What needs no secret of ours, and no key at all, is not among them.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA")
# How providers say that two factors were asked for.
TWO_FACTORS: Final = frozenset({"phr", "phrh", "https://refeds.org/profile/mfa"})


class Unreachable(Exception):
    """The provider does not answer, or not as it should. Its text is for the log."""


class Untrue(Exception):
    """What it says does not hold. Its text is a few English words for the journal."""


@dataclass(frozen=True)
class Endpoints:
    authorization: str
    token: str
    keys: str


@dataclass(frozen=True)
class OidcIdentity:
    """What the provider says of who has signed in there."""

    email: str  # which it has verified
    has_two_factors: bool  # it asked for both
    shown_at: datetime | None  # when; not every provider says


def discover(oidc: Oidc) -> Endpoints:
    """Where the provider is asked what. Raises Unreachable."""
    with _line(oidc) as line:
        said = line.json(f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
    if said.get("issuer") != oidc.issuer:
        raise Unreachable("it gives itself another name")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    found = [_safe(oidc, said.get(name)) for name in names]
    return Endpoints(*found)


def address(
    oidc: Oidc,
    endpoints: Endpoints,
    *,
    back: str,
    state: str,
    nonce: str,
    verifier: str,
    again: bool = False,
) -> str:
    """Where the browser goes to sign in. `again` asks for it though it is signed in there."""
    extra = {"prompt": "login", "max_age": "0"} if again else {}
    with _line(oidc, back) as line:
        found, _ = line.create_authorization_url(
            endpoints.authorization, state=state, nonce=nonce, code_verifier=verifier, **extra
        )
    return str(found)


def ask(
    oidc: Oidc,
    endpoints: Endpoints,
    *,
    back: str,
    code: str,
    nonce: str,
    verifier: str,
    now: datetime,
) -> OidcIdentity:
    """What the code that the browser brought stands for. Raises Unreachable or Untrue."""
    from authlib.common.errors import AuthlibBaseError

    with _line(oidc, back) as line:
        try:
            token = line.fetch_token(endpoints.token, code=code, code_verifier=verifier)
        except AuthlibBaseError:
            raise Untrue("code refused") from None
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(f"token: {type(error).__name__}") from None
        keys = line.json(endpoints.keys)
    return _word(_claims(oidc, str(token.get("id_token", "")), keys, nonce=nonce, now=now))


def _claims(
    oidc: Oidc, token: str, keys: Mapping[str, Any], *, nonce: str, now: datetime
) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    wanted = jwt.JWTClaimsRegistry(
        now=lambda: int(now.timestamp()),
        leeway=LEEWAY,
        iss={"essential": True, "value": oidc.issuer},
        aud={"essential": True, "value": oidc.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        key_set = KeySet.import_key_set({"keys": list(keys.get("keys", ()))})
        claims = jwt.decode(token, key_set, algorithms=list(ALGORITHMS)).claims
        wanted.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise Untrue("ID token refused") from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else oidc.client_id) != oidc.client_id:
        raise Untrue("ID token of another client")
    return claims


def _word(claims: Mapping[str, Any]) -> OidcIdentity:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise Untrue("e-mail not verified")
    amr, acr = claims.get("amr"), claims.get("acr")
    has_two = (isinstance(amr, list) and "mfa" in amr) or acr in TWO_FACTORS
    shown = claims.get("auth_time")
    if not isinstance(shown, int) or not 0 < shown < claims["iat"] + LEEWAY:
        return OidcIdentity(email, has_two, None)
    return OidcIdentity(email, has_two, datetime.fromtimestamp(shown, UTC))


def _safe(oidc: Oidc, endpoint: object) -> str:
    """Secrets go there: not in clear, but where the provider itself is on this machine."""
    if not isinstance(endpoint, str):
        raise Unreachable("it does not say where to ask")
    parts, own = urlsplit(endpoint), urlsplit(oidc.issuer)
    is_near = own.scheme == "http" and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_near):
        raise Unreachable("it wants to be asked in clear")
    return endpoint


def _line(oidc: Oidc, back: str = "") -> Any:
    made = _line_class()(
        oidc.client_id,
        oidc.client_secret,
        scope=SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
    )
    made.trust_env = False  # no proxy, and no password of a .netrc
    return made


@cache
def _line_class() -> Any:
    # Authlib is a megabyte that an installation without a provider does not need.
    from authlib.integrations.requests_client import OAuth2Session

    class Line(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
        """A connection that follows no redirect and waits for nothing without end."""

        def request(self, method: str, url: str, *args: Any, **given: Any) -> requests.Response:
            given |= {"timeout": SECONDS, "allow_redirects": False, "stream": True}
            answer: requests.Response = super().request(method, url, *args, **given)
            answer._content = _read(answer)
            return answer

        def json(self, url: str) -> dict[str, Any]:
            try:
                answer = self.request("GET", url, withhold_token=True)
                said = json.loads(answer.content)
            except (requests.RequestException, ValueError) as error:
                raise Unreachable(f"{urlsplit(url).path}: {type(error).__name__}") from None
            if answer.status_code != 200 or not isinstance(said, dict):
                raise Unreachable(f"{urlsplit(url).path}: {answer.status_code}")
            return said

    return Line


def _read(answer: requests.Response) -> bytes:
    """A whole answer, unless it is too long in bytes or in coming, or breaks off."""
    until, read = time.monotonic() + IN_ALL, b""
    try:
        while chunk := answer.raw.read1(16 * 1024, decode_content=True):
            read += chunk
            if len(read) > LARGEST or time.monotonic() > until:
                raise requests.RequestException("it does not come to an end")
    except urllib3.exceptions.HTTPError as error:  # `raw` is not of requests, nor are its errors
        raise requests.RequestException(type(error).__name__) from None
    return read
