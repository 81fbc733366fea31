"""The public list of workshops, past ones too, as programs may read it.

Discreet and unlisted workshops and drafts are never in it. A page is one query, paged by key like
the list page.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.search import listed_columns, search
from outreach.domain.search.search import HORIZON, SearchFilters
from outreach.domain.workshops import (
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    compute_opening,
)
from outreach.errors import NotFound


class ListingKey(NamedTuple):
    """The position of a workshop in the list."""

    day: date
    starts: time
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWorkshop:
    """One workshop of the public list.

    `open_data` and `venue_open_data` have the fields that the open data says as they are stored, by
    name; texts in languages as their JSON. What is part of the address is public only with
    `has_open_address`, and so is all of `venue_open_data`. `seats_left` is at most
    `search.MAX_SEATS_SHOWN`.
    """

    id: int
    public_id: str
    day: date
    starts: time
    ends: time
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    status: WorkshopStatus
    way: Way
    mode: DeliveryMode
    visibility: Visibility
    opens_days: int | None
    is_synthetic: bool
    changed_at: datetime
    kind_code: str
    office_slug: str
    office_city: str
    office_region: str
    venue_city: str | None
    venue_region: str | None
    seats_left: int
    hides_seats: bool
    has_waiting_list: bool
    open_data: Mapping[str, Any]
    venue_open_data: Mapping[str, Any]

    @property
    def title_json(self) -> str:
        title: str = self.open_data["title"]
        return title

    @property
    def last_day(self) -> date:
        """The day of its end: the next day where it ends after midnight."""
        return self.day if self.ends > self.starts else self.day + timedelta(days=1)

    @property
    def opens_at(self) -> datetime | None:
        return compute_opening(self.day, self.opens_days, self.zone)

    @property
    def has_open_address(self) -> bool:
        return self.visibility is Visibility.PUBLIC

    def tells_seats(self, now: datetime) -> bool:
        """Tells whether `seats_left` is public: only while registration is open."""
        return (
            self.status is WorkshopStatus.PUBLISHED
            and self.way in {Way.PLACE, Way.SLOTS}
            and self.starts_at > now
            and (self.opens_at is None or self.opens_at <= now)
        )


_OWN_COLUMNS: Final[Mapping[str, sa.SQLColumnExpression[Any]]] = {
    **listed_columns.OWN,
    "seats_left": search.PUBLIC_SEATS,
    "hides_seats": search.HIDES_SEATS,
    "has_waiting_list": Workshop.has_waiting_list,
}
_COLUMNS: Final = (
    *_OWN_COLUMNS.values(),
    *listed_columns.OPEN_DATA.values(),
    *listed_columns.VENUE_OPEN_DATA.values(),
)
_ORDER: Final = (Workshop.day, Workshop.starts, Workshop.id)
_LISTED: Final = (
    sa.select(*_COLUMNS)
    .select_from(Workshop)
    .join(Kind, Kind.id == Workshop.kind_id)
    .join(Office, Office.id == Workshop.office_id)
    .outerjoin(Venue, Venue.id == Workshop.venue_id)
    .where(*listed_columns.IS_LISTED)
)
_PAGE: Final = (
    _LISTED.where(
        Workshop.day >= sa.bindparam("since", type_=sa.Date),
        Workshop.day <= sa.bindparam("until", type_=sa.Date),
    )
    .order_by(*_ORDER)
    .limit(sa.bindparam("limit", type_=sa.Integer))
)
_COMING: Final = _PAGE.where(
    Workshop.ends_at > sa.bindparam("now", type_=Workshop.ends_at.type),
)
_AFTER: Final = sa.tuple_(*_ORDER) > sa.tuple_(
    *(sa.bindparam(f"after_{c.key}", type_=c.type) for c in _ORDER)
)
_ONE: Final = _LISTED.where(Workshop.public_id == sa.bindparam("public_id"))


def list_page(
    session: Session,
    filters: SearchFilters,
    *,
    office: int | None = None,
    now: datetime,
    after: ListingKey | None = None,
    limit: int,
) -> tuple[list[ListedWorkshop], ListingKey | None]:
    """Returns one page of workshops by day and hour, and the key after which the next page starts.

    Without `filters.since`, it has only workshops that have not ended; without either day up
    to 90 days ahead, as the list page. With it, it has all from that day on.
    """
    if filters.where.scale in search.NOT_ONE_PLACE:
        return [], None
    is_coming = filters.since is None
    until = filters.until or (now.date() + HORIZON if is_coming else date.max)
    # West of Greenwich, a workshop of yesterday's date in UTC may not be over.
    values: dict[str, Any] = {
        "since": filters.since or now.date() - timedelta(days=2),
        "until": until,
        "limit": limit + 1,
    }
    statement = (_COMING if is_coming else _PAGE).where(*search.build_conditions(filters))
    if is_coming:
        values["now"] = now
    if office is not None:
        statement = statement.where(Workshop.office_id == office)
    if after is not None:
        statement = statement.where(_AFTER)
        values |= {f"after_{name}": value for name, value in after._asdict().items()}
        values["since"] = max(values["since"], after.day)
    found = [_listed(row) for row in session.execute(statement, values)]
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], ListingKey(last.day, last.starts, last.id) if last else None


def get_listed(session: Session, public_id: str) -> ListedWorkshop:
    """Finds a workshop of the public list. Raises NotFound."""
    row = session.execute(_ONE, {"public_id": public_id}).first()
    if row is None:
        raise NotFound(f"workshop {public_id}")
    return _listed(row)


def find_listed(
    session: Session,
    public_ids: Collection[str],
    filters: SearchFilters,
    *,
    office: int | None = None,
) -> dict[str, ListedWorkshop]:
    """Returns those of these workshops that are on the public list and match, by id, past ones
    too.
    """
    if filters.where.scale in search.NOT_ONE_PLACE:
        return {}
    wanted = [Workshop.public_id.in_(public_ids), *search.build_conditions(filters)]
    if filters.since is not None:
        wanted.append(Workshop.day >= filters.since)
    if filters.until is not None:
        wanted.append(Workshop.day <= filters.until)
    if office is not None:
        wanted.append(Workshop.office_id == office)
    found = (_listed(row) for row in session.execute(_LISTED.where(*wanted)))
    return {each.public_id: each for each in found}


def _listed(row: sa.Row[*tuple[Any, ...]]) -> ListedWorkshop:
    values = iter(row)  # in the order of `_COLUMNS`; each mapping takes as many as it has names
    own: dict[str, Any] = dict(zip(_OWN_COLUMNS, values, strict=False))
    return ListedWorkshop(
        **own,
        open_data=dict(zip(listed_columns.OPEN_DATA, values, strict=False)),
        venue_open_data=dict(zip(listed_columns.VENUE_OPEN_DATA, values, strict=True)),
    )
