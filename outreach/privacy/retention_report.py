"""Counts what is still kept about people, for the page of admins."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.newsletter.subscribers import NO_WORKSHOP, Subscriber
from outreach.domain.recordings import voice_notes
from outreach.domain.registrations.call_attempts import CallAttempt
from outreach.domain.registrations.notifications import Notification
from outreach.domain.roster import members
from outreach.domain.roster.models import (
    RosterAbsence,
    RosterAssignment,
    RosterLetter,
    RosterMember,
    WorkingHours,
)
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, LinkRequest, text_exchange


@dataclass(frozen=True)
class RetentionShare:
    """The registrations of one office, and the day on which the first of them is erased."""

    city: str
    registrations: int
    first: date


@dataclass(frozen=True)
class RosterHeld:
    """Rows about members of the roster."""

    members: int  # retired ones too; name and e-mail are encrypted
    retired: int
    first_erased: date | None  # the first of the retired ones
    availability: int  # hours of a weekday, and spans of days away
    assignments: int
    letters: int  # sent ones too; without text or address


@dataclass(frozen=True)
class RetentionReport:
    keys: int
    overdue: int  # due and not purged
    oldest: date | None  # when the first of those registrations was made
    by_office: list[RetentionShare]
    by_week: list[tuple[date, int]]  # the Monday of a week and how many are erased in it
    notices: int  # letters and calls that are pending
    calls: int  # calls that staff noted
    subscribers: int  # who get the bulletin, and unconfirmed ones
    look_ups: int  # requests for a lost link
    roster: RosterHeld
    recordings: int  # with the voice of somebody of the staff
    stopped: int  # phones that want no texts, by HMAC
    replies: int  # replies to texts that wait
    entries: int  # in the audit log
    first_entry: datetime | None


def count_held(session: Session, key_store: KeyStore) -> RetentionReport:
    """Counts rows and keys, without opening any."""
    by_workshop, oldest, look_ups = _count_keys(key_store)
    stopped, replies = text_exchange.count_kept(key_store)
    offices = _cities(session, {workshop for workshop, _day in by_workshop})
    weeks, cities, first = Counter[date](), Counter[str](), dict[str, date]()
    for (workshop, day), count in by_workshop.items():
        city = offices.get(workshop, "?")
        weeks[day - timedelta(days=day.weekday())] += count
        cities[city] += count
        first[city] = min(day, first.get(city, day))
    entries, first_entry = session.execute(
        sa.select(sa.func.count(), sa.func.min(AuditEntry.at))
    ).one()
    pending = (
        sa.select(sa.func.count()).select_from(Notification).where(Notification.done_at.is_(None))
    )
    calls = sa.select(sa.func.count()).select_from(CallAttempt)
    subscribers = sa.select(sa.func.count()).select_from(Subscriber)
    return RetentionReport(
        keys=weeks.total(),
        overdue=sum(count for (_, day), count in by_workshop.items() if day <= key_store.today()),
        oldest=oldest,
        by_office=[RetentionShare(city, cities[city], first[city]) for city in sorted(cities)],
        by_week=sorted(weeks.items()),
        notices=session.scalar(pending) or 0,
        calls=session.scalar(calls) or 0,
        subscribers=session.scalar(subscribers) or 0,
        look_ups=look_ups,
        roster=_count_roster(session),
        recordings=voice_notes.count_all(session),
        stopped=stopped,
        replies=replies,
        entries=entries,
        first_entry=first_entry,
    )


def _count_keys(key_store: KeyStore) -> tuple[dict[tuple[int, date], int], date | None, int]:
    """Keys of registrations by workshop and day of erasure, the day the oldest was created, and
    requests for a lost link."""
    is_of_registration = Key.workshop != NO_WORKSHOP
    with key_store.store.read() as session:
        counted = session.execute(
            sa.select(Key.workshop, Key.forget_on, sa.func.count())
            .where(is_of_registration)
            .group_by(Key.workshop, Key.forget_on)
        )
        by_workshop = {(row[0], row[1]): row[2] for row in counted}
        oldest = session.scalar(sa.select(sa.func.min(Key.made_on)).where(is_of_registration))
        look_ups = session.scalar(sa.select(sa.func.count()).select_from(LinkRequest)) or 0
    return by_workshop, oldest, look_ups


def _count_roster(session: Session) -> RosterHeld:
    counts = {
        table: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in (RosterMember, WorkingHours, RosterAbsence, RosterAssignment, RosterLetter)
    }
    retired, first = session.execute(
        sa.select(sa.func.count(), sa.func.min(RosterMember.retired_at)).where(
            RosterMember.retired_at.is_not(None)
        )
    ).one()
    return RosterHeld(
        members=counts[RosterMember],
        retired=retired,
        first_erased=members.compute_forget_day(first) if first is not None else None,
        availability=counts[WorkingHours] + counts[RosterAbsence],
        assignments=counts[RosterAssignment],
        letters=counts[RosterLetter],
    )


def _cities(session: Session, workshops: set[int]) -> dict[int, str]:
    cities: dict[int, str] = {}
    ids = sorted(workshops)
    for start in range(0, len(ids), 500):
        rows = session.execute(
            sa.select(Workshop.id, Office.city)
            .join(Office, Office.id == Workshop.office_id)
            .where(Workshop.id.in_(ids[start : start + 500]))
        )
        cities |= {row[0]: row[1] for row in rows}
    return cities
