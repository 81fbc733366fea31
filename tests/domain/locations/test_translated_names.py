"""Cities by the names that they have in Spanish and French."""

import pytest

from outreach.db.store import Store
from outreach.domain.locations import gazetteer, known_offices
from outreach.domain.locations.gazetteer import miles_between
from outreach.domain.locations.geocoding import LocationScale, resolve
from outreach.domain.locations.interpretation import MeaningKind, interpret
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.locations.translated_names import translate
from outreach.imports import offices
from tests.support.fixed_clock import fixed_clock
from tests.support.place_answers import locate, read_answers, read_rows

pytestmark = [pytest.mark.core, fixed_clock]


def test_city_is_found_by_its_name_in_spanish_and_french(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    rows = read_rows("place_exonyms.csv")
    assert len(rows) > 150
    wrong = []
    with store.read() as session:
        known = known_offices.load(session)
        for row in rows:
            found = resolve(session, row["typed"], offices=known)
            where = locate(f"{row['place']} {row['region']}")
            is_there = (
                found.scale in {LocationScale.OFFICE, LocationScale.NEAR, LocationScale.CITY}
                and found.position is not None
                and miles_between(found.position, where) < 13
            )
            if not is_there:
                wrong.append(row["typed"])
    assert not wrong


def test_phrases_of_a_stranger_are_understood(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    answers = read_answers()
    assert len(answers) >= 350
    with store.read() as session:
        known = known_offices.load(session)
        found = {each: resolve(session, each.typed, offices=known) for each in answers}
        wrong = [each for each in answers if not each.is_right(found[each])]
    assert len(wrong) <= 0.01 * len(answers), wrong


@pytest.mark.parametrize(
    ("words", "names"),
    [("ciudad de kansas", ["kansas city"]), ("nueva bedford", ["new bedford"]),
     ("san jose", ["saint jose", "saint joseph"]), ("chicago", []), ("nueva", []),
     ("playa de la reina", ["reina beach"]), ("saint juan", ["saint john", "saint johns"])],
)  # fmt: skip
def test_parts_of_a_name_are_translated(words: str, names: list[str]) -> None:
    assert list(translate(words)) == names


@pytest.mark.thorough
def test_every_city_of_that_name_is_found_by_its_translation() -> None:
    """«Ciudad de …», «Nuevo …», «Fuerte …»: of all large towns whose name begins or ends so."""
    lost, tried = [], 0
    for town in gazetteer.load().towns():
        if town.population < 20_000 or town.parent:
            continue
        name = canonicalize(town.name)
        first, _, rest = name.partition(" ")
        spanish = {"new": "Nueva", "fort": "Fuerte", "port": "Puerto"}.get(first)
        typed = [f"{spanish} {rest}, {town.region}"] if spanish and rest else []
        for ending, word in ((" city", "Ciudad de"), (" beach", "Playa")):
            if name.endswith(ending):
                typed.append(f"{word} {name.removesuffix(ending)}, {town.region}")
        for each in typed:
            tried += 1
            found = interpret(each)
            there = [*([found.place] if found.place else []), *found.others]
            if not any(miles_between(place.position, town.position) < 13 for place in there):
                lost.append(each)
    assert tried > 100
    assert not lost


def test_name_of_its_own_is_not_translated() -> None:
    for typed, region in (("San Pablo", "CA"), ("San José", "CA"), ("Santa Fe", "NM")):
        found = interpret(typed)
        assert found.place is not None, typed
        assert (found.kind, found.place.region) == (MeaningKind.POINT, region)
    asked = interpret("Ciudad de Lincoln")
    assert {"NE", "OR"} <= {each.region for each in asked.others}, "the city of that name as well"
