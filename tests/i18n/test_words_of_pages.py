"""Words that readers found wrong, in three languages: none of them comes back (issue «Words»)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import outreach
from tests.support.advice import require_none
from tests.support.translations import messages, name_catalogue

PACKAGE: Final = Path(outreach.__file__).parent
# French puts a no-break space before these, and inside quotation marks; URLs and hours have none.
NO_SPACE: Final = r"(?<![\u00a0\u202f\d(])[:»](?!//|\d)|«(?![\u00a0\u202f])"
FORBIDDEN: Final = {
    "es": (
        r"galleta", r"este cuadro", r"cuadro y el código", r"No encontramos esa página",
        r"Atiende a\b", r"D\. ?C\., DC", r"12:00 a",
        r"\bregistros?\b(?! civil)", r"pasan a otra persona",
    ),
    "en": (
        r"\bcolou?rs?\b(?<!color)(?<!colors)", r"\blabour\b", r"legal orientation", r"Nueva York",
        r"Montréal", r"Filadelfia", r"if you are stopped", r"is enough to get in",
    ),
    "fr": (
        NO_SPACE, r"\bVisez\b", r"^Dessert$", r"^Qui voit votre", r"à qui a laissé",
        r"\bMontreal\b",
        r"heure de New York", r"Sortie rapide", r"le carré et le code",
    ),
}  # fmt: skip
# Messages of these files are read by the staff only, who do say «registro».
STAFF_FILES: Final = re.compile(
    r".*/staff/|outreach/(feeds/staff_feed|pdf/checkin_sheet|web/error_messages)\.py"
    # What fields and messages are called for staff is declared with them.
    r"|outreach/domain/(\w+/(\w+_)?fields|registrations/message_types)\.py"
)
FORBIDDEN_FOR_STAFF: Final = (
    r"Cómo se llega\b", r"El tipo dice otra cosa", r"Minutos más largo", r"Escribe true",
    r"true \(sí\)", r"un lugar hasta las", r"[Hh]asta las [^%]*until", r"Hasta las %\(hour\)s\.",
    r"Avisaremos a\b", r"no conozco «[0-9%(hour)]+»", r"El Consulado General hace",
    r"Casi lleno.{0,4}%\(",
    r"childcare: true",
)  # fmt: skip


def texts(lang: str) -> Iterator[str]:
    """Every text of a language: the catalogue, in Spanish without the messages of the staff pages,
    and the kinds that come with the package."""
    # The source strings are the Spanish ones: those of any catalogue.
    for message in messages("en" if lang == "es" else lang):
        found = message.id if lang == "es" else message.string
        is_for_staff = all(STAFF_FILES.match(file) for file, _line in message.locations)
        if found and not (lang == "es" and is_for_staff):
            yield from [found] if isinstance(found, str) else found
    for name in ("taxonomy.json", "sample-workshops.json"):
        yield from _in(json.loads((PACKAGE / "imports/data" / name).read_text()), lang)


def _in(data: object, lang: str) -> Iterator[str]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(_list(data)):
        if isinstance(value, str):
            if key == lang:
                yield value
        else:
            yield from _in(value, lang)


def _list(data: object) -> list[object]:
    return data if isinstance(data, list) else []


@pytest.mark.parametrize("lang", FORBIDDEN)
def test_no_text_has_a_word_that_readers_found_wrong(lang: str) -> None:
    found = {
        (text, pattern)
        for text in texts(lang)
        for pattern in FORBIDDEN[lang]
        if re.search(pattern, text, re.IGNORECASE if lang != "fr" else 0)
    }
    place = "of the source" if lang == "es" else name_catalogue(lang)
    require_none(
        [f"«{text}» ({_name_pattern(pattern)})" for text, pattern in sorted(found)],
        f"readers found these words wrong: write otherwise in the messages {place}",
    )


def _name_pattern(pattern: str) -> str:
    return "put a no-break space before : and », and after «" if pattern == NO_SPACE else pattern


def test_no_text_of_the_staff_pages_has_a_word_that_organizers_found_wrong() -> None:
    folders = (PACKAGE / "web", PACKAGE.parent / "templates")
    files = [file for folder in folders for file in folder.rglob("*.*") if _is_source(file)]
    assert len(files) > 200
    found = {
        (file.name, pattern)
        for file in files
        for pattern in FORBIDDEN_FOR_STAFF
        if re.search(pattern, file.read_text(encoding="utf-8"))
    }
    assert not found


def test_staff_pages_write_states_by_name() -> None:
    """«Chicago, Illinois»: by the filters `city_state` and `region_name`, not by its code."""
    folder = PACKAGE.parent / "templates/staff"
    found = {
        file.name
        for file in folder.rglob("*.html")
        if re.search(r"\.region\b *(}}|~)", file.read_text(encoding="utf-8"))
    }
    assert not found


def _is_source(file: Path) -> bool:
    return file.suffix in {".py", ".html"}
