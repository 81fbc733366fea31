"""What people write in a bulletin: a little Markdown. Paragraphs, lists, links, bold and italic;
everything else stays as it was typed, HTML too.

`site` is the address our own paths follow, where a text is read away from the site.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_READER: Final = MarkdownIt("zero", {"html": False}).enable(
    ["emphasis", "entity", "escape", "link", "list", "newline"]
)
_TAGS: Final = {"p", "ul", "ol", "li", "strong", "em", "a", "br"}
_SCHEMES: Final = {"https", "http", "mailto", "tel"}


@dataclass(frozen=True, slots=True)
class TextRun:
    """Some words of a paragraph that look alike."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: tuple[TextRun, ...]
    is_item: bool = False  # of a list

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


def as_html(markdown: str, site: str = "") -> str:
    """For a page: cleaned of everything that could do anything."""
    return nh3.clean(
        _READER.renderer.render(_read(markdown, site), _READER.options, {}),
        tags=_TAGS,
        attributes={"a": {"href"}},
        set_tag_attribute_values={"ul": {"class": "lista"}, "ol": {"class": "lista"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def as_text(markdown: str, site: str = "") -> str:
    """For a message: a line for each paragraph, the address of a link after its words."""
    return "\n".join(_line(each) for each in paragraphs(markdown, site))


def paragraphs(markdown: str, site: str = "") -> list[Paragraph]:
    """For whoever sets it in type."""
    found, is_item = [], False
    for token in _read(markdown, site):
        if token.type == "list_item_open":
            is_item = True
        elif token.type == "list_item_close":
            is_item = False
        elif token.type == "inline":
            found.append(Paragraph(tuple(_runs(token.children or ())), is_item))
    return found


def _read(markdown: str, site: str) -> list[Token]:
    tokens = _READER.parse(markdown)
    for token in tokens:
        for child in token.children or ():
            href = str(child.attrGet("href") or "")
            if href.startswith("/") and not href.startswith("//"):
                child.attrSet("href", f"{site}{href}")
    return tokens


def _runs(tokens: Sequence[Token]) -> Iterator[TextRun]:
    bold, italic, address = False, False, ""
    for token in tokens:
        if token.type in {"strong_open", "strong_close"}:
            bold = token.nesting > 0
        elif token.type in {"em_open", "em_close"}:
            italic = token.nesting > 0
        elif token.type == "link_open":
            wanted = str(token.attrGet("href") or "")
            address = wanted if wanted.partition(":")[0].lower() in _SCHEMES else ""
        elif token.type == "link_close":
            address = ""
        elif token.type in {"softbreak", "hardbreak"}:
            yield TextRun(" ")
        elif token.content:
            yield TextRun(token.content, bold, italic, address)


def _line(paragraph: Paragraph) -> str:
    text = ""
    for run in paragraph.runs:
        shows_address = not run.address or run.address in run.text
        text += run.text if shows_address else f"{run.text} ({run.address})"
    return f"- {text}" if paragraph.is_item else text
