"""What has to be sent to inboxes of the fediverse: an outbox of one row an inbox and subject (S42).

A row has no text: what is sent is what the event says when it is sent, so many changes in a row are
one delivery. It is deleted when it has arrived.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.outbox_row import OutboxRow
from outreach.domain.network.offices import Office
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.extensions.activitypub.base import FediverseBase


class FediverseActivity(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ACCEPT = "accept"  # accepts a request to follow


class FediverseDelivery(OutboxRow, FediverseBase):
    __tablename__ = "activitypub_delivery"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    # Changes with what is to be sent: an attempt with the earlier content does not finish the row.
    nonce: Mapped[str] = mapped_column(sa.String(32))
    activity: Mapped[FediverseActivity]
    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.__table__.c.id))
    subject: Mapped[str] = mapped_column(sa.String(500), repr=False)  # a uid, or who follows
    follow_id: Mapped[str] = mapped_column(sa.String(500), repr=False)  # the accepted request
    inbox: Mapped[str] = mapped_column(sa.String(500), repr=False)


DELIVERIES: Final = OutboxTable(FediverseDelivery, "activity")


def enqueue(
    session: Session,
    activity: FediverseActivity,
    *,
    office_id: int,
    subject: str,
    inboxes: Iterable[str],
    now: datetime,
    follow_id: str = "",
) -> None:
    """Makes an activity due at these inboxes, in place of what waits there about its subject.

    An update of what an inbox has not been told yet stays its creation.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for inbox in inboxes:
        values: dict[str, Any] = {
            "nonce": secrets.token_hex(16),
            "activity": activity,
            "office_id": office_id,
            "subject": subject,
            "follow_id": follow_id,
            "inbox": inbox,
            "made_at": now,
            "due_at": now,
            "tries": 0,
            "leased_until": None,
            "done_at": None,
            "is_dead": False,
        }
        changed = dict(values)
        if activity is FediverseActivity.UPDATE:
            del changed["activity"]
        session.execute(
            insert(FediverseDelivery)
            .values(key=_get_key(office_id, subject, inbox), **values)
            .on_conflict_do_update(index_elements=["key"], set_=changed)
        )


def find(session: Session, claimed: ClaimedMessage) -> FediverseDelivery | None:
    return session.get(FediverseDelivery, claimed.id)


def remove(connection: sa.Connection, delivered: FediverseDelivery) -> None:
    """Deletes what has arrived, or needs no sending, unless something else is due by now."""
    table = FediverseDelivery.__table__
    assert isinstance(table, sa.Table)
    connection.execute(
        sa.delete(table).where(table.c.id == delivered.id, table.c.nonce == delivered.nonce)
    )


def has_dead(session: Session) -> bool:
    found = sa.select(FediverseDelivery.id).where(FediverseDelivery.is_dead.is_(True)).limit(1)
    return session.scalar(found) is not None


def purge(session: Session) -> None:
    """Deletes what was given up."""
    session.execute(sa.delete(FediverseDelivery).where(FediverseDelivery.is_dead.is_(True)))


def _get_key(office_id: int, subject: str, inbox: str) -> str:
    return hashlib.sha256(f"{office_id}\n{subject}\n{inbox}".encode()).hexdigest()
