"""How days, hours, counts and signs are said on a page, in three languages.

Spanish says «10:00 a. m.» with spaces that do not break; French «10 h 30»; English «10:00 a.m.».
Babel knows the names of days and months; the rest is short enough to say here.
"""

from collections.abc import Callable
from datetime import date, time
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from flask import Flask, g, request

from outreach import clock, i18n
from outreach.config import Config
from outreach.db.base import Words
from outreach.i18n import LOCALES
from outreach.web import error_messages

NBSP: Final = "\u00a0"


def init_app(app: Flask) -> None:
    config: Config = app.extensions["outreach_config"]
    app.add_template_global(i18n.current, "lang")
    app.add_template_global(lambda: config.brand, "brand")
    app.add_template_global(lambda: config, "config")
    app.add_template_global(lambda: i18n.HTML_LANG[i18n.current()], "html_lang")
    app.add_template_global(in_language)
    app.add_template_global(spoken_languages)
    filters: dict[str, Callable[..., str]] = {
        "day": day,
        "long_day": long_day,
        "short_day": short_day,
        "first_capital": first_capital,
        "month_and_year": month_and_year,
        "short_month": short_month,
        "hour": hour,
        "hours": hours,
        "said": said,
        "weekday": weekday,
        "month_name": month_name,
        "zone_city": zone_city,
        "grouped": grouped,
        "phone_href": phone_href,
        "refusal": error_messages.say,
    }
    app.add_template_filter(clock.network_day)
    for name, filter_ in filters.items():
        app.add_template_filter(filter_, name)


def spoken_languages() -> list[tuple[str, str]]:
    """The languages workshops are given in: code and name, in the order of the data."""
    lang = i18n.current()
    return [(code, i18n.say(names, lang)) for code, names in i18n.SPOKEN.items()]


def in_language(lang: str) -> str:
    """This page in another language, as a path; where a page has none, the one that stands for it
    (`g.other_languages_at`, without its language)."""
    if "other_languages_at" in g:
        return f"/{lang}{g.other_languages_at}"
    path = request.full_path if request.query_string else request.path
    _root, first, *rest = path.split("/", 2)
    return "/".join(("", lang, *rest)) if first in i18n.LANGUAGES else f"/{lang}/"


def said(words: Words | None) -> str:
    """A text by language, in that of the page."""
    return i18n.say(words, i18n.current())


def day(value: date) -> str:
    """sábado 28 de noviembre · Saturday, November 28 · samedi 28 novembre"""
    return _date(value, i18n.current(), with_year=False)


def long_day(value: date) -> str:
    """The same with its year."""
    return _date(value, i18n.current(), with_year=True)


def short_day(value: date) -> str:
    """28 de noviembre · November 28 · 28 novembre"""
    patterns = {"es": "d 'de' MMMM", "en": "MMMM d", "fr": "d MMMM"}
    return _pattern(value, patterns[i18n.current()], i18n.current())


def slim_day(value: date) -> str:
    """sáb 5 dic · Sat, Dec 5 · sam. 5 déc."""
    patterns = {"es": "EEE d MMM", "en": "EEE, MMM d", "fr": "EEE d MMM"}
    return _pattern(value, patterns[i18n.current()], i18n.current())


def first_capital(text: str) -> str:
    """Sábado 28 de noviembre: for a line that begins with a day."""
    return text[:1].upper() + text[1:]


def weekday(value: date) -> str:
    return _pattern(value, "EEEE", i18n.current())


def month_name(value: date) -> str:
    return _pattern(value, "MMMM", i18n.current())


def month_and_year(value: date) -> str:
    """enero de 2020 · January 2020 · janvier 2020"""
    patterns = {"es": "MMMM 'de' y", "en": "MMMM y", "fr": "MMMM y"}
    return _pattern(value, patterns[i18n.current()], i18n.current())


def short_month(value: date) -> str:
    """ene · Jan · janv."""
    return _pattern(value, "MMM", i18n.current())


def hour(value: time) -> str:
    """10:00 a. m. · 10:00 a.m. · 10 h"""
    return _hour(value, i18n.current())


def hours(starts: time, ends: time) -> str:
    """10:00 a. m. a 12:00 p. m. · 10:00 a.m. to 12:00 p.m. · de 10 h à 12 h"""
    lang = i18n.current()
    first, last = _hour(starts, lang), _hour(ends, lang)
    if lang == "es":
        return f"{first} a {last}"
    return f"{first} to {last}" if lang == "en" else f"de {first} à {last}"


def zone_city(zone: ZoneInfo) -> str:
    """The city a zone is named after: Chicago, Los Ángeles, Nueva York."""
    return _zone_city(zone.key, i18n.current())


def grouped(number: int) -> str:
    """109,657 · 109,657 · 109 657"""
    text = f"{number:,}"
    return text.replace(",", NBSP) if i18n.current() == "fr" else text


def phone_href(phone: str) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    return f"tel:+{digits if len(digits) > 10 else '1' + digits}"


@lru_cache(maxsize=4096)
def _date(value: date, lang: str, *, with_year: bool) -> str:
    patterns = {
        "es": "EEEE d 'de' MMMM" + (" 'de' y" if with_year else ""),
        "en": "EEEE, MMMM d" + (", y" if with_year else ""),
        "fr": "EEEE d MMMM" + (" y" if with_year else ""),
    }
    said = format_date(value, patterns[lang], LOCALES[lang])
    return said.replace(" 1 ", " 1er ") if lang == "fr" else said


@lru_cache(maxsize=4096)
def _pattern(value: date, pattern: str, lang: str) -> str:
    return format_date(value, pattern, LOCALES[lang])


@lru_cache(maxsize=4096)
def _hour(value: time, lang: str) -> str:
    if lang == "fr":
        minutes = f"{NBSP}{value.minute:02d}" if value.minute else ""
        return f"{value.hour}{NBSP}h{minutes}"
    clock = f"{value.hour % 12 or 12}:{value.minute:02d}{NBSP}"
    half = "p" if value.hour >= 12 else "a"
    return clock + (f"{half}.m." if lang == "en" else f"{half}.{NBSP}m.")


@cache
def _zone_city(key: str, lang: str) -> str:
    named = get_timezone_location(key, locale=LOCALES[lang], return_city=True)
    return named.rpartition("/")[2]  # of America/Indiana/Indianapolis, the city
