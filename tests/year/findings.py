"""What is looked at in every answer, letter and text of the year, and what was found wrong."""

import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Final

from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.year.browser import Page

MAX_SHOWN: Final = 40
_HIDDEN: Final = re.compile(r"<(script|style|svg|template)\b.*?</\1>", re.DOTALL)
_BLOCK: Final = re.compile(
    r"</?(?:p|div|li|ul|ol|h[1-6]|section|nav|main|header|footer|form|fieldset|legend|label|table|tr"
    r"|td|th|dt|dd|dl|option|select|button|br|hr|article|aside|summary|details|figure|caption|time)"
    r"\b[^>]*>"
)
_TAG: Final = re.compile(r"<[^>]+>")
_SPACES: Final = re.compile(r"[ \t\r\n]+")
# What no reader may ever see, whatever the language.
SLIPS: Final[Mapping[str, re.Pattern[str]]] = {
    "a placeholder": re.compile(r"\{[a-z_]*\}|%\([a-z_]+\)s|%s\b"),
    "None": re.compile(r"\bNone\b(?! for now)|\bundefined\b|\bUndefined\b|<built-in|object at 0x"),
    "a doubled stop": re.compile(r"(?<!\.)\.[ \u00a0]?\.(?!\.)|,,|,\.|;\.|:\.|\?\.|!\."),
    "a space before a stop": re.compile(r"\w[ ][.,](?=\s|$)"),
    "empty brackets": re.compile(r"\(\s*\)|«\s*»|“\s*”"),
}
DOUBLED_SPACE: Final = re.compile(r"\S  +\S")
_OF_SPANISH: Final = re.compile(r"[¿¡]")


def read_words(text: str) -> Iterator[str]:
    """The visible words of a page, a line for each block."""
    plain = _BLOCK.sub("\n", _HIDDEN.sub(" ", text))
    for line in _TAG.sub("", plain).split("\n"):
        words = _SPACES.sub(" ", unescape(line)).strip()
        if words:
            yield words


@dataclass
class Finding:
    day: datetime
    where: str
    what: str
    words: str
    count: int = 1

    def __str__(self) -> str:
        more = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.day:%Y-%m-%d %H:%M} {self.where}: {self.what}: {self.words[:300]!r}{more}"


@dataclass
class Findings:
    """All that is wrong, each kind once with how often."""

    app: Flask
    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)  # by method and rule
    now: datetime = datetime(1, 1, 1, tzinfo=UTC)

    def add(self, where: str, what: str, words: str = "") -> None:
        key = where, what, re.sub(r"[0-9A-Z]{3,}|\d+", "#", words)[:60]
        known = self.found.get(key)
        if known is None:
            self.found[key] = Finding(self.now, where, what, words)
        else:
            known.count += 1

    def expect(self, is_so: bool, where: str, what: str, words: str = "") -> None:
        if not is_so:
            self.add(where, what, words)

    def name_rule(self, method: str, path: str) -> str:
        """The pattern of an address, so that what is wrong with one page is said once."""
        try:
            rule, _values = self.app.url_map.bind("localhost").match(
                path.partition("?")[0], method=method, return_rule=True
            )
        except HTTPException:
            return f"{method} {path}"
        return f"{method} {rule.rule}"

    def watch(self, method: str, path: str, page: Page) -> None:
        """Looks at an answer."""
        rule = self.name_rule(method, path)
        self.answers[rule] += 1
        if page.status >= 500:
            self.add(rule, f"answers {page.status}", path)
            return
        if page.answer.mimetype == "text/html" and page.status < 300:
            self.check_lines(rule, read_words(page.text), _lang_of(page))

    def check_lines(self, where: str, lines: Iterable[str], lang: str) -> None:
        for line in lines:
            self.check_words(where, line, lang)

    def check_words(self, where: str, words: str, lang: str) -> None:
        if words.startswith("/api/v1/"):  # the page of the open data writes parts of addresses so
            return
        for what, pattern in SLIPS.items():
            found = pattern.search(words)
            if found is not None:
                start = max(0, found.start() - 60)
                self.add(where, what, words[start : found.end() + 60])
        if lang in {"en", "fr"}:
            found = _OF_SPANISH.search(words)
            if found is not None:
                self.add(where, f"Spanish in {lang}", words[max(0, found.start() - 60) :][:140])

    def report(self) -> str:
        lines = [str(each) for each in self.found.values()]
        return "\n".join([f"{len(lines)} kinds of things are wrong:", *lines[:MAX_SHOWN]])


class LogWatch(logging.Handler):
    """Every error in the log is a finding."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(logging.ERROR)
        self._findings = findings

    def emit(self, record: logging.LogRecord) -> None:
        cause = ""
        if record.exc_info and record.exc_info[2] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            cause = " < ".join(
                f"{f.filename.rpartition('/')[2]}:{f.lineno}" for f in frames[:-6:-1]
            )
        self._findings.add(f"log of {record.name}", record.getMessage().partition(": ")[2], cause)


def _lang_of(page: Page) -> str:
    found = re.search(r'<html[^>]* lang="(\w+)', page.text[:400])
    return found[1] if found else ""
