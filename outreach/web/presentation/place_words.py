"""Names of places in the language of the page, and the data attributes that tell programs which
place a page is about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from outreach import formats, i18n, network_profile
from outreach.countries import packs
from outreach.domain.locations import city_names, gazetteer, regions
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.place_text import canonicalize
from outreach.i18n import gettext as _

POINTS: Final = frozenset({LocationScale.OFFICE, LocationScale.CITY, LocationScale.NEAR})
_KINDS: Final = {
    LocationScale.EVERYWHERE: "none",
    LocationScale.REGION: "region",
    LocationScale.CHOICE: "choice",
    LocationScale.UNKNOWN: "unknown",
}


class CityHolder(Protocol):
    """An office, a venue, a stop of a tour."""

    city: str
    region: str


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """A place to choose. `words` is what its link searches for; `detail` tells it from others."""

    words: str
    name: str
    code: str
    detail: str
    attributes: dict[str, str]


def region_name(code: str) -> str:
    return i18n.say(regions.find_names(code), i18n.current()) or code


def city_name(place: CityHolder) -> str:
    """Returns a city with its state: «Nueva York, Nueva York», «Chicago, Illinois», «Washington,
    D.C.»."""
    name = city_names.localize(place.city, place.region, i18n.current())
    return name if place.region == "DC" else f"{name}, {region_name(place.region)}"


def full_name(place: GazetteerPlace) -> str:
    """Returns a place with what it is part of: «Pilsen, Chicago, Illinois», «Condado de Cook,
    Illinois», «60608 (Chicago, Illinois)»."""
    region = region_name(place.region)
    if place.kind is PlaceKind.REGION:
        return region
    if place.kind is PlaceKind.POSTAL:
        return f"{place.code} ({place.name}, {region})"
    if place.kind is PlaceKind.COUNTY:
        return f"{_county_name(place.name)}, {region}"
    name = i18n.say(place.names, i18n.current()) or place.name
    if place.region == "DC" and not place.parent:
        return name
    parent = _parent_name(place)
    return f"{name}, {parent}, {region}" if parent else f"{name}, {region}"


def postal_example() -> str:
    """A postal code of the network's first country; empty where the gazetteer lacks the codes of
    any country of it, so that people are asked for their city."""
    places, network = gazetteer.load(), network_profile.current()
    is_known = all(places.has_postal_codes(each) for each in network.countries)
    return packs.load(network.main_country).postal_example if is_known else ""


def location_name(where: Location) -> str:
    """The name of the place of a list; empty for everywhere."""
    if where.scale is LocationScale.REGION:
        return region_name(where.region)
    if where.scale is LocationScale.COUNTRY:
        return formats.country_name(where.country, i18n.current())
    if where.place is not None:
        return full_name(where.place)
    return f"{where.name}, {region_name(where.region)}" if where.name else ""


def main_attributes(where: Location) -> dict[str, str]:
    """The data attributes of <main>."""
    found = {"data-place-kind": _KINDS.get(where.scale, "point")}
    if where.scale is LocationScale.REGION:
        found["data-place-region"] = _region_code(where.region)
    elif where.scale in POINTS and where.position is not None:
        found |= _position(where.position, "data-place")
        found["data-place-name"] = location_name(where)
    return found


def links(
    places: Sequence[GazetteerPlace], *, shown: GazetteerPlace | None = None
) -> list[PlaceLink]:
    """Returns the places to choose from. Each of two places with the same name says its postal
    code; the name of `shown`, the place that the page is about, counts too."""
    said = [canonicalize(full_name(each)) for each in places]
    names = Counter(said if shown is None else (*said, canonicalize(full_name(shown))))
    return [
        _link(each, has_namesake=names[name] > 1) for each, name in zip(places, said, strict=True)
    ]


def _link(place: GazetteerPlace, *, has_namesake: bool) -> PlaceLink:
    name = full_name(place)
    if has_namesake and place.code:
        name = f"{place.code} ({name})"
    if place.kind is PlaceKind.REGION:
        attributes = {"data-choice-region": _region_code(place.region)}
    else:
        attributes = _position(place.position, "data-choice")
        attributes["data-choice-name"] = name
    return PlaceLink(search_words(place), name, place.region, _detail(place), attributes)


def search_words(place: GazetteerPlace) -> str:
    """Returns what the link of a place searches for: words that mean it and no other."""
    if place.code:
        is_certain = gazetteer.is_certain(place.code)
        return place.code if is_certain else f"{place.code}, {place.region}"
    if place.kind is PlaceKind.REGION:
        return _state_words(place)
    if place.kind is PlaceKind.COUNTY:
        return f"{_county_name(place.name)}, {place.region}"
    is_in_whole_country = packs.load(place.country).is_one_region
    region = region_name(place.region) if is_in_whole_country else place.region
    return ", ".join(part for part in (place.name, place.parent, region) if part)


def _state_words(place: GazetteerPlace) -> str:
    """Returns the name of a state or province that the search takes for nothing else, as «Estado de
    Washington»; its code in a country that has neither word."""
    name = region_name(place.region)
    match packs.load(place.country).region_word:
        case "state":
            return _("Estado de %(name)s", name=name)
        case "province":
            return _("Provincia de %(name)s", name=name)
    return place.region  # its code means no other place


def _detail(place: GazetteerPlace) -> str:
    """Returns what tells a place from others of its name, as «Barrio de Chicago. Estados
    Unidos»."""
    if place.kind is PlaceKind.REGION:
        pack = packs.load(place.country)
        return _("Todo el país") if pack.is_one_region else _whole_region(pack.region_word)
    country = formats.country_name(place.country, i18n.current())
    is_town = place.kind is PlaceKind.TOWN
    near = gazetteer.load().find_landmark(place) if is_town and place.code else None
    if near is not None:
        return _("Cerca de %(place)s. %(country)s", place=near.name, country=country)
    if place.parent:
        return _("Barrio de %(city)s. %(country)s", city=_parent_name(place), country=country)
    return country


def _whole_region(word: str) -> str:
    words = {
        "state": _("Todo el estado"),
        "province": _("Toda la provincia"),
        "department": _("Todo el departamento"),
    }
    return words.get(word, _("Toda la región"))


def _county_name(name: str) -> str:
    if not name.endswith(" County"):
        return name
    return _("Condado de %(name)s", name=name.removesuffix(" County"))


def _parent_name(place: GazetteerPlace) -> str:
    names = gazetteer.load().localized_names(place.region, place.parent)
    return i18n.say(names, i18n.current()) or place.parent


def _region_code(code: str) -> str:
    return regions.make_iso_code(code)


def _position(position: tuple[float, float], prefix: str) -> dict[str, str]:
    return {f"{prefix}-lat": f"{position[0]:.4f}", f"{prefix}-lon": f"{position[1]:.4f}"}
