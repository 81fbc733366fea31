"""Encrypts texts with the key of a registration, and derives tokens from it (decision 0021)."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from outreach.errors import DataErased

KEY_BYTES: Final = 32


class RegistrationKey(bytes):
    """The key of a registration, and how often its links have been renewed."""

    renewals: int = 0


def unpack_key(plain: bytes) -> RegistrationKey:
    """The key as the key store seals it: 32 bytes, followed by the renewals if there are any."""
    key = RegistrationKey(plain[:KEY_BYTES])
    key.renewals = int.from_bytes(plain[KEY_BYTES:], "big")
    return key


def pack_key(key: bytes, renewals: int) -> bytes:
    """Returns what the key store seals of a key, as `unpack_key` reads it."""
    return bytes(key) + (renewals.to_bytes(2, "big") if renewals else b"")


def encrypt(key: bytes, text: str, about: str) -> bytes:
    """Encrypts with AES-256-GCM. Returns the nonce of 12 bytes, then ciphertext and tag.

    `about` is authenticated and names the row, as «registration 8FK2…»: a ciphertext that was moved
    to another row does not decrypt.
    """
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), about.encode())


def decrypt(key: bytes, sealed: bytes, about: str) -> str:
    """Decrypts a text. Raises DataErased if key, ciphertext or `about` is another one."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], about.encode()).decode()
    except InvalidTag:
        raise DataErased("it does not open") from None


def derive(key: bytes, purpose: str) -> bytes:
    """Returns 16 bytes derived by HKDF: the value for one purpose reveals nothing of another's.

    Manage links and check-in codes are derived, so a letter can be written again until the key is
    deleted, and no longer.
    """
    return HKDFExpand(SHA256(), 16, purpose.encode()).derive(key)


def derive_link(key: bytes, purpose: str) -> bytes:
    """Derives as `derive` does, but another value after each renewal of the links of this key."""
    renewals = key.renewals if isinstance(key, RegistrationKey) else 0
    return derive(key, f"{purpose} {renewals}" if renewals else purpose)
