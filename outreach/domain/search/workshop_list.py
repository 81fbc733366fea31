"""The workshops of the list page: in person by day or around a place, and those from anywhere.

Around a place they are sorted by day as far as people go without thinking, and beyond by distance.
What is held online or by telephone is never among them: it has a list of its own. The dates of a
course are one entry.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.geocoding import ANYWHERE, Location, LocationScale
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.search import search
from outreach.domain.search.search import NEAR_MILES, SearchFilters, SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.domain.workshops.series import WorkshopSeries
from outreach.memory_cache import remember

PAGE_SIZE: Final = 20
MAX_STATEMENTS: Final = 256
NEARBY_MILES: Final = 25.0  # sorted by day within these
_NEARBY_METRIC_MILES: Final = 40 / 1.609344  # where people count in kilometres
# Where an entry stands in the list: its miles if it is far (in the list of what is online: 1.0
# abroad, else 0.0), its day and its start.
ListPosition = tuple[float, date, time]
KindCounts = tuple[tuple[int, int], ...]  # ids of kinds, ascending, and how many workshops
_Build = Callable[[SearchFilters], list[sa.ColumnElement[bool]]]
POINTS: Final = frozenset({LocationScale.OFFICE, LocationScale.CITY, LocationScale.NEAR})
IN_PERSON: Final = tuple(each for each in DeliveryMode if each.has_venue)
FROM_ANYWHERE: Final = tuple(each for each in DeliveryMode if not each.has_venue)
_IS_IN_PERSON: Final = sa.or_(*(Workshop.mode == each for each in IN_PERSON))
_FAR_MILES: Final = 300  # tried first where nothing is near

# Without a venue it is somewhere in the office's city.
_LATITUDE: Final = sa.case((Workshop.venue_id.is_(None), Office.latitude), else_=search.LATITUDE)
_LONGITUDE: Final = sa.case((Workshop.venue_id.is_(None), Office.longitude), else_=search.LONGITUDE)
_POSITIONS: Final = (
    sa.select(
        Workshop.id,
        Workshop.day,
        Workshop.starts,
        Workshop.office_id,
        _LATITUDE,
        _LONGITUDE,
        sa.case(
            (sa.and_(WorkshopSeries.is_joint, Workshop.is_discreet.is_(False)), Workshop.series_id),
            (WorkshopSeries.is_joint, -Workshop.series_id),
        ),
        Workshop.kind_id,
    )
    .select_from(Workshop)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .outerjoin(WorkshopSeries, WorkshopSeries.id == Workshop.series_id)
    .where(*search.UPCOMING, _IS_IN_PERSON)
)
_ONE_A_COURSE: Final = sa.case((WorkshopSeries.is_joint, -Workshop.series_id), else_=Workshop.id)
_COUNT: Final = (
    sa.select(sa.func.count(_ONE_A_COURSE.distinct()))
    .select_from(Workshop)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .outerjoin(WorkshopSeries, WorkshopSeries.id == Workshop.series_id)
    .where(*search.UPCOMING)
)
_LIST: Final = cast(
    "sa.Select[Any]",
    search.SHOWN.where(*search.UPCOMING).limit(sa.bindparam("limit", type_=sa.Integer)),
)
_BY_ID: Final = search.SHOWN.where(Workshop.id.in_(sa.bindparam("ids", expanding=True)))


class ListedResult(NamedTuple):
    """One entry of the list: a workshop, or a course by the first of its dates."""

    workshop: SearchResult
    miles: float | None = None  # from the place of the search, to a tenth
    course_days: tuple[date, ...] = ()

    @property
    def id(self) -> int:
        return self.workshop.id


@dataclass(frozen=True)
class ListPage:
    """One page of the list. `total` counts a course once."""

    found: tuple[ListedResult, ...] = ()
    total: int = 0
    next: str = ""  # the key of the page after, if there is one
    near_count: int = 0  # so many are sorted by day; those after them by distance
    filters: SearchFilters = field(default_factory=SearchFilters)
    kind_counts: KindCounts | None = None  # whatever the kinds of the filters; None: not counted


class _RankedWorkshop(NamedTuple):
    """A workshop around a position, with its place in the order.

    The first four values are that place; its miles count if it is far.
    """

    far_miles: float  # 0 if it is nearby
    day: date
    starts: time
    id: int
    miles: float
    course: int | None
    kind: int


def search_in_person(
    session: Session, filters: SearchFilters, *, now: datetime, after: str = ""
) -> ListPage:
    """Returns a page of the workshops at a place or of a region, from now to 90 days ahead.

    A cancelled one is listed until its end. `after` is the `next` of the page before.
    """
    where = filters.where
    if where.scale in search.NOT_ONE_PLACE:
        return ListPage(filters=filters)
    if where.scale in POINTS and where.position is not None:
        return _list_around(session, filters, now, after)
    return _list_by_day(session, filters, now, after)


def search_from_anywhere(
    session: Session, filters: SearchFilters, *, now: datetime, limit: int, after: str = ""
) -> ListPage:
    """Returns a page of the workshops online and by telephone.

    Those of offices of the country of the filters come first, then it is by day. The place of the
    filters is ignored, and `total` is not counted.
    """
    shape = _get_shape(filters, ANYWHERE)
    values = search.compute_window(filters, now) | {"limit": limit + 1}
    rank, found, has_more = _read_rank(after), list[ListedResult](), True
    last: SearchResult | None = None
    while has_more and not found:  # a page may hold nothing but later dates of courses
        statement = _start_after_rank(_select_from_anywhere(shape), shape.country, rank)
        rows = session.connection().execute(statement, values).all()
        has_more = len(rows) > limit
        results = [search.build_result(row) for row in rows[:limit]]
        found = _drop_repeated(session, results, now, _build_from_anywhere, shape)
        if results:
            last = results[-1]
            rank = _get_rank(last, shape.country)
    following = f"{rank[0]}~{search.write_key(last)}" if has_more and last and rank else ""
    return ListPage(tuple(found), 0, following, len(found), filters)


def count_kinds(session: Session, filters: SearchFilters, *, now: datetime) -> KindCounts:
    """Counts the workshops of each kind that `search_in_person` would find of a region or
    everywhere.

    The kinds of the filters do not matter.
    """
    if filters.where.scale in search.NOT_ONE_PLACE:
        return ()
    where = Location(scale=filters.where.scale, region=filters.where.region)
    return _count_kinds(session, _build_by_day, filters, where, now)


def count_kinds_from_anywhere(
    session: Session, filters: SearchFilters, *, now: datetime
) -> KindCounts:
    """Counts the workshops of each kind that `search_from_anywhere` would find.

    The kinds of the filters do not matter.
    """
    return _count_kinds(session, _build_from_anywhere, filters, ANYWHERE, now)


def search_nearest(
    session: Session,
    filters: SearchFilters,
    *,
    now: datetime,
    limit: int,
    without: Collection[int] = (),
) -> list[ListedResult]:
    """Returns the workshops that come closest to a search that found little, in the order of
    the list.

    They are of the same kinds, whatever their day and language; the nearest ones if nothing
    is near. The first `limit` are taken, and those with the ids `without` left out.
    """
    wanted = SearchFilters(
        where=filters.where,
        kinds=filters.kinds,
        excluded_kinds=filters.excluded_kinds,
        country=filters.country,
    )
    here = filters.where.position
    if here is None:
        anywhere = replace(wanted, where=ANYWHERE)
        found = _list_by_day(session, anywhere, now, "").found[:limit]
        return [each for each in found if each.id not in without]
    for miles in (_FAR_MILES, None):
        entries = _drop_later_dates(_sort_around(session, wanted, now, miles))
        if entries:
            left = [each for each in entries[:limit] if each.id not in without]
            return _load(session, left, now)
    return []


def _get_shape(filters: SearchFilters, where: Location) -> SearchFilters:
    """Returns the filters that a statement is made for: without days, which are its values."""
    return replace(filters, where=where, since=None, until=None)


# Building a statement takes longer than executing it, so that those of the last filters are kept.
@remember(MAX_STATEMENTS)
def _select_from_anywhere(shape: SearchFilters) -> sa.Select[Any]:
    order: list[Any] = list(search.KEY)
    if shape.country:
        order.insert(0, sa.case((Office.country == shape.country, 0), else_=1))
    return _LIST.where(*_build_from_anywhere(shape)).order_by(*order)


def _get_rank(found: SearchResult, country: str) -> tuple[int, tuple[date, time, int]]:
    """Returns the position of a workshop in the order of `search_from_anywhere`."""
    is_abroad = bool(country) and network_profile.country_of(found.office_region) != country
    return int(is_abroad), (found.day, found.starts, found.id)


def _read_rank(text: str) -> tuple[int, tuple[date, time, int]] | None:
    abroad, _separator, rest = text.partition("~")
    key = search.read_key(rest)
    return None if key is None else (int(abroad == "1"), key)


def _start_after_rank(
    statement: sa.Select[Any], country: str, rank: tuple[int, tuple[date, time, int]] | None
) -> sa.Select[Any]:
    if rank is None:
        return statement
    is_abroad, key = rank
    literals = (sa.literal(v, c.type) for v, c in zip(key, search.KEY, strict=True))
    is_later = sa.tuple_(*search.KEY) > sa.tuple_(*literals)
    if not country:
        return statement.where(is_later)
    if is_abroad:
        return statement.where(Office.country != country, is_later)
    return statement.where(sa.or_(Office.country != country, is_later))


def _build_from_anywhere(shape: SearchFilters) -> list[sa.ColumnElement[bool]]:
    wanted = replace(shape, country="", modes=FROM_ANYWHERE, has_childcare=False)
    return search.build_conditions(wanted)


@remember(MAX_STATEMENTS)
def _select_by_day(shape: SearchFilters) -> sa.Select[Any]:
    return _LIST.where(*_build_by_day(shape)).order_by(*search.KEY)


@remember(MAX_STATEMENTS)
def _count_by_day(shape: SearchFilters) -> sa.Select[Any]:
    return _COUNT.where(*_build_by_day(shape))


def _count_kinds(
    session: Session, build_wanted: _Build, filters: SearchFilters, where: Location, now: datetime
) -> KindCounts:
    statement = _select_counts(build_wanted, _get_shape(replace(filters, kinds=()), where))
    values = search.compute_window(filters, now)
    return _read_counts(session.connection().execute(statement, values))


@remember(MAX_STATEMENTS)
def _select_counts(build_wanted: _Build, shape: SearchFilters) -> sa.Select[Any]:
    statement = _COUNT.where(*build_wanted(shape)).group_by(Workshop.kind_id)
    return statement.with_only_columns(Workshop.kind_id, *_COUNT.selected_columns)


def _read_counts(rows: Iterable[Any]) -> KindCounts:
    return tuple(sorted((kind, count) for kind, count in rows))


def _build_by_day(shape: SearchFilters) -> list[sa.ColumnElement[bool]]:
    return [
        *search.build_conditions(shape),
        *([] if shape.modes else [_IS_IN_PERSON]),
    ]


@remember(MAX_STATEMENTS)
def _select_around(shape: SearchFilters, *, is_within: bool) -> sa.Select[Any]:
    """Returns the query for the positions of workshops within a box, and of the office `own`.

    The box is in the values of the query.
    """
    statement = _POSITIONS.where(*search.build_conditions(shape))
    if not is_within:
        return statement
    return statement.where(
        sa.or_(
            sa.and_(
                _LATITUDE.between(sa.bindparam("south"), sa.bindparam("north")),
                _LONGITUDE.between(sa.bindparam("west"), sa.bindparam("east")),
            ),
            Workshop.office_id == sa.bindparam("own", type_=sa.Integer),
        )
    )


def _list_by_day(session: Session, filters: SearchFilters, now: datetime, after: str) -> ListPage:
    where = filters.where
    shape = _get_shape(filters, Location(scale=where.scale, region=where.region))
    values = search.compute_window(filters, now) | {"limit": PAGE_SIZE + 1}
    key, found, has_more = search.read_key(after), list[ListedResult](), True
    last = None
    while has_more and not found:  # a page may hold nothing but later dates of courses
        statement = _start_after(_select_by_day(shape), key)
        rows = session.connection().execute(statement, values).all()
        has_more = len(rows) > PAGE_SIZE
        results = [search.build_result(row) for row in rows[:PAGE_SIZE]]
        found = _drop_repeated(session, results, now, _build_by_day, shape)
        if results:
            last = results[-1]
            key = last.day, last.starts, last.id
    total = len(found)
    if after or has_more:
        total = session.connection().scalar(_count_by_day(shape), values) or 0
    following = search.write_key(last) if has_more and last is not None else ""
    return ListPage(tuple(found), total, following, len(found), filters)


def _start_after(statement: sa.Select[Any], key: tuple[date, time, int] | None) -> sa.Select[Any]:
    if key is None:
        return statement
    literals = (sa.literal(v, c.type) for v, c in zip(key, search.KEY, strict=True))
    return statement.where(sa.tuple_(*search.KEY) > sa.tuple_(*literals))


def _list_around(session: Session, filters: SearchFilters, now: datetime, after: str) -> ListPage:
    ranked = _sort_around(session, replace(filters, kinds=()), now, NEAR_MILES)
    wanted = ranked
    if filters.kinds:
        wanted = [each for each in ranked if each.kind in filters.kinds]
    entries = _drop_later_dates(wanted)
    start = _find_start(entries, after)
    shown = entries[start : start + PAGE_SIZE]
    has_more = len(entries) > start + PAGE_SIZE
    return ListPage(
        tuple(_load(session, shown, now)),
        len(entries),
        _write_key(shown[-1]) if has_more else "",
        sum(not each.far_miles for each in shown),
        filters,
        _count_ranked(ranked),
    )


def _sort_around(
    session: Session, filters: SearchFilters, now: datetime, miles: float | None
) -> list[_RankedWorkshop]:
    """Returns the workshops within so many miles of the place in their order.

    Those of the place's own office are there at any distance.
    """
    here, own = filters.where.position, filters.where.office
    assert here is not None
    values = search.compute_window(filters, now)
    if miles is not None:
        high, wide = search.compute_degrees(miles, here)
        values |= {
            "south": here[0] - high,
            "north": here[0] + high,
            "west": here[1] - wide,
            "east": here[1] + wide,
            "own": own,
        }
    statement = _select_around(_get_shape(filters, ANYWHERE), is_within=miles is not None)
    rows = session.connection().execute(statement, values)
    nearby = get_nearby_miles(filters.country)
    distances: dict[tuple[float, float], float] = {}  # many workshops are at the same place
    entries = []
    for number, day, starts, office, latitude, longitude, course, kind in rows:
        there = latitude, longitude
        far = distances.get(there)
        if far is None:
            far = distances[there] = miles_between(here, there)
        if miles is None or far <= miles or office == own:
            order = round(far, 1) if far > nearby else 0.0
            entries.append(_RankedWorkshop(order, day, starts, number, far, course, kind))
    entries.sort()  # no two have the same id, so that the order ends there
    return entries


def _count_ranked(entries: Sequence[_RankedWorkshop]) -> KindCounts:
    """Counts the entries of each kind, a course once."""
    found = {(each.kind, each.course, each.id if each.course is None else 0) for each in entries}
    return _read_counts(Counter(kind for kind, *_which in found).items())


def _drop_later_dates(entries: Sequence[_RankedWorkshop]) -> list[_RankedWorkshop]:
    """Returns the entries with only the first date of each course."""
    seen: set[int] = set()
    kept = []
    for each in entries:
        if each.course is None or each.course not in seen:
            kept.append(each)
        if each.course is not None:
            seen.add(each.course)
    return kept


def _load(
    session: Session, entries: Sequence[_RankedWorkshop], now: datetime
) -> list[ListedResult]:
    if not entries:
        return []
    rows = session.connection().execute(_BY_ID, {"ids": [each.id for each in entries]})
    by_id = {row[0]: search.build_result(row) for row in rows}
    results = [by_id[each.id] for each in entries if each.id in by_id]
    dates = _list_dates(session, results, now)
    miles = {each.id: round(each.miles, 1) for each in entries}
    return [
        ListedResult(each, miles[each.id], course_days=dates.get_days(each)) for each in results
    ]


class _CourseDates:
    """The dates of courses to come, by series; those of discreet workshops apart."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._days: dict[tuple[int, bool], list[date]] = {}
        self._first: dict[tuple[int, bool], int] = {}
        for series, is_discreet, number, day, status, is_wanted in rows:
            if status is WorkshopStatus.PUBLISHED:
                self._days.setdefault((series, is_discreet), []).append(day)
            if is_wanted:
                self._first.setdefault((series, is_discreet), number)

    def get_days(self, found: SearchResult) -> tuple[date, ...]:
        """Returns all dates of the result's course; none if it is no course or only one is left."""
        days = self._days.get((found.series_id or 0, found.is_discreet), [])
        return tuple(days) if len(days) > 1 else ()

    def is_repeated(self, found: SearchResult) -> bool:
        """Tells whether an earlier date of the result's course is in the list."""
        return self._first.get((found.series_id or 0, found.is_discreet), found.id) != found.id


