"""The places of one telephone call, from when they are held until the call is over.

A held place is an ordinary registration that has its seat at once. Reading its code out confirms
it; only when the call breaks off does its end begin: after HOLD_AFTER_CUT it is erased, unless it
was confirmed. The end is counted from «the call broke off» and not from the hold, so that somebody
who has heard the code keeps the place whatever the agent's browser does. Whoever was sent the code
by text, or uses it, has heard it.

A row says which agent holds which registration, and in which hour it began (S33); it is deleted
within two hours. What is kept of a call is in the audit log, without the registration.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.types import Hour
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.text import code
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

HOLD_AFTER_CUT: Final = timedelta(minutes=30)
CALL_LASTS: Final = timedelta(minutes=50)  # its page shows the codes for so long, or an hour more
MAX_PARTIES: Final = 10  # in one call
CALL_ID_LENGTH: Final = 16


class CallHold(Base):
    __tablename__ = "call_hold"

    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True
    )
    call_id: Mapped[str] = mapped_column(sa.String(CALL_ID_LENGTH), index=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int]  # its place in the call
    held_at: Mapped[datetime] = mapped_column(Hour)
    ends_at: Mapped[datetime | None] = mapped_column(default=None)  # since the call broke off


@dataclass(frozen=True)
class BrokenCall:
    """A call that broke off, and until when its agent can confirm it."""

    call_id: str
    parties: int
    ends_at: datetime


def new_call_id() -> str:
    return code(CALL_ID_LENGTH)


def add(
    session: Session, registration_id: str, call_id: str, organizer_id: int, *, now: datetime
) -> None:
    before = sa.select(sa.func.count()).where(CallHold.call_id == call_id)
    session.add(
        CallHold(
            registration_id=registration_id,
            call_id=call_id,
            organizer_id=organizer_id,
            number=(session.scalar(before) or 0) + 1,
            held_at=now,
        )
    )


def is_free_or_own(session: Session, call_id: str, organizer_id: int) -> bool:
    """Tells whether this agent may add a place to the call: it is a new one, or their own."""
    others = sa.select(CallHold.call_id).where(
        CallHold.call_id == call_id, CallHold.organizer_id != organizer_id
    )
    return session.scalar(others.limit(1)) is None


def list_of_call(
    session: Session, call_id: str, organizer_id: int, *, now: datetime
) -> Sequence[CallHold]:
    """Returns the places of an agent's call, in the order in which they were held.

    Empty where the call is over or another agent's.
    """
    return session.scalars(
        sa.select(CallHold)
        .where(
            CallHold.call_id == call_id,
            CallHold.organizer_id == organizer_id,
            # A call that broke off late is confirmed until its end, as `list_broken` shows it.
            sa.or_(
                sa.and_(CallHold.ends_at.is_(None), CallHold.held_at >= now - CALL_LASTS),
                CallHold.ends_at > now,
            ),
        )
        .order_by(CallHold.number, CallHold.registration_id)
    ).all()


def list_broken(session: Session, organizer_id: int, *, now: datetime) -> list[BrokenCall]:
    """Returns the calls of an agent that broke off and can still be confirmed, the latest first."""
    rows = session.execute(
        sa.select(CallHold.call_id, sa.func.count(), sa.func.min(CallHold.ends_at))
        .where(CallHold.organizer_id == organizer_id, CallHold.ends_at > now)
        .group_by(CallHold.call_id)
        .order_by(sa.func.min(CallHold.ends_at).desc(), CallHold.call_id)
    )
    return [BrokenCall(row[0], row[1], row[2]) for row in rows if row[2] is not None]


def break_off(session: Session, registration_ids: Collection[str], *, now: datetime) -> None:
    """Ends these places HOLD_AFTER_CUT from now, because the call broke off.

    Where the agent presses twice, the first time counts.
    """
    session.execute(
        sa.update(CallHold)
        .where(CallHold.registration_id.in_(registration_ids), CallHold.ends_at.is_(None))
        .values(ends_at=now + HOLD_AFTER_CUT)
        .execution_options(synchronize_session=False)
    )


def is_ending(session: Session, registration_id: str, *, now: datetime) -> bool:
    """Tells whether `confirm` would keep this place."""
    hold = session.get(CallHold, registration_id)
    return hold is not None and hold.ends_at is not None and hold.ends_at > now


def confirm(session: Session, registration_ids: Collection[str], *, now: datetime) -> int:
    """Keeps these places, because whoever called has heard the code.

    Returns how many were about to end; one whose end has come is not kept.
    """
    kept = session.execute(
        sa.update(CallHold)
        .where(CallHold.registration_id.in_(registration_ids), CallHold.ends_at > now)
        .values(ends_at=None)
        .returning(CallHold.registration_id)
        .execution_options(synchronize_session=False)
    )
    return len(kept.all())


def list_texted(session: Session, registration_ids: Collection[str]) -> set[str]:
    """Returns those of the registrations whose code was sent by text, or will be."""
    causes = (NotificationType.REGISTERED, NotificationType.WAITLISTED)
    return set(
        session.scalars(
            sa.select(Notification.registration_id).where(
                Notification.registration_id.in_(registration_ids),
                Notification.cause.in_(causes),
                Notification.is_dead.is_(False),
            )
        )
    )


def list_ended(session: Session, key_store: KeyStore, *, now: datetime) -> list[tuple[str, int]]:
    """Returns the registrations whose hold has ended, with the ids of their workshops.

    Those of a workshop that has begun, or whose people were checked in before, are left out:
    who came is not erased.
    """
    rows = session.scalars(
        sa.select(Registration)
        .join(CallHold, CallHold.registration_id == Registration.id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(CallHold.ends_at <= now, Workshop.starts_at > now)
        .order_by(Registration.id)
    ).all()
    registrations.open_details(key_store, rows)
    return [
        (row.id, row.workshop_id) for row in rows if not (row.is_readable and row.arrived_count)
    ]


def delete_of(session: Session, registration_ids: Collection[str]) -> None:
    """Deletes what is known of the calls of these registrations."""
    session.execute(
        sa.delete(CallHold)
        .where(CallHold.registration_id.in_(registration_ids))
        .execution_options(synchronize_session=False)
    )


# Looked up for each held place, of which there are few. Of EXISTS, PostgreSQL would make a table of
# all workshops that have begun.
_HAS_BEGUN: Final = sa.select(Workshop.starts_at).join(
    Registration, Registration.workshop_id == Workshop.id
).where(Registration.id == CallHold.registration_id).scalar_subquery() <= sa.bindparam(
    "now", type_=Workshop.starts_at.type
)
# Those that wait for their end stay until `list_ended` has had them, or their workshop begins.
_IS_OVER: Final = sa.or_(
    sa.and_(
        CallHold.ends_at.is_(None),
        CallHold.held_at < sa.bindparam("before", type_=CallHold.held_at.type),
    ),
    sa.and_(
        CallHold.ends_at <= sa.bindparam("now", type_=CallHold.ends_at.type),
        _HAS_BEGUN,
    ),
)


def has_over(session: Session, *, now: datetime) -> bool:
    """Tells whether `delete_over` would delete something."""
    values = {"now": now, "before": now - CALL_LASTS}
    found = sa.select(CallHold.registration_id).where(_IS_OVER).limit(1)
    return session.connection().execute(found, values).first() is not None


def delete_over(session: Session, *, now: datetime) -> None:
    """Deletes the rows of calls that are over."""
    values = {"now": now, "before": now - CALL_LASTS}
    session.connection().execute(sa.delete(CallHold).where(_IS_OVER), values)


purge = delete_over  # by the daily purge too: the worker of one host may stand still
