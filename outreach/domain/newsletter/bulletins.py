"""The monthly bulletin: its editions. The numbers of each come from a revision of its month; what
people wrote around them is here. What was published never changes: a correction is a new edition.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.clock import Month
from outreach.db.base import Base, Words
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.newsletter import mailings
from outreach.domain.reporting import months
from outreach.domain.reporting.months import MonthRevision
from outreach.errors import Conflict, ErrorCode, NotFound, Refusal

PARTS: Final = ("title", "happened", "ahead")  # what people write of every edition


class BulletinEdition(Base):
    __tablename__ = "bulletin_edition"
    __table_args__ = (sa.UniqueConstraint("month", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    month: Mapped[int]  # 202001
    number: Mapped[int]  # from 1 on
    revision: Mapped[int]  # of the month, whose numbers it tells
    title: Mapped[Words] = mapped_column(default_factory=dict)
    happened: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que pasó», Markdown
    ahead: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que viene», Markdown
    correction: Mapped[Words] = mapped_column(default_factory=dict)  # of a later one: why
    version: Mapped[int] = mapped_column(default=1)  # rises with each edit: two cannot edit at once
    edited_at: Mapped[datetime]
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)  # None: a draft
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    frozen: Mapped[str] = mapped_column(sa.Text, default="")  # JSON of what was published
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of it, in hex

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_correction(self) -> bool:
        return self.number > 1


@dataclass(frozen=True, kw_only=True)
class BulletinPart:
    """What people write of an edition, by language."""

    title: Words = field(default_factory=dict)
    happened: Words = field(default_factory=dict)
    ahead: Words = field(default_factory=dict)
    correction: Words = field(default_factory=dict)


class BulletinLine(NamedTuple):
    """An edition in a list."""

    month: Month
    number: int
    revision: int
    published_at: datetime | None


def text_of(edition: BulletinEdition) -> BulletinPart:
    return BulletinPart(
        title=edition.title,
        happened=edition.happened,
        ahead=edition.ahead,
        correction=edition.correction,
    )


def find(session: Session, month: Month, number: int) -> BulletinEdition:
    """A draft too. Raises NotFound."""
    found = session.scalar(
        sa.select(BulletinEdition).where(
            BulletinEdition.month == month.number, BulletinEdition.number == number
        )
    )
    if found is None:
        raise NotFound(f"edition {number} of {month}")
    return found


def newest(session: Session, month: Month) -> BulletinEdition | None:
    """The last one of a month, be it a draft."""
    return session.scalar(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number)
        .order_by(BulletinEdition.number.desc())
        .limit(1)
    )


def latest(session: Session, month: Month) -> BulletinEdition | None:
    """The last one that was published of a month."""
    return session.scalar(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number, BulletinEdition.published_at.is_not(None))
        .order_by(BulletinEdition.number.desc())
        .limit(1)
    )


def list_published(session: Session, month: Month) -> Sequence[BulletinEdition]:
    """All that were published of a month, the first one first."""
    return session.scalars(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number, BulletinEdition.published_at.is_not(None))
        .order_by(BulletinEdition.number)
    ).all()


def lines(session: Session) -> list[BulletinLine]:
    """Every edition there is, drafts too, by month and number."""
    rows = session.execute(
        sa.select(
            BulletinEdition.month,
            BulletinEdition.number,
            BulletinEdition.revision,
            BulletinEdition.published_at,
        ).order_by(BulletinEdition.month, BulletinEdition.number)
    )
    return [
        BulletinLine(Month.from_number(month), number, revision, published_at)
        for month, number, revision, published_at in rows
    ]


def begin(
    session: Session,
    month: Month,
    *,
    title: Words | None = None,
    correction: str = "",
    seen: int | None = None,
    organizer_id: int | None = None,
    now: datetime,
) -> BulletinEdition:
    """A draft of the next edition, with the numbers of the month's last revision. After the first
    it is a correction: it begins with the words of the one before, and says what it corrects, in
    Spanish. `seen` is the number of the edition that whoever asks for it saw as the last. Raises
    Refusal, or Conflict when there is a draft already, or another edition."""
    revision, before = _closed(session, month), newest(session, month)
    last = before.number if before else 0
    if (before is not None and before.is_draft) or (seen is not None and seen != last):
        raise Conflict(f"edition {last + 1} of {month}")
    if before is not None and not correction:
        raise Refusal(ErrorCode.BULLETIN_WITHOUT_CORRECTION)
    made = BulletinEdition(
        month=month.number,
        number=last + 1,
        revision=revision.number,
        title=before.title if before else title or {},
        happened=before.happened if before else {},
        ahead=before.ahead if before else {},
        correction={"es": correction} if before else {},
        edited_at=now,
        edited_by_id=organizer_id,
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        raise Conflict(f"edition {made.number} of {month}") from None
    if before is not None:
        _note(session, made, "bulletin corrected", organizer_id, now)
    return made


def edit(
    session: Session,
    edition: BulletinEdition,
    text: BulletinPart,
    *,
    version: int,
    organizer_id: int | None = None,
    now: datetime,
) -> None:
    """Keeps what was written of a draft. `version` is the one that whoever wrote it had read.
    Raises Conflict when somebody else has changed or published it since."""
    _move(
        session,
        edition,
        version,
        title=text.title,
        happened=text.happened,
        ahead=text.ahead,
        correction=text.correction if edition.is_correction else {},
        version=version + 1,
        edited_at=now,
        edited_by_id=organizer_id,
    )


def take_numbers(session: Session, edition: BulletinEdition) -> bool:
    """Gives a draft the numbers of the month's last revision; whether they are other ones. While
    the month is open again it keeps those it has. Raises Conflict as `edit` does."""
    last = closed_as(session, Month.from_number(edition.month))
    if last in {0, edition.revision}:
        return False
    _move(session, edition, edition.version, revision=last, version=edition.version + 1)
    return True


def publish(
    session: Session,
    edition: BulletinEdition,
    freeze: Callable[[BulletinEdition], str],
    *,
    version: int,
    organizer_id: int | None = None,
    now: datetime,
) -> None:
    """Makes a draft public, for good. `freeze` gives all that it tells, as JSON, of the edition
    with the date of its publication on it. Raises Refusal when the month is open, or has another
    revision by now; Conflict as `edit` does: of two who publish at once, one does. Whoever
    subscribes is owed a letter by the same transaction."""
    month = Month.from_number(edition.month)
    months.lock(session, month)
    last = _closed(session, month).number
    if edition.revision != last:
        raise Refusal(ErrorCode.BULLETIN_FIGURES_CHANGED)
    _move(session, edition, version, published_at=now, published_by_id=organizer_id)
    edition.frozen = freeze(edition)
    edition.digest = hashlib.sha256(edition.frozen.encode()).hexdigest()
    session.flush()
    mailings.announce(session, month, edition.number, now=now)
    _note(session, edition, "bulletin published", organizer_id, now)


def is_sound(edition: BulletinEdition) -> bool:
    """Whether what it says is what was published."""
    return hashlib.sha256(edition.frozen.encode()).hexdigest() == edition.digest


def closed_as(session: Session, month: Month) -> int:
    """The revision that a bulletin of the month has to tell; 0 while the month is open."""
    last = months.find_latest_revision(session, month)
    return last.number if last is not None and last.reopened_at is None else 0


def _closed(session: Session, month: Month) -> MonthRevision:
    """The last revision of a month. Raises Refusal where there is none, or it is open again."""
    last = months.find_latest_revision(session, month)
    if last is None:
        raise Refusal(ErrorCode.BULLETIN_MONTH_NOT_CLOSED)
    if last.reopened_at is not None:
        raise Refusal(ErrorCode.BULLETIN_MONTH_REOPENED)
    return last


def _move(session: Session, edition: BulletinEdition, seen: int, /, **values: object) -> None:
    """Changes a draft that still is what was read. Raises Conflict."""
    done = session.execute(
        sa.update(BulletinEdition)
        .where(
            BulletinEdition.id == edition.id,
            BulletinEdition.version == seen,
            BulletinEdition.published_at.is_(None),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(done, sa.CursorResult)
    if done.rowcount != 1:
        raise Conflict(f"edition {edition.number} of {Month.from_number(edition.month)}")
    session.refresh(edition)


def _note(
    session: Session, edition: BulletinEdition, action: str, organizer_id: int | None, now: datetime
) -> None:
    details: Details = {
        "month": str(Month.from_number(edition.month)),
        "edition": edition.number,
        "revision": edition.revision,
    }
    audit_log.record(session, organizer_id, action, now=now, details=details)
