"""Calendars of workshops: what one may ask of a feed, and which workshops are in it.

A feed holds what the public list shows, except that a discreet kind is in it only when it is
asked for by name. Unlisted workshops and drafts are in none.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.types import has_code
from outreach.domain import kinds, offices, regions
from outreach.domain.kinds import Kind, Way
from outreach.domain.offices import Office
from outreach.domain.text import plain
from outreach.domain.venues import Venue
from outreach.domain.workshops import SHOWN, Mode, Standing, Workshop, modes_named
from outreach.errors import NotFound

NETWORK: Final = "red"  # the network's feed, where an office has its slug
DAY: Final = timedelta(days=1)
# A calendar that asks once a week still sees a cancellation.
KEPT_AFTER_ITS_END: Final = timedelta(days=7)
KEPT_AFTER_CANCELLING: Final = timedelta(days=14)
AT_ONCE: Final = 500  # rows fetched by one statement


class Unknown(NotFound):
    """There is no such office, kind, language, region or mode: `what` says which of these."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what} {value}")
        self.what = what
        self.value = value


@dataclass(frozen=True)
class Choice:
    """What a feed is to hold. Nothing chosen of a filter: everything, but for discreet kinds."""

    office: Office | None
    kinds: tuple[Kind, ...] = ()
    languages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # IL, QC, or a city as `plain` has it
    modes: tuple[Mode, ...] = ()

    @property
    def is_discreet(self) -> bool:
        """Whether something was asked for that its subscriber may not want to be seen."""
        return any(kind.is_discreet for kind in self.kinds)

    @property
    def query(self) -> list[tuple[str, str]]:
        """As in the feed's address, in one order, and without the name of a discreet kind."""
        return [
            *(("tipo", kind.public_code) for kind in self.kinds),
            *(("idioma", language) for language in self.languages),
            *(("donde", place) for place in self.places),
            *(("modalidad", mode.value) for mode in self.modes),
        ]


class Entry(NamedTuple):
    """What is known of a workshop before it is read in full."""

    id: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    changed_at: datetime  # of whatever its calendar entry shows


def choose(
    session: Session,
    office: str | None = None,
    *,
    kind_codes: Collection[str] = (),
    languages: Collection[str] = (),
    places: Collection[str] = (),
    modes: Collection[str] = (),
) -> Choice:
    """The choice that these words stand for. Raises Unknown for the first that stands for none."""
    return Choice(
        office=None if office is None else _office(session, office),
        kinds=tuple(
            sorted(
                {_kind(session, code) for code in kind_codes},
                key=lambda kind: (kind.position, kind.code),
            )
        ),
        languages=tuple(sorted(set(languages))),
        places=tuple(sorted({_place(session, name) for name in places})),
        modes=tuple(sorted({mode for word in modes for mode in _modes(word)})),
    )


def entries(
    session: Session, choice: Choice, *, since: date, until: date, today: date
) -> list[Entry]:
    """The feed's workshops that start from `since` to before `until` (UTC days), by start and UID.

    A cancelled one is kept a week past its end, and two weeks after it was cancelled.
    """
    begin, end, now = midnight(since), midnight(until), midnight(today)
    rows = session.execute(
        sa.select(
            Workshop.id,
            Workshop.starts_at,
            Workshop.ends_at,
            Workshop.zone,
            Workshop.changed_at,
            Office.changed_at,
            Kind.changed_at,
            # Without a venue there is no change of one.
            sa.func.coalesce(Venue.changed_at, Workshop.changed_at),
        )
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .outerjoin(Workshop.venue)
        .where(
            # The day is what the indexes know; it differs by at most one from the UTC day.
            Workshop.day >= since - DAY,
            Workshop.day <= until,
            Workshop.starts_at >= begin,
            Workshop.starts_at < end,
            Workshop.standing.in_(SHOWN),
            Workshop.way != Way.UNLISTED,
            sa.or_(
                Workshop.standing != Standing.CANCELLED,
                Workshop.ends_at > now - KEPT_AFTER_ITS_END,
                Workshop.cancelled_at > now - KEPT_AFTER_CANCELLING,
            ),
            *_conditions(choice),
        )
        .order_by(Workshop.starts_at, Workshop.uid)
    )
    return [Entry(*row[:4], changed_at=max(row[4:])) for row in rows]


def read(session: Session, ids: Sequence[int]) -> Iterator[Workshop]:
    """The workshops of these numbers, in no particular order."""
    for start in range(0, len(ids), AT_ONCE):
        yield from session.scalars(
            sa.select(Workshop).where(Workshop.id.in_(ids[start : start + AT_ONCE]))
        )


def last_change(session: Session) -> datetime:
    """When anything changed that any feed could show; also what has left a feed since.

    It has to look at every workshop: one that moved to another office, or became unlisted,
    changed the feed that it is no longer in.
    """
    columns = (Workshop.changed_at, Office.changed_at, Kind.changed_at, Venue.changed_at)
    latest = [session.scalar(sa.select(sa.func.max(column))) for column in columns]
    return max((at for at in latest if at is not None), default=midnight(date(1970, 1, 1)))


def midnight(day: date) -> datetime:
    """The start of a day in UTC, by which feeds are cut: their bytes change at most then."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _conditions(choice: Choice) -> Iterator[sa.ColumnElement[bool]]:
    if choice.office:
        yield Workshop.office_id == choice.office.id
    if choice.kinds:
        yield Workshop.kind_id.in_([kind.id for kind in choice.kinds])
    else:
        yield Kind.is_discreet.is_(False)
    if choice.languages:
        yield sa.or_(*(has_code(Workshop.languages, code) for code in choice.languages))
    if choice.places:
        yield sa.or_(*(_is_in(place) for place in choice.places))
    if choice.modes:
        yield Workshop.mode.in_(choice.modes)


def _is_in(place: str) -> sa.ColumnElement[bool]:
    """In that region, which is its office's if it has no venue; or in that city."""
    if place in regions.NAMES:
        return sa.func.coalesce(Venue.region, Office.region) == place
    return Venue.city_plain == place


def _office(session: Session, slug: str) -> Office:
    try:
        return offices.find(session, slug)
    except NotFound:
        raise Unknown("office", slug) from None


def _kind(session: Session, code: str) -> Kind:
    try:
        return kinds.find(session, code)
    except NotFound:
        raise Unknown("kind", code) from None


def _modes(word: str) -> tuple[Mode, ...]:
    try:
        return modes_named(word)
    except NotFound:
        raise Unknown("mode", word) from None


def _place(session: Session, name: str) -> str:
    region = regions.named(name)
    if region:
        return region
    city = plain(name)
    is_known = session.scalar(sa.select(Venue.id).where(Venue.city_plain == city).limit(1))
    if is_known is None and not any(
        plain(office.city) == city for office in offices.all_of_them(session)
    ):
        raise Unknown("place", name)
    return city
