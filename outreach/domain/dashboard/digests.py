"""The morning's digest: what waits for one staff member, in numbers, once on each working day.

A row of `SentDigest` is stored with the letter, so that nobody gets a second one of a day, whatever
worker makes it and whatever hour they choose meanwhile. Nothing is made where nothing waits. It
holds no name and no contact; a discreet workshop is a day and an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, selectinload

from outreach import clock, network_profile
from outreach.clock import Month
from outreach.db.base import Base
from outreach.domain.dashboard import agenda, work_queue
from outreach.domain.dashboard.pending_items import WorkSort
from outreach.domain.locations import holidays
from outreach.domain.network import offices
from outreach.domain.network.kinds import Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Permission, Role, StaffMember, is_allowed
from outreach.domain.newsletter import mail_choices, mailings
from outreach.domain.newsletter.mail_choices import MailChoice, StaffLetter
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.domain.registrations import ACTIVE_STATUSES, Registration
from outreach.domain.reporting import months
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.keystore.bursts import BurstKeys

LATE_BY: Final = timedelta(hours=3)  # a worker that was down longer leaves the morning out
KEPT: Final = timedelta(days=14)
MAX_CLOSING_MONTHS: Final = 12  # older ones are not asked for any more
_SUNDAY: Final = 6
_MAX_DAYS_OFF: Final = 10  # in a row; then the mornings before are not looked at
_WAYS_WITH_SEATS: Final = (Way.PLACE, Way.SLOTS, Way.UNLISTED)


class SentDigest(Base):
    """Notes that the digest of a day was made for an account, or that nothing waited."""

    __tablename__ = "sent_digest"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)  # by the account's clock
    made_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, kw_only=True)
class DigestMorning:
    """The time at which the digest of one account is due on one day, and the offices it is
    about.
    """

    organizer_id: int
    grants: Mapping[str, Role]
    places: Sequence[Office]  # open ones with a role of their own, by slug
    zone: ZoneInfo
    hour: int
    day: date

    @property
    def due_at(self) -> datetime:
        return clock.instant(self.day, time(self.hour), self.zone)

    @property
    def previous_due_at(self) -> datetime:
        """When the digest of the working day before was due."""
        day = self.day - timedelta(days=1)
        for _each in range(_MAX_DAYS_OFF):
            if is_working_day(day, self.places):
                break
            day -= timedelta(days=1)
        return clock.instant(day, time(self.hour), self.zone)

    @property
    def decides_network(self) -> bool:
        """Whether the account closes months."""
        role = self.grants.get(ALL_OFFICES)
        return role is not None and is_allowed({ALL_OFFICES: role}, Permission.NETWORK, ALL_OFFICES)

    def list_slugs(self, permission: Permission) -> list[str]:
        """Returns the slugs of the offices of the account where it has this permission.

        A role for the whole network gives none: what all offices have to do is theirs.
        """
        own = {slug: role for slug, role in self.grants.items() if slug != ALL_OFFICES}
        return [each.slug for each in self.places if is_allowed(own, permission, each.slug)]


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The content of the letter: the workshops of today, and numbers."""

    morning: DigestMorning
    doors: Sequence[Workshop] = ()  # today's workshops, by start
    new_parties: int = 0  # registrations since the digest before
    full: int = 0  # workshops ahead without a free seat
    waiting: Mapping[WorkSort, int] = field(default_factory=dict)  # lines, by `DIGEST_SORTS`
    months: Sequence[Month] = ()  # to be closed

    @property
    def pending_count(self) -> int:
        """How many things wait for a decision or a call."""
        return sum(self.waiting.values()) + len(self.months)

    @property
    def is_empty(self) -> bool:
        """Whether there is no reason to write. A workshop that stays full is no reason to write
        each day.
        """
        return not (self.pending_count or self.new_parties or self.doors)


