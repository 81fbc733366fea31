"""Calendar links: addresses of calendars that an office gave instead of a file.

Whoever has such an address reads the whole calendar, so it is stored encrypted and never shown
again. Of the calendar nothing is stored but what came of events that staff have ticked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base, Words
from outreach.domain.network.offices import Office
from outreach.domain.text import code
from outreach.errors import ErrorCode, NotFound, Refusal

MAX_LINKS: Final = 10  # for each office
MAX_NAME: Final = 60
READ_EVERY: Final = timedelta(days=1)
_ID_LENGTH: Final = 20


class CalendarLink(Base):
    __tablename__ = "calendar_link"
    __table_args__ = (sa.UniqueConstraint("office_id", "address_mark"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    public_id: Mapped[str] = mapped_column(sa.String(20), unique=True)
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"), index=True)
    office: Mapped[Office] = relationship(init=False, lazy="joined", innerjoin=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))  # the host, unless staff gave another
    sealed_address: Mapped[bytes] = mapped_column(sa.LargeBinary)
    address_mark: Mapped[str] = mapped_column(sa.String(64))  # a keyed hash: is it there already?
    is_daily: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(default=None)  # when all of it was read last
    etag: Mapped[str] = mapped_column(sa.String(200), default="")
    last_modified: Mapped[str] = mapped_column(sa.String(60), default="")
    fault: Mapped[str] = mapped_column(sa.String(60), default="")  # name of an error code
    # What the calendar said of the dates that were ticked, by fingerprint, while they are ahead.
    taken: Mapped[dict[str, Words]] = mapped_column(sa.JSON, default_factory=dict)
    report: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default_factory=dict)


@dataclass(frozen=True)
class CalendarDifference:
    """How a calendar differs from a workshop that came of it. It has not changed the workshop."""

    workshop_id: int
    fingerprint: str
    said: Words  # all values by field
    fields: Sequence[str]  # that differ from the workshop
    is_cancelled: bool = False


@dataclass(frozen=True)
class GoneEvent:
    """A workshop whose event is not in the calendar any more."""

    workshop_id: int
    fingerprint: str


@dataclass(frozen=True)
class CalendarReport:
    """The findings of the last reading of a calendar.

    `waiting` is how many events look like workshops and can be ticked.
    """

    differing: Sequence[CalendarDifference] = ()
    gone: Sequence[GoneEvent] = ()
    waiting: int = 0

    @property
    def has_open(self) -> bool:
        """Whether staff have something to look at in their own workshops."""
        return bool(self.differing or self.gone)

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "CalendarReport":
        """Reads a report that `to_json` wrote; an empty object gives an empty report."""
        differing = [CalendarDifference(*each) for each in stored.get("differing", ())]
        gone = [GoneEvent(*each) for each in stored.get("gone", ())]
        return cls(differing, gone, stored.get("waiting", 0))

    def to_json(self) -> dict[str, Any]:
        return {
            "differing": [
                [
                    each.workshop_id,
                    each.fingerprint,
                    each.said,
                    list(each.fields),
                    each.is_cancelled,
                ]
                for each in self.differing
            ],
            "gone": [[each.workshop_id, each.fingerprint] for each in self.gone],
            "waiting": self.waiting,
        }


@dataclass
class ReadCalendar:
    """All that is kept of a calendar after it was read."""

    report: CalendarReport = field(default_factory=CalendarReport)
    taken: Mapping[str, Words] = field(default_factory=dict)
    etag: str = ""
    last_modified: str = ""


def make_id() -> str:
    """Makes the public id of a link, under which the address is sealed before it is stored."""
    return code(_ID_LENGTH)


def add(
    session: Session,
    office: Office,
    *,
    public_id: str,
    name: str,
    sealed_address: bytes,
    address_mark: str,
    now: datetime,
) -> CalendarLink:
    """Stores a link, or returns that of the same address that the office has. Raises Refusal where
    the office has too many."""
    # Two who add at the same moment wait for each other.
    session.execute(sa.select(Office.id).where(Office.id == office.id).with_for_update())
    known = session.scalar(
        sa.select(CalendarLink).where(
            CalendarLink.office_id == office.id, CalendarLink.address_mark == address_mark
        )
    )
    if known is not None:
        return known
    count = sa.select(sa.func.count()).where(CalendarLink.office_id == office.id)
    if (session.scalar(count) or 0) >= MAX_LINKS:
        raise Refusal(ErrorCode.CALENDAR_LINKS_TOO_MANY, most=MAX_LINKS)
    link = CalendarLink(
        public_id=public_id,
        office_id=office.id,
        name=name[:MAX_NAME],
        sealed_address=sealed_address,
        address_mark=address_mark,
        added_at=now,
        asked_at=now,
    )
    session.add(link)
    session.flush()
    return link


def find(
    session: Session, office_slug: str, public_id: str, *, is_locked: bool = False
) -> CalendarLink:
    """Finds a link of that office. Raises NotFound.

    `is_locked` keeps others from changing it until the transaction ends.
    """
    query = (
        sa.select(CalendarLink)
        .join(Office, Office.id == CalendarLink.office_id)
        .where(CalendarLink.public_id == public_id, Office.slug == office_slug)
    )
    if is_locked:
        query = query.with_for_update(of=CalendarLink).execution_options(populate_existing=True)
    link = session.scalar(query)
    if link is None:
        raise NotFound("calendar link")
    return link


def list_links(session: Session, office_slugs: Collection[str]) -> Sequence[CalendarLink]:
    """The links of these offices, in the order in which they were added."""
    return session.scalars(
        sa.select(CalendarLink)
        .join(Office, Office.id == CalendarLink.office_id)
        .where(Office.slug.in_(office_slugs))
        .order_by(CalendarLink.id)
    ).all()


def list_differing(session: Session, office_slugs: Collection[str]) -> list[CalendarLink]:
    """Returns the links of these offices whose calendar differs from the workshops that came of
    it.
    """
    links = list_links(session, office_slugs) if office_slugs else ()
    return [each for each in links if CalendarReport.read(each.report).has_open]


def list_due(session: Session, *, now: datetime) -> Sequence[CalendarLink]:
    """Returns the daily links that were last asked a day ago or more, the longest ago first."""
    return session.scalars(
        sa.select(CalendarLink)
        .where(CalendarLink.is_daily, CalendarLink.asked_at <= now - READ_EVERY)
        .order_by(CalendarLink.asked_at, CalendarLink.id)
    ).all()


def record_read(link: CalendarLink, found: ReadCalendar, *, now: datetime) -> None:
    """Stores what a reading found."""
    link.asked_at = link.read_at = now
    link.fault, link.report = "", found.report.to_json()
    link.taken = dict(found.taken)
    link.etag, link.last_modified = found.etag, found.last_modified


def record_asked(link: CalendarLink, fault: str, *, now: datetime) -> None:
    """Stores why a calendar was not read, or nothing where it has not changed.

    What was found before stays.
    """
    link.asked_at, link.fault = now, fault


def record_taken(link: CalendarLink, said: Mapping[str, Words]) -> None:
    """Remembers what a calendar says of the dates that were ticked, by fingerprint.

    Later, staff are told what it says anew, and that a date is gone.
    """
    link.taken = {**link.taken, **said}


def record_seen(link: CalendarLink) -> None:
    """Drops what differs and what is gone, because staff have seen it.

    It is not told again until the calendar says something else.
    """
    report = CalendarReport.read(link.report)
    gone = {each.fingerprint for each in report.gone}
    taken = {name: said for name, said in link.taken.items() if name not in gone}
    link.taken = taken | {each.fingerprint: each.said for each in report.differing}
    link.report = CalendarReport(waiting=report.waiting).to_json()
