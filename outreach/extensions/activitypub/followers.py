"""Followers of offices from other servers (ActivityPub), and the keys of the offices (S42).

Of a stranger only the addresses are stored that a delivery needs. Nothing tells who is behind them,
and nothing is left when they unfollow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.store import change_rows
from outreach.domain.network.offices import Office
from outreach.extensions.activitypub.base import FediverseBase

MAX_FOLLOWERS: Final = 20_000
MAX_OF_HOST: Final = 1_000  # followers at one host, of all offices together
MAX_INBOXES_OF_HOST: Final = 20  # different ones at one host, each of which is posted to
DROPPED_AFTER: Final = timedelta(days=7)  # in which the inbox answers 410
FORGOTTEN_AFTER: Final = timedelta(days=30)  # in which nothing was posted to it


class TooManyFollowers(Exception):
    """There is no room for another follower, or not at this host."""


class FediverseKey(FediverseBase):
    """The RSA key of an office. The private one is encrypted under the key store's own key."""

    __tablename__ = "activitypub_key"

    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.__table__.c.id), primary_key=True)
    public_key: Mapped[str] = mapped_column(sa.Text)  # PEM
    sealed_key: Mapped[bytes]  # PEM


class FediverseFollower(FediverseBase):
    __tablename__ = "activitypub_follower"
    __table_args__ = (sa.UniqueConstraint("office_id", "actor"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.__table__.c.id))
    actor: Mapped[str] = mapped_column(sa.String(500), index=True, repr=False)
    inbox: Mapped[str] = mapped_column(sa.String(500), repr=False)
    shared_inbox: Mapped[str] = mapped_column(sa.String(500), repr=False)  # or its own inbox
    host: Mapped[str] = mapped_column(sa.String(253), index=True)
    # Since when its server says that the inbox is gone.
    gone_since: Mapped[datetime | None] = mapped_column(default=None)


@dataclass(frozen=True, kw_only=True)
class NewFollower:
    """An actor who asks to follow an office, verified."""

    office_id: int
    actor: str
    inbox: str
    shared_inbox: str
    host: str


def follow(session: Session, new: NewFollower) -> None:
    """Stores a follower, or the new inbox of a known one. Raises TooManyFollowers."""
    known = session.scalar(
        sa.select(FediverseFollower).where(
            FediverseFollower.office_id == new.office_id, FediverseFollower.actor == new.actor
        )
    )
    if known is not None:
        known.inbox, known.shared_inbox, known.gone_since = new.inbox, new.shared_inbox, None
        return
    _require_room(session, new)
    session.add(
        FediverseFollower(
            office_id=new.office_id,
            actor=new.actor,
            inbox=new.inbox,
            shared_inbox=new.shared_inbox,
            host=new.host,
        )
    )
    session.flush()


def _require_room(session: Session, new: NewFollower) -> None:
    is_of_host = FediverseFollower.host == new.host
    of_host = _count(session, sa.func.count(), is_of_host)
    others = FediverseFollower.shared_inbox != new.shared_inbox
    inboxes = _count(
        session, sa.func.count(FediverseFollower.shared_inbox.distinct()), is_of_host, others
    )
    in_all = _count(session, sa.func.count())
    if of_host >= MAX_OF_HOST or inboxes >= MAX_INBOXES_OF_HOST or in_all >= MAX_FOLLOWERS:
        raise TooManyFollowers


def unfollow(session: Session, office_id: int, actor: str) -> None:
    session.execute(
        sa.delete(FediverseFollower).where(
            FediverseFollower.office_id == office_id, FediverseFollower.actor == actor
        )
    )


def forget(session: Session, actor: str) -> None:
    """Deletes a follower of all offices."""
    session.execute(sa.delete(FediverseFollower).where(FediverseFollower.actor == actor))


def is_follower(session: Session, actor: str, office_id: int | None = None) -> bool:
    """Tells whether an actor follows this office; without an office, any."""
    found = sa.select(FediverseFollower.id).where(FediverseFollower.actor == actor).limit(1)
    if office_id is not None:
        found = found.where(FediverseFollower.office_id == office_id)
    return session.scalar(found) is not None


def count(session: Session, office: Office) -> int:
    return _count(session, sa.func.count(), FediverseFollower.office_id == office.id)


def list_inboxes(session: Session, office_id: int) -> Sequence[str]:
    """Returns the inboxes to which an office's activities are sent, each address once."""
    return session.scalars(
        sa.select(FediverseFollower.shared_inbox)
        .where(FediverseFollower.office_id == office_id)
        .distinct()
    ).all()


def record_gone(session: Session, inbox: str, *, now: datetime) -> None:
    """Notes that the inbox answered 410, and drops its followers when it has done so for a week."""
    is_of_inbox = FediverseFollower.shared_inbox == inbox
    change_rows(
        session,
        sa.delete(FediverseFollower).where(
            is_of_inbox, FediverseFollower.gone_since <= now - DROPPED_AFTER
        ),
    )
    change_rows(
        session,
        sa.update(FediverseFollower)
        .where(is_of_inbox, FediverseFollower.gone_since.is_(None))
        .values(gone_since=now),
    )


def record_reached(session: Session, inbox: str) -> None:
    change_rows(
        session,
        sa.update(FediverseFollower)
        .where(FediverseFollower.shared_inbox == inbox, FediverseFollower.gone_since.is_not(None))
        .values(gone_since=None),
    )


def count_all(session: Session) -> int:
    """Counts the followers of all offices."""
    return _count(session, sa.func.count())


def count_gone(session: Session, *, now: datetime) -> int:
    """Counts the followers that `drop_gone` deletes."""
    return _count(session, sa.func.count(), FediverseFollower.gone_since <= now - FORGOTTEN_AFTER)


def drop_gone(session: Session, *, now: datetime) -> int:
    """Deletes the followers whose inbox was gone when it was last posted to, and to which nothing
    was posted for a month since; returns how many."""
    return change_rows(
        session,
        sa.delete(FediverseFollower).where(FediverseFollower.gone_since <= now - FORGOTTEN_AFTER),
    )


def find_key(session: Session, office_id: int) -> FediverseKey | None:
    return session.get(FediverseKey, office_id)


def list_keyless(session: Session) -> Sequence[Office]:
    """The offices without a key, by slug."""
    has_key = sa.exists().where(FediverseKey.office_id == Office.id)
    return session.scalars(sa.select(Office).where(~has_key).order_by(Office.slug)).all()


def _count(
    session: Session, what: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]
) -> int:
    return session.scalar(sa.select(what).select_from(FediverseFollower).where(*conditions)) or 0
