"""The workshop, one dated event of an office, and what hangs on it.

Imports `locations` and `network`. This package hands on the names of `models.py`, which is the file
to open first: the table and how workshops are found. `time_slots`, `accommodations`, `series`,
`partners` and `tour_stops` have a table each; `publish_checks` says whether a workshop may be
published. What staff do to workshops is `domain.scheduling`: registrations stand between the two.
"""

from outreach.domain.workshops.models import (
    CONTACT_HOUR,
    COUNTED_STATUSES,
    ONLINE_MODES,
    PUBLIC_STATUSES,
    UID_PREFIX,
    Channel,
    DeliveryMode,
    Workshop,
    WorkshopStatus,
    compute_opening,
    count_at_venues,
    count_published,
    find,
    find_all,
    find_by_external_id,
    find_by_id,
    find_imported,
    find_public,
    get_office_slug,
    has_any,
    list_group_dates,
    list_workshops,
    new_public_id,
    parse_modes,
)

__all__ = [
    "CONTACT_HOUR",
    "COUNTED_STATUSES",
    "ONLINE_MODES",
    "PUBLIC_STATUSES",
    "UID_PREFIX",
    "Channel",
    "DeliveryMode",
    "Workshop",
    "WorkshopStatus",
    "compute_opening",
    "count_at_venues",
    "count_published",
    "find",
    "find_all",
    "find_by_external_id",
    "find_by_id",
    "find_imported",
    "find_public",
    "get_office_slug",
    "has_any",
    "list_group_dates",
    "list_workshops",
    "new_public_id",
    "parse_modes",
]
