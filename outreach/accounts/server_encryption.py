"""What accounts keep closed: under keys made from the server's secret, one for each purpose."""

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from outreach.keystore import encryption


class ServerEncryption:
    """Made from `Config.secret()`. Whoever has a copy of the database, and not this, reads
    nothing that it has sealed and recognizes nothing that it has marked."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def seal(self, text: str, about: str) -> bytes:
        """AES-256-GCM. Put at another place, `about` something else, it does not open."""
        return encryption.encrypt(self._derived("outreach accounts: seal"), text, about)

    def unseal(self, sealed: bytes, about: str) -> str:
        """Raises Forgotten when it was sealed under another secret, or about something else."""
        return encryption.decrypt(self._derived("outreach accounts: seal"), sealed, about)

    def mark(self, text: str) -> str:
        """An HMAC: the same text is known again by it, and not to be found from it."""
        key = self._derived("outreach accounts: mark")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _derived(self, purpose: str) -> bytes:
        # With the first step of HKDF too: a secret that was typed is no even 32 bytes.
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._secret)
