"""Sentences of a bulletin: plural forms and missing figures.

Print all of them: python -m tests.support.bulletin_sentences
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.formats import group_digits, join_words
from outreach.i18n import LANGUAGES
from outreach.reports import bulletin_sentences
from outreach.reports.bulletin_sentences import BulletinSentence
from outreach.reports.plural_numbers import WORKSHOPS, say_count
from tests.support.bulletin_sentences import (
    CARDS,
    CASES,
    CASES_OF,
    PASSPORTS,
    say_figures,
    sentence_cases,
)

SENTENCE_CASES = list(sentence_cases())
WORDS = [
    (each, sentence, lang)
    for each in SENTENCE_CASES
    for sentence in each.sentences
    for lang in LANGUAGES
]
# Wrong plural forms: «1 talleres», «2 taller».
PLURALS = re.compile(
    r"\b1 (talleres|pasaportes|matrículas|casos|personas|oficinas|workshops|passports|cards|cases"
    r"|people|offices|ateliers|passeports|cartes|personnes|bureaux)\b"
)
SINGULARS = re.compile(
    r"\b[02-9] (taller|pasaporte|matrícula|caso|persona|oficina|workshop|passport|case|person"
    r"|office|atelier|passeport|carte|personne|bureau)\b"
)


def join_sentences(sentences: list[BulletinSentence], lang: str) -> str:
    return " ".join(each.words[lang] for each in sentences)


def test_sentence_is_left_out_without_its_figure() -> None:
    for each in SENTENCE_CASES:
        if each.number is None and each.case != "passports, and 7 cards":
            assert each.sentences == [], each.case


def test_every_sentence_is_complete_in_every_language() -> None:
    for each, sentence, lang in WORDS:
        text = sentence.words[lang]
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith("."), text
        assert not re.search(r"[{}%]|None|  |,,|\.\.| [,.]", text), text
        assert not PLURALS.search(text), (each.case, text)
        assert not SINGULARS.search(text), (each.case, text)


def test_numbers_are_formatted_for_their_language() -> None:
    for _each, sentence, lang in WORDS:
        for value in sentence.values:
            # 0 is written in words, except in the list of legal areas.
            assert not value or group_digits(value, lang) in sentence.words[lang], sentence
    assert [group_digits(109657, lang) for lang in LANGUAGES] == [
        "109,657",
        "109,657",
        "109\xa0657",
    ]


def test_zero_is_written_in_words() -> None:
    in_digits = {"proteccion.casos.parts", "otra.cifra", "workshops", "kinds"}
    for each, sentence, lang in WORDS:
        if each.number == 0 and sentence.code not in in_digits:
            assert not re.search(r"\b0\b", sentence.words[lang]), sentence


def test_zero_is_singular_in_french_and_plural_in_spanish() -> None:
    assert say_count(0, WORKSHOPS, "fr") == "0 atelier"
    assert say_count(0, WORKSHOPS, "es") == "0 talleres"


def test_whole_millions_are_followed_by_a_preposition() -> None:
    assert "dio 1,000,000 de talleres" in join_sentences(
        bulletin_sentences.workshops(1_000_000, 2), "es"
    )
    assert "dio 1,000,001 talleres" in join_sentences(
        bulletin_sentences.workshops(1_000_001, 2), "es"
    )
    assert "1\xa0000\xa0000 d’ateliers" in join_sentences(
        bulletin_sentences.workshops(1_000_000, 2), "fr"
    )


def test_series_with_the_same_sentence_are_said_in_one() -> None:
    found = join_sentences(say_figures({PASSPORTS: 109_657, CARDS: 73_910}), "es")
    assert found == "La red expidió 109,657 pasaportes y 73,910 matrículas consulares."
    found = join_sentences(say_figures({PASSPORTS: 109_657, CARDS: 0}), "es")
    assert found == "La red expidió 109,657 pasaportes. La red no expidió matrículas consulares."


def test_parts_follow_their_whole_and_are_said_without_it_too() -> None:
    parts = {f"{CASES}.migratoria": 120, f"{CASES}.penal": 7}
    matters = "Por materia: migratoria, 120; penal, 7."
    assert join_sentences(say_figures(parts), "es") == matters
    found = join_sentences(say_figures({CASES: 127, "ciam.personas": 3} | parts), "es")
    assert found == (
        f"La red atendió 127 casos de protección. {matters} "
        "El centro de llamadas CIAM atendió a 3 personas."
    )


def test_attendance_sentence_requires_a_head_count() -> None:
    assert bulletin_sentences.people(None) == bulletin_sentences.people(0) == []


def test_spanish_y_becomes_e_before_i() -> None:
    assert join_words(["Salud", "Iglesias"], "es") == "Salud e Iglesias"
    assert join_words(["agua", "hielo"], "es") == "agua y hielo"


@pytest.mark.parametrize("lang", LANGUAGES)
@given(numbers=st.lists(st.none() | st.integers(0, 10**12), min_size=2, max_size=2))
def test_document_sentences_contain_every_number(lang: str, numbers: list[int | None]) -> None:
    text = join_sentences(say_figures(dict(zip((PASSPORTS, CARDS), numbers, strict=True))), lang)
    assert bool(text) == any(each is not None for each in numbers)
    for each in numbers:
        assert not each or group_digits(each, lang) in text
    assert not PLURALS.search(text)


def test_every_sentence_case_covers_the_number_two() -> None:
    assert {each.case for each in SENTENCE_CASES if each.number == 2 and each.sentences} == set(
        CASES_OF
    )
