"""A push service of the test's own, and a browser that decrypts with `http-ece` what it gets."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from outreach.extensions.follow.push_subscriptions import PushRule
from tests.support.callback_server import LOOPBACK_RULE
from tests.support.threaded_server import running

# No setting makes this rule: any host on this machine is a push service.
LOOPBACK_PUSH = PushRule(LOOPBACK_RULE, ("127.0.0.1", "localhost"))


def to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class Push:
    """One request to the push service."""

    path: str
    headers: dict[str, str]
    body: bytes

    def read_claims(self, origin: str) -> dict[str, Any]:
        """The claims of its VAPID signature, which is verified (RFC 8292, 3)."""
        scheme, _gap, rest = self.headers["Authorization"].partition(" ")
        assert scheme == "vapid"
        values = dict(part.strip().split("=", 1) for part in rest.split(","))
        header, claims, signature = values["t"].split(".")
        assert json.loads(to_bytes(header)) == {"typ": "JWT", "alg": "ES256"}
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(values["k"]))
        raw = to_bytes(signature)
        assert len(raw) == 64
        r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
        signed = f"{header}.{claims}".encode()
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        found: dict[str, Any] = json.loads(to_bytes(claims))
        assert found["aud"] == origin
        return found


class PushService(ThreadingHTTPServer):
    """Keeps what it gets; answers with the next of `statuses`, or 201."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pushes: list[Push] = []
        self.statuses: list[int] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: PushService

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.pushes.append(Push(self.path, dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


@contextmanager
def serve_pushes() -> Iterator[PushService]:
    server = PushService()
    with running(server):
        yield server


@dataclass
class PushBrowser:
    """A browser that has subscribed at a push service."""

    origin: str
    name: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def endpoint(self) -> str:
        return f"{self.origin}/{self.name}"

    @property
    def fields(self) -> dict[str, str]:
        """What the page's script puts into the form."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "contact": "push",
            "push_endpoint": self.endpoint,
            "push_key": to_text(point),
            "push_auth": to_text(self.auth),
        }

    def is_for(self, push: Push) -> bool:
        return push.path == urlsplit(self.endpoint).path

    def read(self, push: Push) -> dict[str, str]:
        plain = http_ece.decrypt(
            push.body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        found: dict[str, str] = json.loads(plain)
        return found
