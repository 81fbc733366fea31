"""The names of the fields of workshops, venues, kinds and offices, for the audit log and the sheet
before a change."""

from collections.abc import Mapping
from typing import Final

from outreach.domain.fields import read_declaration
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.network.kind_fields import KindData
from outreach.domain.network.office_fields import OfficeData
from outreach.domain.workshops.fields import WorkshopData
from outreach.i18n import lazy

_DECLARATIONS: Final = (WorkshopData, VenueData, KindData, OfficeData)
# Names that two entities have are labelled alike (`tests/project/test_fields.py`).
_FIELDS: Final[Mapping[str, str]] = {
    **{
        name: lazy(each.spec.label)
        for declaration in _DECLARATIONS
        for name, each in read_declaration(declaration).items()
        if each.spec.label
    },
    "partners": lazy("organizaciones aliadas"),
    "public_code": lazy("código público"),
    "neutral_code": lazy("código sin nombre"),
    "speakers": lazy("quienes dan talleres"),
}


def field_words(field: str) -> str:
    """The name of a changed field; the field itself where it has none."""
    return str(_FIELDS.get(field, field))
