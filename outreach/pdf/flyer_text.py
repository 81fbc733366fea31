"""What a flyer says, in the language it is made in, whatever that of the page is."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from outreach import formats
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop
from outreach.feeds import labels as calendar
from outreach.i18n import NP_, say, translate, translator

LONGEST_SUMMARY: Final = 180
_LONGEST_WORD: Final = 24  # no word of our languages is longer: what is, may break anywhere
_SOFT_HYPHEN: Final = "\u00ad"
_BY_PHONE: Final = (Visibility.PHONE_ONLY, Visibility.APPROVED)

_CALLS_TO_ACTION: Final = {
    Way.PLACE: NP_("flyer", "Aparta tu lugar"),
    Way.SLOTS: NP_("flyer", "Elige tu hora"),
    Way.OPEN: NP_("flyer", "Llega sin cita"),
    Way.PHONE: NP_("flyer", "Llámanos"),
    Way.UNLISTED: NP_("flyer", "Aparta tu lugar"),
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
    _ = translator(lang)
    neutral = say(workshop.kind.neutral_title, lang) or translate(calendar.NEUTRAL, lang)
    title = clean(say(workshop.title, lang)) or translate(calendar.NEUTRAL, lang)
    place, address, later = _where(workshop, lang)
    return FlyerText(
        lang=lang,
        name=neutral if workshop.is_discreet else title,
        kicker=_.gettext("Gratis y en confianza")
        if workshop.is_discreet
        else _.gettext("Taller gratis"),
        title=breakable(neutral if is_neutral(workshop) else title),
        summary="" if workshop.is_discreet else _short(clean(say(workshop.summary, lang))),
        draft=_.gettext("Borrador: todavía no se reparte") if workshop.status == "draft" else "",
        weekday=formats.date_name(workshop.day, "EEEE", lang),
        day=str(workshop.day.day),
        month=formats.date_name(workshop.day, "MMMM", lang),
        year=str(workshop.day.year),
        hours=_hours(workshop, lang),
        zone=formats.zone_time(workshop.zone.key, lang),
        place=breakable(place),
        address=breakable(address),
        facts=[breakable(each) for each in (later, *_facts(workshop, lang)) if each],
        promises=[
            _.gettext("Es gratis"),
            _.gettext("No necesitas identificación"),
            _.gettext("Con tu apodo basta"),
        ],
        do=_.pgettext(*_CALLS_TO_ACTION[workshop.way]),
        point=_.gettext("Apunta con la cámara o entra a"),
        link=link.partition("://")[2],
        call=_.gettext("O llama al"),
        phone=clean(phone),
        qr_words=_.gettext("Código QR de la página del taller"),
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
    _ = translator(lang)
    is_by_phone = workshop.visibility in _BY_PHONE
    if not workshop.mode.has_venue:
        by_phone = workshop.mode is DeliveryMode.PHONE_BANK
        place = translate(calendar.BY_PHONE if by_phone else calendar.ONLINE, lang)
        if by_phone or not workshop.takes_places:
            return place, "", ""
        if is_by_phone:
            return place, "", _.pgettext("flyer", "Te damos el enlace por teléfono")
        return place, "", _.pgettext("flyer", "Te damos el enlace cuando apartes tu lugar")
    venue = workshop.venue
    if has_secret_place(workshop) or venue is None:
        city = venue.city if venue else workshop.office.city
        area = venue.area if venue else ""
        later = (
            _.pgettext("flyer", "Te damos la dirección por teléfono")
            if is_by_phone
            else _.pgettext("flyer", "Te damos la dirección cuando apartes tu lugar")
        )
        return clean(area or city), clean(city if area else ""), later
    parts = (clean(part) for part in (venue.address, venue.city, venue.region))
    return clean(venue.name), ", ".join(part for part in parts if part), ""


def _facts(workshop: Workshop, lang: str) -> Iterable[str]:
    _ = translator(lang)
    venue = workshop.venue
    if languages := _language_names(workshop.languages, lang):
        yield _.gettext("En %(languages)s", languages=languages)
    if languages := _language_names(workshop.interpretation, lang):
        yield _.gettext("Intérprete si lo pides: %(languages)s", languages=languages)
    features = (
        (_.gettext("También en línea"), workshop.mode is DeliveryMode.HYBRID),
        (_.gettext("Cuidado de niños"), workshop.has_childcare),
        (
            _.gettext("Entrada sin escalones"),
            workshop.mode.has_venue and venue is not None and venue.is_step_free,
        ),
    )
    yield " · ".join(text for text, is_offered in features if is_offered)


def _language_names(codes: Iterable[str], lang: str) -> str:
    """español e inglés · Spanish and English, as within a sentence; empty for none."""
    return formats.within_sentence(formats.language_names(tuple(codes), lang), lang)


def _hours(workshop: Workshop, lang: str) -> str:
    return translator(lang).pgettext(
        "hours on a line of their own",
        "%(first)s a %(last)s",
        first=formats.hour(workshop.starts, lang),
        last=formats.hour(workshop.ends, lang),
    )


def _short(text: str) -> str:
    """Its first sentences, as many as there is room for; of one that is too long, its start."""
    if len(text) <= LONGEST_SUMMARY:
        return breakable(text)
    whole = re.match(rf"(.{{1,{LONGEST_SUMMARY}}}[.!?])\s", text)
    short = whole[1] if whole else text[:LONGEST_SUMMARY].rsplit(" ", 1)[0].rstrip(",;:") + "…"
    return breakable(short)
