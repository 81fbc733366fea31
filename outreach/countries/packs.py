"""Country packs: what the program knows of each country that a network can have offices in.

A country without a file of its own has a plain pack: its names from CLDR, and one region, which is
the whole country.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from outreach import languages

_DATA: Final = resources.files("outreach.countries") / "data"
_SHARED: Final = "holidays.toml"  # names of holidays that several countries keep
_WORLD: Final = "world.toml"  # has the countries without a file
_WHOLE: Final = "-00"  # ends the code of the only region of such a country
_UNKNOWN: Final = "ZZZ"  # what CLDR has for no country
_FRENCH_VOWELS: Final = tuple("AEÉIÎOU")

Names = dict[str, str]  # by language of the site


@dataclass(frozen=True, slots=True)
class Region:
    """A state, province, department…"""

    code: str  # as the post of the United States and Canada writes it, IL; else ISO 3166-2, MX-JAL
    names: Names
    also: tuple[str, ...]  # what people type for it, as `place_text.canonicalize` writes it
    geonames: str  # its code in GeoNames; only where the gazetteer's build needs it
    tile: tuple[int, int] | None  # column and row on the tile map


@dataclass(frozen=True, slots=True)
class CountryPack:
    code: str  # ISO 3166-1, two letters
    alpha3: str  # ISO 3166-1, three letters
    has_miles: bool  # whether distances are said in miles; otherwise in kilometres
    region_word: str  # what its regions are: state, province, department, region, community
    emergency: str  # the number that calls the police
    reminds_on_request: bool  # whether the form leaves the reminders to be asked for
    has_agents_guide: bool  # whether the page on agents who ask for papers says the law there
    postal_pattern: str  # a regular expression of a whole postal code
    postal_example: str
    located: Names  # as it follows «oficinas en»; in French with its preposition
    also: tuple[str, ...]  # what people type for the country
    regions: tuple[Region, ...]
    region_groups: Mapping[str, tuple[str, ...]]  # names that mean several regions: «Carolina»
    holiday_names: Mapping[str, Names]  # by the English name in the library `holidays`

    @property
    def is_one_region(self) -> bool:
        """Whether the whole country is a region, as in a plain pack."""
        return len(self.regions) == 1


@cache
def list_codes() -> tuple[str, ...]:
    """The countries that have a file."""
    files = (each.name for each in _DATA.iterdir() if each.name not in {_SHARED, _WORLD})
    return tuple(sorted(name[:-5].upper() for name in files if name.endswith(".toml")))


@cache
def load(code: str) -> CountryPack:
    """The pack of a country, from its file at the first call, or a plain one. Raises KeyError for
    what is no country."""
    if code not in list_codes():
        return _make_plain_pack(code)
    data = _read(f"{code.lower()}.toml")
    return CountryPack(
        code=data["code"],
        alpha3=data["alpha3"],
        has_miles=data["has_miles"],
        region_word=data["region_word"],
        emergency=data["emergency"],
        reminds_on_request=data.get("reminds_on_request", False),
        has_agents_guide=data.get("has_agents_guide", False),
        postal_pattern=data["postal_pattern"],
        postal_example=data["postal_example"],
        located=_each_language(data["located"], data["located"]["en"]),
        also=tuple(data["also"]),
        regions=tuple(map(_region, data["regions"])),
        region_groups={name: tuple(codes) for name, codes in data.get("region_groups", {}).items()},
        holiday_names=_holiday_names(data.get("holidays", {})),
    )


@cache
def load_shared_holidays() -> Mapping[str, Names]:
    """The names of holidays that several countries keep, by their English name."""
    return _holiday_names(_read(_SHARED))


@cache
def has_letter_paper(code: str) -> bool:
    """Whether documents of a country are printed on paper of letter size; otherwise on A4."""
    return code in _read(_WORLD)["letter_paper"]


def is_country(code: str) -> bool:
    """Whether `load` has a pack of the country: a file, or what CLDR knows."""
    return code in list_codes() or code in _load_alpha3()


def find_country(region: str) -> str | None:
    """Returns the country of a region's code, looked up in all packs; None for a code that no pack
    has."""
    country = region.removesuffix(_WHOLE)
    if country != region and country not in list_codes() and is_country(country):
        return country
    return _countries_of_regions().get(region)


def find_region(code: str) -> Region | None:
    """Returns the region of this code, looked up in all packs; None for a code that no pack has."""
    country = find_country(code)
    if country is None:
        return None
    return next(each for each in load(country).regions if each.code == code)


@cache
def _countries_of_regions() -> dict[str, str]:
    return {each.code: code for code in list_codes() for each in load(code).regions}


@cache
def _load_alpha3() -> Mapping[str, str]:
    """The codes of three letters by those of two: ISO 3166-1 as CLDR has it."""
    from babel.core import get_global  # few networks have countries without a file

    places = get_global("territory_zones")  # without regions of the world and islets
    return {
        codes[0]: alias
        for alias, codes in get_global("territory_aliases").items()
        if len(alias) == 3 and alias.isalpha() and codes[0] in places and alias != _UNKNOWN
    }


def _load_territories(lang: str) -> Mapping[str, str]:
    from babel import Locale

    return Locale.parse(lang).territories


def _make_plain_pack(code: str) -> CountryPack:
    alpha3 = _load_alpha3()[code]
    world = _read(_WORLD)
    names = {lang: _load_territories(lang)[code] for lang in languages.CODES}
    located = names | {"fr": _locate_in_french(names.get("fr", code))}
    return CountryPack(
        code=code,
        alpha3=alpha3,
        has_miles=code in world["miles"],
        region_word="country",
        emergency=world["emergency"],
        reminds_on_request=False,
        has_agents_guide=False,
        postal_pattern="(?!)",  # none: what an address ends with is not known there
        postal_example="",
        located=_each_language(located | world["located"].get(code, {}), names["en"]),
        also=tuple(world["also"].get(code, ())),
        regions=(Region(f"{code}{_WHOLE}", names, also=(), geonames="", tile=None),),
        region_groups={},
        holiday_names={},
    )


def _locate_in_french(name: str) -> str:
    """Returns the name with its preposition: «en Italie», «au Népal». `world.toml` has the names
    that follow another rule."""
    is_feminine = name.split(" ")[0].split("-")[0].endswith("e")
    return f"{'en' if is_feminine or name.startswith(_FRENCH_VOWELS) else 'au'} {name}"


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))


def _region(row: Mapping[str, Any]) -> Region:
    return Region(
        code=row["code"],
        names=_each_language(row, row["name"]),
        also=tuple(row.get("also", ())),
        geonames=row.get("geonames", ""),
        tile=(row["tile"][0], row["tile"][1]) if "tile" in row else None,
    )


def _holiday_names(rows: Mapping[str, Mapping[str, str]]) -> dict[str, Names]:
    return {english: _each_language(names, english) for english, names in rows.items()}


def _each_language(texts: Mapping[str, str], usual: str) -> Names:
    return {lang: texts.get(lang, usual) for lang in languages.CODES}
