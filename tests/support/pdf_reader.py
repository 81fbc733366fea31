"""Reads a PDF as a screen reader, a phone's camera or a printer does.

`faults` checks the rules of PDF/UA-1 (ISO 14289-1) that a program can check."""

import io
import re
from collections.abc import Iterator
from typing import Any, Final

import pikepdf
import zxingcpp
from PIL import Image, ImageDraw
from pypdf import PdfReader

_SCALE: Final = 4  # pixels for a point, of a square drawn from a PDF
_PAINTS: Final = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "Tj", "TJ", "'", '"', "Do", "sh"}


def words_of(body: bytes) -> str:
    """The words of a PDF in reading order, separated by single spaces."""
    return " ".join(" ".join(pages_of(body)).split())


def pages_of(body: bytes) -> list[str]:
    """The text of each page of a PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(body)).pages]


def squashed(text: str) -> str:
    """The text without spaces, hyphens and other characters of line breaks."""
    return "".join(re.sub("[-\u00ad\u200b]", "", text).split())


def faults(body: bytes, *, lang: str, title: str, pages: int = 1, headings: int = 1) -> list[str]:
    """The violations of PDF/UA-1; empty when the PDF is accessible. `headings` is the number of its
    first-level headings."""
    with pikepdf.open(io.BytesIO(body)) as pdf:
        return [
            *_document(pdf, lang, title, pages),
            *_pages(pdf),
            *_structure(pdf, headings),
            *_contents(pdf),
        ]


def _document(pdf: Any, lang: str, title: str, pages: int) -> Iterator[str]:
    root = pdf.Root
    if len(pdf.pages) != pages:
        yield f"{len(pdf.pages)} pages"
    if str(root.get("/Lang", "")) != lang:
        yield f"its language is {root.get('/Lang')}"
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "it is not tagged"
    if root.get("/MarkInfo", {}).get("/Suspects"):
        yield "its tags are suspect"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "its title is not shown"
    if "/AcroForm" in root or "/OpenAction" in root or "/AA" in root or "/JavaScript" in root:
        yield "it does something"
    about = pdf.open_metadata()
    if about.get("pdfuaid:part") != "1":
        yield "it does not say that it is PDF/UA-1"
    if about.get("dc:title") != title:
        yield f"its title is {about.get('dc:title')}"


def _pages(pdf: Any) -> Iterator[str]:
    for page in pdf.pages:
        if "/Annots" in page and page.get("/Tabs") != "/S":
            yield "the Tab key goes another way than the text"
        for name, font in page.get("/Resources", {}).get("/Font", {}).items():
            if "/ToUnicode" not in font:
                yield f"what {name} says cannot be read"
            for each in font.get("/DescendantFonts", [font]):
                if not {"/FontFile2", "/FontFile3"} & set(each.FontDescriptor.keys()):
                    yield f"the font {name} is not in it"


def _structure(pdf: Any, headings: int) -> Iterator[str]:
    if "/StructTreeRoot" not in pdf.Root:
        yield "it has no structure"
        return
    elements = list(_elements(pdf.Root.StructTreeRoot.K))
    kinds = [str(each.S) for each in elements]
    if kinds.count("/H1") != headings:
        yield f"{kinds.count('/H1')} first headings"
    for each, kind in zip(elements, kinds, strict=True):
        if kind in {"/Figure", "/Formula"} and not str(each.get("/Alt", "")).strip():
            yield "a figure says nothing"
        if kind == "/TH" and not any("/Scope" in had for had in _attributes(each)):
            yield "a heading of a table has no scope"
        if kind == "/TR" and not _kinds_within(each) <= {"/TH", "/TD"}:
            yield "a row has what is no cell"
        if kind == "/Table" and not _kinds_within(each) <= {"/THead", "/TBody", "/TFoot", "/TR"}:
            yield "a table has what is no row"


def _contents(pdf: Any) -> Iterator[str]:
    """Painted content that is neither part of the structure nor marked as decoration."""
    for page in pdf.pages:
        marked: list[str] = []
        for operands, name in _instructions(page):
            if name in {"BMC", "BDC"}:
                has_id = name == "BDC" and "/MCID" in operands[1]
                marked.append("real" if has_id else str(operands[0]))
            elif name == "EMC":
                marked.pop()
            elif name in _PAINTS and not {"real", "/Artifact"} & set(marked):
                yield f"{name} paints what has no tag"


def _instructions(page: Any) -> Iterator[tuple[Any, str]]:
    """The operators of the page's content stream, with their operands."""
    for each in pikepdf.parse_content_stream(page):
        yield each.operands, str(each.operator)


