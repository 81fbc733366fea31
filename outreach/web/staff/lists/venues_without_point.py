"""The list of the venues that no map shows, since nobody entered where they are."""

from typing import Final

from outreach.domain.locations import venues
from outreach.domain.locations.venues import Venue
from outreach.domain.network.staff import Permission
from outreach.i18n import lazy
from outreach.web.staff.lists.staff_list import StaffColumn, StaffList, office_column

VENUES_WITHOUT_POINT: Final = StaffList[Venue](
    name="sedes-sin-punto",
    title=lazy("Sedes sin punto en el mapa"),
    is_for=lazy("Ponles su punto: así la gente ve cómo llegar."),
    picture="place",
    permission=Permission.EDIT,
    query=lambda session, offices, _now: venues.list_without_point(session, offices),
    columns=(
        StaffColumn(
            heading=lazy("Sede"),
            read=lambda venue: venue.name,
            link=lambda venue: f"/org/sedes/{venue.office.slug}/{venue.id}",
        ),
        StaffColumn(heading=lazy("Calle y número"), read=lambda venue: venue.address),
        StaffColumn(heading=lazy("Ciudad"), read=lambda venue: venue.city),
        office_column(lambda venue: venue.office),
    ),
    empty=lazy("Todas tus sedes tienen su punto en el mapa."),
)
