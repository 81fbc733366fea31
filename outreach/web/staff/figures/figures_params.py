"""What the address of the figures asks for: year, office, kind, rows, column of the chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.errors import NotFound
from outreach.reports.staff_figures import FigureGrouping

PATH: Final = "/org/cifras"
FIRST_YEAR: Final = 2015


class FigureMeasure(StrEnum):
    """The column that the chart shows."""

    PEOPLE = "personas"
    WORKSHOPS = "talleres"
    SHOW_RATE = "llegaron"
    SEATS_USED = "lugares"
    WAITING = "espera"


class FigureTable(StrEnum):
    """A table of the page, as a file."""

    ROWS = "renglones"
    MONTHS = "meses"
    LANGUAGES = "idiomas"
    NEEDS = "apoyos"
    CALLS = "llamadas"
    HELP = "ayuda"


@dataclass(frozen=True, kw_only=True)
class FiguresParams:
    year: int
    by: FigureGrouping
    measure: FigureMeasure
    office: Office | None  # None: all that the reader sees
    kind: Kind | None

    def address(self, *, ending: str = "", **changes: object) -> str:
        """The address with these parameters changed; an empty one is left out."""
        query: dict[str, object] = {
            "ano": self.year,
            "oficina": self.office.slug if self.office else "",
            "tipo": self.kind.public_code if self.kind else "",
            "por": self.by,
            "ver": self.measure if self.measure is not FigureMeasure.PEOPLE else "",
        }
        query |= changes
        return (
            f"{PATH}{ending}?{urlencode({name: value for name, value in query.items() if value})}"
        )

    def file_address(self, table: FigureTable) -> str:
        return self.address(ending=".csv", tabla=table, ver="")


def read_params(
    query: Mapping[str, str], *, this_year: int, offices: Sequence[Office], kinds: Sequence[Kind]
) -> FiguresParams:
    """Reads the query string; unknown words are left out. `offices` are those that the reader sees.
    Raises NotFound for a year without figures, another office or an unknown kind."""
    year = query.get("ano", "")
    if year and not (year.isdecimal() and FIRST_YEAR <= int(year[:5]) <= this_year):
        raise NotFound(f"year {year[:5]}")
    slug, code = query.get("oficina", ""), query.get("tipo", "")
    office = next((each for each in offices if each.slug == slug), None)
    kind = next((each for each in kinds if code in each.codes), None)
    if (slug and office is None) or (code and kind is None):
        raise NotFound(f"office {slug[:40]} or kind {code[:40]}")
    several = office is None and len(offices) > 1
    usual = FigureGrouping.OFFICE if several else FigureGrouping.KIND
    by, measure = query.get("por", ""), query.get("ver", "")
    return FiguresParams(
        year=int(year) if year else this_year,
        by=FigureGrouping(by) if by in tuple(FigureGrouping) else usual,
        measure=FigureMeasure(measure) if measure in tuple(FigureMeasure) else FigureMeasure.PEOPLE,
        office=office,
        kind=kind,
    )
