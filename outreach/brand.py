"""The brand of a network: its colours, checked for contrast (WCAG 2.2, 1.4.3), and its sign."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final
from xml.etree import ElementTree as ET

from defusedxml import ElementTree as SafeXml
from defusedxml.common import DefusedXmlException

MIN_CONTRAST: Final = 4.5  # for text
MIN_CONTRAST_OF_MARKS: Final = 3.0  # for lines and rings (WCAG 2.2, 1.4.11)
MAX_SIGN_BYTES: Final = 8_000
COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
# What the main colour stands on, of `tokens.css`: paper, ground and hollow.
_LIGHT_GROUNDS: Final = ("#ffffff", "#f3f4f8", "#eceef4")
_DARK_GROUNDS: Final = ("#1b1e2b", "#11131c", "#262a3a")
_TINT: Final = 0.09  # how much of the main colour is in its tint
_DARK_TINT: Final = 0.16
_DEEPER: Final = 0.25  # how much black (in the dark: white) is in the main colour under a pointer
_SVG: Final = "{http://www.w3.org/2000/svg}"
_SHAPES: Final = frozenset(
    {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title"}
)
_ATTRIBUTES: Final = frozenset(
    [
        "viewBox",
        "width",
        "height",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "d",
        "points",
        "fill",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "opacity",
        "fill-opacity",
        "stroke-opacity",
        "transform",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours as #rrggbb, and what stands on each."""

    main: str  # for links, buttons and large numbers
    on_main: str
    accent: str  # for marks, and for the button that matters most
    on_accent: str
    header: str
    on_header: str


LIGHT: Final = Palette(
    main="#2b2d7e",
    on_main="#ffffff",
    accent="#ffc43d",
    on_accent="#191b28",
    header="#2b2d7e",
    on_header="#ffffff",
)
DARK: Final = Palette(
    main="#b4baff",
    on_main="#11131c",
    accent="#ffc43d",
    on_accent="#191b28",
    header="#1f2158",
    on_header="#ffffff",
)
COLOUR_NAMES: Final = tuple(each.name for each in fields(Palette))


@dataclass(frozen=True, kw_only=True)
class Brand:
    light: Palette = LIGHT
    dark: Palette = DARK
    sign: str = field(repr=False, default="")  # an SVG; empty: that of the program
    # By language, below the name in the header of pages that are of no office.
    header: Mapping[str, str] = field(hash=False, default_factory=dict)

    @property
    def has_own_colours(self) -> bool:
        return (self.light, self.dark) != (LIGHT, DARK)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 (same colour) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def derive(main: str) -> tuple[Palette, Palette]:
    """Palettes for light and dark of one colour, with the accent of the program."""
    light = replace(LIGHT, main=main, header=main)
    bright = main
    while min(contrast(bright, each) for each in _DARK_GROUNDS) < 2 * MIN_CONTRAST:
        bright = _mix("#ffffff", bright, 0.1)
    return light, replace(DARK, main=bright, header=main)


def find_contrast_faults(palette: Palette, *, is_dark: bool) -> Iterator[tuple[str, str]]:
    """The colours of a palette that cannot be read: the name of each, and a sentence."""
    grounds = _DARK_GROUNDS if is_dark else _LIGHT_GROUNDS
    tint, deep = _derive(palette, is_dark=is_dark)
    pairs = [
        *(("main", palette.main, each, f"the background {each}") for each in (*grounds, tint)),
        ("on_main", palette.on_main, palette.main, "main"),
        ("on_main", palette.on_main, deep, f"{deep}, main under a pointer"),
        ("on_accent", palette.on_accent, palette.accent, "accent"),
        ("on_header", palette.on_header, palette.header, "header"),
    ]
    for name, one, other, words in pairs:
        if (found := contrast(one, other)) < MIN_CONTRAST:
            yield name, f"has a contrast of {found:.1f} with {words}; 4.5 are needed"
    if (found := contrast(palette.accent, palette.header)) < MIN_CONTRAST_OF_MARKS:
        yield "accent", f"has a contrast of {found:.1f} with header; 3 are needed"


def write_style_sheet(brand: Brand) -> str:
    """The custom properties of `tokens.css` that the brand sets."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in _tokens(each, is_dark=is_dark).items())
        for each, is_dark in ((brand.light, False), (brand.dark, True))
    )
    # Not on paper, whose colours are those of `print.css`.
    in_the_dark = "@media screen and (prefers-color-scheme: dark)"
    return f"@media screen{{:root{{{light}}}}}\n{in_the_dark}{{:root{{{dark}}}}}\n"


def find_sign_faults(text: str) -> Iterator[str]:
    """Returns why an SVG is no sign that pages may show: a sentence a fault. Only shapes and their
    plain attributes pass, so there is no script, no link, no style and no reference."""
    if len(text.encode()) > MAX_SIGN_BYTES:
        yield f"has more than {MAX_SIGN_BYTES} bytes"
        return
    try:
        root = SafeXml.fromstring(text, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, ValueError):
        yield "is no SVG that can be read"
        return
    if root.tag != f"{_SVG}svg":
        yield 'has to begin with <svg xmlns="http://www.w3.org/2000/svg">'
        return
    if not re.fullmatch(r"0 0 [0-9.]{1,6} [0-9.]{1,6}", root.get("viewBox", "")):
        yield 'needs a viewBox, as "0 0 34 34"'
    refused = {
        *(f"<{_bare(each.tag)}>" for each in root.iter() if not _is_shape(each.tag)),
        *(
            f"the attribute {_bare(name)}"
            for each in root.iter()
            for name in each.attrib
            if name not in _ATTRIBUTES
        ),
        *(
            f"url() in {name}"
            for each in root.iter()
            for name, value in each.items()
            if "url" in value.lower()
        ),
    }
    for what in sorted(refused):
        yield f"must not have {what}; only plain shapes are shown"


def _is_shape(tag: object) -> bool:
    return isinstance(tag, str) and tag.startswith(_SVG) and tag.removeprefix(_SVG) in _SHAPES


def _bare(name: object) -> str:
    return str(name).rpartition("}")[2]


def _tokens(palette: Palette, *, is_dark: bool) -> Mapping[str, str]:
    tint, deep = _derive(palette, is_dark=is_dark)
    return {
        "indigo": palette.main,
        "indigo-deep": deep,
        "indigo-tint": tint,
        "on-indigo": palette.on_main,
        "link": palette.main,
        "marigold": palette.accent,
        "on-marigold": palette.on_accent,
        "header": palette.header,
        "on-header": palette.on_header,
    }


def _derive(palette: Palette, *, is_dark: bool) -> tuple[str, str]:
    """The tint of the main colour, and the main colour under a pointer."""
    if is_dark:
        tint = _mix(palette.main, _DARK_GROUNDS[0], _DARK_TINT)
        return tint, _mix("#ffffff", palette.main, _DEEPER)
    return _mix(palette.main, "#ffffff", _TINT), _mix("#000000", palette.main, _DEEPER)


def _mix(one: str, other: str, share: float) -> str:
    """The colour with this share of the first."""
    parts = zip(_parts(one), _parts(other), strict=True)
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in parts)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