def _elements(kids: Any) -> Iterator[Any]:
    for each in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(each, pikepdf.Dictionary) and "/S" in each:
            yield each
            yield from _elements(each.get("/K", pikepdf.Array()))


def _kinds_within(element: Any) -> set[str]:
    kids = element.get("/K", pikepdf.Array())
    each = kids if isinstance(kids, pikepdf.Array) else [kids]
    return {str(kid.S) for kid in each if isinstance(kid, pikepdf.Dictionary) and "/S" in kid}


def _attributes(element: Any) -> list[Any]:
    had = element.get("/A", pikepdf.Array())
    return list(had) if isinstance(had, pikepdf.Array) else [had]


def read_square(picture: bytes) -> list[str]:
    """The texts of the barcodes in a PNG."""
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)))]


def read_square_of_pdf(body: bytes) -> list[str]:
    """The texts of the barcodes in a PDF, rendered from its vector lines."""
    with pikepdf.open(io.BytesIO(body)) as pdf:
        page = pdf.pages[0]
        _x, _y, width, height = (float(each) for each in page.MediaBox)
        sheet = Image.new("L", (round(width * _SCALE), round(height * _SCALE)), 255)
        for (x1, y1), (x2, y2), thick in _strokes(page):
            half = thick / 2  # they are level: squares of the code, beside each other
            box = (x1, height - y1 - half, x2, height - y1 + half)
            if y1 == y2:
                ImageDraw.Draw(sheet).rectangle([round(edge * _SCALE) for edge in box], fill=0)
    return [found.text for found in zxingcpp.read_barcodes(sheet)]


Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]


def _strokes(page: Any) -> Iterator[tuple[Point, Point, float]]:
    """The straight lines of a page with their width in points."""
    matrix: Matrix = (1, 0, 0, 1, 0, 0)
    kept: list[tuple[Matrix, float]] = []
    thick, path, here = 1.0, [], (0.0, 0.0)
    for operands, name in _instructions(page):
        numbers = [float(each) for each in operands] if name in {"cm", "w", "m", "l"} else []
        if name == "q":
            kept.append((matrix, thick))
        elif name == "Q":
            matrix, thick = kept.pop()
        elif name == "cm":
            matrix = _product(numbers, matrix)
        elif name == "w":
            thick = numbers[0]
        elif name == "m":
            here = _placed(numbers, matrix)
        elif name == "l":
            there = _placed(numbers, matrix)
            path.append((here, there, thick * abs(matrix[3])))
            here = there
        elif name in {"S", "B", "n", "f"}:
            if name in {"S", "B"}:
                yield from path
            path = []


def _product(one: list[float], other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    a2, b2, c2, d2, e2, f2 = other
    return (
        a * a2 + b * c2, a * b2 + b * d2, c * a2 + d * c2, c * b2 + d * d2,
        e * a2 + f * c2 + e2, e * b2 + f * d2 + f2,
    )  # fmt: skip


def _placed(point: list[float], matrix: Matrix) -> Point:
    x, y = point
    a, b, c, d, e, f = matrix
    return round(x * a + y * c + e, 3), round(x * b + y * d + f, 3)
