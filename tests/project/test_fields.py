"""A field of an entity is declared once, and no place that stands for itself lacks it."""

import dataclasses
from types import UnionType
from typing import Any, Final, get_args

import pytest
import sqlalchemy as sa
from wtforms import Form

from outreach.db.base import Base, Words
from outreach.db.types import Codes
from outreach.domain.fields import DeclaredField, Surface, list_on, read_declaration
from outreach.domain.locations import venue_fields
from outreach.domain.locations.venue_fields import VenueData
from outreach.domain.locations.venues import Venue
from outreach.domain.network import kind_fields, office_fields
from outreach.domain.network.kind_fields import KindData
from outreach.domain.network.kinds import Kind
from outreach.domain.network.office_fields import OfficeData
from outreach.domain.network.offices import Office
from outreach.domain.registrations import party_details, reconfirmation
from outreach.domain.registrations.models import PersonalData, Registration, RegistrationData
from outreach.domain.registrations.party_details import DetailChanges, PartyDetails
from outreach.domain.workshops import Workshop, fields
from outreach.domain.workshops.fields import WorkshopData
from outreach.domain.workshops.partners import Partner, Speaker
from outreach.imports import venues as venue_files
from outreach.imports.kinds import KindRow
from outreach.imports.offices import OfficeRow
from outreach.imports.workshops import write as workshop_files
from outreach.web.api import schemas
from outreach.web.staff.common.field_labels import field_words
from outreach.web.staff.network.kind_pages import KindForm
from outreach.web.staff.network.office_pages import OfficeForm
from outreach.web.staff.network.partner_pages import PartnerForm, SpeakerForm
from outreach.web.staff.network.venue_pages import VenueForm
from outreach.web.staff.workshop_form.workshop_form import WorkshopForm
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

TABLES: Final[dict[type, type[Base]]] = {
    WorkshopData: Workshop,
    VenueData: Venue,
    KindData: Kind,
    OfficeData: Office,
}
# Columns of files that are called otherwise, or that several columns say.
FILE_COLUMNS: Final = {
    "zone": ("timezone",), "day": ("starts_at",), "starts": ("starts_at",), "ends": ("ends_at",),
    "is_second_hour": ("starts_at",), "has_childcare": ("childcare",),
    "is_step_free": ("step_free",), "is_own_room": ("own_room",),
}  # fmt: skip
# What the open data says within `when` and `place`.
NESTED_IN_API: Final = {"venue": "place"} | dict.fromkeys(("zone", "day", "starts", "ends"), "when")
# What the form of a workshop asks in fields with other names, or not at all.
WITHOUT_FORM_FIELD: Final = {
    "office", "zone", "is_second_hour", "retention_days", "has_reminders", "support",
}  # fmt: skip


def declared() -> list[Any]:
    return [
        pytest.param(owner, each, id=f"{owner.__name__}.{each.name}")
        for owner in TABLES
        for each in read_declaration(owner).values()
    ]


@pytest.mark.parametrize(("owner", "each"), declared())
def test_each_field_has_its_column(owner: type, each: DeclaredField) -> None:
    table = TABLES[owner]
    attribute = sa.inspect(table).attrs.get(each.name)
    where = f"{table.__module__}.{table.__name__}"
    assert attribute is not None, f"{each.name} has no column in {where}"
    if isinstance(attribute, sa.orm.RelationshipProperty):
        return
    column = attribute.columns[0]
    assert bool(column.nullable) == each.is_optional, f"{each.name} in {where}: nullable"
    has_limit = isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum)
    has_limit = has_limit and column.type.length is not None
    if each.kind is str and has_limit and each.name != "region":  # a longer one on PostgreSQL
        assert column.type.length == each.spec.most, f"{each.name} in {where}: length"


@pytest.mark.parametrize(("owner", "each"), declared())
def test_each_text_and_number_has_its_limit(owner: type, each: DeclaredField) -> None:
    kinds = get_args(each.kind) if isinstance(each.kind, UnionType) else (each.kind,)
    if {str, int} & set(kinds) or each.kind == Words:
        assert each.spec.most is not None, f"{owner.__name__}.{each.name} has no `most`"


def test_labels_do_not_depend_on_the_entity() -> None:
    for owner in TABLES:
        for name, each in read_declaration(owner).items():
            if each.spec.label:
                assert field_words(name) == each.spec.label, f"{owner.__name__}.{name}"