def _drop_repeated(
    session: Session,
    results: Sequence[SearchResult],
    now: datetime,
    build_wanted: _Build,
    shape: SearchFilters,
) -> list[ListedResult]:
    """Returns the results without those whose course stands in the list by an earlier date."""
    dates = _list_dates(session, results, now, build_wanted, shape)
    return [
        ListedResult(each, course_days=dates.get_days(each))
        for each in results
        if not dates.is_repeated(each)
    ]


def _list_dates(
    session: Session,
    found: Sequence[SearchResult],
    now: datetime,
    build_wanted: _Build | None = None,
    shape: SearchFilters | None = None,
) -> _CourseDates:
    """Returns the dates of the courses among the results, and which of them the list has.

    The list has those that meet the conditions of `shape`.
    """
    series = {each.series_id for each in found if each.series_id is not None}
    if not series:
        return _CourseDates([])
    values = search.compute_window(SearchFilters(), now) | {"series": list(series)}
    statement = _select_dates(build_wanted, shape)
    return _CourseDates(session.connection().execute(statement, values))


@remember(MAX_STATEMENTS)
def _select_dates(build_wanted: _Build | None, shape: SearchFilters | None) -> sa.Select[Any]:
    wanted = build_wanted(shape) if build_wanted and shape else []
    statement = (
        sa.select(
            Workshop.series_id,
            Workshop.is_discreet,
            Workshop.id,
            Workshop.day,
            Workshop.status,
            sa.and_(sa.true(), *wanted),
        )
        .select_from(Workshop)
        .join(WorkshopSeries, WorkshopSeries.id == Workshop.series_id)
        .join(Office, Office.id == Workshop.office_id)
        .outerjoin(Venue, Venue.id == Workshop.venue_id)
        .where(
            *search.UPCOMING,
            Workshop.series_id.in_(sa.bindparam("series", expanding=True)),
            WorkshopSeries.is_joint,
        )
        .order_by(*search.KEY)
    )
    return cast("sa.Select[Any]", statement)


def get_nearby_miles(country: str) -> float:
    """Returns within how many miles a list of that country is sorted by day."""
    return NEARBY_MILES if network_profile.has_miles(country) else _NEARBY_METRIC_MILES


def read_position(key: str) -> ListPosition | None:
    """Returns the position that a `next` names; None if it cannot be read."""
    found = _read_entry(key)
    return None if found is None else found[:3]


def _find_start(entries: Sequence[_RankedWorkshop], after: str) -> int:
    """Returns the index after the entry of a key; 0 if it cannot be read."""
    last = _read_entry(after)
    if last is None:
        return 0
    return next((number for number, each in enumerate(entries) if each[:4] > last), len(entries))


def _read_entry(key: str) -> tuple[float, date, time, int] | None:
    far, is_far, rest = key.rpartition("~")
    entry = search.read_key(rest)
    if entry is None:
        return None
    try:
        return float(far) if is_far else 0.0, *entry
    except ValueError:
        return None


def _write_key(entry: _RankedWorkshop) -> str:
    key = f"{entry.day:%Y%m%d}-{entry.starts:%H%M}-{entry.id}"
    return f"{entry.far_miles}~{key}" if entry.far_miles else key
