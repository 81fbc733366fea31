"""One key for each registration, kept apart from what it opens.

The main database and every copy of it hold only sealed names. The ring holds the keys, is never
archived, and forgets a person by losing their key: every old copy goes blind at that moment.
The ring knows no domain: a workshop is a number to it, a person an HMAC of their address.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import ClassVar, Final, dataclass_transform

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from outreach import clock
from outreach.db.base import NAMES, TYPES
from outreach.db.store import Store
from outreach.errors import Forgotten, OutreachError
from outreach.keyring.masters import Masters
from outreach.keyring.sealing import derive, seal, unseal

__all__ = ["Keyring", "Masters", "RingBase", "TooManyDue", "derive", "seal", "unseal"]


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class RingBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES


class Key(RingBase):
    __tablename__ = "key"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    workshop: Mapped[int] = mapped_column(index=True)
    forget_on: Mapped[date] = mapped_column(index=True)
    made_on: Mapped[date]
    # HMAC of the e-mail or phone: no backup has it, and it dies with the key.
    contact: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), index=True, default=None)


class IndexKey(RingBase):
    __tablename__ = "index_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class DayKey(RingBase):
    """The key of one day's addresses (safety.md S09): with it gone, no row leads to an address."""

    __tablename__ = "day_key"

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]


class Attempt(RingBase):
    """How often one address of today asked for something, in one window of time."""

    __tablename__ = "attempt"

    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    count: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class TooManyDue(OutreachError):
    """Keys overdue by days are more likely a wrong clock than a late purge."""


