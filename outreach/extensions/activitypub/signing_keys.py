"""The RSA keys with which offices sign.

An RSA key cannot be derived from a number, as that of Web Push is. So each office has one of its
own, encrypted under a key that is derived from the key store's own: no copy of the database opens
it, it is restored with the key backup, and dies with the key store. Then a new one is made, which
other servers fetch.
"""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.errors import DataErased
from outreach.extensions.activitypub import followers
from outreach.extensions.activitypub.followers import FediverseKey
from outreach.keystore import KeyStore, encryption

BITS: Final = 2048  # what Mastodon, Mobilizon and gancio have
_PURPOSE: Final = "activitypub"


@dataclass
class SigningKeys:
    """The private keys. Those that have been used are kept in memory."""

    store: Store
    key_store: KeyStore
    _kept: dict[int, rsa.RSAPrivateKey] = field(default_factory=dict)

    def make_missing(self) -> None:
        """Makes the keys of offices that have none."""
        with self.store.read() as session:
            ids = [office.id for office in followers.list_keyless(session)]
        for office_id in ids:
            made = self._make(office_id)  # takes a tenth of a second, outside of a transaction
            with self.store.change() as session:
                if followers.find_key(session, office_id) is None:
                    session.add(made)

    def get(self, office_id: int) -> rsa.RSAPrivateKey:
        """The key of an office. One that cannot be decrypted any more is replaced by a new one.
        Raises LookupError for an office that has none yet."""
        if office_id not in self._kept:
            with self.store.read() as session:
                row = followers.find_key(session, office_id)
            if row is None:
                raise LookupError(f"office {office_id} has no key")
            try:
                self._kept[office_id] = self._open(row)
            except DataErased:
                self._replace(office_id)
        return self._kept[office_id]

    def _replace(self, office_id: int) -> None:
        made = self._make(office_id)
        with self.store.change() as session:
            row = session.get_one(FediverseKey, office_id)
            row.public_key, row.sealed_key = made.public_key, made.sealed_key
        self._kept[office_id] = self._open(made)

    def _open(self, row: FediverseKey) -> rsa.RSAPrivateKey:
        pem = encryption.decrypt(
            self.key_store.own_key(_PURPOSE), row.sealed_key, _describe(row.office_id)
        )
        key = load_pem_private_key(pem.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def _make(self, office_id: int) -> FediverseKey:
        key = rsa.generate_private_key(65537, BITS)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        sealed = encryption.encrypt(self.key_store.own_key(_PURPOSE), pem, _describe(office_id))
        return FediverseKey(office_id=office_id, public_key=public.decode(), sealed_key=sealed)


def find_public_key(session: Session, office_id: int) -> str | None:
    """Returns the public key of an office as PEM; None where the worker has not made it yet."""
    row = followers.find_key(session, office_id)
    return None if row is None else row.public_key


def _describe(office_id: int) -> str:
    return f"activitypub {office_id}"
