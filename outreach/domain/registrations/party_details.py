"""Details of a party that only its own key opens: its check-in code (S33)."""

import json
from dataclasses import dataclass
from typing import Final

from outreach import keystore

PADDED_BYTES: Final = 256  # before encryption, or a multiple: the length reveals nothing


@dataclass(frozen=True, kw_only=True, repr=False)
class PartyDetails:
    """What a registration stores encrypted, beside name and contact."""

    code: str = ""  # of check-in, shown as ABC DEF


def encrypt(key: bytes, registration_id: str, details: PartyDetails) -> bytes:
    """The details as the row stores them, bound to the registration's id."""
    text = json.dumps({"code": details.code})
    padding = -len(text) % PADDED_BYTES
    return keystore.encrypt(key, text + " " * padding, _about(registration_id))


def decrypt(key: bytes, registration_id: str, sealed: bytes) -> PartyDetails:
    """Raises DataErased where the key is another one."""
    data = json.loads(keystore.decrypt(key, sealed, _about(registration_id)))
    return PartyDetails(code=data["code"])


def _about(registration_id: str) -> str:
    return f"details {registration_id}"
