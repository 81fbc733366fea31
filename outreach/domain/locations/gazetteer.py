"""The packaged gazetteer: places of the network's countries by name, postal code or position.

The files of these countries in `data/` are mapped at the first look-up of a process, by a server at
its start, and a place is read from its line when it is asked for: 45,000 objects would take more
memory than all the rest of a worker (decision 0034)."""

import csv
import math
import mmap
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from operator import itemgetter
from pathlib import Path
from typing import Final

from outreach import network_profile
from outreach.countries import packs
from outreach.db.base import Words
from outreach.domain.locations import city_names, regions
from outreach.domain.locations.gazetteer_index import NameLines, map_file, read_index
from outreach.domain.locations.place_text import canonicalize, find_region

SPOKEN_POPULATION: Final = 30_000  # a quarter that people name is as likely as a town of this size
MIN_LOCATED_POPULATION: Final = 20_000  # a town that a phone's position is told as
MIN_CORRECTED_POPULATION: Final = 2_000  # smaller places must be spelled right
MAX_LANDMARK_MILES: Final = 25
UNCOUNTED_POPULATION: Final = 300  # a place that only the post office names
REBUILD: Final = "python -m outreach.imports.gazetteer_build --index"
_DATA: Final = Path(str(files("outreach.domain.locations"))) / "data"
_EARTH_RADIUS_MILES: Final = 3958.8

Position = tuple[float, float]


class PlaceKind(StrEnum):
    TOWN = "town"  # a city, town, borough or quarter
    COUNTY = "county"
    POSTAL = "postal"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class GazetteerPlace:
    """A place of the gazetteer.

    `region` is a code; `parent` the city that a quarter is part of; `code` its postal code,
    or the one that tells a town from another of its name in its state. A region has the mean
    position of its towns, weighted by people.
    """

    kind: PlaceKind
    name: str
    region: str
    position: Position
    population: int = 0
    parent: str = ""
    code: str = ""
    names: Words = field(default_factory=dict, compare=False)  # where they differ by language

    @property
    def country(self) -> str:
        return network_profile.country_of(self.region)

    @property
    def spelling(self) -> str:
        """The words that mean this place and no other: «pilsen chicago il», «cook county il»."""
        if self.kind is PlaceKind.REGION:
            return self.region
        if self.code:
            return self.code if is_certain(self.code) else f"{self.code} {self.region}"
        return canonicalize(f"{self.name} {self.parent} {self.region}")


