"""Signs and verifies documents: JWS in flattened JSON with Ed25519 (RFC 7515, 8037, 9864).

The header has the public key (`jwk`) and its thumbprint (`kid`; RFC 7638): who adds a network pins
the key that it finds there, and believes no other afterwards.
"""

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from outreach.keystore import KeyStore

if TYPE_CHECKING:  # loaded where it is needed: few requests sign or verify
    from joserfc.jwk import OKPKey
    from joserfc.jws import FlattenedJSONSerialization, JWSRegistry

ALGORITHM: Final = "Ed25519"
TYPE: Final = "outreach-joint+json"
MAX_PAYLOAD_BYTES: Final = 1_500_000
_PURPOSE: Final = "joint workshops"


class BadDocument(Exception):
    """The document cannot be believed. The text is a sentence for the operator."""


class KeyChanged(BadDocument):
    """The document is signed with another key than the pinned one."""


@dataclass(frozen=True)
class SignedDocument:
    """A payload, and the public key with which it was signed (32 bytes, base64url)."""

    payload: bytes
    public_key: str


def sign(payload: bytes, key_store: KeyStore) -> bytes:
    """The document as JSON; the same payload and key give the same bytes."""
    from joserfc import jws

    key = _get_own_key(key_store)
    public = {name: key.as_dict(private=False)[name] for name in ("crv", "kty", "x")}
    header = {"alg": ALGORITHM, "jwk": public, "kid": key.thumbprint(), "typ": TYPE}
    signed = jws.serialize_json(
        {"protected": header}, payload, key, algorithms=[ALGORITHM], registry=_get_registry()
    )
    return json.dumps(signed, separators=(",", ":"), sort_keys=True).encode()


def verify(document: bytes, *, pinned_key: str = "") -> SignedDocument:
    """The payload, if it is signed with the pinned key or, without one, with that of its header.
    Raises BadDocument, or KeyChanged."""
    from joserfc import jws
    from joserfc.errors import JoseError

    found = _read_object(document)
    public_key = _read_public_key(found)
    if pinned_key and public_key != pinned_key:
        raise KeyChanged("It is signed with another key than the one that you confirmed.")
    key = _import_key(public_key)
    try:
        signed = jws.deserialize_json(found, key, algorithms=[ALGORITHM], registry=_get_registry())
    except (JoseError, ValueError, TypeError):
        raise BadDocument("Its signature is not valid: it was altered on its way.") from None
    return SignedDocument(signed.payload or b"", public_key)


def get_own_fingerprint(key_store: KeyStore) -> str:
    return _group(_get_own_key(key_store))


def write_fingerprint(public_key: str) -> str:
    """The thumbprint of a key in groups of four, to be read aloud."""
    return _group(_import_key(public_key))


def _group(key: "OKPKey") -> str:
    text = key.thumbprint()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _get_own_key(key_store: KeyStore) -> "OKPKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from joserfc.jwk import OKPKey

    private = Ed25519PrivateKey.from_private_bytes(key_store.own_key(_PURPOSE))
    return OKPKey(private, private)


def _import_key(public_key: str) -> "OKPKey":
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey

    try:
        return OKPKey.import_key({"kty": "OKP", "crv": ALGORITHM, "x": public_key})
    except (JoseError, ValueError):
        raise BadDocument("Its key is no Ed25519 key.") from None


def _read_object(document: bytes) -> "FlattenedJSONSerialization":
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):  # nested too deep
        found = None
    names = ("payload", "protected", "signature")
    if not isinstance(found, dict) or not all(isinstance(found.get(n), str) for n in names):
        raise BadDocument("It is no signed document of joint workshops.")
    return {
        "payload": found["payload"],
        "protected": found["protected"],
        "signature": found["signature"],
    }


def _read_public_key(found: "FlattenedJSONSerialization") -> str:
    """The key of the header, which nothing vouches for yet."""
    from joserfc.util import urlsafe_b64decode

    try:
        header = json.loads(urlsafe_b64decode(found["protected"].encode()))
        key = header["jwk"]["x"]
        is_known = (header["alg"], header["typ"]) == (ALGORITHM, TYPE)
    except (ValueError, RecursionError, KeyError, TypeError):
        key, is_known = None, False
    if not is_known or not isinstance(key, str):
        raise BadDocument("Its signature is of a sort that this program does not know.")
    return key


@cache
def _get_registry() -> "JWSRegistry":
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=[ALGORITHM])
    registry.max_payload_length = MAX_PAYLOAD_BYTES * 4 // 3 + 4  # as it is encoded
    return registry
