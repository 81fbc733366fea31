"""Checks of a bulletin before it is published: errors that block it, and warnings."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from outreach.clock import Month
from outreach.domain.newsletter.bulletins import PARTS, BulletinEdition
from outreach.i18n import get_default_language, list_languages
from outreach.reports import bulletin_markdown, readability, workshop_counts
from outreach.reports.month_report import MonthReport

MIN_WORDS: Final = 10  # a shorter text is not checked for readability


class BulletinIssueType(StrEnum):
    OPEN = "open"  # the month is not closed
    REVISION = "revision"  # the month has a newer revision
    MISSING = "missing"  # a translation is missing
    NOTE = "note"  # a correction without its explanation
    HARD = "hard"  # the Spanish text is hard to read
    NUMBER = "number"  # a number that is not in the report of the month
    LINK = "link"  # a broken or unsafe link
    CALENDAR = "calendar"  # no workshop is published for the following month


@dataclass(frozen=True, kw_only=True)
class BulletinIssue:
    """One problem, and the text it is in; `detail` is the number, link or sentence."""

    type: BulletinIssueType
    is_grave: bool = False  # blocks publication
    part: str = ""
    lang: str = ""
    detail: str = ""
    score: int = 0  # INFLESZ readability, 0 to 100


def find_issues(
    edition: BulletinEdition,
    report: MonthReport,
    *,
    last_revision: int,
    is_calendar_empty: bool,
    is_there: Callable[[str], bool],
    home: str,
) -> list[BulletinIssue]:
    """Returns all problems of an edition, the blocking ones first.

    `report` is the revision that the edition is about; `last_revision` is the number of the last
    revision of the month, 0 while the month is open; `is_there` tells whether a path of this site
    exists; `home` is the URL of this site, without a trailing slash.
    """
    issues = [
        *_check_revision(edition, last_revision),
        *_check_translations(edition),
        *_check_correction(edition),
    ]
    known = numbers_of(report)
    for part in PARTS:
        for lang, text in getattr(edition, part).items():
            issues += [
                BulletinIssue(type=BulletinIssueType.NUMBER, part=part, lang=lang, detail=number)
                for number in numbers(text, report.month)
                if _value(number) not in known
            ]
            issues += [
                BulletinIssue(type=BulletinIssueType.LINK, part=part, lang=lang, detail=link)
                for link in links(text)
                if not _is_valid_link(link, is_there, home)
            ]
    issues += _check_readability(edition)
    if is_calendar_empty:
        issues.append(BulletinIssue(type=BulletinIssueType.CALENDAR))
    return sorted(dict.fromkeys(issues), key=lambda issue: not issue.is_grave)


def numbers_of(report: MonthReport) -> frozenset[int]:
    """Returns every number that the pages of the month show."""
    count, people = report.count, report.people
    by_region = workshop_counts.by_region(count)
    values = {count.total, len(count.by_office), len(by_region)}
    values.update(count.by_kind.values(), report.by_mode.values(), report.by_language.values())
    values.update(by_region.values(), (figure.value for figure in report.figures))
    for row in count.by_office.values():
        values.update(row.values())
    for column in count.columns.values():
        values.update((column.total,), column.by_kind.values(), column.by_office.values())
    if people is not None:
        values.update(people.published.values(), () if people.total is None else (people.total,))
    return frozenset(values)


def numbers(text: str, month: Month) -> list[str]:
    """Returns the numbers in a Markdown text, as written. Dates, times, phone numbers and the years
    next to the month are left out."""
    plain = "\n".join(paragraph.text for paragraph in bulletin_markdown.paragraphs(text))
    for pattern in (_URL, _PHONE, *_TIMES):
        plain = pattern.sub(" ", plain)
    years = {str(month.year + offset) for offset in (-1, 0, 1)}
    return [number for number in _NUMBER.findall(plain) if number not in years]


def links(text: str) -> list[str]:
    """Returns the targets of the links of a Markdown text, and its bare URLs."""
    targets = [target for _label, target in _LINK.findall(text)]
    return [*targets, *(url.rstrip(".,;:") for url in _URL.findall(_LINK.sub(" ", text)))]


def prose(text: str) -> str:
    """Returns a Markdown text without markup and URLs, one sentence a line."""
    plain = "\n".join(
        _URL.sub("", paragraph.text) for paragraph in bulletin_markdown.paragraphs(text)
    )
    return re.sub(r"(?<=[.!?…])\s+", "\n", plain).strip()


def _check_revision(edition: BulletinEdition, last_revision: int) -> Iterator[BulletinIssue]:
    if not last_revision:
        yield BulletinIssue(type=BulletinIssueType.OPEN, is_grave=True)
    elif edition.revision != last_revision:
        yield BulletinIssue(
            type=BulletinIssueType.REVISION, is_grave=True, detail=str(last_revision)
        )


def _check_translations(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    """Finds missing translations. The title is required in every language; another text in all
    languages or in none."""
    for part in PARTS:
        translations = getattr(edition, part)
        if part == "title" or any(translations.values()):
            for lang in list_languages():
                if not translations.get(lang):
                    yield BulletinIssue(
                        type=BulletinIssueType.MISSING, is_grave=True, part=part, lang=lang
                    )


def _check_correction(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    """Finds missing explanations of a correction: grave in the main language, a warning in
    others."""
    if edition.is_correction:
        for lang in list_languages():
            if not edition.correction.get(lang):
                yield BulletinIssue(
                    type=BulletinIssueType.NOTE,
                    is_grave=lang == get_default_language(),
                    part="correction",
                    lang=lang,
                )


def _check_readability(edition: BulletinEdition) -> Iterator[BulletinIssue]:
    for part in ("happened", "ahead", "correction"):
        text = prose(getattr(edition, part).get("es", ""))
        result = readability.readability(text)
        score = result.score
        if result.words >= MIN_WORDS and score < readability.EASY:
            worst = next(iter(readability.hardest_sentence(text, 1)), "")
            yield BulletinIssue(
                type=BulletinIssueType.HARD,
                part=part,
                lang="es",
                detail=worst,
                score=max(0, int(score)),
            )


def _value(number: str) -> int | None:
    """Returns the integer, or None for a decimal number: no figure of a report has decimals."""
    return int(_GROUPS.sub("", number)) if _WHOLE.fullmatch(number) else None


def _is_valid_link(link: str, is_there: Callable[[str], bool], home: str) -> bool:
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
