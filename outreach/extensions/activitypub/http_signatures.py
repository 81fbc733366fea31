"""HTTP signatures as the fediverse uses them: draft-cavage-http-signatures-12 with RSA and SHA-256.

RFC 9421 replaced the draft in 2024; Mobilizon and gancio still send and accept the draft only.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MAX_AGE: Final = timedelta(hours=1)  # since a signature was made, and at most as far in the future
MAX_HEADER_LENGTH: Final = 4000
KEY_BITS: Final = range(2048, 8193)  # larger keys take long to verify with
TARGET: Final = "(request-target)"
REQUIRED: Final = frozenset({TARGET, "host", "date", "digest"})  # that a POST has to sign
_PARAMETER: Final = re.compile(r'(?<![a-zA-Z])([a-zA-Z]+)="([^"]*)"')
# «hs2019» says that the key tells the algorithm; with RSA keys, all send SHA-256.
_ALGORITHMS: Final = frozenset({"", "rsa-sha256", "hs2019"})


class BadSignature(Exception):
    """The request is not signed, or not rightly. The text says why, for the answer."""


@dataclass(frozen=True)
class HttpSignature:
    """A parsed header `Signature`."""

    key_id: str
    names: tuple[str, ...]  # the headers that are signed, in their order
    value: bytes


def digest(body: bytes) -> str:
    """The value of the header Digest (RFC 3230)."""
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def sign(
    key: rsa.RSAPrivateKey,
    key_id: str,
    *,
    method: str,
    url: str,
    now: datetime,
    body: bytes | None = None,
) -> dict[str, str]:
    """The headers Host, Date, Digest (of a body) and Signature of a request."""
    parts = urlsplit(url)
    # As `http.client` and browsers write it, whatever the spelling of the address.
    headers = {"Host": parts.netloc.lower(), "Date": format_datetime(now, usegmt=True)}
    if body is not None:
        headers["Digest"] = digest(body)
    names = (TARGET, *(name.lower() for name in headers))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    text = _compose(names, method, target, {name.lower(): each for name, each in headers.items()})
    signed = base64.b64encode(key.sign(text, padding.PKCS1v15(), SHA256())).decode()
    headers["Signature"] = (
        f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{signed}"'
    )
    return headers


def parse(header: str) -> HttpSignature:
    """Parses the header `Signature`. Raises BadSignature."""
    if not header:
        raise BadSignature("The request is not signed.")
    if len(header) > MAX_HEADER_LENGTH:
        raise BadSignature("The signature is too long.")
    found = dict(_PARAMETER.findall(header))
    if found.get("algorithm", "") not in _ALGORITHMS:
        raise BadSignature("The algorithm of the signature must be rsa-sha256.")
    names = tuple(found.get("headers", "").lower().split())
    missing = REQUIRED - set(names)
    if missing or len(names) != len(set(names)):
        raise BadSignature(f"The signature must cover each of {', '.join(sorted(REQUIRED))} once.")
    try:
        value = base64.b64decode(found.get("signature", ""), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("The signature is no base64.") from None
    return HttpSignature(found.get("keyId", ""), names, value)


def check_claims(headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Raises BadSignature unless the request is of this hour and its digest fits its body.
    `headers` are by names in lower case."""
    try:
        sent_at = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        raise BadSignature("The request has no date.") from None
    if sent_at.tzinfo is None:
        sent_at = sent_at.replace(tzinfo=UTC)
    if abs(now - sent_at) > MAX_AGE:
        raise BadSignature("The signature is older than an hour, or its clock is wrong.")
    if not hmac.compare_digest(headers.get("digest", "").encode(), digest(body).encode()):
        raise BadSignature("The digest does not fit the body.")


def load_public_key(pem: str) -> rsa.RSAPublicKey:
    """Reads a public key. Raises BadSignature for what is no RSA key of a usual length."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadSignature("The public key cannot be read.") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size not in KEY_BITS:
        raise BadSignature("The public key must be RSA, of 2048 bits or more.")
    return key


def verify(
    signature: HttpSignature,
    key: rsa.RSAPublicKey,
    *,
    method: str,
    target: str,
    headers: Mapping[str, str],
) -> None:
    """Raises BadSignature unless the key has signed the request. `target` is path and query;
    `headers` are by names in lower case."""
    text = _compose(signature.names, method, target, headers)
    try:
        key.verify(signature.value, text, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise BadSignature("The signature is wrong.") from None


def _compose(names: tuple[str, ...], method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """Returns the text that is signed (2.3 of the draft)."""
    lines = []
    for name in names:
        if name == TARGET:
            lines.append(f"{TARGET}: {method.lower()} {target}")
        elif name in headers:
            lines.append(f"{name}: {headers[name].strip()}")
        else:
            raise BadSignature(f"The request has no header {name}.")
    return "\n".join(lines).encode()
