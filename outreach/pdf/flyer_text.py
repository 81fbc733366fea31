"""What a flyer says, in the language it is made in, whatever that of the page is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from babel.dates import format_date

from outreach.db.base import Words
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.feeds import labels as calendar
from outreach.i18n import LOCALES, names_of, say
from outreach.reports import bulletin_text

LONGEST_SUMMARY: Final = 180
_LONGEST_WORD: Final = 24  # no word of our languages is longer: what is, may break anywhere
_SOFT_HYPHEN: Final = "\u00ad"
_BY_PHONE: Final = (Visibility.PHONE_ONLY, Visibility.APPROVED)

_FREE: Final[Words] = {"es": "Taller gratis", "en": "Free workshop", "fr": "Atelier gratuit"}
_TRUST: Final[Words] = {
    "es": "Gratis y en confianza",
    "en": "Free and in confidence",
    "fr": "Gratuit et en confiance",
}
_PROMISES: Final[dict[str, list[str]]] = {
    "es": ["Es gratis", "No necesitas identificación", "Con tu apodo basta"],
    "en": ["It is free", "You do not need ID", "A nickname is enough"],
    "fr": ["C’est gratuit", "Aucune pièce d’identité", "Un surnom suffit"],
}
_DO: Final[dict[Way, Words]] = {
    Way.PLACE: {"es": "Aparta tu lugar", "en": "Save your place", "fr": "Réservez votre place"},
    Way.SLOTS: {"es": "Elige tu hora", "en": "Choose your time", "fr": "Choisissez votre heure"},
    Way.OPEN: {"es": "Llega sin cita", "en": "Just come", "fr": "Venez sans rendez-vous"},
    Way.PHONE: {"es": "Llámanos", "en": "Call us", "fr": "Appelez-nous"},
    Way.UNLISTED: {"es": "Aparta tu lugar", "en": "Save your place", "fr": "Réservez votre place"},
}
_POINT: Final[Words] = {
    "es": "Apunta con la cámara o entra a",
    "en": "Point your camera here, or go to",
    "fr": "Visez avec l’appareil photo ou allez à",
}
_CALL: Final[Words] = {"es": "O llama al", "en": "Or call", "fr": "Ou appelez le"}
_IN: Final[Words] = {"es": "En", "en": "In", "fr": "En"}
_INTERPRETER: Final[Words] = {
    "es": "Intérprete si lo pides:",
    "en": "Interpreter if you ask:",
    "fr": "Interprète sur demande\u00a0:",
}
_CHILDCARE: Final[Words] = {"es": "Cuidado de niños", "en": "Childcare", "fr": "Garde d’enfants"}
_STEP_FREE: Final[Words] = {
    "es": "Entrada sin escalones",
    "en": "Step-free entrance",
    "fr": "Entrée sans marches",
}
_ALSO_ONLINE: Final[Words] = {
    "es": "También en línea",
    "en": "Also online",
    "fr": "Aussi en ligne",
}
_ADDRESS_LATER: Final[Words] = {
    "es": "Te damos la dirección cuando apartes tu lugar",
    "en": "You get the address when you save your place",
    "fr": "Vous recevez l’adresse en réservant votre place",
}
_ADDRESS_BY_PHONE: Final[Words] = {
    "es": "Te damos la dirección por teléfono",
    "en": "We give you the address by phone",
    "fr": "Nous donnons l’adresse par téléphone",
}
_LINK_LATER: Final[Words] = {
    "es": "Te damos el enlace cuando apartes tu lugar",
    "en": "You get the link when you save your place",
    "fr": "Vous recevez le lien en réservant votre place",
}
_LINK_BY_PHONE: Final[Words] = {
    "es": "Te damos el enlace por teléfono",
    "en": "We give you the link by phone",
    "fr": "Nous donnons le lien par téléphone",
}
_DRAFT: Final[Words] = {
    "es": "Borrador: todavía no se reparte",
    "en": "Draft: not to be handed out yet",
    "fr": "Brouillon\u00a0: à ne pas distribuer",
}
_QR: Final[Words] = {
    "es": "Código QR de la página del taller",
    "en": "QR code of the workshop’s page",
    "fr": "Code QR de la page de l’atelier",
}


@dataclass(frozen=True, kw_only=True)
class FlyerText:
    lang: str
    name: str  # of the document; of a discreet workshop it tells nothing
    kicker: str
    title: str
    summary: str
    draft: str  # empty unless it is one
    weekday: str
    day: str
    month: str
    year: str  # a sheet of paper hangs where it hangs
    hours: str
    zone: str
    place: str  # a venue, an area, or that it is online
    address: str
    facts: list[str]
    promises: list[str]
    do: str
    point: str
    link: str  # as it is typed
    call: str
    phone: str
    qr_words: str


def has_secret_place(workshop: Workshop) -> bool:
    """A flyer of a discreet kind never says where it is, whoever may see the address elsewhere."""
    return workshop.has_secret_address or workshop.is_discreet


def is_neutral(workshop: Workshop) -> bool:
    """Whether not even its title is for everybody: it is discreet, and in no list."""
    return workshop.is_discreet and workshop.way is Way.UNLISTED


def tell(workshop: Workshop, lang: str, *, link: str, phone: str) -> FlyerText:
    neutral = say(workshop.kind.neutral_title, lang) or say(calendar.NEUTRAL, lang)
    title = clean(say(workshop.title, lang)) or say(calendar.NEUTRAL, lang)
    place, address, later = _where(workshop, lang)
    return FlyerText(
        lang=lang,
        name=neutral if workshop.is_discreet else title,
        kicker=say(_TRUST if workshop.is_discreet else _FREE, lang),
        title=breakable(neutral if is_neutral(workshop) else title),
        summary="" if workshop.is_discreet else _short(clean(say(workshop.summary, lang))),
        draft=say(_DRAFT, lang) if workshop.status == "draft" else "",
        weekday=format_date(workshop.day, "EEEE", LOCALES[lang]),
        day=str(workshop.day.day),
        month=format_date(workshop.day, "MMMM", LOCALES[lang]),
        year=str(workshop.day.year),
        hours=_hours(workshop, lang),
        zone=calendar.clock_of(workshop.zone.key, lang),
        place=breakable(place),
        address=breakable(address),
        facts=[breakable(each) for each in (later, *_facts(workshop, lang)) if each],
        promises=_PROMISES[lang],
        do=say(_DO[workshop.way], lang),
        point=say(_POINT, lang),
        link=link.partition("://")[2],
        call=say(_CALL, lang),
        phone=clean(phone),
        qr_words=say(_QR, lang),
    )


def breakable(text: str) -> str:
    """The text with places to break what would be wider than the sheet."""
    return re.sub(
        rf"\S{{{_LONGEST_WORD + 1},}}",
        lambda found: _SOFT_HYPHEN.join(re.findall(r".{1,12}", found[0])),
        text,
    )


def _where(workshop: Workshop, lang: str) -> tuple[str, str, str]:
    """The place, its address, and how one comes to know what is not said."""
    is_by_phone = workshop.visibility in _BY_PHONE
    if not workshop.mode.has_venue:
        by_phone = workshop.mode is DeliveryMode.PHONE_BANK
        place = say(calendar.BY_PHONE if by_phone else calendar.ONLINE, lang)
        if by_phone or not workshop.takes_places:
            return place, "", ""
        return place, "", say(_LINK_BY_PHONE if is_by_phone else _LINK_LATER, lang)
    venue = workshop.venue
    if has_secret_place(workshop) or venue is None:
        city = venue.city if venue else workshop.office.city
        area = venue.area if venue else ""
        later = say(_ADDRESS_BY_PHONE if is_by_phone else _ADDRESS_LATER, lang)
        return clean(area or city), clean(city if area else ""), later
    parts = (clean(part) for part in (venue.address, venue.city, venue.region))
    return clean(venue.name), ", ".join(part for part in parts if part), ""


def _facts(workshop: Workshop, lang: str) -> Iterable[str]:
    venue = workshop.venue
    yield _after(say(_IN, lang), workshop.languages, lang)
    yield _after(say(_INTERPRETER, lang), workshop.interpretation, lang)
    has = [
        say(words, lang)
        for words, is_so in (
            (_ALSO_ONLINE, workshop.mode is DeliveryMode.HYBRID),
            (_CHILDCARE, workshop.has_childcare),
            (_STEP_FREE, workshop.mode.has_venue and venue is not None and venue.is_step_free),
        )
        if is_so
    ]
    yield " · ".join(has)


def _after(words: str, codes: Iterable[str], lang: str) -> str:
    """En español e inglés: in the middle of a sentence, languages are small but in English."""
    names = names_of(tuple(codes), lang)
    if not names:
        return ""
    return f"{words} {names if lang == 'en' else names[0].lower() + names[1:]}"


def _hours(workshop: Workshop, lang: str) -> str:
    first, last = bulletin_text.hour(workshop.starts, lang), bulletin_text.hour(workshop.ends, lang)
    between = {"es": f"{first} a {last}", "en": f"{first} to {last}", "fr": f"{first} à {last}"}
    return between[lang]


def _short(text: str) -> str:
    """Its first sentences, as many as there is room for; of one that is too long, its start."""
    if len(text) <= LONGEST_SUMMARY:
        return breakable(text)
    whole = re.match(rf"(.{{1,{LONGEST_SUMMARY}}}[.!?])\s", text)
    said = whole[1] if whole else text[:LONGEST_SUMMARY].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return breakable(said)
