"""Reconciles the main database with the key store: rows without a key are cleared."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store, change_rows
from outreach.domain import registrations
from outreach.domain.checkin import checkin_events
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    capacity,
    totals,
)
from outreach.domain.registrations.call_attempts import CallAttempt
from outreach.domain.registrations.models import APPARENTLY_CONFIRMED, IS_UNCLEARED
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.roster.models import RosterMember
from outreach.domain.scheduling.kept_queue import KeptAnswer, KeptNotification
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.errors import OutreachError
from outreach.keystore import KeyStore
from outreach.keystore.keystore import BATCH_KEYS, batched

# Parties without a seat when the workshop began are kept for a shorter time (DATA02); not those
# whose pages show a seat, or the day of the erasure would tell who was beyond a share (S29).
IS_WITHOUT_SEAT: Final = sa.and_(
    Registration.status.in_(
        (RegistrationStatus.WAITLISTED, RegistrationStatus.OFFERED, RegistrationStatus.EXPIRED)
    ),
    ~APPARENTLY_CONFIRMED,
)
WAITLIST_RETENTION: Final = timedelta(days=7)
BATCH_ROWS: Final = 100  # cleared in one transaction
MAX_UNEXPECTED: Final = 10  # missing or unused keys that raise no alarm
# A form can be sent for twelve hours; until then its nonce has to be known.
FORM_LIFETIME: Final = timedelta(hours=13)


class TooManyBlind(OutreachError):
    """So many rows have no key that the key store was probably lost."""


class TooManyUnused(OutreachError):
    """So many keys are unused that the main database is probably the wrong one."""


@dataclass(frozen=True)
class KeyReference:
    """A registration that has a key, and the day on which the key is to be deleted."""

    id: str
    key_id: bytes
    workshop_id: int
    forget_on: date


def find_references(session: Session, key_ids: Iterable[bytes]) -> list[KeyReference]:
    """The registrations with these keys, in the order in which several workshops are locked."""
    retention_days = sa.case(
        (IS_WITHOUT_SEAT, WAITLIST_RETENTION.days),
        else_=Workshop.retention_days,
    )
    found = list[KeyReference]()
    for some in batched(key_ids, BATCH_KEYS):
        rows = session.execute(
            sa.select(
                Registration.id,
                Registration.key_id,
                Registration.workshop_id,
                Workshop.day,
                retention_days,
            )
            .join(Workshop, Workshop.id == Registration.workshop_id)
            .where(Registration.key_id.in_(some))
        )
        found += [
            KeyReference(registration_id, key_id, workshop_id, day + timedelta(days=days))
            for registration_id, key_id, workshop_id, day, days in rows
            if key_id is not None
        ]
    return sorted(found, key=lambda each: each.workshop_id)


def list_row_batches(store: Store) -> Iterator[list[bytes]]:
    """The key ids of all registrations that have one, in batches. Each is read by itself: no
    transaction stays open, and nothing of erased people is read."""
    last = b""
    while True:
        with store.read_rows() as connection:
            found = connection.scalars(_NEXT_ROWS, {"last": last})
            key_ids = [key_id for key_id in found if key_id is not None]
        if not key_ids:
            return
        yield key_ids
        last = key_ids[-1]


_NEXT_ROWS: Final = (
    sa.select(Registration.key_id)
    .where(
        Registration.key_id.is_not(None),
        Registration.key_id > sa.bindparam("last", type_=sa.LargeBinary),
    )
    .order_by(Registration.key_id)
    .limit(BATCH_KEYS)
)


def correct_days(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Sets the day of keys to that of their workshop. The key store is updated after a workshop was
    moved, and may have been out of reach then."""
    changes: dict[tuple[date, date], list[bytes]] = {}
    for key_id, days in find_wrong_days(store, key_store, now=now).items():
        changes.setdefault(days, []).append(key_id)
    for (stored, day), key_ids in changes.items():
        key_store.change_days(key_ids, stored, day)


