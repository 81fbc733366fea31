"""Rules of layout: top level, imports, file sizes, SQL, templates, settings."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from outreach.config import Config
from tests.support.advice import require_none

pytestmark = pytest.mark.core

CHECKOUT = Path(__file__).parents[2]
MAX_FILE_LINES = 700
MAX_TEMPLATE_COLUMNS = 120
PYTHON = sorted(
    path
    for folder in ("outreach", "tests")
    for path in (CHECKOUT / folder).rglob("*.py")
    if "versions" not in path.parts
)
TEMPLATES = sorted(path for path in (CHECKOUT / "templates").rglob("*") if path.is_file())
WITHOUT_SQL = ("outreach/web/", "outreach/feeds/", "outreach/mail/")


def test_top_level_has_only_known_entries() -> None:
    # Files of a test run were committed once.
    kept = subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {path.partition("/")[0] for path in kept} == {
        ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "outreach", "pyproject.toml",
        "templates", "tests",
    }  # fmt: skip


def test_imports_go_down_only() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([lint_imports], cwd=CHECKOUT, capture_output=True, text=True)
    assert found.returncode == 0, (
        "imports go down only: see the layers in pyproject.toml and the page architecture; move "
        f"what both need below them. lint-imports says:\n{found.stdout}{found.stderr}"
    )


def test_no_file_has_more_than_700_lines() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in PYTHON}
    require_none(
        [
            f"{path.relative_to(CHECKOUT)}: {count}"
            for path, count in lines.items()
            if count > MAX_FILE_LINES
        ],
        f"a file has one subject and at most {MAX_FILE_LINES} lines: move a part to a new module",
    )


def test_web_feeds_and_mail_have_no_sql() -> None:
    views = [path for path in PYTHON if str(path.relative_to(CHECKOUT)).startswith(WITHOUT_SQL)]
    query_pattern = re.compile(
        r"\b(sa|sqlalchemy)\.(select|insert|update|delete|text)\(|import.*\bselect\b"
    )
    require_none(
        [path.relative_to(CHECKOUT) for path in views if query_pattern.search(path.read_text())],
        "move the query to the package of its noun below outreach/domain",
    )


# All templates in one test: a quick run has one case of each.
def test_no_line_of_a_template_is_too_long() -> None:
    require_none(
        [
            f"{template.relative_to(CHECKOUT)}:{number}: {len(line)} columns"
            for template in TEMPLATES
            for number, line in enumerate(template.read_text().splitlines(), 1)
            if len(line) > MAX_TEMPLATE_COLUMNS
        ],
        f"wrap these lines: a template has at most {MAX_TEMPLATE_COLUMNS} columns",
    )


def test_templates_have_no_inline_code_or_foreign_resource() -> None:
    # The Content-Security-Policy stops it, but old browsers ignore that (S02, S03).
    found = []
    for template in TEMPLATES:
        reader = _Reader()
        reader.feed(_without_jinja(template.read_text()))
        reader.close()
        found += [f"{template.relative_to(CHECKOUT)}, {fault}" for fault in reader.faults]
    require_none(
        found,
        "put styles into outreach/web/styles and scripts into outreach/web/scripts (S02, S03)",
    )


def test_inline_code_and_foreign_resources_are_found() -> None:
    reader = _Reader()
    reader.feed(
        '<p style="color:red" onclick="x()">'
        "<style>p {}</style><script>x()</script>"
        '<img src="https://example.org/a.png"><script src="//example.org/a.js"></script>'
        '<a href="javascript:x()">x</a><a href="https://example.org/">fine</a>'
        '<link rel="stylesheet" href="{{ x }}"><script type="application/ld+json">{}</script>'
        '<script src="/static/app.js" defer></script>'
    )
    assert len(reader.faults) == 7


def test_every_setting_is_in_the_guide() -> None:
    guide = "".join(path.read_text() for path in (CHECKOUT / "outreach" / "docs").glob("*.md"))
    asked = _Asked()
    Config.from_environ(asked)
    assert len(asked.names) > 15
    # As a whole word: OUTREACH_DATABASE_URL does not document OUTREACH_DATA.
    require_none(
        [name for name in sorted(asked.names) if not re.search(rf"\b{name}\b", guide)],
        "add a row to outreach/docs/settings.md for",
    )


class _Asked(dict[str, str]):
    """An empty environment that records which variables are read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one form of dict's
        self.names.add(name)
        return default


class _Reader(HTMLParser):
    """Collects what S03 forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in given.items():
            text = (value or "").strip().casefold()
            is_fetched = name in {"src", "srcset", "action", "data", "poster", "xlink:href"} or (
                name == "href" and tag != "a"
            )
            if (
                name == "style"
                or name.startswith("on")
                or text.startswith("javascript:")
                or (is_fetched and re.match(r"([a-z]+:)?//", text))
            ):
                self._fault(f"<{tag} {name}={value!r}>")
        is_data = given.get("type") == "application/ld+json"
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self._fault(f"<{tag}>")

    def _fault(self, what: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {what}")


def _without_jinja(text: str) -> str:
    """The template with each expression replaced by an x, and the same lines."""

    def same_lines(found: re.Match[str]) -> str:
        filler = "x" if found[0].startswith("{{") else ""
        return filler + "\n" * found[0].count("\n")

    return re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", same_lines, text, flags=re.DOTALL)
