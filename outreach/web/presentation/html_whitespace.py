"""Removes the whitespace of formatted templates when Jinja compiles them, not when a page is made.

A template is indented for those who read it; a page is sent over slow networks. The rules are those
of JSX: a line break next to a tag is left out, a space on the same line is kept, and a line break
in the middle of a text is a space. A space next to a tag of a block, which browsers do not render,
is left out too. Inside `<textarea>`, `<pre>` and `<script>` nothing changes. Only templates named
`*.html` are concerned.
"""

import re
from collections.abc import Iterator
from typing import Final

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

# With the controls, which the style sheets lay out as blocks or in rows of their own.
_BLOCK_TAGS: Final = frozenset(
    """
    article aside body br button caption circle datalist dd details div dl dt fieldset figure footer
    form g h1 h2 h3 h4 head header html input label legend li link main meta nav noscript ol option
    p path rect section select summary svg table tbody td textarea tfoot th thead title tr ul video
    """.split()  # noqa: SIM905 - a list of one name a line is harder to read
)
_VERBATIM_TAGS: Final = frozenset({"pre", "script", "style", "textarea"})
_TAG_START: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)|<!")
_WHITESPACE: Final = re.compile(r"\s+")
_INDENTATION: Final = re.compile(r"\A {2,}")


class CompactHtml(Extension):
    """Jinja extension that removes the whitespace of templates, as the module says."""

    def filter_stream(self, stream: TokenStream) -> TokenStream | Iterator[Token]:
        if not (stream.name or "").endswith(".html"):
            return stream
        return _compact(stream)


def _compact(stream: TokenStream) -> Iterator[Token]:
    reader = _WhitespaceParser()
    previous = ""
    for token in stream:
        if token.type == "data":
            value = reader.compact(token.value, follows_statement=previous == "block_end")
            if value:
                yield Token(token.lineno, "data", value)
        else:
            yield token
        previous = token.type


class _WhitespaceParser:
    """Reads the text of one template, in the pieces between its statements and expressions."""

    def __init__(self) -> None:
        self._tag = ""  # whose attributes are being read
        self._is_end_tag = False
        self._verbatim = ""  # the element whose text is kept as it is

    def compact(self, data: str, *, follows_statement: bool) -> str:
        # Jinja's trim_blocks took the line's end; what is left of the break is indentation.
        if follows_statement and not self._verbatim:
            data = _INDENTATION.sub(" " if self._tag else "", data)
        parts: list[str] = []
        after = ""  # the tag that ended last
        position = 0
        while position < len(data):
            if self._tag:
                end = data.find(">", position)
                parts.append(_within_tag(data[position : end + 1 if end >= 0 else len(data)]))
                if end < 0:
                    break
                position = end + 1
                after = self._close_tag()
                continue
            start = self._next_tag(data, position)
            text = data[position : start.start() if start else len(data)]
            before = (start[2] or "!").lower() if start else ""
            parts.append(text if self._verbatim else _between_tags(text, after, before))
            after = ""
            if start is None:
                break
            self._tag = before
            self._is_end_tag = bool(start[1])
            parts.append(start[0])
            position = start.end()
        return "".join(parts)

    def _next_tag(self, data: str, position: int) -> re.Match[str] | None:
        if self._verbatim:
            return re.compile(rf"<(/)({self._verbatim})").search(data, position)
        return _TAG_START.search(data, position)

    def _close_tag(self) -> str:
        """The name of the tag that has been read."""
        name, self._tag = self._tag, ""
        if name in _VERBATIM_TAGS:
            self._verbatim = "" if self._is_end_tag else name
        return name


def _between_tags(text: str, after: str, before: str) -> str:
    """Returns the text without the whitespace that only formats. `after` and `before` name the tags
    around it, where there is no statement or expression in between."""
    inner = text.strip()
    start = text[: len(text) - len(text.lstrip())]
    end = text[len(text.rstrip()) :] if inner else start
    if after in _BLOCK_TAGS or (after and "\n" in start):
        start = ""
    if before in _BLOCK_TAGS or (before and "\n" in end):
        end = ""
    if not inner:
        return " " if start and end else ""
    return bool(start) * " " + _WHITESPACE.sub(" ", inner) + bool(end) * " "


def _within_tag(text: str) -> str:
    """Puts attributes that stand on lines of their own into one line."""
    return re.sub(r"\s*\n\s*>", ">", re.sub(r"\s*\n\s*(?!>|\s)", " ", text))
