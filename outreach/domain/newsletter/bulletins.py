"""Editions of the monthly bulletin: drafts, publication and corrections.

The numbers of an edition come from a revision of its month; its texts are stored here. A published
edition never changes: a correction is a new edition.
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

PARTS: Final = ("title", "happened", "ahead")  # texts that staff write in every edition


class BulletinEdition(Base):
    __tablename__ = "bulletin_edition"
    __table_args__ = (sa.UniqueConstraint("month", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    month: Mapped[int]  # 202001
    number: Mapped[int]  # from 1 on
    revision: Mapped[int]  # of the month: the numbers it publishes
    title: Mapped[Words] = mapped_column(default_factory=dict)
    happened: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que pasó», Markdown
    ahead: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que viene», Markdown
    correction: Mapped[Words] = mapped_column(default_factory=dict)  # of a later edition: why
    version: Mapped[int] = mapped_column(default=1)  # rises with each edit (optimistic locking)
    edited_at: Mapped[datetime]
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)  # None: a draft
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organizer.id"), default=None)
    frozen: Mapped[str] = mapped_column(sa.Text, default="")  # JSON of what was published
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of `frozen`, in hex

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_correction(self) -> bool:
        return self.number > 1


@dataclass(frozen=True, kw_only=True)
class BulletinPart:
    """The texts that staff write in an edition, by language."""

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
    """The edition, published or a draft. Raises NotFound."""
    edition = session.scalar(
        sa.select(BulletinEdition).where(
            BulletinEdition.month == month.number, BulletinEdition.number == number
        )
    )
    if edition is None:
        raise NotFound(f"edition {number} of {month}")
    return edition


def newest(session: Session, month: Month) -> BulletinEdition | None:
    """The last edition of a month, published or a draft."""
    return session.scalar(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number)
        .order_by(BulletinEdition.number.desc())
        .limit(1)
    )


def latest(session: Session, month: Month) -> BulletinEdition | None:
    """The last published edition of a month."""
    return session.scalar(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number, BulletinEdition.published_at.is_not(None))
        .order_by(BulletinEdition.number.desc())
        .limit(1)
    )


def list_published(session: Session, month: Month) -> Sequence[BulletinEdition]:
    """The published editions of a month, by number."""
    return session.scalars(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number, BulletinEdition.published_at.is_not(None))
        .order_by(BulletinEdition.number)
    ).all()


def lines(session: Session) -> list[BulletinLine]:
    """All editions, drafts too, by month and number."""
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
    """Makes a draft of the next edition, with the numbers of the month's last revision.

    An edition after the first is a correction: it begins with the texts of the previous one, and
    `correction` says in Spanish what it corrects. `seen` is the number of the last edition that
    the staff member saw. Raises Refusal when the month is not closed or a correction lacks its
    text, and Conflict when there is a draft already or `seen` is not the last edition."""
    revision, before = _get_closed_revision(session, month), newest(session, month)
    last = before.number if before else 0
    if (before is not None and before.is_draft) or (seen is not None and seen != last):
        raise Conflict(f"edition {last + 1} of {month}")
    if before is not None and not correction:
        raise Refusal(ErrorCode.BULLETIN_WITHOUT_CORRECTION)
    draft = BulletinEdition(
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
            session.add(draft)
            session.flush()
    except IntegrityError:
        raise Conflict(f"edition {draft.number} of {month}") from None
    if before is not None:
        _record(session, draft, "bulletin corrected", organizer_id, now)
    return draft


def edit(
    session: Session,
    edition: BulletinEdition,
    text: BulletinPart,
    *,
    version: int,
    organizer_id: int | None = None,
    now: datetime,
) -> None:
    """Stores the texts of a draft. `version` is the one that the staff member had read. Raises
    Conflict when somebody else has changed or published it since."""
    _update_draft(
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
    """Gives a draft the numbers of the month's last revision; True when that is another revision.
    While the month is open again, the draft keeps its own. Raises Conflict as `edit` does."""
    last = closed_as(session, Month.from_number(edition.month))
    if last in {0, edition.revision}:
        return False
    _update_draft(session, edition, edition.version, revision=last, version=edition.version + 1)
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
    """Publishes a draft for good, and queues it for the subscribers in the same transaction.

    `freeze` returns the whole content as JSON; it is called with the edition once that has its
    date of publication. Raises Refusal when the month is open or has a later revision, and
    Conflict as `edit` does: of two simultaneous calls, one publishes."""
    month = Month.from_number(edition.month)
    months.lock(session, month)
    last = _get_closed_revision(session, month).number
    if edition.revision != last:
        raise Refusal(ErrorCode.BULLETIN_FIGURES_CHANGED)
    _update_draft(session, edition, version, published_at=now, published_by_id=organizer_id)
    edition.frozen = freeze(edition)
    edition.digest = hashlib.sha256(edition.frozen.encode()).hexdigest()
    session.flush()
    mailings.announce(session, month, edition.number, now=now)
    _record(session, edition, "bulletin published", organizer_id, now)


def is_sound(edition: BulletinEdition) -> bool:
    """Whether the stored content is what was published."""
    return hashlib.sha256(edition.frozen.encode()).hexdigest() == edition.digest


def closed_as(session: Session, month: Month) -> int:
    """The revision that a bulletin of the month must state; 0 while the month is open."""
    last = months.find_latest_revision(session, month)
    return last.number if last is not None and last.reopened_at is None else 0


def _get_closed_revision(session: Session, month: Month) -> MonthRevision:
    """The last revision of a closed month. Raises Refusal when the month is open."""
    last = months.find_latest_revision(session, month)
    if last is None:
        raise Refusal(ErrorCode.BULLETIN_MONTH_NOT_CLOSED)
    if last.reopened_at is not None:
        raise Refusal(ErrorCode.BULLETIN_MONTH_REOPENED)
    return last


def _update_draft(
    session: Session, edition: BulletinEdition, expected_version: int, /, **values: object
) -> None:
    """Changes a draft whose version is still `expected_version`. Raises Conflict."""
    result = session.execute(
        sa.update(BulletinEdition)
        .where(
            BulletinEdition.id == edition.id,
            BulletinEdition.version == expected_version,
            BulletinEdition.published_at.is_(None),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, sa.CursorResult)
    if result.rowcount != 1:
        raise Conflict(f"edition {edition.number} of {Month.from_number(edition.month)}")
    session.refresh(edition)


def _record(
    session: Session, edition: BulletinEdition, action: str, organizer_id: int | None, now: datetime
) -> None:
    details: Details = {
        "month": str(Month.from_number(edition.month)),
        "edition": edition.number,
        "revision": edition.revision,
    }
    audit_log.record(session, organizer_id, action, now=now, details=details)
