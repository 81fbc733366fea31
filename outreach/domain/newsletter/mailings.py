"""Letters that belong to no registration: the bulletin to its subscribers, reminders to staff.

A row holds no address and no text: both are looked up when it is sent, and it goes with the
subscriber. It is taken for some minutes (a lease), tried again and given up as a notice is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.clock import Month
from outreach.db.base import Base
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.reporting import missing_reports, months

NOT_AGAIN_FOR: Final = timedelta(days=1)  # nobody's mailbox is filled by asking and asking
KEPT: Final = timedelta(days=90)  # what was sent, to say so


class MailingTopic(StrEnum):
    """Why we write. The letter is chosen by it."""

    CONFIRM = "confirm"  # was it you who subscribed?
    BULLETIN = "bulletin"
    REPORT = "report"  # to staff: your office's month is not complete
    ATTENDANCE = "attendance"  # to staff: of these workshops nobody said how they went


class Mailing(Base):
    __tablename__ = "circular"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    topic: Mapped[MailingTopic]
    subscriber_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("subscriber.id", ondelete="CASCADE"), index=True, default=None
    )
    subscriber: Mapped[Subscriber | None] = relationship(init=False, lazy="joined")
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), default=None
    )
    organizer: Mapped[StaffMember | None] = relationship(init=False, lazy="joined")
    month: Mapped[int | None] = mapped_column(default=None)  # 202001
    edition: Mapped[int | None] = mapped_column(default=None)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    is_dead: Mapped[bool] = mapped_column(default=False)  # given up

    @property
    def whose(self) -> str:
        """Whom it is for, as the letter's Message-ID ends: an id that says nothing."""
        return whose(self.subscriber_id, self.organizer_id)


def whose(subscriber_id: str | None, organizer_id: int | None) -> str:
    return subscriber_id.lower() if subscriber_id else f"staff{organizer_id}"


# What is owed


def ask_to_confirm(session: Session, subscriber: Subscriber, *, now: datetime) -> bool:
    """Owes the letter that asks whether it was them; not to who said yes, and once a day."""
    if subscriber.confirmed_at is not None:
        return False
    told = sa.select(Mailing.id).where(
        Mailing.subscriber_id == subscriber.id,
        Mailing.topic == MailingTopic.CONFIRM,
        Mailing.made_at > now - NOT_AGAIN_FOR,
    )
    if session.scalar(told.limit(1)) is not None:
        return False
    session.add(
        Mailing(topic=MailingTopic.CONFIRM, subscriber_id=subscriber.id, made_at=now, due_at=now)
    )
    return True


def announce(session: Session, month: Month, edition: int, *, now: datetime) -> int:
    """Owes the bulletin to each confirmed subscriber, in the transaction that publishes it; says to
    how many. Twice for one edition owes nothing more; an edition before it that has not gone out
    yet is not sent any more (one that a worker has, or had, is found moot by `read`)."""
    of_month = sa.and_(Mailing.topic == MailingTopic.BULLETIN, Mailing.month == month.number)
    session.execute(
        sa.delete(Mailing)
        .where(of_month, Mailing.edition < edition, Mailing.done_at.is_(None))
        .where(Mailing.leased_until.is_(None))
        .execution_options(synchronize_session=False)
    )
    told = sa.exists().where(
        of_month, Mailing.subscriber_id == Subscriber.id, Mailing.edition == edition
    )
    # Locked for as long: whoever stops it in this moment does so before, or after.
    wanted = sa.select(
        sa.literal(MailingTopic.BULLETIN, Mailing.topic.type),
        Subscriber.id,
        sa.literal(month.number),
        sa.literal(edition),
        sa.literal(now, Mailing.made_at.type),
        sa.literal(now, Mailing.due_at.type),
        sa.literal(0),
        sa.literal(False),
    ).where(Subscriber.confirmed_at.is_not(None), sa.not_(told))
    wanted = wanted.with_for_update(read=True, key_share=True, of=Subscriber)
    columns = [
        "topic", "subscriber_id", "month", "edition", "made_at", "due_at", "tries", "is_dead"
    ]  # fmt: skip
    done = session.connection().execute(
        sa.insert(Mailing.__table__)  # type: ignore[arg-type]  # it is a Table
        .from_select(columns, wanted)
        .execution_options(preserve_rowcount=True)
    )
    return done.rowcount


