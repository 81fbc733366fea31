"""The readable text of an HTML page, for the scale of `outreach/reports/readability.py`."""

import re
from html.parser import HTMLParser
from typing import Final

from outreach.reports.readability import EASY, Readability, hardest_sentence, readability, syllables

__all__ = ["EASY", "Readability", "hardest_sentence", "readability", "seen", "syllables"]

# Elements for programs, or without running text: icons, lists of cities to choose from.
_NOT_SEEN: Final = frozenset({"head", "script", "style", "svg", "datalist", "template"})
# Elements within a sentence; all others begin a new one.
_INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "em", "i", "mark", "q", "s", "small", "span", "strong", "time", "wbr"}
)


def seen(page: str) -> str:
    """The text that a person reads, with each block on its own line."""
    reader = _Reader()
    reader.feed(page)
    # Two adjacent links are two labels; a link within a sentence is part of it.
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
            self.parts.append("\n")  # CSS shows it on its own line

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
