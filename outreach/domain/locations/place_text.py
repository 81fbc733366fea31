"""Typed text as words that can be compared with names of places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from outreach import network_profile
from outreach.countries import packs
from outreach.domain.text import fold

_APOSTROPHES: Final = re.compile("['’‘`´]")
_NOT_PLAIN: Final = re.compile(r"[^a-z ]|\b(?:[a-z]|ste?|ft|mt)\b")
_SHORT_FORMS: Final = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}

# What people write around a place, in the three languages.
_NOISE_PHRASES: Final = """
cerca de|cerquita de|al lado de|junto a|alrededor de|alrededores de|afueras de|las afueras de|por
en|de|del|a|desde|hacia|vivo en|vivimos en|estoy en|estamos en|soy de|radico en|quiero ir a|voy a
mi ciudad es|ciudad de|la ciudad de|municipio de|pueblo de|localidad de|barrio de|el barrio de
colonia|la colonia|vecindario de|zona de|la zona de|area de|el area de|area metropolitana de
zona metropolitana de|region de|la region de|centro de|el centro de|centro|el centro
parte de|aqui en|aca en|ciudad|city of|town of|village of|borough of|city|near|close to|next to
around|in|at|from|i live in|i am in|im in|we live in|greater|metro|metro area|area|downtown
neighborhood|neighbourhood|neighborhood of|outside|outside of|the city of|my city is
pres de|a cote de|autour de|aux environs de|environs de|a|au|aux|j habite a|jhabite a|je suis a
ville de|la ville de|quartier|le quartier|quartier de|centre ville|centre ville de|le centre de
centre ville d|pres d|region de|banlieue de|arrondissement|arrondissement de|barrio|codigo postal
zip|zip code|codigo|postal code|postal|code postal|cp|talleres en|taller en|talleres|workshops in
workshops|workshops near|ateliers a|consulado de mexico en|consulado general de mexico en
consulado en|consulado de|consulado mexicano en|consulado mexicano de|consulado
consulate of mexico in|consulate general of mexico in|consulate in|mexican consulate in
consulat du mexique a|consulat general du mexique a
seccion consular de la embajada de mexico en|embajada de mexico en
consular section of the embassy of mexico in|section consulaire de lambassade du mexique a
el|la|los|las|the|le|les|l|y
"""
NOISE: Final = frozenset(
    tuple(phrase.split())
    for line in _NOISE_PHRASES.strip().splitlines()
    for phrase in line.split("|")
)
_NO_PLACE_WORDS: Final = """
centro downtown condado county ciudad city area zona barrio colonia region norte sur este oeste
north south east west nord sud est ouest centre quartier estado state provincia province
mexico canada america usa
"""
# Words that alone mean no place, though some place has them as its name.
NO_PLACE: Final = frozenset(_NO_PLACE_WORDS.split())
_LONGEST_NOISE: Final = max(map(len, NOISE))

_COUNTY: Final = re.compile(
    r"\b(?:condado(?: de| del)?|county(?: of)?|comte(?: de| d)?|parroquia de|parish)\b"
)
_STATE: Final = re.compile(
    r"\b(?:(?:el )?estado(?: de)?|(?:the )?state(?: of)?|(?:l )?etat(?: de)?"
    r"|(?:la )?pro[bv]incia(?: de)?|(?:la )?province(?: of| de| du| d)?)\b"
)
_ZIP: Final = re.compile(r"(?<![\w-])(\d{5})(?:[ -]?\d{4})?(?![\w])")
_AREA: Final = re.compile(r"(?<![\w])([a-z]\d[a-z])(?:[ -]?\d[a-z]\d)?(?![\w])", re.IGNORECASE)


def canonicalize(text: str) -> str:
    """Words without accents, capitals and punctuation, abbreviations written out: «St. John's» is
    «saint johns», «L.A.» is «la»."""
    lower = text.lower()
    if not _NOT_PLAIN.search(lower):  # most names: 45,000 are read at once
        return " ".join(lower.split())
    words: list[str] = []
    was_letter = False
    for word in fold(_APOSTROPHES.sub("", text)).split():
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and was_letter:
            words[-1] += word
        else:
            words.append(word)
        was_letter = is_letter
    # The last word is left: «Helena, MT» is in Montana.
    return " ".join([*(_SHORT_FORMS.get(word, word) for word in words[:-1]), *words[-1:]])


def find_country(words: str) -> str | None:
    """The code of a country of the network by what people call it."""
    return _load_words(network_profile.current().countries).countries.get(words)


def find_country_alone(text: str) -> str | None:
    """The code of a country of the network that a whole text means: «talleres en Alemania»."""
    return next(filter(None, map(find_country, list_meant(canonicalize(text)))), None)


def find_region(words: str) -> str | None:
    """The code of a state or province by its name in any language, its code or a short form."""
    return _load_words(network_profile.current().countries).regions.get(words)


def split_postal(text: str) -> tuple[str, str]:
    """A postal code in a text, 5 digits or the first 3 of a Canadian one, and the text without it;
    an empty code where there is none."""
    for pattern in (_ZIP, _AREA):
        found = pattern.search(text)
        if found is not None:
            return found[1].upper(), f"{text[: found.start()]} {text[found.end() :]}".strip(" ,")
    return "", text


def strip_county(words: str) -> tuple[str, bool]:
    return _strip(_COUNTY, words)


def strip_state(words: str) -> tuple[str, bool]:
    return _strip(_STATE, words)


def _strip(pattern: re.Pattern[str], words: str) -> tuple[str, bool]:
    rest, number = pattern.subn(" ", words, count=1)
    return " ".join(rest.split()), number > 0


def strip_noise(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The texts that remain without words that only stand around a place, the longest first."""
    found, waiting = [], [words]
    while waiting:
        text = waiting.pop(0)
        if not text or text in found:
            continue
        found.append(text)
        for size in range(min(_LONGEST_NOISE, len(text)), 0, -1):
            if text[:size] in NOISE:
                waiting.append(text[size:])
                break
        for size in range(min(_LONGEST_NOISE, len(text)), 0, -1):
            if text[-size:] in NOISE:
                waiting.append(text[:-size])
                break
    return sorted(found, key=len, reverse=True)[1:]


