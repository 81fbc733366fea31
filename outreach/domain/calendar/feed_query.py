"""The query of a feed, and the workshops that match it.

A feed has what the public list shows, except that a discreet kind is included only when it is
named. Unlisted workshops and drafts are in no feed.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import clock
from outreach.db.types import has_code, latest
from outreach.domain.calendar import change_counters
from outreach.domain.locations import geocoding
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.search import search
from outreach.domain.workshops import (
    PUBLIC_STATUSES,
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    parse_modes,
)
from outreach.errors import NotFound

NETWORK: Final = change_counters.NETWORK  # in addresses, in place of the slug of an office
DAY: Final = timedelta(days=1)
# A calendar that polls once a week still sees a cancellation.
KEPT_AFTER_ITS_END: Final = timedelta(days=7)
KEPT_AFTER_CANCELLING: Final = timedelta(days=14)
BATCH_SIZE: Final = 500  # rows of one statement
MAX_VALUES: Final = 60  # in one filter
MAX_VALUE_LENGTH: Final = 100


class UnknownFilter(NotFound):
    """An unknown office, kind, language, place or mode; `what` says which of these."""

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what} {value}")
        self.what = what
        self.value = value


@dataclass(frozen=True)
class FeedQuery:
    """The filters of a feed. An empty filter means everything but discreet kinds."""

    office: Office | None
    kinds: tuple[Kind, ...] = ()
    languages: tuple[str, ...] = ()
    wheres: tuple[Location, ...] = ()  # in their canonical spelling: IL, joliet il, 60608
    modes: tuple[DeliveryMode, ...] = ()
    # Ids of kinds that are discreet no longer and are named by the code from when they were: the
    # feed has only their discreet workshops, since that is what the subscriber's calendar may show.
    neutral: frozenset[int] = frozenset()
    # Whether the entries of discreet workshops have a link to their page.
    has_links: bool = False
    # A feed that is pushed has only workshops that were first published until then, and nothing
    # discreet. Its entries are coarse.
    published_until: datetime | None = None
    # A later page of a JSON Feed has only workshops that start on this day (UTC) or after it.
    since: date | None = None

    @property
    def is_pushed(self) -> bool:
        return self.published_until is not None

    @property
    def is_discreet(self) -> bool:
        """Whether the feed names a discreet kind, which the subscriber may not want to be seen."""
        return bool(self.neutral) or any(kind.is_discreet for kind in self.kinds)

    @property
    def is_sensitive(self) -> bool:
        """Whether it has a kind that is discreet or of high sensitivity."""
        return self.is_discreet or any(kind.is_sensitive for kind in self.kinds)

    @property
    def name(self) -> str:
        """The name in the feed's address and of its change counter."""
        return self.office.slug if self.office else NETWORK

    @property
    def kind_counters(self) -> tuple[str, ...]:
        """The names of the change counters of all that the feed shows, if it names kinds and no
        places.

        Otherwise it is empty: each change of its office counts. That a place means something
        else is no change.
        """
        if not self.kinds or self.wheres:
            return ()
        office_id = self.office.id if self.office else change_counters.EVERY_OFFICE
        return change_counters.kind_names(office_id, (kind.id for kind in self.kinds))

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(where.spelling for where in self.wheres)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the feed's address in canonical order, with the public code of a
        discreet kind."""
        return [
            *(("tipo", self.get_code(kind)) for kind in self.kinds),
            *(("idioma", language) for language in self.languages),
            *(("donde", place) for place in self.places),
            *(("modalidad", mode.value) for mode in self.modes),
            *([("enlace", "1")] if self.has_links else []),
            *([("desde", self.since.isoformat())] if self.since else []),
        ]

    def get_code(self, kind: Kind) -> str:
        """Returns the code of one of the feed's kinds, as the feed's address has it."""
        former = kind.neutral_code if kind.id in self.neutral else None
        return former or kind.public_code


class FeedEntry(NamedTuple):
    """The columns of a workshop that are read before its full row."""

    id: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    changed_at: datetime  # when what its event shows last changed


def parse(
    session: Session,
    office: str | None = None,
    *,
    kind_codes: Collection[str] = (),
    languages: Collection[str] = (),
    places: Collection[str] = (),
    modes: Collection[str] = (),
    has_links: bool = False,
    known: ReferenceData | None = None,
) -> FeedQuery:
    """Returns the query for these parameters; places as in the list of workshops.

    `has_links` counts for a query of discreet kinds only. `known` saves reading the office and the
    kinds. Raises UnknownFilter for the first unknown value.
    """
    names = () if office is None else (office,)
    for what, words in (
        ("office", names),
        ("kind", kind_codes),
        ("place", places),
        ("mode", modes),
    ):
        for number, word in enumerate(words):
            # No page of ours links to more. PostgreSQL cannot compare with a NUL.
            if number >= MAX_VALUES or len(word) > MAX_VALUE_LENGTH or "\0" in word:
                raise UnknownFilter(what, word)
    locations = {where.spelling: where for where in (_place(session, name) for name in places)}
    named = _kinds(session, kind_codes, known)
    choice = FeedQuery(
        office=None if office is None else _office(session, office, known),
        kinds=tuple(sorted(set(named.values()), key=lambda kind: (kind.position, kind.code))),
        languages=tuple(sorted(set(languages))),
        wheres=tuple(where for _spelling, where in sorted(locations.items())),
        modes=tuple(sorted({mode for word in modes for mode in _modes(word)})),
        neutral=frozenset(kind.id for code, kind in named.items() if kind.is_named_neutrally(code)),
    )
    return replace(choice, has_links=has_links and choice.is_discreet)


def entries(
    session: Session, choice: FeedQuery, *, since: date, until: date, today: date
) -> list[FeedEntry]:
    """Returns the workshops that start from `since` to before `until` (UTC days), by start and UID.

    A cancelled one is kept a week past its end, and two weeks after it was cancelled.
    """
    values = get_values(choice, since=since, until=until, today=today)
    rows = session.execute(query(choice).order_by(*IN_ORDER), values)
    return [FeedEntry(*row) for row in rows]


def count(session: Session, choice: FeedQuery, *, since: date, until: date, today: date) -> int:
    """Counts the workshops of `query`."""
    values = get_values(choice, since=since, until=until, today=today)
    number = sa.select(sa.func.count()).select_from(query(choice).subquery())
    return session.scalar(number, values) or 0


IN_ORDER: Final = (Workshop.starts_at, Workshop.uid)


class QueryShape(NamedTuple):
    """The conditions that a statement has, without their values.

    To build a statement costs more than to execute it, and most feeds have one of few shapes.
    """

    has_office: bool
    has_kinds: bool
    has_neutral: bool
    has_modes: bool
    is_pushed: bool
    languages: tuple[str, ...]


def get_shape(choice: FeedQuery) -> QueryShape:
    return QueryShape(
        choice.office is not None,
        bool(choice.kinds),
        bool(choice.neutral),
        bool(choice.modes),
        choice.is_pushed,
        choice.languages,
    )


def get_values(choice: FeedQuery, *, since: date, until: date, today: date) -> dict[str, Any]:
    """Returns the parameters of `query`."""
    now = midnight(today)
    return {
        # The indexes are on the local day, which differs from the UTC day by at most one.
        "first_day": since - DAY,
        "last_day": until,
        "begin": midnight(since),
        "end": midnight(until),
        "ended_after": now - KEPT_AFTER_ITS_END,
        "cancelled_after": now - KEPT_AFTER_CANCELLING,
        "office_id": choice.office.id if choice.office else None,
        "kind_ids": [kind.id for kind in choice.kinds],
        # Only a feed that names a discreet kind has its workshops: no name or address tells of
        # them.
        "discreet": [*({kind.id for kind in choice.kinds if kind.is_discreet} | choice.neutral)],
        "neutral": [*choice.neutral],
        "modes": choice.modes,
        "published_until": choice.published_until,
    }


def query(choice: FeedQuery) -> sa.Select[int, datetime, datetime, ZoneInfo, datetime]:
    """Returns a statement for the workshops of a feed, unordered; `get_values` has its
    parameters.
    """
    return at_places(build_query(get_shape(choice)), choice)


Statement = TypeVar("Statement", bound=sa.Select[*tuple[Any, ...]])


def at_places(statement: Statement, choice: FeedQuery) -> Statement:
    """Adds the places of a query to a statement; there are too many of them for a shape."""
    if not choice.wheres:
        return statement
    places = (sa.and_(*search.build_location_conditions(where)) for where in choice.wheres)
    return statement.where(sa.or_(*places))


@lru_cache(maxsize=64)
def build_query(
    shape: QueryShape,
) -> sa.Select[int, datetime, datetime, ZoneInfo, datetime]:
    """Builds the statement of a shape."""
    return (
        sa.select(Workshop.id, Workshop.starts_at, Workshop.ends_at, Workshop.zone, CHANGED_AT)
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .outerjoin(Workshop.venue)
        .where(
            Workshop.day >= sa.bindparam("first_day", type_=sa.Date),
            Workshop.day <= sa.bindparam("last_day", type_=sa.Date),
            Workshop.starts_at >= sa.bindparam("begin", type_=Workshop.starts_at.type),
            Workshop.starts_at < sa.bindparam("end", type_=Workshop.starts_at.type),
            Workshop.status.in_(PUBLIC_STATUSES),
            Workshop.way != Way.UNLISTED,
            sa.or_(
                Workshop.status != WorkshopStatus.CANCELLED,
                Workshop.ends_at > sa.bindparam("ended_after", type_=Workshop.ends_at.type),
                Workshop.cancelled_at
                > sa.bindparam("cancelled_after", type_=Workshop.cancelled_at.type),
            ),
            *_conditions(shape),
        )
    )


# When anything last changed that an event shows.
CHANGED_AT: Final = latest(
    Workshop.changed_at,
    Office.changed_at,
    Kind.changed_at,
    # NULL without a venue.
    sa.func.coalesce(Venue.changed_at, Workshop.changed_at),
)


def read(session: Session, ids: Sequence[int]) -> Iterator[Workshop]:
    """Yields the workshops with these ids, in no particular order."""
    for start in range(0, len(ids), BATCH_SIZE):
        yield from session.scalars(
            sa.select(Workshop).where(Workshop.id.in_(ids[start : start + BATCH_SIZE]))
        )


def second_after(session: Session, whose: sa.ColumnElement[bool], *, now: datetime) -> datetime:
    """Returns the time to store for a change that the events of these workshops show.

    It is `now` in whole seconds, or a second after the latest change that they show already.
    """
    latest_of_them = session.scalar(
        sa.select(sa.func.max(CHANGED_AT))
        .select_from(Workshop)
        .join(Workshop.office)
        .join(Workshop.kind)
        .outerjoin(Workshop.venue)
        .where(whose)
    )
    return clock.second_after(latest_of_them, now)


def midnight(day: date) -> datetime:
    """Returns the start of a day in UTC, at which the window of feeds moves."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _conditions(shape: QueryShape) -> Iterator[sa.ColumnElement[bool]]:
    if shape.has_office:
        yield Workshop.office_id == sa.bindparam("office_id")
    if shape.has_kinds:
        yield Workshop.kind_id.in_(sa.bindparam("kind_ids", expanding=True))
    is_named = Workshop.kind_id.in_(sa.bindparam("discreet", expanding=True))
    yield sa.or_(Workshop.is_discreet.is_(False), is_named)
    if shape.has_neutral:
        is_other = Workshop.kind_id.not_in(sa.bindparam("neutral", expanding=True))
        yield sa.or_(Workshop.is_discreet.is_(True), is_other)
    if shape.languages:
        yield sa.or_(*(has_code(Workshop.languages, code) for code in shape.languages))
    if shape.has_modes:
        yield Workshop.mode.in_(sa.bindparam("modes", type_=Workshop.mode.type, expanding=True))
    if shape.is_pushed:
        published_until = sa.bindparam("published_until", type_=Workshop.published_at.type)
        yield Workshop.published_at <= published_until
        yield sa.and_(Workshop.is_discreet.is_(False), Kind.is_discreet.is_(False))


def _office(session: Session, slug: str, known: ReferenceData | None) -> Office:
    try:
        return offices.find(session, slug) if known is None else known.get_office(slug)
    except NotFound:
        raise UnknownFilter("office", slug) from None


def _kinds(
    session: Session, codes: Collection[str], known: ReferenceData | None
) -> dict[str, Kind]:
    if not codes:
        return {}
    found = kinds.find_all(session, codes) if known is None else known.find_kinds(codes)
    for code in codes:
        if code not in found:
            raise UnknownFilter("kind", code)
    return found


def _modes(word: str) -> tuple[DeliveryMode, ...]:
    try:
        return parse_modes(word)
    except NotFound:
        raise UnknownFilter("mode", word) from None


def _place(session: Session, name: str) -> Location:
    where = geocoding.resolve_stored(session, name)
    if where.scale in {LocationScale.UNKNOWN, LocationScale.EVERYWHERE}:
        raise UnknownFilter("place", name)
    return where
