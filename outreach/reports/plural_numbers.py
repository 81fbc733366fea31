"""Numbers and lists as they are said in a sentence, in three languages."""

from collections.abc import Sequence
from typing import Final

from babel.numbers import format_decimal

from outreach.db.base import Words
from outreach.i18n import LOCALES

Nouns = dict[str, tuple[str, str]]  # by language: of one, and of many

WORKSHOPS: Final[Nouns] = {
    "es": ("taller", "talleres"),
    "en": ("workshop", "workshops"),
    "fr": ("atelier", "ateliers"),
}
PASSPORTS: Final[Nouns] = {
    "es": ("pasaporte", "pasaportes"),
    "en": ("passport", "passports"),
    "fr": ("passeport", "passeports"),
}
CARDS: Final[Nouns] = {
    "es": ("matrícula consular", "matrículas consulares"),
    "en": ("consular ID card", "consular ID cards"),
    "fr": ("carte consulaire", "cartes consulaires"),
}
CASES: Final[Nouns] = {
    "es": ("caso de protección", "casos de protección"),
    "en": ("protection case", "protection cases"),
    "fr": ("cas de protection", "cas de protection"),
}
PLAIN_CASES: Final[Nouns] = {
    "es": ("caso", "casos"),
    "en": ("case", "cases"),
    "fr": ("cas", "cas"),
}
PEOPLE: Final[Nouns] = {
    "es": ("persona", "personas"),
    "en": ("person", "people"),
    "fr": ("personne", "personnes"),
}
OFFICES: Final[Nouns] = {
    "es": ("oficina", "oficinas"),
    "en": ("office", "offices"),
    "fr": ("bureau", "bureaux"),
}
AND: Final[Words] = {"es": "y", "en": "and", "fr": "et"}
NOR: Final[Words] = {"es": "ni", "en": "or", "fr": "ni"}


def grouped(number: int, lang: str) -> str:
    """109,657 · 109,657 · 109 657, with a space that does not break"""
    return format_decimal(number, locale=LOCALES[lang])


def is_one(number: int, lang: str) -> bool:
    """Whether what is counted is said in the singular: in French 0 is too."""
    return number < 2 if lang == "fr" else number == 1


def counted(number: int, noun: Nouns, lang: str) -> str:
    """57 talleres; 1,000,000 de talleres, as one says it."""
    word = noun[lang][not is_one(number, lang)]
    if lang != "en" and number and number % 1_000_000 == 0:
        word = f"d’{word}" if lang == "fr" and word[0] in "aeio" else f"de {word}"
    return f"{grouped(number, lang)} {word}"


def joined(parts: Sequence[str], lang: str, *, last: Words = AND) -> str:
    """a, b y c"""
    *first, final = parts
    if not first:
        return final
    word = last[lang]
    if word == "y" and final.lower().startswith(("i", "í", "hi")) and final[:3].lower() != "hie":
        word = "e"
    comma = "," if lang == "en" and len(first) > 1 else ""
    return f"{', '.join(first)}{comma} {word} {final}"
