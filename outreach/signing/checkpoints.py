"""Checkpoints: signed tree heads, as signed notes (C2SP tlog-checkpoint and signed-note).

    talleres.example.org/log        name of the log
    12                              size of the tree
    CsUYapGGPo4dkMgIAUqom/…         root, in base64

    — talleres.example.org/log Az3grlgt…      signature with Ed25519, after 4 bytes of key id

A verifier key is one word, `NAME+ID+KEY`: the form that tools for such logs read.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ALGORITHM: Final = b"\1"  # Ed25519, in key ids and verifier keys
_ID_BYTES: Final = 4
_NOTE: Final = re.compile(
    r"(?P<text>(?P<name>[^\n+\s]+)\n(?P<size>0|[1-9][0-9]{0,9})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"— (?P<signer>\S+) (?P<signature>[A-Za-z0-9+/]+=*)\n"
)


class InvalidCheckpoint(Exception):
    """A checkpoint that is malformed or not signed with the key. The message is a sentence."""


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint says."""

    name: str  # what the log is called
    size: int
    root: bytes


def sign(head: TreeHead, key: Ed25519PrivateKey) -> str:
    """The checkpoint; the same head and key give the same text."""
    text = f"{head.name}\n{head.size}\n{_encode(head.root)}\n"
    key_id = _key_id(head.name, key.public_key().public_bytes_raw())
    return f"{text}\n— {head.name} {_encode(key_id + key.sign(text.encode()))}\n"


def read(note: str, verifier: str) -> TreeHead:
    """Returns what the checkpoint says, once its signature is verified. Raises
    InvalidCheckpoint."""
    name, public_key = parse_verifier(verifier)
    found = _NOTE.fullmatch(note)
    if found is None:
        raise InvalidCheckpoint("The checkpoint is not a signed note.")
    signature = _decode(found["signature"])
    if {found["name"], found["signer"]} != {name} or signature[:_ID_BYTES] != _key_id(
        name, public_key
    ):
        raise InvalidCheckpoint("The checkpoint is signed with another key.")
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature[_ID_BYTES:], found["text"].encode())
    except (InvalidSignature, ValueError):
        raise InvalidCheckpoint("The signature of the checkpoint is not valid.") from None
    return TreeHead(name, int(found["size"]), _decode(found["root"]))


def write_verifier(name: str, key: Ed25519PublicKey) -> str:
    raw = key.public_bytes_raw()
    return f"{name}+{_key_id(name, raw).hex()}+{_encode(_ALGORITHM + raw)}"


def parse_verifier(verifier: str) -> tuple[str, bytes]:
    """The name of the log and the 32 bytes of its public key. Raises InvalidCheckpoint."""
    name, _, rest = verifier.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _decode(encoded)
    is_key = len(key) == 33 and key[:1] == _ALGORITHM
    if not name or not is_key or _key_id(name, key[1:]).hex() != key_id:
        raise InvalidCheckpoint("That is no key of a log. Copy it again, all of it.")
    return name, key[1:]


def _key_id(name: str, public_key: bytes) -> bytes:
    data = name.encode() + b"\n" + _ALGORITHM + public_key
    return hashlib.sha256(data).digest()[:_ID_BYTES]


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    """Decodes base64; returns nothing for a text that `_encode` would not write."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _encode(data) == text else b""
