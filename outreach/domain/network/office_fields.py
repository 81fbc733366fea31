"""The fields of an office that headquarters or a file set, each declared once.

A field is added here and as a column of `offices.Office`. The form field and the labels are made
from this list; `tests/project/test_fields.py` compares columns, files and the open data with it.
"""

from dataclasses import dataclass, field, fields
from datetime import date
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from outreach.db.base import Words
from outreach.db.types import Codes
from outreach.domain.fields import N_, FieldSpec, Surface

_PAGE, _API, _FEED, _FILE = Surface.PAGE, Surface.API, Surface.FEED, Surface.FILE


@dataclass(frozen=True, kw_only=True)
class OfficeData:
    """The fields of an office that headquarters set, in the order of its form."""

    slug: Annotated[str, FieldSpec(most=40, surfaces=(_PAGE, _API, _FEED, _FILE))]
    name: Annotated[
        Words, FieldSpec(label=N_("nombre"), most=200, surfaces=(_PAGE, _API, _FEED, _FILE))
    ]
    rank: Annotated[  # general_consulate, career_consulate, …
        str, FieldSpec(label=N_("rango"), most=40, surfaces=(_PAGE, _API, _FILE))
    ]
    city: Annotated[
        str,
        FieldSpec(
            label=N_("ciudad"),
            most=80,
            missing=N_("Escribe la ciudad."),
            surfaces=(_PAGE, _API, _FEED, _FILE),
        ),
    ]
    region: Annotated[  # IL, QC
        str, FieldSpec(label=N_("estado"), most=6, surfaces=(_PAGE, _API, _FEED, _FILE))
    ]
    country: Annotated[str, FieldSpec(label=N_("país"), most=2, surfaces=(_PAGE, _API, _FILE))]
    zone: Annotated[
        ZoneInfo, FieldSpec(label=N_("hora local"), surfaces=(_PAGE, _API, _FEED, _FILE))
    ]
    extra_zones: Annotated[
        Codes, FieldSpec(label=N_("otras horas locales"), surfaces=(_API, _FILE))
    ] = field(default_factory=Codes)
    latitude: Annotated[float, FieldSpec(label=N_("posición"), surfaces=(_PAGE, _API, _FILE))]
    longitude: Annotated[float, FieldSpec(label=N_("posición"), surfaces=(_PAGE, _API, _FILE))]
    district: Annotated[
        str,
        FieldSpec(
            label=N_("circunscripción"),
            most=2000,
            has_lines=True,
            surfaces=(_PAGE, _API, _FILE),
        ),
    ] = ""
    phone: Annotated[
        str, FieldSpec(label=N_("teléfono"), most=40, surfaces=(_PAGE, _API, _FEED, _FILE))
    ] = ""
    email: Annotated[str, FieldSpec(label=N_("correo"), most=254, surfaces=(_PAGE, _FILE))] = ""
    address: Annotated[
        str, FieldSpec(label=N_("dirección"), most=200, surfaces=(_PAGE, _API, _FEED, _FILE))
    ] = ""
    website: Annotated[
        str, FieldSpec(label=N_("página"), most=200, surfaces=(_PAGE, _API, _FILE))
    ] = ""
    opened_on: Annotated[
        date | None, FieldSpec(label=N_("día en que abre"), surfaces=(_API, _FILE))
    ] = None
    closed_on: Annotated[
        date | None, FieldSpec(label=N_("día en que cierra"), surfaces=(_PAGE, _API, _FILE))
    ] = None
    # Whether it was open in the first month with published figures.
    was_open_in_january_2020: Annotated[bool, FieldSpec(surfaces=(_FILE,))]
    note: Annotated[
        str, FieldSpec(label=N_("nota"), most=2000, has_lines=True, surfaces=(_FILE,))
    ] = ""
    # «Lunes a viernes, 8:00 a 4:00»
    hours: Annotated[Words, FieldSpec(most=400, has_lines=True, surfaces=(_PAGE, _FILE))] = field(
        default_factory=dict
    )
    # How to get in.
    access: Annotated[Words, FieldSpec(most=400, has_lines=True, surfaces=(_PAGE, _FILE))] = field(
        default_factory=dict
    )


NAMES: Final = tuple(each.name for each in fields(OfficeData))
