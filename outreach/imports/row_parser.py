"""Parses the cells of one line of a file and collects their faults."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from outreach import clock
from outreach.domain.text import WEB_LINK, clean, fold
from outreach.errors import Refusal
from outreach.imports.import_errors import DataFileErrorCode, ImportErrorCode, ImportFault

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,15})?")
_REGION = re.compile(r"[A-Z]{2,3}|[A-Z]{2}-[A-Z0-9]{2,3}")
_YES: Final = frozenset({"true", "si", "yes", "oui", "verdadero"})
_NO: Final = frozenset({"false", "no", "non", "falso"})
_MAX_NAMED: Final = 40  # values in one message

Value = TypeVar("Value")


class RowParser:
    """The cells of one line of a file, by column.

    `number` is the line number; the header is line 1. A method that finds a fault adds it to
    `faults` and returns None or an empty text, so that all faults of a line are reported.
    """

    def __init__(self, number: int, cells: Mapping[str, str]) -> None:
        self.number = number
        self.faults: list[ImportFault] = []
        self.cells = cells

    def fault(self, field: str, code: StrEnum, /, **values: object) -> None:
        self.add_fault(field, Refusal(code, **values))

    def add_fault(self, field: str, error: Refusal) -> None:
        self.faults.append(ImportFault(self.number, field, self.raw(field), error))

    def has(self, field: str) -> bool:
        """Whether the file has such a column."""
        return field in self.cells

    def raw(self, field: str) -> str:
        return self.cells.get(field, "").strip()

    def text(self, field: str, longest: int, *, is_required: bool = False) -> str:
        value = clean(self.raw(field))
        if is_required and not value:
            self.fault(field, ImportErrorCode.VALUE_MISSING)
        if len(value) > longest:
            self.fault(field, ImportErrorCode.VALUE_TOO_LONG, most=longest)
        return value

    def one_of(
        self,
        field: str,
        known: Mapping[str, Value],
        code: StrEnum = ImportErrorCode.VALUE_NOT_IN_LIST,
    ) -> Value | None:
        """The value of the cell's text in `known`; None, and a fault, if it is not there."""
        found = known.get(self.raw(field))
        if found is None:
            self.fault(field, code, known=", ".join(known))
        return found

    def languages(self, field: str, known: Collection[str]) -> tuple[str, ...]:
        """Reads codes of languages, separated by spaces, each of them one of `known`."""
        found = tuple(dict.fromkeys(self.raw(field).split()))
        for each in [each for each in found if each not in known][:_MAX_NAMED]:
            self.fault(field, ImportErrorCode.LANGUAGE_UNKNOWN, language=each, short=each[:20])
        return found

    def link(self, field: str) -> str:
        found = self.text(field, 400)
        if found and not WEB_LINK.fullmatch(found):
            self.fault(field, ImportErrorCode.LINK_MALFORMED)
        return found

    def flag(self, field: str) -> bool:
        found = fold(self.raw(field))
        if found not in _YES | _NO:
            self.fault(field, ImportErrorCode.NOT_YES_OR_NO)
        return found in _YES

    def number_of(self, field: str, *, most: int) -> int | None:
        """Reads a whole number from 0 to `most`; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        if not _NUMBER.fullmatch(found):
            self.fault(field, ImportErrorCode.NUMBER_NOT_WHOLE, most=most)
        elif int(found) < 0:
            self.fault(field, ImportErrorCode.NUMBER_NEGATIVE, most=most)
        elif int(found) > most:
            self.fault(field, ImportErrorCode.NUMBER_TOO_LARGE, most=most)
        else:
            return int(found)
        return None

    def degrees(self, field: str, *, most: int) -> float:
        found = self.raw(field)
        if not _DECIMAL.fullmatch(found) or abs(float(found)) > most:
            self.fault(field, DataFileErrorCode.DEGREES_UNREADABLE, most=most)
            return 0.0
        return float(found)

    def day(self, field: str) -> date | None:
        """Reads a day, as 2020-01-31; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            return None
        try:
            # Python reads other ways of writing a day too; a file that mixes them is a mistake.
            day = date.fromisoformat(found) if len(found) == 10 else None
        except ValueError:
            day = None
        if day is None:
            self.fault(field, DataFileErrorCode.DAY_UNREADABLE)
        return day

    def region(self, field: str, *, is_required: bool = False) -> str:
        found = self.text(field, 6, is_required=is_required)
        if found and not _REGION.fullmatch(found):
            self.fault(field, ImportErrorCode.REGION_MALFORMED)
        return found

    def zone(self, field: str, *, is_required: bool = False) -> str | None:
        """Reads the name of a time zone; None where the cell is empty."""
        found = self.raw(field)
        if not found:
            if is_required:
                self.fault(field, ImportErrorCode.ZONE_MISSING)
            return None
        if len(found) > 40 or not clock.is_zone(found):
            self.fault(field, ImportErrorCode.ZONE_UNKNOWN)
            return None
        return found