def is_working_day(day: date, places: Sequence[Office]) -> bool:
    """Tells whether a day is a working day: Monday to Saturday, except the holidays of the offices.

    With several offices, one that works is enough. Headquarters keep the holidays of the
    home country, and without one Sundays only.
    """
    if day.weekday() == _SUNDAY:
        return False
    home = network_profile.current().home_country
    countries = {each.country for each in places} or {home}
    # Offices keep those of the country, not those of the state (`locations.holidays`).
    return any(not holidays.list_holidays(day, country, "") for country in countries)


def list_due(session: Session, *, now: datetime) -> list[DigestMorning]:
    """Returns the digests that are to be made now, by account."""
    due = [each for each in _list_mornings(session, now) if _is_due(each, now)]
    made = _list_made(session, due)
    return [each for each in due if (each.organizer_id, each.day) not in made]


def find_morning(session: Session, organizer_id: int, *, now: datetime) -> DigestMorning | None:
    """Returns the morning of an account on the day of `now`; None where it gets no digest any
    more.
    """
    found = _list_mornings(session, now, StaffMember.id == organizer_id)
    return found[0] if found else None


def find_zone(session: Session, grants: Mapping[str, Role], *, now: datetime) -> ZoneInfo:
    """Returns the zone of the hour at which an account with these roles gets its digest."""
    by_slug = {each.slug: each for each in offices.list_offices(session)}
    return _zone_of(_list_places(grants, by_slug, now))


def enqueue(
    session: Session, morning: DigestMorning, *, is_empty: bool = False, now: datetime
) -> bool:
    """Stores that the digest of this day was made, and queues its letter unless it is empty.

    Returns False where another worker was first.
    """
    try:
        with session.begin_nested():
            session.add(SentDigest(organizer_id=morning.organizer_id, day=morning.day, made_at=now))
    except IntegrityError:  # made meanwhile, or the account is gone
        return False
    if not is_empty:
        mailings.notify_staff(session, [morning.organizer_id], MailingTopic.DIGEST, now=now)
    return not is_empty


def compute(
    session: Session,
    morning: DigestMorning,
    *,
    bursts: Sequence[BurstKeys],
    has_texts: bool,
    now: datetime,
) -> Digest:
    """Computes what the digest says now.

    `bursts` are those that the key store has; `has_texts`: a gateway is configured
    (`manual_calls`).
    """
    edit = morning.list_slugs(Permission.EDIT)
    own = set(edit) & set(morning.list_slugs(Permission.CONTACTS))
    lines = work_queue.load(session, own, now=now, has_texts=has_texts, bursts=bursts)
    return Digest(
        morning=morning,
        doors=_list_doors(session, morning, now),
        new_parties=_count_new_parties(session, edit, morning),
        full=_count_full(session, edit, now),
        waiting=work_queue.count_for_digest(lines),
        months=_list_months_to_close(session, now) if morning.decides_network else (),
    )


def delete_old(session: Session, *, now: datetime) -> None:
    session.execute(
        sa.delete(SentDigest)
        .where(SentDigest.made_at < now - KEPT)
        .execution_options(synchronize_session=False)
    )


def is_full(now: datetime) -> sa.ColumnElement[bool]:
    """Returns the condition of a query for upcoming workshops without a free seat."""
    return sa.and_(
        # The index is on the local day, which differs from the UTC day by at most one.
        Workshop.day >= now.date() - timedelta(days=1),
        Workshop.status == WorkshopStatus.PUBLISHED,
        Workshop.starts_at > now,
        Workshop.way.in_(_WAYS_WITH_SEATS),
        Workshop.capacity > 0,
        Workshop.seats_left <= 0,
        Workshop.held_seats == 0,  # else seats are about to be offered
    )


def _list_mornings(
    session: Session, now: datetime, *where: sa.ColumnElement[bool]
) -> list[DigestMorning]:
    """Returns the morning of the local day of each account that can be written to and wants a
    digest."""
    accounts = session.scalars(
        sa.select(StaffMember)
        .where(mail_choices.CAN_BE_WRITTEN_TO, *where)
        .order_by(StaffMember.id)
        .options(selectinload(StaffMember.grants))
    ).all()
    choices = mail_choices.read_all(session, [each.id for each in accounts])
    by_slug = {each.slug: each for each in offices.list_offices(session)}
    return [
        _morning_of(each, choices[each.id], by_slug, now)
        for each in accounts
        if choices[each.id].wants(StaffLetter.DIGEST)
    ]


