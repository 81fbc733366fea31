"""Sparklines: the path of an SVG of LINE_SIZE that shows how a number went, without a scale."""

from collections.abc import Sequence
from typing import Final

LINE_SIZE: Final = 100.0, 24.0  # width and height


def draw(numbers: Sequence[int]) -> str:
    """Returns the SVG path from zero to the maximum; empty if all are zero."""
    maximum = max(numbers, default=0)
    if not maximum:
        return ""
    width, height = LINE_SIZE
    step = width / max(len(numbers) - 1, 1)
    points = (
        f"{step * index:.1f} {1 + (height - 2) * (1 - number / maximum):.1f}"
        for index, number in enumerate(numbers)
    )
    return "M" + "L".join(points)
