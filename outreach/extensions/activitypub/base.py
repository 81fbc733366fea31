"""The base of its tables, which are in the main database."""

from typing import ClassVar, dataclass_transform

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, mapped_column

from outreach.db.base import NAMES, TYPES


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class FediverseBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES
