"""Sealing the ring's own rows under a master. Which one seals is a row of the ring, so that all
hosts agree; what it sealed opens with the file of that number."""

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
from outreach.errors import Forgotten, Misconfigured
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import MasterGeneration

LOOKED_UP: Final = 60.0  # seconds between looks: the master before is kept for an hour


class Envelope:
    """One process's view of the masters."""

    def __init__(self, store: Store, masters: MasterKeys) -> None:
        self._store, self.master_keys = store, masters
        self._open: dict[int, AESGCM] = {}
        self._newest = 0
        self._looked_at = -LOOKED_UP

    def seal(self, key: bytes, about: bytes) -> tuple[bytes, int]:
        """The key under the master of the day, and the number of that one."""
        number = self.newest()
        return self.seal_with(number, key, about), number

    def seal_with(self, number: int, key: bytes, about: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aes(number).encrypt(nonce, key, b"key" + about)

    def unseal(self, sealed: bytes, about: bytes, number: int) -> bytes:
        """Raises Forgotten when its master is gone, or is not the one that sealed it."""
        try:
            return self._aes(number).decrypt(sealed[:12], sealed[12:], b"key" + about)
        except InvalidTag:
            raise Forgotten(f"master-{number} is not the one that sealed it") from None

    def newest(self) -> int:
        """The master that seals. Raises Misconfigured when this host has no such file."""
        if time.monotonic() - self._looked_at >= LOOKED_UP:
            self.look()
        return self._newest

    def look(self) -> int:
        """The same, looked up now; masters destroyed since are known no more."""
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
        self._newest, self._looked_at = row.number, time.monotonic()
        return row.number

    def in_use(self) -> MasterGeneration | None:
        """The row of the master that seals; None in a ring nobody has used yet."""
        with self._store.read() as session:
            return session.scalar(
                sa.select(MasterGeneration).order_by(MasterGeneration.number.desc()).limit(1)
            )

    def begin(self, number: int, *, now: datetime) -> MasterGeneration:
        """From now on this master seals, on all hosts within a minute."""
        proof = _proof(self.master_keys.all()[number])
        try:
            with self._store.change() as session:
                session.add(MasterGeneration(number=number, proof=proof, since=now))
        except sa.exc.IntegrityError:  # another process was first; theirs is the one to use
            pass
        self._looked_at = -LOOKED_UP
        found = self.in_use()
        assert found is not None
        return found

    def can_open(self, number: int) -> bool:
        return number in self.master_keys.numbers()

    def _aes(self, number: int) -> AESGCM:
        if number not in self._open:
            self._open = {each: AESGCM(key) for each, key in self.master_keys.all().items()}
        if number not in self._open:
            raise Forgotten(f"the file master-{number} is gone")
        return self._open[number]


def _proof(master: bytes) -> bytes:
    return hmac.new(master, b"this is the master of the ring", hashlib.sha256).digest()[:16]
