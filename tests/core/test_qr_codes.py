"""QR codes: what a reader reads, and the quiet zone around it."""

import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from outreach import qr_codes

TICKET = "https://talleres.example.org/q/" + "A" * 21 + "g"


def draw(svg: str, scale: int = 4) -> Image.Image:
    """The drawing as a picture on white."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found is not None
    picture = Image.new("L", (int(found[1]) * scale, int(found[2]) * scale), 255)
    pen = ImageDraw.Draw(picture)
    for left, top, width in re.findall(r"M(\d+) (\d+)\.5h(\d+)", svg):
        x, y = int(left) * scale, int(top) * scale
        pen.rectangle((x, y, x + int(width) * scale - 1, y + scale - 1), fill=0)
    return picture


@pytest.mark.parametrize("text", [TICKET, "otpauth://totp/Red:ana%40example.org?secret=ABC", "ñ"])
def test_a_reader_reads_the_text(text: str) -> None:
    (code,) = zxingcpp.read_barcodes(draw(qr_codes.svg(text, border=4)))
    assert code.text == text
    assert code.ec_level == "M"


def test_the_border_is_white() -> None:
    svg = qr_codes.svg(TICKET, border=2)
    assert 'viewBox="0 0 37 37"' in svg
    columns = [(int(x), int(x) + int(n)) for x, n in re.findall(r"M(\d+) \d+\.5h(\d+)", svg)]
    assert min(left for left, _ in columns) == 2
    assert max(right for _, right in columns) == 35


def test_the_title_is_escaped() -> None:
    assert "<title>&lt;a&gt;</title>" in qr_codes.svg("x", border=2, title="<a>")


def test_a_text_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_codes.svg("x" * 5000, border=2)
