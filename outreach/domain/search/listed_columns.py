"""Which workshops are on the public list, and what it says of them but for their seats.

Apart from `public_listing`, which finds them at a place: every session that changes workshops looks
at what is declared here (`calendar.public_changes`), and commands load no gazetteer for it.
"""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.sql import coercions, roles, visitors

from outreach.db.base import Base
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop

# In the order of the fields of `ListedWorkshop`.
SHOWN: Final = (
    Workshop.id,
    Workshop.public_id,
    sa.cast(Workshop.title, sa.Text),
    sa.cast(Workshop.summary, sa.Text),
    sa.cast(Workshop.bring, sa.Text),
    Workshop.day,
    Workshop.starts,
    Workshop.ends,
    Workshop.zone,
    Workshop.starts_at,
    Workshop.ends_at,
    Workshop.status,
    Workshop.way,
    Workshop.mode,
    Workshop.visibility,
    Workshop.opens_days,
    Workshop.languages,
    Workshop.interpretation,
    Workshop.has_childcare,
    Workshop.live_url,
    Workshop.is_synthetic,
    Workshop.changed_at,
    Kind.code,
    Office.slug,
    Office.city,
    Office.region,
    Venue.name,
    Venue.address,
    Venue.city,
    Venue.region,
    Venue.latitude,
    Venue.longitude,
    Venue.is_step_free,
)
IS_LISTED: Final = (
    Workshop.status.in_(PUBLIC_STATUSES),
    Workshop.way != Way.UNLISTED,
    Workshop.is_discreet.is_(False),
)


def list_shown_attributes() -> dict[type, frozenset[str]]:
    """By class, the attributes on which it depends whether a workshop is listed, and what the list
    says of it; not those of its seats, which change all day."""
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
