"""Editions of the monthly bulletin: drafts, publication and corrections.

The numbers of an edition come from a revision of its month; its texts are stored here. A published
edition never changes: a correction is a new edition. Only within the undo window of its letters it
can be withdrawn: then it is a draft again.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from outreach import network_profile
from outreach.clock import Month
from outreach.db.base import Base, Words
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.newsletter import mailings
from outreach.domain.registrations.change_notifications import AT_ONCE, NotifyDecision, NotifyMode
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.reporting import months
from outreach.domain.reporting.months import MonthRevision
from outreach.errors import Conflict, ErrorCode, NotFound, Refusal

PARTS: Final = ("title", "happened", "ahead")  # texts that staff write in every edition


class EditionMail(StrEnum):
    """The decision about the letters of a published edition."""

    UNDECIDED = "undecided"  # it waits in the queue of headquarters
    QUEUED = "queued"
    WITHHELD = "withheld"  # nobody gets one


class BulletinEdition(Base):
    __tablename__ = "bulletin_edition"
    __table_args__ = (sa.UniqueConstraint("month", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    month: Mapped[int]  # 202001
    number: Mapped[int]  # from 1 on
    revision: Mapped[int]  # the month's revision, whose numbers it publishes
    title: Mapped[Words] = mapped_column(default_factory=dict)
    happened: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que pasó», Markdown
    ahead: Mapped[Words] = mapped_column(default_factory=dict)  # «Lo que viene», Markdown
    correction: Mapped[Words] = mapped_column(default_factory=dict)  # why there is a later edition
    version: Mapped[int] = mapped_column(default=1)  # rises with each edit (optimistic locking)
    edited_at: Mapped[datetime]
    edited_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff_member.id"), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)  # None: a draft
    published_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id"), default=None
    )
    frozen: Mapped[str] = mapped_column(sa.Text, default="")  # JSON of what was published
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of `frozen`, in hex
    mail: Mapped[EditionMail | None] = mapped_column(default=None)  # None: a draft
    mail_decided_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)  # published, and undone

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_correction(self) -> bool:
        return self.number > 1

    @property
    def undo_until(self) -> datetime | None:
        """Until when the last decision about its letters can be undone."""
        return None if self.mail_decided_at is None else self.mail_decided_at + UNDO_WINDOW

    @property
    def is_decided_by_publication(self) -> bool:
        """Whether the last decision about its letters was made by publishing it: both are
        undone together.
        """
        return self.published_at is not None and self.mail_decided_at == self.published_at


@dataclass(frozen=True, kw_only=True)
class BulletinPart:
    """The texts that staff write in an edition, by language."""

    title: Words = field(default_factory=dict)
    happened: Words = field(default_factory=dict)
    ahead: Words = field(default_factory=dict)
    correction: Words = field(default_factory=dict)


class BulletinLine(NamedTuple):
    """One edition in the list of all editions."""

    month: Month
    number: int
    revision: int
    published_at: datetime | None
    mail: EditionMail | None


def text_of(edition: BulletinEdition) -> BulletinPart:
    return BulletinPart(
        title=edition.title,
        happened=edition.happened,
        ahead=edition.ahead,
        correction=edition.correction,
    )


def find(session: Session, month: Month, number: int) -> BulletinEdition:
    """Finds the edition, published or a draft. Raises NotFound."""
    edition = session.scalar(
        sa.select(BulletinEdition).where(
            BulletinEdition.month == month.number, BulletinEdition.number == number
        )
    )
    if edition is None:
        raise NotFound(f"edition {number} of {month}")
    return edition


def newest(session: Session, month: Month) -> BulletinEdition | None:
    """Returns the last edition of a month, published or a draft."""
    return session.scalar(
        sa.select(BulletinEdition)
        .where(BulletinEdition.month == month.number)
        .order_by(BulletinEdition.number.desc())
        .limit(1)
    )


def latest(session: Session, month: Month) -> BulletinEdition | None:
    """Returns the last published edition of a month."""
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
    """Returns all editions, drafts too, by month and number."""
    rows = session.execute(
        sa.select(
            BulletinEdition.month,
            BulletinEdition.number,
            BulletinEdition.revision,
            BulletinEdition.published_at,
            BulletinEdition.mail,
        ).order_by(BulletinEdition.month, BulletinEdition.number)
    )
    return [
        BulletinLine(Month.from_number(month), number, revision, published_at, mail)
        for month, number, revision, published_at, mail in rows
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
    if before is not None:
        _lock(session, before)  # a draft again, if its publication is undone at this moment
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
        correction={network_profile.current().main_language: correction} if before else {},
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
    """Gives a draft the numbers of the month's last revision; tells whether that is another
    revision.

    While the month is open again, the draft keeps its own. Raises Conflict as `edit` does.
    """
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
    decision: NotifyDecision = AT_ONCE,
    organizer_id: int | None = None,
    now: datetime,
) -> None:
    """Publishes a draft, and queues its letters in the same transaction if that is the decision.

    `freeze` returns the whole content as JSON; it is called with the edition once that has its
    date of publication. Raises Refusal when the month is open or has a later revision, and
    Conflict as `edit` does: of two simultaneous calls, one publishes.
    """
    month = Month.from_number(edition.month)
    months.lock(session, month)
    closed = _get_closed_revision(session, month)
    if not closed.is_released(now):
        raise Refusal(ErrorCode.BULLETIN_EMBARGOED)
    if edition.revision != closed.number:
        raise Refusal(ErrorCode.BULLETIN_FIGURES_CHANGED)
    _update_draft(session, edition, version, published_at=now, published_by_id=organizer_id)
    edition.frozen = freeze(edition)
    edition.digest = hashlib.sha256(edition.frozen.encode()).hexdigest()
    if mailings.delete_superseded(session, month, edition.number):
        _mark_unfinished(session, edition)
    _decide_mail(session, edition, decision, now=now)
    _record(session, edition, "bulletin published", organizer_id, now)


def decide_mail(
    session: Session,
    edition: BulletinEdition,
    decision: NotifyDecision,
    *,
    now: datetime,
) -> None:
    """Queues the letters of a published edition about which nobody had decided, or decides for
    none.

    Raises Conflict when somebody has decided, or published a correction.
    """
    _lock(session, edition)
    month = Month.from_number(edition.month)
    last = latest(session, month)
    if edition.mail is not EditionMail.UNDECIDED or last is None or last.id != edition.id:
        raise Conflict(f"letters of edition {edition.number} of {month}")
    _decide_mail(session, edition, decision, now=now)


def undo(
    session: Session,
    edition: BulletinEdition,
    *,
    organizer_id: int | None = None,
    now: datetime,
) -> bool:
    """Undoes the last decision about the letters of an edition within their undo window.

    The letters are deleted, and where the decision published the edition, it is a draft
    again. Returns whether it is. Raises Refusal when the undo window is over, a letter was
    tried, or a correction of what would be withdrawn was begun.
    """
    _lock(session, edition)
    month = Month.from_number(edition.month)
    undo_until = edition.undo_until
    if edition.is_draft or undo_until is None or now >= undo_until:
        raise Refusal(ErrorCode.BULLETIN_UNDO_TOO_LATE)
    is_withdrawn, last = edition.is_decided_by_publication, newest(session, month)
    if is_withdrawn and (last is None or last.id != edition.id):
        raise Refusal(ErrorCode.BULLETIN_UNDO_CORRECTED)
    assert edition.mail_decided_at is not None
    if not mailings.delete_announced(session, month, edition.number, since=edition.mail_decided_at):
        raise Refusal(ErrorCode.BULLETIN_UNDO_SENT)
    if is_withdrawn:
        _record(session, edition, "bulletin publication undone", organizer_id, now)
        edition.published_at = edition.published_by_id = edition.mail = None
        edition.frozen = edition.digest = ""
        edition.version += 1
        edition.withdrawn_at = now
    else:
        _record(session, edition, "bulletin mail undone", organizer_id, now)
        edition.mail = EditionMail.UNDECIDED
    edition.mail_decided_at = None
    session.flush()
    return is_withdrawn


def list_undecided(session: Session) -> Sequence[BulletinEdition]:
    """Returns the published editions about whose letters nobody has decided, by month.

    An edition that a later one has replaced is left out.
    """
    later = aliased(BulletinEdition)
    is_replaced = sa.exists().where(
        later.month == BulletinEdition.month,
        later.number > BulletinEdition.number,
        later.published_at.is_not(None),
    )
    return session.scalars(
        sa.select(BulletinEdition)
        .where(BulletinEdition.mail == EditionMail.UNDECIDED, sa.not_(is_replaced))
        .order_by(BulletinEdition.month)
    ).all()


def _decide_mail(
    session: Session, edition: BulletinEdition, decision: NotifyDecision, *, now: datetime
) -> None:
    if decision.is_to_notify:
        month = Month.from_number(edition.month)
        mailings.announce(session, month, edition.number, undo_window=decision.undo_window, now=now)
        edition.mail = EditionMail.QUEUED
    elif decision.mode is NotifyMode.LATER:
        edition.mail = EditionMail.UNDECIDED
    else:
        edition.mail = EditionMail.WITHHELD
    edition.mail_decided_at = now
    session.flush()


def _mark_unfinished(session: Session, edition: BulletinEdition) -> None:
    """Marks earlier editions, whose letters a later one has deleted.

    If that one is withdrawn, somebody has to decide again who gets them.
    """
    session.execute(
        sa.update(BulletinEdition)
        .where(
            BulletinEdition.month == edition.month,
            BulletinEdition.number < edition.number,
            BulletinEdition.mail == EditionMail.QUEUED,
        )
        .values(mail=EditionMail.UNDECIDED)
        .execution_options(synchronize_session="fetch")
    )


def _lock(session: Session, edition: BulletinEdition) -> None:
    """Locks the row of an edition until the transaction ends, and reads it again."""
    session.refresh(edition, with_for_update=True)


def is_sound(edition: BulletinEdition) -> bool:
    """Tells whether the stored content is what was published."""
    return hashlib.sha256(edition.frozen.encode()).hexdigest() == edition.digest


def closed_as(session: Session, month: Month) -> int:
    """Returns the revision that a bulletin of the month must state; 0 while the month is open."""
    last = months.find_latest_revision(session, month)
    return last.number if last is not None and last.reopened_at is None else 0


def _get_closed_revision(session: Session, month: Month) -> MonthRevision:
    """Returns the last revision of a closed month. Raises Refusal when the month is open."""
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
