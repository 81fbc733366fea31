"""What one reads of a page, for the scale of `outreach/reports/readability.py`."""

import re
from html.parser import HTMLParser
from typing import Final

from outreach.reports.readability import EASY, Readability, hardest_sentence, readability, syllables

__all__ = ["EASY", "Readability", "hardest_sentence", "readability", "seen", "syllables"]

# What the page says to programs, or what is no text: a sign, a list of cities to choose from.
_NOT_SEEN: Final = frozenset({"head", "script", "style", "svg", "datalist", "template"})
# What goes on in one line; everything else begins a sentence of its own.
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "em", "i", "mark", "q", "s", "small", "span", "strong", "time", "wbr"}
)


def seen(page: str) -> str:
    """What one reads of a page, each block on a line of its own."""
    reader = _Reader()
    reader.feed(page)
    # Two links in a row are two labels; one within a sentence is part of it.
    text = re.sub(r"\0\s*\0", "\n", "".join(reader.parts)).replace("\0", "")
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag in _NOT_SEEN or self._hidden or has.get("aria-hidden") == "true":
            if tag not in {"input", "br", "img", "link", "meta", "hr", "path", "rect"}:
                self._hidden.append(tag)
        elif tag == "a":
            self.parts.append("\0")
        elif tag not in _INLINE:
            self.parts.append("\n")
        elif "muted" in (has.get("class") or ""):
            self.parts.append("\n")  # a line of its own, by its look

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        elif tag == "a" and not self._hidden:
            self.parts.append("\0")
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
