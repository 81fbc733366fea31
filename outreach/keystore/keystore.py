"""The keys themselves: made, read, found again, destroyed."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final

import sqlalchemy as sa

from outreach import clock
from outreach.db.store import Store, changes_one_row
from outreach.errors import Forgotten, OutreachError, TooMany
from outreach.keystore.envelope import Envelope
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import DayKey, IndexKey, Key, LinkRequest, RateCounter, Secret

OVERDUE: Final = timedelta(days=3)
ASKED_KEPT: Final = timedelta(days=1)
Kept = type[IndexKey] | type[DayKey] | type[Secret]


class TooManyDue(OutreachError):
    """Keys overdue by days are more likely a wrong clock than a late purge."""


@dataclass(frozen=True)
class KeyRequest:
    """Somebody wants the links of these registrations; none, when nobody is known by that."""

    id: bytes
    key_ids: list[bytes]


class KeyStore:
    """The life of keys. Each call is a transaction of its own."""

    def __init__(
        self,
        store: Store,
        masters: MasterKeys,
        today: Callable[[], date] = lambda: clock.now().date(),
    ) -> None:
        self.store, self.today = store, today
        self.envelope = Envelope(store, masters)
        self._index: bytes | None = None
        self._day: tuple[date, bytes] | None = None

    # The life of a key

    def new(
        self,
        workshop: int,
        forget_on: date,
        contact: str | None = None,
        at_most: int | None = None,
    ) -> tuple[bytes, bytes]:
        """A key of 32 bytes and its id of 16, safely in the ring before anything is sealed with
        it. `contact` is an e-mail or phone by which the registration can be found again.

        Raises TooMany when that contact has `at_most` keys for the workshop already. They are
        counted in the transaction that adds one: posts at the same moment do not pass together."""
        key_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
        sealed, generation = self.envelope.seal(key, key_id)
        row = {
            "id": key_id,
            "sealed": sealed,
            "generation": generation,
            "workshop": workshop,
            "forget_on": forget_on,
            "made_on": self.today(),
            "contact": self.index(contact) if contact else None,
        }
        if row["contact"] is not None and at_most is not None:
            self._add_if_few(row, at_most)
        else:
            with self.store.change_rows() as connection:
                connection.execute(_NEW_KEY, row)
        return key_id, key

    def _add_if_few(self, row: dict[str, object], at_most: int) -> None:
        wanted = {f"new_{name}": value for name, value in row.items()} | {
            "today": self.today(),
            "at_most": at_most,
        }
        with self.store.change_rows() as connection:
            if not self.store.is_sqlite:  # which has one writer at a time anyway
                contact = row["contact"]
                assert isinstance(contact, bytes)
                number = int.from_bytes(contact[:8], "big", signed=True)
                connection.execute(_LOCK, {"number": number})
            added = connection.execute(_NEW_KEY_IF_FEW, wanted)
        if not added.rowcount:
            raise TooMany(f"{at_most} for one contact")

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
            for some in batched(key_ids, 500):
                rows = session.execute(
                    sa.select(Key.id, Key.sealed, Key.generation).where(
                        Key.id.in_(some), Key.forget_on > self.today()
                    )
                )
                for key_id, sealed, generation in rows:
                    found[key_id] = self.envelope.unseal(sealed, key_id, generation)
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
            for some in batched(key_ids, 500):
                session.execute(sa.delete(Key).where(Key.id.in_(some)))
        self.store.truncate_log()

    def move(self, workshop: int, forget_on: date) -> None:
        """A workshop changed its day: its people are forgotten later or sooner; with the next purge
        where that day is past."""
        # Not overdue from the start: that would hold up the purge of everybody (`destroy_due`).
        day = max(forget_on, self.today())
        with self.store.change() as session:
            session.execute(sa.update(Key).where(Key.workshop == workshop).values(forget_on=day))

    def keep(self, key_id: bytes, forget_on: date) -> bool:
        """This one is kept until that day at least. False when it is gone, or its day has come."""
        at_least = sa.case((Key.forget_on < forget_on, forget_on), else_=Key.forget_on)
        with self.store.change() as session:
            return changes_one_row(
                session,
                sa.update(Key)
                .where(Key.id == key_id, Key.forget_on > self.today())
                .values(forget_on=at_least),
            )

    def hasten(self, key_ids: Iterable[bytes], forget_on: date) -> int:
        """These are forgotten on that day if theirs is later, or with the next purge where it is
        past; says how many were."""
        day, hastened = max(forget_on, self.today()), 0
        with self.store.change() as session:
            for some in batched(key_ids, 500):
                later = Key.id.in_(some) & (Key.forget_on > day)
                changed = session.execute(sa.update(Key).where(later).values(forget_on=day))
                assert isinstance(changed, sa.CursorResult)
                hastened += changed.rowcount
        return hastened

    def days(self) -> dict[bytes, date]:
        """The day of each key there is."""
        with self.store.read() as session:
            rows = session.execute(sa.select(Key.id, Key.forget_on))
            return {row.id: row.forget_on for row in rows.yield_per(1000)}

    def correct(self, key_ids: Iterable[bytes], was: date, forget_on: date) -> None:
        """Those whose day is still the one it was are forgotten on that day instead; one that is
        moved at this very moment is not touched."""
        for some in batched(key_ids, 500):
            same = sa.select(Key.id).where(Key.id.in_(some), Key.forget_on == was)
            with self.store.change() as session:
                free = session.scalars(same.with_for_update(skip_locked=True)).all()
                session.execute(sa.update(Key).where(Key.id.in_(free)).values(forget_on=forget_on))

    # Find my link

    def request_link(self, contact: str) -> None:
        """Writes down that somebody wants the link of this e-mail or phone: one row, known or
        not, so that neither the answer nor the time it takes tells whether somebody comes."""
        row = {
            "id": secrets.token_bytes(16),
            "contact": self.index(contact),
            "asked_at": clock.now(),
        }
        with self.store.change_rows() as connection:
            connection.execute(_NEW_ASK, row)

    def link_requests(self, limit: int = 100) -> list[KeyRequest]:
        """What was asked and not yet answered, the oldest first; once for each contact."""
        asks: dict[bytes, KeyRequest] = {}
        with self.store.read() as session:
            for asked in session.scalars(
                sa.select(LinkRequest).order_by(LinkRequest.asked_at, LinkRequest.id).limit(limit)
            ):
                asks.setdefault(asked.contact, KeyRequest(asked.id, []))
            for contact, key_id in session.execute(
                sa.select(Key.contact, Key.id).where(
                    Key.contact.in_(asks), Key.forget_on > self.today()
                )
            ):
                if contact is not None:
                    asks[contact].key_ids.append(key_id)
        return list(asks.values())

    def delete_link_request(self, ask_id: bytes) -> None:
        """It has been answered, and so has whoever asked for the same contact meanwhile."""
        same = sa.select(LinkRequest.contact).where(LinkRequest.id == ask_id).scalar_subquery()
        with self.store.change() as session:
            session.execute(
                sa.delete(LinkRequest)
                .where(LinkRequest.contact == same)
                .execution_options(synchronize_session=False)
            )

    # Forgetting

    def count(self) -> int:
        """How many keys there are: one for each registration that is not forgotten."""
        with self.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Key)) or 0

    def count_due(self) -> int:
        with self.store.read() as session:
            return session.scalar(_counting(Key.forget_on <= self.today())) or 0

    def due(self) -> set[bytes]:
        """The ids of the keys whose day has come."""
        with self.store.read() as session:
            return set(session.scalars(sa.select(Key.id).where(Key.forget_on <= self.today())))

    def count_overdue(self) -> int:
        """Keys overdue by three days or more, which `destroy_due` does not touch unasked."""
        with self.store.read() as session:
            return session.scalar(_counting(Key.forget_on <= self.today() - OVERDUE)) or 0

    def destroy_due(self, *, sure: bool = False) -> int:
        """Destroys the keys whose day has come, and says how many.

        Raises TooManyDue when some are overdue by three days, unless `sure`: a wrong clock
        must not burn the ring."""
        today = self.today()
        with self.store.change() as session:
            late = session.scalar(_counting(Key.forget_on <= today - OVERDUE)) or 0
            if late and not sure:
                raise TooManyDue(
                    f"{late} keys are overdue by three days or more. If the clock is right, run "
                    "outreach purge --yes"
                )
            gone = session.execute(sa.delete(Key).where(Key.forget_on <= today))
        self.store.truncate_log()
        assert isinstance(gone, sa.CursorResult)
        return gone.rowcount

    def tidy(self) -> int:
        """Destroys the keys of days past, counts that are over, and questions nobody answered in
        a day. Says how many of those."""
        now = clock.now()
        with self.store.change() as session:
            session.execute(sa.delete(DayKey).where(DayKey.day < self.today()))
            session.execute(sa.delete(RateCounter).where(RateCounter.ends_at < now))
            old = session.execute(
                sa.delete(LinkRequest).where(LinkRequest.asked_at < now - ASKED_KEPT)
            )
        self.store.truncate_log()
        assert isinstance(old, sa.CursorResult)
        return old.rowcount

    def destroy_unused(self, used: set[bytes]) -> int:
        """Keys made before yesterday that nothing points at: half-made ones, and ones that an
        old copy of the ring brought back. Says how many went."""
        gone = self.unused(used)
        with self.store.change() as session:
            for some in batched(gone, 500):
                session.execute(sa.delete(Key).where(Key.id.in_(some)))
        if gone:
            self.store.truncate_log()
        return len(gone)

    def unused(self, used: set[bytes]) -> list[bytes]:
        """The ids of those keys."""
        with self.store.read() as session:
            old = sa.select(Key.id).where(Key.made_on < self.today() - timedelta(days=1))
            return sorted(set(session.scalars(old)) - used)

    def known(self) -> set[bytes]:
        """The ids of all keys there are."""
        with self.store.read() as session:
            return set(session.scalars(sa.select(Key.id)))

    # Keys of the ring itself

    def index(self, contact: str) -> bytes:
        """HMAC of an e-mail or phone, the same for one spelling in capitals or not."""
        if self._index is None:
            self._index = self._kept(IndexKey, "id", 1, b"index")
        text = contact.strip().lower().encode()
        return hmac.new(self._index, text, hashlib.sha256).digest()[:16]

    def address_of_today(self, address: str) -> bytes:
        """What stands for a network address today: an HMAC under the day's random key. Whoever
        makes that key destroys those of the days before."""
        today = self.today()
        if self._day is None or self._day[0] != today:
            self._day = today, self._kept(DayKey, "day", today, day_of(today))
        return hmac.new(self._day[1], address.encode(), hashlib.sha256).digest()[:16]

    def secret(self, mine: Callable[[], bytes]) -> bytes:
        """What all hosts sign with: `mine` of whoever asks first. Raises Misconfigured on a host
        that lacks the master."""
        self.envelope.newest()
        return self._kept(Secret, "id", 1, b"secret", mine)

    def _kept(
        self, table: Kept, column: str, value: object, about: bytes,
        new: Callable[[], bytes] = lambda: secrets.token_bytes(32),
    ) -> bytes:  # fmt: skip
        """A key kept in a row, made by whoever needs it first."""
        found = self._read_kept(table, column, value)
        if found is None:
            sealed, generation = self.envelope.seal(new(), about)
            row = {column: value, "sealed": sealed, "generation": generation}
            try:
                with self.store.change() as session:
                    session.execute(sa.insert(table).values(row))
                found = sealed, generation
            except sa.exc.IntegrityError:  # another process was first; theirs is the one to use
                found = self._read_kept(table, column, value)
            if table is DayKey:
                self.tidy()
        if found is None:
            raise Forgotten("the key of the ring itself is gone")
        return self.envelope.unseal(found[0], about, found[1])

    def _read_kept(self, table: Kept, column: str, value: object) -> tuple[bytes, int] | None:
        with self.store.read() as session:
            row = session.execute(
                sa.select(table.sealed, table.generation).where(table.__table__.c[column] == value)
            ).first()
        return None if row is None else (row[0], row[1])


_NEW_KEY: Final = sa.insert(Key.__table__)  # type: ignore[arg-type]  # it is a Table
_NEW_ASK: Final = sa.insert(LinkRequest.__table__)  # type: ignore[arg-type]  # it is a Table
_LOCK: Final = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("number", type_=sa.BigInteger)))


def _of_new(column: str) -> sa.BindParameter[object]:
    return sa.bindparam(f"new_{column}", type_=Key.__table__.c[column].type)


_COLUMNS: Final = [column.name for column in Key.__table__.columns]
_SAME: Final = (
    sa.select(sa.func.count())
    .select_from(Key)
    .where(
        Key.contact == _of_new("contact"),
        Key.workshop == _of_new("workshop"),
        Key.forget_on > sa.bindparam("today", type_=sa.Date),
    )
    .scalar_subquery()
)
_NEW_KEY_IF_FEW: Final = (
    sa.insert(Key.__table__)  # type: ignore[arg-type]  # it is a Table
    .from_select(
        _COLUMNS,
        sa.select(*(_of_new(column) for column in _COLUMNS)).where(
            sa.bindparam("at_most", type_=sa.Integer) > _SAME
        ),
    )
    .execution_options(preserve_rowcount=True)  # or that of an insert is not to be relied on
)


def day_of(day: date) -> bytes:
    """What a day's key is sealed as."""
    return b"day" + str(day).encode()


def batched(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _counting(condition: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(Key).where(condition)
