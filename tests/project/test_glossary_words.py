"""Old words of the glossary are in no identifier and in no backticked text."""

import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CHECKOUT: Final = Path(__file__).parents[2]
# Old word: the standard term (`outreach/docs/glossary.md`). Words that are public in an address, a
# page, a form, a file, a command or a setting are not listed: standing, seated, lapsed, waiting,
# notice, cause, organizer, door, pass, journal, keyring, ring, spare, stamp, again.
OLD_WORDS: Final = {
    "ally": "partner",
    "allies": "partners",
    "applicant": "registration data",
    "applicants": "registration data",
    "arrows": "status transitions",
    "attending": "check-in",
    "bringing": "import",
    "circular": "mailing",
    "circulars": "mailings",
    "cloning": "duplicate",
    "concern": "alert",
    "concerns": "alerts",
    "ctag": "change counter",
    "deed": "bulk action, audit action",
    "deeds": "bulk actions, audit actions",
    "desk": "staff pages",
    "doubt": "publish warning",
    "doubts": "publish warnings",
    "forgetting": "erasure",
    "intake": "import",
    "masters": "master keys",
    "memo": "page cache",
    "mine": "registration",
    "owe": "enqueue",
    "owed": "pending",
    "owes": "enqueues",
    "planning": "workshop service",
    "plan": "workshop data",
    "plans": "workshop data",
    "premises": "venue",
    "reaching": "contact details",
    "rehearse": "dry run",
    "relocating": "venue change",
    "repeating": "recurrence",
    "retiming": "time zone update",
    "rounds": "reconfirmation",
    "seals": "envelope encryption",
    "settle": "reconcile, record the outcome",
    "settling": "reconcile",
    "shelf": "feed cache",
    "subscribing": "newsletter",
    "told": "published, reported, notified",
    "trail": "audit log",
    "turn": "offer",
    "turns": "offers",
    "unreported": "missing report",
    "upkeep": "maintenance",
    "whereabouts": "geocoding",
}
# Where an old word is public: in the label of a metric that operators' dashboards read.
PUBLIC: Final = {"desk": "outreach/docs/watching.md"}
SUFFIXES: Final = frozenset({".py", ".html", ".txt", ".md", ".js", ".css"})


def _words(identifier: str) -> set[str]:
    return {each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)}


def _identifiers(path: Path) -> Iterator[str]:
    text = path.read_text()
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME:
                yield token.string
    for quoted in re.findall(r"`([^`\n]{1,60})`", text):
        yield from re.findall(r"[A-Za-z_]+", quoted)


def _find_old_words() -> dict[str, dict[str, set[str]]]:
    """By old word and file, the identifiers that have it."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for folder in ("outreach", "templates", "tests"):
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.suffix not in SUFFIXES or "versions" in path.parts:
                continue
            name = str(path.relative_to(CHECKOUT))
            for identifier in _identifiers(path):
                for word in _words(identifier) & OLD_WORDS.keys():
                    found[word][name].add(identifier)
    return found


def test_old_words_are_in_no_identifier_and_no_backticked_text() -> None:
    faults = [
        f"{name}: {', '.join(sorted(identifiers))} ({word}: {OLD_WORDS[word]})"
        for word, files in _find_old_words().items()
        for name, identifiers in files.items()
        if name != PUBLIC.get(word)
    ]
    require_none(
        faults, "use the word of outreach/docs/glossary.md, which stands behind the old one here"
    )


def test_every_glossary_word_is_found_in_an_identifier() -> None:
    assert _words("plan_of_theDay") & OLD_WORDS.keys() == {"plan"}
    assert _words("PLANS_MADE") & OLD_WORDS.keys() == {"plans"}
    assert _words("explain planet") & OLD_WORDS.keys() == set()