def remind(
    session: Session, organizer_ids: Iterable[int], month: Month, *, now: datetime
) -> list[int]:
    """Owes a reminder of this month to those of the staff who were not sent one within a day, and
    says to whom. Two who ask at the same moment are one."""
    wanted = session.scalars(
        sa.select(StaffMember.id)
        .where(StaffMember.id.in_(list(organizer_ids)), StaffMember.disabled_at.is_(None))
        .order_by(StaffMember.id)
        .with_for_update(key_share=True)
    ).all()
    told = set(
        session.scalars(
            sa.select(Mailing.organizer_id).where(
                Mailing.topic == MailingTopic.REPORT,
                Mailing.organizer_id.in_(wanted),
                Mailing.month == month.number,
                Mailing.made_at > now - NOT_AGAIN_FOR,
            )
        )
    )
    late = [each for each in wanted if each not in told]
    session.add_all(
        Mailing(
            topic=MailingTopic.REPORT,
            organizer_id=each,
            month=month.number,
            made_at=now,
            due_at=now,
        )
        for each in late
    )
    return late


def ask_for_reports(session: Session, *, now: datetime) -> list[int]:
    """Owes one letter of all that is unreported to each of the staff who was not sent one since
    the last occasion of their offices, and says to whom. Two who ask at once are one."""
    wanted = missing_reports.list_due(session, now=now)
    if not wanted:
        return []
    session.execute(
        sa.select(StaffMember.id)
        .where(StaffMember.id.in_(wanted))
        .order_by(StaffMember.id)
        .with_for_update(key_share=True)
    ).all()
    rows = session.execute(
        sa.select(Mailing.organizer_id, sa.func.max(Mailing.made_at))
        .where(Mailing.topic == MailingTopic.ATTENDANCE, Mailing.organizer_id.in_(wanted))
        .group_by(Mailing.organizer_id)
    )
    told = {row[0]: row[1] for row in rows}
    late = [
        each for each, since in sorted(wanted.items()) if each not in told or told[each] < since
    ]
    session.add_all(
        Mailing(topic=MailingTopic.ATTENDANCE, organizer_id=each, made_at=now, due_at=now)
        for each in late
    )
    return late


# How it leaves


OUTBOX: Final = OutboxTable(Mailing, "topic")


def read(session: Session, claimed: ClaimedMessage) -> Mailing | None:
    """The letter, with whom it is for; None when it is gone, or need not be said any more."""
    found = session.get(Mailing, claimed.id)
    if found is None or found.done_at is not None or _is_moot(session, found):
        return None
    return found


def _is_moot(session: Session, circular: Mailing) -> bool:
    if circular.topic is MailingTopic.REPORT:
        assert circular.month is not None
        month = Month.from_number(circular.month)
        is_away = circular.organizer is None or circular.organizer.disabled_at is not None
        return is_away or bool(months.list_closed_months(session, month, month))
    if circular.topic is MailingTopic.ATTENDANCE:
        who = circular.organizer
        if who is None or who.disabled_at is not None:
            return True
        return not missing_reports.list_missing_reports(session, who.id, now=circular.made_at)
    if circular.topic is MailingTopic.BULLETIN and _is_corrected(session, circular):
        return True
    subscriber = circular.subscriber
    is_sure = subscriber is not None and subscriber.confirmed_at is not None
    return subscriber is None or is_sure == (circular.topic is MailingTopic.CONFIRM)


def _is_corrected(session: Session, circular: Mailing) -> bool:
    """Whether they are owed, or were sent, a later edition of the same bulletin: the one before it
    is not to come last, however often it was tried."""
    later = sa.select(Mailing.id).where(
        Mailing.subscriber_id == circular.subscriber_id,
        Mailing.topic == MailingTopic.BULLETIN,
        Mailing.month == circular.month,
        Mailing.edition > circular.edition,
    )
    return session.scalar(later.limit(1)) is not None


def readers(session: Session) -> set[str]:
    """All who may have letters of this kind, as their Message-IDs say it (`whose`)."""
    subscribers = session.scalars(sa.select(Subscriber.id))
    staff = session.scalars(sa.select(StaffMember.id))
    return {whose(each, None) for each in subscribers} | {whose(None, each) for each in staff}
