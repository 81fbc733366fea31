"""Flyers of a workshop: sheets to print, and a square and a tall picture for phones.

All shapes are one page of the same template at different sizes. The template shrinks the text until
it fits.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from outreach import qr_codes
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import get_locale
from outreach.pdf import color_contrast, flyer_text, typesetting

INCH: Final = 72
MM: Final = 72 / 25.4


@dataclass(frozen=True)
class Shape:
    """The size of a flyer in points; in pictures, a point is a pixel."""

    width: float
    height: float
    em: float  # base font size, in points
    edge: float  # margin, in em
    is_tall: bool = False
    is_short: bool = False  # without the summary and the promises


LETTER: Final = "carta"
SHAPES: Final[Mapping[str, Shape]] = {
    LETTER: Shape(8.5 * INCH, 11 * INCH, 13.2, 3.6),
    "a4": Shape(210 * MM, 297 * MM, 13.2, 3.4),
    "cuadrada": Shape(1080, 1080, 24.8, 2.8, is_short=True),
    "vertical": Shape(1080, 1920, 29.5, 2.7, is_tall=True),
}
PAPER: Final = (LETTER, "a4")


@dataclass(frozen=True)
class Flyer:
    """The content of a flyer in one language."""

    text: flyer_text.FlyerText
    colour: str
    pictogram: str  # content of an SVG of 48 by 48
    link: str
    brand: str
    made_at: datetime


def prepare(
    workshop: Workshop,
    lang: str,
    *,
    public_url: str,
    phone: str,
    pictogram: str,
    neutral_pictogram: str,
    brand: str,
) -> Flyer:
    """Returns the flyer of a workshop in `lang`.

    `pictogram` is that of the kind, `neutral_pictogram` is shown for unlisted discreet workshops:
    the content of an SVG, without the `svg` element. `phone` is the number of the network, used if
    neither the workshop nor its office has one. Raises Refusal like `require_flyer`.
    """
    require_flyer(workshop)
    link = f"{public_url}/{lang}/t/{workshop.public_id}"
    is_neutral = flyer_text.is_neutral(workshop)
    return Flyer(
        text=flyer_text.make_text(
            workshop, lang, link=link, phone=workshop.phone or workshop.office.phone or phone
        ),
        colour=color_contrast.INDIGO
        if is_neutral
        else color_contrast.darken_to_readable(workshop.kind.colour),
        pictogram=neutral_pictogram if is_neutral else pictogram,
        link=link,
        brand="" if workshop.is_discreet else brand,
        # PDF dates have a resolution of one second.
        made_at=workshop.changed_at.replace(microsecond=0),
    )


def require_flyer(workshop: Workshop) -> None:
    """Raises Refusal if the workshop is cancelled or was not held."""
    if workshop.status in {WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD}:
        raise Refusal(ErrorCode.FLYER_OF_CANCELLED)


def pdf(flyer: Flyer, shape: str = LETTER) -> bytes:
    """Returns a PDF/UA of one page. The same workshop gives the same bytes."""
    return typesetting.pdf("flyer", _data(flyer, shape), made_at=flyer.made_at)


def picture(flyer: Flyer, shape: str, *, scale: float = 1.0) -> bytes:
    """Returns a PNG with one pixel a point, times `scale`."""
    data = _data(flyer, shape)
    return typesetting.picture("flyer", data, made_at=flyer.made_at, ppi=72 * scale)


def drawing(flyer: Flyer, shape: str) -> str:
    """Returns a self-contained SVG, with glyphs as paths and an accessible name."""
    data = _data(flyer, shape)
    svg = _inline_images(typesetting.drawing("flyer", data, made_at=flyer.made_at))
    if shape not in PAPER:  # pixels instead of points
        svg = re.sub(r'(width|height)="(\d+)pt"', r'\1="\2"', svg, count=2)
    name = f"<title>{escape(flyer.text.name)}</title>"
    return re.sub(r"<svg\b[^>]*>", lambda match: f'{match[0][:-1]} role="img">{name}', svg, count=1)


def sizes(flyer: Flyer, shape: str) -> dict[str, float]:
    """Returns the font sizes after fitting, in points, and the filled fraction of the height."""
    data = _data(flyer, shape)
    result: dict[str, float] = typesetting.query("flyer", data, "<sizes>", made_at=flyer.made_at)
    return result


def _data(flyer: Flyer, shape: str) -> dict[str, Any]:
    return asdict(flyer.text) | {
        "region": get_locale(flyer.text.lang).territory,
        "brand": flyer.brand,
        "colour": flyer.colour,
        "shape": asdict(SHAPES[shape]),
        "sign": pictogram_svg(flyer.pictogram, flyer.colour),
        "square": _qr_svg(flyer.link),
        "inks": {
            "ink": color_contrast.INK,
            "soft": color_contrast.SOFT,
            "pale": color_contrast.PALE,
            "yellow": color_contrast.YELLOW,
            "white": color_contrast.WHITE,
        },
    }


def pictogram_svg(pictogram: str, colour: str) -> str:
    """Returns the pictogram as SVG in a colour: lines, and areas of the class `solid`."""
    drawing = pictogram.replace('class="solid"', f'fill="{colour}" stroke="none"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" '
        f'stroke="{colour}" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round">'
        f"{drawing}</svg>"
    )


def _qr_svg(link: str) -> str:
    """Returns the QR code of a link as SVG, with the quiet zone of four modules that ISO/IEC 18004
    requires."""
    return qr_codes.svg(link, border=4)


def _inline_images(svg: str) -> str:
    """Replaces SVG images in `data:` URLs by nested `svg` elements, which more programs can
    show."""
    return _EMBEDDED_SVG.sub(
        lambda match: (
            f"<g{match[1] or ''}>"
            + base64.b64decode(match[2]).decode().replace("<svg ", f"<svg {match[3]} ", 1)
            + "</g>"
        ),
        svg,
    )


_EMBEDDED_SVG: Final = re.compile(
    r'<image( transform="[^"]*")? xlink:href="data:image/svg\+xml;base64,([^"]*)"'
    r' (width="[^"]*" height="[^"]*")[^>]*/>'
)
