"""The event cache: the written VEVENT of each workshop and language, shared by all feeds, processes
and hosts. The worker writes it, and the calendars of staff their own entries.

`feeds/` decides what a text says; this module stores it with a digest of what it was made from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.calendar import feed_query
from outreach.domain.calendar.feed_query import FeedQuery, QueryShape
from outreach.domain.workshops import Workshop

KEPT_AFTER_THE_END: Final = timedelta(days=100)  # longer than the window of any feed
AHEAD: Final = timedelta(days=370)  # further than the window of any feed


class CachedEvent(Base):
    __tablename__ = "cached_event"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    lang: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    is_short: Mapped[bool] = mapped_column(primary_key=True)
    made_with: Mapped[str] = mapped_column(sa.String(16))
    changed_at: Mapped[datetime]  # when the data that the text shows last changed
    text: Mapped[bytes]


@dataclass(slots=True)
class EventText:
    """A workshop of a feed, and its VEVENT once it is written.

    Its instants are naive UTC, as the database stores them: converting a thousand would take
    longer than everything else.
    """

    id: int
    starts_at: datetime
    ends_at: datetime
    zone: str  # the venue's
    calendar_zone: str  # in which it is written
    changed_at: datetime
    text: bytes | None

    @property
    def day(self) -> date:
        return self.starts_at.date()  # in UTC: feeds are cut by UTC days


@dataclass(frozen=True)
class EventStyle:
    """The way in which a text is written: a workshop has one text in each style."""

    lang: str
    is_short: bool
    made_with: str  # a digest that changes when a workshop would be written differently


@dataclass(frozen=True)
class FeedSpan:
    """The workshops that start from `since` to before `until` (UTC days), as of `today`."""

    since: date
    until: date
    today: date


def find(
    session: Session,
    choice: FeedQuery,
    span: FeedSpan,
    style: EventStyle,
    *,
    limit: int,
    from_the_end: bool = False,
) -> list[EventText]:
    """Returns the workshops of a query by start and UID, each with its text if a valid one is
    cached.

    They are the first `limit` of them, or the last if `from_the_end`.
    """
    statement = _build_find(feed_query.get_shape(choice), from_the_end)
    rows = session.connection().execute(
        feed_query.at_places(statement, choice),
        {**_values(choice, span), **_style_values(style), "most": limit},
    )
    texts = [EventText(*row) for row in rows]
    return texts[::-1] if from_the_end else texts


def find_missing(
    session: Session, choice: FeedQuery, span: FeedSpan, style: EventStyle, *, limit: int
) -> list[EventText]:
    """Returns the workshops of a query whose present state is not written in this style, at
    most `limit`.
    """
    missing = feed_query.query(choice).with_only_columns(
        *_COLUMNS, sa.null(), maintain_column_froms=True
    )
    values = {**_values(choice, span), **_style_values(style)}
    is_cached = sa.exists().where(*_IS_CACHED)
    rows = session.execute(missing.where(~is_cached).limit(limit), values)
    return [EventText(*row) for row in rows]


def find_crowded_day(
    session: Session, choice: FeedQuery, span: FeedSpan, *, most: int
) -> date | None:
    """Returns the day up to which there are more than `most` workshops; None if there are not."""
    days = feed_query.query(choice).with_only_columns(Workshop.day, maintain_column_froms=True)
    ordered = days.order_by(Workshop.day).offset(most).limit(1)
    return session.scalar(ordered, _values(choice, span))


def find_by_workshops(session: Session, ids: Sequence[int], lang: str) -> list[CachedEvent]:
    """Returns the cached full texts of these workshops, whatever they were made with."""
    events: list[CachedEvent] = []
    for start in range(0, len(ids), feed_query.BATCH_SIZE):
        events += session.scalars(
            sa.select(CachedEvent).where(
                CachedEvent.workshop_id.in_(ids[start : start + feed_query.BATCH_SIZE]),
                CachedEvent.lang == lang,
                CachedEvent.is_short.is_(False),
            )
        )
    return events


def keep(session: Session, fresh: Sequence[dict[str, Any]]) -> None:
    """Stores written texts in place of older ones. Raises DBAPIError if a workshop was deleted
    meanwhile."""
    if fresh:
        session.connection().execute(_KEEP, fresh)


def purge(session: Session, *, today: date) -> None:
    """Deletes the texts of workshops that are before the window of every feed."""
    past = sa.select(Workshop.id).where(
        Workshop.ends_at < feed_query.midnight(today) - KEPT_AFTER_THE_END
    )
    session.execute(sa.delete(CachedEvent).where(CachedEvent.workshop_id.in_(past)))


@lru_cache(maxsize=64)
def _build_find(shape: QueryShape, from_the_end: bool) -> sa.Select[*tuple[Any, ...]]:
    order = [each.desc() for each in feed_query.IN_ORDER] if from_the_end else feed_query.IN_ORDER
    return (
        feed_query.build_query(shape)
        .with_only_columns(*_COLUMNS, CachedEvent.text, maintain_column_froms=True)
        .outerjoin(CachedEvent, sa.and_(*_IS_CACHED))
        .order_by(*order)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def _values(choice: FeedQuery, span: FeedSpan) -> dict[str, Any]:
    return feed_query.get_values(choice, since=span.since, until=span.until, today=span.today)


def _style_values(style: EventStyle) -> dict[str, Any]:
    return {"lang": style.lang, "is_short": style.is_short, "made_with": style.made_with}


_IS_CACHED: Final = (
    CachedEvent.workshop_id == Workshop.id,
    CachedEvent.lang == sa.bindparam("lang"),
    CachedEvent.is_short == sa.bindparam("is_short"),
    CachedEvent.made_with == sa.bindparam("made_with"),
    CachedEvent.changed_at == feed_query.CHANGED_AT,
)
_COLUMNS: Final = (
    Workshop.id,
    sa.type_coerce(Workshop.starts_at, sa.DateTime),
    sa.type_coerce(Workshop.ends_at, sa.DateTime),
    sa.type_coerce(Workshop.zone, sa.String),
    sa.type_coerce(Workshop.calendar_zone, sa.String),
    sa.type_coerce(feed_query.CHANGED_AT, sa.DateTime),
)
_TABLE: Final = CachedEvent.__table__
_KEEP: Final = sa.text(
    "INSERT INTO cached_event (workshop_id, lang, is_short, made_with, changed_at, text) "
    "VALUES (:workshop_id, :lang, :is_short, :made_with, :changed_at, :text) "
    "ON CONFLICT (workshop_id, lang, is_short) DO UPDATE SET made_with = excluded.made_with, "
    "changed_at = excluded.changed_at, text = excluded.text"
).bindparams(
    *(sa.bindparam(name, type_=_TABLE.c[name].type) for name in ("is_short", "changed_at", "text"))
)
