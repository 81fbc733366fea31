"""What is particular to a network: its countries, the locales of its languages, its clock.

The program sets one profile for its process when it starts; `use_profile` sets another for a block.
A process that serves several networks has no profile of its own: each request and each thread runs
in a block, and what does not fails instead of taking that of another network.
What is computed from a profile is cached by the parts of it that it depends on, never once for all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from outreach import languages
from outreach.brand import Brand
from outreach.countries import packs
from outreach.countries.packs import CountryPack, Names


@dataclass(frozen=True, slots=True)
class OfficeRank:
    """What sort of office one is, as a code and its names by language."""

    code: str
    names: Names = field(hash=False)  # a profile is a key of caches


MAX_NAMED_COUNTRIES: Final = 6  # in a sentence, and of a network whose map is drawn
CONSULAR_RANKS: Final = (
    OfficeRank(
        "general_consulate",
        {"es": "Consulado general", "en": "Consulate general", "fr": "Consulat général"},
    ),
    OfficeRank("career_consulate", {"es": "Consulado", "en": "Consulate", "fr": "Consulat"}),
    OfficeRank(
        "consular_section",
        {"es": "Sección consular", "en": "Consular section", "fr": "Section consulaire"},
    ),
)


@dataclass(frozen=True, kw_only=True)
class NetworkProfile:
    name: str = ""  # set where the installation has several networks; log lines have it
    # Those that it offers, in the order of its menus; the first is the default of pages and texts.
    languages: tuple[str, ...] = languages.CODES
    countries: tuple[str, ...] = ("US", "CA")  # where it has offices; one at least, with packs
    home_country: str = "MX"  # whose holidays every office keeps too; empty: none
    locales: tuple[str, ...] = ("es_MX", "en_US", "fr_CA")  # names in CLDR, one a language at most
    headquarters_zone: str = "America/Mexico_City"  # IANA
    help_lines: Path | None = None  # the network's own file of help lines
    # Its own words for its offices, a folder of `languages.VOCABULARIES`; empty: «oficina».
    vocabulary: str = "consular"
    extensions: tuple[str, ...] = ()  # the names of those that are on, in their order
    brand: Brand = field(default_factory=Brand)
    ranks: tuple[OfficeRank, ...] = CONSULAR_RANKS  # that its offices can have, in their order

    @property
    def main_language(self) -> str:
        """The language in which texts are written first, shown where a translation is missing."""
        return self.languages[0]

    @property
    def staff_language(self) -> str:
        """The language of the staff's pages, letters and calendar until an account chooses."""
        is_usual = self.languages == languages.CODES
        return languages.STAFF_LANGUAGE if is_usual else self.languages[0]

    @property
    def main_country(self) -> str:
        """The country of what names none: a phone number without its prefix."""
        return self.countries[0]

    @property
    def paper(self) -> str:
        """The paper of its PDFs, as typst names it."""
        return "us-letter" if packs.has_letter_paper(self.main_country) else "a4"

    @property
    def phone_countries(self) -> tuple[str, ...]:
        """The countries whose phones are called and written to, unless a setting names others."""
        home = (self.home_country,) if self.home_country else ()
        return tuple(dict.fromkeys((*self.countries, *home)))

    @property
    def emergency_numbers(self) -> tuple[str, ...]:
        """The numbers that call the police, each once, in the order of the countries."""
        return tuple(dict.fromkeys(pack.emergency for pack in self.packs))

    @property
    def has_many_countries(self) -> bool:
        """Whether their number is said instead of their names, and offices are listed by them."""
        return len(self.countries) > MAX_NAMED_COUNTRIES

    @property
    def has_only_states(self) -> bool:
        """Whether the regions of all its countries are called states or provinces."""
        return all(pack.region_word in {"state", "province"} for pack in self.packs)

    @property
    def packs(self) -> tuple[CountryPack, ...]:
        return tuple(map(packs.load, self.countries))

    @property
    def is_for_migrants(self) -> bool:
        """Whether pages guide people who may be asked for papers."""
        return self.vocabulary == "consular"

    @property
    def has_agents_guide(self) -> bool:
        """Whether the page on agents who ask for papers is about any country of the network."""
        return self.is_for_migrants and any(pack.has_agents_guide for pack in self.packs)

    @cached_property
    def catalogues(self) -> str:
        """What messages depend on, beside their language: the vocabulary, then the extensions, with
        a space before each."""
        return " ".join((self.vocabulary, *self.extensions))

    @cached_property
    def wording(self) -> tuple[tuple[str, ...], str]:
        """What messages and formats depend on, beside their language."""
        return self.locales, self.catalogues

    @cached_property
    def locale_names(self) -> dict[str, str]:
        """The locale of each language of the site: that of the profile, or the usual one."""
        own = {name.partition("_")[0]: name for name in self.locales}
        return {each.code: own.get(each.code, each.locale) for each in languages.SITE_LANGUAGES}


_used: ContextVar[NetworkProfile | None] = ContextVar("network_profile", default=None)


class _Process:
    profile: NetworkProfile | None = NetworkProfile()


def current() -> NetworkProfile:
    """The profile of the block, or that of the process. Raises LookupError where there is none."""
    found = _used.get() or _Process.profile
    if found is None:
        raise LookupError("this process serves several networks, and none was chosen here")
    return found


def current_name() -> str:
    """The name of the network; empty where there is one only, or none was chosen."""
    found = _used.get() or _Process.profile
    return found.name if found else ""


def set_for_process(profile: NetworkProfile | None) -> None:
    """Sets the profile of the process, once, when the program starts; None: it has several."""
    _Process.profile = profile


def bind(target: Callable[[], None]) -> Callable[[], None]:
    """Returns the same function for a thread, in which it has the profile of the thread's maker."""
    profile = current()

    def run() -> None:
        with use_profile(profile):
            target()

    return run


@contextmanager
def use_profile(profile: NetworkProfile) -> Iterator[None]:
    """Sets the profile in the block, whatever that of the process is."""
    token = _used.set(profile)
    try:
        yield
    finally:
        _used.reset(token)


def country_of(region: str) -> str:
    """The country of a region's code; the network's first for a code of no pack."""
    return packs.find_country(region) or current().main_country


def has_agents_guide(region: str) -> bool:
    """Whether the page on agents who ask for papers is for people of a region."""
    return current().is_for_migrants and packs.load(country_of(region)).has_agents_guide


def reminds_on_request(country: str) -> bool:
    """Whether people of a country are reminded only if they tick it."""
    return packs.is_country(country) and packs.load(country).reminds_on_request


def has_miles(country: str) -> bool:
    """Whether distances are said in miles there; empty: in the network's first country."""
    code = country or current().main_country
    return packs.is_country(code) and packs.load(code).has_miles
