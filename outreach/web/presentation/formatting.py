"""Template filters and globals that format values in the language of the page."""

from collections.abc import Callable
from datetime import date, time
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, g, request
from markupsafe import Markup

from outreach import clock, formats, i18n, network_profile
from outreach.config import Config
from outreach.db.base import Words
from outreach.domain.locations import city_names, regions
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.registrations import RegistrationStatus
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web import error_messages
from outreach.web.presentation import place_words
from outreach.web.presentation.place_words import CityHolder

# The attribute `data-standing` of a person's own page, which other programs read.
_STANDING_WORDS: Final = {
    RegistrationStatus.CONFIRMED: "seated",
    RegistrationStatus.WAITLISTED: "waiting",
    RegistrationStatus.OFFERED: "offered",
    RegistrationStatus.CANCELLED: "cancelled",
    RegistrationStatus.EXPIRED: "lapsed",
}


def init_app(app: Flask) -> None:
    config: Config = app.extensions["outreach_config"]
    app.add_template_global(i18n.current, "lang")
    app.add_template_global(lambda: config.brand, "brand")
    app.add_template_global(
        lambda: i18n.say(dict(config.look.header), i18n.current()), "header_text"
    )
    app.add_template_global(lambda: config, "config")
    app.add_template_global(lambda: i18n.html_lang(i18n.current()), "html_lang")
    app.add_template_global(lambda: formats.network_countries(i18n.current()), "network_countries")
    app.add_template_global(lambda code: formats.country_name(code, i18n.current()), "country_name")
    app.add_template_global(
        lambda country: formats.order_weekdays(i18n.current(), country), "order_weekdays"
    )
    app.add_template_global(
        lambda: network_profile.current().emergency_numbers, "emergency_numbers"
    )
    app.add_template_global(in_language)
    app.add_template_global(spoken_languages)
    app.add_template_global(lambda: network_profile.current().is_for_migrants, "is_for_migrants")
    app.add_template_global(network_profile.has_agents_guide)
    app.add_template_global(network_profile.current, "network_profile")
    app.add_template_global(region_label)
    app.add_template_global(place_hint)
    filters: dict[str, Callable[..., str]] = {
        "day": day,
        "long_day": long_day,
        "short_day": short_day,
        "slim_day": slim_day,
        "first_capital": first_capital,
        "month_and_year": month_and_year,
        "short_month": short_month,
        "hour": hour,
        "hours": hours,
        "localize": localize,
        "host_name": host_name,
        "city": city,
        "city_region": city_region,
        "city_state": place_words.city_name,
        "region_name": place_words.region_name,
        "region_short": region_short,
        "lang_mark": lang_mark,
        "map_link": map_link,
        "weekday": weekday,
        "month_name": month_name,
        "short_month_name": short_month_name,
        "zone_city": zone_city,
        "grouped": group_digits,
        "phone_href": phone_href,
        "refusal": error_messages.say,
        "sentence": i18n.end_sentence,
        "standing_word": _STANDING_WORDS.__getitem__,
    }
    app.add_template_filter(clock.network_day)
    for name, filter_ in filters.items():
        app.add_template_filter(filter_, name)


def spoken_languages() -> list[tuple[str, str]]:
    """Returns code and name of each workshop language, in the order of the data."""
    return [(code, i18n.gettext(name)) for code, name in i18n.SPOKEN.items()]


def in_language(lang: str) -> str:
    """Returns the path of this page in another language.

    A page that sets `g.other_languages_at`, a path without its language, links to that path.
    """
    if "other_languages_at" in g:
        return f"/{lang}{g.other_languages_at}"
    path = request.full_path if request.query_string else request.path
    _root, first, *rest = path.split("/", 2)
    return "/".join(("", lang, *rest)) if first in i18n.list_languages() else f"/{lang}/"


def localize(words: Words | None) -> str:
    """Returns a multilingual text in the language of the page."""
    return i18n.say(words, i18n.current())


def host_name(workshop: Workshop) -> str:
    """Returns the full name of the consulate that invites; empty for a discreet workshop, whose
    pages say nothing of a consulate (S14)."""
    if workshop.is_discreet or workshop.kind.is_discreet:
        return ""
    return localize(workshop.office.name)


