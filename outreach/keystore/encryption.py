"""Encrypts texts with the key of a registration, and derives tokens from it (decision 0021)."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from outreach.errors import DataErased


def encrypt(key: bytes, text: str, about: str) -> bytes:
    """AES-256-GCM: the nonce of 12 bytes, then ciphertext and tag.

    `about` is authenticated and names the row, as «registration 8FK2…»: a ciphertext that was moved
    to another row does not decrypt.
    """
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), about.encode())


def decrypt(key: bytes, sealed: bytes, about: str) -> str:
    """The text. Raises DataErased if key, ciphertext or `about` is another one."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], about.encode()).decode()
    except InvalidTag:
        raise DataErased("it does not open") from None


def derive(key: bytes, purpose: str) -> bytes:
    """16 bytes derived by HKDF: the value for one purpose reveals nothing of another's.

    Manage links and check-in codes are derived, so a letter can be written again until the key is
    deleted, and no longer.
    """
    return HKDFExpand(SHA256(), 16, purpose.encode()).derive(key)