def _morning_of(
    account: StaffMember, choice: MailChoice, by_slug: Mapping[str, Office], now: datetime
) -> DigestMorning:
    grants = {grant.office: grant.role for grant in account.grants}
    places = _list_places(grants, by_slug, now)
    zone = _zone_of(places)
    return DigestMorning(
        organizer_id=account.id,
        grants=grants,
        places=places,
        zone=zone,
        hour=choice.digest_hour,
        day=now.astimezone(zone).date(),
    )


def _list_places(
    grants: Mapping[str, Role], by_slug: Mapping[str, Office], now: datetime
) -> list[Office]:
    """Returns the open offices for which the account has a role of its own, by slug."""
    own = [by_slug[slug] for slug in sorted(grants) if slug in by_slug]
    return [each for each in own if each.is_open(now.astimezone(each.zone).date())]


def _zone_of(places: Sequence[Office]) -> ZoneInfo:
    """Returns the zone of the first office, else that of headquarters."""
    return places[0].zone if places else clock.headquarters_zone()


def _is_due(morning: DigestMorning, now: datetime) -> bool:
    is_its_time = morning.due_at <= now < morning.due_at + LATE_BY
    return is_its_time and is_working_day(morning.day, morning.places)


def _list_made(session: Session, due: Sequence[DigestMorning]) -> set[tuple[int, date]]:
    """Returns account and day of the digests that were made already."""
    if not due:
        return set()
    rows = session.execute(
        sa.select(SentDigest.organizer_id, SentDigest.day).where(
            SentDigest.day >= min(each.day for each in due)
        )
    )
    return {(row[0], row[1]) for row in rows}


def _list_doors(session: Session, morning: DigestMorning, now: datetime) -> list[Workshop]:
    """Returns the workshops of the day that are not over and where the account may check people
    in.
    """
    slugs = frozenset(morning.list_slugs(Permission.DOOR))
    if not slugs:
        return []
    following = morning.day + timedelta(days=1)
    today = agenda.list_workshops(session, slugs, morning.day, following, limit=100)
    return [
        each
        for each in today
        if each.status is WorkshopStatus.PUBLISHED and not each.has_ended(now)
    ]


def _of_offices(slugs: Sequence[str]) -> sa.ColumnElement[bool]:
    return Workshop.office_id.in_(sa.select(Office.id).where(Office.slug.in_(slugs)))


def _count_new_parties(session: Session, slugs: Sequence[str], morning: DigestMorning) -> int:
    """Counts the active registrations since the digest of the working day before.

    They are stored with their hour only (S33).
    """
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(Registration)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            _of_offices(slugs),
            Registration.status.in_(ACTIVE_STATUSES),
            Registration.registered_at >= morning.previous_due_at,
            Registration.registered_at < morning.due_at,
        )
    )
    return count or 0


def _count_full(session: Session, slugs: Sequence[str], now: datetime) -> int:
    count = session.scalar(
        sa.select(sa.func.count()).select_from(Workshop).where(_of_offices(slugs), is_full(now))
    )
    return count or 0


def _list_months_to_close(session: Session, now: datetime) -> list[Month]:
    """Returns the months that wait to be closed, the oldest first.

    They have workshops, and offices may not change them any more.
    """
    this = Month.from_day(clock.network_day(now))
    past = [this.plus(-back) for back in range(MAX_CLOSING_MONTHS, 0, -1)]
    ended = [each for each in past if months.get_closing_time(each) <= now]
    if not ended:
        return []
    closed = months.list_closed_months(session, ended[0], ended[-1])
    held = set(
        session.scalars(
            sa.select(Workshop.month)
            .where(Workshop.month.between(ended[0].number, ended[-1].number))
            .where(Workshop.status != WorkshopStatus.DRAFT)
            .distinct()
        )
    )
    return [each for each in ended if each.number in held and each not in closed]
