"""The outbox: notices that go by letter, taken by one worker at a time, tried again, given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.db.store import took_effect
from outreach.domain.notices import Notice
from outreach.domain.registrations import Contact, Registration

LEASE: Final = timedelta(minutes=5)
GIVE_UP_AFTER: Final = timedelta(days=3)


def due(session: Session, now: datetime, *, limit: int = 100) -> Sequence[Notice]:
    """Letters to send now, the longest overdue first."""
    return session.scalars(
        sa.select(Notice)
        .join(Notice.registration)
        .options(joinedload(Notice.registration).joinedload(Registration.workshop))
        .where(
            Registration.contact == Contact.EMAIL,  # who left a phone is on the call list
            Registration.key_id.is_not(None),
            Notice.done_at.is_(None),
            Notice.due_at <= now,
            sa.or_(Notice.leased_until.is_(None), Notice.leased_until <= now),
        )
        .order_by(Notice.due_at, Notice.id)
        .limit(limit)
    ).all()


def lease(session: Session, notice: Notice, *, now: datetime) -> bool:
    """Take a notice for oneself; another worker that wants it too gets False."""
    return took_effect(
        session,
        sa.update(Notice)
        .where(
            Notice.id == notice.id,
            Notice.done_at.is_(None),
            sa.or_(Notice.leased_until.is_(None), Notice.leased_until <= now),
        )
        .values(leased_until=now + LEASE, tries=Notice.tries + 1),
    )


def mark_done(session: Session, notice_id: int, *, now: datetime) -> None:
    session.execute(
        sa.update(Notice).where(Notice.id == notice_id).values(done_at=now, leased_until=None)
    )


def mark_failed(session: Session, notice: Notice, *, now: datetime, is_final: bool) -> None:
    """Try again later, each time after a longer while; after three days, or at once if the
    refusal is final, give up and let the organizer see it."""
    if is_final or now - notice.made_at > GIVE_UP_AFTER:
        values = {"done_at": now, "is_dead": True, "leased_until": None}
    else:
        wait = min(timedelta(minutes=2) * 2**notice.tries, timedelta(hours=6))
        values = {"due_at": now + wait, "leased_until": None}
    session.execute(sa.update(Notice).where(Notice.id == notice.id).values(**values))


def count_late(session: Session, before: datetime) -> int:
    """Letters that were due before then and are not sent."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Notice)
            .join(Notice.registration)
            .where(
                Registration.contact == Contact.EMAIL,
                Registration.key_id.is_not(None),
                Notice.done_at.is_(None),
                Notice.due_at < before,
            )
        )
        or 0
    )


def count_dead(session: Session) -> int:
    """Letters given up."""
    dead = sa.select(sa.func.count()).select_from(Notice).where(Notice.is_dead.is_(True))
    return session.scalar(dead) or 0
