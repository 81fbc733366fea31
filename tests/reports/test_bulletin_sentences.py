"""What a bulletin says of its numbers: right for none, one and many, and nothing of what nobody
has typed. Read them all: python -m tests.support.bulletin_sentences"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.formats import group_digits, join_words
from outreach.i18n import LANGUAGES
from outreach.reports import bulletin_sentences
from outreach.reports.bulletin_sentences import BulletinSentence
from outreach.reports.plural_numbers import WORKSHOPS, say_count
from tests.support.bulletin_sentences import CASES_OF, sentence_cases

EVERY = list(sentence_cases())
WORDS = [(each, one, lang) for each in EVERY for one in each.sentences for lang in LANGUAGES]
# What one may not be followed by, nor many: «1 talleres», «2 taller».
PLURALS = re.compile(
    r"\b1 (talleres|pasaportes|matrículas|casos|personas|oficinas|workshops|passports|cards|cases"
    r"|people|offices|ateliers|passeports|cartes|personnes|bureaux)\b"
)
SINGULARS = re.compile(
    r"\b[02-9] (taller|pasaporte|matrícula|caso|persona|oficina|workshop|passport|case|person"
    r"|office|atelier|passeport|carte|personne|bureau)\b"
)


def said(sentences: list[BulletinSentence], lang: str) -> str:
    return " ".join(each.words[lang] for each in sentences)


def test_a_sentence_is_left_out_when_its_figure_is_missing() -> None:
    for each in EVERY:
        if each.number is None and each.case != "passports, and 7 cards":
            assert each.sentences == [], each.case


def test_every_sentence_is_whole_in_every_language() -> None:
    for each, one, lang in WORDS:
        text = one.words[lang]
        assert text[0].isupper() or text[0].isdigit(), text
        assert text.endswith("."), text
        assert not re.search(r"[{}%]|None|  |,,|\.\.| [,.]", text), text
        assert not PLURALS.search(text), (each.case, text)
        assert not SINGULARS.search(text), (each.case, text)


def test_every_number_is_told_as_its_language_writes_it() -> None:
    for _each, one, lang in WORDS:
        for value in one.values:
            # None is said in words, but in a list of matters.
            assert not value or group_digits(value, lang) in one.words[lang], one
    assert [group_digits(109657, lang) for lang in LANGUAGES] == [
        "109,657",
        "109,657",
        "109\xa0657",
    ]


def test_none_is_said_in_words() -> None:
    for each, one, lang in WORDS:
        if each.number == 0 and one.code not in {"protection.matters", "workshops", "kinds"}:
            assert not re.search(r"\b0\b", one.words[lang]), one


def test_nothing_in_french_is_singular_and_nothing_in_spanish_plural() -> None:
    assert say_count(0, WORKSHOPS, "fr") == "0 atelier"
    assert say_count(0, WORKSHOPS, "es") == "0 talleres"


def test_a_million_of_something_as_one_says_it() -> None:
    assert "dio 1,000,000 de talleres" in said(bulletin_sentences.workshops(1_000_000, 2), "es")
    assert "dio 1,000,001 talleres" in said(bulletin_sentences.workshops(1_000_001, 2), "es")
    assert "1\xa0000\xa0000 d’ateliers" in said(bulletin_sentences.workshops(1_000_000, 2), "fr")


def test_likewise_is_said_only_after_something() -> None:
    after, alone = (
        said(bulletin_sentences.orientation(3989, follows=it), "es") for it in (True, False)
    )
    assert after == "Igualmente, 3,989 personas recibieron orientación o representación legal."
    assert alone == "La red dio orientación o representación legal a 3,989 personas."


def test_how_many_came_is_not_told_where_nobody_counted() -> None:
    assert bulletin_sentences.people(None) == bulletin_sentences.people(0) == []


def test_y_becomes_e_before_its_own_sound() -> None:
    assert join_words(["Salud", "Iglesias"], "es") == "Salud e Iglesias"
    assert join_words(["agua", "hielo"], "es") == "agua y hielo"


@pytest.mark.parametrize("lang", LANGUAGES)
@given(numbers=st.lists(st.none() | st.integers(0, 10**12), min_size=2, max_size=2))
def test_documents_in_any_numbers(lang: str, numbers: list[int | None]) -> None:
    text = said(bulletin_sentences.documents(*numbers), lang)
    assert bool(text) == any(each is not None for each in numbers)
    for each in numbers:
        assert not each or group_digits(each, lang) in text
    assert not PLURALS.search(text)


def test_every_case_says_something_of_two() -> None:
    assert {each.case for each in EVERY if each.number == 2 and each.sentences} == set(CASES_OF)
