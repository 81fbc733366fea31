"""The gazetteer's data: every position is where its name says."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from outreach.countries import packs
from outreach.domain.locations import gazetteer, interpretation, regions
from outreach.domain.locations.gazetteer import GazetteerPlace, miles_between
from outreach.domain.locations.gazetteer_index import write_index
from outreach.domain.locations.interpretation import MeaningKind
from outreach.domain.locations.place_text import canonicalize
from outreach.imports import gazetteer_build
from outreach.network_profile import NetworkProfile, use_profile
from outreach.web.presentation import place_words
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

# The states' outermost points in whole degrees: south, north, west, east. Alaska crosses 180.
BOXES: Final = {
    line.split()[0]: tuple(map(float, line.split()[1:]))
    for line in """
    AK 51 72 -180 -129|AL 30 35.1 -88.6 -84.8|AR 33 36.6 -94.7 -89.6|AZ 31.3 37.1 -114.9 -109
    CA 32.5 42.1 -124.5 -114.1|CO 36.9 41.1 -109.1 -102|CT 40.9 42.1 -73.8 -71.7
    DC 38.7 39.1 -77.2 -76.9|DE 38.4 39.9 -75.8 -75|FL 24.4 31.1 -87.7 -79.9
    GA 30.3 35.1 -85.7 -80.8|HI 18.9 22.3 -160.3 -154.7|IA 40.3 43.6 -96.7 -90.1
    ID 41.9 49.1 -117.3 -111|IL 36.9 42.6 -91.6 -87|IN 37.7 41.8 -88.2 -84.7
    KS 36.9 40.1 -102.1 -94.5|KY 36.4 39.2 -89.6 -81.9|LA 28.9 33.1 -94.1 -88.8
    MA 41.2 42.9 -73.6 -69.9|MD 37.8 39.8 -79.5 -75|ME 42.9 47.5 -71.1 -66.9
    MI 41.6 48.4 -90.5 -82.3|MN 43.4 49.4 -97.3 -89.4|MO 35.9 40.7 -95.8 -89
    MS 30.1 35.1 -91.7 -88|MT 44.3 49.1 -116.1 -104|NC 33.8 36.6 -84.4 -75.4
    ND 45.9 49.1 -104.1 -96.5|NE 39.9 43.1 -104.1 -95.3|NH 42.6 45.4 -72.6 -70.6
    NJ 38.8 41.4 -75.6 -73.8|NM 31.3 37.1 -109.1 -103|NV 34.9 42.1 -120.1 -114
    NY 40.4 45.1 -79.8 -71.8|OH 38.3 42 -84.9 -80.5|OK 33.6 37.1 -103.1 -94.4
    OR 41.9 46.3 -124.6 -116.4|PA 39.7 42.6 -80.6 -74.6|PR 17.8 18.6 -68 -65.2
    RI 41.1 42.1 -71.9 -71.1|SC 32 35.3 -83.4 -78.5|SD 42.4 46 -104.1 -96.4
    TN 34.9 36.7 -90.4 -81.6|TX 25.8 36.6 -106.7 -93.5|UT 36.9 42.1 -114.1 -109
    VA 36.5 39.5 -83.7 -75.2|VI 17.6 18.5 -65.2 -64.5|VT 42.7 45.1 -73.5 -71.4
    WA 45.5 49.1 -124.8 -116.9|WI 42.4 47.1 -92.9 -86.7|WV 37.1 40.7 -82.7 -77.7
    WY 40.9 45.1 -111.1 -104|AB 48.9 60.1 -120.1 -109.9|BC 48.2 60.1 -139.1 -114
    MB 48.9 60.1 -102.1 -88.9|NB 44.5 48.2 -69.1 -63.7|NL 46.5 60.5 -67.9 -52.5
    NS 43.3 47.1 -66.5 -59.6|NT 59.9 78.8 -136.6 -101.9|NU 51.6 83.2 -121 -61
    ON 41.6 56.9 -95.2 -74.3|PE 45.9 47.1 -64.5 -61.9|QC 44.9 62.6 -79.8 -57.1
    SK 48.9 60.1 -110.1 -101.3|YT 59.9 69.7 -141.1 -123.8
    """.replace("\n", "|").split("|")
    if line.strip()
}
# The outermost points of the other countries and of regions overseas, and how far a town may be
# from the middle of its region.
EXTENTS: Final = {
    "DE": (47.2, 55.1, 5.8, 15.1), "ES": (27.6, 43.8, -18.2, 4.4), "FR": (41.3, 51.1, -5.2, 9.6),
    "GT": (13.7, 17.9, -92.3, -88.2), "HN": (12.9, 16.6, -89.4, -83.1),
    "MX": (14.5, 32.8, -117.2, -86.7), "SV": (13.1, 14.5, -90.2, -87.6),
    "FR-971": (15.8, 16.6, -61.9, -60.9), "FR-972": (14.3, 15.0, -61.3, -60.7),
    "FR-973": (2.0, 6.0, -54.7, -51.5), "FR-974": (-21.5, -20.8, 55.1, 55.9),
    "FR-976": (-13.1, -12.5, 44.9, 45.4),
}  # fmt: skip
REGION_MILES: Final = {"DE": 150, "ES": 200, "FR": 170, "GT": 80, "HN": 90, "MX": 400, "SV": 40}


def is_outside(place: GazetteerPlace) -> bool:
    south, north, west, east = BOXES[place.region]
    latitude, longitude = place.position
    return not (south <= latitude <= north and west <= longitude <= east)


@cache
def postal_codes() -> dict[str, list[GazetteerPlace]]:
    found = defaultdict(list)
    for each in gazetteer.load().postal_codes():
        found[each.region].append(each)
    return found


def test_every_region_has_a_position_in_it_and_postal_codes() -> None:
    there = gazetteer.load().region_places
    assert there.keys() == regions.load_names().keys() == BOXES.keys() == postal_codes().keys()
    assert not [code for code, place in there.items() if is_outside(place)]


@pytest.mark.parametrize("country", packs.list_codes())
def test_index_is_that_of_the_file(country: str, tmp_path: Path) -> None:
    path = gazetteer_build.FOLDER / f"{country.lower()}.tsv"
    write_index(tmp_path / "own.idx", gazetteer_build.make_index(path.read_bytes()))
    packaged = path.with_suffix(".idx").read_bytes()
    assert (tmp_path / "own.idx").read_bytes() == packaged, gazetteer.REBUILD


def test_index_of_other_files_is_refused(tmp_path: Path) -> None:
    for name in ("us.tsv", "us.idx", "ca.tsv", "ca.idx"):
        (tmp_path / name).write_bytes((gazetteer_build.FOLDER / name).read_bytes())
    with (tmp_path / "ca.tsv").open("ab") as file:
        file.write(b"Z\tZ9Z\tYT\t60.000\t-135.000\tNowhere\n")
    with pytest.raises(ValueError, match="is older than ca"):
        gazetteer.Gazetteer(("US", "CA"), tmp_path)


def test_only_the_files_of_the_networks_countries_are_opened(tmp_path: Path) -> None:
    for name in ("gt.tsv", "gt.idx"):
        (tmp_path / name).write_bytes((gazetteer_build.FOLDER / name).read_bytes())
    data = gazetteer.Gazetteer(("GT",), tmp_path)
    assert [each.region for each in data.find("quetzaltenango")] == ["GT-09"]
    assert data.find("chicago") == list(data.postal_codes()) == []
    assert not data.find_postal("60608")


@pytest.mark.parametrize("country", sorted({*packs.list_codes()} - {"US", "CA"}))
def test_towns_of_other_countries_are_in_their_regions(country: str) -> None:
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        data = gazetteer.load()
        towns = list(data.towns())
        assert len(towns) > 90
        assert {each.region for each in towns} == data.region_places.keys()
        assert data.region_places.keys() == regions.load_names().keys()
        assert len({(canonicalize(each.name), each.region) for each in towns}) == len(towns)
        assert not [each for each in towns if each not in data.find(canonicalize(each.name))]
        assert {each.country for each in towns} == {country}
        assert not data.has_counties(country)


@pytest.mark.parametrize("country", sorted({*packs.list_codes()} - {"US", "CA"}))
def test_towns_of_other_countries_are_on_their_maps(country: str) -> None:
    """None of a country whose code is that of a region: ML is Mali, and Melilla in Spain."""
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        data = gazetteer.load()
        towns, middles = list(data.towns()), data.region_places
    for town in towns:
        south, north, west, east = EXTENTS.get(town.region, EXTENTS[country])
        latitude, longitude = town.position
        assert south <= latitude <= north, town
        assert west <= longitude <= east, town
    far = [
        each
        for each in towns
        if miles_between(each.position, middles[each.region].position) > REGION_MILES[country]
    ]
    assert not far


@pytest.mark.parametrize(
    ("country", "typed", "region"),
    [
        ("MX", "Guadalajara", "MX-JAL"), ("MX", "Monterrey, Nuevo León", "MX-NLE"),
        ("MX", "ciudad de mexico", "MX-CMX"), ("MX", "tijuana bc norte", "MX-BCN"),
        ("MX", "san luis potosi mx-slp", "MX-SLP"), ("GT", "xela", "GT-09"),
        ("GT", "Ciudad de Guatemala", "GT-01"), ("SV", "Usulután", "SV-US"),
        ("HN", "San Pedro Sula", "HN-CR"), ("ES", "Bilbao", "ES-PV"), ("ES", "Cataluña", "ES-CT"),
        ("FR", "Strasbourg", "FR-GES"), ("FR", "Ajaccio, Corse", "FR-20R"),
        ("DE", "Köln", "DE-NW"), ("DE", "múnich", "DE-BY"), ("DE", "sachsen anhalt", "DE-ST"),
        ("ES", "San Sebastián", "ES-PV"), ("ES", "Vitoria-Gasteiz", "ES-PV"),
        ("ES", "provincia de Sevilla", "ES-AN"), ("ES", "Hospitalet", "ES-CT"),
        ("ES", "Tenerife", "ES-CN"), ("ES", "mallorca", "ES-IB"), ("ES", "Elx", "ES-VC"),
        ("FR", "Niza", "FR-PAC"), ("DE", "Cologne", "DE-NW"), ("DE", "aquisgran", "DE-NW"),
    ],
)  # fmt: skip
def test_place_of_another_country_is_understood(country: str, typed: str, region: str) -> None:
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        found = interpretation.interpret(typed).place
    assert found is not None
    assert found.region == region


def test_networks_of_one_process_look_up_their_own_places() -> None:
    with use_profile(NetworkProfile(countries=("ES", "MX"), home_country="")):
        assert [each.region for each in gazetteer.load().find("bilbao")] == ["ES-PV"]
        assert interpretation.interpret("Guadalajara").place is not None
        assert interpretation.interpret("Chicago, Illinois").place is None
    assert interpretation.interpret("Chicago, Illinois").place is not None


def test_counties_of_a_state_are_all_of_its_code() -> None:
    data = gazetteer.load()
    every = list(data.counties())
    assert len(every) > 3_000
    for state in (*data.region_places, "ZZ"):
        assert list(data.counties(state)) == [each for each in every if each.region == state], state


def test_town_is_found_by_each_of_its_names() -> None:
    """Also where two names have one CRC-32: the line says which it is."""
    data = gazetteer.load()
    lost = [town for town in data.towns() if town not in data.find(canonicalize(town.name))]
    assert not lost
    assert [each.name for each in data.find("ancoraria")] == ["Anchorage"]
    assert all(canonicalize(name) == name and people > 0 for name, people in data.names())


def test_no_position_is_outside_its_state() -> None:
    data = gazetteer.load()
    every = [*data.towns(), *data.counties(), *data.postal_codes()]
    every += [place for _name, place in data.spoken()]
    assert len(every) > 85_000
    assert not [each for each in every if not any(each.position) or is_outside(each)]


def test_towns_are_near_the_postal_codes_of_their_state() -> None:
    lost = [
        town
        for town in gazetteer.load().towns()
        if town.population >= 5_000
        and town.country == "US"
        and town.region not in {"AK", "HI"}
        and not any(
            abs(each.position[0] - town.position[0]) < 0.5
            and abs(each.position[1] - town.position[1]) < 0.8
            for each in postal_codes()[town.region]
        )
    ]
    assert not lost


def test_spoken_names_are_many_and_near_the_city_that_they_are_part_of() -> None:
    data = gazetteer.load()
    spoken = list(data.spoken())
    assert len({name for name, _place in spoken}) >= 1_000
    assert len({(place.name, place.region) for _name, place in spoken}) >= 400
    far = []
    for name, place in spoken:
        if not place.parent:
            continue
        cities = [
            each for each in data.find(canonicalize(place.parent))
            if each.region == place.region
        ]  # fmt: skip
        if not any(miles_between(each.position, place.position) < 25 for each in cities):
            far.append((name, place))
    assert not far


def test_spoken_name_is_no_large_town_elsewhere_by_mistake() -> None:
    """A nickname may hide a town of that name, unless it is one of several meanings: the town
    stays among them."""
    data = gazetteer.load()
    for name, place in data.spoken():
        assert place in data.find(name), name


@pytest.mark.parametrize(
    ("code", "latitude", "longitude"),
    [("60608", 41.85, -87.67), ("90012", 34.06, -118.24), ("46204", 39.77, -86.16),
     ("95202", 37.96, -121.29), ("00901", 18.46, -66.11), ("99950", 55.34, -131.65),
     ("M5V", 43.65, -79.38), ("H2X", 45.51, -73.57), ("Y1A", 60.72, -135.05)],
)  # fmt: skip
def test_postal_code_is_where_it_is(code: str, latitude: float, longitude: float) -> None:
    (found,) = gazetteer.load().find_postal(code)
    assert miles_between(found.position, (latitude, longitude)) < 3


@pytest.mark.parametrize("code", ["00000", "99999", "60600", "D5V", "Z9Z", "Y9Z", "0", "6060"])
def test_postal_code_that_nobody_has_is_none(code: str) -> None:
    assert not gazetteer.load().find_postal(code)


def test_every_postal_code_is_found_by_its_code() -> None:
    data = gazetteer.load()
    assert not [each for each in data.postal_codes() if data.find_postal(each.code) != [each]]


# Cities, and villages that are named after no town of the gazetteer.
CODES_BY_COUNTRY: Final = {
    "DE": """10115 52.53 13.38|80331 48.14 11.57|20095 53.55 10.00|60311 50.11 8.68|50667 50.94 6.96
        18055 54.09 12.14|01067 51.06 13.72|66111 49.23 7.00|79098 47.99 7.85|24103 54.32 10.13
        87561 47.41 10.28|17489 54.09 13.38|01829 50.95 14.08|03149 51.74 14.64
        06618 51.15 11.81|06406 51.79 11.74|01936 51.26 13.90""",
    "FR": """75001 48.86 2.34|75018 48.89 2.35|13001 43.30 5.38|69003 45.76 4.85|31000 43.60 1.44
        02100 49.85 3.29|20000 41.93 8.74|59000 50.63 3.06|29200 48.39 -4.49|67000 48.58 7.75
        97110 16.24 -61.53|97400 -20.88 55.45|97300 4.94 -52.33|48000 44.52 3.50""",
    "MX": """06500 19.43 -99.16|44100 20.67 -103.35|64000 25.67 -100.31|22000 32.53 -117.02
        32000 31.74 -106.48|97000 20.97 -89.62|68000 17.06 -96.72|29000 16.75 -93.12
        88000 27.48 -99.51|21000 32.66 -115.47|77500 21.16 -86.85|23000 24.14 -110.31
        91000 19.54 -96.93|70000 16.43 -95.02|83000 29.09 -110.96""",
}


@pytest.mark.parametrize("country", CODES_BY_COUNTRY)
def test_postal_codes_of_other_countries_are_where_they_are(country: str) -> None:
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        data = gazetteer.load()
        far = []
        for line in re.split(r"[|\n]", CODES_BY_COUNTRY[country]):
            code, latitude, longitude = line.split()
            found = data.find_postal(code)
            where = float(latitude), float(longitude)
            if not found or miles_between(found[0].position, where) > 6:
                far.append((code, found))
    assert not far


@pytest.mark.parametrize(("country", "number"), [("DE", 7_700), ("FR", 5_700), ("MX", 20_800)])
def test_every_postal_code_of_another_country_is_near_a_town_of_its_region(
    country: str, number: int
) -> None:
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        data = gazetteer.load()
        codes = list(data.postal_codes())
        assert len(codes) > number
        assert not [each for each in codes if data.find_postal(each.code) != [each]]
        towns = defaultdict(list)
        for town in data.towns():
            towns[town.region].append(town.position)
        alone = {
            each.position: each
            for each in codes
            if not any(miles_between(each.position, town) < 15 for town in towns[each.region])
        }
        assert not alone


@pytest.mark.parametrize("country", ["DE", "MX"])
def test_postal_codes_that_begin_alike_lie_together(country: str) -> None:
    """A town of another part of the country would be a namesake of the one that is meant."""
    with use_profile(NetworkProfile(countries=(country,), home_country="")):
        groups = defaultdict(list)
        for each in gazetteer.load().postal_codes():
            groups[each.code[:3]].append(each)
    far = []
    for places in groups.values():
        latitudes, longitudes = zip(*(each.position for each in places), strict=True)
        middle = median(latitudes), median(longitudes)
        far += [each for each in places if miles_between(each.position, middle) > 55]
    assert not far


def test_postal_code_of_several_countries_is_asked_about() -> None:
    with use_profile(NetworkProfile(countries=("US", "DE", "CA"), home_country="")):
        asked = interpretation.interpret("10115")
        assert asked.kind is MeaningKind.CHOICE
        assert [each.region for each in asked.others] == ["NY", "DE-BE"]
        for place in asked.others:
            assert interpretation.interpret(place.spelling).place == place
            assert interpretation.interpret(place_words.search_words(place)).place == place
        for typed in ("10115 Berlin", "Berlin 10115", "10115, Alemania", "10115 DE-BE"):
            assert interpretation.interpret(typed).place == asked.others[1], typed
        certain = interpretation.interpret("60608").place
        assert certain is not None
        assert (certain.region, certain.spelling) == ("IL", "60608")
        canadian = interpretation.interpret("H2X 1Y4").place
        assert canadian is not None
        assert canadian.spelling == "H2X"


def test_postal_code_is_asked_about_where_another_country_may_have_it() -> None:
    """The codes of Spain are not known: 28001 may be in Madrid."""
    with use_profile(NetworkProfile(countries=("US", "ES"), home_country="")):
        asked = interpretation.interpret("28001")
        assert (asked.kind, len(asked.others)) == (MeaningKind.CHOICE, 1)
        assert interpretation.interpret("28001, NC").kind is MeaningKind.POINT
        madrid = interpretation.interpret("28001 Madrid").place
        assert madrid is not None
        assert madrid.region == "ES-MD"


def test_position_of_a_phone_becomes_a_large_town() -> None:
    data = gazetteer.load()
    for position, name in (((41.85, -87.66), "Chicago"), ((43.65, -79.38), "Toronto")):
        found = data.find_nearest(position)
        assert found.name == name
        assert found.population >= gazetteer.MIN_LOCATED_POPULATION
