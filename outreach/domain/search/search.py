"""Searches upcoming public workshops by place, kind and day.

A page of results is one query, with a key instead of an offset."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.countries import packs
from outreach.db.base import Words
from outreach.db.types import Codes, has_code
from outreach.domain.locations.geocoding import ANYWHERE, Location, LocationScale
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import (
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    compute_opening,
    seat_states,
)
from outreach.memory_cache import remember

HORIZON: Final = timedelta(days=90)
PAGE_SIZE: Final = 40
NEAR_MILES: Final = 50
MAX_SEATS_SHOWN: Final = seat_states.MANY  # more seats than these are not told apart
# A place that is not known, or not yet chosen, has no workshops.
NOT_ONE_PLACE: Final = frozenset({LocationScale.UNKNOWN, LocationScale.CHOICE})
_MILES_A_DEGREE: Final = 69.0


@dataclass(frozen=True, kw_only=True)
class SearchFilters:
    where: Location = ANYWHERE
    kinds: tuple[int, ...] = ()  # ids
    since: date | None = None
    until: date | None = None
    languages: tuple[str, ...] = ()
    modes: tuple[DeliveryMode, ...] = ()
    understood: tuple[str, ...] = ()  # languages that are spoken, or that are interpreted
    excluded_kinds: tuple[int, ...] = ()  # ids
    country: str = ""  # the office's
    has_childcare: bool = False
    has_free_places: bool = False


class SearchResult(NamedTuple):
    """One workshop of a list. Equal results look the same on a page.

    `seats_left` is at most MAX_SEATS_SHOWN. A page is made of forty results, which are keys
    too: a tuple is hashed and compared several times as fast as a dataclass.
    """

    id: int
    public_id: str
    title_json: str
    day: date
    starts: time
    ends: time
    zone: ZoneInfo
    starts_at: datetime
    status: WorkshopStatus
    way: Way
    mode: DeliveryMode
    visibility: Visibility
    seats_left: int
    has_waiting_list: bool
    opens_days: int | None
    languages: Codes
    interpretation: Codes
    has_childcare: bool
    is_synthetic: bool
    series_id: int | None
    kind_code: str
    kind_name_json: str
    is_discreet: bool
    hides_seats: bool
    sign: str
    pictogram: str
    venue_name: str | None
    venue_city: str | None
    venue_region: str | None
    venue_area: str | None
    office_city: str
    office_region: str
    office_slug: str
    office_name_json: str
    office_zone: ZoneInfo

    @property
    def title(self) -> Words:
        return _words(self.title_json)

    @property
    def opens_at(self) -> datetime | None:
        return compute_opening(self.day, self.opens_days, self.zone)

    @property
    def kind_name(self) -> Words:
        return _words(self.kind_name_json)

    @property
    def office_name(self) -> Words:
        return _words(self.office_name_json)


@dataclass(frozen=True)
class SearchPage:
    found: tuple[SearchResult, ...]
    total: int
    next: str | None  # the key of the page after, if there is one
    filters: SearchFilters = field(default_factory=SearchFilters)


def _position(
    own: sa.orm.InstrumentedAttribute[float | None], near: sa.orm.InstrumentedAttribute[float]
) -> sa.ColumnElement[float]:
    """Returns the column of the latitude or longitude that distances are measured from.

    It is the venue's own, if an address that everybody sees has one; else that of its area.
    A discreet workshop is only as far away as its area is (S13).
    """
    is_open = sa.and_(Workshop.visibility == Visibility.PUBLIC, Workshop.is_discreet.is_(False))
    return sa.case((sa.and_(is_open, own.is_not(None)), own), else_=near)


LATITUDE: Final = _position(Venue.latitude, Venue.near_latitude)
LONGITUDE: Final = _position(Venue.longitude, Venue.near_longitude)
_SENSITIVE: Final = sa.orm.aliased(Kind)  # also where a statement has no kind
# As `Workshop.hides_seats`.
HIDES_SEATS: Final = sa.or_(
    Workshop.is_discreet.is_(True),
    Workshop.kind_id.in_(
        sa.select(_SENSITIVE.id).where(
            # Not IN, whose values are written into the statement each time.
            sa.or_(*(_SENSITIVE.sensitivity == each for each in sorted(HIGH_SENSITIVITIES)))
        )
    ),
)
PUBLIC_SEATS: Final = sa.case(
    (HIDES_SEATS, Workshop.shown_seats),
    (Workshop.seats_left > MAX_SEATS_SHOWN, MAX_SEATS_SHOWN),
    else_=Workshop.seats_left,
)
SHOWN: Final = (
    sa.select(
        Workshop.id,
        Workshop.public_id,
        sa.cast(Workshop.title, sa.Text),
        Workshop.day,
        Workshop.starts,
        Workshop.ends,
        Workshop.zone,
        Workshop.starts_at,
        Workshop.status,
        Workshop.way,
        Workshop.mode,
        Workshop.visibility,
        PUBLIC_SEATS,
        Workshop.has_waiting_list,
        Workshop.opens_days,
        Workshop.languages,
        Workshop.interpretation,
        Workshop.has_childcare,
        Workshop.is_synthetic,
        Workshop.series_id,
        Kind.code,
        sa.cast(Kind.short_name, sa.Text),
        Workshop.is_discreet,
        HIDES_SEATS,
        Kind.sign,
        Kind.pictogram,
        Venue.name,
        Venue.city,
        Venue.region,
        Venue.area,
        Office.city,
        Office.region,
        Office.slug,
        sa.cast(Office.name, sa.Text).label("office_name"),
        Office.zone,
    )
    .select_from(Workshop)
    .join(Kind, Kind.id == Workshop.kind_id)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
)
UPCOMING: Final = (
    # Not IN: SQLAlchemy writes its values into the statement at each execution.
    sa.or_(
        Workshop.status == WorkshopStatus.PUBLISHED, Workshop.status == WorkshopStatus.CANCELLED
    ),
    Workshop.way != Way.UNLISTED,
    Workshop.day >= sa.bindparam("since", type_=sa.Date),
    Workshop.day <= sa.bindparam("until", type_=sa.Date),
    Workshop.ends_at > sa.bindparam("now", type_=Workshop.ends_at.type),
)
KEY: Final = (Workshop.day, Workshop.starts, Workshop.id)
_LIST: Final = SHOWN.where(*UPCOMING).order_by(*KEY).limit(sa.bindparam("limit", type_=sa.Integer))
_LIST_OF_OFFICE: Final = _LIST.where(Workshop.office_id == sa.bindparam("office"))
_COUNT: Final = (
    sa.select(sa.func.count())
    .select_from(Workshop)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .where(*UPCOMING)
)


def search_upcoming(
    session: Session,
    filters: SearchFilters,
    *,
    now: datetime,
    after: str = "",
    limit: int = PAGE_SIZE,
) -> SearchPage:
    """Returns a page of the workshops from now to 90 days ahead, by day and hour.

    A cancelled one is listed until its end. `after` is the `next` of the page before; one
    that cannot be read starts at the beginning.
    """
    if filters.where.scale in NOT_ONE_PLACE:
        return SearchPage((), 0, None, filters)
    wanted = build_conditions(filters)
    values = compute_window(filters, now)
    statement = _LIST.where(*wanted) if wanted else _LIST
    key = read_key(after)
    if key is not None:
        statement = statement.where(
            sa.tuple_(*KEY)
            > sa.tuple_(*(sa.literal(v, c.type) for v, c in zip(key, KEY, strict=True)))
        )
    rows = session.execute(statement, values | {"limit": limit + 1}).all()
    found = tuple(build_result(row) for row in rows[:limit])
    if key is None and len(rows) <= limit:
        return SearchPage(found, len(found), None, filters)
    total = session.scalar(_COUNT.where(*wanted), values) or 0
    return SearchPage(found, total, write_key(found[-1]) if len(rows) > limit else None, filters)


def build_conditions(filters: SearchFilters) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions of the filters except the day. The query joins Office and Venue."""
    found = build_location_conditions(filters.where)
    if filters.kinds:
        found.append(sa.or_(*(Workshop.kind_id == kind for kind in filters.kinds)))
    if filters.modes:
        found.append(sa.or_(*(Workshop.mode == mode for mode in filters.modes)))
    if filters.languages:
        found.append(sa.or_(*(has_code(Workshop.languages, code) for code in filters.languages)))
    if filters.understood:
        # An interpreter could tell where a discreet workshop is (S13).
        is_open = Workshop.is_discreet.is_(False)
        spoken = [has_code(Workshop.languages, code) for code in filters.understood]
        offered = [has_code(Workshop.interpretation, code) for code in filters.understood]
        found.append(sa.or_(*spoken, sa.and_(is_open, sa.or_(*offered))))
    if filters.excluded_kinds:
        found += [Workshop.kind_id != kind for kind in filters.excluded_kinds]
    if filters.country:
        found.append(Office.country == filters.country)
    if filters.has_childcare:
        found.append(Workshop.has_childcare.is_(True))
    if filters.has_free_places:
        found += [
            Workshop.status == WorkshopStatus.PUBLISHED,
            sa.or_(Workshop.way == Way.OPEN, PUBLIC_SEATS > 0),
        ]
    return found