class Keyring:
    """The life of keys. Each call is a transaction of its own."""

    def __init__(
        self, store: Store, masters: Masters, today: Callable[[], date] = lambda: clock.now().date()
    ) -> None:
        self.store, self.today = store, today
        self._masters = masters
        self._open: dict[int, AESGCM] = {}
        self._newest_number, self._newest_until = 0, datetime.min.replace(tzinfo=UTC)
        self._index: bytes | None = None
        self._day: tuple[date, bytes] | None = None

    # The life of a key

    def new(
        self, workshop: int, forget_on: date, contact: str | None = None
    ) -> tuple[bytes, bytes]:
        """A key of 32 bytes and its id of 16, safely in the ring before anything is sealed with
        it. `contact` is an e-mail or phone by which the registration can be found again."""
        key_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
        generation = self._newest()
        row = {
            "id": key_id,
            "sealed": self._seal(key, key_id, generation),
            "generation": generation,
            "workshop": workshop,
            "forget_on": forget_on,
            "made_on": self.today(),
            "contact": self.index(contact) if contact else None,
        }
        with self.store.change_rows() as connection:
            connection.execute(_NEW_KEY, row)
        return key_id, key

    def get(self, key_id: bytes) -> bytes:
        """The key. Raises Forgotten when it is gone or its day has come."""
        found = self.get_all([key_id])
        if key_id not in found:
            raise Forgotten("the key is gone")
        return found[key_id]

    def get_all(self, key_ids: Iterable[bytes]) -> dict[bytes, bytes]:
        """Those of the keys that still exist, by their id."""
        found: dict[bytes, bytes] = {}
        with self.store.read() as session:
            for some in _batched(key_ids, 500):
                rows = session.execute(
                    sa.select(Key.id, Key.sealed, Key.generation).where(
                        Key.id.in_(some), Key.forget_on > self.today()
                    )
                )
                for key_id, sealed, generation in rows:
                    found[key_id] = self._unseal(sealed, key_id, generation)
        return found

    def find(self, contact: str, workshop: int | None = None) -> list[bytes]:
        """The ids of keys made for this e-mail or phone, of one workshop or of all."""
        wanted = sa.select(Key.id).where(
            Key.contact == self.index(contact), Key.forget_on > self.today()
        )
        if workshop is not None:
            wanted = wanted.where(Key.workshop == workshop)
        with self.store.read() as session:
            return list(session.scalars(wanted))

    def set_contact(self, key_id: bytes, contact: str | None) -> None:
        value = self.index(contact) if contact else None
        with self.store.change() as session:
            session.execute(sa.update(Key).where(Key.id == key_id).values(contact=value))

    def destroy(self, *key_ids: bytes) -> None:
        with self.store.change() as session:
            session.execute(sa.delete(Key).where(Key.id.in_(key_ids)))
        self.store.sweep()

    def move(self, workshop: int, forget_on: date) -> None:
        """A workshop changed its day: its people are forgotten later or sooner."""
        with self.store.change() as session:
            session.execute(
                sa.update(Key).where(Key.workshop == workshop).values(forget_on=forget_on)
            )

    # Upkeep

    def count_due(self) -> int:
        with self.store.read() as session:
            return _count(session.scalar(_counting(Key.forget_on <= self.today())))

    def destroy_due(self, *, sure: bool = False) -> int:
        """Destroys the keys whose day has come, and says how many.

        Raises TooManyDue when some are overdue by three days, unless `sure`: a wrong clock
        must not burn the ring."""
        today = self.today()
        with self.store.change() as session:
            late = _count(session.scalar(_counting(Key.forget_on <= today - timedelta(days=3))))
            if late and not sure:
                raise TooManyDue(
                    f"{late} keys are overdue by three days or more. If the clock is right, run "
                    "again with --yes"
                )
            gone = session.execute(sa.delete(Key).where(Key.forget_on <= today))
            session.execute(sa.delete(DayKey).where(DayKey.day < today - timedelta(days=1)))
            session.execute(sa.delete(Attempt).where(Attempt.ends_at < clock.now()))
        self.store.sweep()
        assert isinstance(gone, sa.CursorResult)
        return gone.rowcount

    def destroy_unused(self, used: set[bytes]) -> int:
        """Keys made before yesterday that nothing points at: half-made ones, and ones that an
        old copy of the ring brought back. Says how many went."""
        with self.store.change() as session:
            old = sa.select(Key.id).where(Key.made_on < self.today() - timedelta(days=1))
            gone = sorted(set(session.scalars(old)) - used)
            for some in _batched(gone, 500):
                session.execute(sa.delete(Key).where(Key.id.in_(some)))
        if gone:
            self.store.sweep()
        return len(gone)

    def known(self) -> set[bytes]:
        """The ids of all keys that can still be asked for."""
        with self.store.read() as session:
            return set(session.scalars(sa.select(Key.id).where(Key.forget_on > self.today())))

    # Keys of the ring itself

    def index(self, contact: str) -> bytes:
        """HMAC of an e-mail or phone, the same for one spelling in capitals or not."""
        if self._index is None:
            self._index = self._kept(IndexKey, "id", 1, b"index")
        text = contact.strip().lower().encode()
        return hmac.new(self._index, text, hashlib.sha256).digest()[:16]

    def address_of_today(self, address: str) -> bytes:
        """What stands for a network address today: an HMAC under the day's random key."""
        today = self.today()
        if self._day is None or self._day[0] != today:
            self._day = today, self._kept(DayKey, "day", today, b"day" + str(today).encode())
        return hmac.new(self._day[1], address.encode(), hashlib.sha256).digest()[:16]

    def _kept(
        self, table: type[IndexKey] | type[DayKey], column: str, value: object, about: bytes
    ) -> bytes:
        """A random key kept in a row, made by whoever needs it first."""
        found = self._read_kept(table, column, value)
        if found is None:
            newest = self._masters.newest()
            sealed = self._seal(secrets.token_bytes(32), about, newest)
            row = {column: value, "sealed": sealed, "generation": newest}
            try:
                with self.store.change() as session:
                    session.execute(sa.insert(table).values(row))
                found = sealed, newest
            except sa.exc.IntegrityError:  # another process was first; theirs is the one to use
                found = self._read_kept(table, column, value)
        if found is None:
            raise Forgotten("the key of the ring itself is gone")
        return self._unseal(found[0], about, found[1])

    def _read_kept(
        self, table: type[IndexKey] | type[DayKey], column: str, value: object
    ) -> tuple[bytes, int] | None:
        with self.store.read() as session:
            row = session.execute(
                sa.select(table.sealed, table.generation).where(table.__table__.c[column] == value)
            ).first()
        return None if row is None else (row[0], row[1])

    def _newest(self) -> int:
        """The master that seals, looked up once a minute: the one before it is kept for an hour."""
        now = clock.now()
        if self._newest_until <= now:
            self._newest_number = self._masters.newest()
            self._newest_until = now + timedelta(minutes=1)
        return self._newest_number

    def _aes(self, generation: int) -> AESGCM:
        if generation not in self._open:
            self._open = {number: AESGCM(key) for number, key in self._masters.all().items()}
        if generation not in self._open:
            raise Forgotten(f"the file master-{generation} is gone")
        return self._open[generation]

    def _seal(self, key: bytes, about: bytes, generation: int) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._aes(generation).encrypt(nonce, key, b"key" + about)

    def _unseal(self, sealed: bytes, about: bytes, generation: int) -> bytes:
        return self._aes(generation).decrypt(sealed[:12], sealed[12:], b"key" + about)


_NEW_KEY: Final = sa.insert(Key.__table__)  # type: ignore[arg-type]  # it is a Table


def _counting(condition: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(Key).where(condition)


def _count(found: int | None) -> int:
    return found or 0


def _batched(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some
