"""The key by which push services know this installation, and what it signs (RFC 8292, VAPID).

The private key is derived from the key store's own key: it is in no file and no setting, is
restored with the key backup, and dies with the key store.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from outreach.extensions.follow.push_encryption import CURVE, encode_point
from outreach.keystore import KeyStore

LIFETIME: Final = timedelta(hours=12)  # a signature may be valid for 24 hours at most (RFC 8292, 2)
MAX_KEPT: Final = 100  # signatures
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PURPOSE: Final = "web push"
_BASE64: Final = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    """Encodes in base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Decodes what `encode` wrote. Raises ValueError for any other text."""
    if _BASE64.fullmatch(text) is None:
        raise ValueError("no base64 of addresses")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


@dataclass
class VapidSigner:
    """Signs requests to push services; one signature serves for a service for some hours."""

    key_store: KeyStore
    contact: str  # an address of the operator: `mailto:…` or `https:…`
    _key: ec.EllipticCurvePrivateKey | None = None
    _signed: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    @property
    def private_key(self) -> ec.EllipticCurvePrivateKey:
        if self._key is None:
            number = int.from_bytes(self.key_store.own_key(_PURPOSE), "big")
            self._key = ec.derive_private_key(number % (_ORDER - 1) + 1, CURVE)
        return self._key

    @property
    def public_key(self) -> str:
        """The `applicationServerKey` of subscriptions."""
        return encode(encode_point(self.private_key.public_key()))

    @property
    def kept_count(self) -> int:
        return len(self._signed)

    def authorize(self, endpoint: str, *, now: datetime) -> str:
        """The value of the header Authorization of a request to this endpoint."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        until, value = self._signed.get(audience, (now, ""))
        if not value or until - now < LIFETIME / 2:
            until = now + LIFETIME
            if len(self._signed) >= MAX_KEPT:  # strangers type names of hosts
                self._signed.clear()
            value = f"vapid t={self._sign(audience, until)}, k={self.public_key}"
            self._signed[audience] = until, value
        return value

    def _sign(self, audience: str, until: datetime) -> str:
        """A JSON Web Token with ES256 (RFC 7518, 3.4)."""
        claims = {"aud": audience, "exp": int(until.timestamp()), "sub": self.contact}
        parts = ({"typ": "JWT", "alg": "ES256"}, claims)
        text = ".".join(encode(json.dumps(each, separators=(",", ":")).encode()) for each in parts)
        r, s = decode_dss_signature(self.private_key.sign(text.encode(), ec.ECDSA(SHA256())))
        return f"{text}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
