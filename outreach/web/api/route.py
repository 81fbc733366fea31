"""A route of the open-data API: its path, parameters, handler and description."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from outreach.web.api.handlers import Answer
from outreach.web.api.params import Parameter


@dataclass(frozen=True, kw_only=True)
class Route:
    path: str  # /offices/{slug}
    name: str
    description: str  # a message of the catalogue
    type: type[Struct]
    answer: Callable[..., Answer]
    parts: tuple[Parameter, ...] = ()  # stand in the path
    parameters: tuple[Parameter, ...] = ()  # stand in the query string

    @property
    def rule(self) -> str:
        """The path as a Flask rule: /offices/<slug>"""
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def has_dates(self) -> bool:
        return self.name in {"offices", "office", "kinds", "kind", "workshops", "workshop"}
