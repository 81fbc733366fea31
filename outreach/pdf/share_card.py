"""The picture that messengers and social networks show with a link to a workshop (Open Graph)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from outreach import formats
from outreach.domain.locations import city_names
from outreach.domain.text import clean
from outreach.domain.workshops import Workshop
from outreach.i18n import say, translator
from outreach.pdf import color_contrast, flyer_text, typesetting
from outreach.pdf.flyer import pictogram_svg

WIDTH: Final = 1200
HEIGHT: Final = 630
_DRAWING: Final = "1"  # changes with the template: the address of a picture changes with it


@dataclass(frozen=True)
class CoarseTexts:
    """What a picture that is pushed to other sites says in place of title and venue (S39)."""

    title: str
    where: str


def get_version(workshop: Workshop, lang: str, coarse: CoarseTexts | None = None) -> str:
    """A short hash of what the picture shows, for its address, which is cached for a year."""
    texts = _texts(workshop, lang, coarse)
    shown = json.dumps([_DRAWING, texts, workshop.kind.colour], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:12]


def picture(
    workshop: Workshop, lang: str, *, pictogram: str, coarse: CoarseTexts | None = None
) -> bytes:
    """Draws the picture as a PNG of WIDTH × HEIGHT. `pictogram` is that of the kind, the content of
    an SVG.

    Only listed workshops have one: the caller answers 404 for others.
    """
    colour = color_contrast.darken_to_readable(workshop.kind.colour)
    data: dict[str, Any] = _texts(workshop, lang, coarse) | {
        "lang": lang,
        "colour": colour,
        "sign": pictogram_svg(pictogram, colour),
        "inks": {
            "ink": color_contrast.INK,
            "soft": color_contrast.SOFT,
            "yellow": color_contrast.YELLOW,
            "white": color_contrast.WHITE,
        },
    }
    made_at = workshop.changed_at.replace(microsecond=0)
    return typesetting.picture("share_card", data, made_at=made_at, ppi=72)


def _texts(workshop: Workshop, lang: str, coarse: CoarseTexts | None) -> dict[str, str]:
    place, _address, _later = flyer_text.get_place(workshop, lang)
    venue = workshop.venue
    at = venue or workshop.office
    city = city_names.localize(at.city, at.region, lang)
    where = place if not venue or city in place else f"{place}, {city}"
    title = clean(say(workshop.title, lang))
    if coarse is not None:
        title, where = coarse.title, coarse.where
    hours = formats.hours(workshop.starts, workshop.ends, lang)
    if workshop.mode.is_from_anywhere:
        hours += f", {formats.zone_name(workshop.zone, workshop.day, lang)}"
    is_free = translator(lang).gettext("Es gratis")
    return {
        "title": title,
        "kind": clean(say(workshop.kind.short_name, lang)),
        "weekday": formats.date_name(workshop.day, "EEEE", lang),
        "day": str(workshop.day.day),
        "month": formats.date_name(workshop.day, "MMMM", lang),
        "when": f"{hours} · {is_free}",
        "where": where,
        "host": clean(say(workshop.office.name, lang)),
    }
