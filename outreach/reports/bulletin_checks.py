"""What is wrong with a bulletin before it is published: what keeps it from coming out, and what
somebody should look at first.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from outreach.clock import Month
from outreach.domain.newsletter.bulletins import PARTS, BulletinEdition
from outreach.i18n import LANGUAGES
from outreach.reports import bulletin_markdown, readability, workshop_counts
from outreach.reports.month_report import MonthReport

FEWEST_WORDS: Final = 10  # a date and a city say nothing of how somebody writes


class BulletinIssueType(StrEnum):
    OPEN = "open"  # the month is open again
    REVISION = "revision"  # the month has other numbers by now
    MISSING = "missing"  # said in one language, not in this one
    NOTE = "note"  # what a correction corrects
    HARD = "hard"  # the Spanish is hard to read
    NUMBER = "number"  # none of the month's
    LINK = "link"  # leads nowhere, or not safely
    CALENDAR = "calendar"  # nothing is announced for the month after


@dataclass(frozen=True, kw_only=True)
class BulletinIssue:
    """One thing that is wrong, and in which text; `detail` is the number, link or sentence."""

    type: BulletinIssueType
    is_grave: bool = False  # it cannot be published like this
    part: str = ""
    lang: str = ""
    detail: str = ""
    score: int = 0  # of 100, how easy it reads


def find_issues(
    edition: BulletinEdition,
    report: MonthReport,
    *,
    last_revision: int,
    is_calendar_empty: bool,
    is_there: Callable[[str], bool],
    home: str,
) -> list[BulletinIssue]:
    """All that is wrong, the worst first. `bulletin_text` is what the edition's revision says;
    `last_revision` the number of the month's last one, 0 while it is open; `is_there` says whether
    a path of ours leads anywhere, and `home` is the address our paths follow."""
    found = [*_of_month(edition, last_revision), *_missing(edition), *_note(edition)]
    known = numbers_of(report)
    for part in PARTS:
        for lang, text in getattr(edition, part).items():
            found += [
                BulletinIssue(type=BulletinIssueType.NUMBER, part=part, lang=lang, detail=number)
                for number in numbers(text, report.month)
                if _value(number) not in known
            ]
            found += [
                BulletinIssue(type=BulletinIssueType.LINK, part=part, lang=lang, detail=link)
                for link in links(text)
                if not _is_good(link, is_there, home)
            ]
    found += _hard(edition)
    if is_calendar_empty:
        found.append(BulletinIssue(type=BulletinIssueType.CALENDAR))
    return sorted(dict.fromkeys(found), key=lambda each: not each.is_grave)


def numbers_of(report: MonthReport) -> frozenset[int]:
    """Every number that the month's pages tell of it."""
    count, people = report.count, report.people
    found = {count.total, len(count.by_office), len(workshop_counts.by_region(count))}
    found.update(count.by_kind.values(), report.by_mode.values(), report.by_language.values())
    found.update(workshop_counts.by_region(count).values(), (each.value for each in report.figures))
    for row in count.by_office.values():
        found.update(row.values())
    if people is not None:
        found.update(people.published.values(), () if people.total is None else (people.total,))
    return frozenset(found)


def numbers(text: str, month: Month) -> list[str]:
    """The numbers somebody wrote, as they wrote them. Days, hours, telephones and the years around
    this month are none."""
    bare = "\n".join(each.text for each in bulletin_markdown.paragraphs(text))
    for pattern in (_URL, _PHONE, *_TIMES):
        bare = pattern.sub(" ", bare)
    years = {str(month.year + each) for each in (-1, 0, 1)}
    return [found for found in _NUMBER.findall(bare) if found not in years]


def links(text: str) -> list[str]:
    """Where the links of a Markdown text lead to."""
    inside = [address for _words, address in _LINK.findall(text)]
    return [*inside, *(each.rstrip(".,;:") for each in _URL.findall(_LINK.sub(" ", text)))]


