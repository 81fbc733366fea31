"""Parameters of the open-data API: their validation and their OpenAPI description."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from outreach import i18n
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode
from outreach.i18n import N_
from outreach.web.api import schemas

MAX_VALUES: Final = 20


class InvalidParameter(Exception):
    """A parameter is invalid (400). The message is one sentence that says what to do."""


class UnknownResource(Exception):
    """A resource does not exist (404). The message is one sentence that says where to look."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter or a path parameter."""

    name: str
    description: str  # a message of the catalogue
    example: str
    is_repeatable: bool = False  # may be repeated
    pattern: str = ""
    advice: str = ""  # how to write it, if it has a pattern and is not copied
    format: str = ""
    one_of: tuple[str, ...] = ()
    max_length: int = 0
    default: int | None = None  # only for a number
    most: int = 200

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the values."""
        value: dict[str, Any] = {"type": "string"}
        if self.default is not None:
            value = {
                "type": "integer",
                "minimum": 1,
                "maximum": self.most,
                "default": self.default,
            }
        elif self.one_of:
            value["enum"] = list(self.one_of)
        elif self.pattern:
            value["pattern"] = self.pattern
        elif self.format:
            value["format"] = self.format
        if self.max_length:
            value |= {"minLength": 1, "maxLength": self.max_length}
        return (
            {"type": "array", "items": value, "maxItems": MAX_VALUES}
            if self.is_repeatable
            else value
        )

    @property
    def example_value(self) -> str | int | list[str]:
        """The example in the type of the schema."""
        if self.default is not None:
            return int(self.example)
        return [self.example] if self.is_repeatable else self.example

    def read(self, values: Sequence[str]) -> tuple[str, ...]:
        """Returns the distinct values. Raises InvalidParameter and UnknownResource."""
        if len(values) > (MAX_VALUES if self.is_repeatable else 1):
            most = f"{MAX_VALUES} times at most" if self.is_repeatable else "once only"
            raise InvalidParameter(f"Write “{self.name}” {most}.")
        for value in values:
            self._check(value)
        return tuple(dict.fromkeys(values))

    def _check(self, value: str) -> None:
        if self.one_of and value not in self.one_of:
            words = ", ".join(self.one_of)
            raise UnknownResource(
                f"There is no {self.name} {quote_text(value)}. Use one of these: {words}."
            )
        if self.default is not None:
            is_number = re.fullmatch("[0-9]{1,3}", value, re.ASCII) is not None
            if not is_number or not 1 <= int(value) <= self.most:
                raise InvalidParameter(f"Write {self.name} as a number from 1 to {self.most}.")
        if self.format == "date":
            day(self.name, value)
        if self.max_length and not 1 <= len(value) <= self.max_length:
            raise InvalidParameter(
                f"Write from 1 to {self.max_length} letters after {self.name}=, or leave it."
            )
        if self.pattern and not re.search(self.pattern, value):
            raise InvalidParameter(
                self.advice or f"{self.name} is not as we gave it. Copy it again, or leave it out."
            )


class QueryValues:
    """The validated query parameters, by name."""

    def __init__(self, values: dict[str, tuple[str, ...]]) -> None:
        self._values = values

    def get_all(self, name: str) -> tuple[str, ...]:
        return self._values.get(name, ())

    def get_first(self, name: str) -> str:
        """Returns the first value; empty if the parameter is absent."""
        return next(iter(self.get_all(name)), "")

    def has(self, name: str) -> bool:
        """Whether the parameter is there, be it empty."""
        return name in self._values

    def day(self, name: str) -> date | None:
        text = self.get_first(name)
        return day(name, text) if text else None

    def number(self, parameter: Parameter) -> int:
        """Returns the number; the parameter's default if it is absent."""
        return int(self.get_first(parameter.name) or parameter.default or 0)

    def pairs(self) -> list[tuple[str, str]]:
        """Returns all name-value pairs, in the order of the parameters."""
        return [(name, value) for name, values in self._values.items() for value in values]


def read(parameters: Sequence[Parameter], args: "MultiDict[str, str]") -> QueryValues:
    """Validates the query string. Raises InvalidParameter and UnknownResource.

    An unknown parameter is an error: ignoring a misspelled filter would return everything.
    """
    names = [each.name for each in parameters]
    for name in args:
        if name not in names:
            known = f"Use one of these: {', '.join(names)}." if names else "Leave it out."
            raise InvalidParameter(f"There is no parameter {quote_text(name)} here. {known}")
    return QueryValues({p.name: p.read(args.getlist(p.name)) for p in parameters if p.name in args})


