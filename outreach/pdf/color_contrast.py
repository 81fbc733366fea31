"""Colours on paper: whether a text of one can be read on another (WCAG 2.2, 1.4.3)."""

from typing import Final

WHITE: Final = "#ffffff"
INK: Final = "#191b28"
SOFT: Final = "#4b4f61"
PALE: Final = "#eef0f6"  # the box around a square to read
YELLOW: Final = "#ffc43d"
BLACK: Final = "#000000"
INDIGO: Final = "#2b2d7e"  # of what is not to be told from anything else
ENOUGH: Final = 4.5


def contrast(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str) -> str:
    """The colour itself, or a darker one of its tone that can be read on white and in its box."""
    red, green, blue = _parts(colour)
    while min(contrast(colour, WHITE), contrast(colour, PALE)) < ENOUGH:
        red, green, blue = (int(part * 0.94) for part in (red, green, blue))
        colour = f"#{red:02x}{green:02x}{blue:02x}"
    return colour


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
