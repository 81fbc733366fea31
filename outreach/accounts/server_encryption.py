"""Encryption and keyed hashes under the server's secret, with one derived key for each purpose."""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outreach.keystore import encryption


class ServerEncryption:
    """Keys derived from `Config.secret()`. A copy of the database alone can neither decrypt what
    is sealed nor match what is marked."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, text: str, about: str) -> bytes:
        """Encrypts with AES-256-GCM. `about` is authenticated: it must be the same to decrypt."""
        return encryption.encrypt(self._derived("outreach accounts: seal"), text, about)

    def unseal(self, sealed: bytes, about: str) -> str:
        """Decrypts what `seal` made. Raises DataErased for another secret or another `about`."""
        return encryption.decrypt(self._derived("outreach accounts: seal"), sealed, about)

    def mark(self, text: str) -> str:
        """Returns the HMAC-SHA-256 of a text in hexadecimal: equal for equal texts, and the text
        cannot be derived from it."""
        key = self._derived("outreach accounts: mark")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _derived(self, purpose: str) -> bytes:
        # HKDF with its extract step (RFC 5869, 2.2): a typed secret is no uniform key.
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._secret)
