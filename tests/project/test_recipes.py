"""The recipes of `contributing.md` fit the code; their program counts and fails as it should."""

import re
from pathlib import Path
from typing import Final

import pytest
from babel.messages.catalog import Catalog

from tests.runner import command
from tests.support.fixed_clock import fixed_clock
from tests.tools import clones
from tests.tools.clones import CHECKOUT
from tests.tools.recipes import from_patch, list_recipes
from tests.tools.recipes.__main__ import fill_in
from tests.tools.recipes.recipe import (
    AnchorGone,
    InsertAfter,
    NewFile,
    Recipe,
    Replace,
    Translation,
)

pytestmark = [pytest.mark.core, fixed_clock]

RECIPES: Final = list_recipes()
GUIDE: Final = CHECKOUT / "outreach/docs/contributing.md"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: each.name)
def test_recipe_fits_the_code(recipe: Recipe, tmp_path: Path) -> None:
    for edit in recipe.edits:
        if not isinstance(edit, NewFile):
            path = tmp_path / edit.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((CHECKOUT / edit.file).read_text())
        else:
            assert not (CHECKOUT / edit.file).exists(), edit.file
    assert recipe.own_tests, "a recipe has a test of what it changes"
    recipe.apply(tmp_path)
    touched = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert len(recipe.count_touched(touched)) <= recipe.max_files


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: each.name)
def test_guide_has_the_recipe_and_names_its_program(recipe: Recipe) -> None:
    """When it fails: name the program in its section of outreach/docs/contributing.md."""
    heading = re.escape(f"**{recipe.section}") + r"\.?\*\*"
    section = re.split(heading, GUIDE.read_text(), maxsplit=1)[-1]
    assert recipe.program in section.partition("\n**")[0]
    assert (CHECKOUT / recipe.program).is_file()


def test_edit_that_does_not_fit_names_the_file_and_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text("first\nsecond\nsecond\n")
    for edit, fault in (
        (InsertAfter("some.py", "third\n", "fourth\n"), "some.py has these lines 0 times"),
        (Replace("some.py", "second\n", ""), "some.py has these lines 2 times"),
        (Replace("other.py", "second\n", ""), "there is no file other.py"),
        (NewFile("some.py", ""), "some.py is there already"),
    ):
        recipe = Recipe("message", "A message", 5, (edit,), ())
        with pytest.raises(AnchorGone, match=fault) as raised:
            recipe.apply(tmp_path)
        assert "tests/tools/recipes/message.py" in str(raised.value)
    assert (tmp_path / "some.py").read_text() == "first\nsecond\nsecond\n"


def test_catalogues_and_the_changes_own_test_are_not_counted() -> None:
    recipe = Recipe("message", "A message", 5, (), ("tests/mail/test_thanks.py",))
    files = ["outreach/a.py", "outreach/translations/fr/LC_MESSAGES/messages.po"]
    assert recipe.count_touched([*files, "tests/mail/test_thanks.py"]) == ["outreach/a.py"]


def test_words_of_a_recipe_are_filled_in() -> None:
    catalogue = Catalog("fr")
    catalogue.add("Gracias", "")
    catalogue.add(("Un día", "%(num)s días"), ("", ""))
    fill_in(catalogue, Translation("Gracias", {"fr": ("Merci",)}), "fr")
    fill_in(catalogue, Translation("Un día", {"fr": ("Un jour", "%(num)s jours")}), "fr")
    assert catalogue["Gracias"].string == "Merci"
    assert catalogue["Un día"].string == ("Un jour", "%(num)s jours")
    with pytest.raises(AnchorGone, match="no message of the source is «Adiós»"):
        fill_in(catalogue, Translation("Adiós", {"fr": ("Adieu",)}), "fr")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nb\nnew\nc\n"),
        ("a\nb\na\nc\n", "a\nb\na\nnew\nc\n"),
        ("a\nb\na\nb\n", "new\na\nb\na\nother\nb\n"),
        ("a\nb\nc\n", "a\nc\n"),
        ("a\nb\nc\nb\n", "a\nnew\nc\nother\n"),
        ("a\nb\n", "a\nb\nnew\n"),
    ],
)
def test_edits_of_a_patch_make_the_new_text(old: str, new: str, tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(old)
    edits = tuple(from_patch.compare("some.py", old, new))
    Recipe("some", "Some", 1, edits, ()).apply(tmp_path)
    assert (tmp_path / "some.py").read_text() == new


def test_words_that_a_patch_adds_to_catalogues_are_read() -> None:
    patch = """\
diff --git a/outreach/a.py b/outreach/a.py
+++ b/outreach/a.py
+msgid = 1
diff --git a/outreach/translations/fr/LC_MESSAGES/messages.po b/outreach/translations/fr
+++ b/outreach/translations/fr/LC_MESSAGES/messages.po
@@ -1,2 +1,9 @@
 msgid "Hola"
 msgstr "Bonjour"
+#: templates/mail/thanks.txt
+msgid "Gracias"
+msgstr "Merci"
+
+#, python-format
+msgid "Un día"
+msgid_plural "%(num)s días"
+msgstr[0] "Un jour"
+msgstr[1] "%(num)s jours"
+
"""
    assert list(from_patch.list_translations(patch)) == [
        Translation("Gracias", {"fr": ("Merci",)}),
        Translation("Un día", {"fr": ("Un jour", "%(num)s jours")}),
    ]


def test_module_that_is_written_from_a_recipe_declares_the_same() -> None:
    text = "it's \\n '''quoted'''\nand \"\"\"too\"\"\"'"
    recipe = Recipe(
        "some", "A thing", 3,
        (NewFile("a.py", text), InsertAfter("b.py", text, "x"), Replace("c.py", "y", "")),
        ("tests/test_a.py",),
        (Translation("Gracias", {"fr": ("Merci",)}),),
    )  # fmt: skip
    names: dict[str, Recipe] = {}
    exec(from_patch.write_module(recipe), names)
    assert names["RECIPE"] == recipe


def test_checks_of_a_clone_are_those_of_a_quick_run_with_types() -> None:
    quick = command.steps(command.Options("quick", 1, []))
    checks = clones.list_checks()
    assert list(checks) == ["style", "layers", "types", "quick"]
    commands = [each for steps in checks.values() for each in steps]
    tests = [*quick[-1].command, "--deselect", clones.DONE_IN_A_CLONE]
    assert [each.command for each in quick[:-1] if each.command not in commands] == []
    assert checks["quick"] == [tests]


def test_run_carries_out_the_recipes_that_are_named() -> None:
    options = command.parse(["--recipes", "setting"])
    [step] = command.steps(options)
    assert step.command == ["python", "-m", "tests.tools.recipes", "setting"]
    [step] = command.steps(command.parse(["--recipes"]))
    assert step.command == ["python", "-m", "tests.tools.recipes"]
    assert options.mode in command.WITHOUT_SERVERS
