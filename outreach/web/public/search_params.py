"""The query string of the workshop list, which links of the list and of workshop pages carry on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode

from flask import request

from outreach import i18n
from outreach.domain import workshops
from outreach.domain.network.kinds import Kind
from outreach.domain.workshops import DeliveryMode

ONLINE: Final = "en-linea"
MAX_VALUES: Final = 20  # for one parameter


class Period(StrEnum):
    """Days to choose from, in `cuando=`."""

    WEEKEND = "finde"
    WEEK = "semana"
    MONTH = "mes"

    def compute_days(self, today: date) -> tuple[date, date]:
        """Returns the first and the last day. On a Sunday the weekend is the one that it ends."""
        sunday = today + timedelta(days=6 - today.weekday())
        if self is Period.WEEKEND:
            return sunday - timedelta(days=1), sunday
        if self is Period.WEEK:
            return today, sunday
        return today, (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True)
class SearchParams:
    """The parameters as text; kinds by code or public code. Days win over a period."""

    where: str
    kinds: tuple[str, ...]
    since: str
    until: str
    languages: tuple[str, ...]
    modes: tuple[str, ...]
    period: Period | None = None
    has_childcare: bool = False
    has_free_places: bool = False

    @classmethod
    def read(cls) -> "SearchParams":
        """The parameters of the current request."""

        def read_values(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(v for v in request.args.getlist(name)[:MAX_VALUES] if v))

        since, until = request.args.get("desde", ""), request.args.get("hasta", "")
        period = request.args.get("cuando", "")
        return cls(
            where=request.args.get("donde", "")[:80],
            kinds=read_values("tipo"),
            since=since,
            until=until,
            languages=tuple(each for each in read_values("idioma") if each in i18n.SPOKEN),
            modes=read_values("modalidad"),
            period=Period(period) if period in tuple(Period) and not (since or until) else None,
            has_childcare="ninos" in request.args,
            has_free_places="libres" in request.args,
        )

    def query(self, **changes: object) -> str:
        """The query string of this search with some parameters changed."""
        values: dict[str, object] = {
            "donde": self.where,
            "tipo": self.kinds,
            "cuando": self.period,
            "desde": self.since,
            "hasta": self.until,
            "idioma": self.languages,
            "modalidad": self.modes,
            "ninos": "1" if self.has_childcare else "",
            "libres": "1" if self.has_free_places else "",
        }
        values |= changes
        return urlencode({k: v for k, v in values.items() if v}, doseq=True)

    @staticmethod
    def only_where(where: str) -> str:
        """The query string of a search for a place and nothing else."""
        return urlencode({"donde": where})

    def carry(self, all_kinds: Sequence[Kind]) -> str:
        """The query string that links carry to other pages and back. A kind that is discreet, or
        is named by the code it had when it was, is left out: others read those pages."""
        if not self.kinds:
            return self.query()
        by_code = {code: kind for kind in all_kinds for code in kind.codes}
        open_kinds = [
            by_code[code].public_code
            for code in self.kinds
            if code in by_code
            and not by_code[code].is_discreet
            and not by_code[code].is_named_neutrally(code)
        ]
        return self.query(tipo=open_kinds)

    @property
    def first_day(self) -> date | None:
        return _read_day(self.since)

    @property
    def last_day(self) -> date | None:
        return _read_day(self.until)

    @property
    def has_days(self) -> bool:
        """Whether the search is limited to some days."""
        return bool(self.period or self.first_day or self.last_day)

    @property
    def is_online(self) -> bool:
        return ONLINE in self.modes

    def parse_modes(self) -> tuple[DeliveryMode, ...]:
        """The delivery modes that are asked for. Raises NotFound for an unknown one."""
        return tuple({mode: None for word in self.modes for mode in workshops.parse_modes(word)})


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
