"""A search by the name of any office's city, in each language, finds that office, also where the
gazetteer has towns of that name in another country: Lima in Ohio, Rome in Georgia."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pytest
from babel import Locale

from outreach import examples, i18n, network_file
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.locations import geocoding, interpretation, known_offices
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.known_offices import KnownOffices
from outreach.domain.text import fold
from outreach.imports import offices, packaged
from outreach.network_profile import use_profile
from outreach.web.presentation import place_words
from tests.conftest import LONG_AGO

LANGUAGES: Final = ("es", "en", "fr")
MAX_SUGGESTIONS: Final = 6
MORE_THAN_A_CITY: Final = {"washington", "mexico"}  # a state, and a country, too

pytestmark = pytest.mark.any_database("the names of the gazetteer and of a file")


@dataclass(frozen=True)
class LoadedNetwork:
    rows: list[offices.OfficeRow]
    store: Store
    known: KnownOffices

    def resolve(self, typed: str) -> Location:
        with self.store.read() as session:
            return geocoding.resolve(session, typed, offices=self.known)


@pytest.fixture
def network(request: pytest.FixtureRequest, store: Store) -> Iterator[LoadedNetwork]:
    """The offices of an example, with the network's own countries."""
    path = examples.find(request.param)
    assert path is not None
    file = network_file.read(path)
    is_packaged = file.offices == network_file.PACKAGED
    with use_profile(Config.from_environ(file.settings).profile):
        rows = packaged.read_offices() if is_packaged else offices.read(path.parent / file.offices)
        with store.change() as session:
            offices.load(session, rows, now=LONG_AGO)
        with store.read() as session:
            known = known_offices.load(session)
        yield LoadedNetwork(rows, store, known)


def list_city_names(row: offices.OfficeRow) -> set[str]:
    """Its own name and, where it is the city of its time zone, those of CLDR."""
    zones = [Locale(lang).time_zones.get(row.zone.key, {}) for lang in LANGUAGES]
    by_language = {each["city"] for each in zones if "city" in each}
    is_of_zone = fold(row.city) in {fold(each) for each in by_language}
    return {row.city, row.slug.replace("-", " ")} | (by_language if is_of_zone else set())


@pytest.mark.parametrize("network", examples.list_names(), indirect=True)
def test_city_of_each_office_is_found_by_each_of_its_names(network: LoadedNetwork) -> None:
    regions = [row.region for row in network.rows]
    lost = []
    for row in network.rows:
        for name in list_city_names(row):
            found = network.resolve(name)
            is_office = found.scale is LocationScale.OFFICE and found.typed == row.slug
            # Andorra is a country too, which has one office.
            is_only_one = found.region == row.region and regions.count(row.region) == 1
            is_asked = found.scale is LocationScale.CHOICE and fold(name) in MORE_THAN_A_CITY
            if not (is_office or is_only_one or is_asked):
                lost.append(f"{row.slug}: {name}")
    assert not lost


@pytest.mark.parametrize("network", examples.list_names(), indirect=True)
def test_city_of_each_office_is_suggested_and_its_words_find_it(network: LoadedNetwork) -> None:
    regions = [row.region for row in network.rows]
    faults = []
    for row in network.rows:
        found = interpretation.suggest(row.city, MAX_SUGGESTIONS, extra=network.known.complete)
        own = [each for each in found if each.region == row.region]
        answers = [network.resolve(place_words.search_words(each)) for each in own]
        is_only_one = regions.count(row.region) == 1
        if not any(each.typed == row.slug or is_only_one for each in answers):
            faults.append(f"{row.slug}: {own}")
    assert not faults


@pytest.mark.parametrize("network", ["worldwide"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "name", "region"),
    [
        ("lima", "Lima", "PE-00"),
        ("Lima, Ohio", "Lima", "OH"),
        ("Londres, Inglaterra", "Londres", "GB-00"),
        ("London UK", "Londres", "GB-00"),
        ("cordoba argentina", "Córdoba", "AR-00"),
        ("Naples, Florida", "Naples", "FL"),
        ("cerca de La Paz", "La Paz", "BO-00"),
        ("Calcutta", "Calcuta", "IN-00"),
        ("Genève", "Ginebra", "CH-00"),
        ("le caire", "El Cairo", "EG-00"),
        ("Frankfurt", "Frankfurt am Main", "DE-HE"),
        ("managua", "Managua", "NI-00"),
        ("Buenos Airs", "Buenos Aires", "AR-00"),
    ],
)
def test_office_is_meant_before_namesakes_elsewhere(
    network: LoadedNetwork, typed: str, name: str, region: str
) -> None:
    found = network.resolve(typed)
    assert (found.name, found.region) == (name, region)


@pytest.mark.parametrize("network", ["worldwide"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("Perú", "PE-00"),
        ("talleres en Líbano", "LB-00"),
        ("Jordan", "JO-00"),
        ("Holanda", "NL-00"),
        ("England", "GB-00"),
        ("turkey", "TR-00"),
    ],
)
def test_country_without_a_pack_is_meant_before_towns_of_its_name(
    network: LoadedNetwork, typed: str, region: str
) -> None:
    found = network.resolve(typed)
    assert (found.scale, found.region) == (LocationScale.REGION, region)
    assert {each.country for each in found.others} <= {"US"}


@pytest.mark.parametrize("network", ["worldwide"], indirect=True)
def test_city_of_an_office_has_its_name_in_each_language(network: LoadedNetwork) -> None:
    for lang, name in (("es", "El Cairo, Egipto"), ("en", "Cairo, Egypt")):
        with i18n.use_language(lang):
            assert place_words.location_name(network.resolve("Cairo")) == name


@pytest.mark.parametrize("network", ["worldwide"], indirect=True)
def test_name_of_two_offices_is_asked_about(network: LoadedNetwork, store: Store) -> None:
    lima = next(row for row in network.rows if row.slug == "lima")
    other = replace(lima, slug="lima-oh", region="OH", latitude=40.74, longitude=-84.1)
    with store.change() as session:
        offices.load(session, [*network.rows, other], now=LONG_AGO)
    with store.read() as session:
        found = geocoding.resolve(session, "Lima")
    assert found.scale is LocationScale.CHOICE
    assert {"PE-00", "OH"} <= {each.region for each in found.others}
