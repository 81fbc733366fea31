"""Reconciles the main database with the key store: rows without a key are cleared."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.checkin import checkin_events, checkin_tokens
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.registrations import (
    Registration,
    RegistrationStatus,
    call_attempts,
    capacity,
    plain_values,
    totals,
)
from outreach.domain.registrations.models import APPARENTLY_CONFIRMED
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.scheduling import workshop_changes
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.errors import OutreachError
from outreach.keystore import KeyStore

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
    forget_on: date


def key_references(session: Session) -> list[KeyReference]:
    """All registrations that have a key."""
    retention_days = sa.case(
        (IS_WITHOUT_SEAT, WAITLIST_RETENTION.days),
        else_=Workshop.retention_days,
    )
    rows = session.execute(
        sa.select(Registration.id, Registration.key_id, Workshop.day, retention_days)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(Registration.key_id.is_not(None))
        # The order in which several workshops are locked.
        .order_by(Registration.workshop_id)
    )
    return [
        KeyReference(registration_id, key_id, day + timedelta(days=days))
        for registration_id, key_id, day, days in rows
        if key_id is not None
    ]


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
    stored = key_store.list_workshops()
    with store.read() as session:
        rows = session.execute(
            sa.select(Registration.key_id, Registration.workshop_id)
            .where(Registration.key_id.is_not(None))
            .execution_options(yield_per=1000)
        )
        right = {key_id: workshop_id for key_id, workshop_id in rows if key_id is not None}
    wrong = {
        key_id: (was, right[key_id])
        for key_id, was in stored.items()
        if key_id in right and right[key_id] != was
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
    days, today = key_store.days(), key_store.today()
    wrong: dict[bytes, tuple[date, date]] = {}
    is_without_seat = sa.and_(
        IS_WITHOUT_SEAT,
        Workshop.starts_at <= now,
        Workshop.retention_days > WAITLIST_RETENTION.days,
    )
    retention_days = sa.case(
        (is_without_seat, WAITLIST_RETENTION.days), else_=Workshop.retention_days
    )
    with store.read() as session:
        rows = session.execute(
            sa.select(Registration.key_id, Workshop.day, retention_days)
            .join(Workshop, Workshop.id == Registration.workshop_id)
            .where(Registration.key_id.is_not(None))
            .execution_options(yield_per=1000)
        )
        for key_id, workshop_day, days_after in rows:
            stored = None if key_id is None else days.get(key_id)
            day = max(workshop_day + timedelta(days=days_after), today)
            if key_id is not None and stored is not None and max(stored, today) != day:
                wrong[key_id] = (stored, day)
    return wrong


def used_key_ids(session: Session) -> set[bytes]:
    """The ids of all keys of registrations and subscribers."""
    subscribers = session.scalars(sa.select(Subscriber.key_id))
    return {row.key_id for row in key_references(session)}.union(subscribers)


def find_rows_without_key(
    store: Store, key_store: KeyStore, *, sure: bool = False
) -> list[KeyReference]:
    """Registrations whose key is gone. Unless `sure`, raises TooManyBlind when more than a
    few of them are not due, and more than have a key: the key store was lost or is the wrong
    one."""
    # Rows before keys: a key exists before its row, so nobody who registers at this moment is
    # found.
    with store.read() as session:
        rows = key_references(session)
    known = key_store.ids()
    blind = [row for row in rows if row.key_id not in known]
    early = sum(1 for row in blind if row.forget_on > key_store.today())
    if not sure and early > max(MAX_UNEXPECTED, len(rows) - len(blind)):
        raise TooManyBlind(
            f"{early} registrations have lost their key, more than have one. If the ring is lost, "
            "load its spare first: outreach keys spare --load FILE. If they are to be forgotten, "
            "run again with --yes"
        )
    return blind


def require_matching_stores(store: Store, key_store: KeyStore) -> None:
    """Raises TooManyUnused where more than a few keys are unused, and more than are used: the main
    database is empty, or belongs to another key store."""
    with store.read() as session:
        used = used_key_ids(session)
    unused = len(key_store.unused(used))
    if unused > max(MAX_UNEXPECTED, len(used)):
        raise TooManyUnused(
            f"{unused} keys in the ring are of no registration here; {len(used)} are. See that "
            "OUTREACH_DATABASE_URL and OUTREACH_KEYRING_URL belong together, or put a backup back "
            "first: outreach restore FILE. If they are to be forgotten, run again with --yes"
        )


def reconcile_stores(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> int:
    """Clears rows whose key is gone: after a purge, an interrupted erasure or a restore. Returns
    how many. Raises as `find_rows_without_key`."""
    rows = find_rows_without_key(store, key_store, sure=sure)
    for start in range(0, len(rows), BATCH_ROWS):
        with store.change() as session:
            for row in rows[start : start + BATCH_ROWS]:
                registration = session.get_one(Registration, row.id)
                registrations.cancel(session, registration, now=now)
    return len(rows)


def seal_plain_values(store: Store, key_store: KeyStore) -> int:
    """Encrypts what earlier versions stored plain (`plain_values.py`), in a transaction for each
    workshop; returns of how many registrations."""
    with store.read() as session:
        workshop_ids = plain_values.list_workshops(session)
    total = 0
    for workshop_id in workshop_ids:
        with store.change() as session:
            total += plain_values.seal(session, key_store, workshop_id)
    for seal in (checkin_events.seal, checkin_tokens.seal):
        count = BATCH_ROWS
        while count == BATCH_ROWS:
            with store.change() as session:
                count = seal(session, limit=BATCH_ROWS)
    return total


def recount_totals(store: Store) -> int:
    """Computes the totals of all workshops with people anew (`totals.recount`), in a transaction
    for each; returns how many were wrong."""
    with store.read() as session:
        workshop_ids = session.scalars(
            sa.select(Registration.workshop_id)
            .where(Registration.key_id.is_not(None))
            .distinct()
            .order_by(Registration.workshop_id)
        ).all()
    wrong = 0
    for workshop_id in workshop_ids:
        with store.change() as session:
            capacity.lock(session, session.get_one(Workshop, workshop_id))
            wrong += totals.recount(session, workshop_id)
    return wrong


def clear_erased_rows(session: Session, *, now: datetime) -> int:
    """Reduces rows of erased people to numbers: deletes their notifications, calls, times,
    and replaces ids and nonces that old letters and forms have. Returns how many notifications were
    deleted."""
    erased = sa.select(Registration.id).where(Registration.key_id.is_(None))
    deleted = session.execute(
        sa.delete(Notification)
        .where(Notification.registration_id.in_(erased))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(deleted, sa.CursorResult)
    workshop_changes.delete_answers(session, erased)
    call_attempts.delete_of(session, Registration.key_id.is_(None))
    _replace_values(session, find_uncleared_rows(session, now=now))
    return deleted.rowcount


def delete_unreadable_messages(session: Session) -> None:
    """Deletes staff messages that no registered person can read any more."""
    can_read = sa.exists().where(
        Registration.workshop_id == Message.workshop_id, Registration.key_id.is_not(None)
    )
    session.execute(
        sa.delete(Message).where(~can_read).execution_options(synchronize_session=False)
    )


def count_notifications(session: Session, registration_ids: Sequence[str]) -> int:
    """The number of notifications of these registrations."""
    total = 0
    for start in range(0, len(registration_ids), 500):
        is_theirs = Notification.registration_id.in_(registration_ids[start : start + 500])
        total += session.scalar(sa.select(sa.func.count()).where(is_theirs)) or 0
    return total


def find_uncleared_rows(session: Session, *, now: datetime) -> Sequence[tuple[str, datetime]]:
    """Ids of erased registrations with their old id and nonce, and the start of their workshop,
    which becomes their time."""
    rows = session.execute(
        sa.select(Registration.id, Workshop.starts_at)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.is_(None),
            Registration.queue_number != 0,
            Registration.registered_at < now - FORM_LIFETIME,
        )
    )
    return [(row[0], row[1]) for row in rows]


def _replace_values(session: Session, rows: Sequence[tuple[str, datetime]]) -> None:
    if not rows:
        return
    values = [
        {
            "old": registration_id,
            # The old id is in Message-IDs of an earlier version, the old nonce in open forms.
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