def correct_workshops(store: Store, key_store: KeyStore) -> None:
    """Sets the workshop of keys to that of their registration. The key store is updated after
    somebody moved to another date, and may have been out of reach then."""
    # Keys before rows, as in `find_wrong_days`.
    for keys in key_store.list_batches():
        stored = {each.id: each.workshop for each in keys}
        with store.read() as session:
            rows = session.execute(
                sa.select(Registration.key_id, Registration.workshop_id).where(
                    Registration.key_id.in_(stored)
                )
            ).all()
        wrong = {
            key_id: (stored[key_id], workshop_id)
            for key_id, workshop_id in rows
            if key_id is not None and stored[key_id] != workshop_id
        }
        if wrong:
            key_store.correct_workshops(wrong)


def find_wrong_days(
    store: Store, key_store: KeyStore, *, now: datetime
) -> dict[bytes, tuple[date, date]]:
    """Keys whose day is not that of their workshop: the stored day and the right one, which is
    never past. A key that is due by both is left out: how long it is overdue distinguishes a wrong
    clock from a late purge."""
    # Keys before rows, and corrected only where the stored day is still the same: a move that
    # happens meanwhile is not undone.
    today = key_store.today()
    wrong: dict[bytes, tuple[date, date]] = {}
    is_without_seat = sa.and_(
        IS_WITHOUT_SEAT,
        Workshop.starts_at <= now,
        Workshop.retention_days > WAITLIST_RETENTION.days,
    )
    retention_days = sa.case(
        (is_without_seat, WAITLIST_RETENTION.days), else_=Workshop.retention_days
    )
    for keys in key_store.list_batches():
        stored = {each.id: each.forget_on for each in keys}
        with store.read() as session:
            rows = session.execute(
                sa.select(Registration.key_id, Workshop.day, retention_days)
                .join(Workshop, Workshop.id == Registration.workshop_id)
                .where(Registration.key_id.in_(stored))
            ).all()
        for key_id, workshop_day, days_after in rows:
            day = max(workshop_day + timedelta(days=days_after), today)
            if key_id is not None and max(stored[key_id], today) != day:
                wrong[key_id] = (stored[key_id], day)
    return wrong


# Whose rows have a key of their own, beside registrations.
_OTHER_TABLES: Final = (Subscriber, RosterMember)


def used_key_ids(session: Session) -> set[bytes]:
    """The ids of all keys of registrations, subscribers and roster members."""
    registered = session.scalars(
        sa.select(Registration.key_id).where(Registration.key_id.is_not(None))
    )
    others = (session.scalars(sa.select(table.key_id)) for table in _OTHER_TABLES)
    return {key_id for key_id in registered if key_id is not None}.union(*others)


def find_unused_keys(store: Store, key_store: KeyStore) -> list[bytes]:
    """Keys made before yesterday that nobody uses: of failed registrations, or from a restored key
    backup."""
    since, unused = key_store.today() - timedelta(days=1), list[bytes]()
    for keys in key_store.list_batches():
        old = [each.id for each in keys if each.made_on < since]
        with store.read() as session:
            used = {
                *session.scalars(
                    sa.select(Registration.key_id).where(Registration.key_id.in_(old))
                ),
                *(
                    key_id
                    for table in _OTHER_TABLES
                    for key_id in session.scalars(
                        sa.select(table.key_id).where(table.key_id.in_(old))
                    )
                ),
            }
        unused += [each for each in old if each not in used]
    return unused


def _count_used(session: Session) -> int:
    registered = sa.select(sa.func.count()).where(Registration.key_id.is_not(None))
    others = (sa.select(sa.func.count()).select_from(table) for table in _OTHER_TABLES)
    return sum(session.scalar(counted) or 0 for counted in (registered, *others))


