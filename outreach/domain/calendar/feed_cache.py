"""The feed cache: complete feeds, compressed, shared by all processes and hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base

MAX_BYTES: Final = 64_000_000  # of all feeds, compressed
MAX_FEEDS: Final = 4000
SECOND: Final = timedelta(seconds=1)


class CachedFeedRow(Base):
    __tablename__ = "calendar_copy"
    __table_args__ = (sa.Index(None, "made_at", "size"),)

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger)  # the change counter for which it is valid
    day: Mapped[date]  # in UTC: the window moves at midnight
    etag: Mapped[str] = mapped_column(sa.String(64))
    changed_at: Mapped[datetime]  # when these bytes first existed
    made_at: Mapped[datetime]
    size: Mapped[int]
    body: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class CachedFeed:
    """A feed, and what is needed to know whether it is valid."""

    number: int
    day: date
    etag: str  # of the uncompressed bytes
    changed_at: datetime
    body: bytes  # gzip


def find(session: Session, key: str) -> CachedFeed | None:
    """The cached feed of that key, valid or not."""
    row = session.execute(_FIND, {"key": key}).first()
    return None if row is None else CachedFeed(*row)


def keep(session: Session, key: str, copy: CachedFeed, *, now: datetime) -> CachedFeed:
    """Stores a feed in place of an older one, and returns it with the date to serve: unchanged
    bytes keep their date, and changed ones get a later one than before."""
    before = find(session, key)
    if before is None:
        _make_room(session, len(copy.body))
    changed_at = copy.changed_at
    if before is not None and before.etag == copy.etag:
        changed_at = before.changed_at
    elif before is not None:
        changed_at = max(changed_at, before.changed_at + SECOND)
    session.connection().execute(
        _KEEP,
        {
            "key": key,
            "number": copy.number,
            "day": copy.day,
            "etag": copy.etag,
            "changed_at": changed_at,
            "made_at": now,
            "size": len(copy.body),
            "body": copy.body,
        },
    )
    return CachedFeed(copy.number, copy.day, copy.etag, changed_at, copy.body)


def _make_room(session: Session, size: int) -> None:
    """Deletes the oldest quarter if one more feed would exceed a limit."""
    count, used = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(CachedFeedRow.size), 0))
    ).one()
    if count < MAX_FEEDS and used + size <= MAX_BYTES:
        return
    oldest = sa.select(CachedFeedRow.key).order_by(CachedFeedRow.made_at).limit(count // 4 + 1)
    gone: Sequence[str] = session.scalars(oldest).all()
    session.execute(sa.delete(CachedFeedRow).where(CachedFeedRow.key.in_(gone)))


_FIND: Final = sa.select(
    CachedFeedRow.number,
    CachedFeedRow.day,
    CachedFeedRow.etag,
    CachedFeedRow.changed_at,
    CachedFeedRow.body,
).where(CachedFeedRow.key == sa.bindparam("key"))
_COLUMNS: Final = tuple(column.name for column in CachedFeedRow.__table__.c)
_KEEP: Final = sa.text(
    f"INSERT INTO calendar_copy ({', '.join(_COLUMNS)}) "  # noqa: S608 - names of columns only
    f"VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) ON CONFLICT (key) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name != "key")
).bindparams(*(sa.bindparam(c.name, type_=c.type) for c in CachedFeedRow.__table__.c))
