"""A template that is imported without context uses nothing of the page that imports it."""

import re
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from jinja2 import meta

pytestmark = pytest.mark.any_database("no database is asked")
TEMPLATES: Final = Path(__file__).parents[3] / "templates"
IMPORT: Final = re.compile(
    r'{%-? (?:import|from) "(?P<name>[^"]+)" (?:as|import) [\w, ]+?(?P<context> with context)? -?%}'
)
# Given with `{% set %}` in the middle of a macro, which Jinja's search does not see.
SET_INSIDE: Final = {"staff/workshops/bulk_outcomes.html": {"letters"}}


def test_template_imported_without_context_uses_only_globals(app: Flask) -> None:
    imported = {
        found["name"]
        for path in TEMPLATES.rglob("*.html")
        for found in IMPORT.finditer(path.read_text())
        if not found["context"]
    }
    assert len(imported) > 10
    environment, missing = app.jinja_env, {}
    for name in imported:
        tree = environment.parse((TEMPLATES / name).read_text())
        used = meta.find_undeclared_variables(tree)
        if unknown := used - set(environment.globals) - SET_INSIDE.get(name, set()):
            missing[name] = unknown
    assert missing == {}