def day(name: str, text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidParameter(f"Write {name} as a day, like 2026-11-28.")


def quote_text(text: str) -> str:
    """Returns typed text in quotation marks, cleaned and shortened for an error message."""
    return f"“{clean(text)[:40]}”"


WHERE: Final = Parameter(
    name="donde",
    max_length=80,
    example="Chicago",
    description=N_("Un lugar: código postal, ciudad, estado, país u oficina."),
)
KIND: Final = Parameter(
    name="tipo",
    is_repeatable=True,
    max_length=40,
    example="derechos",
    description=N_("El código de un tipo de taller. Se puede repetir."),
)
SINCE: Final = Parameter(
    name="desde",
    format="date",
    example="2020-01-01",
    description=N_("Desde qué día, también pasado. Si no lo dices, desde hoy."),
)
UNTIL: Final = Parameter(
    name="hasta",
    format="date",
    example="2020-01-31",
    description=N_("Hasta qué día. Si no dices ninguno, son 90 días."),
)
LANGUAGE: Final = Parameter(
    name="idioma",
    is_repeatable=True,
    one_of=tuple(i18n.SPOKEN),
    example="es",
    description=N_("El idioma del taller. Se puede repetir."),
)
MODE: Final = Parameter(
    name="modalidad",
    is_repeatable=True,
    one_of=(*(mode.value for mode in DeliveryMode), "en-linea"),
    example="en-linea",
    description=N_("Cómo se da. “en-linea” es todo lo que se sigue de lejos. Se puede repetir."),
)
OFFICE: Final = Parameter(
    name="oficina",
    max_length=40,
    example="chicago",
    description=N_("La oficina que lo organiza."),
)
AFTER: Final = Parameter(
    name="after",
    pattern=r"^[0-9a-f]{24}$",
    example="",
    description=N_("Para seguir en la otra página. Viene en “next”."),
)
CHANGED_SINCE: Final = Parameter(
    name="changed_since",
    pattern=r"^([12][0-9]{3}-[01][0-9]-[0-3][0-9]"
    r"(T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z(_[0-9A-Z]{10,26})?)?)?$",
    advice="Write changed_since as a moment in UTC, like 2026-12-01T00:00:00Z, or as next has it.",
    example="2026-12-01T00:00:00Z",
    description=N_(
        "Los talleres que cambiaron desde ese momento, y los que ya no están o no son de lo que "
        "pides. Vacío: todos. Lo que sigue viene siempre en “next”."
    ),
)
AFTER_MONTH: Final = Parameter(
    name="after",
    pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
    example="2020-02",
    description=AFTER.description,
)
LIMIT: Final = Parameter(
    name="limit",
    default=50,
    example="10",
    description=N_("Cuántos por página, de 1 a 200."),
)
LIMIT_MONTHS: Final = Parameter(
    name="limit",
    default=12,
    most=36,
    example="10",
    description=N_("Cuántos por página, de 1 a 36."),
)

REVISION: Final = Parameter(
    name="revision",
    pattern=r"^[1-9][0-9]{0,3}$",
    example="1",
    description=N_("Lo que dijo esa revisión del mes. Sin esto, la última."),
)

FIRST_SIZE: Final = Parameter(
    name="first",
    pattern=r"^[1-9][0-9]{0,5}$",
    example="1",
    description=N_("Cuántas entradas tenía antes. Sin esto, 1."),
)
SECOND_SIZE: Final = Parameter(
    name="second",
    pattern=r"^[1-9][0-9]{0,5}$",
    example="1",
    description=N_("Cuántas entradas tenía después. Sin esto, todas."),
)

SLUG_PART: Final = Parameter(
    name="slug",
    pattern=schemas.SLUG,
    example="chicago",
    description=N_("La oficina."),
)
CODE_PART: Final = Parameter(
    name="code",
    pattern=schemas.CODE,
    example="derechos",
    description=N_("El tipo."),
)
ID_PART: Final = Parameter(
    name="id",
    pattern=schemas.ID,
    example="",
    description=N_("El taller."),
)
MONTH_PART: Final = Parameter(
    name="month",
    pattern=schemas.MONTH,
    example="2020-01",
    description=N_("El mes."),
)