def city(place: CityHolder) -> str:
    """Returns the name of the city of an office, venue or stop in the language of the page."""
    return city_names.localize(place.city, place.region, i18n.current())


def city_region(place: CityHolder) -> str:
    """Returns a city with its state in short: «Nueva York, NY», «New York, NY», «Washington,
    D.C.»."""
    return city_names.with_region(place.city, place.region, i18n.current())


def region_label() -> str:
    """Returns the label of the field of a region."""
    has_only_states = network_profile.current().has_only_states
    return _("Estado o provincia") if has_only_states else _("Región")


def place_hint() -> str:
    """Returns what may be typed into the field of a place, as its hint."""
    if network_profile.current().has_only_states:
        return _("Ciudad, estado, oficina o código postal")
    return _("Ciudad, región, oficina o código postal")


def region_short(code: str) -> str:
    """Returns the short name of a region: «NY», «Jalisco»."""
    return regions.abbreviate(code, i18n.current())


def map_link(place: Venue | Office) -> str:
    """Returns the address of a map with the way there, which any phone opens, by street and
    city."""
    where = [place.address] if place.address else []
    if not where and isinstance(place, Venue):
        where = [place.name]
    destination = ", ".join([*where, regions.after_city(place.city, place.region, i18n.current())])
    return "https://www.google.com/maps/dir/?" + urlencode({"api": 1, "destination": destination})


def lang_mark(words: Words | None) -> Markup:
    """Returns the attribute ` lang="es"` for a text that is not translated into the language of the
    page; empty for one that is."""
    spoken_in = i18n.language_of(words, i18n.current())
    if spoken_in == i18n.current():
        return Markup("")
    return Markup(' lang="{}"').format(i18n.html_lang(spoken_in))


def day(value: date) -> str:
    """Returns «sábado 28 de noviembre», «Saturday, November 28», «samedi 28 novembre»."""
    return formats.dated(value, formats.WEEKDAY_AND_DAY, i18n.current())


def long_day(value: date) -> str:
    """Returns «sábado 28 de noviembre de 2026»."""
    lang = i18n.current()
    return formats.dated(value, formats.WEEKDAY_AND_DAY_WITH_YEAR, lang)


def short_day(value: date) -> str:
    """Returns «28 de noviembre», «November 28», «28 novembre»."""
    return formats.dated(value, formats.DAY, i18n.current())


def slim_day(value: date) -> str:
    """Returns «sáb 5 dic», «Sat, Dec 5», «sam. 5 déc.»."""
    return formats.dated(value, formats.SHORT_WEEKDAY_AND_DAY, i18n.current())


def first_capital(text: str) -> str:
    """Returns the text with a capital first letter: Sábado 28 de noviembre."""
    return text[:1].upper() + text[1:]


def weekday(value: date) -> str:
    return formats.date_name(value, "EEEE", i18n.current())


def weekday_and_number(value: date) -> str:
    """Returns «jueves 18», «Thursday 18», «jeudi 18»."""
    return formats.date_name(value, "EEEE d", i18n.current())


def month_name(value: date) -> str:
    return formats.date_name(value, "MMMM", i18n.current())


def month_and_year(value: date) -> str:
    return formats.month_and_year(value, i18n.current())


def short_month(value: date) -> str:
    """Returns «ene», «Jan», «janv.»."""
    return formats.date_name(value, "MMM", i18n.current())


def hour(value: time) -> str:
    return formats.hour(value, i18n.current())


def hours(starts: time, ends: time) -> str:
    return formats.hours(starts, ends, i18n.current())


def zone_city(zone: ZoneInfo) -> str:
    return formats.zone_city(zone.key, i18n.current())


def short_month_name(value: date) -> str:
    """Returns the short name of a month without its stop, as «nov»."""
    return formats.date_name(value, "MMM", i18n.current()).rstrip(".")


def group_digits(number: int) -> str:
    return formats.group_digits(number, i18n.current())


def phone_href(phone: str) -> str:
    digits = "".join(c for c in phone if c.isdigit())
    return f"tel:+{digits if len(digits) > 10 else '1' + digits}"