def miles_between(one: Position, other: Position) -> float:
    """Returns the distance by the haversine formula, to within half a percent."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_MILES * math.asin(math.sqrt(half))


class Gazetteer:
    """The places of some countries by name. `find` takes words as `canonicalize` writes them."""

    def __init__(self, countries: Sequence[str], folder: Path = _DATA) -> None:
        """Maps the files of these countries.

        Raises ValueError where an index was made from another file than its own.
        """
        self._files = []
        start = 0  # places are numbered across the files
        for code in countries:
            self._files.append(_CountryFile(code, start, folder))
            start += len(self._files[-1].text)
        self._starts = [each.start for each in self._files]
        self._localized = city_names.load()
        self._spoken: dict[str, list[GazetteerPlace]] = {}  # by what people say
        self._large = sorted(
            self._located(each.start + line) for each in self._files for line in each.index.large
        )
        self._read_spoken(countries)
        self.region_places = dict(self._regions())

    def release(self) -> None:
        """Gives back the memory of the files' pages that were looked at. The next look-up maps them
        again; it reads no disk as long as the system keeps them."""
        for each in self._files:
            each.text.madvise(mmap.MADV_DONTNEED)

    def has_counties(self, country: str) -> bool:
        return any(each.country == country and each.index.counties.lines for each in self._files)

    def has_postal_codes(self, country: str) -> bool:
        return any(each.country == country and each.has_postal_codes for each in self._files)

    def has_numeric_postal_codes(self, country: str) -> bool:
        """Tells whether it has the country's postal codes, and they have no letters."""
        return any(each.country == country and each.has_postal_like("0") for each in self._files)

    def find(self, words: str) -> list[GazetteerPlace]:
        """Returns the places of that name; those that have it as another name only where no
        place has it as its own.
        """
        own = [*self._spoken.get(words, ()), *self._towns_of_name(words)]
        return own or [
            _read_place(fields, self._localized)
            for fields in self._candidates("other", words)
            if words in get_other_names(fields)
        ]

    def find_counties(self, words: str) -> list[GazetteerPlace]:
        return [
            _read_place(fields, self._localized)
            for fields in self._candidates("counties", words)
            if make_county_name(fields[1]) == words
        ]

    def find_postal(self, code: str) -> list[GazetteerPlace]:
        """Returns the places of a postal code, one in each country that has it.

        The code is of five digits, or the first half of a Canadian one in capitals. The
        order is that of the network's countries.
        """
        return [place for place in self.list_postal_like(code) if place.code == code]

    def list_postal_like(self, beginning: str) -> Iterator[GazetteerPlace]:
        """Yields the places of the postal codes that begin so, in their order in each country."""
        for file in self._files:
            if file.has_postal_like(beginning):
                for place in map(_read_postal, file.postal_from(beginning)):
                    if not place.code.startswith(beginning):
                        break
                    yield place

    def find_nearest(self, position: Position) -> GazetteerPlace:
        """Returns the nearest town of at least MIN_LOCATED_POPULATION people."""
        narrow = math.cos(math.radians(position[0]))
        _distance, number = min(
            ((lat - position[0]) ** 2 + ((lon - position[1]) * narrow) ** 2, each)
            for lat, lon, each in self._large
        )
        return self._place(number)

    def find_county(self, region: str, position: Position) -> GazetteerPlace | None:
        """Returns the county of a state whose middle is nearest; None in a region without
        counties.
        """
        own = self.counties(region)
        return min(own, key=lambda each: miles_between(each.position, position), default=None)

    def find_largest(
        self, region: str, position: Position, within_miles: float
    ) -> GazetteerPlace | None:
        """Returns the largest town of a state within some miles of a position, if there is one.

        It is one of those that `find_nearest` finds.
        """
        towns = (
            self._place(number)
            for lat, lon, number in self._large
            if miles_between((lat, lon), position) <= within_miles
        )
        own = (each for each in towns if each.region == region)
        return max(own, key=lambda each: each.population, default=None)

    def find_landmark(self, place: GazetteerPlace) -> GazetteerPlace | None:
        """Returns the largest town near a smaller place, which tells it from others of its name."""
        south, north = place.position[0] - 0.5, place.position[0] + 0.5
        first = bisect_left(self._large, south, key=itemgetter(0))
        last = bisect_left(self._large, north, key=itemgetter(0))
        near = [
            town
            for _lat, lon, number in self._large[first:last]
            if abs(lon - place.position[1]) < 0.6
            and (town := self._place(number)).name != place.name
            and town.region == place.region
            and miles_between(town.position, place.position) < MAX_LANDMARK_MILES
        ]
        largest = max(near, key=lambda each: each.population, default=None)
        is_larger = largest is not None and largest.population > place.population
        return largest if is_larger else None

    def localized_names(self, region: str, name: str) -> Words:
        """Returns the names of a place by language; empty where they do not differ."""
        return self._localized.get((region, name), {})

    def names(self) -> Iterator[tuple[str, int]]:
        """Yields the names that spelling is compared with, and how many people live there."""
        for file in self._files:
            for line in file.index.spelled:
                _kind, name, _region, _lat, _lon, people, *_more = file.fields(line)
                yield canonicalize(name), int(people)
        for name, places in self._spoken.items():
            if len(name) >= 5:
                yield name, max(place.population for place in places)

    def towns(self) -> Iterator[GazetteerPlace]:
        for file in self._files:
            for line in sorted(file.index.own.lines):
                yield _read_place(file.fields(line), self._localized)

    def counties(self, region: str = "") -> Iterator[GazetteerPlace]:
        """Yields the counties of a state, or all, in the order of their states and names."""
        for file in self._files:
            for line in file.county_lines(region):
                yield _read_place(file.fields(line), self._localized)

    def postal_codes(self) -> Iterator[GazetteerPlace]:
        for each in self._files:
            for line in each.text[each.postal_start :].decode().splitlines():
                yield _read_postal(line)

    def spoken(self) -> Iterator[tuple[str, GazetteerPlace]]:
        for name, places in self._spoken.items():
            for place in places:
                yield name, place

    def _read_spoken(self, countries: Sequence[str]) -> None:
        for row in _read_csv("spoken_names.csv"):
            if network_profile.country_of(row["region"]) not in countries:
                continue
            names = row["names"].split("|")
            place = self._spoken_place(row["at"], row["region"], row["parent"], names[0])
            for name in names:
                self._spoken.setdefault(canonicalize(name), []).append(place)

    def _spoken_place(self, at: str, region: str, parent: str, name: str) -> GazetteerPlace:
        if at.startswith("="):
            place = self._find_own(at[1:], region)
            return replace(place, parent=parent) if parent else place
        if " " in at:
            latitude, longitude = map(float, at.split())
            position = latitude, longitude
        else:
            country = network_profile.country_of(region)
            postal = [each for each in self.find_postal(at) if each.country == country]
            if not postal:
                raise ValueError(f"spoken_names.csv: there is no postal code {at}")
            position = postal[0].position
        return GazetteerPlace(
            PlaceKind.TOWN, name, region, position, SPOKEN_POPULATION, parent,
            names=self._localized.get((region, name), {}),
        )  # fmt: skip

    def _find_own(self, name: str, region: str) -> GazetteerPlace:
        for place in self._towns_of_name(canonicalize(name)):
            if place.region == region:
                return place
        raise ValueError(f"spoken_names.csv: there is no {name}, {region}")

    def _regions(self) -> Iterator[tuple[str, GazetteerPlace]]:
        """Yields the code and place of each region, which the first lines of a file have."""
        for file in self._files:
            for kind, code, lat, lon, people, *_more in file.first_lines():
                if kind != "R":
                    break
                names = regions.find_names(code) or {}
                yield (
                    code,
                    GazetteerPlace(
                        PlaceKind.REGION, names["en"], code, (float(lat), float(lon)), int(people),
                        names=names,
                    ),
                )  # fmt: skip

    def _towns_of_name(self, words: str) -> Iterator[GazetteerPlace]:
        for fields in self._candidates("own", words):
            if canonicalize(fields[1]) == words:
                yield _read_place(fields, self._localized)

    def _candidates(self, names: str, words: str) -> Iterator[list[str]]:
        """Yields the columns of the lines that may have a name, by the list `names` of the
        index.
        """
        for file in self._files:
            lines: NameLines = getattr(file.index, names)
            yield from map(file.fields, lines.find(words))

    def _place(self, number: int) -> GazetteerPlace:
        return _read_place(self._fields(number), self._localized)

    def _located(self, number: int) -> tuple[float, float, int]:
        _kind, _name, _region, lat, lon, *_more = self._fields(number)
        return float(lat), float(lon), number

    def _fields(self, number: int) -> list[str]:
        """Returns the columns of the place with this number."""
        file = self._files[bisect_right(self._starts, number) - 1]
        return file.fields(number - file.start)


