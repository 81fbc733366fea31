"""Every refusal of the domain and of imported files has a message, and the values it needs."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import outreach
from outreach.audio.encoder import AudioFault
from outreach.domain.workshops.publish_checks import RequiredField
from outreach.errors import ErrorCode, Refusal
from outreach.imports.import_errors import (
    CalendarAddressErrorCode,
    DataFileErrorCode,
    ImportErrorCode,
)
from outreach.imports.sheets.file_types import ForeignFormat
from outreach.web import error_messages
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

PLACEHOLDER: Final = re.compile(r"%\(([a-z_]+)\)s")
ENUMERATIONS: Final[dict[str, type[StrEnum]]] = {
    each.__name__: each
    for each in (ErrorCode, ImportErrorCode, CalendarAddressErrorCode, DataFileErrorCode)
}
CODES: Final[list[StrEnum]] = [code for each in ENUMERATIONS.values() for code in each]
CODES_WITH_MESSAGES: Final[list[StrEnum]] = [
    *ErrorCode,
    *ImportErrorCode,
    *CalendarAddressErrorCode,
    *AudioFault,
]


def code_of(node: ast.expr) -> StrEnum | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        enumeration = ENUMERATIONS.get(node.value.id)
        return enumeration.__members__.get(node.attr) if enumeration else None
    return None


@cache
def syntax_nodes() -> list[ast.AST]:
    """Returns the syntax nodes of all modules except the one with the messages."""
    folder = Path(outreach.__file__).parent
    return [
        node
        for path in sorted(folder.rglob("*.py"))
        if path != Path(error_messages.__file__)
        for node in ast.walk(ast.parse(path.read_text()))
    ]


def raised_codes() -> Iterator[tuple[StrEnum, frozenset[str]]]:
    """Yields each code that is passed to a call, with the names of the keyword arguments."""
    for node in syntax_nodes():
        if isinstance(node, ast.Call):
            for code in filter(None, map(code_of, node.args)):
                yield code, frozenset(each.arg for each in node.keywords if each.arg)


def test_every_code_that_a_page_shows_has_a_message() -> None:
    assert set(error_messages.MESSAGES) == set(CODES_WITH_MESSAGES)
    assert len(set(CODES)) == len(CODES), "two codes have the same English message"


def test_every_code_is_raised_somewhere() -> None:
    used = {
        code for node in syntax_nodes() if isinstance(node, ast.expr) and (code := code_of(node))
    }
    assert used == set(CODES)


def test_every_raised_code_has_the_values_of_its_message() -> None:
    values_by_code: dict[StrEnum, list[frozenset[str]]] = defaultdict(list)
    for code, names in raised_codes():
        values_by_code[code].append(names)
    for code in CODES:
        message = error_messages.MESSAGES.get(code, "")
        placeholders = {*PLACEHOLDER.findall(code.value), *PLACEHOLDER.findall(message)}
        calls = [names for names in values_by_code[code] if names or not placeholders]
        assert calls or not placeholders, code.name
        assert all(placeholders <= names for names in calls), code.name
        assert "%" not in PLACEHOLDER.sub("", code.value + message), code.name


@pytest.mark.parametrize(
    ("error", "english", "spanish"),
    [
        (
            Refusal(ErrorCode.SLOT_TAKEN, hour=time(9, 5)),
            "somebody has the time slot at 09:05; leave it as it is",
            "Alguien tiene la cita de las 9:05\u00a0a.\u00a0m.: deja esa hora como está.",
        ),
        (
            Refusal(
                ErrorCode.FIELDS_MISSING, fields=[RequiredField.LANGUAGES, RequiredField.CAPACITY]
            ),
            "missing: languages, capacity; it was not published",
            "Falta: idioma, lugares. No se publicó.",
        ),
        (
            Refusal(
                ErrorCode.DATE_FAILED,
                day=date(2027, 3, 4),
                cause=Refusal(ErrorCode.CAPACITY_BELOW_TAKEN, taken=2),
            ),
            "2027-03-04: 2 places have been saved already; write 2 or more; nothing was done",
            "El 4/3/2027: Ya hay 2 lugares apartados. Pon 2 o más. No se hizo nada.",
        ),
        (
            Refusal(ImportErrorCode.FILE_OF_OTHER_FORMAT, name="a.csv", format=ForeignFormat.PDF),
            "a.csv is a PDF, and no table. Give a CSV, XLSX or iCalendar file.",
            "Eso es un PDF, no una lista. Sube un archivo CSV, XLSX o de calendario.",
        ),
    ],
)
def test_values_of_each_type_are_formatted_in_messages(
    error: Refusal, english: str, spanish: str
) -> None:
    assert str(error) == english
    assert error_messages.say(error) == spanish
