"""Recipes of `outreach/docs/contributing.md`, each carried out by a program on a clean clone.

    tests/run --recipes                 all of them
    tests/run --recipes setting         some of them

A recipe is a change of the product as a list of edits (`recipe.py`), in a module with the name of
the recipe. `__main__.py` carries it out, counts the files that it touches, runs the checks and
throws the clone away. `from_patch.py` writes the module from a patch. `list_recipes` has all.
"""

from tests.tools.recipes import counts_column, message, setting, staff_list, workshop_field
from tests.tools.recipes.recipe import Recipe


def list_recipes() -> tuple[Recipe, ...]:
    return (
        workshop_field.RECIPE,
        staff_list.RECIPE,
        counts_column.RECIPE,
        message.RECIPE,
        setting.RECIPE,
    )
