"""The audit log: what staff did, to what, and when.

It never holds the name of a registrant. Details are a JSON object of codes, ids and numbers.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base, Words
from outreach.domain.network.staff import StaffMember
from outreach.domain.workshops import Workshop

RECORDED_ACTIONS: Final = "outreach_recorded"  # in Session.info: rows that `hash_chain` links
# Values are codes, ids, numbers, lists of codes, or roles by office.
Details = Mapping[str, Any]


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(index=True)
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL")
    )
    action: Mapped[str] = mapped_column(sa.String(40))
    workshop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="SET NULL"), default=None, index=True
    )
    office: Mapped[str] = mapped_column(sa.String(40), default="", index=True)  # slug; empty: all
    details: Mapped[str] = mapped_column(sa.Text, default="{}")  # `canonical`
    # Copies of the two ids that stay when the account or the workshop is deleted.
    who: Mapped[int | None] = mapped_column(init=False, default=None)
    what: Mapped[int | None] = mapped_column(init=False, default=None)
    # Its place in the chain, set before the commit (`hash_chain`).
    number: Mapped[int | None] = mapped_column(index=True, unique=True, init=False, default=None)
    previous: Mapped[str] = mapped_column(sa.String(64), init=False, default="")
    hash: Mapped[str] = mapped_column(sa.String(64), init=False, default="")

    def __post_init__(self) -> None:
        self.who, self.what = self.organizer_id, self.workshop_id


def canonical(details: Details) -> str:
    """Returns the one JSON text of these details: sorted keys, no spaces, not escaped to ASCII."""
    return json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def details_of(entry: AuditEntry) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(entry.details)
    return details


def record(
    session: Session,
    organizer_id: int | None,
    action: str,
    *,
    now: datetime,
    workshop_id: int | None = None,
    office: str = "",
    details: Details | None = None,
) -> None:
    """Adds a row in the transaction of the action itself.

    `action` is a few English words, `office` the slug of the office concerned (empty: the
    network).
    """
    entry = AuditEntry(
        at=now,
        organizer_id=organizer_id,
        action=action,
        workshop_id=workshop_id,
        office=office,
        details=canonical(details or {}),
    )
    session.add(entry)
    session.info.setdefault(RECORDED_ACTIONS, []).append(entry)


@dataclass(frozen=True, kw_only=True)
class AuditQuery:
    """A filter of audit rows; None does not limit."""

    office: str | None = None  # a slug
    workshop_id: int | None = None
    organizer_id: int | None = None
    actions: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None  # exclusive
    before: int | None = None  # a row's id: only older rows


class AuditLine(NamedTuple):
    """One row, with its account and workshop where they still exist."""

    id: int
    at: datetime
    action: str
    office: str
    details: dict[str, Any]
    organizer_id: int | None
    email: str | None
    name: str | None  # the display name of the account; may be empty
    public_id: str | None  # the workshop's
    title: Words | None
    day: date | None


def lines(session: Session, query: AuditQuery, *, limit: int) -> list[AuditLine]:
    """Returns at most `limit` rows that the query asks for, the newest first."""
    rows = session.execute(
        sa.select(
            AuditEntry,
            StaffMember.email,
            StaffMember.name,
            Workshop.public_id,
            Workshop.title,
            Workshop.day,
        )
        .outerjoin(StaffMember, StaffMember.id == AuditEntry.organizer_id)
        .outerjoin(Workshop, Workshop.id == AuditEntry.workshop_id)
        .where(*_conditions(query))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [
        AuditLine(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            office=entry.office,
            details=details_of(entry),
            organizer_id=entry.who,
            email=email,
            name=name,
            public_id=public_id,
            title=title,
            day=day,
        )
        for entry, email, name, public_id, title, day in rows
    ]


def writers(session: Session, office: str | None = None) -> Sequence[tuple[int, str]]:
    """Returns the accounts that wrote a row of that office, or all accounts without an office.

    Each is an id, and the name with the address.
    """
    query = sa.select(StaffMember.id, StaffMember.email, StaffMember.name).order_by(
        StaffMember.email
    )
    if office is not None:
        query = query.where(
            StaffMember.id.in_(
                sa.select(AuditEntry.organizer_id).where(AuditEntry.office == office)
            )
        )
    return [
        (found_id, f"{name} ({email})" if name else email)
        for found_id, email, name in session.execute(query)
    ]


def count_by(session: Session, organizer_id: int, action: str, *, since: datetime) -> int:
    """Counts how often a staff member did this since then."""
    done = sa.select(sa.func.count()).where(
        AuditEntry.at >= since,
        AuditEntry.organizer_id == organizer_id,
        AuditEntry.action == action,
    )
    return session.scalar(done) or 0


def newest_at(session: Session) -> datetime | None:
    """Returns when the newest row was written, by the clock of its writer."""
    return session.scalar(sa.select(sa.func.max(AuditEntry.at)))


def first_at(session: Session, office: str | None = None) -> datetime | None:
    """Returns when the oldest row of an office, or of all, was written."""
    query = sa.select(sa.func.min(AuditEntry.at))
    return session.scalar(query if office is None else query.where(AuditEntry.office == office))


def _conditions(query: AuditQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if query.office is not None:
        conditions.append(AuditEntry.office == query.office)
    if query.workshop_id is not None:
        conditions.append(AuditEntry.workshop_id == query.workshop_id)
    if query.organizer_id is not None:
        conditions.append(AuditEntry.organizer_id == query.organizer_id)
    if query.actions is not None:
        conditions.append(AuditEntry.action.in_(query.actions))
    if query.since is not None:
        conditions.append(AuditEntry.at >= query.since)
    if query.until is not None:
        conditions.append(AuditEntry.at < query.until)
    if query.before is not None:
        conditions.append(AuditEntry.id < query.before)
    return conditions
