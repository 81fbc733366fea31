"""The declarative base of all tables, its naming convention and its types."""

import enum
from datetime import datetime
from typing import ClassVar, dataclass_transform
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column, relationship

from outreach.db.types import Codes, CodesType, Instant, Zone

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Words = dict[str, str]  # a text by language: {"es": "Mujeres", "en": "Women", "fr": "Femmes"}
Amounts = dict[str, int]  # a number by code: {"childcare": 10}

TYPES = {
    datetime: Instant,
    ZoneInfo: Zone,
    Codes: CodesType,
    Words: sa.JSON,
    Amounts: sa.JSON,
    enum.Enum: sa.Enum(
        enum.Enum,
        native_enum=False,
        length=20,
        create_constraint=False,
        # The names of the members; their values are words of addresses, files and pages.
        values_callable=lambda kind: [member.name.lower() for member in kind],
    ),
}


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column, relationship))
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    # repr=False: a log line must not print the values of a row, such as a name.

    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES
