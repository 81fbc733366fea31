"""Colours of the PDFs and their contrast (WCAG 2.2, 1.4.3)."""

from typing import Final

from outreach.brand import MIN_CONTRAST, contrast

WHITE: Final = "#ffffff"
INK: Final = "#191b28"
SOFT: Final = "#4b4f61"
PALE: Final = "#eef0f6"  # the box around the QR code
YELLOW: Final = "#ffc43d"
BLACK: Final = "#000000"
INDIGO: Final = "#2b2d7e"  # neutral colour of discreet workshops


def darken_to_readable(colour: str) -> str:
    """Returns the colour, darkened until its contrast with `WHITE` and `PALE` is sufficient."""
    red, green, blue = _parts(colour)
    while min(contrast(colour, WHITE), contrast(colour, PALE)) < MIN_CONTRAST:
        red, green, blue = (int(part * 0.94) for part in (red, green, blue))
        colour = f"#{red:02x}{green:02x}{blue:02x}"
    return colour


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
