"""The columns of the month's counts beside «Talleres» and «Planeados»: `COLUMNS`, one declaration
a column.

The page of a month, its files, the API, the tables for programs, the bulletin and the revisions
follow from the declaration. A revision keeps the columns that it was closed with: one that is
declared later changes no closed month.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa


@dataclass(frozen=True, kw_only=True, eq=False)
class CountColumn:
    """A column of the counts: how many of the workshops that were held meet its condition."""

    name: str
    """Its name in JSON, in the tables for programs and in revisions: it never changes."""
    heading: str
    """A message, above its numbers and before them in the bulletin: «En línea»."""
    condition: sa.ColumnElement[bool]
    """Which workshops it counts, by columns of `Workshop`."""


COLUMNS: Final[tuple[CountColumn, ...]] = ()


@dataclass(frozen=True, kw_only=True)
class ColumnCounts:
    """The numbers of a column in one month, with its heading of that time."""

    heading: str
    total: int
    by_kind: Mapping[str, int]  # kinds with at least one
    by_office: Mapping[str, int]  # offices with at least one

    def as_json(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        return {
            "heading": translate(self.heading),
            "total": self.total,
            "by_kind": dict(self.by_kind),
            "by_office": dict(self.by_office),
        }


def from_json(data: Mapping[str, Any]) -> ColumnCounts:
    """Returns what `ColumnCounts.as_json` wrote."""
    return ColumnCounts(**data)


def get_heading(name: str) -> str:
    """Returns the message above a column; its name where it is not declared any more."""
    return next((each.heading for each in COLUMNS if each.name == name), name)


class ColumnSums:
    """Adds up the columns of a month over its cells."""

    def __init__(self, columns: Sequence[CountColumn]) -> None:
        self._columns = columns
        self._by_kind = [Counter[int]() for _ in columns]
        self._by_office = [Counter[int]() for _ in columns]

    def add(self, kind_id: int, office_id: int, numbers: Iterable[int]) -> None:
        """Adds the numbers of a cell, in the order of the columns."""
        for by_kind, by_office, number in zip(self._by_kind, self._by_office, numbers, strict=True):
            by_kind[kind_id] += number
            by_office[office_id] += number

    def get_counts(
        self, kinds: Iterable[tuple[int, str]], offices: Iterable[tuple[int, str]]
    ) -> dict[str, ColumnCounts]:
        """Returns the numbers of each column by its name. `kinds` and `offices` are (id, code), in
        the order of the result."""
        kinds, offices = list(kinds), list(offices)
        return {
            column.name: ColumnCounts(
                heading=column.heading,
                total=by_kind.total(),
                by_kind={code: by_kind[id_] for id_, code in kinds if by_kind[id_]},
                by_office={slug: by_office[id_] for id_, slug in offices if by_office[id_]},
            )
            for column, by_kind, by_office in zip(
                self._columns, self._by_kind, self._by_office, strict=True
            )
        }
