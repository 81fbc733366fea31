"""The VEVENT of each workshop, written when the workshop has changed and kept for every feed.

icalendar writes some 2,500 of them a second; a feed of a thousand must not wait for that at each
change of one. A kept text holds while nothing it shows has changed, and while what writes it has
not: the site's address, the words, the zone rules.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain import calendars
from outreach.domain.calendars import Choice
from outreach.domain.workshops import Workshop
from outreach.feeds import event, words
from outreach.feeds.event import Site
from outreach.languages import LANGUAGES

WRITTEN_BY: Final = 1  # raise it when `event.write` writes the same workshop differently
KEPT_AFTER_THE_END: Final = timedelta(days=100)  # longer than any feed looks back
AHEAD: Final = timedelta(days=370)  # further than any looks


class KeptEntry(Base):
    __tablename__ = "calendar_entry"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    lang: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    is_short: Mapped[bool] = mapped_column(primary_key=True)
    made_with: Mapped[str] = mapped_column(sa.String(16))
    changed_at: Mapped[datetime]  # of the workshop it shows
    text: Mapped[bytes]


@dataclass(slots=True)
class Piece:
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


class Reader:
    """Reads the entries of one feed, and writes those that are missing. What it had to write is in
    `fresh`, for `keep`."""

    def __init__(
        self, session: Session, choice: Choice, lang: str, site: Site, *, today: date
    ) -> None:
        self.session, self.choice = session, choice
        self.lang, self.site, self.today = lang, site, today
        self.fresh: list[dict[str, Any]] = []

    def crowded_on(self, since: date, until: date, *, most: int) -> date | None:
        """By which day, counted from `since`, there are more workshops than that. None: by none."""
        asked = calendars.query(self.choice, since=since, until=until, today=self.today)
        days = asked.with_only_columns(Workshop.day, maintain_column_froms=True)
        return self.session.scalar(days.order_by(Workshop.day).offset(most).limit(1))

    def look(
        self,
        since: date,
        until: date,
        *,
        limit: int,
        is_short: bool = False,
        from_the_end: bool = False,
    ) -> list[Piece]:
        """The workshops that start from `since` to before `until`, by start and UID, each with its
        text if one is kept; of more than `limit` the first, or the last `from_the_end`."""
        asked = calendars.query(self.choice, since=since, until=until, today=self.today)
        order = [each.desc() for each in calendars.IN_ORDER] if from_the_end else calendars.IN_ORDER
        is_kept = sa.and_(
            *_key(self.lang, self.site, is_short=is_short),
            KeptEntry.changed_at == calendars.CHANGED_AT,
        )
        rows = self.session.execute(
            asked.with_only_columns(*_PIECE, maintain_column_froms=True)
            .outerjoin(KeptEntry, is_kept)
            .order_by(*order)
            .limit(limit)
        )
        found = [Piece(*row) for row in rows]
        return found[::-1] if from_the_end else found

    def fill(self, pieces: Sequence[Piece], *, is_short: bool = False) -> None:
        """Writes the texts that are not there."""
        missing = {piece.id: piece for piece in pieces if piece.text is None}
        for workshop in calendars.read(self.session, list(missing)):
            piece = missing[workshop.id]
            piece.text = event.write(workshop, self.lang, self.site, is_short=is_short)
            self.fresh.append(
                {
                    "workshop_id": workshop.id,
                    "lang": self.lang,
                    "is_short": is_short,
                    "made_with": made_with(self.site),
                    "changed_at": piece.changed_at.replace(tzinfo=UTC),
                    "text": piece.text,
                }
            )


def keep(session: Session, fresh: Sequence[dict[str, Any]]) -> None:
    """Keeps what a reader has written, in place of older texts. Raises DBAPIError when a workshop
    was removed meanwhile."""
    if fresh:
        session.connection().execute(_KEEP, fresh)


@lru_cache(maxsize=8)
def made_with(site: Site) -> str:
    """Another one as soon as the same workshop would be written differently."""
    parts = (
        WRITTEN_BY,
        words.WORDED_AT,
        site.public_url,
        site.host,
        site.phone,
        *(metadata.version(name) for name in ("tzdata", "babel", "icalendar")),
    )
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


def write_missing(session: Session, site: Site, *, today: date, limit: int) -> list[dict[str, Any]]:
    """What feeds are going to ask for and nobody has yet, written in every language, at most
    `limit` of each: for `keep`."""
    since, until = today - KEPT_AFTER_THE_END, today + AHEAD
    fresh = []
    for lang in LANGUAGES:
        reader = Reader(session, Choice(None), lang, site, today=today)
        is_kept = sa.exists().where(*_key(lang, site, is_short=False))
        asked = calendars.query(reader.choice, since=since, until=until, today=today)
        missing = asked.with_only_columns(*_BARE, sa.null(), maintain_column_froms=True)
        rows = session.execute(missing.where(~is_kept).limit(limit))
        reader.fill([Piece(*row) for row in rows])
        fresh += reader.fresh
    return fresh


def tidy(session: Session, *, today: date) -> None:
    """Removes the texts of workshops that no feed goes back to."""
    gone = sa.select(Workshop.id).where(
        Workshop.ends_at < calendars.midnight(today) - KEPT_AFTER_THE_END
    )
    session.execute(sa.delete(KeptEntry).where(KeptEntry.workshop_id.in_(gone)))


def _key(lang: str, site: Site, *, is_short: bool) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        KeptEntry.workshop_id == Workshop.id,
        KeptEntry.lang == lang,
        KeptEntry.is_short.is_(is_short),
        KeptEntry.made_with == made_with(site),
    )


_BARE: Final = (
    Workshop.id,
    sa.type_coerce(Workshop.starts_at, sa.DateTime),
    sa.type_coerce(Workshop.ends_at, sa.DateTime),
    sa.type_coerce(Workshop.zone, sa.String),
    sa.type_coerce(calendars.CHANGED_AT, sa.DateTime),
)
_PIECE: Final = (*_BARE, KeptEntry.text)
_TABLE: Final = KeptEntry.__table__
_KEEP: Final = sa.text(
    "INSERT INTO calendar_entry (workshop_id, lang, is_short, made_with, changed_at, text) "
    "VALUES (:workshop_id, :lang, :is_short, :made_with, :changed_at, :text) "
    "ON CONFLICT (workshop_id, lang, is_short) DO UPDATE SET made_with = excluded.made_with, "
    "changed_at = excluded.changed_at, text = excluded.text"
).bindparams(
    *(sa.bindparam(name, type_=_TABLE.c[name].type) for name in ("is_short", "changed_at", "text"))
)
