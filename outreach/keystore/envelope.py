"""Envelope encryption: encrypts the keys of the key store with a master key.

Which master key encrypts is a row of the key store, so that all hosts agree. What a master key
encrypted is decrypted with the file of the same number.
"""

import hashlib
import hmac
import secrets
import time
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach import clock
from outreach.db.store import Store
from outreach.errors import DataErased, Misconfigured
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import MasterGeneration

REFRESH_SECONDS: Final = 60.0  # a replaced master key is kept for an hour


class Envelope:
    """The master keys as one process knows them."""

    def __init__(self, store: Store, master_keys: MasterKeys) -> None:
        self._store, self.master_keys = store, master_keys
        self._open: dict[int, AESGCM] = {}
        self._newest = 0
        self._refreshed_at = -REFRESH_SECONDS

    def forget(self) -> None:
        """Drops the master keys from memory; the next call reads them again."""
        self._open, self._newest, self._refreshed_at = {}, 0, -REFRESH_SECONDS

    def seal(self, key: bytes, about: bytes) -> tuple[bytes, int]:
        """Encrypts a key with the current master key. Returns it with the number of that."""
        number = self.newest()
        return self.seal_with(number, key, about), number

    def seal_with(self, number: int, key: bytes, about: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aes(number).encrypt(nonce, key, b"key" + about)

    def unseal(self, sealed: bytes, about: bytes, number: int) -> bytes:
        """Decrypts a key. Raises DataErased if the master key is gone or is not the one that sealed
        it."""
        try:
            return self._aes(number).decrypt(sealed[:12], sealed[12:], b"key" + about)
        except InvalidTag:
            raise DataErased(f"master-{number} is not the one that sealed it") from None

    def newest(self) -> int:
        """The number of the current master key. Raises Misconfigured if its file is missing."""
        if time.monotonic() - self._refreshed_at >= REFRESH_SECONDS:
            self.refresh()
        return self._newest

    def refresh(self) -> int:
        """Returns the number of the current master key, after reading the key store and the files
        anew. Raises Misconfigured if its file is missing or is another one."""
        row = self.in_use() or self.begin(self.master_keys.newest(), now=clock.now())
        files = self.master_keys.all()
        if row.number not in files:
            raise Misconfigured(
                f"master-{row.number} is missing in {self.master_keys.folder}. "
                "Copy it there from the host that made it"
            )
        if not hmac.compare_digest(_proof(files[row.number]), row.proof):
            raise Misconfigured(
                f"master-{row.number} in {self.master_keys.folder} is not the one of this ring. "
                "Copy it there from the host that made it"
            )
        self._open = {number: AESGCM(key) for number, key in files.items()}
        self._newest, self._refreshed_at = row.number, time.monotonic()
        return row.number

    def in_use(self) -> MasterGeneration | None:
        """The row of the current master key; None in an unused key store."""
        with self._store.read() as session:
            return session.scalar(
                sa.select(MasterGeneration).order_by(MasterGeneration.number.desc()).limit(1)
            )

    def begin(self, number: int, *, now: datetime) -> MasterGeneration:
        """Makes a master key the current one, on all hosts within REFRESH_SECONDS."""
        proof = _proof(self.master_keys.all()[number])
        try:
            with self._store.change() as session:
                session.add(MasterGeneration(number=number, proof=proof, since=now))
        except sa.exc.IntegrityError:  # another process began it
            pass
        self._refreshed_at = -REFRESH_SECONDS
        row = self.in_use()
        assert row is not None
        return row

    def can_open(self, number: int) -> bool:
        """Whether this host has the master key of that number."""
        return number in self.master_keys.numbers()

    def _aes(self, number: int) -> AESGCM:
        if number not in self._open:
            self._open = {each: AESGCM(key) for each, key in self.master_keys.all().items()}
        if number not in self._open:
            raise DataErased(f"the file master-{number} is gone")
        return self._open[number]


def _proof(master: bytes) -> bytes:
    return hmac.new(master, b"this is the master of the ring", hashlib.sha256).digest()[:16]
