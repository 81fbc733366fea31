"""How an entity declares its fields: a data class whose types are annotated with `FieldSpec`.

`workshops/fields.py`, `locations/venue_fields.py`, `network/kind_fields.py` and
`network/office_fields.py` are such declarations. Form fields, rows of files, labels, the sheet
before a change and the columns of the API are made from them, or compared with them by
`tests/project/test_fields.py`, which names the place that lacks a field.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import MISSING, dataclass
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints


class Surface(StrEnum):
    """A place in which a field is shown.

    The audit log names every field that changed, by its label.
    """

    PAGE = "the public page"
    DISCREET_PAGE = "the public page of a discreet workshop"
    TICKET = "the page of a registration, letters and files for who has a seat"
    API = "the open data"
    FEED = "calendars"
    FILE = "files that `outreach load` reads"
    SHEET = "the sheet before a change, with the values before and after"


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """Describes a field beside its name, its type and its default.

    `label` is its name in the audit log and on the sheet before a change; without one, they say
    the field's own name. `most` is the number of characters of a text, in each language, or the
    greatest number; `least` the smallest number, which an empty form field stands for where the
    field is no optional one. `missing` and `wrong` are the sentences for an empty form field and
    for a number beyond its limits. Texts are Spanish and marked with `N_`.
    """

    label: str = ""
    most: int | None = None
    least: int = 0
    has_lines: bool = False  # a text of several lines
    missing: str = ""
    wrong: str = ""
    is_part_of_address: bool = False  # who may not read the address does not read this (S13)
    surfaces: tuple[Surface, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeclaredField:
    """A field of a declaration. `kind` is its type without the annotation."""

    name: str
    kind: Any
    spec: FieldSpec
    is_required: bool

    @property
    def is_optional(self) -> bool:
        """Whether its value may be None."""
        return type(None) in get_args(self.kind)


def N_(message: str) -> str:
    """Marks a message for `outreach i18n extract`. The domain translates nothing, and does not
    import `outreach.i18n`, which has the same mark."""
    return message


@cache
def read_declaration(owner: type) -> Mapping[str, DeclaredField]:
    """Returns the fields of a declaration by name, in its order."""
    hints = get_type_hints(owner, include_extras=True)
    return {each.name: _read(each, hints[each.name]) for each in dataclasses.fields(owner)}


def list_on(owner: type, *surfaces: Surface) -> frozenset[str]:
    """Returns the names of the fields of a declaration that stand on one of these surfaces."""
    return frozenset(
        name
        for name, each in read_declaration(owner).items()
        if not set(surfaces).isdisjoint(each.spec.surfaces)
    )


def _read(field: dataclasses.Field[Any], hint: Any) -> DeclaredField:
    specs = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, FieldSpec)]
    return DeclaredField(
        name=field.name,
        kind=hint.__origin__ if specs else hint,
        spec=specs[0] if specs else FieldSpec(),
        is_required=field.default is MISSING and field.default_factory is MISSING,
    )
