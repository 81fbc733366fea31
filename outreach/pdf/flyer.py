"""Flyers: a sheet for the wall, a square and a tall picture for the phone, in three languages.

Each is one page of the same template at another size, so that they say the same. The text shrinks
until it fits: a flyer that is cut is worth nothing.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

import segno

from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.errors import ErrorCode, Refusal
from outreach.i18n import LOCALES
from outreach.pdf import color_contrast, flyer_text, typesetting

INCH: Final = 72
MM: Final = 72 / 25.4


@dataclass(frozen=True)
class Shape:
    """A size, in points; on a screen a point is a pixel."""

    width: float
    height: float
    em: float  # the measure of everything on it
    edge: float  # in em
    is_tall: bool = False
    is_short: bool = False  # no room for the summary and the promises


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
    """A workshop's flyer, as it is told in one language."""

    text: flyer_text.FlyerText
    colour: str
    pictogram: str  # SVG, 48 by 48, of lines
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
    """`pictogram` is the drawing of its sign, `neutral_pictogram` that of no kind: SVG without its
    frame. `phone` is that of the network, where neither the workshop nor its office has one.
    Raises Refusal as `require_made` does."""
    require_made(workshop)
    link = f"{public_url}/{lang}/t/{workshop.public_id}"
    is_neutral = flyer_text.is_neutral(workshop)
    return Flyer(
        text=flyer_text.tell(
            workshop, lang, link=link, phone=workshop.phone or workshop.office.phone or phone
        ),
        colour=color_contrast.INDIGO
        if is_neutral
        else color_contrast.readable(workshop.kind.colour),
        pictogram=neutral_pictogram if is_neutral else pictogram,
        link=link,
        brand="" if workshop.is_discreet else brand,
        # To the second: a PDF tells no more.
        made_at=workshop.changed_at.replace(microsecond=0),
    )


def require_made(workshop: Workshop) -> None:
    """Raises Refusal where nobody is to be invited any more."""
    if workshop.status in {WorkshopStatus.CANCELLED, WorkshopStatus.NOT_HELD}:
        raise Refusal(ErrorCode.FLYER_OF_CANCELLED)


def pdf(flyer: Flyer, shape: str = LETTER) -> bytes:
    """PDF/UA, one page. The same workshop gives the same bytes."""
    return typesetting.pdf("flyer", _data(flyer, shape), made_at=flyer.made_at)


def picture(flyer: Flyer, shape: str, *, scale: float = 1.0) -> bytes:
    """PNG; on a screen of 1080 by 1080, or 1080 by 1920, unless scaled."""
    data = _data(flyer, shape)
    return typesetting.picture("flyer", data, made_at=flyer.made_at, ppi=72 * scale)


def drawing(flyer: Flyer, shape: str) -> str:
    """SVG that needs no font and no other file, and says its name to who cannot see it."""
    data = _data(flyer, shape)
    svg = _unwrapped(typesetting.drawing("flyer", data, made_at=flyer.made_at))
    if shape not in PAPER:  # a point is a pixel
        svg = re.sub(r'(width|height)="(\d+)pt"', r'\1="\2"', svg, count=2)
    name = f"<title>{escape(flyer.text.name)}</title>"
    return re.sub(r"<svg\b[^>]*>", lambda found: f'{found[0][:-1]} role="img">{name}', svg, count=1)


def sizes(flyer: Flyer, shape: str) -> dict[str, float]:
    """How large its text came out, in points, and how much of the height it fills."""
    data = _data(flyer, shape)
    found: dict[str, float] = typesetting.query("flyer", data, "<sizes>", made_at=flyer.made_at)
    return found


def _data(flyer: Flyer, shape: str) -> dict[str, Any]:
    return asdict(flyer.text) | {
        "region": LOCALES[flyer.text.lang].territory,
        "brand": flyer.brand,
        "colour": flyer.colour,
        "shape": asdict(SHAPES[shape]),
        "sign": _sign(flyer.pictogram, flyer.colour),
        "square": _square(flyer.link),
        "inks": {
            "ink": color_contrast.INK,
            "soft": color_contrast.SOFT,
            "pale": color_contrast.PALE,
            "yellow": color_contrast.YELLOW,
            "white": color_contrast.WHITE,
        },
    }


def _sign(pictogram: str, colour: str) -> str:
    """The pictogram in a colour: of lines, and of areas of the class `ll`."""
    drawn = pictogram.replace('class="solid"', f'fill="{colour}" stroke="none"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" '
        f'stroke="{colour}" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round">'
        f"{drawn}</svg>"
    )


def _square(link: str) -> str:
    """With its quiet margin of four, which readers ask for."""
    code = segno.make(link, micro=False, error="m")
    drawn = code.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None)
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _unwrapped(svg: str) -> str:
    """Puts a drawing within the drawing in the place of one as a file, which not every program
    that draws can open."""
    return _WRAPPED.sub(
        lambda found: (
            f"<g{found[1] or ''}>"
            + base64.b64decode(found[2]).decode().replace("<svg ", f"<svg {found[3]} ", 1)
            + "</g>"
        ),
        svg,
    )


_WRAPPED: Final = re.compile(
    r'<image( transform="[^"]*")? xlink:href="data:image/svg\+xml;base64,([^"]*)"'
    r' (width="[^"]*" height="[^"]*")[^>]*/>'
)
