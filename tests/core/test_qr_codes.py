"""QR codes: what a reader reads, and the quiet zone around it."""

import re
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from outreach import qr_codes

TICKET = "https://talleres.example.org/q/" + "A" * 21 + "g"


def list_lines(svg: str) -> Iterator[tuple[int, int, int]]:
    """The column, the row and the length of each line of the path."""
    column = row = 0
    for step, number, more in re.findall(r"([Mmh])(\d+) ?(\d*)", svg.split(' d="')[1]):
        if step == "h":
            yield column, row, int(number)
        column = int(number) if step == "M" else column + int(number)
        row = int(more) if step == "M" else row


def draw(svg: str, scale: int = 4) -> Image.Image:
    """The drawing as a picture on white."""
    found = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert found is not None
    picture = Image.new("L", (int(found[1]) * scale, int(found[2]) * scale), 255)
    pen = ImageDraw.Draw(picture)
    for column, row, width in list_lines(svg):
        x, y = column * scale, row * scale
        pen.rectangle((x, y, x + width * scale - 1, y + scale - 1), fill=0)
    return picture


@pytest.mark.parametrize("text", [TICKET, "otpauth://totp/Red:ana%40example.org?secret=ABC", "ñ"])
def test_a_reader_reads_the_text(text: str) -> None:
    (code,) = zxingcpp.read_barcodes(draw(qr_codes.svg(text, border=4)))
    assert code.text == text
    assert code.ec_level == "M"


def test_the_border_is_white() -> None:
    svg = qr_codes.svg(TICKET, border=2)
    assert 'viewBox="0 0 37 37"' in svg
    lines = list(list_lines(svg))
    assert min(column for column, _, _ in lines) == min(row for _, row, _ in lines) == 2
    assert max(column + width for column, _, width in lines) == 35
    assert max(row for _, row, _ in lines) == 34


def test_the_title_is_escaped() -> None:
    assert "<title>&lt;a&gt;</title>" in qr_codes.svg("x", border=2, title="<a>")


def test_a_text_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ValueError, match="too long"):
        qr_codes.svg("x" * 5000, border=2)
