"""QR codes as SVG (ISO/IEC 18004), made by a compiled library (decision 0039)."""

import re
from html import escape
from typing import Final, cast

import zxingcpp

_DARK: Final = re.compile(rb"\x00+")  # modules of a row


def svg(text: str, *, border: int, title: str = "") -> str:
    """The QR code of a text as an SVG of one path, with a border of so many modules; error
    correction M. The standard wants a quiet zone of four modules: with a smaller border, what
    stands around the drawing has to be white. Raises ValueError where the text is too long."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image = code.to_image(scale=1, add_quiet_zones=False)
    modules = bytes(cast("bytes", image))  # a buffer, which its types do not say
    size = image.shape[0]
    path = "".join(
        f"M{border + dark.start()} {border + row}.5h{dark.end() - dark.start()}"
        for row in range(size)
        for dark in _DARK.finditer(modules[row * size : (row + 1) * size])
    )
    side = size + 2 * border
    words = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">{words}'
        f'<path stroke="#000" d="{path}"/></svg>'
    )
