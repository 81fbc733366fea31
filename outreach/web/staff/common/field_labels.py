"""The names of the fields of workshops, venues, kinds and offices, for the audit log and the sheet
before a change."""

from collections.abc import Mapping
from typing import Final

from outreach.domain.fields import read_declaration
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.workshops.fields import WorkshopData
from outreach.i18n import lazy

_DECLARATIONS: Final = (WorkshopData, VenueData)
# Names that two entities have are labelled alike (`tests/project/test_fields.py`).
_FIELDS: Final[Mapping[str, str]] = {
    **{
        name: lazy(each.spec.label)
        for declaration in _DECLARATIONS
        for name, each in read_declaration(declaration).items()
        if each.spec.label
    },
    "closed_on": lazy("día en que cierra"),
    "colour": lazy("color"),
    "countries": lazy("países"),
    "country": lazy("país"),
    "description": lazy("descripción"),
    "district": lazy("circunscripción"),
    "email": lazy("correo"),
    "extra_zones": lazy("otras horas locales"),
    "is_core": lazy("tipo principal"),
    "is_discreet": lazy("discreción"),
    "minutes": lazy("duración"),
    "neutral_title": lazy("título neutro"),
    "note": lazy("nota"),
    "opened_on": lazy("día en que abre"),
    "partners": lazy("organizaciones aliadas"),
    "pictogram": lazy("dibujo"),
    "position": lazy("orden"),
    "public_code": lazy("código público"),
    "neutral_code": lazy("código sin nombre"),
    "rank": lazy("rango"),
    "sensitivity": lazy("sensibilidad"),
    "short_name": lazy("nombre corto"),
    "sign": lazy("color"),
    "speakers": lazy("quienes dan talleres"),
    "website": lazy("página"),
}


def field_words(field: str) -> str:
    """The name of a changed field; the field itself where it has none."""
    return str(_FIELDS.get(field, field))