def prose(text: str) -> str:
    """A Markdown text as it is read: a sentence a line, without its marks."""
    bare = "\n".join(_URL.sub("", each.text) for each in bulletin_markdown.paragraphs(text))
    return re.sub(r"(?<=[.!?…])\s+", "\n", bare).strip()


def _of_month(edition: BulletinEdition, last_revision: int) -> Iterator[BulletinIssue]:
    if not last_revision:
        yield BulletinIssue(type=BulletinIssueType.OPEN, is_grave=True)
    elif edition.revision != last_revision:
        yield BulletinIssue(
            type=BulletinIssueType.REVISION, is_grave=True, detail=str(last_revision)
        )


def _missing(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    """A title in every language; a text in every one or in none."""
    for part in PARTS:
        words = getattr(edition, part)
        if part == "title" or any(words.values()):
            for lang in LANGUAGES:
                if not words.get(lang):
                    yield BulletinIssue(
                        type=BulletinIssueType.MISSING, is_grave=True, part=part, lang=lang
                    )


def _note(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    """What was corrected must be said in Spanish; who reads another language should know too."""
    if edition.is_correction:
        for lang in LANGUAGES:
            if not edition.correction.get(lang):
                yield BulletinIssue(
                    type=BulletinIssueType.NOTE,
                    is_grave=lang == "es",
                    part="correction",
                    lang=lang,
                )


def _hard(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    for part in ("happened", "ahead", "correction"):
        text = prose(getattr(edition, part).get("es", ""))
        ease = readability.readability(text)
        score = ease.score
        if ease.words >= FEWEST_WORDS and score < readability.EASY:
            worst = next(iter(readability.hardest_sentence(text, 1)), "")
            yield BulletinIssue(
                type=BulletinIssueType.HARD,
                part=part,
                lang="es",
                detail=worst,
                score=max(0, int(score)),
            )


def _value(number: str) -> int | None:
    """None for one with decimals: no figure of ours has any."""
    return int(_GROUPS.sub("", number)) if _WHOLE.fullmatch(number) else None


def _is_good(link: str, is_there: Callable[[str], bool], home: str) -> bool:
    if link == home or link.startswith(f"{home}/"):
        link = link.removeprefix(home) or "/"
    if link.startswith("/") and not link.startswith("//"):
        return is_there(link)
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    if parts.scheme in {"mailto", "tel"}:
        return bool(parts.path)
    return parts.scheme == "https" and "." in (parts.hostname or "")


_LINK: Final = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?[^)]*\)")
_URL: Final = re.compile(r"\b[a-z][a-z+]*://[^\s<>)\]]+", re.IGNORECASE)
_GROUPS: Final = re.compile(r"[,.' \u00a0\u202f]")
_NUMBER: Final = re.compile(r"\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+(?![\d])|\d+(?:[.,]\d+)?")
_WHOLE: Final = re.compile(r"\d+|\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+")
_PHONE: Final = re.compile(r"(?:\+?1[\s.-]?)?\(?\b\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}\b")
_MONTHS: Final = (
    "(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
    "|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
)
_DAYS: Final = (
    "(?:lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    "|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)"
)
_DAY: Final = r"\b(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:er|st|nd|rd|th|\.?º|°)?"
_SEVERAL: Final = rf"{_DAY}(?:(?:\s*[-–,]\s*|,?\s+(?:y|e|al?|et|au|and|to)\s+){_DAY})*"
_TIMES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b\d{4}-\d\d(?:-\d\d)?\b",
        rf"{_SEVERAL}\s+(?:de\s+)?{_MONTHS}\b",
        rf"\b{_MONTHS}\s+{_SEVERAL}\b",
        rf"\b{_DAYS},?\s+{_DAY}\b",
        r"\b\d{1,2}[:.]\d\d(?:\s*[ap]\.?\s?m\b)?",
        r"\b\d{1,2}\s*(?:[ap]\.?\s?m\b|h\b(?:\s?\d\d\b)?)",
        r"\ba las? \d{1,2}\b",
    )
)