def list_meant(words: str) -> list[str]:
    """What a text may mean: all of it, then less and less of the words around a place."""
    split = tuple(words.split())
    return [" ".join(each) for each in (split, *strip_noise(split))]


def without_article(words: str) -> str:
    first, _, rest = words.partition(" ")
    return rest if rest and first in {"el", "la", "los", "las", "the", "le", "les"} else words


def list_regions(words: str) -> tuple[str, ...]:
    """The codes of the regions that a name means: two for «Carolina»."""
    code = find_region(words)
    groups = _load_words(network_profile.current().countries).groups
    return (code,) if code else groups.get(words, ())


def list_region_names() -> list[str]:
    """The names of the network's regions in all languages, with usual spellings."""
    return _load_words(network_profile.current().countries).names


@dataclass(frozen=True, slots=True)
class _RegionWords:
    """What people type for countries and regions, as `canonicalize` writes it."""

    countries: Mapping[str, str]  # codes
    regions: Mapping[str, str]  # codes
    groups: Mapping[str, tuple[str, ...]]  # codes of several regions
    names: list[str]


@cache
def _load_words(countries: tuple[str, ...]) -> _RegionWords:
    own = [packs.load(code) for code in countries]
    every = [each for pack in own for each in pack.regions]
    names = {canonicalize(name): each.code for each in every for name in each.names.values()}
    others = {name: each.code for each in every for name in each.also}
    # A country without a pack is one region, which has its names.
    wholes = {
        canonicalize(name): pack.code
        for pack in own
        if pack.code not in packs.list_codes()
        for each in pack.regions
        for name in each.names.values()
    }
    return _RegionWords(
        countries={name: pack.code for pack in own for name in pack.also} | wholes,
        regions={canonicalize(each.code): each.code for each in every} | names | others,
        groups={name: codes for pack in own for name, codes in pack.region_groups.items()},
        names=sorted({*names, *(name for name in others if len(name) > 4)}),
    )
