"""The fields of a venue that an office sets, each declared once.

A field is added here and as a column of `venues.Venue`. The form, files, the sheet before a
change, what calendars follow and the fields of a merge are made from this list.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from outreach.db.base import Words
from outreach.domain.fields import N_, FieldSpec, Surface, read_declaration

_PAGE, _API, _FEED = Surface.PAGE, Surface.API, Surface.FEED
_TICKET, _FILE, _SHEET = Surface.TICKET, Surface.FILE, Surface.SHEET


class Entrance(StrEnum):
    """Who stands at the entrance; stored as text."""

    FREE = "free"
    GUARD = "guard"  # who asks for no identification
    IDENTIFICATION = "id"


@dataclass(frozen=True, kw_only=True)
class VenueData:
    """All that an office says of a venue."""

    name: Annotated[
        str,
        FieldSpec(
            label=N_("nombre"),
            most=120,
            missing=N_("Escribe el nombre de la sede."),
            surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE, _SHEET),
        ),
    ]
    address: Annotated[
        str,
        FieldSpec(
            label=N_("dirección"),
            most=200,
            surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE, _SHEET),
        ),
    ]
    city: Annotated[
        str,
        FieldSpec(
            label=N_("ciudad"),
            most=80,
            missing=N_("Escribe la ciudad de la sede."),
            surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE, _SHEET),
        ),
    ]
    region: Annotated[
        str,
        FieldSpec(
            label=N_("estado"),
            most=6,
            surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE, _SHEET),
        ),
    ]
    zone: Annotated[
        ZoneInfo,
        FieldSpec(label=N_("hora local"), surfaces=(_PAGE, _TICKET, _FEED, _FILE, _SHEET)),
    ]
    # What may be said of where it is while the address is hidden: «Zona de Pilsen».
    area: Annotated[str, FieldSpec(most=120, surfaces=(_PAGE, _TICKET, _FILE, _SHEET))] = ""
    # Its own position, if someone entered it.
    latitude: Annotated[
        float | None,
        FieldSpec(label=N_("posición"), surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE)),
    ] = None
    longitude: Annotated[
        float | None,
        FieldSpec(label=N_("posición"), surfaces=(_PAGE, _TICKET, _API, _FEED, _FILE)),
    ] = None
    capacity: Annotated[
        int | None,
        FieldSpec(
            label=N_("lugares"),
            least=1,
            most=100_000,
            wrong=N_("Escribe cuántas personas caben, o déjalo vacío."),
            surfaces=(_FILE, _SHEET),
        ),
    ] = None
    is_step_free: Annotated[bool, FieldSpec(surfaces=(_PAGE, _TICKET, _API, _FILE))] = False
    # What people should know to get in: «Toca el timbre de la entrada lateral».
    access: Annotated[
        Words,
        FieldSpec(
            most=400,
            has_lines=True,
            surfaces=(_PAGE, _TICKET, _FILE),
        ),
    ] = field(default_factory=dict)
    # The office itself receives who comes: a discreet kind shows the venue to who has a seat.
    is_own_room: Annotated[bool, FieldSpec(surfaces=(_FILE,))] = False
    # What the public reads instead of a hidden address: «Frente a la fuente del parque».
    meeting_point: Annotated[
        Words,
        FieldSpec(
            most=120,
            has_lines=True,
            surfaces=(_PAGE, _TICKET, _FILE),
        ),
    ] = field(default_factory=dict)
    # What people see from the street, how they come without a car, and a checkpoint on the way.
    # They are part of the address: who may not read it reads none of them (S13).
    landmark: Annotated[
        Words,
        FieldSpec(
            most=200,
            has_lines=True,
            surfaces=(_PAGE, _TICKET, _FILE),
        ),
    ] = field(default_factory=dict)
    transit: Annotated[
        Words,
        FieldSpec(
            most=200,
            has_lines=True,
            surfaces=(_PAGE, _TICKET, _FILE),
        ),
    ] = field(default_factory=dict)
    checkpoint: Annotated[
        Words,
        FieldSpec(
            most=200,
            has_lines=True,
            surfaces=(_PAGE, _TICKET, _FILE),
        ),
    ] = field(default_factory=dict)
    entrance: Annotated[  # an Entrance; empty: unknown
        str, FieldSpec(most=10, surfaces=(_PAGE, _TICKET, _FILE))
    ] = ""


NAMES: Final = tuple(each.name for each in fields(VenueData))
# Those that the open data says by their own name, where the address is public. Without it, city and
# region are said all the same.
OPEN_DATA: Final = tuple(
    each
    for name, each in read_declaration(VenueData).items()
    if _API in each.spec.surfaces and name not in {"city", "region"}
)
