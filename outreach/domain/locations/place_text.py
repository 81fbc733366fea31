"""Typed text as words that can be compared with names of places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from outreach import network_profile
from outreach.countries import packs
from outreach.domain.locations.filler_words import list_cores
from outreach.domain.text import fold

_APOSTROPHES: Final = re.compile("['’‘`´]")
_ELISION: Final = re.compile(r"\b[dlj]['’]", re.IGNORECASE)
_NOT_PLAIN: Final = re.compile(r"[^a-z ]|\b(?:[a-z]|ste?|ft|mt)\b")
_MONTANA: Final = re.compile(r"(?<=[a-z]), *mt\b")  # «Billings, MT»; elsewhere it is Mount
_SHORT_FORMS: Final = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}

_NO_PLACE_WORDS: Final = """
centro downtown condado county ciudad city area zona barrio colonia region norte sur este oeste
north south east west nord sud est ouest centre quartier estado state provincia province
mexico canada america usa
"""
# Words that alone mean no place, though some place has them as its name.
NO_PLACE: Final = frozenset(_NO_PLACE_WORDS.split())

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
    """Returns the words without accents, capitals and punctuation, with abbreviations written out.

    «St. John's» is «saint johns», «L.A.» is «la».
    """
    lower = _MONTANA.sub(" montana", text.lower())
    if not _NOT_PLAIN.search(lower):  # most names: 45,000 are read at once
        return " ".join(lower.split())
    words: list[str] = []
    was_letter = False
    for word in fold(_APOSTROPHES.sub("", lower)).split():
        is_letter = len(word) == 1 and word.isalpha()
        if is_letter and was_letter:
            words[-1] += word
        else:
            words.append(word)
        was_letter = is_letter
    # The last word is left: «Helena, MT» is in Montana.
    return " ".join([*(_SHORT_FORMS.get(word, word) for word in words[:-1]), *words[-1:]])


def find_country(words: str) -> str | None:
    """Returns the code of a country of the network by what people call it."""
    return _load_words(network_profile.current().countries).countries.get(words)


def find_country_alone(text: str) -> str | None:
    """Returns the code of a country of the network that a whole text means: «talleres en
    Alemania».
    """
    return next(filter(None, map(find_country, list_meant(canonicalize(text)))), None)


def find_region(words: str) -> str | None:
    """Returns the code of a state or province by its name in any language, its code or a short
    form.
    """
    return _load_words(network_profile.current().countries).regions.get(words)


def strip_elisions(text: str) -> str:
    """Returns «d’Ottawa» without its article, which `canonicalize` would join to the name."""
    return _ELISION.sub(" ", text)


def split_postal(text: str) -> tuple[str, str]:
    """Splits a text into its postal code and the rest.

    The code has 5 digits, or is the first 3 characters of a Canadian one; it is empty where
    there is none.
    """
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


def list_meant(words: str) -> list[str]:
    """Returns what a text may mean: all of it, then less and less of the words around a place."""
    cores = list_cores(tuple(words.split())) if words else ()
    return [words, *(" ".join(each.words) for each in cores if not each.is_guarded)]


def without_article(words: str) -> str:
    first, _, rest = words.partition(" ")
    return rest if rest and first in {"el", "la", "los", "las", "the", "le", "les"} else words


def list_regions(words: str) -> tuple[str, ...]:
    """Returns the codes of the regions that a name means: two for «Carolina»."""
    code = find_region(words)
    groups = _load_words(network_profile.current().countries).groups
    return (code,) if code else groups.get(words, ())


def list_region_names() -> list[str]:
    """Returns the names of the network's regions in all languages, with usual spellings."""
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
    # «Georgia» is a state and a country without a pack: the name and its towns are the state's.
    own.sort(key=lambda pack: pack.code in packs.list_codes())
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
