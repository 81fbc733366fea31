"""Dates, hours, numbers and lists as a language writes them.

Names of days, months and cities, and the grouping of digits, come from CLDR (Babel). The order of
the parts is a message of the catalogue, so that a new language needs no code.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, time
from functools import cache, wraps
from typing import Final, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from babel.core import Locale, get_global
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal

from outreach import network_profile
from outreach.countries import packs
from outreach.i18n import N_, NP_, SPOKEN, Message, get_locale, translate, translator
from outreach.languages import BY_CODE
from outreach.memory_cache import remember

Params = ParamSpec("Params")
Written = TypeVar("Written")

NBSP: Final = "\u00a0"

# Patterns of CLDR: a translation keeps their letters and writes its own words in apostrophes.
DAY: Final = NP_("date pattern", "d 'de' MMMM")
DAY_WITH_YEAR: Final = NP_("date pattern", "d 'de' MMMM 'de' y")
WEEKDAY_AND_DAY: Final = NP_("date pattern", "EEEE d 'de' MMMM")
WEEKDAY_AND_DAY_WITH_YEAR: Final = NP_("date pattern", "EEEE d 'de' MMMM 'de' y")
SHORT_WEEKDAY_AND_NUMBER: Final = NP_("date pattern", "EEE d")
SHORT_WEEKDAY_AND_DAY: Final = NP_("date pattern", "EEE d MMM")
SHORT_DAY: Final = NP_("date pattern", "d MMM")
SHORT_DAY_WITH_YEAR: Final = NP_("date pattern", "d MMM y")
NUMBER: Final = NP_("date pattern", "d")
MONTH_AND_YEAR: Final = NP_("date pattern", "MMMM 'de' y")
# The same for the first day of a month, which French writes as an ordinal.
_FIRST_OF_MONTH: Final[dict[Message, Message]] = {
    DAY: NP_("date pattern of a first day", "d 'de' MMMM"),
    DAY_WITH_YEAR: NP_("date pattern of a first day", "d 'de' MMMM 'de' y"),
    WEEKDAY_AND_DAY: NP_("date pattern of a first day", "EEEE d 'de' MMMM"),
    WEEKDAY_AND_DAY_WITH_YEAR: NP_("date pattern of a first day", "EEEE d 'de' MMMM 'de' y"),
    SHORT_WEEKDAY_AND_NUMBER: NP_("date pattern of a first day", "EEE d"),
    SHORT_WEEKDAY_AND_DAY: NP_("date pattern of a first day", "EEE d MMM"),
    SHORT_DAY: NP_("date pattern of a first day", "d MMM"),
    SHORT_DAY_WITH_YEAR: NP_("date pattern of a first day", "d MMM y"),
    NUMBER: NP_("date pattern of a first day", "d"),
}
# Groups of time zones that people call by one name, as CLDR has them: a zone of the group, and the
# name. CLDR's own Spanish names, «hora central», are not what people there say.
_NAMED_ZONES: Final = {
    "Atlantic": ("America/Halifax", N_("hora del Atlántico")),
    "America_Eastern": ("America/New_York", N_("hora del Este")),
    "America_Central": ("America/Chicago", N_("hora del Centro")),
    "America_Mountain": ("America/Denver", N_("hora de la Montaña")),
    "America_Pacific": ("America/Los_Angeles", N_("hora del Pacífico")),
}
_MANY_COUNTRIES: Final = NP_("as it follows «oficinas en»", "%(num)d países")
_VOWELS: Final = frozenset("AEIOUÁÉÍÓÚÂÊÎÔÛ")
_SOUND_OF_I: Final = re.compile(r"(?!hie)h?[ií]", re.IGNORECASE)


def cached_by_wording(write: Callable[Params, Written]) -> Callable[Params, Written]:
    """Keeps what a function returns, for the locales and the vocabulary of each network."""

    def write_for(_wording: Hashable, *args: Params.args, **kwargs: Params.kwargs) -> Written:
        return write(*args, **kwargs)

    cached: Callable[..., Written] = remember(4096)(write_for)

    @wraps(write)
    def call(*args: Params.args, **kwargs: Params.kwargs) -> Written:
        return cached(network_profile.current().wording, *args, **kwargs)

    return call


@cached_by_wording
def dated(value: date, pattern: Message, lang: str) -> str:
    """Writes a date by one of the patterns above."""
    if value.day == 1:
        pattern = _FIRST_OF_MONTH.get(pattern, pattern)  # a month alone has no day
    translate = translator(lang)
    return format_date(value, translate.pgettext(*pattern), translate.locale)


@cached_by_wording
def date_name(value: date, field: str, lang: str) -> str:
    """Returns one name of a date, by its letters in CLDR: `EEEE` a weekday, `EEEE d` a weekday and
    its number, `MMMM` a month, `MMM` a short month."""
    return format_date(value, field, translator(lang).locale)


def month_and_year(value: date, lang: str) -> str:
    """Returns «enero de 2020», «January 2020», «janvier 2020»."""
    return dated(value, MONTH_AND_YEAR, lang)


@cached_by_wording
def split_hour(value: time, lang: str) -> tuple[str, str]:
    """Returns an hour and its half of the day: «10:00», «a. m.»; «10 h» and nothing."""
    _ = translator(lang)
    pattern = (
        _.pgettext("hour and minutes", "%(hour12)d:%(minutes)s\u00a0%(half)s")
        if value.minute
        else _.pgettext("whole hour", "%(hour12)d:00\u00a0%(half)s")
    )
    half = (
        _.pgettext("half of the day", "p.\u00a0m.")
        if value.hour >= 12
        else _.pgettext("half of the day", "a.\u00a0m.")
    )
    numbers = {
        "hour12": value.hour % 12 or 12,
        "hour24": value.hour,
        "minutes": f"{value.minute:02d}",
    }
    return (pattern % {**numbers, "half": ""}).strip(NBSP), half if "%(half)s" in pattern else ""


def hour(value: time, lang: str) -> str:
    """Returns «10:00 a. m.», «10:00 a.m.», «10 h», with spaces that do not break."""
    text, half = split_hour(value, lang)
    return f"{text}{NBSP}{half}" if half else text


def hours(starts: time, ends: time, lang: str) -> str:
    """Returns «10:00 a. m. a 12:00 p. m.», «10:00 a.m. to 12:00 p.m.», «de 10 h à 12 h»."""
    return translator(lang).pgettext(
        "hours in a sentence",
        "%(first)s a %(last)s",
        first=hour(starts, lang),
        last=hour(ends, lang),
    )


def own_hour(at: datetime, zone: ZoneInfo | None, lang: str) -> str:
    """Returns a moment, given on the clock of a workshop, on the clock of its reader: «8:00 a. m.»,
    or «dom 3, 11:00 p. m.» where that is another day. Empty where both clocks say the same, or the
    reader's is not known."""
    own = at.astimezone(zone)
    if zone is None or own.utcoffset() == at.utcoffset():
        return ""
    words = hour(own.time(), lang)
    if own.date() == at.date():
        return words
    return f"{dated(own.date(), SHORT_WEEKDAY_AND_NUMBER, lang)}, {words}"


