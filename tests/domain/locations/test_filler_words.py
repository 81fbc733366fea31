"""Words around a city do not cost it: a grammar of phrases, applied to every large city."""

from itertools import chain
from typing import Final

import pytest

from outreach.domain.locations import filler_words, gazetteer
from outreach.domain.locations.filler_words import list_cores
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.interpretation import Meaning, MeaningKind, interpret
from outreach.domain.locations.place_text import canonicalize
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.core, fixed_clock]

# What stands before a city: where one is seen from it, in what, and how far off.
_WHERE: Final = {
    "es": "vivo en|cerca de|por|al norte de|al sur de|lado oeste de|a 20 minutos de|afueras de"
    "|a una hora de|quiero un taller en|hola, soy de",
    "en": "near|I live in|north of|the south side of|20 minutes from|30 miles from|just outside"
    "|somewhere in|free workshop in",
    "fr": "près de|j’habite à|au nord de|au sud de|à 20 minutes de|dans la région de|non loin de",
}
_THINGS: Final = {
    "es": "cerca del Walmart de|atrás de la iglesia San Judas en|por la escuela Lincoln en"
    "|frente al Super Mercado Don Chuy de|carretera 99|calle 5|el mall de|aeropuerto de",
    "en": "near the Walmart in|behind St. Jude church in|highway 99|I-35|1234 Oak St,"
    "|across from the Taco Hut in|the airport in|350 W 5th Street,",
    "fr": "près du Walmart de|à côté de l’église Saint-Jude à|près du métro à|l’aéroport de",
}
BEFORE: Final = {lang: f"{_WHERE[lang]}|{_THINGS[lang]}".split("|") for lang in _WHERE}
_BEHIND: Final = {
    "es": "centro|por favor|por el Walmart|cerca de la iglesia San Judas|carretera 99",
    "en": "area|downtown|airport|highway 99|near the Lincoln school|today|south side",
    "fr": "centre-ville|près du Walmart|demain",
}
AFTER: Final = {lang: words.split("|") for lang, words in _BEHIND.items()}
ALONE: Final = """
Walmart|cerca del Walmart|highway 99|al sur|sur de|la iglesia|cerca de mi casa|near me|chez moi
a 20 minutos|por aquí cerca|el mall|mañana|quiero un taller|hospital|donde vivo|cita|gratis
iglesia San José|iglesia de San Antonio|calle Washington|Canada St|Houston Street|Lincoln School
avenida de los Álamos|escuela Roosevelt|vivo en México|cerca de Santiago de Chile
"""


def phrases_around(city: str) -> list[str]:
    before = (f"{words} {city}" for words in chain(*BEFORE.values()))
    return [*before, *(f"{city} {words}" for words in chain(*AFTER.values()))]


def list_changed(least: int) -> list[tuple[str, str]]:
    """The phrases around cities of so many people that do not mean what the city means."""
    changed = []
    cities = [each for each in gazetteer.load().towns() if each.population >= least]
    assert len(cities) > 20
    for city in cities:
        typed = f"{city.name}, {city.region}"
        wanted = interpret(typed)
        for phrase in phrases_around(typed):
            found = interpret(phrase)
            if not is_there(found, wanted):
                changed.append((phrase, found.place.name if found.place else found.kind))
    return changed


def is_there(found: Meaning, wanted: Meaning) -> bool:
    """Whether it is the same answer, or a part of that city: «al sur de Los Ángeles»."""
    if found.place is None or wanted.place is None:
        return found.kind is wanted.kind and found.others[:1] == wanted.others[:1]
    return (
        found.place.region == wanted.place.region
        and miles_between(found.place.position, wanted.place.position) < 15
    )


def test_words_around_a_city_change_nothing_of_what_it_means() -> None:
    assert not list_changed(500_000)


@pytest.mark.thorough
def test_words_around_every_large_city_change_nothing() -> None:
    assert not list_changed(100_000)


@pytest.mark.thorough
def test_words_around_the_name_of_a_city_change_nothing() -> None:
    """Without its state, where the name means one city."""
    changed = []
    for city in gazetteer.load().towns():
        if city.population < 150_000 or city.parent:
            continue
        wanted = interpret(city.name)
        if wanted.kind is not MeaningKind.POINT or wanted.place != city:
            continue
        for phrase in phrases_around(city.name):
            found = interpret(phrase)
            is_named = found.place is not None and found.place.region == city.region
            if not is_named and city not in found.others:
                changed.append(phrase)
    assert changed == ["dans la région de Durham"], "which is a region of Ontario"


@pytest.mark.parametrize("typed", [each for each in ALONE.replace("\n", "|").split("|") if each])
def test_fillers_alone_mean_no_place(typed: str) -> None:
    assert interpret(typed).kind is MeaningKind.UNKNOWN


def test_core_is_what_is_left_of_a_text() -> None:
    def cores(text: str) -> list[str]:
        return [" ".join(each.words) for each in list_cores(tuple(text.split()))]

    assert cores("sur de chicago") == ["de chicago", "chicago"]
    assert cores("chicago") == cores("new orleans") == cores("cerca") == []
    assert "laredo tx" in cores("highway 83 laredo tx")
    assert cores("calle houston") == cores("canada st") == []
    assert cores("vivo en el centro")[:1] == ["el centro"], "also a city"
    guarded = list_cores(("el", "food", "4", "less", "de", "oxnard"))
    assert [each.is_guarded for each in guarded if each.words == ("oxnard",)] == [True]


def test_unknown_words_lead_only_to_a_place_that_many_know() -> None:
    """«Pulga» is a hamlet of California, «Cuba» a village of Missouri."""
    for typed in ("cerca de la pulga Doña Lupe de Cuba", "el Zorro Azul de Nada"):
        assert interpret(typed).kind is MeaningKind.UNKNOWN, typed


def test_words_of_the_file_are_as_they_are_compared() -> None:
    sections = filler_words.read_sections()
    assert {"links", "articles", "around", "town", "plain", "things", "elsewhere"} <= set(sections)
    every = set().union(*sections.values())
    assert len(every) > 500
    assert {word for word in every if canonicalize(word).replace(" ", "") != word} <= {"ft", "st"}
    named = sections["dedicated"] | sections["roads"]
    assert not named & (sections["plain"] | sections["town"] | sections["things"])
