"""Calendar entries as they were last written: a text by workshop and language, for every feed.

What such a text says is decided in `feeds/`; here it is only kept, with what it was made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedQuery
from outreach.domain.workshops import Workshop

KEPT_AFTER_THE_END: Final = timedelta(days=100)  # longer than any feed looks back
AHEAD: Final = timedelta(days=370)  # further than any looks


class CachedEvent(Base):
    __tablename__ = "calendar_entry"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    lang: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    is_short: Mapped[bool] = mapped_column(primary_key=True)
    made_with: Mapped[str] = mapped_column(sa.String(16))
    changed_at: Mapped[datetime]  # of what it shows
    text: Mapped[bytes]


@dataclass(slots=True)
class EventText:
    """A workshop of a feed, with its text as soon as it has one. Its instants are in UTC and have
    no zone, as the database keeps them: to convert a thousand would take longer than the rest."""

    id: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    changed_at: datetime
    text: bytes | None

    @property
    def day(self) -> date:
        return self.starts_at.date()  # in UTC, by which feeds are cut


@dataclass(frozen=True)
class EventStyle:
    """How texts are written: two written in the same manner are of the same workshop the same."""

    lang: str
    is_short: bool
    made_with: str  # another one as soon as the same workshop would be written differently


@dataclass(frozen=True)
class FeedSpan:
    """Workshops that start from `since` to before `until`, UTC days, as a feed has them `today`."""

    since: date
    until: date
    today: date


def find(
    session: Session,
    choice: FeedQuery,
    span: FeedSpan,
    manner: EventStyle,
    *,
    limit: int,
    from_the_end: bool = False,
) -> list[EventText]:
    """The workshops of a choice, by start and UID, each with its text if one is kept that still
    holds; of more than `limit` the first, or the last `from_the_end`."""
    order = [each.desc() for each in feed_query.IN_ORDER] if from_the_end else feed_query.IN_ORDER
    is_kept = sa.and_(*_key(manner), CachedEvent.changed_at == feed_query.CHANGED_AT)
    rows = session.execute(
        _query(choice, span)
        .with_only_columns(*_BARE, CachedEvent.text, maintain_column_froms=True)
        .outerjoin(CachedEvent, is_kept)
        .order_by(*order)
        .limit(limit)
    )
    found = [EventText(*row) for row in rows]
    return found[::-1] if from_the_end else found


def find_missing(
    session: Session, choice: FeedQuery, span: FeedSpan, manner: EventStyle, *, limit: int
) -> list[EventText]:
    """Workshops of a choice that were never written in this manner."""
    missing = _query(choice, span).with_only_columns(*_BARE, sa.null(), maintain_column_froms=True)
    is_kept = sa.exists().where(*_key(manner))
    return [EventText(*row) for row in session.execute(missing.where(~is_kept).limit(limit))]


def find_crowded_day(
    session: Session, choice: FeedQuery, span: FeedSpan, *, most: int
) -> date | None:
    """By which day there are more workshops than that. None: by none."""
    days = _query(choice, span).with_only_columns(Workshop.day, maintain_column_froms=True)
    return session.scalar(days.order_by(Workshop.day).offset(most).limit(1))


def find_by_workshops(session: Session, ids: Sequence[int], lang: str) -> list[CachedEvent]:
    """What was last written of these workshops, whole, whatever it was made with."""
    found: list[CachedEvent] = []
    for start in range(0, len(ids), feed_query.AT_ONCE):
        found += session.scalars(
            sa.select(CachedEvent).where(
                CachedEvent.workshop_id.in_(ids[start : start + feed_query.AT_ONCE]),
                CachedEvent.lang == lang,
                CachedEvent.is_short.is_(False),
            )
        )
    return found


def keep(session: Session, fresh: Sequence[dict[str, Any]]) -> None:
    """Keeps what was written, a row each, in place of older texts. Raises DBAPIError when a
    workshop was removed meanwhile."""
    if fresh:
        session.connection().execute(_KEEP, fresh)


def purge(session: Session, *, today: date) -> None:
    """Removes the texts of workshops that no feed goes back to."""
    gone = sa.select(Workshop.id).where(
        Workshop.ends_at < feed_query.midnight(today) - KEPT_AFTER_THE_END
    )
    session.execute(sa.delete(CachedEvent).where(CachedEvent.workshop_id.in_(gone)))


def _query(choice: FeedQuery, span: FeedSpan) -> sa.Select[*tuple[Any, ...]]:
    return feed_query.query(choice, since=span.since, until=span.until, today=span.today)


def _key(manner: EventStyle) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        CachedEvent.workshop_id == Workshop.id,
        CachedEvent.lang == manner.lang,
        CachedEvent.is_short.is_(manner.is_short),
        CachedEvent.made_with == manner.made_with,
    )


_BARE: Final = (
    Workshop.id,
    sa.type_coerce(Workshop.starts_at, sa.DateTime),
    sa.type_coerce(Workshop.ends_at, sa.DateTime),
    sa.type_coerce(Workshop.zone, sa.String),
    sa.type_coerce(feed_query.CHANGED_AT, sa.DateTime),
)
_TABLE: Final = CachedEvent.__table__
_KEEP: Final = sa.text(
    "INSERT INTO calendar_entry (workshop_id, lang, is_short, made_with, changed_at, text) "
    "VALUES (:workshop_id, :lang, :is_short, :made_with, :changed_at, :text) "
    "ON CONFLICT (workshop_id, lang, is_short) DO UPDATE SET made_with = excluded.made_with, "
    "changed_at = excluded.changed_at, text = excluded.text"
).bindparams(
    *(sa.bindparam(name, type_=_TABLE.c[name].type) for name in ("is_short", "changed_at", "text"))
)
