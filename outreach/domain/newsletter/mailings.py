"""Mailings: letters that belong to no registration, to subscribers and to staff.

A row holds no address and no text: both are looked up when it is sent, and the row is deleted
with its subscriber. `OUTBOX` claims and retries them; `DECLARATIONS` says what each topic does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.clock import Month
from outreach.db.base import Base
from outreach.db.outbox_row import OutboxRow
from outreach.domain.network import staff
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter.subscribers import Subscriber
from outreach.domain.outbox import ClaimedMessage, OutboxTable
from outreach.domain.registrations import address_approval
from outreach.domain.reporting import missing_reports, months
from outreach.domain.workshops import Workshop

MIN_INTERVAL: Final = timedelta(days=1)  # between two letters of one kind to one person
NEW_ACCOUNTS_TOGETHER: Final = timedelta(minutes=15)  # in one letter to the admins
KEPT: Final = timedelta(days=90)  # rows of letters that were sent


class MailingTopic(StrEnum):
    """The reason why we write. It chooses the template."""

    CONFIRM = "confirm"  # asks a new subscriber to confirm
    BULLETIN = "bulletin"
    REPORT = "report"  # to staff: the month of an office is not complete
    ATTENDANCE = "attendance"  # to staff: past workshops without an attendance report
    SIGN_IN = "sign_in"  # to staff: their account is used in a new browser
    ACCOUNT = "account"  # to staff: how they sign in was changed
    DISCRETION = "discretion"  # to admins: a kind of workshop became less discreet
    APPROVAL = "approval"  # to staff: a workshop is near and people may not read its address yet
    CONTACTS = "contacts"  # to admins: somebody saw more contacts in an hour than usual
    DIGEST = "digest"  # to staff: what waits, each working morning
    ALERT = "alert"  # to staff: something has happened that somebody has to look at
    INVITATION = "invitation"  # to a new staff member: the link that sets their password
    NEW_ACCOUNTS = "new_accounts"  # to admins: a line for each account that was made


class Mailing(OutboxRow, Base):
    __tablename__ = "mailing"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    topic: Mapped[MailingTopic]
    subscriber_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("subscriber.id", ondelete="CASCADE"), index=True, default=None
    )
    subscriber: Mapped[Subscriber | None] = relationship(init=False, lazy="joined")
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), default=None
    )
    organizer: Mapped[StaffMember | None] = relationship(init=False, lazy="joined")
    month: Mapped[int | None] = mapped_column(default=None)  # 202001
    edition: Mapped[int | None] = mapped_column(default=None)

    @property
    def recipient_id(self) -> str:
        """The recipient's id; the Message-ID has an HMAC of it."""
        return recipient_id(self.subscriber_id, self.organizer_id)


def recipient_id(subscriber_id: str | None, organizer_id: int | None) -> str:
    return subscriber_id.lower() if subscriber_id else f"staff{organizer_id}"


def ask_to_confirm(session: Session, subscriber: Subscriber, *, now: datetime) -> bool:
    """Queues the letter that asks for confirmation; tells whether it did.

    A confirmed subscriber gets none, and others get one a day at most.
    """
    if subscriber.confirmed_at is not None:
        return False
    recent = sa.select(Mailing.id).where(
        Mailing.subscriber_id == subscriber.id,
        Mailing.topic == MailingTopic.CONFIRM,
        Mailing.made_at > now - MIN_INTERVAL,
    )
    if session.scalar(recent.limit(1)) is not None:
        return False
    session.add(
        Mailing(topic=MailingTopic.CONFIRM, subscriber_id=subscriber.id, made_at=now, due_at=now)
    )
    return True