def name_own_hour(words: str, lang: str) -> str:
    """Says that an hour is on the reader's clock: «8:00 a. m. tu hora», «8:00 a.m. your time», «8
    h, votre heure»."""
    return translator(lang).gettext(N_("%(hour)s tu hora"), hour=words)


@cached_by_wording
def group_digits(number: int | float, lang: str) -> str:
    """Returns a number with its digits in groups of three: «109,657», in French «109 657» with a
    space that does not break."""
    return format_decimal(number, locale=translator(lang).locale)


@cached_by_wording
def zone_city(zone_key: str, lang: str) -> str:
    """The city a time zone is named after: Chicago, Los Ángeles, Nueva York."""
    name = get_timezone_location(zone_key, locale=translator(lang).locale, return_city=True)
    return name.rpartition("/")[2]  # Babel returns «Indiana/Indianapolis»


@cached_by_wording
def zone_time(zone_key: str, lang: str) -> str:
    """Names a clock by the city of its zone: «hora de Chicago», «Chicago time», «heure de
    Chicago»."""
    _ = translator(lang)
    city = zone_city(zone_key, lang)
    if city[0] in _VOWELS:
        return _.pgettext("zone of a city with a vowel", "hora de %(city)s", city=city)
    return _.pgettext("zone", "hora de %(city)s", city=city)