def find_rows_without_key(
    store: Store, key_store: KeyStore, *, sure: bool = False
) -> list[KeyReference]:
    """Registrations whose key is gone. Unless `sure`, raises TooManyBlind when more than a
    few of them are not due, and more than have a key: the key store was lost or is the wrong
    one."""
    # Rows before keys: a key exists before its row, so nobody who registers at this moment is
    # found.
    missing, kept_count = list[bytes](), 0
    for key_ids in list_row_batches(store):
        known = key_store.list_existing(key_ids)
        missing += [each for each in key_ids if each not in known]
        kept_count += len(known)
    with store.read() as session:
        blind = find_references(session, missing)
    early = sum(1 for row in blind if row.forget_on > key_store.today())
    if not sure and early > max(MAX_UNEXPECTED, kept_count):
        raise TooManyBlind(
            f"{early} registrations have lost their key, more than have one. If the ring is lost, "
            "load its spare first: outreach keys spare --load FILE. If they are to be forgotten, "
            "run again with --yes"
        )
    return blind


def require_matching_stores(store: Store, key_store: KeyStore) -> None:
    """Raises TooManyUnused where more than a few keys are unused, and more than are used: the main
    database is empty, or belongs to another key store."""
    unused = len(find_unused_keys(store, key_store))
    with store.read() as session:
        used = _count_used(session)
    if unused > max(MAX_UNEXPECTED, used):
        raise TooManyUnused(
            f"{unused} keys in the ring are of no registration here; {used} are. See that "
            "OUTREACH_DATABASE_URL and OUTREACH_KEYRING_URL belong together, or put a backup back "
            "first: outreach restore FILE. If they are to be forgotten, run again with --yes"
        )


