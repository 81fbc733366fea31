"""The signature by which a telephone gateway proves its requests.

HMAC-SHA1 under the secret of the installation, in Base64, of the address followed by the names and
values of the form, sorted by name: what Twilio does, and gateways that read the same XML.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

HEADERS: Final = ("X-Twilio-Signature", "X-SignalWire-Signature", "X-Gateway-Signature")


def sign(secret: str, address: str, fields: Mapping[str, str]) -> str:
    text = address + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    # HMAC is not weakened by what is known of SHA-1, and the gateways know no other.
    return base64.b64encode(
        hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()
    ).decode()


def is_valid(secret: str, address: str, fields: Mapping[str, str], given: str) -> bool:
    expected = sign(secret, address, fields)
    return hmac.compare_digest(expected.encode(), given.encode())
