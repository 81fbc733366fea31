"""Making the main database and the ring agree: a row whose key is gone is emptied."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.registrations.notifications import Notification
from outreach.domain.registrations.staff_messages import Message
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.errors import OutreachError
from outreach.keystore import KeyStore

# Who had only a turn when the workshop began, whatever the kind keeps of those who had a place.
ONLY_A_TURN: Final = (
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
    RegistrationStatus.EXPIRED,
)
TURN_KEPT: Final = timedelta(days=7)
BATCH: Final = 100  # rows emptied in one transaction
FEW: Final = 10
# A form can be sent for twelve hours: until then its nonce says that it was used.
FORM_LASTS: Final = timedelta(hours=13)


class TooManyBlind(OutreachError):
    """So many rows without a key are more likely a lost ring than people who were forgotten."""


class TooManyUnused(OutreachError):
    """So many keys that nothing points at are more likely those of another main database."""


@dataclass(frozen=True)
class Pointing:
    """A row that points at a key, and the day on which that key was to go."""

    id: str
    key_id: bytes
    forget_on: date


def pointing(session: Session) -> list[Pointing]:
    """Every registration that points at a key."""
    kept = sa.case(
        (Registration.status.in_(ONLY_A_TURN), TURN_KEPT.days), else_=Workshop.retention_days
    )
    rows = session.execute(
        sa.select(Registration.id, Registration.key_id, Workshop.day, kept)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(Registration.key_id.is_not(None))
        # Whoever changes several workshops at once takes them in this order.
        .order_by(Registration.workshop_id)
    )
    return [
        Pointing(mine, key_id, day + timedelta(days=days))
        for mine, key_id, day, days in rows
        if key_id is not None
    ]


def correct(store: Store, key_store: KeyStore, *, now: datetime) -> None:
    """Gives the keys the day of their workshop, where the ring has another: the ring is told of a
    move after it was kept, and may not have been reached."""
    wanted: dict[tuple[date, date], list[bytes]] = {}
    for key_id, (was, day) in astray(store, key_store, now=now).items():
        wanted.setdefault((was, day), []).append(key_id)
    for (was, day), key_ids in wanted.items():
        key_store.correct(key_ids, was, day)


def astray(store: Store, key_store: KeyStore, *, now: datetime) -> dict[bytes, tuple[date, date]]:
    """The keys whose day in the ring is not that of their workshop, with both days; the second is
    never past. What is due in the ring and by its workshop stays as it is: how long it has been
    overdue tells a wrong clock from a late purge."""
    # Keys before rows, and corrected only where the day is still this one: who moves a workshop
    # meanwhile is not overruled by what it was.
    days, today = key_store.days(), key_store.today()
    found: dict[bytes, tuple[date, date]] = {}
    only_a_turn = sa.and_(
        Registration.status.in_(ONLY_A_TURN),
        Workshop.starts_at <= now,
        Workshop.retention_days > TURN_KEPT.days,
    )
    kept = sa.case((only_a_turn, TURN_KEPT.days), else_=Workshop.retention_days)
    with store.read() as session:
        rows = session.execute(
            sa.select(Registration.key_id, Workshop.day, kept)
            .join(Workshop, Workshop.id == Registration.workshop_id)
            .where(Registration.key_id.is_not(None))
            .execution_options(yield_per=1000)
        )
        for key_id, held_on, for_days in rows:
            was = None if key_id is None else days.get(key_id)
            day = max(held_on + timedelta(days=for_days), today)
            if key_id is not None and was is not None and max(was, today) != day:
                found[key_id] = (was, day)
    return found


def used(session: Session) -> set[bytes]:
    """The ids of all keys that something points at: a registration, or a subscriber."""
    subscribers = session.scalars(sa.select(Subscriber.key_id))
    return {row.key_id for row in pointing(session)}.union(subscribers)


def blind(store: Store, key_store: KeyStore, *, sure: bool = False) -> list[Pointing]:
    """The rows whose key is gone. Raises TooManyBlind when these are more than a few, their day
    has not come, and hardly anybody else has a key: the ring was lost, or is another one."""
    # Rows before keys: a key is in the ring before there is a row for it, so nobody who is
    # registering at this moment is taken for forgotten.
    with store.read() as session:
        rows = pointing(session)
    known = key_store.known()
    found = [row for row in rows if row.key_id not in known]
    early = sum(1 for row in found if row.forget_on > key_store.today())
    if not sure and early > max(FEW, len(rows) - len(found)):
        raise TooManyBlind(
            f"{early} registrations have lost their key, more than have one. If the ring is lost, "
            "load its spare first: outreach keys spare --load FILE. If they are to be forgotten, "
            "run again with --yes"
        )
    return found


def require_used(store: Store, key_store: KeyStore) -> None:
    """Raises TooManyUnused where the keys that nothing points at are more than a few, and more than
    the others: the main database is empty, or another one than the ring is of."""
    with store.read() as session:
        mine = used(session)
    unused = len(key_store.unused(mine))
    if unused > max(FEW, len(mine)):
        raise TooManyUnused(
            f"{unused} keys in the ring are of no registration here; {len(mine)} are. See that "
            "OUTREACH_DATABASE_URL and OUTREACH_KEYRING_URL belong together, or put a backup back "
            "first: outreach restore FILE. If they are to be forgotten, run again with --yes"
        )


def reconcile_stores(
    store: Store, key_store: KeyStore, *, now: datetime, sure: bool = False
) -> int:
    """Empties the rows whose key is gone: of a purge, of a forgetting that was cut short, of an
    older copy that has been put back. Says how many. Raises as `blind` does."""
    found = blind(store, key_store, sure=sure)
    for start in range(0, len(found), BATCH):
        with store.change() as session:
            for row in found[start : start + BATCH]:
                registration = session.get_one(Registration, row.id)
                registrations.cancel(session, registration, now=now)
    return len(found)


def wash(session: Session, *, now: datetime) -> int:
    """Leaves of the rows of forgotten people nothing but the count they are: no letter that was
    sent, no hour, no language, nothing that an old letter or an open form leads to. Says how many
    notices went."""
    forgotten = sa.select(Registration.id).where(Registration.key_id.is_(None))
    gone = session.execute(
        sa.delete(Notification)
        .where(Notification.registration_id.in_(forgotten))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(gone, sa.CursorResult)
    _leave_counts(session, unwashed(session, now=now))
    return gone.rowcount


def drop_unread(session: Session) -> None:
    """Messages of the staff go with the last of those who could read them."""
    can_read = sa.exists().where(
        Registration.workshop_id == Message.workshop_id, Registration.key_id.is_not(None)
    )
    session.execute(
        sa.delete(Message).where(~can_read).execution_options(synchronize_session=False)
    )


def count_notices(session: Session, registration_ids: Sequence[str]) -> int:
    """How many notices there are of these, sent or still owed."""
    counted = 0
    for start in range(0, len(registration_ids), 500):
        of_these = Notification.registration_id.in_(registration_ids[start : start + 500])
        counted += session.scalar(sa.select(sa.func.count()).where(of_these)) or 0
    return counted


def unwashed(session: Session, *, now: datetime) -> Sequence[tuple[str, datetime]]:
    """Rows of forgotten people that still say when and in which language."""
    rows = session.execute(
        sa.select(Registration.id, Workshop.starts_at)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.is_(None),
            Registration.language != "",
            Registration.registered_at < now - FORM_LASTS,
        )
    )
    return [(row[0], row[1]) for row in rows]


def _leave_counts(session: Session, rows: Sequence[tuple[str, datetime]]) -> None:
    if not rows:
        return
    fresh = [
        {
            "old": mine,
            # The id is in the Message-ID of letters that were sent, the nonce in open forms.
            "id": code(26),
            "nonce": hashlib.sha256(secrets.token_bytes(32)).digest(),
            "registered_at": starts_at,
            "queued_at": starts_at,
        }
        for mine, starts_at in rows
    ]
    table = Registration.__table__
    session.connection().execute(
        sa.update(table)  # type: ignore[arg-type]  # it is a Table
        .where(table.c.id == sa.bindparam("old"))
        .values(
            id=sa.bindparam("id"),
            nonce=sa.bindparam("nonce"),
            registered_at=sa.bindparam("registered_at", type_=table.c.registered_at.type),
            queued_at=sa.bindparam("queued_at", type_=table.c.queued_at.type),
            **_NOTHING,
        ),
        fresh,
    )


_NOTHING: Final[dict[str, object]] = {
    "language": "",
    "needs": Codes(),
    "door_code": None,
    "joint_id": None,
    "slot_id": None,
    "offered_until": None,
    "approved_at": None,
    "asked_at": None,
    "confirmed_at": None,
    "lapses": 0,
    "changes": 0,
    "wants_entry": False,
}


@dataclass(frozen=True)
class ReconcileTurn:
    """The key of someone who had only a turn when a workshop began, and its day."""

    key_id: bytes
    day: date


def never_came_in(session: Session, *, now: datetime) -> list[ReconcileTurn]:
    """Those who waited, or let their turn pass, and got no place."""
    rows = session.execute(
        sa.select(Registration.key_id, Workshop.day)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.is_not(None),
            Registration.status.in_(ONLY_A_TURN),
            Workshop.starts_at <= now,
        )
    )
    return [ReconcileTurn(key_id, day) for key_id, day in rows if key_id is not None]