def reconcile_stores(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> int:
    """Clears rows whose key is gone: after a purge, an interrupted erasure or a restore. Returns
    how many. Raises as `find_rows_without_key`."""
    rows = find_rows_without_key(store, key_store, sure=sure)
    clear_rows(store, rows, now=now)
    return len(rows)


def clear_rows(store: Store, rows: Sequence[KeyReference], *, now: datetime) -> None:
    """Clears the rows of `find_rows_without_key`, a batch in each transaction."""
    for start in range(0, len(rows), BATCH_ROWS):
        with store.change() as session:
            for row in rows[start : start + BATCH_ROWS]:
                registration = session.get_one(Registration, row.id)
                registrations.cancel(session, registration, now=now)


def recount_totals(store: Store) -> int:
    """Computes the totals of all workshops with people anew (`totals.recount`), in a transaction
    for each; returns how many were wrong."""
    with store.read() as session:
        # DISTINCT would make SQLite read the index of workshops, which has all registrations.
        workshop_ids = sorted(
            set(
                session.scalars(
                    sa.select(Registration.workshop_id).where(Registration.key_id.is_not(None))
                )
            )
        )
    wrong = 0
    for workshop_id in workshop_ids:
        with store.change() as session:
            capacity.lock(session, session.get_one(Workshop, workshop_id))
            wrong += totals.recount(session, workshop_id)
    return wrong


def clear_erased_rows(store: Store, *, now: datetime) -> Counter[str]:
    """Reduces rows of erased people to numbers, a batch in each transaction: deletes their
    notifications, calls and answers, and replaces times, ids and nonces that old letters and forms
    have. Returns how many rows were deleted, by table."""
    deleted = Counter[str]()
    for table in _TABLES_OF_PEOPLE:
        # Found without a lock: somebody who has been erased stays so.
        while registration_ids := _find_erased(store, table):
            with store.change() as session:
                deleted[table.__tablename__] += change_rows(
                    session, sa.delete(table).where(table.registration_id.in_(registration_ids))
                )
    is_left = True
    while is_left:
        with store.change() as session:
            rows = find_uncleared_rows(session, now=now, limit=BATCH_ROWS)
            _replace_values(session, rows)
        is_left = len(rows) == BATCH_ROWS
    return deleted


# Their rows are deleted with the key of the registration.
_RowOfPerson = Notification | CallAttempt | KeptAnswer | KeptNotification
_TABLES_OF_PEOPLE: Final = (Notification, CallAttempt, KeptAnswer, KeptNotification)


def _find_erased(store: Store, table: type[_RowOfPerson]) -> list[str]:
    """Returns some erased registrations that have rows in this table."""
    with store.read() as session:
        return list(
            session.scalars(
                sa.select(table.registration_id).where(_is_erased(table)).limit(BATCH_ROWS)
            )
        )


def _is_erased(table: type[_RowOfPerson]) -> sa.ColumnElement[bool]:
    # By the living, of whom there is an index: PostgreSQL would read all the erased ones.
    return ~sa.exists().where(
        Registration.id == table.registration_id, Registration.key_id.is_not(None)
    )


def count_rows_of_erased(session: Session, table: type[Notification | CallAttempt]) -> int:
    """The number of rows that `clear_erased_rows` would delete."""
    counted = sa.select(sa.func.count()).select_from(table).where(_is_erased(table))
    return session.scalar(counted) or 0


def delete_unreadable_messages(session: Session) -> int:
    """Deletes staff messages that no registered person can read any more; returns how many."""
    can_read = sa.exists().where(
        Registration.workshop_id == Message.workshop_id, Registration.key_id.is_not(None)
    )
    return change_rows(session, sa.delete(Message).where(~can_read))


def count_notifications(session: Session, registration_ids: Sequence[str]) -> int:
    """The number of notifications of these registrations."""
    total = 0
    for start in range(0, len(registration_ids), 500):
        is_theirs = Notification.registration_id.in_(registration_ids[start : start + 500])
        total += session.scalar(sa.select(sa.func.count()).where(is_theirs)) or 0
    return total


def find_uncleared_rows(
    session: Session, *, now: datetime, limit: int
) -> Sequence[tuple[str, datetime]]:
    """Ids of erased registrations with their old id and nonce, and the start of their workshop,
    which becomes their time."""
    rows = session.execute(
        sa.select(Registration.id, Workshop.starts_at)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(IS_UNCLEARED, Registration.registered_at < now - FORM_LIFETIME)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _replace_values(session: Session, rows: Sequence[tuple[str, datetime]]) -> None:
    if not rows:
        return
    values = [
        {
            "old": registration_id,
            # The old id may be in a copy that somebody took, the old nonce is in open forms.
            "id": code(26),
            "nonce": hashlib.sha256(secrets.token_bytes(32)).digest(),
            "registered_at": starts_at,
        }
        for registration_id, starts_at in rows
    ]
    for value in values:
        checkin_events.rename_party(session, str(value["old"]), str(value["id"]))
    table = Registration.__table__
    session.connection().execute(
        sa.update(table)  # type: ignore[arg-type]  # it is a Table
        .where(table.c.id == sa.bindparam("old"))
        .values(
            id=sa.bindparam("id"),
            nonce=sa.bindparam("nonce"),
            registered_at=sa.bindparam("registered_at", type_=table.c.registered_at.type),
            **_EMPTY_VALUES,
        ),
        values,
    )


_EMPTY_VALUES: Final[dict[str, object]] = {
    "queue_number": 0,
    "joint_id": None,
    "slot_id": None,
    "offered_until": None,
    "changes": 0,
    "wants_entry": False,
}


@dataclass(frozen=True)
class WaitlistedKey:
    """The key of a party without a seat, and the day of its workshop."""

    key_id: bytes
    day: date


def find_waitlisted_keys(session: Session, *, now: datetime) -> list[WaitlistedKey]:
    """Keys of parties that had no seat when their workshop began."""
    rows = session.execute(
        sa.select(Registration.key_id, Workshop.day)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.is_not(None),
            IS_WITHOUT_SEAT,
            Workshop.starts_at <= now,
        )
    )
    return [WaitlistedKey(key_id, day) for key_id, day in rows if key_id is not None]