def announce(
    session: Session,
    month: Month,
    edition: int,
    *,
    undo_window: timedelta = timedelta(0),
    now: datetime,
) -> int:
    """Queues the bulletin for each confirmed subscriber, in the transaction that decides it, and
    returns their number. It is sent after `undo_window`.

    A second call for one edition queues nothing. Earlier editions of the month that are not sent
    are deleted; `read` finds one that a worker has claimed obsolete."""
    delete_superseded(session, month, edition)
    of_month = _is_bulletin_of(month)
    is_queued = sa.exists().where(
        of_month, Mailing.subscriber_id == Subscriber.id, Mailing.edition == edition
    )
    # Locked: somebody who unsubscribes at this moment does so before this insert, or after it.
    wanted = sa.select(
        sa.literal(MailingTopic.BULLETIN, Mailing.topic.type),
        Subscriber.id,
        sa.literal(month.number),
        sa.literal(edition),
        sa.literal(now, Mailing.made_at.type),
        sa.literal(now + undo_window, Mailing.due_at.type),
        sa.literal(0),
        sa.literal(False),
    ).where(Subscriber.confirmed_at.is_not(None), sa.not_(is_queued))
    wanted = wanted.with_for_update(read=True, key_share=True, of=Subscriber)
    columns = [
        "topic", "subscriber_id", "month", "edition", "made_at", "due_at", "tries", "is_dead"
    ]  # fmt: skip
    result = session.connection().execute(
        sa.insert(Mailing.__table__)  # type: ignore[arg-type]  # it is a Table
        .from_select(columns, wanted)
        .execution_options(preserve_rowcount=True)
    )
    return result.rowcount


def delete_superseded(session: Session, month: Month, edition: int) -> int:
    """Deletes the letters of earlier editions of a month that are not sent; returns how many."""
    return _delete(
        session,
        _is_bulletin_of(month),
        Mailing.edition < edition,
        Mailing.done_at.is_(None),
        Mailing.leased_until.is_(None),
    )


def delete_announced(session: Session, month: Month, edition: int, *, since: datetime) -> bool:
    """Deletes the letters of an edition that were queued from `since` on.

    Returns False where one of them was tried: it stays.
    """
    queued = sa.and_(_is_bulletin_of(month), Mailing.edition == edition, Mailing.made_at >= since)
    _delete(session, queued, _IS_UNTRIED)
    return session.scalar(sa.select(Mailing.id).where(queued).limit(1)) is None


def count_waiting(session: Session, month: Month, edition: int) -> int:
    """Counts the letters of an edition that are not sent yet."""
    found = sa.select(sa.func.count()).where(
        _is_bulletin_of(month), Mailing.edition == edition, Mailing.done_at.is_(None)
    )
    return session.scalar(found) or 0


def _is_bulletin_of(month: Month) -> sa.ColumnElement[bool]:
    return sa.and_(Mailing.topic == MailingTopic.BULLETIN, Mailing.month == month.number)


# A try may have arrived, whatever came of it.
_IS_UNTRIED: Final = sa.and_(
    Mailing.done_at.is_(None), Mailing.leased_until.is_(None), Mailing.tries == 0
)


