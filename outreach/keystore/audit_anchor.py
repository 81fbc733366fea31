"""The audit anchor: number and hash of the newest audit line, kept apart from the audit log.

Somebody who can only write to the main database cannot rewrite or shorten the log unnoticed.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.keystore.models import AuditAnchor

_ONLY: Final = 1


def read(store: Store) -> AuditAnchor | None:
    """The anchor; None before the first."""
    with store.read() as session:
        return session.get(AuditAnchor, _ONLY)


def move(store: Store, number: int, hash_: str, *, now: datetime) -> None:
    """Moves the anchor to that line, never backwards: of two workers the later line counts."""
    with store.change() as session:
        if session.get(AuditAnchor, _ONLY) is None:
            session.add(AuditAnchor(id=_ONLY, number=number, hash=hash_, gone=0, changed_at=now))
            return
        session.execute(
            sa.update(AuditAnchor)
            .where(AuditAnchor.number < number)
            .values(number=number, hash=hash_, changed_at=now)
        )


def allow_missing(store: Store, number: int, *, now: datetime) -> None:
    """Notes that lines up to that number are past retention and may be missing."""
    with store.change() as session:
        if session.get(AuditAnchor, _ONLY) is None:
            session.add(AuditAnchor(id=_ONLY, number=0, hash="", gone=number, changed_at=now))
            return
        session.execute(sa.update(AuditAnchor).where(AuditAnchor.gone < number).values(gone=number))


def reset(store: Store, number: int, hash_: str, *, now: datetime) -> None:
    """Sets the anchor after an older copy of the audit log was restored."""
    with store.change() as session:
        session.execute(sa.update(AuditAnchor).values(number=number, hash=hash_, changed_at=now))
