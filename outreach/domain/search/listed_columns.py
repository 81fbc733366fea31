"""Which workshops are on the public list, and what it says of them but for their seats.

Apart from `public_listing`, which finds them at a place: every session that changes workshops looks
at what is declared here (`calendar.public_changes`), and commands load no gazetteer for it.
"""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql import coercions, roles, visitors

from outreach.db.base import Base, Words
from outreach.domain.fields import DeclaredField
from outreach.domain.locations import venue_fields
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop, fields


def _select(column: Any, declared: DeclaredField) -> Any:
    """Returns the column; for texts in languages as JSON, which is read once for many workshops."""
    return sa.cast(column, sa.Text) if declared.kind is Words else column


# By the name of the field of `ListedWorkshop`: columns of the workshop, its kind and its office.
OWN: Final[Mapping[str, sa.SQLColumnExpression[Any]]] = {
    "id": Workshop.id,
    "public_id": Workshop.public_id,
    "day": Workshop.day,
    "starts": Workshop.starts,
    "ends": Workshop.ends,
    "zone": Workshop.zone,
    "starts_at": Workshop.starts_at,
    "ends_at": Workshop.ends_at,
    "status": Workshop.status,
    "way": Workshop.way,
    "mode": Workshop.mode,
    "visibility": Workshop.visibility,
    "opens_days": Workshop.opens_days,
    "is_synthetic": Workshop.is_synthetic,
    "changed_at": Workshop.changed_at,
    "kind_code": Kind.code,
    "office_slug": Office.slug,
    "office_city": Office.city,
    "office_region": Office.region,
    "venue_city": Venue.city,
    "venue_region": Venue.region,
}
# By the name of the field: what the open data says as it is stored, of the workshop and, where the
# address is public, of its venue.
OPEN_DATA: Final[Mapping[str, sa.SQLColumnExpression[Any]]] = {
    each.name: _select(getattr(Workshop, each.name), each) for each in fields.OPEN_DATA
}
VENUE_OPEN_DATA: Final[Mapping[str, sa.SQLColumnExpression[Any]]] = {
    each.name: _select(getattr(Venue, each.name), each) for each in venue_fields.OPEN_DATA
}
SHOWN: Final = (*OWN.values(), *OPEN_DATA.values(), *VENUE_OPEN_DATA.values())
IS_LISTED: Final = (
    Workshop.status.in_(PUBLIC_STATUSES),
    Workshop.way != Way.UNLISTED,
    Workshop.is_discreet.is_(False),
)


def list_shown_attributes() -> dict[type, frozenset[str]]:
    """Returns, by class, the attributes that decide whether a workshop is listed, and those it
    shows.

    Those of its seats, which change all day, are not among them.
    """
    classes: tuple[type[Base], ...] = (Workshop, Office, Kind, Venue)
    found: dict[type, set[str]] = {each: set() for each in classes}
    mappers = {each.__tablename__: sa.inspect(each) for each in classes}
    owners = (Workshop.office_id, Workshop.kind_id, Workshop.venue_id)
    for shown in (*SHOWN, *IS_LISTED, *owners):
        for part in visitors.iterate(coercions.expect(roles.ColumnsClauseRole, shown)):
            if isinstance(part, sa.Column):
                mapper = mappers[part.table.name]
                name = mapper.get_property_by_column(mapper.local_table.c[part.name]).key
                found[mapper.class_].add(name)
    return {owner: frozenset(names) for owner, names in found.items()}
