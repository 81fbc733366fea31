"""The picture that messengers and social networks show with a link to a bulletin (Open Graph)."""

import hashlib
import json
from typing import Any, Final

from outreach import network_profile
from outreach.brand import MIN_CONTRAST_OF_MARKS, contrast
from outreach.domain.text import clean
from outreach.formats import group_digits
from outreach.pdf import color_contrast, typesetting
from outreach.pdf.share_card import HEIGHT, WIDTH
from outreach.reports import bulletin_text
from outreach.reports.bulletin_data import BulletinDocument

__all__ = ["HEIGHT", "WIDTH", "get_version", "picture"]
MAX_NUMBERS: Final = 4  # that fit below the title
_DRAWING: Final = "1"  # changes with the template: the address of a picture changes with it


def get_version(document: BulletinDocument, lang: str) -> str:
    """A short hash of what the picture shows, for its address, which is cached for a year."""
    shown = json.dumps([_DRAWING, _inks(), _texts(document, lang)], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()[:12]


def picture(document: BulletinDocument, lang: str) -> bytes:
    """Draws the picture as a PNG of WIDTH × HEIGHT."""
    data = _texts(document, lang) | {
        "lang": lang,
        "inks": _inks(),
    }
    return typesetting.picture("bulletin_card", data, made_at=document.cut, ppi=72)


def _inks() -> dict[str, str]:
    colours = network_profile.current().brand.light
    is_readable = contrast(colours.accent, colours.main) >= MIN_CONTRAST_OF_MARKS  # large text
    return {
        "ink": color_contrast.INK,
        "soft": color_contrast.SOFT,
        "yellow": colours.accent if is_readable else color_contrast.WHITE,
        "indigo": colours.main,
        "white": color_contrast.WHITE,
    }


def _texts(document: BulletinDocument, lang: str) -> dict[str, Any]:
    bulletin = bulletin_text.localize_bulletin(document, lang, "")
    return {
        "title": clean(bulletin.title),
        "kicker": bulletin.kicker,
        "total": group_digits(document.total, lang),
        "notes": bulletin.notes[:1],
        "numbers": [
            {"number": each.number, "about": clean(each.about)}
            for each in bulletin.numbers[:MAX_NUMBERS]
        ],
    }
