"""The picture that messengers and social networks show with a link to a workshop (Open Graph)."""

import hashlib
import json
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


def get_version(workshop: Workshop, lang: str) -> str:
    """A short hash of what the picture shows, for its address, which is cached for a year."""
    shown = json.dumps([_DRAWING, _texts(workshop, lang), workshop.kind.colour], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:12]


def picture(workshop: Workshop, lang: str, *, pictogram: str) -> bytes:
    """A PNG of WIDTH × HEIGHT. `pictogram` is that of the kind, the content of an SVG.

    Only for workshops that are listed: the caller answers 404 for others."""
    colour = color_contrast.darken_to_readable(workshop.kind.colour)
    data: dict[str, Any] = _texts(workshop, lang) | {
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


def _texts(workshop: Workshop, lang: str) -> dict[str, str]:
    place, _address, _later = flyer_text.get_place(workshop, lang)
    venue = workshop.venue
    at = venue or workshop.office
    city = city_names.localize(at.city, at.region, lang)
    where = place if not venue or city in place else f"{place}, {city}"
    hours = formats.hours(workshop.starts, workshop.ends, lang)
    is_free = translator(lang).gettext("Es gratis")
    return {
        "title": clean(say(workshop.title, lang)),
        "kind": clean(say(workshop.kind.short_name, lang)),
        "weekday": formats.date_name(workshop.day, "EEEE", lang),
        "day": str(workshop.day.day),
        "month": formats.date_name(workshop.day, "MMMM", lang),
        "when": f"{hours} · {is_free}",
        "where": where,
        "host": clean(say(workshop.office.name, lang)),
    }
