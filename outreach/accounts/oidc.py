"""Sign-in through an OpenID Connect provider, with Authlib's client.

State, nonce and verifier are stored as a one-time challenge (`webauthn_challenges`), not in a Flask
session. The provider only identifies: accounts and roles are those of this installation.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from outreach.config import Oidc
from outreach.loopback import is_loopback

if TYPE_CHECKING:
    import requests

ANSWER_TIMEOUT_SECONDS: Final = 5.0  # for each read of an answer
TOTAL_TIMEOUT_SECONDS: Final = 10.0  # for a whole answer
MAX_ANSWER_BYTES: Final = 256 * 1024
LEEWAY_SECONDS: Final = 60  # by which the clocks may differ
SCOPE: Final = "openid email"
# Asymmetric algorithms only: neither HMAC nor «none».
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA")
# Values of `acr` that mean two factors.
TWO_FACTORS: Final = frozenset({"phr", "phrh", "https://refeds.org/profile/mfa"})


class ProviderUnavailable(Exception):
    """The provider does not answer, or not as the protocol says. The text is for the log."""


class IdentityRefused(Exception):
    """The identity cannot be accepted. The text is a few English words for the audit log."""


@dataclass(frozen=True)
class Endpoints:
    authorization: str
    token: str
    keys: str


@dataclass(frozen=True)
class OidcIdentity:
    """The person who signed in at the provider."""

    email: str  # verified by the provider
    has_two_factors: bool
    shown_at: datetime | None  # the claim `auth_time`; not every provider sends it


def discover(oidc: Oidc) -> Endpoints:
    """The endpoints of the provider (OpenID Connect Discovery 1.0). Raises
    ProviderUnavailable."""
    with _client(oidc) as client:
        document = client.json(f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
    if document.get("issuer") != oidc.issuer:
        raise ProviderUnavailable("it gives itself another name")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    endpoints_found = [_checked_endpoint(oidc, document.get(name)) for name in names]
    return Endpoints(*endpoints_found)


def authorization_url(
    oidc: Oidc,
    endpoints: Endpoints,
    *,
    back: str,
    state: str,
    nonce: str,
    verifier: str,
    is_reauthentication: bool = False,
) -> str:
    """The address at which the browser signs in. `is_reauthentication` requires a new sign-in at
    the provider."""
    extra = {"prompt": "login", "max_age": "0"} if is_reauthentication else {}
    with _client(oidc, back) as client:
        endpoints_found, _ = client.create_authorization_url(
            endpoints.authorization, state=state, nonce=nonce, code_verifier=verifier, **extra
        )
    return str(endpoints_found)


def fetch_identity(
    oidc: Oidc,
    endpoints: Endpoints,
    *,
    back: str,
    code: str,
    nonce: str,
    verifier: str,
    now: datetime,
) -> OidcIdentity:
    """Exchanges the code that the browser brought for the identity. Raises ProviderUnavailable or
    IdentityRefused."""
    import requests
    from authlib.common.errors import AuthlibBaseError

    with _client(oidc, back) as client:
        try:
            token = client.fetch_token(endpoints.token, code=code, code_verifier=verifier)
        except AuthlibBaseError:
            raise IdentityRefused("code refused") from None
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnavailable(f"token: {type(error).__name__}") from None
        keys = client.json(endpoints.keys)
    return _identity(_claims(oidc, str(token.get("id_token", "")), keys, nonce=nonce, now=now))


def _claims(
    oidc: Oidc, token: str, keys: Mapping[str, Any], *, nonce: str, now: datetime
) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
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
        registry.validate(claims)
    except (JoseError, ValueError, TypeError, KeyError):
        raise IdentityRefused("ID token refused") from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else oidc.client_id) != oidc.client_id:
        raise IdentityRefused("ID token of another client")
    return claims


def _identity(claims: Mapping[str, Any]) -> OidcIdentity:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise IdentityRefused("e-mail not verified")
    amr, acr = claims.get("amr"), claims.get("acr")
    has_two = (isinstance(amr, list) and "mfa" in amr) or acr in TWO_FACTORS
    shown = claims.get("auth_time")
    if not isinstance(shown, int) or not 0 < shown < claims["iat"] + LEEWAY_SECONDS:
        return OidcIdentity(email, has_two, None)
    return OidcIdentity(email, has_two, datetime.fromtimestamp(shown, UTC))


def _checked_endpoint(oidc: Oidc, endpoint: object) -> str:
    """The endpoint, when it is https, or http for a provider on this machine: secrets go there.
    Raises ProviderUnavailable."""
    if not isinstance(endpoint, str):
        raise ProviderUnavailable("it does not say where to ask")
    parts, own = urlsplit(endpoint), urlsplit(oidc.issuer)
    is_near = own.scheme == "http" and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_near):
        raise ProviderUnavailable("it wants to be asked in clear")
    return endpoint


def _client(oidc: Oidc, back: str = "") -> Any:
    made = _client_class()(
        oidc.client_id,
        oidc.client_secret,
        scope=SCOPE,
        redirect_uri=back,
        code_challenge_method="S256",
    )
    made.trust_env = False  # neither a proxy nor passwords of .netrc
    return made


@cache
def _client_class() -> Any:
    # Imported late: an installation without a provider saves 7 MB of memory.
    import requests
    from authlib.integrations.requests_client import OAuth2Session

    class ProviderClient(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
        """An HTTP client with timeouts and a size limit, which follows no redirect."""

        def request(self, method: str, url: str, *args: Any, **given: Any) -> requests.Response:
            given |= {"timeout": ANSWER_TIMEOUT_SECONDS, "allow_redirects": False, "stream": True}
            answer: requests.Response = super().request(method, url, *args, **given)
            answer._content = _read(answer)
            return answer

        def json(self, url: str) -> dict[str, Any]:
            try:
                answer = self.request("GET", url, withhold_token=True)
                document = json.loads(answer.content)
            except (requests.RequestException, ValueError) as error:
                raise ProviderUnavailable(f"{urlsplit(url).path}: {type(error).__name__}") from None
            if answer.status_code != 200 or not isinstance(document, dict):
                raise ProviderUnavailable(f"{urlsplit(url).path}: {answer.status_code}")
            return document

    return ProviderClient


def _read(answer: "requests.Response") -> bytes:
    """The body of an answer. Raises RequestException when it is too long or too slow, or breaks
    off."""
    import requests
    import urllib3

    deadline, read = time.monotonic() + TOTAL_TIMEOUT_SECONDS, b""
    try:
        while chunk := answer.raw.read1(16 * 1024, decode_content=True):
            read += chunk
            if len(read) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                raise requests.RequestException("it does not come to an end")
    except urllib3.exceptions.HTTPError as error:  # `raw` is urllib3's
        raise requests.RequestException(type(error).__name__) from None
    return read
