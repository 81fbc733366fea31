"""What code, tests and documents cite exists: requirements, decisions, documents, files, names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from outreach.cli import guide
from tests.support import requirements
from tests.support.advice import require_none
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CHECKOUT: Final = Path(__file__).parents[2]
DOCS: Final = CHECKOUT / "outreach" / "docs"
RULE: Final = re.compile(r"\b(?:S|CAL|COUNT|SEAT|DATA)\d\d\b")
DEFINED_RULE: Final = re.compile(r"\*\*((?:S|CAL|COUNT|SEAT|DATA)\d\d)\b")
DECISION: Final = re.compile(r"\bdecision (\d{4})\b")
INDEX_ROW: Final = re.compile(r"^\| \[(\d{4})\]\((\S+)\) \| (.*?) \| (.*) \|$", re.MULTILINE)
REPLACED_BY: Final = re.compile(r"\b[Rr]eplaced(?: in part)? by decision (\d{4})")
DOCUMENT: Final = re.compile(r"[\w./-]*[\w-]\.md\b")
ABSENT: Final = re.compile(r"\bdesign/|\bmock-?up|\bmockup|\bshared/", re.IGNORECASE)
PATH: Final = re.compile(r"`((?:outreach|templates|tests)/[\w./-]+)`")
IDENTIFIER: Final = re.compile(r"`([A-Z][A-Za-z]+|[A-Z_]+|[a-z]+(?:_[a-z]+)+)(?:\.[A-Z_a-z]+)?`")
TEXT_SUFFIXES: Final = frozenset({".py", ".html", ".txt", ".js", ".css", ".md", ".toml"})
OWN: Final = Path(__file__)


def _texts(*names: str) -> Iterator[tuple[str, str]]:
    """Path and text of every text file below the folders, and of the files."""
    for name in names:
        base = CHECKOUT / name
        for path in [base] if base.is_file() else sorted(base.rglob("*")):
            if path.is_file() and path.suffix in TEXT_SUFFIXES and path != OWN:
                yield str(path.relative_to(CHECKOUT)), path.read_text()


def _developer_pages() -> list[tuple[str, str]]:
    pages = [(name, guide.text(name)) for name in guide.DEVELOPER_PAGES]
    return [*pages, *_texts("outreach/docs/decisions", "README.md")]


def test_every_cited_requirement_is_defined_once() -> None:
    defined = DEFINED_RULE.findall(requirements.read_all())
    assert len(defined) == len(set(defined))
    cited = {
        (path, rule)
        for path, text in _texts("outreach", "templates", "tests")
        for rule in RULE.findall(text)
    }
    assert len(cited) > 50
    require_none(
        sorted(each for each in cited if each[1] not in defined),
        "define the rule in outreach/docs/requirements.md, or cite another one",
    )


def test_every_cited_decision_is_recorded() -> None:
    records = sorted(DOCS.glob("decisions/[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert len(numbers) == len(set(numbers))
    for path in records:
        assert path.read_text().startswith(f"# {path.name[:4]} "), path.name
    cited = {
        (path, number)
        for path, text in _texts("outreach", "templates", "tests", "README.md")
        for number in DECISION.findall(text)
    }
    assert len(cited) > 5
    require_none(
        sorted(each for each in cited if each[1] not in numbers),
        "record the decision below outreach/docs/decisions, or cite another one",
    )


def test_every_named_document_is_in_the_repository() -> None:
    known = {path.name for path in CHECKOUT.rglob("*.md") if ".venv" not in str(path)}
    named = {
        (path, document)
        for path, text in _texts("outreach", "templates", "tests", "README.md", "CHANGELOG.md")
        for document in [*DOCUMENT.findall(text), *ABSENT.findall(text)]
    }
    require_none(
        sorted(each for each in named if each[1].rpartition("/")[2] not in known),
        "no such document is in the repository: correct the name in",
    )


def test_every_file_named_for_developers_exists() -> None:
    named = {(page, path) for page, text in _developer_pages() for path in PATH.findall(text)}
    assert len(named) > 100
    require_none(
        sorted(each for each in named if not (CHECKOUT / each[1]).exists()),
        "no such file is there: correct its path in the page",
    )


def test_every_name_in_the_glossary_is_in_the_code() -> None:
    source = "\n".join(text for path, text in _texts("outreach") if path.endswith(".py"))
    in_code = [
        row.split("|")[3]
        for row in guide.text("glossary").splitlines()
        if row.startswith("| ") and row.count("|") > 4
    ]
    names = {name for cell in in_code for name in IDENTIFIER.findall(cell)}
    assert len(names) > 30
    defined = set(re.findall(r"^ *(?:class|def) (\w+)|^(\w+)(?:: \w+)? =", source, re.MULTILINE))
    flat = {name for pair in defined for name in pair if name}
    require_none(
        sorted(name for name in names if name not in flat and f"{name}:" not in source),
        "outreach/docs/glossary.md names what is not in the code: correct its row",
    )


def test_every_decision_stands_once_in_the_index() -> None:
    rows = INDEX_ROW.findall((DOCS / "decisions" / "README.md").read_text())
    records = {path.name: path.read_text() for path in DOCS.glob("decisions/[0-9]*.md")}
    assert sorted(name for _, name, _, _ in rows) == sorted(records)
    for number, name, title, answer in rows:
        assert records[name].startswith(f"# {number} {title}\n"), name
        # A record that was replaced says by which, and so does its line.
        assert REPLACED_BY.findall(records[name]) == REPLACED_BY.findall(answer), name


def test_a_replaced_decision_says_so() -> None:
    records = {path.name[:4]: path.read_text() for path in DOCS.glob("decisions/[0-9]*.md")}
    later = {(old, new) for old, text in records.items() for new in REPLACED_BY.findall(text)}
    assert len(later) > 5
    assert [
        pair for pair in later if not re.search(rf"Replaces.*{pair[0]}", records[pair[1]])
    ] == []
    first = {
        (DECISION.findall(line)[0], new)
        for new, text in records.items()
        for line in re.findall(r"^Replaces .*?decision \d{4}", text, re.MULTILINE)
    }
    assert first - later == set()