@cached_by_wording
def zone_name(zone: ZoneInfo, day: date, lang: str) -> str:
    """Names a clock: «hora del Centro», «Central Time», «heure du Centre».

    It is named by the zone's city where its clocks differ that day from others of that name, as
    those of Phoenix do in summer: «hora de Phoenix».
    """
    named = _NAMED_ZONES.get(get_global("meta_zones").get(zone.key, ""))
    noon = datetime.combine(day, time(12))
    if named is None or zone.utcoffset(noon) != ZoneInfo(named[0]).utcoffset(noon):
        return zone_time(zone.key, lang)
    return translate(named[1], lang)


def join_words(parts: Sequence[str], lang: str, *, is_negative: bool = False) -> str:
    """Joins texts, at least one, to a list: «a, b y c», «a, b, and c», «a, b et c»; with
    `is_negative` by «ni» or «or»."""
    *before, last = parts
    if not before:
        return last
    _ = translator(lang)
    values = {"first": ", ".join(before), "last": last}
    is_pair = len(before) == 1
    if is_negative:
        return (
            _.pgettext("list of two", "%(first)s ni %(last)s", **values)
            if is_pair
            else _.pgettext("list of three or more", "%(first)s ni %(last)s", **values)
        )
    if _SOUND_OF_I.match(last):
        return (
            _.pgettext("list of two", "%(first)s e %(last)s", **values)
            if is_pair
            else _.pgettext("list of three or more", "%(first)s e %(last)s", **values)
        )
    return (
        _.pgettext("list of two", "%(first)s y %(last)s", **values)
        if is_pair
        else _.pgettext("list of three or more", "%(first)s y %(last)s", **values)
    )


def within_sentence(name: str, lang: str) -> str:
    """The name of a language as it is written after other words: «español», «Spanish»."""
    if BY_CODE[lang].capitalizes_languages or name[:2].isupper():
        return name
    return name[:1].lower() + name[1:]


def language_name(code: str, lang: str) -> str:
    """The name of a spoken language; its code if it is not in `SPOKEN`."""
    return translate(SPOKEN[code], lang) if code in SPOKEN else code


def country_name(code: str, lang: str) -> str:
    """The name of a country (ISO 3166-1) in a language of the site; its code if CLDR has none."""
    return str(get_locale(lang).territories.get(code, code))


def country_names(codes: Sequence[str], lang: str) -> str:
    """The names of countries with commas between."""
    return ", ".join(country_name(code, lang) for code in codes)


def network_countries(lang: str) -> str:
    """Returns the countries of the network as they follow «oficinas en»: French puts a preposition
    before each. Of many countries it says only the number."""
    return join_located(network_profile.current().countries, lang)


def join_located(countries: Sequence[str], lang: str) -> str:
    """Returns some countries as they follow «oficinas en»; of many, only their number."""
    if len(countries) > network_profile.MAX_NAMED_COUNTRIES:
        return translator(lang).pgettext(*_MANY_COUNTRIES, num=len(countries))
    return join_words([packs.load(code).located[lang] for code in countries], lang)


def first_weekday(lang: str, country: str = "") -> int:
    """The day on which weeks begin in a country; without one, where the language is spoken as in
    the network's locale. 0 is Monday."""
    return _first_weekday_in(country) if country else int(get_locale(lang).first_week_day)


@cache
def _first_weekday_in(country: str) -> int:
    return int(Locale.parse(f"und_{country}").first_week_day)


def order_weekdays(lang: str, country: str = "") -> list[int]:
    """Returns the days of a week from the one of `first_weekday` on; 0 is Monday."""
    first = first_weekday(lang, country)
    return [(first + number) % 7 for number in range(7)]


@cached_by_wording
def language_names(codes: tuple[str, ...], lang: str) -> str:
    """Returns the names of languages as one text: «Español e inglés», «Spanish and English»; empty
    for none."""
    first, *others = [language_name(code, lang) for code in codes] or [""]
    names = [first, *(within_sentence(name, lang) for name in others)]
    if len(names) < 2:
        return first
    # No comma before the last one, in English either: the names stand in narrow places.
    return join_words([", ".join(names[:-1]), names[-1]], lang)
