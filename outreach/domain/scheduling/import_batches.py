"""Import batches: files that staff have uploaded and previewed but not loaded; kept for a day.

The lines that were previewed are the lines that are loaded, once.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import change_rows, changes_one_row
from outreach.domain.text import code
from outreach.errors import NotFound

RETENTION: Final = timedelta(days=1)
MAX_BATCHES: Final = 5  # for each staff member; the oldest is deleted


@dataclass(frozen=True)
class ImportBatchSummary:
    """One line of a file: number, cells and the faults found when it was read."""

    number: int
    cells: Mapping[str, str]
    faults: Sequence[Sequence[Any]] = field(default_factory=tuple)


class ImportBatch(Base):
    __tablename__ = "import_batch"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    public_id: Mapped[str] = mapped_column(sa.String(20), unique=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(120))  # the file's name
    lines: Mapped[int]  # how many
    digest: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of `packed`
    packed: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    marks: Mapped[bytes] = mapped_column(
        sa.LargeBinary, deferred=True
    )  # by id of a row, a hash of its preview
    made_at: Mapped[datetime] = mapped_column(index=True)


def save(
    session: Session,
    organizer_id: int,
    name: str,
    lines: Sequence[ImportBatchSummary],
    marks: Mapping[str, str],
    *,
    now: datetime,
) -> ImportBatch:
    """Stores a batch that only this staff member can see."""
    _make_room(session, organizer_id)
    lines_json = json.dumps([[each.number, each.cells, each.faults] for each in lines]).encode()
    packed = zlib.compress(lines_json, 6)
    batch = ImportBatch(
        public_id=code(20),
        organizer_id=organizer_id,
        name=name[:120],
        lines=len(lines),
        digest=hashlib.sha256(packed).hexdigest(),
        packed=packed,
        marks=_packed(marks),
        made_at=now,
    )
    session.add(batch)
    session.flush()
    return batch


def find(session: Session, public_id: str, organizer_id: int, *, now: datetime) -> ImportBatch:
    """Finds a batch of this staff member. Raises NotFound, also where it has expired."""
    batch = session.scalar(
        sa.select(ImportBatch).where(
            ImportBatch.public_id == public_id,
            ImportBatch.organizer_id == organizer_id,
            ImportBatch.made_at > now - RETENTION,
        )
    )
    if batch is None:
        raise NotFound("batch")
    return batch


def read_lines(batch: ImportBatch) -> list[ImportBatchSummary]:
    """Returns the lines of a batch. Raises NotFound where the stored bytes are damaged."""
    if hashlib.sha256(batch.packed).hexdigest() != batch.digest:
        raise NotFound("batch")
    return [ImportBatchSummary(*each) for each in json.loads(zlib.decompress(batch.packed))]


def read_marks(batch: ImportBatch) -> dict[str, str]:
    """Returns the hash of each row's preview, by the id of the row."""
    marks: dict[str, str] = json.loads(zlib.decompress(batch.marks))
    return marks


def update_marks(session: Session, batch: ImportBatch, marks: Mapping[str, str]) -> None:
    """Stores the hashes of a new preview."""
    batch.marks = _packed(marks)
    session.flush()


def take(session: Session, batch: ImportBatch) -> bool:
    """Deletes the batch. Returns False where a concurrent request has loaded it already."""
    return changes_one_row(session, sa.delete(ImportBatch).where(ImportBatch.id == batch.id))


def purge(session: Session, *, now: datetime) -> int:
    """Deletes expired batches; returns how many."""
    return change_rows(
        session, sa.delete(ImportBatch).where(ImportBatch.made_at <= now - RETENTION)
    )


def _make_room(session: Session, organizer_id: int) -> None:
    newest = (
        sa.select(ImportBatch.id)
        .where(ImportBatch.organizer_id == organizer_id)
        .order_by(ImportBatch.id.desc())
    )
    kept = session.scalars(newest.limit(MAX_BATCHES - 1)).all()
    session.execute(
        sa.delete(ImportBatch).where(
            ImportBatch.organizer_id == organizer_id, ImportBatch.id.not_in(kept)
        )
    )


def _packed(marks: Mapping[str, str]) -> bytes:
    return zlib.compress(json.dumps(dict(marks)).encode(), 6)
