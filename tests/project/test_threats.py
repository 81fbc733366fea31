"""The page *threats* names a test for each claim; all of them exist and are collected."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from outreach.cli import guide
from tests.support.safety_promises import PROMISES

CHECKOUT: Final = Path(__file__).parents[2]
PAGE: Final = CHECKOUT / "outreach" / "docs" / "threats.md"
NAMED: Final = re.compile(r"`((?:\w+/)*test_\w+\.py(?:::test_\w+)?)`")
WHO: Final = (
    "violent", "authority", "curious organizer", "who left", "stranger", "spammer", "session",
    "network", "supplier",
)  # fmt: skip


def named() -> list[str]:
    """The tests that the page names, and the pages of extensions."""
    pages = (PAGE, *guide.list_extension_pages().values())
    return [each for page in pages for each in NAMED.findall(re.sub(r"\s+", " ", page.read_text()))]


def test_each_threat_has_a_section_that_says_what_is_left() -> None:
    sections = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    for who in WHO:
        found = [each for each in sections if who in each.partition("\n")[0]]
        assert len(found) == 1, who
        assert "**Left**" in found[0], who
        assert NAMED.search(found[0]), who


def test_tests_named_in_threats_are_defined() -> None:
    for each in sorted(set(named())):
        path, _, name = each.partition("::")
        text = (CHECKOUT / "tests" / path).read_text()
        assert re.search(rf"^def {name or 'test_'}", text, re.MULTILINE), each


@pytest.mark.long  # all that there is has to be collected
def test_tests_named_in_threats_are_collected() -> None:
    tests = sorted({f"tests/{each}" for each in named()})
    assert len(tests) > 70
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    found = subprocess.run(
        [*command, *tests], cwd=CHECKOUT, capture_output=True, text=True, env=environ
    )
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-2000:]
    for each in tests:
        assert re.search(rf"^{re.escape(each)}(\[|::|$)", found.stdout, re.MULTILINE), each


@pytest.mark.long
def test_missing_test_is_noticed() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    asked = [*command, "tests/security/test_safety.py::test_that_nobody_has_written"]
    assert subprocess.run(asked, cwd=CHECKOUT, capture_output=True).returncode != 0


@pytest.mark.parametrize("promise", ["S13", "S14", "S17", "S18", "S22", "S23", "S25"])
def test_requirements_about_people_are_in_threats(promise: str) -> None:
    assert set(PROMISES[promise]) & set(named()), promise
