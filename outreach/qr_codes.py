"""QR codes as SVG (ISO/IEC 18004), made by a compiled library (decision 0039)."""

import re
from html import escape
from typing import Final, cast

import zxingcpp

_RUNS: Final = re.compile(rb"\x00+|\xff+")  # dark and light modules of a row
_MOST_MODULES: Final = 177  # in a row (version 40)
# A run as a step of a path: a line, or a move without one.
_STEPS: Final = {
    **{b"\x00" * count: f"h{count}" for count in range(1, _MOST_MODULES + 1)},
    **{b"\xff" * count: f"m{count} 0" for count in range(1, _MOST_MODULES + 1)},
}


def svg(text: str, *, border: int, title: str = "") -> str:
    """The QR code of a text as an SVG of one path, with a border of so many modules; error
    correction M. The standard wants a quiet zone of four modules: with a smaller border, what
    stands around the drawing has to be white. Raises ValueError where the text is too long."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = code.to_image(scale=1, add_quiet_zones=False)
    modules = bytes(cast("bytes", image))  # a buffer, which its types do not say
    size = image.shape[0]
    rows = (modules[start : start + size] for start in range(0, size * size, size))
    path = "".join(
        f"M{border} {number}.5" + "".join(map(_STEPS.__getitem__, _RUNS.findall(row)))
        for number, row in enumerate(rows, start=border)
    )
    side = size + 2 * border
    words = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{words}'
        f'<path stroke="#000" d="{path}"/></svg>'
    )
