"""Encryption of a push message for one browser (RFC 8291, with the encoding of RFC 8188)."""

import secrets
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE: Final = ec.SECP256R1()
PUBLIC_KEY_BYTES: Final = 65  # an uncompressed point
AUTH_BYTES: Final = 16
RECORD_SIZE: Final = 4096
_DELIMITER: Final = b"\x02"  # ends the last record; what follows is padding
PLAIN_BYTES: Final = 512  # all messages are padded to this: their length tells nothing


def encrypt(
    text: bytes,
    receiver_key: bytes,
    auth_secret: bytes,
    *,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
    length: int = PLAIN_BYTES,
) -> bytes:
    """The body of a push message: header, then one encrypted record, padded to `length` bytes.

    `receiver_key` is the browser's `p256dh`, `auth_secret` its `auth`. Only the test of
    the RFC's example gives `sender` and `salt`, which are random. Raises ValueError for a key that
    is no point of the curve, or a text that is too long."""
    if len(text) > RECORD_SIZE - 17:
        raise ValueError("the message is too long")
    sender, salt = sender or ec.generate_private_key(CURVE), salt or secrets.token_bytes(16)
    own_key = encode_point(sender.public_key())
    shared = sender.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, receiver_key)
    )
    info = b"WebPush: info\0" + receiver_key + own_key
    secret = _derive(shared, auth_secret, info, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    padded = (text + _DELIMITER).ljust(length, b"\0")
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(own_key)]) + own_key
    return header + AESGCM(key).encrypt(nonce, padded, None)


def encode_point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_public_key(key: bytes) -> bool:
    """Whether these bytes are an uncompressed point of the curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
    except ValueError:
        return False
    return len(key) == PUBLIC_KEY_BYTES


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
