"""What a phone at the door knows of who registered (decision 0028).

A name opens with the person's own token and with nothing else: a phone that is lost tells how many
registered, and, to who tries them all, their codes. A typed code says that a party is on the list,
and how many they are.
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

SEALED: Final = 256  # bytes of every row before it is sealed: no length tells a name


@dataclass(frozen=True, kw_only=True, repr=False)
class ManifestEntry:
    """One party, as it is to be told at the door."""

    token: str  # of their square
    code: str
    people: int
    name: str
    needs: list[str]  # in words, their own hour too


class _Sealed(TypedDict):
    t: str  # what the party is called: of the token
    s: str  # the name, sealed


class ManifestRow(_Sealed, total=False):
    p: int  # people
    c: str  # of the code


@dataclass(frozen=True)
class OfflineManifest:
    salt: str
    rows: list[ManifestRow]


def build_manifest(lines: Iterable[ManifestEntry], *, is_discreet: bool) -> OfflineManifest:
    """The rows in no order. Those of a discreet kind know no code, and say only to the token how
    many come."""
    salt = _text(secrets.token_bytes(16))
    rows = [_row(line, salt, is_discreet=is_discreet) for line in lines]
    secrets.SystemRandom().shuffle(rows)
    return OfflineManifest(salt, rows)


def hash_token(token: str) -> bytes:
    """What phones call the party of that token; nothing leads back to it."""
    return hashlib.sha256(f"puerta {token}".encode()).digest()[:16]


def hash_code(salt: str, code: str) -> str:
    return hashlib.sha256(f"puerta {salt}{code}".encode()).hexdigest()[:16]


def _row(line: ManifestEntry, salt: str, *, is_discreet: bool) -> ManifestRow:
    ref = hash_token(line.token).hex()
    told: dict[str, object] = {"name": line.name, "needs": line.needs}
    if is_discreet:
        told["people"] = line.people
    sealed = _seal(line.token, salt, _padded(told), ref)
    if is_discreet:
        return {"t": ref, "s": sealed}
    return {"t": ref, "s": sealed, "p": line.people, "c": hash_code(salt, line.code)}


def _seal(token: str, salt: str, text: bytes, ref: str) -> str:
    key = HKDF(SHA256(), 32, _bytes(salt), b"puerta nombre").derive(_bytes(token))
    nonce = secrets.token_bytes(12)
    return _text(nonce + AESGCM(key).encrypt(nonce, text, ref.encode()))


def _padded(told: dict[str, object]) -> bytes:
    """What is told, cut where it is too long: the needs first, then the name."""
    needs, name = list(_list(told["needs"])), str(told["name"])
    while True:
        text = json.dumps(told | {"name": name, "needs": needs}, ensure_ascii=False).encode()
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
