"""Carries out recipes on clean clones: `tests/run --recipes [NAME…]`, in the tests' environment.

For each recipe it clones the commit of this checkout into a temporary folder, applies the edits,
brings the catalogues up to date, counts the files touched, and runs style, types, layers, the quick
tests and the change's own test there. The clone is thrown away.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog

from outreach.translations import catalogues
from tests.tools import clones
from tests.tools.recipes import list_recipes
from tests.tools.recipes.recipe import CATALOGUE, AnchorGone, Recipe, Translation


@dataclass(frozen=True)
class Outcome:
    recipe: Recipe
    touched: Sequence[str]
    checks: Mapping[str, bool]  # by name, whether it passed

    @property
    def is_good(self) -> bool:
        return len(self.touched) <= self.recipe.max_files and all(self.checks.values())


def carry_out(recipe: Recipe, folder: Path) -> Outcome:
    """Carries out a recipe on a clone in `folder`. Raises AnchorGone where an edit does not fit."""
    clone = clones.make_clone(folder / recipe.name)
    recipe.apply(clone)
    for each in recipe.commands:
        subprocess.run(
            [sys.executable, "-m", "outreach.cli", *each],
            cwd=clone, env=clones.environ(clone), check=True, capture_output=True,
        )  # fmt: skip
    _translate(recipe.translations, clone)
    touched = recipe.count_touched(list_touched(clone))
    print(f"\n== {recipe.section}: {len(touched)} files, goal {recipe.max_files}", flush=True)
    print("\n".join(f"   {each}" for each in touched), flush=True)
    own = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *recipe.own_tests]
    checks = clones.run_checks(clones.list_checks() | {"own test": [own]}, clone)
    return Outcome(recipe, touched, checks)


def list_touched(clone: Path) -> list[str]:
    """The files that differ from the commit, and the new ones."""
    asked = (["diff", "--name-only", "HEAD"], ["ls-files", "--others", "--exclude-standard"])
    return sorted(
        line
        for arguments in asked
        for line in subprocess.run(
            ["git", *arguments], cwd=clone, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    )


def _translate(translations: Sequence[Translation], clone: Path) -> None:
    """Brings the catalogues of the clone up to date and fills in the words of the recipe."""
    if not translations:
        return
    program = [sys.executable, "-m", "outreach.cli", "i18n"]
    subprocess.run(
        [*program, "update"], cwd=clone, env=clones.environ(clone), check=True, capture_output=True
    )
    for path in sorted((clone / "outreach/translations").glob(f"*/*/*{CATALOGUE}")):
        lang = path.parts[-3]
        catalogue = catalogues.read(path, lang)
        for each in translations:
            fill_in(catalogue, each, lang)
        catalogues.write(path, catalogue)
    subprocess.run([*program, "compile"], cwd=clone, env=clones.environ(clone), check=True)


def fill_in(catalogue: Catalog, translation: Translation, lang: str) -> None:
    """Raises AnchorGone where the source has no such message."""
    message = catalogue.get(translation.message, translation.context)
    if message is None:
        raise AnchorGone(f"no message of the source is «{translation.message}»")
    words = translation.words.get(lang)
    if words is not None:
        message.string = words if len(words) > 1 else words[0]


def format_table(outcomes: Sequence[Outcome]) -> str:
    names = list(outcomes[0].checks)
    rows = [
        [
            each.recipe.section,
            str(len(each.touched)),
            str(each.recipe.max_files),
            *clones.say_outcomes(each.checks),
        ]
        for each in outcomes
    ]
    return clones.format_table(["recipe", "files", "goal", *names], rows)


def main(arguments: Sequence[str]) -> int:
    """0 when every recipe holds its goal and passes its checks."""
    recipes = {each.name: each for each in list_recipes()}
    parser = argparse.ArgumentParser(
        prog="tests/run --recipes", description="Carries out recipes on clean clones."
    )
    parser.add_argument("name", nargs="*", help=f"of {', '.join(recipes)}; without any, all")
    names = parser.parse_args(arguments).name or list(recipes)
    unknown = [each for each in names if each not in recipes]
    if unknown:
        parser.error(f"no recipe is called {', '.join(unknown)}; there are {', '.join(recipes)}")
    outcomes, is_broken = [], False
    with tempfile.TemporaryDirectory(prefix="outreach-recipes-") as folder:
        for name in names:
            try:
                outcomes.append(carry_out(recipes[name], Path(folder)))
            except AnchorGone as gone:
                print(f"\n== {recipes[name].section}: {gone}", file=sys.stderr)
                is_broken = True
            shutil.rmtree(Path(folder) / name, ignore_errors=True)
    if outcomes:
        print(f"\n{format_table(outcomes)}")
    return 1 if is_broken or not all(each.is_good for each in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
