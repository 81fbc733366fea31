"""What is particular to a network: its countries, the locales of its languages, its clock.

The program sets one profile for its process when it starts; `use_profile` sets another for a block.
What is computed from a profile is cached by the parts of it that it depends on, never once for all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from outreach import languages
from outreach.countries import packs
from outreach.countries.packs import CountryPack


@dataclass(frozen=True, kw_only=True)
class NetworkProfile:
    countries: tuple[str, ...] = ("US", "CA")  # where it has offices; one at least, with packs
    home_country: str = "MX"  # whose holidays every office keeps too; empty: none
    locales: tuple[str, ...] = ("es_MX", "en_US", "fr_CA")  # of CLDR, one a language at most
    headquarters_zone: str = "America/Mexico_City"  # IANA
    help_lines: Path | None = None  # the network's own file of help lines
    # Its own words for its offices, a folder of `languages.VOCABULARIES`; empty: «oficina».
    vocabulary: str = "consular"

    @property
    def main_country(self) -> str:
        """The country of what names none: a phone number without its prefix."""
        return self.countries[0]

    @property
    def phone_countries(self) -> tuple[str, ...]:
        """Whose phones are called and written to where no setting says so."""
        home = (self.home_country,) if self.home_country else ()
        return tuple(dict.fromkeys((*self.countries, *home)))

    @property
    def emergency_numbers(self) -> tuple[str, ...]:
        """Those that call the police, each once, in the order of the countries."""
        return tuple(dict.fromkeys(pack.emergency for pack in self.packs))

    @property
    def packs(self) -> tuple[CountryPack, ...]:
        return tuple(map(packs.load, self.countries))

    @property
    def is_for_migrants(self) -> bool:
        """Whether pages guide people who may be asked for papers."""
        return self.vocabulary == "consular"

    @cached_property
    def locale_names(self) -> dict[str, str]:
        """The locale of each language of the site: that of the profile, or the usual one."""
        own = {name.partition("_")[0]: name for name in self.locales}
        return {each.code: own.get(each.code, each.locale) for each in languages.SITE_LANGUAGES}


_used: ContextVar[NetworkProfile | None] = ContextVar("network_profile", default=None)


class _Process:
    profile = NetworkProfile()


def current() -> NetworkProfile:
    """The profile of the block, or that of the process."""
    return _used.get() or _Process.profile


def set_for_process(profile: NetworkProfile) -> None:
    """Sets the profile of the process, once, when the program starts."""
    _Process.profile = profile


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


def has_miles(country: str) -> bool:
    """Whether distances are said in miles there; empty: in the network's first country."""
    code = country or current().main_country
    return code in packs.list_codes() and packs.load(code).has_miles