class _CountryFile:
    """The lines of a country's file with their index."""

    def __init__(self, country: str, start: int, folder: Path) -> None:
        """Maps the file. `start` is the number of its first place.

        Raises ValueError for another file's index.
        """
        name = country.lower()
        self.country, self.start = country, start
        self.text = map_file(folder / f"{name}.tsv")
        self.index = read_index(folder / f"{name}.idx")
        if self.index.size != len(self.text):
            raise ValueError(f"{name}.idx is older than {name}.tsv: {REBUILD}")
        self.postal_start = self.index.postal

    @property
    def has_postal_codes(self) -> bool:
        return self.postal_start < len(self.text)

    def fields(self, line: int) -> list[str]:
        """Returns the columns of the line that starts at this byte."""
        return self.text[line : self.text.find(b"\n", line)].decode().split("\t")

    def county_lines(self, region: str) -> Sequence[int]:
        """Returns where the lines of a state's counties start, or of all, in the order of their
        states.
        """
        lines = sorted(self.index.counties.lines)

        def state(line: int) -> str:
            return self.fields(line)[2]

        if not region:
            return lines
        return lines[bisect_left(lines, region, key=state) : bisect_right(lines, region, key=state)]

    def first_lines(self) -> Iterator[list[str]]:
        """Yields the columns of all lines, from the first one."""
        self.text.seek(0)
        for line in iter(self.text.readline, b""):
            yield line.decode().rstrip("\n").split("\t")

    def has_postal_like(self, code: str) -> bool:
        """Tells whether the postal codes of the country begin as this one: with a digit or a
        letter.
        """
        first = self.text[self.postal_start + 2 : self.postal_start + 3]
        return bool(first) and first.isdigit() == code[:1].isdigit()

    def postal_from(self, code: str) -> Iterator[str]:
        """Yields the lines of postal codes from a code on."""
        wanted, text, low = code.encode(), self.text, self.postal_start
        end = high = len(text)
        while low < high:  # the lines are sorted by their code
            middle = text.rfind(b"\n", low - 1, (low + high) // 2) + 1
            if text[middle + 2 : middle + 2 + len(wanted)] < wanted:
                low = text.find(b"\n", middle) + 1
            else:
                high = middle
        while low < end:
            stop = text.find(b"\n", low)
            yield text[low:stop].decode()
            low = stop + 1


def _read_place(
    fields: Sequence[str], localized: Mapping[tuple[str, str], Words]
) -> GazetteerPlace:
    kind, name, region, lat, lon, people, *more = fields
    return GazetteerPlace(
        PlaceKind.COUNTY if kind == "C" else PlaceKind.TOWN,
        name,
        region,
        (float(lat), float(lon)),
        int(people) or UNCOUNTED_POPULATION,
        more[0] if more else "",
        more[2] if len(more) > 2 else "",
        names=localized.get((region, name), {}),
    )


def get_other_names(fields: Sequence[str]) -> Sequence[str]:
    """Returns the other names in the columns of a place, as `canonicalize` writes them."""
    return fields[7].split("|") if len(fields) > 7 and fields[7] else ()


def load() -> Gazetteer:
    """Returns the gazetteer of the network's countries that have a pack.

    It is read at the first call of the process.
    """
    with_files = packs.list_codes()
    countries = network_profile.current().countries
    return _load(tuple(each for each in countries if each in with_files))


def is_certain(code: str) -> bool:
    """Tells whether a postal code means one place.

    It does where no other country of the network has it, nor may one have it whose codes the
    gazetteer does not have. Codes with letters are those of Canada.
    """
    places, own = load(), network_profile.current().countries
    if len(places.find_postal(code)) != 1:
        return False
    return not code.isdecimal() or all(places.has_postal_codes(each) for each in own)


@cache
def _load(countries: tuple[str, ...]) -> Gazetteer:
    return Gazetteer(countries)


def list_distinct(
    places: Iterable[GazetteerPlace], *, within_miles: float = 8
) -> list[GazetteerPlace]:
    """Returns the places, largest first, without those that are the same as a larger one."""
    found: list[GazetteerPlace] = []
    for place in sorted(places, key=lambda each: -each.population):
        if not any(_is_same(place, each, within_miles) for each in found):
            found.append(place)
    return found


def _is_same(one: GazetteerPlace, other: GazetteerPlace, within_miles: float) -> bool:
    if one.region != other.region:
        return False
    if one.kind is not other.kind:  # «Orange County», which is a county and what people say
        return canonicalize(one.name) == canonicalize(other.name)
    is_near = miles_between(one.position, other.position) < within_miles
    # Nor is one that no word tells from the other.
    return is_near or (not one.code and not other.code and one.spelling == other.spelling)


def make_county_name(name: str) -> str:
    """Returns what people call a county: «Cook County» is «cook»."""
    words = canonicalize(name).split()
    if words[-1] in {"county", "parish", "municipality", "municipio", "borough"} and len(words) > 1:
        words = words[:-1]
    return " ".join(words)


def _read_postal(line: str) -> GazetteerPlace:
    _kind, code, region, lat, lon, city = line.split("\t")
    return GazetteerPlace(PlaceKind.POSTAL, city, region, (float(lat), float(lon)), code=code)


@lru_cache(maxsize=1)
def load_everyday_words() -> frozenset[str]:
    """Returns words of daily life in three languages, which somewhere are the name of a hamlet."""
    return frozenset((_DATA / "everyday_words.txt").read_text(encoding="utf-8").split())


def _read_csv(name: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader((_DATA / name).read_text(encoding="utf-8").splitlines()))


def find_region_place(words: str) -> GazetteerPlace | None:
    """Returns the state or province of that name or code, as a place."""
    code = find_region(words)
    return None if code is None else load().region_places.get(code)
