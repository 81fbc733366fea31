"""Forms that arrived after their session had ended by time, or that need the second factor again.

Each is kept on the server, sealed, until the same staff member has signed in: at most one a
session, of at most 64 KB, for 12 hours. It is deleted with its session. Nothing sends it: the page
is shown with what was typed, and the staff member decides.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.server_encryption import ServerEncryption
from outreach.accounts.sessions import StaffSession
from outreach.db.base import Base
from outreach.db.store import change_rows
from outreach.errors import DataErased

LIFETIME: Final = timedelta(hours=12)
MAX_BYTES: Final = 64 * 1024  # for path and fields as JSON


class InterruptedForm(Base):
    __tablename__ = "interrupted_form"

    # A session gets a new digest when the second factor is shown: its form follows.
    session_digest: Mapped[str] = mapped_column(
        sa.ForeignKey("staff_session.digest", ondelete="CASCADE", onupdate="CASCADE"),
        primary_key=True,
    )
    sealed: Mapped[bytes]  # JSON: the path, then names and values in the order of the form
    saved_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class KeptForm:
    """A form as it arrived: where it was sent to and what was typed."""

    session_digest: str
    path: str
    fields: tuple[tuple[str, str], ...]


def keep(
    session: Session,
    digest: str,
    organizer_id: int,
    path: str,
    fields: Iterable[tuple[str, str]],
    key: ServerEncryption,
    *,
    now: datetime,
    replaces_others: bool = False,
) -> bool:
    """Keeps a form for the session of that digest. Returns whether it was kept.

    A form for the same path is replaced. A form for another path is replaced only with
    `replaces_others`: its sender was told that it waits. A form of more than MAX_BYTES is not kept.
    """
    purge(session, now=now)
    text = json.dumps([path, list(fields)], ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MAX_BYTES:
        return False
    # Two tabs at the same moment: the second waits here for the first.
    row = sa.select(StaffSession.digest).where(StaffSession.digest == digest).with_for_update()
    if session.scalar(row) is None:
        return False
    stored = session.get(InterruptedForm, digest)
    if stored is not None and not replaces_others:
        kept = _open(stored, organizer_id, key)
        if kept is not None and kept.path != path:
            return False
    sealed = key.seal(text, _about(organizer_id))
    if stored is None:
        session.add(InterruptedForm(session_digest=digest, sealed=sealed, saved_at=now))
    else:
        stored.sealed, stored.saved_at = sealed, now
    return True


def list_waiting(
    session: Session, organizer_id: int, key: ServerEncryption, *, now: datetime
) -> Iterator[KeptForm]:
    """The forms of this staff member's sessions, the newest first. A form of a session without its
    second factor is left out: somebody who has no more than the password may have sent it."""
    forms = session.scalars(
        sa.select(InterruptedForm)
        .join(StaffSession, StaffSession.digest == InterruptedForm.session_digest)
        .where(
            StaffSession.organizer_id == organizer_id,
            StaffSession.proven_at.is_not(None),
            InterruptedForm.saved_at >= now - LIFETIME,
        )
        .order_by(InterruptedForm.saved_at.desc(), InterruptedForm.session_digest)
    )
    for stored in forms:
        kept = _open(stored, organizer_id, key)
        if kept is not None:
            yield kept


def is_waiting(session: Session, digest: str, *, now: datetime) -> bool:
    """Whether a form of the session of that digest is kept."""
    form = sa.select(InterruptedForm.session_digest).where(
        InterruptedForm.session_digest == digest, InterruptedForm.saved_at >= now - LIFETIME
    )
    return session.scalar(form) is not None


def discard(session: Session, digest: str) -> None:
    """Deletes the form of the session of that digest."""
    session.execute(sa.delete(InterruptedForm).where(InterruptedForm.session_digest == digest))


def purge(session: Session, *, now: datetime) -> int:
    """Deletes the forms that were not taken up within 12 hours; returns how many."""
    return change_rows(
        session, sa.delete(InterruptedForm).where(InterruptedForm.saved_at < now - LIFETIME)
    )


def _open(stored: InterruptedForm, organizer_id: int, key: ServerEncryption) -> KeptForm | None:
    """Decrypts a form; None when it was sealed for somebody else or under another secret."""
    try:
        path, fields = json.loads(key.unseal(stored.sealed, _about(organizer_id)))
    except DataErased:
        return None
    return KeptForm(stored.session_digest, path, tuple((name, value) for name, value in fields))


def _about(organizer_id: int) -> str:
    return f"interrupted form of {organizer_id}"
