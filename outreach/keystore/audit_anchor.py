"""How far the journal had come when it was last looked at, kept apart from it."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.keystore.models import AuditAnchor

_ONLY: Final = 1


def read(store: Store) -> AuditAnchor | None:
    """None before the first."""
    with store.read() as session:
        return session.get(AuditAnchor, _ONLY)


def move(store: Store, number: int, hash_: str, *, now: datetime) -> None:
    """The journal has come so far. Never backwards: of two workers the one further on is right."""
    with store.change() as session:
        if session.get(AuditAnchor, _ONLY) is None:
            session.add(AuditAnchor(id=_ONLY, number=number, hash=hash_, gone=0, changed_at=now))
            return
        session.execute(
            sa.update(AuditAnchor)
            .where(AuditAnchor.number < number)
            .values(number=number, hash=hash_, changed_at=now)
        )


def let_go(store: Store, number: int, *, now: datetime) -> None:
    """The lines up to that one are old, and may be missing from now on."""
    with store.change() as session:
        if session.get(AuditAnchor, _ONLY) is None:
            session.add(AuditAnchor(id=_ONLY, number=0, hash="", gone=number, changed_at=now))
            return
        session.execute(sa.update(AuditAnchor).where(AuditAnchor.gone < number).values(gone=number))


def begin_again(store: Store, number: int, hash_: str, *, now: datetime) -> None:
    """An older copy of the journal has taken its place."""
    with store.change() as session:
        session.execute(sa.update(AuditAnchor).values(number=number, hash=hash_, changed_at=now))
