"""The offline manifest: the encrypted list of parties that a phone takes to the door.

A name can only be decrypted with the person's own token (their QR code). A lost phone reveals how
many registered and, by brute force, their codes. A typed code shows that a party is on the list and
how many people it has.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypedDict

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEALED: Final = 256  # bytes of each row before encryption: lengths reveal no names


@dataclass(frozen=True, kw_only=True, repr=False)
class ManifestEntry:
    """One party of the manifest."""

    token: str  # in their QR code
    code: str
    people: int
    name: str
    needs: list[str]  # in words, with their time slot


class _Sealed(TypedDict):
    t: str  # hash of the token
    s: str  # name and needs, encrypted


class ManifestRow(_Sealed, total=False):
    p: int  # people
    c: str  # hash of the code


@dataclass(frozen=True)
class OfflineManifest:
    salt: str
    rows: list[ManifestRow]


def build_manifest(lines: Iterable[ManifestEntry], *, is_discreet: bool) -> OfflineManifest:
    """Builds a manifest of these parties, shuffled.

    Those of a discreet kind have no code, and encrypt the number of people too.
    """
    salt = _text(secrets.token_bytes(16))
    rows = [_row(line, salt, is_discreet=is_discreet) for line in lines]
    secrets.SystemRandom().shuffle(rows)
    return OfflineManifest(salt, rows)


def hash_token(token: str) -> bytes:
    """Returns the reference of a party: 16 bytes of a hash of its token."""
    return hashlib.sha256(f"puerta {token}".encode()).digest()[:16]


def hash_code(salt: str, code: str) -> str:
    """Returns the hash of a typed code, in hex."""
    return hashlib.sha256(f"puerta {salt}{code}".encode()).hexdigest()[:16]


def _row(line: ManifestEntry, salt: str, *, is_discreet: bool) -> ManifestRow:
    ref = hash_token(line.token).hex()
    data: dict[str, object] = {"name": line.name, "needs": line.needs}
    if is_discreet:
        data["people"] = line.people
    sealed = _seal(line.token, salt, _pad(data), ref)
    if is_discreet:
        return {"t": ref, "s": sealed}
    return {"t": ref, "s": sealed, "p": line.people, "c": hash_code(salt, line.code)}


def _seal(token: str, salt: str, text: bytes, ref: str) -> str:
    key = HKDF(SHA256(), 32, _bytes(salt), b"puerta nombre").derive(_bytes(token))
    nonce = secrets.token_bytes(12)
    return _text(nonce + AESGCM(key).encrypt(nonce, text, ref.encode()))


def _pad(data: dict[str, object]) -> bytes:
    """Returns the data as JSON of SEALED bytes; where they are longer, needs and then the name
    are cut.
    """
    needs, name = list(_list(data["needs"])), str(data["name"])
    while True:
        text = json.dumps(data | {"name": name, "needs": needs}, ensure_ascii=False).encode()
        if len(text) <= SEALED:
            return text.ljust(SEALED)
        if needs:
            needs.pop()
        else:
            name = name[:-1]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
