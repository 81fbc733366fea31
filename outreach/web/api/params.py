"""What may be asked in a query string, and how it is read. The same entries check a request and
are in the OpenAPI document."""

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

MOST_VALUES: Final = 20


class Unfit(Exception):
    """Its text is one sentence: what is wrong with the address, and what to do."""


class Missing(Exception):
    """There is no such thing; its text is one sentence that says where to look."""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One name of a query string or one part of a path."""

    name: str
    says: str  # a message
    example: str
    is_many: bool = False  # may be repeated
    pattern: str = ""
    format: str = ""
    one_of: tuple[str, ...] = ()
    longest: int = 0
    default: int | None = None  # of a number
    most: int = 200

    @property
    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
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
        if self.longest:
            value |= {"minLength": 1, "maxLength": self.longest}
        return {"type": "array", "items": value, "maxItems": MOST_VALUES} if self.is_many else value

    @property
    def shown(self) -> str | int | list[str]:
        """The example, as the schema has it."""
        if self.default is not None:
            return int(self.example)
        return [self.example] if self.is_many else self.example

    def read(self, values: Sequence[str]) -> tuple[str, ...]:
        """The values, each fit. Raises Unfit, and Missing for a word that stands for nothing."""
        if len(values) > (MOST_VALUES if self.is_many else 1):
            most = f"{MOST_VALUES} times at most" if self.is_many else "once only"
            raise Unfit(f"Write “{self.name}” {most}.")
        for value in values:
            self._check(value)
        return tuple(dict.fromkeys(values))

    def _check(self, value: str) -> None:
        if self.one_of and value not in self.one_of:
            words = ", ".join(self.one_of)
            raise Missing(f"There is no {self.name} {quoted(value)}. Use one of these: {words}.")
        if self.default is not None:
            is_fit = re.fullmatch("[0-9]{1,3}", value, re.ASCII) is not None
            if not is_fit or not 1 <= int(value) <= self.most:
                raise Unfit(f"Write {self.name} as a number from 1 to {self.most}.")
        if self.format == "date":
            day(self.name, value)
        if self.longest and not 1 <= len(value) <= self.longest:
            raise Unfit(f"Write from 1 to {self.longest} letters after {self.name}=, or leave it.")
        if self.pattern and not re.search(self.pattern, value):
            raise Unfit(f"{self.name} is not as we gave it. Copy it again, or leave it out.")


class QueryValues:
    """What was asked for, by name; every value is fit."""

    def __init__(self, values: dict[str, tuple[str, ...]]) -> None:
        self._values = values

    def many(self, name: str) -> tuple[str, ...]:
        return self._values.get(name, ())

    def one(self, name: str) -> str:
        """Empty if it was not asked for."""
        return next(iter(self.many(name)), "")

    def day(self, name: str) -> date | None:
        text = self.one(name)
        return day(name, text) if text else None

    def number(self, parameter: Parameter) -> int:
        """Its default, if it was not asked for."""
        return int(self.one(parameter.name) or parameter.default or 0)

    def pairs(self) -> list[tuple[str, str]]:
        """As in an address, in one order."""
        return [(name, value) for name, values in self._values.items() for value in values]


def read(parameters: Sequence[Parameter], args: "MultiDict[str, str]") -> QueryValues:
    """Raises Unfit for what there is no such parameter of: a misspelled filter that did nothing
    would give everything, and look right."""
    names = [each.name for each in parameters]
    for name in args:
        if name not in names:
            known = f"Use one of these: {', '.join(names)}." if names else "Leave it out."
            raise Unfit(f"There is no parameter {quoted(name)} here. {known}")
    return QueryValues({p.name: p.read(args.getlist(p.name)) for p in parameters if p.name in args})


def day(name: str, text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Unfit(f"Write {name} as a day, like 2026-11-28.")


def quoted(text: str) -> str:
    """What somebody typed, fit to be repeated."""
    return f"“{clean(text)[:40]}”"


WHERE: Final = Parameter(
    name="donde",
    longest=80,
    example="Chicago",
    says=N_("Un lugar: código postal, ciudad, estado u oficina."),
)
KIND: Final = Parameter(
    name="tipo",
    is_many=True,
    longest=40,
    example="derechos",
    says=N_("El código de un tipo de taller. Se puede repetir."),
)
SINCE: Final = Parameter(
    name="desde",
    format="date",
    example="2020-01-01",
    says=N_("Desde qué día, también pasado. Si no lo dices, desde hoy."),
)
UNTIL: Final = Parameter(
    name="hasta",
    format="date",
    example="2020-01-31",
    says=N_("Hasta qué día. Si no dices ninguno, son 90 días."),
)
LANGUAGE: Final = Parameter(
    name="idioma",
    is_many=True,
    one_of=tuple(i18n.SPOKEN),
    example="es",
    says=N_("El idioma del taller. Se puede repetir."),
)
MODE: Final = Parameter(
    name="modalidad",
    is_many=True,
    one_of=(*(mode.value for mode in DeliveryMode), "en-linea"),
    example="en-linea",
    says=N_("Cómo se da. “en-linea” es todo lo que se sigue de lejos. Se puede repetir."),
)
OFFICE: Final = Parameter(
    name="oficina",
    longest=40,
    example="chicago",
    says=N_("La oficina que lo organiza."),
)
AFTER: Final = Parameter(
    name="after",
    pattern=r"^[0-9a-f]{24}$",
    example="",
    says=N_("Para seguir en la otra página. Viene en “next”."),
)
AFTER_MONTH: Final = Parameter(
    name="after",
    pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
    example="2020-02",
    says=AFTER.says,
)
LIMIT: Final = Parameter(
    name="limit",
    default=50,
    example="10",
    says=N_("Cuántos por página, de 1 a 200."),
)
LIMIT_MONTHS: Final = Parameter(
    name="limit",
    default=12,
    most=36,
    example="10",
    says=N_("Cuántos por página, de 1 a 36."),
)

REVISION: Final = Parameter(
    name="revision",
    pattern=r"^[1-9][0-9]{0,3}$",
    example="1",
    says=N_("Lo que dijo esa revisión del mes. Sin esto, la última."),
)

SLUG_PART: Final = Parameter(
    name="slug",
    pattern=schemas.SLUG,
    example="chicago",
    says=N_("La oficina."),
)
CODE_PART: Final = Parameter(
    name="code",
    pattern=schemas.CODE,
    example="derechos",
    says=N_("El tipo."),
)
ID_PART: Final = Parameter(
    name="id",
    pattern=schemas.ID,
    example="",
    says=N_("El taller."),
)
MONTH_PART: Final = Parameter(
    name="month",
    pattern=schemas.MONTH,
    example="2020-01",
    says=N_("El mes."),
)
