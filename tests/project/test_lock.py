"""The lock file: every dependency with its hashes, and no index."""

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT: Final = Path(__file__).parents[2]
LOCK: Final = CHECKOUT / ".ci" / "requirements.lock"
ENTRY: Final = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.+!]+)(?P<when> ; [^\\\n]+)?"
    r"(?P<hashes>( \\\n    --hash=sha256:[0-9a-f]{64})+)\n"
)


def locked() -> dict[str, str]:
    return {found["name"]: found["version"] for found in ENTRY.finditer(LOCK.read_text())}


def wanted() -> list[Requirement]:
    """The dependencies and build requirements in pyproject.toml."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    return [Requirement(each) for each in named]


def test_lock_entries_have_a_version_and_hashes_and_no_index() -> None:
    text = LOCK.read_text()
    assert ENTRY.sub("", text) == "", "something else than entries"
    for place in ("http", "://", "--index", "--find-links", "file:", "@", "/"):
        assert place not in text, place
    assert len(locked()) > 40


def test_every_dependency_is_locked() -> None:
    there = locked()
    for each in wanted():
        version = there.get(canonicalize_name(each.name))
        assert version, each
        assert each.specifier.contains(version), f"{each}, locked {version}: run .ci/lock"


def test_dependencies_of_dependencies_are_locked() -> None:
    """As far as is installed here: what a machine of another sort needs is not looked at."""
    there, waiting, seen = locked(), wanted(), set[str]()
    while waiting:
        each = waiting.pop()
        name = canonicalize_name(each.name)
        assert name in there, f"{each}: run .ci/lock"
        for extra in {"", *each.extras}:
            if f"{name}[{extra}]" in seen:
                continue
            seen.add(f"{name}[{extra}]")
            for text in metadata.requires(each.name) or ():
                asked = Requirement(text)
                if asked.marker is None or asked.marker.evaluate({"extra": extra}):
                    waiting.append(asked)
    assert len(seen) > 40
