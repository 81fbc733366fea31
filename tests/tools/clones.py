"""Clones of the commit of this checkout, for programs that change one and check it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.runner import command

CHECKOUT: Final = Path(__file__).parents[2]
DISTRIBUTION: Final = ".distribution"  # in a clone that has one of its own
# In a clone that has the change, the recipe does not fit a second time.
DONE_IN_A_CLONE: Final = "tests/project/test_recipes.py::test_recipe_fits_the_code"
LAST_LINES: Final = 30  # shown of the output of a check that failed

Commands = Sequence[Sequence[str]]


def make_clone(clone: Path) -> Path:
    """Returns a clone of the commit of this checkout, with compiled catalogues."""
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", CHECKOUT, clone], check=True)
    types = CHECKOUT / ".mypy_cache"
    if types.is_dir():  # what it knows of the modules that the change leaves alone
        shutil.copytree(types, clone / types.name)
    subprocess.run(
        [sys.executable, "-m", "outreach.cli", "i18n", "compile"],
        cwd=clone, env=environ(clone), check=True,
    )  # fmt: skip
    return clone


def make_distribution(clone: Path) -> None:
    """Builds what other programs find of the package of a clone, its entry points above all: they
    come before those of the environment."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation",
         "--target", clone / DISTRIBUTION, clone],
        check=True,
    )  # fmt: skip


def environ(clone: Path) -> dict[str, str]:
    """Returns the environment in which the code of the clone comes before whatever the caller has
    on its path."""
    paths = [str(clone), str(clone / DISTRIBUTION), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def list_checks() -> dict[str, Commands]:
    """Returns the commands of each check: style, layers, types and the quick tests."""
    quick = command.steps(command.Options("quick", 1, []))
    by_name = {each.name: each.command for each in quick}
    return {
        "style": [by_name.pop("style"), by_name.pop("format")],
        "layers": [by_name.pop("layers")],
        "types": [["mypy", "--strict", "outreach", "tests"]],
        "quick": [[*each, "--deselect", DONE_IN_A_CLONE] for each in by_name.values()],
    }


def run_checks(checks: Mapping[str, Commands], clone: Path) -> dict[str, bool]:
    """Runs them in a clone, and returns by name whether each passed."""
    return {name: _passes(name, steps, clone) for name, steps in checks.items()}


def _passes(name: str, steps: Commands, clone: Path) -> bool:
    for program, *arguments in steps:
        found = Path(sys.executable).with_name(program)
        done = subprocess.run(
            [sys.executable if program == "python" else str(found), *arguments],
            cwd=clone, env=environ(clone), capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            print(f"   {name}: FAILED: {program} {' '.join(arguments)[:100]}")
            print("\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:]), flush=True)
            return False
    print(f"   {name}: passed", flush=True)
    return True


def say_outcomes(checks: Mapping[str, bool]) -> Iterator[str]:
    """Yields the words for the outcome of each check."""
    return ("passed" if is_passed else "FAILED" for is_passed in checks.values())


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
