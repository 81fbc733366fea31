"""Certificates of attendance as PDF. The name is printed and stored nowhere.

All kinds have the same design: a different one would reveal a discreet kind.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from outreach import formats
from outreach.db.base import Words
from outreach.domain.locations import city_names
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.i18n import get_locale, say, translator
from outreach.pdf import flyer_text, typesetting

_ARTICLES: Final[Mapping[str, Mapping[str, str]]] = {
    "es": {"consulado": "El", "sección": "La", "embajada": "La", "oficina": "La"},
    "en": {"consulate": "The", "consular": "The", "embassy": "The", "office": "The"},
    "fr": {"consulat": "Le", "section": "La", "bureau": "Le"},
}


def pdf(
    workshop: Workshop,
    names: Sequence[str],
    hours: str,
    lang: str,
    *,
    brand: str,
    today: date,
    now: datetime,
) -> bytes:
    """Returns a PDF/UA in `lang` with one page for each name, as typed. `hours` is a decimal: "2",
    "1.5"."""
    _ = translator(lang)
    office = workshop.office
    place = office if workshop.is_discreet or workshop.venue is None else workshop.venue
    title = flyer_text.add_soft_hyphens(clean(say(workshop.title, lang)))
    where = city_names.with_region(place.city, place.region, lang)
    city = city_names.localize(office.city, office.region, lang)
    data = {
        "lang": lang,
        "region": get_locale(lang).territory,
        "brand": brand,
        "title": _.gettext("Constancia de participación"),
        "says": _.gettext("%(office)s hace constar que", office=_with_article(office.name, lang)),
        "names": [flyer_text.add_soft_hyphens(clean(name)) for name in names],
        "was_at": _.gettext("participó en un taller")
        if workshop.is_discreet
        else _.gettext("participó en «%(title)s»", title=title),
        "when": _.gettext("el %(day)s, en %(place)s.", day=_day(workshop.day, lang), place=where),
        "hours": _.gettext("Duró 1 hora.")
        if hours == "1"
        else _.gettext("Duró %(hours)s horas.", hours=formats.group_digits(float(hours), lang)),
        "given": _.gettext("%(city)s, %(day)s", city=city, day=_day(today, lang)),
        "signed": _.gettext("Nombre y firma"),
        "stamp": _.gettext("Sello"),
        "not_id": _.gettext(
            "Solo dice que la persona vino. No es una identificación. No guardamos copia."
        ),
    }
    return typesetting.pdf("certificate", data, made_at=now.replace(microsecond=0))


def _with_article(name: Words, lang: str) -> str:
    """Returns the name of an office as a subject: «El Consulado General de México en Chicago», «La
    Sección Consular…». A name that begins otherwise stays as it is."""
    words = say(name, lang)
    article = _ARTICLES.get(lang, {}).get(words.partition(" ")[0].casefold())
    return f"{article} {words}" if article else words


def _day(value: date, lang: str) -> str:
    return formats.dated(value, formats.DAY_WITH_YEAR, lang)
