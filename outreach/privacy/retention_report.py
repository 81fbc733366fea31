"""What is still held of people, as numbers: for admins, who answer for it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.newsletter.subscribers import NO_WORKSHOP, Subscriber
from outreach.domain.registrations.notifications import Notification
from outreach.domain.workshops import Workshop
from outreach.keystore import Key, KeyStore, LinkRequest


@dataclass(frozen=True)
class RetentionShare:
    """Of one office: so many registrations, the first of which is forgotten on that day."""

    city: str
    registrations: int
    first: date


@dataclass(frozen=True)
class RetentionReport:
    keys: int
    overdue: int  # their day has come, and no purge has run
    oldest: date | None  # when the first of those registrations was made
    by_office: list[RetentionShare]
    by_week: list[tuple[date, int]]  # the Monday of the week in which so many are forgotten
    notices: int  # letters and calls still owed
    subscribers: int  # to the bulletin, with those who have not said yes yet
    look_ups: int  # of who asked for their link
    entries: int  # of the staff's journal
    first_entry: datetime | None


def count_held(session: Session, key_store: KeyStore) -> RetentionReport:
    """Counts, and nothing else: no name could be read from here."""
    by_workshop, oldest, look_ups = _of_key_store(key_store)
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
    owed = (
        sa.select(sa.func.count()).select_from(Notification).where(Notification.done_at.is_(None))
    )
    subscribers = sa.select(sa.func.count()).select_from(Subscriber)
    return RetentionReport(
        keys=weeks.total(),
        overdue=sum(count for (_, day), count in by_workshop.items() if day <= key_store.today()),
        oldest=oldest,
        by_office=[RetentionShare(city, cities[city], first[city]) for city in sorted(cities)],
        by_week=sorted(weeks.items()),
        notices=session.scalar(owed) or 0,
        subscribers=session.scalar(subscribers) or 0,
        look_ups=look_ups,
        entries=entries,
        first_entry=first_entry,
    )


def _of_key_store(key_store: KeyStore) -> tuple[dict[tuple[int, date], int], date | None, int]:
    """Keys of registrations by workshop and day of forgetting, the day the oldest was made, and
    look-ups."""
    is_one = Key.workshop != NO_WORKSHOP
    with key_store.store.read() as session:
        counted = session.execute(
            sa.select(Key.workshop, Key.forget_on, sa.func.count())
            .where(is_one)
            .group_by(Key.workshop, Key.forget_on)
        )
        by_workshop = {(row[0], row[1]): row[2] for row in counted}
        oldest = session.scalar(sa.select(sa.func.min(Key.made_on)).where(is_one))
        look_ups = session.scalar(sa.select(sa.func.count()).select_from(LinkRequest)) or 0
    return by_workshop, oldest, look_ups


def _cities(session: Session, workshops: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    wanted = sorted(workshops)
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            sa.select(Workshop.id, Office.city)
            .join(Office, Office.id == Workshop.office_id)
            .where(Workshop.id.in_(wanted[start : start + 500]))
        )
        found |= {row[0]: row[1] for row in rows}
    return found