def build_location_conditions(where: Location) -> list[sa.ColumnElement[bool]]:
    """Returns the conditions that a workshop is at a place or, without a venue, of an office there.

    The query joins Office and Venue. An unknown place has no workshops.
    """
    region = sa.func.coalesce(Venue.region, Office.region)
    if where.scale is LocationScale.OFFICE:
        in_town = sa.and_(Venue.city_plain == where.city, Venue.region == where.region)
        return [sa.or_(Workshop.office_id == where.office, in_town)]
    if where.scale is LocationScale.CITY:
        return [Venue.city_plain == where.city, region == where.region]
    if where.scale is LocationScale.REGION:
        return [region == where.region]
    if where.scale is LocationScale.COUNTRY:
        return [region.in_([each.code for each in packs.load(where.country).regions])]
    if where.scale is not LocationScale.NEAR or where.position is None:
        return []
    latitude, longitude = where.position
    high, wide = compute_degrees(NEAR_MILES, where.position)
    return [
        Venue.near_latitude.between(latitude - high, latitude + high),
        Venue.near_longitude.between(longitude - wide, longitude + wide),
    ]


def compute_degrees(miles: float, position: tuple[float, float]) -> tuple[float, float]:
    """Converts miles to degrees of latitude, and of longitude at a position."""
    high = miles / _MILES_A_DEGREE
    return high, high / max(0.2, math.cos(math.radians(position[0])))


