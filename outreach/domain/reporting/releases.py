"""When the numbers of a month are published: the release calendar of headquarters, the embargo
until then, and who of the staff opened a closed month before (COUNT14).

Without a calendar a revision is released when it is made, and open months are shown as provisional.
With one, the public sees released revisions only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import clock
from outreach.clock import Month
from outreach.db.base import Base
from outreach.domain.network.installation_settings import InstallationSetting
from outreach.domain.network.staff import StaffMember
from outreach.domain.reporting import months
from outreach.domain.reporting.months import MonthRevision
from outreach.errors import Embargoed, ErrorCode, Refusal

MIN_DAY: Final = 6  # a month closes on the fifth of the next one
MAX_DAY: Final = 28  # every month has it
MONTHS_AHEAD: Final = 12
_NAME: Final = "release_calendar"


class EarlyAccess(Base):
    """Notes that a staff member opened a closed month before its release, once a month and
    person.
    """

    __tablename__ = "early_access"

    month: Mapped[int] = mapped_column(primary_key=True)  # 202001
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    first_at: Mapped[datetime]


@dataclass(frozen=True)
class ReleaseCalendar:
    """The rule by which months from `since` on are released: on a day of the month after, at an
    hour of headquarters.

    Raises Refusal for a day on which a month may not be closed, or that some months lack.
    """

    day: int
    hour: time
    since: Month

    def __post_init__(self) -> None:
        if not MIN_DAY <= self.day <= MAX_DAY:
            raise Refusal(ErrorCode.RELEASE_DAY, first=MIN_DAY, last=MAX_DAY)

    def covers(self, month: Month) -> bool:
        return month >= self.since

    def get_release_time(self, month: Month) -> datetime:
        """Returns the instant at which a month is to be released."""
        after = month.following
        day = date(after.year, after.month, self.day)
        return clock.instant(day, self.hour, clock.headquarters_zone())


@dataclass(frozen=True)
class Embargo:
    """The months that the public may not see at an instant."""

    now: datetime
    calendar: ReleaseCalendar | None
    first_releases: Mapping[Month, datetime]  # every month with a revision is here

    def hides(self, month: Month) -> bool:
        """Tells whether no number of the month may be shown to the public."""
        released_at = self.first_releases.get(month)
        if released_at is not None:
            return released_at > self.now
        return self.calendar is not None and self.calendar.covers(month)

    def is_pending(self, month: Month) -> bool:
        """Tells whether the month is closed and not released yet."""
        return self.first_releases.get(month, self.now) > self.now

    def require_released(self, month: Month) -> None:
        """Raises Embargoed where the month is hidden."""
        if self.hides(month):
            raise Embargoed(str(month), self.get_release_time(month))

    def get_release_time(self, month: Month) -> datetime:
        """Returns when a hidden month is or is to be released; in the past if it is late."""
        released_at = self.first_releases.get(month)
        if released_at is not None:
            return released_at
        assert self.calendar is not None
        return self.calendar.get_release_time(month)

    def shows_last_revision(self, month: Month) -> bool:
        """Tells whether a month that was opened again keeps its last revision in public.

        Its current numbers are those of a revision that is not released.
        """
        return self.calendar is not None and self.calendar.covers(month)

    @property
    def ends_next_at(self) -> datetime | None:
        """When the next closed month is released; None where none waits."""
        return min((each for each in self.first_releases.values() if each > self.now), default=None)

    def limit_seconds(self, seconds: int) -> int:
        """Returns how long caches may keep an answer that they would keep for `seconds`.

        That is until the next release at most.
        """
        if self.ends_next_at is None:
            return seconds
        return max(0, min(seconds, int((self.ends_next_at - self.now).total_seconds())))


def load_embargo(session: Session, now: datetime) -> Embargo:
    """Loads the embargo as it is at an instant."""
    rows = session.connection().execute(_FIRST_RELEASES)
    return Embargo(now, get_calendar(session), {Month.from_number(row[0]): row[1] for row in rows})


# A revision that no calendar delayed is released, whatever the clocks of other hosts say.
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_RELEASES: Final = sa.select(
    MonthRevision.month,
    sa.func.min(
        sa.func.coalesce(MonthRevision.released_at, sa.literal(_ALWAYS, MonthRevision.cut.type))
    ),
).group_by(MonthRevision.month)


def get_calendar(session: Session) -> ReleaseCalendar | None:
    """Returns the release calendar; None where headquarters has set none."""
    found = session.get(InstallationSetting, _NAME, populate_existing=True)
    if found is None or not found.value:
        return None
    day, hour, since = found.value.split()
    return ReleaseCalendar(int(day), time.fromisoformat(hour), Month.parse(since))


def set_calendar(session: Session, calendar: ReleaseCalendar | None) -> None:
    """Stores the calendar; None takes it away. Revisions that are made keep their release."""
    value = ""
    if calendar is not None:
        value = f"{calendar.day} {calendar.hour:%H:%M} {calendar.since}"
    session.merge(InstallationSetting(name=_NAME, value=value))


def list_published(
    session: Session, first: Month, last: Month, *, embargo: Embargo
) -> dict[Month, MonthRevision]:
    """Returns the revision of each month from `first` to `last` that the public sees.

    It is the latest one that is released. A month that was opened again is left out where it
    is shown as provisional.
    """
    rows = session.scalars(
        _PUBLISHED, {"first": first.number, "last": last.number, "now": embargo.now}
    )
    found = {Month.from_number(row.month): row for row in rows}
    return {
        month: row
        for month, row in found.items()
        if row.reopened_at is None or embargo.shows_last_revision(month)
    }


_NEWEST: Final = (
    sa.select(MonthRevision.month, sa.func.max(MonthRevision.number).label("number"))
    .where(
        MonthRevision.month.between(sa.bindparam("first"), sa.bindparam("last")),
        months.is_released(),
    )
    .group_by(MonthRevision.month)
    .subquery()
)
_PUBLISHED: Final = (
    sa.select(MonthRevision)
    .join(
        _NEWEST,
        sa.and_(MonthRevision.month == _NEWEST.c.month, MonthRevision.number == _NEWEST.c.number),
    )
    .order_by(MonthRevision.month)
)


def list_coming(
    calendar: ReleaseCalendar, embargo: Embargo, *, count: int = MONTHS_AHEAD
) -> list[tuple[Month, datetime]]:
    """Returns the next releases with their instants, in order: closed months keep what was
    promised.
    """
    month = min([calendar.since, *(each for each in embargo.first_releases if embargo.hides(each))])
    found: list[tuple[Month, datetime]] = []
    while len(found) < count:
        at = embargo.first_releases.get(month) or calendar.get_release_time(month)
        if at > embargo.now:
            found.append((month, at))
        month = month.following
    return found


@dataclass(frozen=True, kw_only=True)
class PastRelease:
    """A revision that was released.

    It has the time that had been promised, and how many of the staff opened the month before.
    """

    month: Month
    number: int
    scheduled_at: datetime | None  # None: no calendar promised it
    released_at: datetime
    changes: int
    early_readers: int

    @property
    def is_punctual(self) -> bool | None:
        """Whether it was released in time; None for a correction and where no calendar promised
        it.
        """
        if self.scheduled_at is None or self.number > 1:
            return None
        return self.released_at <= self.scheduled_at


def list_past(session: Session, now: datetime, *, limit: int) -> list[PastRelease]:
    """The revisions that were released, the latest first."""
    released_at = sa.func.coalesce(MonthRevision.released_at, MonthRevision.cut)
    readers = (
        sa.select(sa.func.count()).where(EarlyAccess.month == MonthRevision.month).scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            MonthRevision.month,
            MonthRevision.number,
            MonthRevision.scheduled_at,
            released_at.label("released_at"),
            MonthRevision.changes,
            readers,
        )
        .where(months.is_released())
        .order_by(released_at.desc(), MonthRevision.month.desc(), MonthRevision.number.desc())
        .limit(limit),
        {"now": now},
    )
    return [
        PastRelease(
            month=Month.from_number(month),
            number=number,
            scheduled_at=scheduled_at,
            released_at=released_at,
            changes=len(changes),
            early_readers=early_readers,
        )
        for month, number, scheduled_at, released_at, changes, early_readers in rows
    ]


def list_early_readers(session: Session) -> list[tuple[Month, StaffMember, datetime]]:
    """Returns who opened which month early, and when first, the latest month first; for
    headquarters.
    """
    rows = session.execute(
        sa.select(EarlyAccess.month, StaffMember, EarlyAccess.first_at)
        .join(StaffMember, StaffMember.id == EarlyAccess.organizer_id)
        .order_by(EarlyAccess.month.desc(), EarlyAccess.first_at)
    )
    return [(Month.from_number(month), member, at) for month, member, at in rows]


def find_unrecorded(
    session: Session, opened: Sequence[Month], organizer_id: int, *, now: datetime
) -> list[Month]:
    """Returns the months whose early opening by this staff member still has to be recorded.

    They are those of `opened` that are closed and not released.
    """
    embargo = load_embargo(session, now)
    pending = [month for month in opened if embargo.is_pending(month)]
    return [
        month for month in pending if session.get(EarlyAccess, (month.number, organizer_id)) is None
    ]


def record_early_access(
    session: Session, opened: Sequence[Month], organizer_id: int, *, now: datetime
) -> None:
    """Records that a staff member opened these months; the first time counts."""
    for month in opened:
        try:
            with session.begin_nested():
                session.add(
                    EarlyAccess(month=month.number, organizer_id=organizer_id, first_at=now)
                )
                session.flush()
        except IntegrityError:  # another request of the same person was first
            continue
