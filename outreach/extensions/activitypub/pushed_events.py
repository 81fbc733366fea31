"""Events of workshops that were pushed to the fediverse (S42).

A row has no foreign key to its workshop: it outlives it, because its addresses go on to answer 410.
What was withdrawn once is not pushed again: servers that deleted it refuse its id.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedEntry, FeedQuery
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop, WorkshopStatus
from outreach.extensions.activitypub.base import FediverseBase

DAY: Final = timedelta(days=1)
AHEAD: Final = timedelta(days=366)


class PushedEvent(FediverseBase):
    __tablename__ = "activitypub_event"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    uid: Mapped[str] = mapped_column(sa.String(26), unique=True)  # the workshop's
    office_id: Mapped[int] = mapped_column(sa.ForeignKey(Office.__table__.c.id), index=True)
    digest: Mapped[str] = mapped_column(sa.String(64))  # the last pushed text's
    event_changed_at: Mapped[datetime]  # as it was when last looked at
    pushed_at: Mapped[datetime]
    updated_at: Mapped[datetime]  # when what is pushed last changed
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)


# As `feed_query.build_query` has it, for workshops of any day: which were pushed and still may be.
_MAY_BE_SHOWN: Final = (
    Workshop.status.in_(PUBLIC_STATUSES),
    Workshop.way != Way.UNLISTED,
    Workshop.is_discreet.is_(False),
    Kind.is_discreet.is_(False),
)


def list_due(
    session: Session, *, today: date, published_until: datetime, now: datetime
) -> list[FeedEntry]:
    """Returns the workshops of all offices that are not over and that a pushed feed would have.

    A workshop that was cancelled before it was pushed is left out: nobody there has heard of it.
    """
    choice = FeedQuery(None, published_until=published_until)
    entries = feed_query.entries(
        session, choice, since=today - DAY, until=today + AHEAD, today=today
    )
    unheard = set(
        session.scalars(
            sa.select(Workshop.id).where(
                Workshop.day >= today - 2 * DAY,
                Workshop.status == WorkshopStatus.CANCELLED,
                ~sa.exists().where(PushedEvent.uid == Workshop.uid),
            )
        )
    )
    return [each for each in entries if each.ends_at > now and each.id not in unheard]


def find(session: Session, uid: str) -> PushedEvent | None:
    return session.scalar(sa.select(PushedEvent).where(PushedEvent.uid == uid))


def find_all(session: Session, uids: Collection[str]) -> dict[str, PushedEvent]:
    """The events of these workshops, by uid."""
    found = session.scalars(sa.select(PushedEvent).where(PushedEvent.uid.in_(uids)))
    return {each.uid: each for each in found}


def list_seen(session: Session, *, today: date) -> dict[int, datetime]:
    """Returns when the event of each pushed workshop had last changed as it was pushed, by id
    of workshop.

    Workshops that are over are left out.
    """
    rows = session.execute(
        sa.select(Workshop.id, PushedEvent.event_changed_at)
        .join(PushedEvent, PushedEvent.uid == Workshop.uid)
        .where(Workshop.day >= today - 2 * DAY)
    )
    return {row.id: row.event_changed_at for row in rows}


def find_shown(session: Session, uid: str) -> Workshop | None:
    """Finds the workshop with this uid, if its event was pushed and may still be shown."""
    return session.scalar(_select_shown().where(PushedEvent.uid == uid))


def list_shown(session: Session, office: Office, *, page: int, size: int) -> Sequence[Workshop]:
    """Returns a page of an office's workshops that were pushed and may still be shown.

    The one that was pushed last comes first. The first page is 1.
    """
    return session.scalars(
        _select_shown()
        .where(PushedEvent.office_id == office.id)
        .order_by(PushedEvent.pushed_at.desc(), PushedEvent.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    ).all()


def count_shown(session: Session, office: Office) -> int:
    shown = _select_shown().where(PushedEvent.office_id == office.id).with_only_columns(Workshop.id)
    return session.scalar(sa.select(sa.func.count()).select_from(shown.subquery())) or 0


def list_to_withdraw(session: Session) -> Sequence[PushedEvent]:
    """Returns the events that were pushed and may no longer be shown."""
    is_shown = (
        sa.exists()
        .where(Workshop.uid == PushedEvent.uid, Kind.id == Workshop.kind_id, *_MAY_BE_SHOWN)
        .correlate(PushedEvent)
    )
    return session.scalars(
        sa.select(PushedEvent)
        .where(PushedEvent.withdrawn_at.is_(None), ~is_shown)
        .order_by(PushedEvent.id)
    ).all()


def _select_shown() -> sa.Select[Workshop]:
    return (
        sa.select(Workshop)
        .join(PushedEvent, PushedEvent.uid == Workshop.uid)
        .join(Workshop.kind)
        .where(PushedEvent.withdrawn_at.is_(None), *_MAY_BE_SHOWN)
    )
