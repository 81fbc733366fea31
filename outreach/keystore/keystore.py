"""The key store: creates, reads, finds and destroys the keys of registrations."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.store import Store, changes_one_row
from outreach.errors import DataErased, OutreachError, TooMany
from outreach.keystore import bursts, text_lifetimes
from outreach.keystore.encryption import RegistrationKey, unpack_key
from outreach.keystore.envelope import Envelope
from outreach.keystore.master_keys import MasterKeys
from outreach.keystore.models import (
    DayKey,
    IndexKey,
    Key,
    LinkRequest,
    RateCounter,
    SeatParty,
    SeatShare,
    Secret,
    TextChallenge,
    TextReply,
)

MAX_OVERDUE: Final = timedelta(days=3)
# The minute of a registration: only a repeated post and the limits of letters need it (S26, S30).
MADE_AT_LIFETIME: Final = timedelta(hours=1)
LINK_REQUEST_LIFETIME: Final = timedelta(days=1)
BATCH_KEYS: Final = 500  # read or deleted by one statement
OwnKeyTable = type[IndexKey] | type[DayKey] | type[Secret]


class TooManyDue(OutreachError):
    """Keys are overdue by days, which suggests a wrong clock."""


@dataclass(frozen=True)
class KeyRequest:
    """A request for the links of registrations; `key_ids` is empty for an unknown contact."""

    id: bytes
    key_ids: list[bytes]


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What the key store knows of a key without its master key."""

    id: bytes
    workshop: int
    forget_on: date
    made_on: date


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """What an extension stores about people, and how it is erased. What identifies somebody in it
    is encrypted with a key of the key store, in a row with `id`, `sealed` and `generation`
    (decision 0078).

    The core destroys the keys of people first, and never waits for an extension: it calls a keeper
    only after its own work, one that fails stops nothing, and the worker calls it again until it
    succeeds."""

    noun: str
    """As `outreach purge` says it after the number that it erased; 30 letters at most."""
    held: str
    """As `outreach inventory` says it after the number that is stored: «wishes»."""
    count: Callable[[Store, "KeyStore"], int]
    """Counts what is stored."""
    count_due: Callable[[Store, "KeyStore", datetime], int]
    """Counts what `purge` would erase now."""
    purge: Callable[[Store, "KeyStore", datetime], int]
    """Erases what has ended, and returns how many. It is called each day and whenever somebody
    runs `outreach purge`, also while the extension is switched off, and may be called again after
    it was interrupted."""


# An hour of UTC: midnight in Hawaii, 6:30 in Newfoundland. A day of UTC would end in the evening.
COUNTING_DAY_BEGINS: Final = timedelta(hours=10)


