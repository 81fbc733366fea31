"""Finds the words of a page that come from no catalogue: those without an accent of the
pseudo-language."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from outreach.countries import packs
from outreach.domain.locations import holidays, regions
from outreach.domain.network import help_lines
from outreach.network_profile import current
from outreach.translations.catalogues import MARKS

_WORD: Final = re.compile(r"[^\W\d_]{2,}(?:[’'][^\W\d_]+)?")
# Addresses, e-mails, names of files, codes and placeholders are no words.
_NO_WORDS: Final = re.compile(
    r"\b\w+://\S*|[\w.+-]+@[\w.-]+|/[\w/{}.<>?=&-]+|\b[\w-]+\.(?:ics|atom|json|jcal|jscal|csv|pdf|html|svg|"
    r"png|xlsx|py|org|com|gob|gov|mx)\b\S*|[?&]?\b\w+=\S*|\b[0-9A-F]{6,}\b|\b(?=\w*\d)\w+\b|#\w+|"
    # codes of registrations and of incidents, keys of authenticators, names of time zones
    r"\b[A-Z0-9]{3} [A-Z0-9]{3}\b|\b[A-HJ-NP-TV-Z]{3}\b|\b[A-Z]{4}\b|"
    r"\b(?:America|Pacific)/\S+"
)
_HIDDEN: Final = frozenset({"script", "style", "code", "kbd", "samp", "svg", "textarea"})
_SHOWN_ATTRIBUTES: Final = ("aria-label", "alt", "title", "placeholder")
# Names of programs and formats, abbreviations of the trade, values of settings, and each language
# by its own name.
ALLOWED: Final = frozenset(
    re.findall(
        r"\w+",
        "PDF SMS QR GPS RSS Atom JSON jCal JSCalendar OpenAPI CSV csv XLSX xlsx Excel iCal "
        "iCalendar UTC CIAM MCLAP DACA Google Apple Outlook Thunderbird WhatsApp Android iPhone "
        "Signal Telegram Markdown Chrome Firefox español Español English français Français es en "
        "fr ES EN FR qps QPS Outreach API SHA HTML PNG SVG HTTPS GET POST webcal ID localhost "
        "Calendar Feed text ASL LSM CC BY US CA MX consular plain twilio vonage",
    )
)


def names_of_places(cities: Iterable[str]) -> frozenset[str]:
    """The words in names of cities, and of states and provinces."""
    names = [*cities, *(name for each in regions.load_names().values() for name in each.values())]
    return frozenset(
        word for name in (*names, *regions.load_names()) for word in _WORD.findall(name)
    )


def names_of_countries() -> frozenset[str]:
    """The words of the network's countries as they stand in a sentence, which are data."""
    names = [name for pack in current().packs for name in pack.located.values()]
    return frozenset(word for name in names for word in _WORD.findall(name))


def names_of_help_lines() -> frozenset[str]:
    """The words in names of help lines, which are those of others."""
    file = Path(help_lines.__file__).with_suffix(".json")
    names = (row["name"] for row in json.loads(file.read_text(encoding="utf-8")))
    return frozenset(word for name in names for word in _WORD.findall(name))


def names_of_holidays() -> frozenset[str]:
    """The words in names of holidays, which are data."""
    # Holidays of Mexico come from the library and are listed for every region.
    days = (date(2026, 1, 1) + timedelta(days=number) for number in range(11 * 365))
    listed = [
        name
        for day in days
        for each in holidays.list_holidays(day, "US", "IL")
        for name in each.names.values()
    ]
    own = (packs.load(code).holiday_names for code in ("US", "CA", "MX"))
    every = (packs.load_shared_holidays(), *own)
    in_packs = [name for table in every for each in table.values() for name in each.values()]
    names = (*in_packs, *listed)
    return frozenset(word for name in names for word in _WORD.findall(name))


def words(text: str, allowed: frozenset[str]) -> set[str]:
    """The words of a text in Latin letters that are not marked and not allowed."""
    return {
        word
        for word in _WORD.findall(_NO_WORDS.sub(" ", text))
        if re.search("[A-Za-z]", word) and not MARKS & set(word) and word not in allowed
    }


def words_of_page(page: str, allowed: frozenset[str]) -> set[str]:
    """The unmarked words of all text that a page shows or a screen reader reads."""
    return set().union(*(words(text, allowed) for text in _Texts(page).texts), set())


def values_of_calendar(body: str) -> Iterator[str]:
    """The texts of an iCalendar stream."""
    shown = {"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME", "X-WR-CALDESC",
             "CATEGORIES", "COMMENT"}  # fmt: skip
    for line in body.replace("\r\n ", "").split("\r\n"):
        name, _colon, value = line.partition(":")
        if name.partition(";")[0] in shown:
            yield re.sub(r"\\[nN]", "\n", value)


class _Texts(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._hidden: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        # The preview of a letter is in the language of its recipient.
        is_letter = has.get("class") == "letter" and "lang" in has
        if tag in _HIDDEN or is_letter or (self._hidden and tag == self._hidden[-1]):
            self._hidden.append(tag)
        self.texts += [has[name] or "" for name in _SHOWN_ATTRIBUTES if name in has]
        if tag == "meta" and has.get("name") in {"description", "title"}:
            self.texts.append(has.get("content") or "")
        if tag == "input" and has.get("type") in {"submit", "button"}:
            self.texts.append(has.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)
