"""Sealing a text under a key, and what else is made from a key (decision 0021)."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from outreach.errors import Forgotten


def encrypt(key: bytes, text: str, about: str) -> bytes:
    """AES-256-GCM: nonce ‖ sealed text. `about` says where it belongs, «registration 8FK2…»:
    moved to another row it does not open."""
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), about.encode())


def decrypt(key: bytes, sealed: bytes, about: str) -> str:
    """The text again. Raises Forgotten when key, text or place is not that of the sealing."""
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], about.encode()).decode()
    except InvalidTag:
        raise Forgotten("it does not open") from None


def derive(key: bytes, purpose: str) -> bytes:
    """16 bytes made from the key by HKDF: what one purpose gives tells nothing of another's.

    The manage link and the door's token come from the key, so a letter can be written again
    until the key is gone, and no longer.
    """
    return HKDFExpand(SHA256(), 16, purpose.encode()).derive(key)
