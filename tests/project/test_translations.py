"""The catalogues are those of the source: whole, spaced as the language wants, and compiled.

Each failure says what to run, or where to translate."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo

import outreach
from outreach.translations import catalogues
from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock
from tests.support.translations import CATALOGUES, OTHERS, forms, name_catalogue

pytestmark = [pytest.mark.core, pytest.mark.any_database, fixed_clock]

UPDATE: Final = "run: outreach i18n update"
COMPILE: Final = "run: outreach i18n compile"
PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[s%]")
# A translation of these takes the values that its language needs: 2:30 p.m., 14 h 30.
CHOICES: Final = {"hour and minutes", "whole hour"}
# French as in Canada: a no-break space before a colon and inside quotation marks, none before ; ? !
FRENCH: Final = (
    (re.compile(r" [:»]|[^\u00a0\d]:(?!/)"), "put a no-break space (U+00A0) before : and »"),
    (re.compile(r"« "), "put a no-break space (U+00A0) after «"),
    (re.compile(r" [;?!]"), "put no space before ; ? !"),
)
APOSTROPHE: Final = "write the apostrophe as ’"

Key = tuple[str | None, tuple[str, ...]]


def read_keys(catalogue: Catalog) -> dict[Key, str]:
    """The messages of a catalogue, with the file that each is from."""
    return {
        (each.context, forms(each.id)): next((file for file, _line in each.locations), "?")
        for each in catalogue
        if each.id
    }


# All languages in one test: a quick run has one case of each.
def test_catalogues_have_the_messages_of_the_source() -> None:
    sources = {each: read_keys(catalogues.extract(each)) for each in catalogues.list_folders()}
    for folder, source in sources.items():
        known = {each.lang: each for each in CATALOGUES if each.folder == folder}
        for lang in OTHERS if source else ():
            require_none([] if lang in known else [folder], f"no catalogue of {lang}; {UPDATE}")
            file, translated = known[lang].name, read_keys(known[lang].catalogue)
            new = [f"{source[key]}: «{key[1][0]}»" for key in source.keys() - translated.keys()]
            require_none(sorted(new), f"messages of the source are not in {file}; {UPDATE}")
            old = [f"«{key[1][0]}»" for key in translated.keys() - source.keys()]
            old += [f"«{key}»" for key in known[lang].catalogue.obsolete]
            require_none(sorted(old), f"{file} has what no source says; {UPDATE}")


def test_every_message_is_translated() -> None:
    for each in CATALOGUES:
        require_none(list_untranslated(each.catalogue), f"translate in {each.name}, then {COMPILE}")


def list_untranslated(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        if message.id and (message.fuzzy or not all(forms(message.string))):
            yield f"«{forms(message.id)[0]}»{' (fuzzy)' if message.fuzzy else ''}"


def test_a_translation_fills_in_the_same_values() -> None:
    for each in CATALOGUES:
        require_none(
            _list_other_values(each.messages),
            f"in {each.name}, use the %(values)s of the Spanish message, and %% for a %",
        )


def _list_other_values(messages: list[Message]) -> Iterator[str]:
    for message in messages:
        if message.context in CHOICES:
            continue
        for source, form in zip(forms(message.id), forms(message.string), strict=True):
            wanted, found = (set(PLACEHOLDER.findall(each)) for each in (source, form))
            if form and (wanted != found or "%" in PLACEHOLDER.sub("", form)):
                yield f"«{form}» of «{source}»"


def test_french_is_spaced_as_in_canada() -> None:
    for each in [each for each in CATALOGUES if each.lang == "fr"]:
        for pattern, advice in FRENCH:
            found = _list_french(each.messages, is_with_patterns=True)
            faults = [form for form in found if pattern.search(form)]
            require_none(faults, f"in {each.name}, {advice}")
        found = _list_french(each.messages, is_with_patterns=False)
        require_none([form for form in found if "'" in form], f"in {each.name}, {APOSTROPHE}")


def _list_french(messages: list[Message], *, is_with_patterns: bool) -> Iterator[str]:
    for message in messages:
        # Bytes of feeds do not change: calendars would show each event as changed.
        if [file for file, _line in message.locations] == ["outreach/feeds/labels.py"]:
            continue
        is_pattern = (message.context or "").startswith(catalogues.PATTERN_CONTEXTS)
        if is_with_patterns or not is_pattern:
            yield from forms(message.string)


def test_no_message_stands_within_an_f_string() -> None:
    found = [
        f"{path.relative_to(Path(outreach.__file__).parents[1])}:{call.lineno}: {ast.unparse(call)}"
        for path in sorted(Path(outreach.__file__).parent.rglob("*.py"))
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and _called(call) in {"_", *catalogues.KEYWORDS}
    ]
    require_none(
        found,
        "translate before the f-string, in a variable: Babel does not find a message within one "
        "on Python 3.11",
    )


def _called(call: ast.Call) -> str:
    """The name of what is called, without its object."""
    return ast.unparse(call.func).rpartition(".")[2]


def test_compiled_catalogues_have_the_translations_of_their_source() -> None:
    for catalogue in CATALOGUES:
        compiled = catalogue.path.with_suffix(".mo")
        require_none([] if compiled.is_file() else [compiled], f"a file is missing; {COMPILE}")
        with compiled.open("rb") as file:
            known = {(each.context, forms(each.id)): forms(each.string) for each in read_mo(file)}
        stale = [
            f"«{forms(each.id)[0]}»"
            for each in catalogue.messages
            if all(forms(each.string))
            and known.get((each.context, forms(each.id))) != forms(each.string)
        ]
        require_none(stale, f"{catalogue.name} was edited after it was compiled; {COMPILE}")


def test_what_is_not_translated_is_found_and_its_place_named() -> None:
    catalogue = Catalog("fr")
    catalogue.add("Hola", "")
    catalogue.add(("Un día", "%(num)s días"), ("Un jour", ""))
    catalogue.add("Gracias", "Merci")
    catalogue.add("Adiós", "Adieu", flags=["fuzzy"])
    found = list(list_untranslated(catalogue))
    assert found == ["«Hola»", "«Un día»", "«Adiós» (fuzzy)"]
    with pytest.raises(pytest.fail.Exception) as failure:
        require_none(found, f"translate in {name_catalogue('fr')}")
    lines = str(failure.value).splitlines()
    assert lines[0] == "translate in outreach/translations/fr/LC_MESSAGES/messages.po"
    assert lines[1:] == ["  «Hola»", "  «Un día»", "  «Adiós» (fuzzy)"]


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Lieu : Chicago", 0),
        ("Lieu: Chicago", 0),
        ("« Bonjour\u00a0»", 1),
        ("Vous venez ?", 2),
        ("Lieu\u00a0: «\u00a0Chicago\u00a0», 10:30, https://example.org", None),
    ],
)
def test_french_that_is_spaced_otherwise_is_found(text: str, advice: int | None) -> None:
    found = [number for number, (pattern, _) in enumerate(FRENCH) if pattern.search(text)]
    assert found == ([] if advice is None else [advice])
