"""Details of a party that only its own key opens: check-in code, language, needs, arrival (S33)."""

import json
from dataclasses import dataclass, field
from typing import Final, TypedDict

from outreach import keystore
from outreach.db.types import Codes

PADDED_BYTES: Final = 256  # before encryption, or a multiple: the length reveals nothing


@dataclass(frozen=True, kw_only=True, repr=False)
class PartyDetails:
    """The fields that a registration stores encrypted, beside name and contact."""

    code: str = ""  # for check-in, shown as ABC DEF
    language: str = ""  # in which pages and letters are
    needs: Codes = field(default_factory=Codes)
    arrived: int = 0  # how many of the party
    channel: str = ""  # a `Channel`, where the workshop has several; empty: its first one
    is_only_reader: bool = False  # «only I read this phone»: a text may have a discreet link
    zone: str = ""  # where who takes part from elsewhere reads the clock: America/Los_Angeles


class DetailChanges(TypedDict, total=False):
    """Fields of `PartyDetails` that change."""

    code: str
    language: str
    needs: Codes
    arrived: int
    channel: str
    is_only_reader: bool
    zone: str


def encrypt(key: bytes, registration_id: str, details: PartyDetails) -> bytes:
    """Encrypts the details for the row of the registration, bound to the registration's id."""
    text = json.dumps(
        {
            "code": details.code,
            "language": details.language,
            "needs": list(details.needs),
            "arrived": details.arrived,
            "channel": details.channel,
            "is_only_reader": details.is_only_reader,
            "zone": details.zone,
        }
    )
    return keystore.encrypt(key, text + " " * (-len(text) % PADDED_BYTES), _about(registration_id))


def decrypt(key: bytes, registration_id: str, sealed: bytes) -> PartyDetails:
    """Decrypts the details of a registration. Raises DataErased where the key is another one."""
    data = json.loads(keystore.decrypt(key, sealed, _about(registration_id)))
    return PartyDetails(
        code=data["code"],
        language=data["language"],
        needs=Codes(data["needs"]),
        arrived=data["arrived"],
        channel=data["channel"],
        is_only_reader=data["is_only_reader"],
        zone=data["zone"],
    )


def _about(registration_id: str) -> str:
    return f"details {registration_id}"