def test_open_data_has_the_fields_that_are_declared_for_it() -> None:
    own = {NESTED_IN_API.get(name, name) for name in list_on(WorkshopData, Surface.API)}
    assert own <= set(schemas.Workshop.__struct_fields__), "outreach/web/api/schemas.py: Workshop"
    # Beside them: what is worked out.
    for declaration, schema, worked_out in (
        (KindData, schemas.Kind, {"changed_at", "links"}),
        (OfficeData, schemas.Office, {"region_name", "changed_at", "links"}),
    ):
        names = list_on(declaration, Surface.API) | worked_out
        assert names == set(schema.__struct_fields__), f"api/schemas.py: {schema.__name__}"
    place = list_on(VenueData, Surface.API)
    assert place <= set(schemas.Place.__struct_fields__), "outreach/web/api/schemas.py: Place"


@pytest.mark.parametrize(
    ("owner", "columns"),
    [(WorkshopData, workshop_files.COLUMNS), (VenueData, venue_files.COLUMNS)],
)
def test_files_have_the_fields_that_are_declared_for_them(
    owner: type, columns: tuple[str, ...]
) -> None:
    for name in list_on(owner, Surface.FILE):
        found = FILE_COLUMNS.get(name, (name,))
        is_there = all(
            each in columns or any(column.startswith(f"{each}_") for column in columns)
            for each in found
        )
        assert is_there, f"{name} has no column in the files of {owner.__name__}"


@pytest.mark.parametrize(("owner", "row"), [(KindData, KindRow), (OfficeData, OfficeRow)])
def test_rows_of_files_are_the_fields_that_are_declared_for_them(owner: type, row: type) -> None:
    names = {each.name for each in dataclasses.fields(row)}
    assert names == list_on(owner, Surface.FILE), f"{row.__module__}.{row.__name__}"


def test_limits_of_reconfirmation_are_those_of_its_rule() -> None:
    for owner in (WorkshopData, KindData):
        spec = read_declaration(owner)["confirm_days"].spec
        assert (spec.least, spec.most) == (reconfirmation.MIN_DAYS, reconfirmation.MAX_DAYS)


def test_forms_have_a_field_for_each_that_staff_type() -> None:
    venue_names = set(venue_fields.NAMES) - {"latitude", "longitude"}
    for form, names in (
        (VenueForm, venue_names),
        (WorkshopForm, set(fields.NAMES) - WITHOUT_FORM_FIELD),
        (KindForm, set(kind_fields.NAMES) - {"colour", "topic"}),
        (OfficeForm, set(office_fields.NAMES)),
    ):
        for name in names:
            has_field = hasattr(form, name) or hasattr(form, f"{name}_es")
            assert has_field, f"{name} is not in {form.__name__}"


@pytest.mark.parametrize(
    ("table", "form", "of_itself"),
    [
        (Partner, PartnerForm, {"id", "office_id", "retired_at"}),
        (Speaker, SpeakerForm, {"id", "office_id", "retired_at", "partner_id"}),
    ],
)
def test_forms_of_partners_and_speakers_have_their_columns_and_limits(
    table: type[Base], form: type[Form], of_itself: set[str]
) -> None:
    attributes = sa.inspect(table).attrs
    names = {each.key for each in attributes} - of_itself
    made = form(None, offered=[]) if form is SpeakerForm else form(None)
    assert names == {each.name for each in made}, form.__name__
    for name in names:
        attribute = attributes[name]
        if isinstance(attribute, sa.orm.ColumnProperty):
            limits = [each.max for each in made[name].validators if hasattr(each, "max")]
            column = attribute.columns[0]
            assert limits in ([], [getattr(column.type, "length", None)]), f"{form}.{name}"


def test_details_of_a_registration_are_in_all_their_lists() -> None:
    details = PartyDetails(
        code="ABCDEF", language="fr", needs=Codes(["childcare"]), arrived=2, channel="online",
        is_only_reader=True, zone="America/Chicago",
    )  # fmt: skip
    names = {each.name for each in dataclasses.fields(PartyDetails)}
    untouched = [name for name in names if getattr(details, name) == getattr(PartyDetails(), name)]
    assert not untouched, "give these a value above"
    key = bytes(32)
    stored = party_details.decrypt(key, "r", party_details.encrypt(key, "r", details))
    assert stored == details, "domain/registrations/party_details.py: encrypt or decrypt"
    assert names == set(DetailChanges.__annotations__), "DetailChanges"


def test_what_a_registration_form_says_is_stored() -> None:
    """A column, a detail that only its key opens, or name and contact."""
    said = {each.name for each in dataclasses.fields(RegistrationData)}
    kept = {each.key for each in sa.inspect(Registration).attrs}
    for sealed in (PartyDetails, PersonalData):
        kept |= {each.name for each in dataclasses.fields(sealed)}
    assert said <= kept, "domain/registrations/models.py: RegistrationData"
