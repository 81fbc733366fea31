"""The journal: what staff did, to what, and when. It never holds the name of who registered."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.domain.network.staff import StaffMember
from outreach.domain.workshops import Workshop

RECORDED_ACTIONS: Final = (
    "outreach_noted"  # in Session.info: the lines that are to be linked (`hash_chain.py`)
)


class AuditEntry(Base):
    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(index=True)
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="SET NULL")
    )
    action: Mapped[str] = mapped_column(sa.String(40))
    workshop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="SET NULL"), default=None, index=True
    )
    office: Mapped[str] = mapped_column(sa.String(40), default="", index=True)  # slug; empty: all
    detail: Mapped[str] = mapped_column(sa.String(200), default="")
    # The same ids once more, as they were: these stay when an account or a workshop goes.
    who: Mapped[int | None] = mapped_column(init=False, default=None)
    what: Mapped[int | None] = mapped_column(init=False, default=None)
    # Its place in the chain, given when the change is kept (`hash_chain.py`).
    number: Mapped[int | None] = mapped_column(index=True, unique=True, init=False, default=None)
    previous: Mapped[str] = mapped_column(sa.String(64), init=False, default="")
    hash: Mapped[str] = mapped_column(sa.String(64), init=False, default="")

    def __post_init__(self) -> None:
        self.who, self.what = self.organizer_id, self.workshop_id


def record(
    session: Session,
    organizer_id: int | None,
    action: str,
    *,
    now: datetime,
    workshop_id: int | None = None,
    office: str = "",
    detail: str = "",
) -> None:
    """One line more: `action` in a few English words, `office` the slug of whose it is, `detail`
    ids and numbers. In the same transaction as what was done."""
    entry = AuditEntry(
        at=now,
        organizer_id=organizer_id,
        action=action,
        workshop_id=workshop_id,
        office=office,
        detail=detail,
    )
    session.add(entry)
    session.info.setdefault(RECORDED_ACTIONS, []).append(entry)


@dataclass(frozen=True, kw_only=True)
class AuditQuery:
    """Which lines of the journal; what is not said is no limit."""

    office: str | None = None  # a slug
    workshop_id: int | None = None
    organizer_id: int | None = None
    actions: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None  # before
    before: int | None = None  # older than the line of this id


class AuditLine(NamedTuple):
    """One line, with what it is about as far as that is still there."""

    id: int
    at: datetime
    action: str
    office: str
    detail: str
    organizer_id: int | None
    email: str | None
    public_id: str | None  # of the workshop
    title: Words | None
    day: date | None


def lines(session: Session, wanted: AuditQuery, *, limit: int) -> list[AuditLine]:
    """The newest first."""
    rows = session.execute(
        sa.select(AuditEntry, StaffMember.email, Workshop.public_id, Workshop.title, Workshop.day)
        .outerjoin(StaffMember, StaffMember.id == AuditEntry.organizer_id)
        .outerjoin(Workshop, Workshop.id == AuditEntry.workshop_id)
        .where(*_conditions(wanted))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [
        AuditLine(e.id, e.at, e.action, e.office, e.detail, e.who, email, public_id, title, day)
        for e, email, public_id, title, day in rows
    ]


def writers(session: Session, office: str | None = None) -> Sequence[tuple[int, str]]:
    """Whoever has a line of an office; of all, every account: most have one. By their address."""
    asked = sa.select(StaffMember.id, StaffMember.email).order_by(StaffMember.email)
    if office is not None:
        asked = asked.where(
            StaffMember.id.in_(
                sa.select(AuditEntry.organizer_id).where(AuditEntry.office == office)
            )
        )
    return [(row[0], row[1]) for row in session.execute(asked)]


def newest_at(session: Session) -> datetime | None:
    """When the last of all lines was written, by the clock of who wrote it."""
    return session.scalar(sa.select(sa.func.max(AuditEntry.at)))


def first_at(session: Session, office: str | None = None) -> datetime | None:
    """When the oldest line was written, of an office or of all."""
    asked = sa.select(sa.func.min(AuditEntry.at))
    return session.scalar(asked if office is None else asked.where(AuditEntry.office == office))


def _conditions(wanted: AuditQuery) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.office is not None:
        found.append(AuditEntry.office == wanted.office)
    if wanted.workshop_id is not None:
        found.append(AuditEntry.workshop_id == wanted.workshop_id)
    if wanted.organizer_id is not None:
        found.append(AuditEntry.organizer_id == wanted.organizer_id)
    if wanted.actions is not None:
        found.append(AuditEntry.action.in_(wanted.actions))
    if wanted.since is not None:
        found.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEntry.at < wanted.until)
    if wanted.before is not None:
        found.append(AuditEntry.id < wanted.before)
    return found