def compute_window(filters: SearchFilters, now: datetime) -> dict[str, Any]:
    """Returns the values of `UPCOMING`: from now to 90 days ahead, within the days of the
    filters.
    """
    # West of Greenwich, a workshop of yesterday's date in UTC may not be over.
    first, last = now.date() - timedelta(days=2), now.date() + HORIZON
    since = max(first, filters.since) if filters.since else first
    until = min(last, filters.until) if filters.until else last
    return {"now": now, "since": since, "until": until}


@remember(4096)
def _words(text: str) -> Words:
    words: Words = json.loads(text)
    return words


def build_result(row: sa.Row[*tuple[Any, ...]]) -> SearchResult:
    """Builds the result of a row of `SHOWN`."""
    return SearchResult._make(row)


def preview_result(workshop: Workshop) -> SearchResult:
    """Returns the result that a list would have of a workshop that is not stored."""
    venue, office, kind = workshop.venue, workshop.office, workshop.kind
    seats_left = (
        workshop.shown_seats if workshop.hides_seats else min(workshop.seats_left, MAX_SEATS_SHOWN)
    )
    return SearchResult(
        id=0,
        public_id=workshop.public_id,
        title_json=json.dumps(workshop.title),
        day=workshop.day,
        starts=workshop.starts,
        ends=workshop.ends,
        zone=workshop.zone,
        starts_at=workshop.starts_at,
        status=workshop.status,
        way=workshop.way,
        mode=workshop.mode,
        visibility=workshop.visibility,
        seats_left=seats_left,
        has_waiting_list=workshop.has_waiting_list,
        opens_days=workshop.opens_days,
        languages=workshop.languages,
        interpretation=workshop.interpretation,
        has_childcare=workshop.has_childcare,
        is_synthetic=workshop.is_synthetic,
        series_id=None,
        kind_code=kind.code,
        kind_name_json=json.dumps(kind.short_name),
        is_discreet=workshop.is_discreet,
        hides_seats=workshop.hides_seats,
        sign=kind.sign,
        pictogram=kind.pictogram,
        venue_name=venue.name if venue else None,
        venue_city=venue.city if venue else None,
        venue_region=venue.region if venue else None,
        venue_area=venue.area if venue else None,
        office_city=office.city,
        office_region=office.region,
        office_slug=office.slug,
        office_name_json=json.dumps(office.name),
        office_zone=office.zone,
    )


def write_key(found: SearchResult) -> str:
    """Returns the key of the page after this result."""
    return f"{found.day:%Y%m%d}-{found.starts:%H%M}-{found.id}"


def read_key(text: str) -> tuple[date, time, int] | None:
    """Returns day, hour and id of a `next`; None if it cannot be read."""
    try:
        day, hour, number = text.split("-")
        moment = datetime.strptime(f"{day} {hour}", "%Y%m%d %H%M")  # noqa: DTZ007 - a wall clock
        return moment.date(), moment.time(), int(number) if len(number) < 19 else 0
    except ValueError:
        return None


def list_upcoming(
    session: Session, office: Office, *, now: datetime, limit: int
) -> Sequence[SearchResult]:
    """The next workshops of an office, by start."""
    values = compute_window(SearchFilters(), now) | {"limit": limit, "office": office.id}
    return [build_result(row) for row in session.connection().execute(_LIST_OF_OFFICE, values)]


def list_by_ids(session: Session, ids: Sequence[int]) -> Sequence[SearchResult]:
    """The workshops with these ids, by day and hour."""
    rows = session.execute(SHOWN.where(Workshop.id.in_(ids)).order_by(*KEY))
    return [build_result(row) for row in rows]