class KeyStore:
    """The keys of registrations. Each call is a transaction of its own."""

    def __init__(
        self,
        store: Store,
        master_keys: MasterKeys,
        now: Callable[[], datetime] = clock.now,
        *,
        find_keepers: Callable[[], Sequence[Keeper]] = tuple,
    ) -> None:
        store.use_change_sessions(Session)  # nothing follows a change of keys
        self.store, self._now = store, now
        self.envelope = Envelope(store, master_keys)
        self._index: bytes | None = None
        self._day: tuple[date, bytes] | None = None
        self._find_keepers = find_keepers

    @cached_property
    def keepers(self) -> tuple[Keeper, ...]:
        """What extensions store about people: those that are on, and those that left tables."""
        return tuple(self._find_keepers())

    def today(self) -> date:
        return self._now().date()

    def counting_day(self) -> date:
        """The day of what is counted by network: it begins when nobody registers (S29)."""
        return (self._now() - COUNTING_DAY_BEGINS).date()

    # The life of a key

    def new(
        self,
        workshop: int,
        forget_on: date,
        contact: str | None = None,
        at_most: int | None = None,
    ) -> tuple[bytes, bytes]:
        """Creates a key. Returns its id of 16 bytes and the key of 32 bytes.

        It is stored before anything is encrypted with it. `contact` is an e-mail or phone by which
        the registration can be found. Raises TooMany if that contact has `at_most` keys for the
        workshop already; counting and inserting are one transaction, so that concurrent posts
        cannot pass together.
        """
        key_id, key = secrets.token_bytes(16), secrets.token_bytes(32)
        sealed, generation = self.envelope.seal(key, key_id)
        row = {
            "id": key_id,
            "sealed": sealed,
            "generation": generation,
            "workshop": workshop,
            "forget_on": forget_on,
            "made_on": self.today(),
            "made_at": clock.now(),
            "contact": self.index(contact) if contact else None,
            "burst": None,
            "renewal_at": None,
            "renewal_form": None,
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
            if not self.store.is_sqlite:  # SQLite has one writer at a time
                contact = row["contact"]
                assert isinstance(contact, bytes)
                number = int.from_bytes(contact[:8], "big", signed=True)
                connection.execute(_LOCK, {"number": number})
            added = connection.execute(_NEW_KEY_IF_FEW, wanted)
        if not added.rowcount:
            raise TooMany(f"{at_most} for one contact")

    def get(self, key_id: bytes) -> RegistrationKey:
        """The key. Raises DataErased if it is deleted or its day has come."""
        keys = self.get_all([key_id])
        if key_id not in keys:
            raise DataErased("the key is gone")
        return keys[key_id]

    def get_all(self, key_ids: Iterable[bytes]) -> dict[bytes, RegistrationKey]:
        """The keys that still exist, by id."""
        keys: dict[bytes, RegistrationKey] = {}
        with self.store.read_rows() as connection:
            for some in batched(key_ids, 500):
                rows = connection.execute(_GET, {"ids": list(some), "today": self.today()})
                for key_id, sealed, generation in rows:
                    keys[key_id] = unpack_key(self.envelope.unseal(sealed, key_id, generation))
        return keys

    def made_at(self, key_id: bytes) -> datetime | None:
        """Returns when the key was created; None where that is longer ago than MADE_AT_LIFETIME, or
        it is deleted."""
        with self.store.read() as session:
            found = session.scalar(sa.select(Key.made_at).where(Key.id == key_id))
        is_known = found is not None and clock.now() - found < MADE_AT_LIFETIME
        return found if is_known else None

    def find(self, contact: str, workshop: int | None = None) -> list[bytes]:
        """Returns the ids of the keys of this e-mail or phone, at one workshop or at all."""
        query = sa.select(Key.id).where(
            Key.contact == self.index(contact), Key.forget_on > self.today()
        )
        if workshop is not None:
            query = query.where(Key.workshop == workshop)
        with self.store.read() as session:
            return list(session.scalars(query))

    def list_same_contact(self, key_ids: Sequence[bytes]) -> dict[bytes, list[bytes]]:
        """The ids of the other keys of the same e-mail or phone, by id of key; without those that
        have none."""
        other = sa.orm.aliased(Key)
        found: dict[bytes, list[bytes]] = {}
        with self.store.read() as session:
            for some in batched(key_ids, 500):
                rows = session.execute(
                    sa.select(Key.id, other.id)
                    .join(other, sa.and_(other.contact == Key.contact, other.id != Key.id))
                    .where(Key.id.in_(some), other.forget_on > self.today())
                )
                for key_id, other_id in rows:
                    found.setdefault(key_id, []).append(other_id)
        return found

    def set_contact(self, key_id: bytes, contact: str | None) -> None:
        """Changes the contact by which a registration can be found."""
        value = self.index(contact) if contact else None
        with self.store.change() as session:
            session.execute(sa.update(Key).where(Key.id == key_id).values(contact=value))

    def destroy(self, *key_ids: bytes) -> None:
        """Deletes keys, also from the pages and the log of SQLite."""
        with self.store.change() as session:
            for some in batched(key_ids, 500):
                session.execute(sa.delete(Key).where(Key.id.in_(some)))
                session.execute(sa.delete(SeatParty).where(SeatParty.key_id.in_(some)))
                session.execute(sa.delete(TextChallenge).where(TextChallenge.key_id.in_(some)))
                session.execute(sa.delete(TextReply).where(TextReply.key_id.in_(some)))
        self.store.truncate_log()

    def move(self, workshop: int, forget_on: date) -> None:
        """Sets the day on which the people of a workshop are forgotten, today at the earliest."""
        # A past day could make the key overdue at once, which stops `destroy_due` for everybody.
        day = max(forget_on, self.today())
        with self.store.change() as session:
            session.execute(sa.update(Key).where(Key.workshop == workshop).values(forget_on=day))

    def reassign(self, key_id: bytes, workshop: int, forget_on: date) -> None:
        """Makes a key one of another workshop: it is destroyed on that one's day, today at the
        earliest. A deleted key stays deleted."""
        day = max(forget_on, self.today())
        with self.store.change() as session:
            session.execute(
                sa.update(Key).where(Key.id == key_id).values(workshop=workshop, forget_on=day)
            )

    def list_workshops(self) -> dict[bytes, int]:
        """The workshop of each key, by its id."""
        with self.store.read() as session:
            rows = session.execute(sa.select(Key.id, Key.workshop))
            return {row.id: row.workshop for row in rows.yield_per(1000)}

    def correct_workshops(self, wrong: Mapping[bytes, tuple[int, int]]) -> None:
        """Corrects the workshop of keys. `wrong` has the stored and the right one; a key whose
        workshop was changed meanwhile stays."""
        with self.store.change() as session:
            for key_id, (stored, workshop) in wrong.items():
                is_same = sa.and_(Key.id == key_id, Key.workshop == stored)
                session.execute(sa.update(Key).where(is_same).values(workshop=workshop))

    def keep(self, key_id: bytes, forget_on: date) -> bool:
        """Keeps a key until that day at least. False if it is deleted or its day has come."""
        at_least = sa.case((Key.forget_on < forget_on, forget_on), else_=Key.forget_on)
        with self.store.change() as session:
            return changes_one_row(
                session,
                sa.update(Key)
                .where(Key.id == key_id, Key.forget_on > self.today())
                .values(forget_on=at_least),
            )

    def expire_by(self, key_ids: Iterable[bytes], forget_on: date) -> int:
        """Sets the day of keys that have a later one, today at the earliest. Returns how many."""
        day, changed_count = max(forget_on, self.today()), 0
        with self.store.change() as session:
            for some in batched(key_ids, 500):
                later = Key.id.in_(some) & (Key.forget_on > day)
                changed = session.execute(sa.update(Key).where(later).values(forget_on=day))
                assert isinstance(changed, sa.CursorResult)
                changed_count += changed.rowcount
        return changed_count

    def days(self) -> dict[bytes, date]:
        """The day on which each key is destroyed, by its id."""
        with self.store.read() as session:
            rows = session.execute(sa.select(Key.id, Key.forget_on))
            return {row.id: row.forget_on for row in rows.yield_per(1000)}

    def change_days(self, key_ids: Iterable[bytes], was: date, forget_on: date) -> None:
        """Changes the day of the keys whose day is still `was`, except rows locked by another
        transaction."""
        for some in batched(key_ids, 500):
            same = sa.select(Key.id).where(Key.id.in_(some), Key.forget_on == was)
            with self.store.change() as session:
                free = session.scalars(same.with_for_update(skip_locked=True)).all()
                session.execute(sa.update(Key).where(Key.id.in_(free)).values(forget_on=forget_on))

    # Link recovery

    def request_link(self, contact: str) -> None:
        """Stores a request for the links of a contact: one row, known or not, so that neither the
        answer nor its time reveals whether somebody is registered."""
        row = {
            "id": secrets.token_bytes(16),
            "contact": self.index(contact),
            "asked_at": clock.now(),
        }
        with self.store.change_rows() as connection:
            connection.execute(_NEW_LINK_REQUEST, row)

    def link_requests(self, limit: int = 100) -> list[KeyRequest]:
        """The unanswered requests, the oldest first; one for each contact."""
        requests: dict[bytes, KeyRequest] = {}
        with self.store.read() as session:
            for row in session.scalars(
                sa.select(LinkRequest).order_by(LinkRequest.asked_at, LinkRequest.id).limit(limit)
            ):
                requests.setdefault(row.contact, KeyRequest(row.id, []))
            for contact, key_id in session.execute(
                sa.select(Key.contact, Key.id).where(
                    Key.contact.in_(requests), Key.forget_on > self.today()
                )
            ):
                if contact is not None:
                    requests[contact].key_ids.append(key_id)
        return list(requests.values())

    def delete_link_request(self, request_id: bytes) -> None:
        """Deletes an answered request, and later ones of the same contact."""
        same = sa.select(LinkRequest.contact).where(LinkRequest.id == request_id).scalar_subquery()
        with self.store.change() as session:
            session.execute(
                sa.delete(LinkRequest)
                .where(LinkRequest.contact == same)
                .execution_options(synchronize_session=False)
            )

    # Erasure

    def count(self) -> int:
        """The number of keys: one for each registration that is not erased."""
        with self.store.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Key)) or 0

    def count_due(self) -> int:
        """The number of keys whose day has come."""
        with self.store.read() as session:
            return session.scalar(_counting(Key.forget_on <= self.today())) or 0

    def due_ids(self) -> set[bytes]:
        """The ids of the keys whose day has come."""
        with self.store.read() as session:
            return set(session.scalars(sa.select(Key.id).where(Key.forget_on <= self.today())))

    def count_overdue(self) -> int:
        """The number of keys overdue by MAX_OVERDUE, which `destroy_due` deletes only if `sure`."""
        with self.store.read() as session:
            return session.scalar(_counting(Key.forget_on <= self.today() - MAX_OVERDUE)) or 0

    def destroy_due(self, *, sure: bool = False) -> int:
        """Deletes the keys whose day has come. Returns how many.

        Raises TooManyDue if some are overdue by MAX_OVERDUE, unless `sure`, since a wrong clock
        must not delete all keys.
        """
        today = self.today()
        with self.store.change() as session:
            late = session.scalar(_counting(Key.forget_on <= today - MAX_OVERDUE)) or 0
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
        """Deletes day keys and seat shares of past days, bursts of a week ago, rate counters that
        ended, what is left of answers by text, and link requests that were not answered within
        LINK_REQUEST_LIFETIME. Returns how many requests."""
        now = clock.now()
        with self.store.change() as session:
            for table in (DayKey, SeatShare, SeatParty):
                session.execute(sa.delete(table).where(table.day < self.counting_day()))
            bursts.delete_old(session, self.today())
            session.execute(sa.delete(RateCounter).where(RateCounter.ends_at < now))
            text_lifetimes.delete_old(session, self.today(), now)
            is_old = Key.made_at < now - MADE_AT_LIFETIME
            session.execute(sa.update(Key).where(is_old).values(made_at=None))
            old = session.execute(
                sa.delete(LinkRequest).where(LinkRequest.asked_at < now - LINK_REQUEST_LIFETIME)
            )
        self.store.truncate_log()
        assert isinstance(old, sa.CursorResult)
        return old.rowcount

    def list_batches(self) -> Iterator[Sequence[StoredKey]]:
        """Yields all keys in the order of their ids, in batches. Each is read by itself: no
        transaction stays open."""
        last = b""
        while True:
            with self.store.read_rows() as connection:
                rows = connection.execute(_NEXT_KEYS, {"last": last}).all()
            if not rows:
                return
            yield [StoredKey(*row) for row in rows]
            last = rows[-1].id

    def list_existing(self, key_ids: Sequence[bytes]) -> set[bytes]:
        """Returns which of these ids a key has; the key may be due."""
        found = set[bytes]()
        with self.store.read_rows() as connection:
            for some in batched(key_ids, BATCH_KEYS):
                found.update(connection.scalars(sa.select(Key.id).where(Key.id.in_(some))))
        return found

    def ids(self) -> set[bytes]:
        """The ids of all keys."""
        with self.store.read() as session:
            return set(session.scalars(sa.select(Key.id)))

    # The key store's own keys

    def index(self, contact: str) -> bytes:
        """The HMAC of an e-mail or phone; capitals make no difference."""
        return self._keyed(contact.strip().lower())[:16]

    def form_id(self, nonce: str) -> str:
        """The HMAC of the nonce of a form, which identifies the form in the main database: a copy
        of that database and a browser's cached page do not lead to each other (S26)."""
        return self._keyed(f"form {nonce}").hex()

    def link_digest(self, hashed: bytes) -> bytes:
        """The HMAC of the SHA-256 of a link's token, as the main database stores it: without the
        key store, nobody matches that database with a link on somebody's phone (S05)."""
        return self._keyed(f"link {hashed.hex()}")

    def letter_id(self, about: object, recipient: str) -> str:
        """The local part of a letter's Message-ID: the same each time it is sent. Without the key
        store, no mailbox is matched with the rows of the main database (SEAT04)."""
        about_digest = self._keyed(f"letter {about} {recipient}").hex()[:_LETTER_DIGITS]
        return f"{about_digest}.{self.letter_recipient(recipient)}"

    def letter_recipient(self, recipient: str) -> str:
        """The part of `letter_id` that all letters to a registration, subscriber or staff member
        share: by it the letters of who is erased are found."""
        return self._keyed(f"letters to {recipient}").hex()[:_LETTER_DIGITS]

    def code_digest(self, workshop: int, code: str) -> bytes:
        """The HMAC of a check-in code, by which the main database finds it (S33)."""
        return self._keyed(f"code {workshop} {code}")

    def own_key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose of the whole installation; it dies with the key
        store."""
        return self._keyed(f"key {purpose}")

    def digest_recipient(self, contact: str) -> bytes:
        """The digest of an e-mail or phone in what is stored apart from registrations: it matches
        no key of theirs. Phones that want no texts have it too
        (`text_exchange.select_stopped_recipients`)."""
        return self.digest_for("recipients", contact.strip().lower())[:16]

    def digest_for(self, purpose: str, text: str) -> bytes:
        """The HMAC of a text under the key of a purpose."""
        return hmac.new(self.own_key(purpose), text.encode(), hashlib.sha256).digest()

    def attach(self, store: Store) -> None:
        """Lets the sessions of the main database read what is encrypted (`of_session`)."""
        store.session_info["key_store"] = self

    def _keyed(self, text: str) -> bytes:
        if self._index is None:
            self._index = self._get_or_create(IndexKey, "id", 1, b"index")
        return hmac.new(self._index, text.encode(), hashlib.sha256).digest()

    def digest_of_today(self, text: str) -> bytes:
        """The HMAC of a network address, or of what else is counted by day, under the random key of
        the day. Creating that key deletes those of earlier days."""
        day = self.counting_day()
        if self._day is None or self._day[0] != day:
            self._day = day, self._get_or_create(DayKey, "day", day, day_of(day))
        return hmac.new(self._day[1], text.encode(), hashlib.sha256).digest()[:16]

    def secret(self, make: Callable[[], bytes]) -> bytes:
        """The shared secret of all hosts; the first host stores that of `make`.

        Raises Misconfigured on a host that lacks the master key.
        """
        self.envelope.newest()
        return self._get_or_create(Secret, "id", 1, b"secret", make)

    def _get_or_create(
        self, table: OwnKeyTable, column: str, value: object, about: bytes,
        new: Callable[[], bytes] = lambda: secrets.token_bytes(32),
    ) -> bytes:  # fmt: skip
        """The key of a row, created when it is first needed."""
        found = self._read_own_key(table, column, value)
        if found is None:
            sealed, generation = self.envelope.seal(new(), about)
            row = {column: value, "sealed": sealed, "generation": generation}
            try:
                with self.store.change() as session:
                    session.execute(sa.insert(table).values(row))
                found = sealed, generation
            except sa.exc.IntegrityError:  # another process created it
                found = self._read_own_key(table, column, value)
            if table is DayKey:
                self.tidy()
        if found is None:
            raise DataErased("the key of the ring itself is gone")
        return self.envelope.unseal(found[0], about, found[1])

    def _read_own_key(
        self, table: OwnKeyTable, column: str, value: object
    ) -> tuple[bytes, int] | None:
        with self.store.read() as session:
            row = session.execute(
                sa.select(table.sealed, table.generation).where(table.__table__.c[column] == value)
            ).first()
        return None if row is None else (row[0], row[1])


_LETTER_DIGITS: Final = 20  # short: some mail programs do not understand a folded Message-ID


def of_session(session: Session) -> KeyStore:
    """The key store that belongs to the database of a session (`KeyStore.attach`)."""
    key_store = session.info.get("key_store")
    if not isinstance(key_store, KeyStore):
        raise RuntimeError("no key store is attached to this database")
    return key_store


_NEW_KEY: Final = sa.insert(Key.__table__)  # type: ignore[arg-type]  # it is a Table
_GET: Final = sa.select(Key.id, Key.sealed, Key.generation).where(
    Key.id.in_(sa.bindparam("ids", expanding=True)),
    Key.forget_on > sa.bindparam("today", type_=sa.Date),
)
_NEXT_KEYS: Final = (
    sa.select(Key.id, Key.workshop, Key.forget_on, Key.made_on)
    .where(Key.id > sa.bindparam("last", type_=sa.LargeBinary))
    .order_by(Key.id)
    .limit(BATCH_KEYS)
)
_NEW_LINK_REQUEST: Final = sa.insert(LinkRequest.__table__)  # type: ignore[arg-type]  # it is a Table
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
    """The name under which a day key is encrypted."""
    return b"day" + str(day).encode()


def batched(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _counting(condition: sa.ColumnElement[bool]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(Key).where(condition)
