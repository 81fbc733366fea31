"""A software passkey (ES256, discoverable, with user verification) for tests."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import websafe_encode

ORIGIN = "http://localhost:8000"
VERIFIED = 0x05  # user present and verified
PRESENT = 0x01
MADE = 0x45  # VERIFIED, with attested credential data


@dataclass
class SoftKey:
    origin: str = ORIGIN
    host: str = "localhost"
    counts: bool = True  # synced passkeys do not count
    count: int = 0
    handle: str = ""
    id: bytes = field(default_factory=lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any], flags: int = MADE) -> str:
        """The registration response of the browser, as JSON (WebAuthn, section 5.1)."""
        self.handle = options["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        public = {
            1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")
        }  # fmt: skip
        auth_data = (
            self._authenticator_data(flags) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        )
        made = {"fmt": "none", "attStmt": {}, "authData": auth_data + cbor.encode(public)}
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options),
            attestationObject=cbor.encode(made),
        )

    def get(self, options: dict[str, Any], flags: int = VERIFIED) -> str:
        """The assertion of the browser, as JSON."""
        client, auth_data = self._client("webauthn.get", options), self._authenticator_data(flags)
        signed = auth_data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=auth_data,
            signature=self.private.sign(signed, ec.ECDSA(hashes.SHA256())),
        )

    def _authenticator_data(self, flags: int) -> bytes:
        self.count += self.counts
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps(
            {
                "type": kind,
                "challenge": options["challenge"],
                "origin": self.origin,
                "crossOrigin": False,
            }
        ).encode()

    def _answer(self, **response: bytes) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: websafe_encode(value) for name, value in response.items()}
                | {"userHandle": self.handle},
            }
        )
