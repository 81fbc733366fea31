"""One line of a file: its cells as values, and what is wrong with them."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, TypeVar

from outreach import clock
from outreach.domain.text import clean
from outreach.imports.import_errors import ImportFault

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,15})?")
_REGION = re.compile(r"[A-Z]{2,3}")
_SO_MANY: Final = 40  # of what may be named in one sentence

Value = TypeVar("Value")


class RowParser:
    """One line of a file: gives its cells as values, and notes what is wrong with them.

    `number` is that of the file, whose header is line 1. A method that finds a fault returns None
    or an empty text, and goes on: whoever reads a line hears of all its faults.
    """

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number = number
        self.faults: list[ImportFault] = []
        self.cells = cells

    def fault(self, field: str, reason: str, says: str = "") -> None:
        self.faults.append(ImportFault(self.number, field, self.raw(field), reason, says))

    def has(self, field: str) -> bool:
        """Whether the file has such a column."""
        return field in self.cells

    def raw(self, field: str) -> str:
        return self.cells.get(field, "").strip()

    def text(self, field: str, longest: int, *, is_required: bool = False) -> str:
        found = clean(self.raw(field))
        if is_required and not found:
            self.fault(field, "is missing", "Está vacío. Escríbelo.")
        if len(found) > longest:
            self.fault(
                field,
                f"is longer than {longest} characters",
                f"Es demasiado largo. Escribe {longest} letras o menos.",
            )
        return found

    def one_of(
        self, field: str, known: Mapping[str, Value], reason: str, says: str = ""
    ) -> Value | None:
        """What stands for the cell's text in `known`; None, and a fault, if nothing does."""
        found = known.get(self.raw(field))
        if found is None:
            self.fault(field, reason, says or f"Escribe uno de estos: {', '.join(known)}.")
        return found

    def codes(self, field: str, known: Collection[str], what: str) -> tuple[str, ...]:
        """Codes apart by spaces, each of them one of `known`."""
        found = tuple(dict.fromkeys(self.raw(field).split()))
        for each in [each for each in found if each not in known][:_SO_MANY]:
            self.fault(
                field,
                f"“{each}” is no {what} we know; lists are separated by spaces",
                f"No conocemos «{each[:20]}». Escribe claves separadas por espacios, como «es en».",
            )
        return found

    def flag(self, field: str) -> bool:
        found = self.raw(field).lower()
        if found not in {"true", "false"}:
            self.fault(field, "write true or false", "Escribe true (sí) o false (no).")
        return found == "true"

    def number_of(self, field: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        says = f"Escribe un número entero de 0 a {most}."
        if not _NUMBER.fullmatch(found):
            self.fault(field, "is no whole number", says)
        elif int(found) < 0:
            self.fault(field, "cannot be less than 0", says)
        elif int(found) > most:
            self.fault(field, f"cannot be more than {most}", says)
        else:
            return int(found)
        return None

    def degrees(self, field: str, *, most: int) -> float:
        found = self.raw(field)
        if not _DECIMAL.fullmatch(found) or abs(float(found)) > most:
            self.fault(field, f"write degrees from -{most} to {most}, as 41.8781")
            return 0.0
        return float(found)

    def day(self, field: str) -> date | None:
        """A day, as 2020-01-31; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        try:
            # Python reads other ways of writing a day too; a file that mixes them is a mistake.
            day = date.fromisoformat(found) if len(found) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fault(field, "is no date we can read; write it like 2020-01-31")
        return day

    def region(self, field: str, *, is_required: bool = False) -> str:
        found = self.text(field, 3, is_required=is_required)
        if found and not _REGION.fullmatch(found):
            self.fault(
                field,
                "write the two or three capitals of the state, as IL",
                "Escribe las dos o tres mayúsculas del estado, como IL.",
            )
        return found

    def zone(self, field: str, *, is_required: bool = False) -> str | None:
        """The name of a time zone; None where the cell is empty."""
        found = self.raw(field)
        says = "Escribe el huso horario como America/Chicago."
        if not found:
            if is_required:
                self.fault(field, "is missing; write it like America/Chicago", says)
            return None
        if len(found) > 40 or not clock.is_zone(found):
            self.fault(field, "is no time zone we know; write it like America/Chicago", says)
            return None
        return found
