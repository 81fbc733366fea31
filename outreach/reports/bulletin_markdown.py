"""The Markdown of bulletins: paragraphs, lists, links, bold and italic.

All other markup, HTML included, stays text. `site` is the URL that is put before paths of this site
where a text is read elsewhere; empty on the site itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A line that has no mark of Markdown, nothing to escape, and begins with a letter.
_is_plain: Final = re.compile(r"[^\W\d_](?:[^\W_]|[ ,.;:¿?¡!()])*(?<! )").fullmatch
_TAGS: Final = {"p", "ul", "ol", "li", "strong", "em", "a", "br"}
_SCHEMES: Final = {"https", "http", "mailto", "tel"}


@dataclass(frozen=True, slots=True)
class TextRun:
    """A part of a paragraph in one style."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: tuple[TextRun, ...]
    is_item: bool = False  # an item of a list

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # here: few processes read a bulletin

    return MarkdownIt("zero", {"html": False}).enable(
        ["emphasis", "entity", "escape", "link", "list", "newline"]
    )


def as_html(markdown: str, site: str = "") -> str:
    """Returns sanitized HTML with the tags of `_TAGS` only."""
    if _is_plain(markdown):  # as most descriptions of workshops: a line of words
        return f"<p>{markdown}</p>\n"
    import nh3

    reader = _reader()
    return nh3.clean(
        reader.renderer.render(_read(markdown, site), reader.options, {}),
        tags=_TAGS,
        attributes={"a": {"href"}},
        set_tag_attribute_values={"ul": {"class": "lista"}, "ol": {"class": "lista"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def as_text(markdown: str, site: str = "") -> str:
    """Returns plain text: one line a paragraph, the URL of a link in parentheses after its text."""
    return "\n".join(_line(each) for each in paragraphs(markdown, site))


def paragraphs(markdown: str, site: str = "") -> list[Paragraph]:
    """Returns the paragraphs and items of lists, for the PDF and the checks."""
    result, is_item = [], False
    for token in _read(markdown, site):
        if token.type == "list_item_open":
            is_item = True
        elif token.type == "list_item_close":
            is_item = False
        elif token.type == "inline":
            result.append(Paragraph(tuple(_runs(token.children or ())), is_item))
    return result


def _read(markdown: str, site: str) -> "list[Token]":
    tokens = _reader().parse(markdown)
    for token in tokens:
        for child in token.children or ():
            href = str(child.attrGet("href") or "")
            if href.startswith("/") and not href.startswith("//"):
                child.attrSet("href", f"{site}{href}")
    return tokens


def _runs(tokens: "Sequence[Token]") -> Iterator[TextRun]:
    bold, italic, address = False, False, ""
    for token in tokens:
        if token.type in {"strong_open", "strong_close"}:
            bold = token.nesting > 0
        elif token.type in {"em_open", "em_close"}:
            italic = token.nesting > 0
        elif token.type == "link_open":
            href = str(token.attrGet("href") or "")
            address = href if href.partition(":")[0].lower() in _SCHEMES else ""
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
