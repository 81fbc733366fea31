"""The public log of month revisions: its entries, and the files that each revision published.

An entry is never changed or deleted; `outreach.signing.revision_log` appends, and says what an
entry holds.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.clock import Month
from outreach.db.base import Base
from outreach.domain.reporting import months
from outreach.domain.reporting.months import MonthRevision


class LogEntry(Base):
    __tablename__ = "log_entry"
    __table_args__ = (sa.UniqueConstraint("month", "revision"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # from 0 on
    month: Mapped[int]  # 202001
    revision: Mapped[int]
    leaf: Mapped[str] = mapped_column(sa.Text)  # JSON: what is hashed as a leaf of the tree
    # The signed head of the tree that ends with this entry, and the key that verifies it.
    checkpoint: Mapped[str] = mapped_column(sa.Text)
    verifier: Mapped[str] = mapped_column(sa.String(400))


class PublishedFile(Base):
    """A file of a revision, byte by byte as it was published, such as `es.csv` or `fr.pdf`."""

    __tablename__ = "published_file"

    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    content: Mapped[bytes]


def list_unlogged(session: Session, *, now: datetime) -> Sequence[tuple[Month, int]]:
    """Returns the released revisions that have no entry yet, in the order of their cut.

    Each is a month and a number.
    """
    rows = session.execute(_UNLOGGED, {"now": now})
    return [(Month.from_number(month), number) for month, number in rows]


_UNLOGGED: Final = (
    sa.select(MonthRevision.month, MonthRevision.number)
    .outerjoin(
        LogEntry,
        sa.and_(LogEntry.month == MonthRevision.month, LogEntry.revision == MonthRevision.number),
    )
    .where(LogEntry.position.is_(None), months.is_released())
    .order_by(MonthRevision.cut, MonthRevision.month, MonthRevision.number)
)


def list_entries(session: Session) -> Sequence[LogEntry]:
    """All entries, the first one first."""
    return session.scalars(_ENTRIES).all()


_ENTRIES: Final = sa.select(LogEntry).order_by(LogEntry.position)


def find_newest(session: Session) -> LogEntry | None:
    """Returns the last entry, whose checkpoint is the signed head of the whole log."""
    return session.scalar(sa.select(LogEntry).order_by(LogEntry.position.desc()).limit(1))


def has_entry(session: Session, month: Month, revision: int) -> bool:
    return session.scalar(_HAS_ENTRY, {"month": month.number, "revision": revision}) is not None


_HAS_ENTRY: Final = sa.select(LogEntry.position).where(
    LogEntry.month == sa.bindparam("month"), LogEntry.revision == sa.bindparam("revision")
)


def find_file(session: Session, month: Month, revision: int, name: str) -> bytes | None:
    """Returns the content of a published file; None where the revision is not in the log yet."""
    return session.scalar(_FILE, {"month": month.number, "revision": revision, "name": name})


_FILE: Final = sa.select(PublishedFile.content).where(
    PublishedFile.month == sa.bindparam("month"),
    PublishedFile.revision == sa.bindparam("revision"),
    PublishedFile.name == sa.bindparam("name"),
)


def list_files(session: Session) -> sa.ScalarResult[PublishedFile]:
    """All published files, by month, revision and name."""
    columns = (PublishedFile.month, PublishedFile.revision, PublishedFile.name)
    return session.scalars(sa.select(PublishedFile).order_by(*columns))
