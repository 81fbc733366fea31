"""Import drafts: sheets that staff of an office have begun to bring in, until all rows are loaded.

A draft holds the columns that are read, as they were read, and what staff answered: nothing of a
column about persons. It is its office's, so that a colleague can finish it, and is deleted after
RETENTION.
"""

import hashlib
import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.store import change_rows
from outreach.domain.network.offices import Office
from outreach.domain.text import code
from outreach.errors import ErrorCode, NotFound, Refusal

RETENTION: Final = timedelta(days=30)
MAX_DRAFTS: Final = 20  # for each office
MAX_PACKED_BYTES: Final = 2 * 1024 * 1024  # the rows, compressed
MAX_ANSWER_BYTES: Final = 2 * 1024 * 1024  # the answers of staff, as JSON


class ImportDraft(Base):
    __tablename__ = "import_draft"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    public_id: Mapped[str] = mapped_column(sa.String(20), unique=True)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), index=True)
    office: Mapped[Office] = relationship(init=False, lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(sa.String(120))  # the file's name
    digest: Mapped[str] = mapped_column(sa.String(64))  # SHA-256 of `packed`
    packed: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    answers: Mapped[dict[str, Any]] = mapped_column(sa.JSON, deferred=True)
    # What was loaded, and when.
    loads: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, deferred=True)
    pending: Mapped[int]  # rows that are neither loaded nor left out, as last judged
    version: Mapped[int]  # rises with each change
    made_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]

    @property
    def expires_at(self) -> datetime:
        return self.made_at + RETENTION


def save(
    session: Session,
    office: Office,
    name: str,
    source: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    now: datetime,
) -> ImportDraft:
    """Stores a new draft; `source` are the rows and columns as JSON. Raises Refusal where the
    office has too many, or the rows are too much."""
    count = sa.select(sa.func.count()).select_from(ImportDraft)
    is_open = (ImportDraft.office_id == office.id, ImportDraft.made_at > now - RETENTION)
    if (session.scalar(count.where(*is_open)) or 0) >= MAX_DRAFTS:
        raise Refusal(ErrorCode.IMPORT_DRAFTS_TOO_MANY, most=MAX_DRAFTS)
    packed, digest = _pack(source)
    draft = ImportDraft(
        public_id=code(20),
        office_id=office.id,
        name=name[:120],
        digest=digest,
        packed=packed,
        answers=dict(answers),
        loads=[],
        pending=0,
        version=1,
        made_at=now,
        changed_at=now,
    )
    session.add(draft)
    session.flush()
    return draft


def find(
    session: Session, office_slug: str, public_id: str, *, now: datetime, is_locked: bool = False
) -> ImportDraft:
    """Finds a draft of that office. Raises NotFound, also where it has expired.

    `is_locked` keeps others from changing it until the transaction ends.
    """
    query = (
        sa.select(ImportDraft)
        .join(Office, Office.id == ImportDraft.office_id)
        .where(
            ImportDraft.public_id == public_id,
            Office.slug == office_slug,
            ImportDraft.made_at > now - RETENTION,
        )
    )
    draft = session.scalar(query.with_for_update(of=ImportDraft) if is_locked else query)
    if draft is None:
        raise NotFound("import draft")
    return draft


def read_source(draft: ImportDraft) -> dict[str, Any]:
    """Returns the rows and columns of a draft. Raises NotFound where the stored bytes are
    damaged.
    """
    if hashlib.sha256(draft.packed).hexdigest() != draft.digest:
        raise NotFound("import draft")
    source: dict[str, Any] = json.loads(zlib.decompress(draft.packed))
    return source


def replace_source(draft: ImportDraft, source: Mapping[str, Any]) -> None:
    """Stores fewer columns. Raises Refusal where the rows are too much."""
    draft.packed, draft.digest = _pack(source)


def change(
    session: Session,
    draft: ImportDraft,
    *,
    answers: Mapping[str, Any],
    now: datetime,
    load: Mapping[str, Any] | None = None,
) -> None:
    """Stores what staff answered, and a load. Raises Refusal where the answers are too long."""
    if len(json.dumps(answers).encode()) > MAX_ANSWER_BYTES:
        raise Refusal(ErrorCode.FORM_DRAFT_TOO_LONG)
    draft.answers = dict(answers)
    if load is not None:
        draft.loads = [*draft.loads, dict(load)]
    draft.version += 1
    draft.changed_at = now
    session.flush()


def list_pending(
    session: Session, office_slugs: Collection[str], *, now: datetime
) -> Sequence[ImportDraft]:
    """The drafts of these offices that have rows to look at or to load, the latest first."""
    return session.scalars(
        sa.select(ImportDraft)
        .join(Office, Office.id == ImportDraft.office_id)
        .where(
            Office.slug.in_(office_slugs),
            ImportDraft.pending > 0,
            ImportDraft.made_at > now - RETENTION,
        )
        .order_by(ImportDraft.changed_at.desc(), ImportDraft.id.desc())
    ).all()


def purge(session: Session, *, now: datetime) -> int:
    """Deletes expired drafts; returns how many."""
    return change_rows(
        session, sa.delete(ImportDraft).where(ImportDraft.made_at <= now - RETENTION)
    )


def _pack(source: Mapping[str, Any]) -> tuple[bytes, str]:
    text = json.dumps(source, ensure_ascii=False, separators=(",", ":"))
    packed = zlib.compress(text.encode(), 6)
    if len(packed) > MAX_PACKED_BYTES:
        raise Refusal(ErrorCode.IMPORT_DRAFT_TOO_LARGE)
    return packed, hashlib.sha256(packed).hexdigest()
