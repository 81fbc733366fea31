"""The text of a flyer, in the language of the flyer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from outreach import formats
from outreach.domain.locations import city_names
from outreach.domain.network.kinds import Visibility, Way
from outreach.domain.text import clean
from outreach.domain.workshops import DeliveryMode, Workshop, verify_codes
from outreach.feeds import labels as calendar
from outreach.i18n import NP_, say, translate, translator

MAX_SUMMARY_LENGTH: Final = 180
_MAX_WORD_LENGTH: Final = 24  # longer ones are no words of our languages: break them anywhere
_SOFT_HYPHEN: Final = "\u00ad"
_BY_PHONE: Final = (Visibility.PHONE_ONLY, Visibility.APPROVED)

_CALLS_TO_ACTION: Final = {
    Way.PLACE: NP_("flyer", "Aparta tu lugar"),
    Way.SLOTS: NP_("flyer", "Elige tu hora"),
    Way.OPEN: NP_("flyer", "Llega sin cita"),
    Way.PHONE: NP_("flyer", "Llámanos"),
    Way.UNLISTED: NP_("flyer", "Aparta tu lugar"),
}
_ENTER: Final = NP_("flyer", "Entra sin apartar")


@dataclass(frozen=True, kw_only=True)
class FlyerText:
    lang: str
    name: str  # title of the document; neutral for a discreet workshop
    kicker: str
    title: str
    summary: str
    draft: str  # notice of a draft; otherwise empty
    weekday: str
    day: str
    month: str
    year: str  # printed because a flyer may stay on a wall for long
    hours: str
    zone: str
    place: str  # a venue, an area, or "online"
    address: str
    facts: list[str]
    promises: list[str]
    do: str
    point: str
    link: str  # without the scheme
    call: str
    phone: str
    qr_words: str
    code: str  # to compare with; empty for workshops that are not listed


def has_secret_place(workshop: Workshop) -> bool:
    """Whether the flyer must not show the address. Always true for a discreet kind, even if its
    address is public elsewhere."""
    return workshop.has_secret_address or workshop.is_discreet


def is_neutral(workshop: Workshop) -> bool:
    """Whether even the title must be hidden: the workshop is discreet and unlisted."""
    return workshop.is_discreet and workshop.way is Way.UNLISTED


def make_text(workshop: Workshop, lang: str, *, link: str, phone: str) -> FlyerText:
    """Returns the text of the flyer of a workshop. `link` is the URL of its page."""
    _ = translator(lang)
    neutral = say(workshop.kind.neutral_title, lang) or translate(calendar.NEUTRAL, lang)
    title = clean(say(workshop.title, lang)) or translate(calendar.NEUTRAL, lang)
    place, address, later = get_place(workshop, lang)
    code = verify_codes.make(workshop)
    return FlyerText(
        lang=lang,
        name=neutral if workshop.is_discreet else title,
        kicker=_.gettext("Gratis y en confianza")
        if workshop.is_discreet
        else _.gettext("Taller gratis"),
        title=add_soft_hyphens(neutral if is_neutral(workshop) else title),
        summary="" if workshop.is_discreet else _shorten(clean(say(workshop.summary, lang))),
        draft=_.gettext("Borrador: todavía no se reparte") if workshop.status == "draft" else "",
        weekday=formats.date_name(workshop.day, "EEEE", lang),
        day=str(workshop.day.day),
        month=formats.date_name(workshop.day, "MMMM", lang),
        year=str(workshop.day.year),
        hours=hours(workshop, lang),
        zone=formats.zone_name(workshop.zone, workshop.day, lang),
        place=add_soft_hyphens(place),
        address=add_soft_hyphens(address),
        facts=[
            add_soft_hyphens(each)
            for each in (later, *_facts(workshop, lang), _host(workshop, lang))
            if each
        ],
        promises=[
            _.gettext("Es gratis"),
            _.gettext("No necesitas identificación"),
            _.gettext("Con tu apodo basta"),
        ],
        do=_.pgettext(*_choose_call(workshop)),
        point=_.gettext("Apunta con la cámara o entra a"),
        link=link.partition("://")[2],
        call=_.gettext("O llama al"),
        phone=clean(phone),
        qr_words=_.gettext("Código QR de la página del taller"),
        code=code and _.gettext("Código: %(code)s", code=code),
    )


def _choose_call(workshop: Workshop) -> tuple[str, str]:
    is_open_online = workshop.way is Way.OPEN and not workshop.mode.has_venue
    return _ENTER if is_open_online else _CALLS_TO_ACTION[workshop.way]


def add_soft_hyphens(text: str) -> str:
    """Returns the text with soft hyphens in words that are too long for a line."""
    return re.sub(
        rf"\S{{{_MAX_WORD_LENGTH + 1},}}",
        lambda match: _SOFT_HYPHEN.join(re.findall(r".{1,12}", match[0])),
        text,
    )


def get_place(workshop: Workshop, lang: str) -> tuple[str, str, str]:
    """Returns the place, its address, and how people get the address or link if it is hidden."""
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
        at = venue or workshop.office
        city = city_names.localize(at.city, at.region, lang)
        area = venue.area if venue else ""
        later = (
            _.pgettext("flyer", "Te damos la dirección por teléfono")
            if is_by_phone
            else _.pgettext("flyer", "Te damos la dirección cuando apartes tu lugar")
        )
        return clean(area or city), clean(city if area else ""), later
    city = city_names.with_region(venue.city, venue.region, lang)
    parts = (clean(part) for part in (venue.address, city))
    return clean(venue.name), ", ".join(part for part in parts if part), ""


def _host(workshop: Workshop, lang: str) -> str:
    """Returns who invites, with the full name; empty for a discreet workshop."""
    if workshop.is_discreet or workshop.kind.is_discreet:
        return ""
    host = clean(say(workshop.office.name, lang))
    return translator(lang).gettext("Te invita: %(host)s", host=host)


def _facts(workshop: Workshop, lang: str) -> Iterable[str]:
    _ = translator(lang)
    venue = workshop.venue
    if languages := language_names(workshop.languages, lang):
        yield _.gettext("En %(languages)s", languages=languages)
    if languages := language_names(workshop.interpretation, lang):
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


def language_names(codes: Iterable[str], lang: str) -> str:
    """Returns «español e inglés» or "Spanish and English", as in a sentence; empty for no codes."""
    return formats.within_sentence(formats.language_names(tuple(codes), lang), lang)


def hours(workshop: Workshop, lang: str) -> str:
    return translator(lang).pgettext(
        "hours on a line of their own",
        "%(first)s a %(last)s",
        first=formats.hour(workshop.starts, lang),
        last=formats.hour(workshop.ends, lang),
    )


def _shorten(text: str) -> str:
    """Returns the sentences that fit in `MAX_SUMMARY_LENGTH`, or the start of the first one."""
    if len(text) <= MAX_SUMMARY_LENGTH:
        return add_soft_hyphens(text)
    sentences = re.match(rf"(.{{1,{MAX_SUMMARY_LENGTH}}}[.!?])\s", text)
    if sentences:
        return add_soft_hyphens(sentences[1])
    start = text[:MAX_SUMMARY_LENGTH].rsplit(" ", 1)[0].rstrip(",;:")
    return add_soft_hyphens(f"{start}…")