def _delete(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    result = session.execute(
        sa.delete(Mailing).where(*conditions).execution_options(synchronize_session=False)
    )
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


def remind(
    session: Session,
    organizer_ids: Iterable[int],
    month: Month,
    *,
    undo_window: timedelta = timedelta(0),
    now: datetime,
) -> list[int]:
    """Queues a reminder of this month for those staff members who got none within a day.

    Returns their ids. It is sent after `undo_window`. Of two calls at the same moment, one
    queues them.
    """
    wanted = session.scalars(
        sa.select(StaffMember.id)
        .where(StaffMember.id.in_(list(organizer_ids)), StaffMember.disabled_at.is_(None))
        .order_by(StaffMember.id)
        .with_for_update(key_share=True)
    ).all()
    recent = find_reminded(session, month, now=now)
    late = [each for each in wanted if each not in recent]
    session.add_all(
        Mailing(
            topic=MailingTopic.REPORT,
            organizer_id=each,
            month=month.number,
            made_at=now,
            due_at=now + undo_window,
        )
        for each in late
    )
    return late


def find_reminded(session: Session, month: Month, *, now: datetime) -> set[int]:
    """Returns the ids of the staff members who were reminded of this month within a day."""
    rows = session.scalars(
        sa.select(Mailing.organizer_id).where(
            _is_reminder_of(month), Mailing.made_at > now - MIN_INTERVAL
        )
    )
    return {each for each in rows if each is not None}


def find_undelivered(session: Session, organizer_ids: Iterable[int]) -> set[int]:
    """Returns the ids of those of these staff members whose last letter was given up."""
    rows = session.execute(
        sa.select(Mailing.organizer_id, Mailing.is_dead)
        .where(Mailing.organizer_id.in_(list(organizer_ids)), Mailing.done_at.is_not(None))
        .order_by(Mailing.done_at, Mailing.id)
    )
    last: dict[int, bool] = {}
    for organizer_id, is_dead in rows:
        if organizer_id is not None:
            last[organizer_id] = is_dead
    return {organizer_id for organizer_id, is_dead in last.items() if is_dead}


def list_held_reminders(session: Session, month: Month, *, now: datetime) -> Sequence[Mailing]:
    """Returns the reminders of this month that wait for the end of their undo window, and locks
    them.
    """
    return session.scalars(
        sa.select(Mailing)
        .where(_is_held_reminder(month, now))
        .order_by(Mailing.id)
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    ).all()


def list_held_due(session: Session, month: Month, *, now: datetime) -> Sequence[datetime]:
    """Returns when each of the reminders of `list_held_reminders` is due."""
    return session.scalars(sa.select(Mailing.due_at).where(_is_held_reminder(month, now))).all()


def _is_held_reminder(month: Month, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_is_reminder_of(month), _IS_UNTRIED, Mailing.due_at > now)


def find_last_reminder(
    session: Session, organizer_ids: Iterable[int], month: Month
) -> datetime | None:
    """Returns when one of these staff members was last reminded of this month."""
    return session.scalar(
        sa.select(sa.func.max(Mailing.made_at)).where(
            _is_reminder_of(month), Mailing.organizer_id.in_(list(organizer_ids))
        )
    )


def _is_reminder_of(month: Month) -> sa.ColumnElement[bool]:
    return sa.and_(Mailing.topic == MailingTopic.REPORT, Mailing.month == month.number)


def ask_for_reports(session: Session, *, now: datetime) -> list[int]:
    """Queues one letter about all missing reports for each staff member to be reminded; returns
    their ids.

    They got none since the last reminder day of their offices. Of two calls at once, one
    queues them.
    """
    wanted = missing_reports.list_due(session, now=now)
    if not wanted:
        return []
    late = _list_unwritten(session, MailingTopic.ATTENDANCE, wanted)
    session.add_all(
        Mailing(topic=MailingTopic.ATTENDANCE, organizer_id=each, made_at=now, due_at=now)
        for each in late
    )
    return late


def _list_unwritten(
    session: Session, topic: MailingTopic, occasions: Mapping[int, datetime]
) -> list[int]:
    """Returns the staff members who got no letter on this topic since their occasion.

    Locks their rows, so that of two calls at once the second sees what the first has queued.
    """
    session.execute(
        sa.select(StaffMember.id)
        .where(StaffMember.id.in_(occasions))
        .order_by(StaffMember.id)
        .with_for_update(key_share=True)
    ).all()
    rows = session.execute(
        sa.select(Mailing.organizer_id, sa.func.max(Mailing.made_at))
        .where(Mailing.topic == topic, Mailing.organizer_id.in_(occasions))
        .group_by(Mailing.organizer_id)
    )
    last_sent_at = {row[0]: row[1] for row in rows}
    return [
        each
        for each, since in sorted(occasions.items())
        if each not in last_sent_at or last_sent_at[each] < since
    ]


def ask_for_approvals(session: Session, *, now: datetime) -> list[int]:
    """Queues one letter for each staff member of an office where somebody awaits approval;
    returns their ids.

    The workshop is near; there is one letter for each workshop that came near since the
    last. An office without staff of its own is left to who administers the network. Of two
    calls at once, one queues them.
    """
    occasions: dict[int, datetime] = {}
    for workshop in address_approval.list_overdue(session, now=now):
        near_at = workshop.starts_at - address_approval.DECIDED_BEFORE
        for organizer_id in _list_deciders(session, workshop.office.slug):
            occasions[organizer_id] = max(near_at, occasions.get(organizer_id, near_at))
    wanted = _list_unwritten(session, MailingTopic.APPROVAL, occasions)
    notify_staff(session, wanted, MailingTopic.APPROVAL, now=now)
    return wanted


def list_undecided(session: Session, organizer_id: int, *, now: datetime) -> list[Workshop]:
    """Returns the workshops with an overdue approval that this staff member may decide on, by
    start.
    """
    return [
        workshop
        for workshop in address_approval.list_overdue(session, now=now)
        if organizer_id in _list_deciders(session, workshop.office.slug)
    ]


def _list_deciders(session: Session, slug: str) -> Sequence[int]:
    """Returns the ids of the staff members who decide on approvals at an office."""
    own = [each for each, _slug in missing_reports.list_reporters(session, [slug])]
    return own or staff.list_admin_ids(session)


def notify_staff(
    session: Session, organizer_ids: Iterable[int], topic: MailingTopic, *, now: datetime
) -> None:
    """Queues a letter to each of these staff members, in the transaction of its cause."""
    session.add_all(
        Mailing(topic=topic, organizer_id=each, made_at=now, due_at=now) for each in organizer_ids
    )


def notify_admins(session: Session, topic: MailingTopic, *, now: datetime) -> None:
    """Queues a letter to everybody who administers the whole network."""
    notify_staff(session, staff.list_admin_ids(session), topic, now=now)


def report_new_account(session: Session, *, now: datetime) -> None:
    """Queues a letter to the admins about an account that is made now.

    A letter that waits already is about this account too.
    """
    waiting = sa.select(Mailing.organizer_id).where(
        Mailing.topic == MailingTopic.NEW_ACCOUNTS, _IS_UNTRIED, Mailing.due_at > now
    )
    notified = set(session.scalars(waiting))
    session.add_all(
        Mailing(
            topic=MailingTopic.NEW_ACCOUNTS,
            organizer_id=each,
            made_at=now,
            due_at=now + NEW_ACCOUNTS_TOGETHER,
        )
        for each in staff.list_admin_ids(session)
        if each not in notified
    )


def list_new_accounts(session: Session, mailing: Mailing) -> Sequence[StaffMember]:
    """Returns the new accounts that a letter tells of, in the order in which they were made."""
    return session.scalars(
        sa.select(StaffMember)
        .where(StaffMember.invited_at >= mailing.made_at, StaffMember.invited_at <= mailing.due_at)
        .order_by(StaffMember.invited_at, StaffMember.id)
    ).all()


def list_invitation_letters(session: Session) -> dict[int, Mailing]:
    """Returns the newest letter with an invitation of each account that has had one, by id of
    account.
    """
    letters = session.scalars(
        sa.select(Mailing).where(Mailing.topic == MailingTopic.INVITATION).order_by(Mailing.id)
    )
    return {each.organizer_id: each for each in letters if each.organizer_id is not None}


OUTBOX: Final = OutboxTable(Mailing, "topic", postpones_to_hour=True)


def read(session: Session, claimed: ClaimedMessage) -> Mailing | None:
    """Reads a claimed mailing with its recipient; None when it is gone or obsolete."""
    mailing = session.get(Mailing, claimed.id)
    if mailing is None or mailing.done_at is not None or _is_obsolete(session, mailing):
        return None
    return mailing


def _is_obsolete(session: Session, mailing: Mailing) -> bool:
    """Tells whether its reader is gone, or there is nothing to say any more."""
    declared = DECLARATIONS[mailing.topic]
    if declared.reader is MailingReader.STAFF:
        is_gone = mailing.organizer is None or mailing.organizer.disabled_at is not None
    else:
        is_gone = mailing.subscriber is None
    return is_gone or declared.is_settled(session, mailing)


def _is_corrected(session: Session, mailing: Mailing) -> bool:
    """Tells whether a later edition of the same bulletin was queued for the reader.

    The earlier one must not arrive after it, however often it is retried.
    """
    later = sa.select(Mailing.id).where(
        Mailing.subscriber_id == mailing.subscriber_id,
        Mailing.topic == MailingTopic.BULLETIN,
        Mailing.month == mailing.month,
        Mailing.edition > mailing.edition,
    )
    return session.scalar(later.limit(1)) is not None


def _is_never_settled(_session: Session, _mailing: Mailing) -> bool:
    return False


def _is_month_closed(session: Session, mailing: Mailing) -> bool:
    assert mailing.month is not None
    month = Month.from_number(mailing.month)
    return bool(months.list_closed_months(session, month, month))


def _is_reported(session: Session, mailing: Mailing) -> bool:
    assert mailing.organizer is not None
    missing = missing_reports.list_missing_reports(
        session, mailing.organizer.id, now=mailing.made_at
    )
    return not missing


def _is_decided(session: Session, mailing: Mailing) -> bool:
    assert mailing.organizer is not None
    return not list_undecided(session, mailing.organizer.id, now=mailing.made_at)


def _is_confirmed(_session: Session, mailing: Mailing) -> bool:
    return mailing.subscriber is not None and mailing.subscriber.confirmed_at is not None


def _is_bulletin_settled(session: Session, mailing: Mailing) -> bool:
    return _is_corrected(session, mailing) or not _is_confirmed(session, mailing)


class MailingReader(Enum):
    """The people to whom a mailing goes.

    No mailing names a person who registered; about a discreet workshop a letter to staff
    says day and hour at most.
    """

    SUBSCRIBER = 1
    STAFF = 2  # not to an account that was disabled


@dataclass(frozen=True, kw_only=True)
class MailingDeclaration:
    """All that is known of a topic, except for the words of
    `templates/mail/mailing_<topic>.txt`.
    """

    topic: MailingTopic
    reader: MailingReader
    is_settled: Callable[[Session, Mailing], bool] = _is_never_settled  # nothing is to be said
    # Below the site: where its link leads, with {lang}, {token}, {invitation} and {month}.
    path: str = ""
    is_limited: bool = False  # anybody can cause it: it counts in the limit of its recipient (S30)
    is_optional: bool = False  # staff may turn it off; `staff_letters` writes it


_BULLETIN_PATH: Final = "/{lang}/boletin/s/{token}"
_DECLARED: Final = (
    MailingDeclaration(
        topic=MailingTopic.CONFIRM,
        reader=MailingReader.SUBSCRIBER,
        is_settled=_is_confirmed,
        path=_BULLETIN_PATH,
        is_limited=True,
    ),
    MailingDeclaration(
        topic=MailingTopic.BULLETIN,
        reader=MailingReader.SUBSCRIBER,
        is_settled=_is_bulletin_settled,
        path=_BULLETIN_PATH,
    ),
    MailingDeclaration(
        topic=MailingTopic.REPORT,
        reader=MailingReader.STAFF,
        is_settled=_is_month_closed,
        path="/org/mes/{month}",
    ),
    MailingDeclaration(
        topic=MailingTopic.ATTENDANCE,
        reader=MailingReader.STAFF,
        is_settled=_is_reported,
        path="/org/",
    ),
    MailingDeclaration(topic=MailingTopic.SIGN_IN, reader=MailingReader.STAFF, path="/org/cuenta"),
    MailingDeclaration(topic=MailingTopic.ACCOUNT, reader=MailingReader.STAFF, path="/org/cuenta"),
    MailingDeclaration(
        topic=MailingTopic.DISCRETION, reader=MailingReader.STAFF, path="/org/bitacora"
    ),
    MailingDeclaration(
        topic=MailingTopic.APPROVAL,
        reader=MailingReader.STAFF,
        is_settled=_is_decided,
        path="/org/",
    ),
    MailingDeclaration(
        topic=MailingTopic.CONTACTS, reader=MailingReader.STAFF, path="/org/bitacora"
    ),
    MailingDeclaration(topic=MailingTopic.DIGEST, reader=MailingReader.STAFF, is_optional=True),
    MailingDeclaration(topic=MailingTopic.ALERT, reader=MailingReader.STAFF, is_optional=True),
    MailingDeclaration(
        topic=MailingTopic.INVITATION,
        reader=MailingReader.STAFF,
        path="/org/invitacion/{invitation}",
    ),
    MailingDeclaration(
        topic=MailingTopic.NEW_ACCOUNTS, reader=MailingReader.STAFF, path="/org/personal"
    ),
)
DECLARATIONS: Final = MappingProxyType({each.topic: each for each in _DECLARED})
if tuple(each.topic for each in _DECLARED) != tuple(MailingTopic):
    raise TypeError("every MailingTopic has one declaration, in the same order")


def readers(session: Session) -> set[str]:
    """Returns the ids of all recipients there are (`recipient_id`)."""
    subscribers = session.scalars(sa.select(Subscriber.id))
    staff_ids = session.scalars(sa.select(StaffMember.id))
    return {recipient_id(each, None) for each in subscribers} | {
        recipient_id(None, each) for each in staff_ids
    }
